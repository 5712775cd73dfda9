/* The C API as a program sees it. Compiled as C11 and as C++17. */
#include "expect.h"

#include <poll.h>
#include <string.h>

#include "cases.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static char *called(const swim_client *client, const char *verb, const char *arguments) {
    char *result = NULL;
    int32_t status = client ? swim_client_call(client, verb, arguments, &result) : swim_call(verb, arguments, &result);
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

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* A catalogue that is older than the one that is here is taken only when somebody says so. */
static void check_older(const swim_client *client, const char *folder) {
    char path[512], *text = NULL;
    snprintf(path, sizeof path, "%s/lab.json", folder);
    write_text(path, "{\"schema\":1,\"generated\":\"2026-11-30T00:00:00Z\",\"entries\":[{\"filename\":\"new.bin\"}]}");
    CHECK(swim_client_import_catalog(client, path, "{\"allow_unsigned\":true}", &text) == SWIM_OK);
    swim_string_free(text);
    write_text(path, "{\"schema\":1,\"generated\":\"2026-11-29T00:00:00Z\",\"entries\":[{\"filename\":\"old.bin\"}]}");
    CHECK(swim_client_import_catalog(client, path, "{\"allow_unsigned\":true}", &text) == SWIM_CONFLICT && text == NULL);
    CHECK(strstr(swim_last_error(), "allow_older") != NULL);
    CHECK(swim_client_catalog(client, NULL, &text) == SWIM_OK && strstr(text, "new.bin") != NULL);
    swim_string_free(text);
    CHECK(swim_client_import_catalog(client, path, "{\"allow_unsigned\":true,\"allow_older\":true}", &text) == SWIM_OK);
    swim_string_free(text);
    CHECK(swim_client_catalog(client, NULL, &text) == SWIM_OK && strstr(text, "old.bin") && !strstr(text, "new.bin"));
    swim_string_free(text);
    CHECK(swim_client_catalogs(client, &text) == SWIM_OK && strstr(text, "\"name\":\"lab.json\"") != NULL);
    swim_string_free(text);
    CHECK(swim_client_remove_catalog(client, "lab.json", &text) == SWIM_OK && strstr(text, "\"entries\":1") != NULL);
    swim_string_free(text);
    CHECK(swim_client_remove_catalog(client, "lab.json", &text) == SWIM_NOT_FOUND && text == NULL);
    CHECK(swim_client_catalog_audit(client, &text) == SWIM_OK && strstr(text, "\"action\":\"removed\"") != NULL);
    swim_string_free(text);
}

/* Why a source could not be read is in its run. */
static void check_unreadable(const swim_client *client) {
    char *text = NULL;
    const char *source = "{\"name\":\"depot\",\"from\":{\"url\":{\"url\":\"http://127.0.0.1:1/images/\"}}}";
    CHECK(swim_client_add_collection(client, source, &text) == SWIM_OK);
    CHECK(strstr(text, "\"from\":{\"url\"") != NULL);
    swim_string_free(text);
    CHECK(swim_client_collect(client, "depot", &text) == SWIM_OK);
    CHECK(strstr(text, "\"kind\":\"unreachable\"") != NULL && strstr(text, "\"results\":[]") != NULL);
    swim_string_free(text);
    CHECK(swim_client_remove_collection(client, "depot") == SWIM_OK);
}

static void no_events(void *user, const char *event) {
    (void)user;
    (void)event;
}

