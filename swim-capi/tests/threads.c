/* Handles and threads: what is freed while others are at work, and what outlives what. */
#include <string.h>

#include "door.h"

static void on_event(void *user, const char *event) {
    (void)event;
    pass((struct door *)user);
}

static void free_watch(void *watch) { swim_watch_free((swim_watch *)watch); }

static void free_client(void *client) { swim_client_free((swim_client *)client); }

static swim_client *opened(const char *folder) {
    char config[4096];
    swim_client *client = NULL;
    snprintf(config, sizeof config, "{\"data\": \"%s/data\"}", folder);
    CHECK(swim_client_open(config, &client) == SWIM_OK);
    return client;
}

/* A job without devices; one that is due later does not finish. */
static swim_job *submitted(const swim_client *client, const char *options) {
    char *plan = NULL, *digest = NULL;
    swim_job *job = NULL;
    CHECK(swim_client_plan(client, "made-up.bin", "[]", NULL, &plan) == SWIM_OK);
    CHECK(swim_plan_digest(plan, &digest) == SWIM_OK);
    CHECK(swim_client_submit(client, plan, digest, options, &job) == SWIM_OK);
    swim_string_free(plan);
    swim_string_free(digest);
    return job;
}

static void a_watch_is_freed_while_its_callback_runs(const swim_client *client) {
    struct door door = DOOR_CLOSED;
    swim_job *job = submitted(client, NULL);
    swim_watch *watch = NULL;
    char *text = NULL;
    /* All events are there already: the next one is told without a pause, but for the free. */
    CHECK(swim_job_wait(job, &text) == SWIM_OK);
    swim_string_free(text);
    CHECK(swim_job_on_event(job, on_event, &door, &watch) == SWIM_OK);
    free_while_inside(&door, free_watch, watch, 1000);
    /* There was more to tell: the first event is not the last one. */
    CHECK(door.entered == 1);
    swim_job_free(job);
}

struct use {
    const swim_client *client;
    const swim_job *job;
    int calls;
    int32_t status;
};

static void *use_client(void *argument) {
    struct use *use = (struct use *)argument;
    for (; use->calls < 20; use->calls++) {
        char *text = NULL;
        CHECK(swim_client_list(use->client, &text) == SWIM_OK && strstr(text, swim_job_id(use->job)) != NULL);
        swim_string_free(text);
        CHECK(swim_job_status(use->job, &text) == SWIM_OK);
        swim_string_free(text);
        CHECK(swim_client_image(use->client, "none", &text) == SWIM_NOT_FOUND);
        /* The last error is that of this thread. */
        CHECK(strstr(swim_last_error(), "\"not_found\"") != NULL);
    }
    return NULL;
}

static void two_threads_use_one_client(const swim_client *client) {
    swim_job *job = submitted(client, NULL);
    struct use uses[2] = {{client, job, 0, 0}, {client, job, 0, 0}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, use_client, &uses[i]) == 0);
    for (int i = 0; i < 2; i++)
        CHECK(pthread_join(threads[i], NULL) == 0 && uses[i].calls == 20);
    swim_job_free(job);
}

static void *wait_for_job(void *argument) {
    struct use *use = (struct use *)argument;
    char *text = NULL;
    use->status = swim_job_wait(use->job, &text);
    CHECK(text == NULL);
    return NULL;
}

/* The client is freed while a callback runs, a call waits, and a job and a watch are left. */
static void a_client_is_freed_before_its_handles(swim_client *client) {
    struct door door = DOOR_CLOSED;
    swim_job *job = submitted(client, "{\"due\":\"2999-01-01T00:00:00Z\"}");
    struct use waiting = {client, job, 0, SWIM_OK};
    swim_watch *told = NULL, *taken = NULL, *late = NULL;
    char *text = NULL;
    pthread_t thread;
    int32_t status;

    CHECK(swim_job_watch(job, &taken) == SWIM_OK);
    CHECK(swim_watch_next(taken, 20000, &text) == SWIM_OK);
    swim_string_free(text);
    CHECK(pthread_create(&thread, NULL, wait_for_job, &waiting) == 0);
    CHECK(swim_job_on_event(job, on_event, &door, &told) == SWIM_OK);
    free_while_inside(&door, free_client, client, LONGER_THAN_THREADS_ARE_WAITED_FOR);
    CHECK(pthread_join(thread, NULL) == 0 && waiting.status == SWIM_INTERRUPTED);

    CHECK(strlen(swim_job_id(job)) > 8);
    CHECK(swim_job_status(job, &text) == SWIM_INTERRUPTED && text == NULL);
    CHECK(strstr(swim_last_error(), "the client was freed") != NULL);
    CHECK(swim_job_wait(job, &text) == SWIM_INTERRUPTED);
    CHECK(swim_job_audit(job, &text) == SWIM_INTERRUPTED);
    CHECK(swim_job_commit(job, NULL) == SWIM_INTERRUPTED);
    CHECK(swim_job_cancel(job, NULL) == SWIM_INTERRUPTED);
    CHECK(swim_job_watch(job, &late) == SWIM_INTERRUPTED && late == NULL);
    CHECK(swim_job_on_event(job, on_event, &door, &late) == SWIM_INTERRUPTED && late == NULL);
    while ((status = swim_watch_next(taken, 20000, &text)) == SWIM_OK)
        swim_string_free(text);
    CHECK(status == SWIM_INTERRUPTED);
    swim_watch_free(taken);
    swim_watch_free(told);
    swim_job_free(job);
}

int main(int count, char **words) {
    char path[4096], *text = NULL;
    CHECK(count == 2);
    swim_client *client = opened(words[1]);
    snprintf(path, sizeof path, "%s/made-up.bin", words[1]);
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && fputs("not really an image", file) >= 0 && fclose(file) == 0);
    CHECK(swim_client_import(client, path, "{\"platform\":\"ios\",\"version\":\"15.2(7)E10\"}", &text) == SWIM_OK);
    swim_string_free(text);
    a_watch_is_freed_while_its_callback_runs(client);
    two_threads_use_one_client(client);
    a_client_is_freed_before_its_handles(client);
    puts("ok");
    return 0;
}
