/*
 * Upgrades of simulated switches. Started by live.py, which also looks for secrets where everything was written down.
 *
 *   live upgrade CONFIG WRONG IMAGE RECORD   sw1, sw2 and sw4 with a post-check, sw5 comes back on the old image, sw3 is held;
 *                                            then says "held JOB" and goes on when a line comes
 *   live release CONFIG JOB RECORD           commits sw3
 *   live free CONFIG IMAGE                   frees the client in the middle of a post-check of sw2 or sw4
 */
#include <string.h>

#include "door.h"
#include "slurp.h"

#define POLICY "\"activate\":\"parallel\",\"accept_unknown\":[\"ram.requirement_unknown\"]"

static FILE *record;
static pthread_mutex_t record_lock = PTHREAD_MUTEX_INITIALIZER;

/* Writes down what the library gave. */
static void keep(const char *what, const char *text) {
    pthread_mutex_lock(&record_lock);
    CHECK(record == NULL || fprintf(record, "%s: %s\n", what, text) > 0);
    pthread_mutex_unlock(&record_lock);
}

static void kept(const char *what, char *text) {
    keep(what, text);
    swim_string_free(text);
}

/* Good for all but sw2; silent about sw4. */
static void check(void *user, const char *call, swim_verdict *verdict) {
    int *asked = (int *)user;
    char *text = NULL;
    keep("post-check", call);
    CHECK(strstr(call, "\"job\":") != NULL && strstr(call, "\"inventory\":{") != NULL);
    CHECK(swim_call("version", "{}", &text) == SWIM_OK);
    swim_string_free(text);
    __atomic_add_fetch(asked, 1, __ATOMIC_SEQ_CST);
    if (strstr(call, "\"hostname\":\"sw4\"") != NULL)
        return;
    if (strstr(call, "\"hostname\":\"sw2\"") == NULL) {
        CHECK(swim_verdict_good(verdict) == SWIM_OK);
        return;
    }
    char reason[] = "two neighbours are missing";
    CHECK(swim_verdict_bad(verdict, reason) == SWIM_OK);
    /* It was copied. */
    memset(reason, 'x', sizeof reason - 1);
}

struct told {
    int events, ends;
};

static void on_event(void *user, const char *event) {
    struct told *told = (struct told *)user;
    if (event != NULL)
        keep("event", event);
    __atomic_add_fetch(event ? &told->events : &told->ends, 1, __ATOMIC_SEQ_CST);
}

struct order {
    const swim_client *client;
    const char *plan;
    swim_job *job;
};

static void *submit(void *argument) {
    struct order *order = (struct order *)argument;
    char *digest = NULL;
    CHECK(swim_plan_digest(order->plan, &digest) == SWIM_OK);
    CHECK(swim_client_submit(order->client, order->plan, digest, NULL, &order->job) == SWIM_OK);
    swim_string_free(digest);
    return NULL;
}

/* Is this the outcome of a device in a report? Fields are in the order of the alphabet. */
static int came_out(const char *report, const char *device, const char *outcome) {
    static const char line[] = "{\"activations\":";
    char name[64], wanted[80];
    snprintf(wanted, sizeof wanted, "\"outcome\":\"%s\"", outcome);
    for (const char *at = strstr(report, line); at != NULL; at = strstr(at + 1, line)) {
        if (sscanf(at, "{\"activations\":%*d,\"device\":\"%63[^\"]\"", name) != 1 || strcmp(name, device) != 0)
            continue;
        const char *next = strstr(at + 1, line), *found = strstr(at, wanted);
        return found != NULL && (next == NULL || found < next);
    }
    return 0;
}

static char *planned(const swim_client *client, const char *image, const char *devices, const char *policy) {
    char *plan = NULL;
    CHECK(swim_client_plan(client, image, devices, policy, &plan) == SWIM_OK);
    CHECK(strstr(plan, "\"refused\":[]") != NULL);
    keep("plan", plan);
    return plan;
}