static void check_nulls(const swim_client *live) {
    char *text = (char *)"x";
    swim_client *client = NULL;
    swim_job *job = NULL;
    swim_watch *watch = NULL;
    swim_string_free(NULL);
    swim_client_free(NULL);
    swim_job_free(NULL);
    swim_watch_free(NULL);
    CHECK(swim_call(NULL, "{}", &text) == SWIM_INVALID_INPUT && text == NULL);
    CHECK(strstr(swim_last_error(), "function") != NULL);
    CHECK(swim_call("version", NULL, &text) == SWIM_INVALID_INPUT);
    CHECK(swim_call("version", "{}", NULL) == SWIM_INVALID_INPUT);
    CHECK(swim_call("version", "{", &text) == SWIM_INVALID_INPUT);
    CHECK(swim_call("ver\xff", "{}", &text) == SWIM_INVALID_INPUT);
    CHECK(swim_plan_digest(NULL, &text) == SWIM_INVALID_INPUT);
    CHECK(swim_client_open(NULL, &client) == SWIM_INVALID_INPUT);
    CHECK(swim_client_open("{}", NULL) == SWIM_INVALID_INPUT);
    CHECK(swim_client_open("{}", &client) == SWIM_INVALID_INPUT && client == NULL);
    CHECK(swim_client_open_with_check("{\"data\":\"/nonexistent\"}", NULL, NULL, &client) == SWIM_INVALID_INPUT);
    CHECK(client == NULL && strstr(swim_last_error(), "check") != NULL);
    CHECK(swim_verdict_good(NULL) == SWIM_INVALID_INPUT);
    CHECK(swim_verdict_bad(NULL, "x") == SWIM_INVALID_INPUT);
    CHECK(swim_client_call(NULL, "list", "{}", &text) == SWIM_INVALID_INPUT);
    CHECK(swim_client_add_devices(NULL, "[]") == SWIM_INVALID_INPUT);
    CHECK(swim_client_devices(NULL, &text) == SWIM_INVALID_INPUT);
    CHECK(swim_client_devices(live, NULL) == SWIM_INVALID_INPUT);
    CHECK(swim_client_import(live, NULL, NULL, &text) == SWIM_INVALID_INPUT);
    CHECK(swim_client_plan(live, "x", NULL, NULL, &text) == SWIM_INVALID_INPUT);
    CHECK(strstr(swim_last_error(), "devices") != NULL);
    CHECK(swim_client_submit(NULL, "{}", "x", NULL, &job) == SWIM_INVALID_INPUT && job == NULL);
    CHECK(swim_client_submit(live, "{}", NULL, NULL, &job) == SWIM_INVALID_INPUT);
    CHECK(swim_client_job(live, NULL, &job) == SWIM_INVALID_INPUT);
    CHECK(swim_client_job(live, "none", NULL) == SWIM_INVALID_INPUT);
    CHECK(swim_job_id(NULL) == NULL);
    CHECK(swim_job_wait(NULL, &text) == SWIM_INVALID_INPUT);
    CHECK(swim_job_commit(NULL, NULL) == SWIM_INVALID_INPUT);
    CHECK(swim_job_cancel(NULL, NULL) == SWIM_INVALID_INPUT);
    CHECK(swim_job_watch(NULL, &watch) == SWIM_INVALID_INPUT);
    CHECK(swim_job_on_event(NULL, no_events, NULL, &watch) == SWIM_INVALID_INPUT);
    CHECK(swim_watch_next(NULL, 0, &text) == SWIM_INVALID_INPUT);
    CHECK(swim_watch_fd(NULL) == -1);
}

