/*
 * swim: software image management of network devices.
 *
 * Calls.     Verbs of a client and functions without one take and give JSON (UTF-8, NUL-terminated). Their names,
 *            arguments and results are the same in Rust, Python and C; `swim_call("names", "{}", &out)` lists them.
 * Status.    Every call that can fail returns a status: 0, or what went wrong. Numbers are never reused. More is in
 *            swim_last_error().
 * Memory.    Texts that a call gives are the caller's and are freed with swim_string_free(). Every _free takes NULL;
 *            everything else answers NULL with SWIM_INVALID_INPUT. An out-parameter holds NULL when the call failed.
 * Threads.   A client and a watch may be used by several threads at once. A handle is freed once, when nobody uses it.
 *            Calls that wait cannot be made from inside a callback (SWIM_BLOCKED); nor may handles be freed there.
 * Fork.      Handles do not survive a fork.
 */
#ifndef SWIM_H
#define SWIM_H

#include <stdint.h>

/** The ABI that this header describes; compare it with swim_abi_version(). */
#define SWIM_ABI_VERSION 0

#if defined(__GNUC__)
#define SWIM_MUST_USE __attribute__((warn_unused_result))
#else
#define SWIM_MUST_USE
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** It worked. */
#define SWIM_OK 0
/** The caller's input is wrong; the message names the field and the value. */
#define SWIM_INVALID_INPUT 1
/** What was asked for does not exist. */
#define SWIM_NOT_FOUND 2
/** This device, platform or build cannot do it. */
#define SWIM_UNSUPPORTED 3
/** No connection could be made. */
#define SWIM_UNREACHABLE 4
/** The credentials or the host key were refused. */
#define SWIM_AUTH 5
/** Logged in, but with too little privilege. */
#define SWIM_PRIVILEGE 6
/** Nothing was heard for too long. */
#define SWIM_TIMEOUT 7
/** The session or transfer ended in the middle. */
#define SWIM_INTERRUPTED 8
/** Somebody asked for it to stop. */
#define SWIM_CANCELLED 9
/** Too little room on a file system. */
#define SWIM_NO_SPACE 10
/** Bytes are not what they should be. */
#define SWIM_INTEGRITY 11
/** The image does not fit the device. */
#define SWIM_INCOMPATIBLE 12
/** A condition that must hold first does not hold. */
#define SWIM_BLOCKED 13
/** The device said no, in words of its own. */
#define SWIM_DEVICE_REJECTED 14
/** The device said something that is not understood. */
#define SWIM_UNEXPECTED_REPLY 15
/** A licence or export form needs a human decision. */
#define SWIM_AGREEMENT_REQUIRED 16
/** The account may not have this image. */
#define SWIM_NOT_ENTITLED 17
/** Somebody else is at work; later it may be free. */
#define SWIM_BUSY 18
/** Two writers met; the other one won. */
#define SWIM_CONFLICT 19
/** This worker no longer owns the job. */
#define SWIM_LEASE_LOST 20
/** The job or image store failed. */
#define SWIM_STORE 21
/** A bug of the library. */
#define SWIM_INTERNAL 22
/** Nothing came in the given time. Not an error: swim_last_error() is unchanged. */
#define SWIM_WOULD_BLOCK 97
/** There is nothing more to come. Not an error: swim_last_error() is unchanged. */
#define SWIM_END 98
/** A bug of the library that was contained; what it worked on may be incomplete. */
#define SWIM_PANIC 99

/** A client: a data folder, the devices that it knows, the jobs that it works on. */
typedef struct swim_client swim_client;
/** The events of one job. */
typedef struct swim_watch swim_watch;

/** The ABI of the library. */
uint32_t swim_abi_version(void);

/** The version of the library, e.g. "0.1.0". Not to be freed. */
const char *swim_version(void);

/**
 * The last error of a call on this thread as JSON: kind, operation, message, context, retry, effect, said, causes.
 * "null" when none failed yet. Not to be freed; valid until the next call fails on this thread.
 */
const char *swim_last_error(void);

/** Frees a text that a call gave. */
void swim_string_free(char *text);

/** Calls a function that needs no client, e.g. "compare_versions". */
SWIM_MUST_USE int32_t swim_call(const char *function, const char *args_json, char **result_json);

/** Opens a client: {"data": "/var/lib/swim", "devices": [...], "secrets": {...}}. */
SWIM_MUST_USE int32_t swim_client_open(const char *config_json, swim_client **client);

/** Calls a verb, e.g. "inspect", and waits until it is done. */
SWIM_MUST_USE int32_t swim_client_call(const swim_client *client, const char *verb, const char *args_json,
                                       char **result_json);

/**
 * Frees a client. Jobs stay durable; any client on the same data goes on with "resume". When this returns, no callback
 * of the client runs or will run. Watches of the client end, and are still to be freed.
 */
void swim_client_free(swim_client *client);

/** Watches a job, by its id (not JSON), from its first event on. */
SWIM_MUST_USE int32_t swim_watch_open(const swim_client *client, const char *job, swim_watch **watch);

/**
 * Takes the next event as JSON. timeout_ms below 0 waits for ever, 0 does not wait. SWIM_WOULD_BLOCK when none came in
 * time; SWIM_END after the last one.
 */
SWIM_MUST_USE int32_t swim_watch_next(const swim_watch *watch, int64_t timeout_ms, char **event_json);

/**
 * A file descriptor for poll(): readable while swim_watch_next() has something to give. It belongs to the watch: never
 * read from it, never close it. -1 for NULL.
 */
int32_t swim_watch_fd(const swim_watch *watch);

/** Gets each event as JSON on a thread of the library, one at a time; at the end NULL, once. Must not keep the text. */
typedef void (*swim_event_fn)(void *user, const char *event_json);

/** Watches a job and tells each event to a function. An error is told as {"type": "error", "error": {...}}. */
SWIM_MUST_USE int32_t swim_watch_on_event(const swim_client *client, const char *job, swim_event_fn on_event, void *user,
                                          swim_watch **watch);

/** Frees a watch. When this returns, its callback does not run and will not run. */
void swim_watch_free(swim_watch *watch);

#ifdef __cplusplus
}
#endif

#endif
