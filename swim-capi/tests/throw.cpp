// An exception that leaves a callback ends the process: it does not run through the library. Exits with 0 when it is left
// alone, which is wrong.
#include <stdexcept>

#include <poll.h>

#include "expect.h"

static void on_event(void *, const char *) { throw std::runtime_error("thrown by a callback"); }

int main(int count, char **words) {
    char config[4096], path[4096], *text = nullptr, *plan = nullptr, *digest = nullptr;
    swim_client *client = nullptr;
    swim_job *job = nullptr;
    swim_watch *watch = nullptr;
    CHECK(count == 2);
    std::snprintf(config, sizeof config, "{\"data\": \"%s/data\"}", words[1]);
    std::snprintf(path, sizeof path, "%s/made-up.bin", words[1]);
    std::FILE *file = std::fopen(path, "w");
    CHECK(file != nullptr && std::fputs("not really an image", file) >= 0 && std::fclose(file) == 0);
    CHECK(swim_client_open(config, &client) == SWIM_OK);
    CHECK(swim_client_import(client, path, "{\"platform\":\"ios\",\"version\":\"15.2(7)E10\"}", &text) == SWIM_OK);
    CHECK(swim_client_plan(client, "made-up.bin", "[]", nullptr, &plan) == SWIM_OK);
    CHECK(swim_plan_digest(plan, &digest) == SWIM_OK);
    CHECK(swim_client_submit(client, plan, digest, nullptr, &job) == SWIM_OK);
    CHECK(swim_job_on_event(job, on_event, nullptr, &watch) == SWIM_OK);
    poll(nullptr, 0, 20000);
    return 0;
}