static void a_wrong_password(const char *config) {
    swim_client *client = NULL;
    char *text = NULL;
    CHECK(swim_client_open(config, &client) == SWIM_OK);
    CHECK(swim_client_inspect(client, "[\"sw1\"]", &text) == SWIM_OK && strstr(text, "\"kind\":\"auth\"") != NULL);
    kept("refused login", text);
    CHECK(swim_client_analyse(client, "none", "[\"sw1\"]", NULL, &text) == SWIM_NOT_FOUND);
    keep("error", swim_last_error());
    swim_client_free(client);
}

static void upgrade(const char *config, const char *wrong, const char *path) {
    const char *image = strrchr(path, '/') + 1;
    swim_client *client = NULL;
    swim_watch *watch = NULL, *taken = NULL;
    struct told told = {0, 0};
    char *text = NULL;
    int asked = 0, events = 0;
    int32_t status;

    a_wrong_password(slurp(wrong));
    CHECK(swim_client_open_with_check(slurp(config), check, &asked, &client) == SWIM_OK);
    CHECK(swim_client_import(client, path, NULL, &text) == SWIM_OK && strstr(text, image) != NULL);
    kept("image", text);
    CHECK(swim_client_images(client, NULL, &text) == SWIM_OK && strstr(text, image) != NULL);
    kept("images", text);
    CHECK(swim_client_inspect(client, "[\"sw1\",\"sw2\",\"sw3\",\"sw4\",\"sw5\"]", &text) == SWIM_OK);
    CHECK(strstr(text, "\"error\"") == NULL);
    kept("inventories", text);
    CHECK(swim_client_analyse(client, image, "[\"sw1\",\"sw2\"]", NULL, &text) == SWIM_OK);
    kept("analysis", text);
    struct order checked = {client, planned(client, image, "[\"sw1\",\"sw2\",\"sw4\",\"sw5\"]", "{\"post_check\":true," POLICY "}"), NULL};
    struct order held = {client, planned(client, image, "[\"sw3\"]", "{\"hold_commit\":true," POLICY "}"), NULL};
    CHECK(swim_client_rehearse(client, held.plan, &text) == SWIM_OK);
    kept("rehearsal", text);

    pthread_t threads[2];
    CHECK(pthread_create(&threads[0], NULL, submit, &checked) == 0);
    CHECK(pthread_create(&threads[1], NULL, submit, &held) == 0);
    for (int i = 0; i < 2; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(swim_job_on_event(checked.job, on_event, &told, &watch) == SWIM_OK);
    CHECK(swim_job_watch(checked.job, &taken) == SWIM_OK);
    while ((status = swim_watch_next(taken, -1, &text)) == SWIM_OK) {
        events++;
        kept("taken event", text);
    }
    CHECK(status == SWIM_END && events > 30);
    for (int i = 0; i < 2000 && __atomic_load_n(&told.ends, __ATOMIC_SEQ_CST) == 0; i++)
        poll(NULL, 0, 10);
    CHECK(told.ends == 1 && told.events > 30);

    CHECK(swim_job_wait(checked.job, &text) == SWIM_OK && strstr(text, "\"status\":\"finished\"") != NULL);
    fprintf(stderr, "%s\n", text);
    CHECK(came_out(text, "sw1", "upgraded"));
    CHECK(came_out(text, "sw2", "rolled_back") && strstr(text, "two neighbours are missing") != NULL);
    CHECK(came_out(text, "sw4", "rolled_back") && strstr(text, "the post-check gave no verdict") != NULL);
    CHECK(came_out(text, "sw5", "fell_back"));
    kept("report", text);
    CHECK(asked == 3);
    CHECK(swim_job_audit(checked.job, &text) == SWIM_OK && strstr(text, "two neighbours are missing") != NULL);
    kept("audit", text);
    CHECK(swim_job_wait(held.job, &text) == SWIM_OK && strstr(text, "\"status\":\"held\"") != NULL);
    CHECK(!came_out(text, "sw3", "upgraded"));
    kept("held report", text);
    CHECK(fflush(record) == 0);

    printf("held %s\n", swim_job_id(held.job));
    fflush(stdout);
    CHECK(getchar() == '\n');
    swim_watch_free(taken);
    swim_watch_free(watch);
    swim_client_free(client);
    swim_job_free(checked.job);
    swim_job_free(held.job);
    swim_string_free((char *)checked.plan);
    swim_string_free((char *)held.plan);
}

static void release(const char *config, const char *id) {
    swim_client *client = NULL;
    swim_job *job = NULL;
    char *text = NULL;
    CHECK(swim_client_open(slurp(config), &client) == SWIM_OK);
    CHECK(swim_client_job(client, id, &job) == SWIM_OK);
    CHECK(swim_job_status(job, &text) == SWIM_OK && strstr(text, "\"status\":\"held\"") != NULL);
    swim_string_free(text);
    CHECK(swim_job_commit(job, "[\"sw3\"]") == SWIM_OK);
    CHECK(swim_job_wait(job, &text) == SWIM_OK && strstr(text, "\"status\":\"finished\"") != NULL);
    fprintf(stderr, "%s\n", text);
    CHECK(came_out(text, "sw3", "upgraded"));
    kept("report of the released job", text);
    CHECK(swim_job_audit(job, &text) == SWIM_OK);
    kept("audit of the released job", text);
    swim_job_free(job);
    swim_client_free(client);
}

static void behind_a_door(void *user, const char *call, swim_verdict *verdict) {
    (void)call;
    pass((struct door *)user);
    CHECK(swim_verdict_good(verdict) == SWIM_OK);
}

static void free_client(void *client) { swim_client_free((swim_client *)client); }

/* The client is freed while the post-check runs; another client goes on with the job. */
static void free_in_the_middle(const char *config, const char *path) {
    const char *image = strrchr(path, '/') + 1;
    struct door closed = DOOR_CLOSED, open = DOOR_CLOSED;
    struct order order = {NULL, NULL, NULL};
    swim_client *client = NULL;
    swim_job *again = NULL;
    char *text = NULL;
    CHECK(swim_client_open_with_check(slurp(config), behind_a_door, &closed, &client) == SWIM_OK);
    CHECK(swim_client_import(client, path, NULL, &text) == SWIM_OK);
    swim_string_free(text);
    CHECK(swim_client_inspect(client, "[\"sw2\",\"sw4\"]", &text) == SWIM_OK && strstr(text, "\"error\"") == NULL);
    swim_string_free(text);
    order.client = client;
    order.plan = planned(client, image, "[\"sw2\",\"sw4\"]", "{\"post_check\":true," POLICY "}");
    submit(&order);
    free_while_inside(&closed, free_client, client, LONGER_THAN_THREADS_ARE_WAITED_FOR);
    /* The other device's check may have come in time, or have found the client being freed: then it is asked again. */
    CHECK(closed.entered >= 1 && closed.entered <= 2);
    fprintf(stderr, "%d checks were answered by the client that was freed\n", closed.entered);
    CHECK(swim_job_status(order.job, &text) == SWIM_INTERRUPTED);

    open.open = true;
    CHECK(swim_client_open_with_check(slurp(config), behind_a_door, &open, &client) == SWIM_OK);
    CHECK(swim_client_resume(client, &text) == SWIM_OK && strstr(text, swim_job_id(order.job)) != NULL);
    swim_string_free(text);
    CHECK(swim_client_job(client, swim_job_id(order.job), &again) == SWIM_OK);
    CHECK(swim_job_wait(again, &text) == SWIM_OK);
    fprintf(stderr, "%s\n", text);
    CHECK(came_out(text, "sw2", "upgraded") && came_out(text, "sw4", "upgraded"));
    swim_string_free(text);
    swim_job_free(again);
    swim_job_free(order.job);
    swim_string_free((char *)order.plan);
    swim_client_free(client);
}

int main(int count, char **words) {
    CHECK(count >= 4);
    if (strcmp(words[1], "free") == 0) {
        free_in_the_middle(words[2], words[3]);
        return 0;
    }
    record = fopen(words[count - 1], "a");
    CHECK(record != NULL);
    if (strcmp(words[1], "upgrade") == 0 && count == 6)
        upgrade(words[2], words[3], words[4]);
    else if (strcmp(words[1], "release") == 0 && count == 5)
        release(words[2], words[3]);
    else
        CHECK(!"a known word");
    return fclose(record) == 0 ? 0 : 1;
}