/* What is wrong with an argument of a named call is said with its name. */
static void check_arguments(const swim_client *client) {
    char *text = NULL;
    swim_job *job = NULL;
    CHECK(swim_client_inspect(client, "[", &text) == SWIM_INVALID_INPUT && text == NULL);
    CHECK(strstr(swim_last_error(), "devices") != NULL);
    CHECK(swim_client_inspect(client, "[\"none\"]", &text) == SWIM_NOT_FOUND);
    CHECK(swim_client_import(client, "/nonexistent/x.bin", NULL, &text) == SWIM_NOT_FOUND);
    CHECK(swim_client_import(client, "/", "{\"colour\":1}", &text) == SWIM_INVALID_INPUT);
    CHECK(strstr(swim_last_error(), "colour") != NULL);
    CHECK(swim_client_import(client, "/", "{\"path\":\"/etc\"}", &text) == SWIM_INVALID_INPUT);
    CHECK(strstr(swim_last_error(), "already") != NULL);
    CHECK(swim_client_images(client, "[]", &text) == SWIM_INVALID_INPUT);
    CHECK(strstr(swim_last_error(), "object") != NULL);
    CHECK(swim_client_image(client, "none", &text) == SWIM_NOT_FOUND);
    CHECK(swim_client_remove_image(client, "none") == SWIM_NOT_FOUND);
    CHECK(swim_client_remove_image_with_reason(client, "none", NULL, &text) == SWIM_NOT_FOUND);
    CHECK(swim_client_remove_image_with_reason(client, "none", " ", &text) == SWIM_INVALID_INPUT);
    CHECK(strstr(swim_last_error(), "reason") != NULL);
    CHECK(swim_client_import_from(client, "{\"url\":\"gopher://h/x\"}", &text) == SWIM_INVALID_INPUT);
    CHECK(swim_client_import_from(client, "{\"url\":\"http://h/x\",\"port\":8080}", &text) == SWIM_INVALID_INPUT);
    CHECK(strstr(swim_last_error(), "port = 8080") != NULL);
    CHECK(swim_client_baseline(client, "[\"none\"]", &text) == SWIM_NOT_FOUND);
    CHECK(swim_client_add_collection(client, "{\"name\":\"x\"}", &text) == SWIM_INVALID_INPUT);
    CHECK(swim_client_collect(client, "none", &text) == SWIM_NOT_FOUND);
    CHECK(swim_client_image_info(client, "none", &text) == SWIM_NOT_FOUND);
    CHECK(swim_client_set_requirements(client, "none", "{\"ram\":0}", &text) != SWIM_OK);
    CHECK(swim_client_has_latest(client, "none", NULL, &text) == SWIM_NOT_FOUND);
    CHECK(swim_client_import_catalog(client, "/nonexistent/x.json", NULL, &text) == SWIM_NOT_FOUND);
    CHECK(swim_client_lift_quarantine(client, "none", "me", NULL, &text) == SWIM_INVALID_INPUT);
    CHECK(text == NULL);
    CHECK(swim_client_collect(client, NULL, &text) == SWIM_OK && strcmp(text, "[]") == 0);
    swim_string_free(text);
    CHECK(swim_client_top_images(client, NULL, &text) == SWIM_OK);
    swim_string_free(text);
    text = NULL;
    CHECK(swim_client_analyse(client, "none", "[]", "{\"colour\":1}", &text) == SWIM_INVALID_INPUT);
    CHECK(strstr(swim_last_error(), "policy.colour = 1: there is no such field") != NULL);
    CHECK(swim_client_analyse(client, "none", "[]", "{\"max_parallel\":-5}", &text) == SWIM_INVALID_INPUT);
    CHECK(strstr(swim_last_error(), "policy.max_parallel = -5: must be a whole number from 0 to 4294967295") != NULL);
    CHECK(swim_client_analyse(client, "none", "[]", "{\n\"activate\" 1}", &text) == SWIM_INVALID_INPUT);
    CHECK(strstr(swim_last_error(), "policy: line 2: not valid JSON") != NULL);
    CHECK(swim_client_analyse_with_knowledge(client, "none", "[]", NULL, "{\"standing\":\"x\"}", &text) ==
          SWIM_INVALID_INPUT);
    CHECK(strstr(swim_last_error(), "knowledge") != NULL);
    CHECK(swim_client_plan_with_knowledge(client, "none", "[]", NULL, NULL, &text) == SWIM_NOT_FOUND);
    CHECK(text == NULL);
    CHECK(swim_client_rehearse(client, "{}", &text) == SWIM_INVALID_INPUT);
    CHECK(swim_client_submit(client, "{}", "x", NULL, &job) == SWIM_INVALID_INPUT && job == NULL);
    CHECK(swim_client_job(client, "none", &job) == SWIM_NOT_FOUND && job == NULL);
    CHECK(swim_plan_digest("{}", &text) == SWIM_INVALID_INPUT && text == NULL);
}

struct seen {
    volatile int events, ends;
    const swim_job *job;
    const swim_watch *watch;
    volatile int32_t nested, waited, tried;
};

