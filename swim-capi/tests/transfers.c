/* Single transfers and a login by Telnet, with real programs on the other side: transfers.py runs them.
 *
 *   transfers CONFIG IMAGE TAKEN
 *
 * What a device must be told is printed as a line of JSON; a line of input says that the device is done. */
#include <stdint.h>
#include <string.h>

#include "slurp.h"

/* Hands what was given to the one who plays the device, and waits for it. */
static void told(const char *what, char *text) {
    CHECK(printf("%s %s\n", what, text) > 0 && fflush(stdout) == 0);
    swim_string_free(text);
    CHECK(getchar() == '\n');
}

/* The number of an offer, which stands in what must be told. */
static uint64_t number(const char *offered) {
    unsigned long long found = 0;
    const char *at = strstr(offered, "\"offer\":");
    CHECK(at != NULL && sscanf(at, "\"offer\":%llu", &found) == 1);
    return found;
}

/* A receipt of these bytes over a cipher. */
static void withdrawn(const swim_client *client, uint64_t offer, const char *protocol) {
    char *text = NULL, wanted[64];
    CHECK(swim_client_withdraw(client, offer, &text) == SWIM_OK);
    snprintf(wanted, sizeof wanted, "\"protocol\":\"%s\"", protocol);
    CHECK(strstr(text, wanted) != NULL && strstr(text, "\"cipher\":\"") != NULL && strstr(text, "\"bytes\":0") == NULL);
    told("receipt", text);
    CHECK(swim_client_withdraw(client, offer, &text) == SWIM_NOT_FOUND);
}

static void an_upload_by_sftp(const swim_client *client, const char *taken) {
    char *text = NULL;
    CHECK(swim_client_accept(client, "sw1", "sftp", taken, "{\"name\":\"core.gz\",\"seconds\":60}", &text) == SWIM_OK);
    CHECK(strstr(text, "\"direction\":\"upload\"") != NULL && strstr(text, "\"path\":\"core.gz\"") != NULL);
    uint64_t offer = number(text);
    told("accept", text);
    withdrawn(client, offer, "sftp");
    CHECK(swim_client_accept(client, "sw1", "sftp", taken, NULL, &text) == SWIM_CONFLICT);
}

static void a_pull_by_https(const swim_client *client, const char *image) {
    char *text = NULL;
    CHECK(swim_client_offer(client, image, "sw1", "https", "{\"seconds\":60}", &text) == SWIM_OK);
    CHECK(strstr(text, "BEGIN CERTIFICATE") != NULL && strstr(text, "\"fingerprint\":\"") != NULL);
    uint64_t offer = number(text);
    told("offer", text);
    withdrawn(client, offer, "https");
}

static void a_login_by_telnet(const swim_client *client, const char *image) {
    char *text = NULL;
    CHECK(swim_client_inspect(client, "[\"edge1\"]", &text) == SWIM_OK);
    CHECK(strstr(text, "\"hostname\":\"edge1\"") != NULL && strstr(text, "\"error\"") == NULL);
    swim_string_free(text);
    CHECK(swim_client_analyse(client, image, "[\"edge1\"]", NULL, &text) == SWIM_OK);
    CHECK(strstr(text, "session.telnet") != NULL);
    swim_string_free(text);
}

int main(int count, char **words) {
    CHECK(count == 4);
    const char *path = words[2], *image = strrchr(path, '/') + 1;
    swim_client *client = NULL;
    char *text = NULL;
    CHECK(swim_client_open(slurp(words[1]), &client) == SWIM_OK);
    CHECK(swim_client_import(client, path, NULL, &text) == SWIM_OK);
    swim_string_free(text);
    an_upload_by_sftp(client, words[3]);
    a_pull_by_https(client, image);
    a_login_by_telnet(client, image);
    CHECK(swim_client_check_servers(client, &text) == SWIM_OK);
    told("checked", text);
    swim_client_free(client);
    return 0;
}
