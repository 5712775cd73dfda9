/*
 * Upgrades devices: upgrade CONFIG.json IMAGE DEVICE... Arguments and results are JSON; what one call gives is put into
 * the next one as it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "swim.h"

static char *slurp(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return NULL;
    static char text[1 << 20];
    size_t length = fread(text, 1, sizeof text - 1, file);
    text[length] = '\0';
    fclose(file);
    return text;
}

/* Calls a verb of the client, or (client NULL) a function; ends the program with the error when it fails. */
static char *call(const swim_client *client, const char *name, const char *format, const char *a, const char *b) {
    size_t size = strlen(format) + strlen(a) + strlen(b) + 1;
    char *arguments = malloc(size);
    char *result = NULL;
    if (arguments == NULL) exit(2);
    snprintf(arguments, size, format, a, b);
    int32_t status = client == NULL ? swim_call(name, arguments, &result) : swim_client_call(client, name, arguments, &result);
    free(arguments);
    if (status != 0) {
        fprintf(stderr, "%s: %s\n", name, swim_last_error());
        exit(2);
    }
    return result;
}

int main(int argc, char **argv) {
    if (argc < 4) return fprintf(stderr, "upgrade CONFIG.json IMAGE DEVICE...\n"), 2;
    swim_client *client = NULL;
    char *config = slurp(argv[1]);
    if (config == NULL || swim_client_open(config, &client) != 0) return fprintf(stderr, "%s\n", swim_last_error()), 2;

    char devices[4096] = "[";
    for (int i = 3; i < argc; i++) {
        size_t used = strlen(devices);
        snprintf(devices + used, sizeof devices - used, "%s\"%s\"", i > 3 ? "," : "", argv[i]);
    }
    strncat(devices, "]", sizeof devices - strlen(devices) - 1);
    const char *name = strrchr(argv[2], '/') ? strrchr(argv[2], '/') + 1 : argv[2];

    swim_string_free(call(client, "import", "{\"path\": \"%s\"%s}", argv[2], ""));
    swim_string_free(call(client, "inspect", "{\"devices\": %s%s}", devices, ""));
    char *plan = call(client, "plan",
                      "{\"image\": \"%s\", \"devices\": %s, \"policy\": {\"activate\": \"parallel\", "
                      "\"accept_unknown\": [\"ram.requirement_unknown\"]}}", name, devices);
    char *approval = call(NULL, "plan_digest", "{\"plan\": %s%s}", plan, "");
    char *job = call(client, "submit", "{\"plan\": %s, \"approval\": %s}", plan, approval);
    char *report = call(client, "wait", "{\"job\": %s%s}", job, "");
    puts(report);
    int good = strstr(report, "\"outcome\":\"upgraded\"") != NULL;

    swim_string_free(plan);
    swim_string_free(approval);
    swim_string_free(job);
    swim_string_free(report);
    swim_client_free(client);
    return good ? 0 : 1;
}