static void on_event(void *user, const char *event) {
    struct seen *seen = (struct seen *)user;
    char *text = NULL;
    if (event == NULL) {
        seen->ends++;
        return;
    }
    seen->nested = swim_job_status(seen->job, &text);
    seen->waited = swim_watch_next(seen->watch, -1, &text);
    seen->tried = swim_watch_next(seen->watch, 0, &text);
    swim_string_free(text);
    seen->events++;
}

static void check_watching(const swim_job *job) {
    swim_watch *watch = NULL, *other = NULL;
    char *event = NULL;
    int events = 0;
    int32_t status;

    CHECK(swim_job_watch(job, &watch) == SWIM_OK);
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

    struct seen seen = {0, 0, job, watch, 0, 0, 0};
    CHECK(swim_job_on_event(job, on_event, &seen, &other) == SWIM_OK);
    for (int i = 0; i < 2000 && seen.ends == 0; i++)
        poll(NULL, 0, 10);
    CHECK(seen.events == events && seen.ends == 1);
    CHECK(seen.nested == SWIM_BLOCKED && seen.waited == SWIM_BLOCKED && seen.tried == SWIM_END);
    CHECK(swim_watch_next(other, 0, &event) == SWIM_END);
    swim_watch_free(other);
    swim_watch_free(watch);
}

