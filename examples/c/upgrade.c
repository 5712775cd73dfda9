/*
 * Upgrades devices: upgrade CONFIG.json IMAGE DEVICE... Deep arguments and results are JSON; what one call gives is put
 * into the next one as it is. The exit code is 0 only when every device runs the new software; 1 when one does not, or was
 * left out; 2 after an error.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "swim.h"

/* Ends the program with the error of a call that failed. */
static void must(int32_t status, const char *what) {
    if (status == SWIM_OK) return;
    fprintf(stderr, "%s: %s\n", what, swim_last_error());
    exit(2);
}

static char *slurp(const char *path) {
    static char text[1 << 20];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

/* Tells how each device came out, as soon as it is known; the other events say what is done on the way. */
static void on_event(void *user, const char *event) {
    if (event != NULL && strstr(event, "\"event\":\"device_finished\"") != NULL) fprintf((FILE *)user, "%s\n", event);
}

/* Is the device good? A real check would look at neighbours, routes, clients. */
static void check(void *user, const char *call, swim_verdict *verdict) {
    (void)user;
    if (strstr(call, "\"hostname\":") != NULL)
        swim_verdict_good(verdict);
    else
        swim_verdict_bad(verdict, "the device does not know its name");
}

int main(int argc, char **argv) {
    if (argc < 4) {
        int asked = argc == 2 && strcmp(argv[1], "--help") == 0;
        return fprintf(asked ? stdout : stderr, "upgrade CONFIG.json IMAGE DEVICE...\n"), asked ? 0 : 2;
    }
    char devices[4096] = "[";
    for (int i = 3; i < argc; i++) {
        size_t used = strlen(devices);
        snprintf(devices + used, sizeof devices - used, "%s\"%s\"", i > 3 ? "," : "", argv[i]);
    }
    strncat(devices, "]", sizeof devices - strlen(devices) - 1);
    const char *image = strrchr(argv[2], '/') ? strrchr(argv[2], '/') + 1 : argv[2];
    const char *policy = "{\"activate\": \"parallel\", \"post_check\": true, "
                         "\"accept_unknown\": [\"ram.requirement_unknown\"]}";

    swim_client *client = NULL;
    swim_job *job = NULL;
    swim_watch *watch = NULL;
    char *text = NULL, *plan = NULL, *approval = NULL, *report = NULL;
    must(swim_client_open_with_check(slurp(argv[1]), check, NULL, &client), "open");
    must(swim_client_import(client, argv[2], NULL, &text), "import");
    swim_string_free(text);
    must(swim_client_inspect(client, devices, &text), "inspect");
    swim_string_free(text);
    must(swim_client_plan(client, image, devices, policy, &plan), "plan");
    must(swim_plan_digest(plan, &approval), "digest"); /* what a person approves */
    must(swim_client_submit(client, plan, approval, NULL, &job), "submit");
    must(swim_job_on_event(job, on_event, stderr, &watch), "watch");
    must(swim_job_wait(job, &report), "wait");
    puts(report);
    int good = strstr(report, "\"all_good\":true") != NULL && strstr(plan, "\"refused\":[]") != NULL;

    swim_string_free(plan);
    swim_string_free(approval);
    swim_string_free(report);
    swim_watch_free(watch);
    swim_job_free(job);
    swim_client_free(client);
    return good ? 0 : 1;
}
