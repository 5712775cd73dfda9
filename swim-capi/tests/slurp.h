/* Reads configurations. */
#ifndef SLURP_H
#define SLURP_H

#include "expect.h"

/* The text of a file, until the next call. */
static const char *slurp(const char *path) {
    static char text[1 << 16];
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    size_t length = fread(text, 1, sizeof text - 1, file);
    CHECK(length > 0 && length < sizeof text - 1 && fclose(file) == 0);
    text[length] = '\0';
    return text;
}

#endif