int main(int count, char **words) {
    swim_client *client = NULL;
    swim_job *job = NULL, *same = NULL;
    char config[4096], path[4096];
    char *kinds, *plan = NULL, *digest = NULL, *text = NULL;
    FILE *file;

    CHECK(count == 2);
    CHECK(swim_abi_version() == SWIM_ABI_VERSION);
    CHECK(strcmp(swim_last_error(), "null") == 0);
    snprintf(config, sizeof config, "{\"data\": \"%s/data\"}", words[1]);
    CHECK(swim_client_open(config, &client) == SWIM_OK && client != NULL);
    check_nulls(client);
    check_arguments(client);
    kinds = called(NULL, "error_kinds", "{}");
    check_numbers(kinds);
    for (size_t i = 0; i < COUNT(function_cases); i++) {
        text = NULL;
        int32_t status = swim_call(function_cases[i].name, function_cases[i].arguments, &text);
        check_case(kinds, &function_cases[i], status, text);
    }
    CHECK(swim_call("_panic", "{}", &text) == SWIM_PANIC && text == NULL);
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
    CHECK(swim_client_import(client, path, "{\"platform\":\"ios\",\"version\":\"15.2(7)E10\"}", &text) == SWIM_OK);
    swim_string_free(text);
    CHECK(swim_client_images(client, "{\"text\":\"made\"}", &text) == SWIM_OK && strstr(text, "made-up.bin") != NULL);
    swim_string_free(text);
    CHECK(swim_client_images(client, "{\"text\":\"other\"}", &text) == SWIM_OK && strcmp(text, "[]") == 0);
    swim_string_free(text);
    CHECK(swim_client_image(client, "made-up.bin", &text) == SWIM_OK && strstr(text, "15.2(7)E10") != NULL);
    swim_string_free(text);
    CHECK(swim_client_devices(client, &text) == SWIM_OK && strcmp(text, "[]") == 0);
    swim_string_free(text);
    check_older(client, words[1]);
    check_unreadable(client);
    CHECK(swim_client_add_devices(client, "[]") == SWIM_OK);
    CHECK(swim_client_inspect(client, "[]", &text) == SWIM_OK && strcmp(text, "[]") == 0);
    swim_string_free(text);
    CHECK(swim_client_analyse(client, "made-up.bin", "[]", NULL, &text) == SWIM_OK);
    swim_string_free(text);
    CHECK(swim_client_analyse_with_knowledge(client, "made-up.bin", "[]", NULL, "{\"standing\":\"active\"}", &text) ==
          SWIM_OK);
    swim_string_free(text);
    CHECK(swim_client_plan_with_knowledge(client, "made-up.bin", "[]", "{\"max_parallel\":2}", "{}", &text) == SWIM_OK);
    CHECK(strstr(text, "\"max_parallel\":2") != NULL);
    swim_string_free(text);
    CHECK(swim_client_plan(client, "made-up.bin", "[]", "{\"max_parallel\":3}", &plan) == SWIM_OK);
    CHECK(strstr(plan, "\"max_parallel\":3") != NULL);
    CHECK(swim_client_rehearse(client, plan, &text) == SWIM_OK && strstr(text, "\"status\":\"finished\"") != NULL);
    swim_string_free(text);
    CHECK(swim_plan_digest(plan, &digest) == SWIM_OK && digest[0] != '"');
    CHECK(swim_client_submit(client, plan, "other", NULL, &job) == SWIM_CONFLICT && job == NULL);
    CHECK(swim_client_submit(client, plan, digest, "{\"key\":\"k\"}", &job) == SWIM_OK);
    CHECK(swim_client_submit(client, plan, digest, "{\"key\":\"k\"}", &same) == SWIM_OK);
    CHECK(strcmp(swim_job_id(job), swim_job_id(same)) == 0);
    swim_job_free(same);
    CHECK(swim_job_wait(job, &text) == SWIM_OK && strstr(text, "\"status\":\"finished\"") != NULL);
    swim_string_free(text);
    CHECK(swim_client_job(client, swim_job_id(job), &same) == SWIM_OK);
    CHECK(swim_job_status(same, &text) == SWIM_OK && strstr(text, swim_job_id(job)) != NULL);
    swim_string_free(text);
    CHECK(swim_job_audit(same, &text) == SWIM_OK && strstr(text, "\"action\":\"submitted\"") != NULL);
    swim_string_free(text);
    CHECK(swim_job_commit(same, "[\"a b\"]") == SWIM_INVALID_INPUT);
    CHECK(swim_job_cancel(same, "rudely") == SWIM_INVALID_INPUT);
    swim_job_free(same);
    CHECK(swim_client_list(client, &text) == SWIM_OK && strstr(text, swim_job_id(job)) != NULL);
    swim_string_free(text);
    CHECK(swim_client_check_servers(client, &text) == SWIM_OK && strstr(text, "\"works\":\"yes\"") != NULL);
    CHECK(strstr(text, "\"findings\":[") != NULL);
    swim_string_free(text);
    CHECK(swim_client_push(client, "made-up.bin", "none", "flash:x.bin", NULL, &text) == SWIM_NOT_FOUND);
    CHECK(swim_client_push(client, "made-up.bin", "none", "flash:x.bin", "{\"afresh\":1}", &text) == SWIM_INVALID_INPUT);
    CHECK(swim_client_fetch(client, "none", "flash:x.bin", "/nonexistent/x.bin", NULL, &text) == SWIM_NOT_FOUND);
    CHECK(swim_client_offer(client, "made-up.bin", "sw1", "pigeon", NULL, &text) == SWIM_INVALID_INPUT);
    CHECK(swim_client_accept(client, "none", "scp", "/nonexistent/x.bin", NULL, &text) == SWIM_NOT_FOUND);
    CHECK(swim_client_withdraw(client, 1, &text) == SWIM_NOT_FOUND);
    CHECK(swim_client_resume(client, &text) == SWIM_OK && strcmp(text, "[]") == 0);
    swim_string_free(text);
    check_watching(job);
    CHECK(swim_client_remove_image_with_reason(client, "made-up.bin", "superseded", &text) == SWIM_OK);
    CHECK(strstr(text, "made-up.bin") != NULL);
    swim_string_free(text);
    CHECK(swim_client_image_audit(client, NULL, &text) == SWIM_OK && strstr(text, "superseded") != NULL);
    swim_string_free(text);
    CHECK(swim_client_image_audit(client, "made-up.bin", &text) == SWIM_OK && strstr(text, "superseded") != NULL);
    swim_string_free(text);

    swim_job_free(job);
    swim_client_free(client);
    /* Nothing of the folder is open: the database has taken in what it wrote ahead. */
    snprintf(path, sizeof path, "%s/data/swim.db-wal", words[1]);
    CHECK(fopen(path, "r") == NULL);
    swim_string_free(plan);
    swim_string_free(digest);
    puts("ok");
    return 0;
}
