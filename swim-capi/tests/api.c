/* The C API as a program sees it. Compiled as C11 and as C++17. */
#include "swim.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"

#define CHECK(condition)                                                                                              \
    do {                                                                                                              \
        if (!(condition)) {                                                                                           \
            fprintf(stderr, "%s:%d: %s\n  last error: %s\n", __FILE__, __LINE__, #condition, swim_last_error());       \
            exit(1);                                                                                                  \
        }                                                                                                             \
    } while (0)

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static char *called(const swim_client *client, const char *verb, const char *format, const char *a, const char *b) {
    size_t size = strlen(format) + strlen(a) + strlen(b) + 1;
    char *arguments = (char *)malloc(size), *result = NULL;
    snprintf(arguments, size, format, a, b);
    int32_t status = client ? swim_client_call(client, verb, arguments, &result) : swim_call(verb, arguments, &result);
    free(arguments);
    CHECK(status == SWIM_OK);
    return result;
}

/* Does the last error have this kind? And is the status the number of that kind? */
static void check_error(const char *kinds, int32_t status, const char *kind) {
    char wanted[80];
    snprintf(wanted, sizeof wanted, "\"kind\":\"%s\"", kind);
    CHECK(strstr(swim_last_error(), wanted) != NULL);
    snprintf(wanted, sizeof wanted, "\"%s\":%d", kind, (int)status);
    CHECK(strstr(kinds, wanted) != NULL);
}

static void check_case(const char *kinds, const struct surface_case *c, int32_t status, char *result) {
    if (c->error != NULL) {
        CHECK(status != SWIM_OK && result == NULL);
        check_error(kinds, status, c->error);
        return;
    }
    CHECK(status == SWIM_OK && result != NULL);
    if (c->result != NULL)
        CHECK(strcmp(result, c->result) == 0);
    if (c->contains != NULL)
        CHECK(strstr(result, c->contains) != NULL);
    swim_string_free(result);
}

static void check_numbers(const char *kinds) {
    static const struct {
        const char *name;
        int number;
    } numbers[] = {
        {"invalid_input", SWIM_INVALID_INPUT}, {"not_found", SWIM_NOT_FOUND}, {"unsupported", SWIM_UNSUPPORTED},
        {"unreachable", SWIM_UNREACHABLE}, {"auth", SWIM_AUTH}, {"privilege", SWIM_PRIVILEGE},
        {"timeout", SWIM_TIMEOUT}, {"interrupted", SWIM_INTERRUPTED}, {"cancelled", SWIM_CANCELLED},
        {"no_space", SWIM_NO_SPACE}, {"integrity", SWIM_INTEGRITY}, {"incompatible", SWIM_INCOMPATIBLE},
        {"blocked", SWIM_BLOCKED}, {"device_rejected", SWIM_DEVICE_REJECTED},
        {"unexpected_reply", SWIM_UNEXPECTED_REPLY}, {"agreement_required", SWIM_AGREEMENT_REQUIRED},
        {"not_entitled", SWIM_NOT_ENTITLED}, {"busy", SWIM_BUSY}, {"conflict", SWIM_CONFLICT},
        {"lease_lost", SWIM_LEASE_LOST}, {"store", SWIM_STORE}, {"internal", SWIM_INTERNAL},
    };
    size_t colons = 0;
    for (const char *at = kinds; *at; at++)
        colons += *at == ':';
    CHECK(colons == COUNT(numbers));
    for (size_t i = 0; i < COUNT(numbers); i++) {
        char wanted[80];
        snprintf(wanted, sizeof wanted, "\"%s\":%d", numbers[i].name, numbers[i].number);
        CHECK(strstr(kinds, wanted) != NULL);
    }
}

static void check_nulls(void) {
    char *text = (char *)"x";
    swim_client *client = NULL;
    swim_watch *watch = NULL;
    swim_string_free(NULL);
    swim_client_free(NULL);
    swim_watch_free(NULL);
    CHECK(swim_call(NULL, "{}", &text) == SWIM_INVALID_INPUT && text == NULL);
    CHECK(strstr(swim_last_error(), "function") != NULL);
    CHECK(swim_call("version", NULL, &text) == SWIM_INVALID_INPUT);
    CHECK(swim_call("version", "{}", NULL) == SWIM_INVALID_INPUT);
    CHECK(swim_call("version", "{", &text) == SWIM_INVALID_INPUT);
    CHECK(swim_call("ver\xff", "{}", &text) == SWIM_INVALID_INPUT);
    CHECK(swim_client_open(NULL, &client) == SWIM_INVALID_INPUT);
    CHECK(swim_client_open("{}", NULL) == SWIM_INVALID_INPUT);
    CHECK(swim_client_open("{}", &client) == SWIM_INVALID_INPUT && client == NULL);
    CHECK(swim_client_call(NULL, "list", "{}", &text) == SWIM_INVALID_INPUT);
    CHECK(swim_watch_open(NULL, "j", &watch) == SWIM_INVALID_INPUT);
    CHECK(swim_watch_on_event(NULL, "j", NULL, NULL, &watch) == SWIM_INVALID_INPUT);
    CHECK(swim_watch_next(NULL, 0, &text) == SWIM_INVALID_INPUT);
    CHECK(swim_watch_fd(NULL) == -1);
}

struct seen {
    volatile int events, ends;
    const swim_client *client;
    volatile int32_t nested;
};

static void on_event(void *user, const char *event) {
    struct seen *seen = (struct seen *)user;
    char *text = NULL;
    if (event == NULL) {
        seen->ends++;
        return;
    }
    seen->nested = swim_client_call(seen->client, "list", "{}", &text);
    seen->events++;
}

static void check_watching(const swim_client *client, const char *job) {
    swim_watch *watch = NULL;
    char *event = NULL;
    int events = 0;
    int32_t status;
    struct seen seen = {0, 0, client, 0};

    CHECK(swim_watch_open(client, job, &watch) == SWIM_OK);
    for (;;) {
        struct pollfd fd = {swim_watch_fd(watch), POLLIN, 0};
        CHECK(poll(&fd, 1, 20000) == 1);
        status = swim_watch_next(watch, 0, &event);
        if (status == SWIM_END)
            break;
        CHECK(status == SWIM_OK);
        if (events++ == 0)
            CHECK(strstr(event, "\"event\":\"submitted\"") != NULL);
        swim_string_free(event);
    }
    CHECK(events >= 2 && swim_watch_next(watch, -1, &event) == SWIM_END);
    swim_watch_free(watch);

    CHECK(swim_watch_on_event(client, job, on_event, &seen, &watch) == SWIM_OK);
    for (int i = 0; i < 2000 && seen.ends == 0; i++)
        poll(NULL, 0, 10);
    CHECK(seen.events == events && seen.ends == 1 && seen.nested == SWIM_BLOCKED);
    swim_watch_free(watch);

    CHECK(swim_watch_open(client, "none", &watch) == SWIM_OK);
    CHECK(swim_watch_next(watch, 20000, &event) == SWIM_NOT_FOUND && event == NULL);
    swim_watch_free(watch);
}

int main(int count, char **words) {
    swim_client *client = NULL;
    swim_watch *left = NULL;
    char config[4096], path[4096];
    char *kinds, *text = NULL;
    FILE *file;

    CHECK(count == 2);
    CHECK(swim_abi_version() == SWIM_ABI_VERSION);
    CHECK(strcmp(swim_last_error(), "null") == 0);
    check_nulls();
    kinds = called(NULL, "error_kinds", "{}%s%s", "", "");
    check_numbers(kinds);
    for (size_t i = 0; i < COUNT(function_cases); i++) {
        text = NULL;
        int32_t status = swim_call(function_cases[i].name, function_cases[i].arguments, &text);
        check_case(kinds, &function_cases[i], status, text);
    }
    CHECK(swim_call("_panic", "{}", &text) == SWIM_PANIC && text == NULL);

    snprintf(config, sizeof config, "{\"data\": \"%s/data\"}", words[1]);
    CHECK(swim_client_open(config, &client) == SWIM_OK && client != NULL);
    for (size_t i = 0; i < COUNT(verb_cases); i++) {
        text = NULL;
        int32_t status = swim_client_call(client, verb_cases[i].name, verb_cases[i].arguments, &text);
        check_case(kinds, &verb_cases[i], status, text);
    }
    swim_string_free(kinds);

    /* A job without devices, from import to its last event. */
    snprintf(path, sizeof path, "%s/made-up.bin", words[1]);
    file = fopen(path, "w");
    CHECK(file != NULL && fputs("not really an image", file) >= 0 && fclose(file) == 0);
    swim_string_free(called(client, "import", "{\"path\":\"%s\",\"platform\":\"ios\",\"version\":\"15.2(7)E10\"}%s", path, ""));
    char *plan = called(client, "plan", "{\"image\":\"made-up.bin\",\"devices\":[]}%s%s", "", "");
    char *digest = called(NULL, "plan_digest", "{\"plan\":%s}%s", plan, "");
    char *job = called(client, "submit", "{\"plan\":%s,\"approval\":%s}", plan, digest);
    char *report = called(client, "wait", "{\"job\":%s}%s", job, "");
    CHECK(strstr(report, "\"status\":\"finished\"") != NULL);
    job[strlen(job) - 1] = '\0';
    check_watching(client, job + 1);

    /* A watch outlives its client, and ends. */
    struct seen none = {0, 0, client, 0};
    swim_watch *told = NULL;
    CHECK(swim_watch_open(client, job + 1, &left) == SWIM_OK);
    CHECK(swim_watch_on_event(client, job + 1, on_event, &none, &told) == SWIM_OK);
    swim_client_free(client);
    int before = none.events + none.ends;
    poll(NULL, 0, 300);
    CHECK(none.events + none.ends == before);
    int32_t status;
    while ((status = swim_watch_next(left, 20000, &text)) == SWIM_OK)
        swim_string_free(text);
    CHECK(status == SWIM_END || status == SWIM_INTERRUPTED);
    swim_watch_free(left);
    swim_watch_free(told);
    swim_string_free(plan);
    swim_string_free(digest);
    job[strlen(job)] = '"';
    swim_string_free(job);
    swim_string_free(report);
    puts("ok");
    return 0;
}
