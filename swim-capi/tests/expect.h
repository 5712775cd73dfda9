/* What the tests expect, and what they say when it is not so. */
#ifndef EXPECT_H
#define EXPECT_H

#include <stdio.h>
#include <stdlib.h>

#include "swim.h"

#define CHECK(condition)                                                                                              \
    do {                                                                                                              \
        if (!(condition)) {                                                                                           \
            fprintf(stderr, "%s:%d: %s\n  last error: %s\n", __FILE__, __LINE__, #condition, swim_last_error());       \
            exit(1);                                                                                                  \
        }                                                                                                             \
    } while (0)

#endif
