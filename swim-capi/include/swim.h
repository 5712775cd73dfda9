/*
 * swim: software image management of network devices.
 *
 * Calls.     Arguments and results are texts, or JSON where they are deeper (UTF-8, NUL-terminated), the same JSON as in
 *            Rust and Python. What one call gives can be put into the next one as it is. All fields of options_json,
 *            filter_json, policy_json and knowledge_json may be absent, and these arguments may be NULL.
 * Status.    Every call that can fail returns a status: SWIM_OK (0), or what went wrong. Numbers are never reused; new
 *            ones may come, so a program treats a number that it does not know as a failure. More is in
 *            swim_last_error(). A call that fails on a device says so in its result, not in its status.
 * Memory.    Texts that a call gives are the caller's and are freed with swim_string_free(), never with free(). Texts
 *            that the caller gives are copied: they need to live for the call only. Every _free takes NULL; everything
 *            else answers NULL with SWIM_INVALID_INPUT, but where it says that an argument may be NULL. An
 *            out-parameter holds NULL when the call failed.
 * Handles.   A handle is freed once, when no other call on this handle runs. Handles may be freed in any order: jobs and
 *            watches that outlive their client answer with SWIM_INTERRUPTED, and are still to be freed.
 * Threads.   Clients, jobs and watches may be used by several threads at once. A call waits until it is done; freeing the
 *            client ends calls that wait on its jobs, with SWIM_INTERRUPTED.
 * Callbacks. They run on threads of the library, and stop its work on this one thing only while they run. After the
 *            handle that a callback was given to was freed, or the client, it does not run; freeing waits for one that
 *            runs, so do not hold a lock then that the callback takes. Inside a callback, calls that wait answer
 *            SWIM_BLOCKED, and handles must not be freed. A callback must return: an exception that leaves it ends the
 *            process, and longjmp() out of it is not allowed.
 * Secrets.   Passwords go into the configuration only. They are in no result, no event, no error and no file of the
 *            data folder.
 * Fork.      Handles do not survive a fork: use them in the process that made them.
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
/** A job of a client. The job itself is durable; this is a hand on it. */
typedef struct swim_job swim_job;
/** The events of one job. */
typedef struct swim_watch swim_watch;
/** Where a post-check puts its answer. It is the library's, and valid until the post-check returns. */
typedef struct swim_verdict swim_verdict;

/* The library. */

/** The ABI of the library. */
uint32_t swim_abi_version(void);

/** The version of the library, e.g. "0.1.0". Not to be freed. */
const char *swim_version(void);

/**
 * The last error of a call on this thread as JSON: kind, operation, message, context, retry, effect, said, causes.
 * "null" when none failed yet. Not to be freed; valid until the next call fails on this thread, or the thread ends.
 */
const char *swim_last_error(void);

/** Frees a text that a call gave. */
void swim_string_free(char *text);

/**
 * Calls a function that needs no client, e.g. "plan_digest" or "compare_versions"; swim_call("names", "{}", &out) lists
 * them. args_json is an object.
 */
SWIM_MUST_USE int32_t swim_call(const char *function, const char *args_json, char **result_json);

/** The digest of a plan (not JSON): what a person approves, and swim_client_submit() takes. */
SWIM_MUST_USE int32_t swim_plan_digest(const char *plan_json, char **digest);

/* Clients. */

/** Opens a client: {"data": "/var/lib/swim", "devices": [...], "secrets": {...}}. */
SWIM_MUST_USE int32_t swim_client_open(const char *config_json, swim_client **client);

/**
 * Asked after each upgrade whose policy has "post_check", before it is committed. call_json is {"job": ..., "inventory":
 * {...}}: the device as it is now, running the new software; it is valid until the function returns. The function
 * answers with swim_verdict_good() or swim_verdict_bad() before it returns; the last answer counts, none is bad. It may
 * take its time, may be asked about several devices by several threads at once, and again after a crash.
 */
typedef void (*swim_check_fn)(void *user, const char *call_json, swim_verdict *verdict);

/** Opens a client that has a post-check. user is handed to it as it is and must live until the client is freed. */
SWIM_MUST_USE int32_t swim_client_open_with_check(const char *config_json, swim_check_fn check, void *user,
                                                  swim_client **client);

/** The device is good: the upgrade goes on to its commit. */
int32_t swim_verdict_good(swim_verdict *verdict);

/**
 * The device is bad: it is taken back to the old software. The reason is copied into its report; what is not UTF-8 in it
 * is replaced, and it may be NULL.
 */
int32_t swim_verdict_bad(swim_verdict *verdict, const char *reason);

/**
 * Calls a verb by its name, e.g. "inspect", with an object of arguments, and waits until it is done. For programs that
 * get names and arguments from elsewhere; others use the calls below. swim_call("names", "{}", &out) lists the verbs.
 */
SWIM_MUST_USE int32_t swim_client_call(const swim_client *client, const char *verb, const char *args_json,
                                       char **result_json);

/** Makes devices known, a list of objects as in the configuration, or replaces what is known of them. */
SWIM_MUST_USE int32_t swim_client_add_devices(const swim_client *client, const char *devices_json);

/** The devices that are known, a list of objects. */
SWIM_MUST_USE int32_t swim_client_devices(const swim_client *client, char **devices_json);

/**
 * Takes a file into the repository. options_json: {"file_name", "sha512", "sha256", "sha1", "md5", "platform", "family",
 * "version", "min_ram", "min_flash", "min_boot_rom"}. What a person says counts; "remarks" say where the bytes differ.
 */
SWIM_MUST_USE int32_t swim_client_import(const swim_client *client, const char *path, const char *options_json,
                                         char **image_json);

/**
 * The images of the repository, oldest first. filter_json: parts of texts, {"text" (of any field), "file_name",
 * "internal_name", "platform", "family", "version", "feature_set", "image_type"}, and "sort", "descending", "limit", "after".
 * A version and a platform may have any spelling; a platform that there is not is refused.
 */
SWIM_MUST_USE int32_t swim_client_images(const swim_client *client, const char *filter_json, char **images_json);

/** One image: by its id, its file name, or (where no file has that name) the first digits of its id (four or more). */
SWIM_MUST_USE int32_t swim_client_image(const swim_client *client, const char *image, char **image_json);

/**
 * Removes an image, named as for swim_client_image(). SWIM_CONFLICT while an unfinished job, an open offer or a copy on
 * an image server refers to it.
 */
SWIM_MUST_USE int32_t swim_client_remove_image(const swim_client *client, const char *image);

/**
 * The same for a reason, which is audited: copies on image servers do not count then. Gives what was deleted, and some
 * of the devices that use it. reason may be NULL.
 */
SWIM_MUST_USE int32_t swim_client_remove_image_with_reason(const swim_client *client, const char *image,
                                                           const char *reason, char **deleted_json);

/**
 * Asks devices, a list of their ids, for their inventory, many at once. A device that does not answer is in the result,
 * with its error.
 */
SWIM_MUST_USE int32_t swim_client_inspect(const swim_client *client, const char *devices_json, char **inspected_json);

/**
 * May these devices run this image? Gives a report with findings, by the last inventory of each device: those that were
 * never inspected are dialled and inspected now.
 */
SWIM_MUST_USE int32_t swim_client_analyse(const swim_client *client, const char *image, const char *devices_json,
                                          const char *policy_json, char **report_json);

/**
 * The same with what you know from elsewhere: how the image stands with its vendor ("standing"), what a list of known
 * good values says ("known_good"), pending "forms", upgrade "paths", IOS XR "matrices".
 */
SWIM_MUST_USE int32_t swim_client_analyse_with_knowledge(const swim_client *client, const char *image,
                                                         const char *devices_json, const char *policy_json,
                                                         const char *knowledge_json, char **report_json);

/** Plans an upgrade: which device with which steps, which not and why. Inspects as swim_client_analyse(). */
SWIM_MUST_USE int32_t swim_client_plan(const swim_client *client, const char *image, const char *devices_json,
                                       const char *policy_json, char **plan_json);

/** The same with what you know from elsewhere, as for swim_client_analyse_with_knowledge(). */
SWIM_MUST_USE int32_t swim_client_plan_with_knowledge(const swim_client *client, const char *image,
                                                      const char *devices_json, const char *policy_json,
                                                      const char *knowledge_json, char **plan_json);

/** Plays a plan on simulated devices, in virtual time; gives the report that the job would give. */
SWIM_MUST_USE int32_t swim_client_rehearse(const swim_client *client, const char *plan_json, char **report_json);

/**
 * Makes a durable job of a plan and starts to work on it. approval is the digest of the plan that a person
 * approved (not JSON); SWIM_CONFLICT when it is another plan's. options_json: {"key": the same key never makes two
 * jobs, "due": when it may start}. The job of a plan that upgrades no device ends at once, and is not "all_good".
 */
SWIM_MUST_USE int32_t swim_client_submit(const swim_client *client, const char *plan_json, const char *approval,
                                         const char *options_json, swim_job **job);

/** Takes up a job that exists, by its id (not JSON), whoever works on it. */
SWIM_MUST_USE int32_t swim_client_job(const swim_client *client, const char *id, swim_job **job);

/** All jobs of the data folder, oldest first, a list of objects. */
SWIM_MUST_USE int32_t swim_client_list(const swim_client *client, char **jobs_json);

/**
 * Sends a file made for it through every offer of ours and every protocol of every image server, end to end; gives a list
 * of objects: `server` (absent for our own offers), `protocol`, `works` ("yes", "no", "unknown"), `tried`, `error`, and
 * `findings`: what is wrong, each with a stable `code` ("server.login", "server.data_port", ...), `message` and `remedy`.
 * From image servers the file is removed; where that cannot be, `left_behind` says which one stays and why.
 */
SWIM_MUST_USE int32_t swim_client_check_servers(const swim_client *client, char **checked_json);

/**
 * Brings an image to a path of a device or of an image server. options_json: {"protocols": in their order, "port",
 * "afresh"}. Gives {"receipt", "fallbacks"}. "compared" of the receipt says what of a file that was there was looked at
 * ("none", "tail", "whole"); its "digest" is absent where that was the tail only.
 */
SWIM_MUST_USE int32_t swim_client_push(const swim_client *client, const char *image, const char *device,
                                       const char *path, const char *options_json, char **moved_json);

/**
 * Fetches a file of a device or of an image server into a file that is not there yet. options_json: {"protocols", "port",
 * "bytes", "sha256", "most"}. Gives {"receipt", "fallbacks"}.
 */
SWIM_MUST_USE int32_t swim_client_fetch(const swim_client *client, const char *device, const char *path,
                                        const char *file, const char *options_json, char **moved_json);

/**
 * Serves an image to one device. options_json: {"name", "source", "uses", "seconds"}. Gives what the device must be told:
 * {"offer", "port", "path", "user", "password", ...}; the password is good once. By HTTPS the device must trust the "certificate" (PEM), whose SHA-256 is the "fingerprint".
 */
SWIM_MUST_USE int32_t swim_client_offer(const swim_client *client, const char *image, const char *device,
                                        const char *protocol, const char *options_json, char **offered_json);

/**
 * Takes one file that a device uploads, into a file that is not there yet. options_json: {"name", "source", "most",
 * "seconds"}. Gives what the device must be told, as swim_client_offer().
 */
SWIM_MUST_USE int32_t swim_client_accept(const swim_client *client, const char *device, const char *protocol,
                                         const char *file, const char *options_json, char **offered_json);

/**
 * Ends an offer or an accept, by its number ("offer"); gives the receipt. "completed" of an offer says how often it was
 * pulled whole: its "bytes" count broken pulls as well.
 */
SWIM_MUST_USE int32_t swim_client_withdraw(const swim_client *client, uint64_t offer, char **receipt_json);

/**
 * Takes an image from elsewhere into the repository: {"url", "login", "host_key", "tls"} for http, https, ftp, ftps, sftp, scp
 * and tftp, or {"device", "path"} for a device or an image server (of a device its running image where no path is said);
 * beside that "most" and what swim_client_import() takes, and with "device" also "protocols" and "port". What cannot apply (a
 * "host_key" with http) is refused.
 */
SWIM_MUST_USE int32_t swim_client_import_from(const swim_client *client, const char *origin_json, char **image_json);

/** Takes the running images of devices into the repository: of a list of ids, or (NULL) of all. Gives what came of each. */
SWIM_MUST_USE int32_t swim_client_baseline(const swim_client *client, const char *devices_json, char **run_json);

/**
 * Keeps a source of images, or replaces the one of its name: {"name", "from": {"url": {...}} or {"file": {...}} or {"devices":
 * {...}}, "only", "again", "schedule": {"at", "cron", "zone"}}. "cron" has five fields (minute, hour, day of the month, month,
 * day of the week) and is read in UTC where no "zone" is given; with both the first time is "at".
 */
SWIM_MUST_USE int32_t swim_client_add_collection(const swim_client *client, const char *source_json,
                                                 char **collected_json);

/** The sources of images, by name, each with what it brought. */
SWIM_MUST_USE int32_t swim_client_collections(const swim_client *client, char **collections_json);

/** Collects from one source now; NULL stands for all that are due. */
SWIM_MUST_USE int32_t swim_client_collect(const swim_client *client, const char *name, char **runs_json);

/** Forgets a source of images; its images stay. */
SWIM_MUST_USE int32_t swim_client_remove_collection(const swim_client *client, const char *name);

/** The images of the repository by type and family, with their numbers. */
SWIM_MUST_USE int32_t swim_client_image_groups(const swim_client *client, char **groups_json);

/** All that is known of an image: names, requirements, who uses it, where it is staged. */
SWIM_MUST_USE int32_t swim_client_image_info(const swim_client *client, const char *image, char **info_json);

/**
 * What was done with images, oldest first; of one image, also of one that is gone, by its id, the first digits of that or its
 * file name; of all for NULL.
 */
SWIM_MUST_USE int32_t swim_client_image_audit(const swim_client *client, const char *image, char **lines_json);

/** Which devices use an image, and how. options_json: {"limit", "after"}. */
SWIM_MUST_USE int32_t swim_client_devices_using(const swim_client *client, const char *image, const char *options_json,
                                                char **users_json);

/** What devices use most, whether the repository has it or not. options_json: {"count"} (default: ten). */
SWIM_MUST_USE int32_t swim_client_top_images(const swim_client *client, const char *options_json, char **top_json);

/** Writes images with all that is known of them into one file that is not there yet. options_json: {"images"} (default: all). */
SWIM_MUST_USE int32_t swim_client_export_repository(const swim_client *client, const char *path,
                                                    const char *options_json, char **exported_json);

/** Takes in what swim_client_export_repository() wrote: every digest is checked, what is there already stays. */
SWIM_MUST_USE int32_t swim_client_import_repository(const swim_client *client, const char *path, char **imported_json);

/** Reads every image again and reports what is not what it was. options_json: {"bytes_per_second", "seconds", "afresh"}. */
SWIM_MUST_USE int32_t swim_client_scrub(const swim_client *client, const char *options_json, char **report_json);

/** What an image requires of devices: default, what a person set, what holds, and every change. */
SWIM_MUST_USE int32_t swim_client_requirements(const swim_client *client, const char *image, char **requirements_json);

/** Sets what an image requires: {"ram", "flash" (bytes, 1 to 999999999999999), "boot_rom", "by"}, each may be absent. */
SWIM_MUST_USE int32_t swim_client_set_requirements(const swim_client *client, const char *image, const char *set_json,
                                                   char **requirements_json);

/** Gives the defaults back. options_json: {"fields": a list of "ram", "flash", "boot_rom" (default: all), "by"}. */
SWIM_MUST_USE int32_t swim_client_restore_requirements(const swim_client *client, const char *image,
                                                       const char *options_json, char **requirements_json);

/** Which images should these devices run, a list of their ids? options_json: {"settings", "all"}. */
SWIM_MUST_USE int32_t swim_client_recommend(const swim_client *client, const char *devices_json,
                                            const char *options_json, char **recommendations_json);

/** Does this device have the latest image: "yes", "no" or "unknown", and why. options_json: {"settings"}. */
SWIM_MUST_USE int32_t swim_client_has_latest(const swim_client *client, const char *device, const char *options_json,
                                             char **answer_json);

/** The settings of recommendations where none are given. */
SWIM_MUST_USE int32_t swim_client_recommendation_settings(const swim_client *client, char **settings_json);

/** Keeps settings for every later recommendation; what is left out has its default. */
SWIM_MUST_USE int32_t swim_client_set_recommendation_settings(const swim_client *client, const char *settings_json,
                                                              char **kept_json);

/**
 * Changes the login at the vendor's service: {"client_id", "client_secret", "user", "password"}, the secrets by name.
 */
SWIM_MUST_USE int32_t swim_client_set_catalog_login(const swim_client *client, const char *login_json);

/**
 * Asks the vendor for images: {"images": a list of names, "pid"}, {"pid", "current", "output"} or {"devices", "output"}.
 */
SWIM_MUST_USE int32_t swim_client_catalog_query(const swim_client *client, const char *query_json, char **found_json);

/**
 * Downloads images of the vendor into the repository: {"pid", "images", "decisions"}. Forms that a person must answer come back
 * in the result; the library answers none.
 */
SWIM_MUST_USE int32_t swim_client_catalog_download(const swim_client *client, const char *wanted_json,
                                                   char **downloaded_json);

/** A form of the vendor: "k9" or "eula". */
SWIM_MUST_USE int32_t swim_client_catalog_form(const swim_client *client, const char *form, char **form_json);

/** Passes on how a person answered a form: {"decision", "images"}. */
SWIM_MUST_USE int32_t swim_client_answer_form(const swim_client *client, const char *decided_json,
                                              char **acknowledged_json);

/** How forms were answered, by whom and when. */
SWIM_MUST_USE int32_t swim_client_form_decisions(const swim_client *client, char **decisions_json);

/**
 * Takes an open catalogue from a file. options_json: {"name", "signature", "certificate", "root", "allow_unsigned", "allow_older"};
 * may be NULL. One that was made before the one of its name that is here, or is not signed by the certificate that has
 * signed that one, is refused without "allow_older".
 */
SWIM_MUST_USE int32_t swim_client_import_catalog(const swim_client *client, const char *path, const char *options_json,
                                                 char **catalog_json);

/** The images of all open catalogues; text: part of the file name, or NULL. */
SWIM_MUST_USE int32_t swim_client_catalog(const swim_client *client, const char *text, char **entries_json);

/** The open catalogues, by name. */
SWIM_MUST_USE int32_t swim_client_catalogs(const swim_client *client, char **catalogs_json);

/**
 * Removes an open catalogue: what it said counts no longer, and any catalogue of its name is taken afterwards. Gives what it
 * was.
 */
SWIM_MUST_USE int32_t swim_client_remove_catalog(const swim_client *client, const char *name, char **catalog_json);

/** Which open catalogues came, were replaced and were removed. */
SWIM_MUST_USE int32_t swim_client_catalog_audit(const swim_client *client, char **changes_json);

/**
 * Takes a list of known good values from a file; options_json as of swim_client_import_catalog(), but
 * "allow_older": a signed list gives way to one that the same certificate has signed. Images that contradict it are in
 * quarantine; "remarks" of the list say what of it was not understood.
 */
SWIM_MUST_USE int32_t swim_client_import_known_good(const swim_client *client, const char *path,
                                                    const char *options_json, char **taken_json);

/** The lists of known good values; of an image, what each says of it. */
SWIM_MUST_USE int32_t swim_client_known_good(const swim_client *client, const char *image, char **lists_json);

/** Removes a list of known good values. */
SWIM_MUST_USE int32_t swim_client_remove_known_good(const swim_client *client, const char *name, char **rejudged_json);

/** Lifts the quarantine of an image: a person takes the responsibility, with a reason. */
SWIM_MUST_USE int32_t swim_client_lift_quarantine(const swim_client *client, const char *image, const char *by,
                                                  const char *reason, char **image_json);

/** Goes on with every unfinished job of the data folder in this process; gives the list of their ids. */
SWIM_MUST_USE int32_t swim_client_resume(const swim_client *client, char **jobs_json);

/**
 * Frees a client: ends what it works on. Jobs stay durable; any client on the same data goes on with
 * swim_client_resume(). When this returns, no callback of the client runs or will run, and nothing of the data folder is
 * open: it can be removed or moved.
 */
void swim_client_free(swim_client *client);

/* Jobs. */

/** The id of a job. It belongs to the job: not to be freed, valid until the job is. NULL for NULL. */
const char *swim_job_id(const swim_job *job);

/** How a job stands. */
SWIM_MUST_USE int32_t swim_job_status(const swim_job *job, char **report_json);

/** Waits until a job finished, or until it is held ("status": "held") and waits for somebody's go. */
SWIM_MUST_USE int32_t swim_job_wait(const swim_job *job, char **report_json);

/** Says go for a commit that was held back, for a list of device ids; NULL stands for all. Then works on it. */
SWIM_MUST_USE int32_t swim_job_commit(const swim_job *job, const char *devices_json);

/** Asks a job to stop, "gently" (before the next step; NULL stands for it) or "now". The request is durable. */
SWIM_MUST_USE int32_t swim_job_cancel(const swim_job *job, const char *how);

/** The audit of a job, a list of records. */
SWIM_MUST_USE int32_t swim_job_audit(const swim_job *job, char **records_json);

/** Watches a job from its first event on, also one that another process works on. */
SWIM_MUST_USE int32_t swim_job_watch(const swim_job *job, swim_watch **watch);

/**
 * Gets each event as JSON, one at a time and in order; at the end NULL, once. The text is valid until the function
 * returns.
 */
typedef void (*swim_event_fn)(void *user, const char *event_json);

/**
 * Watches a job and tells each event to a function. An error is told as {"type": "error", "error": {...}} before the
 * end. user is handed to it as it is and must live until the watch or the client is freed. swim_watch_next() has nothing
 * to give from such a watch but SWIM_END.
 */
SWIM_MUST_USE int32_t swim_job_on_event(const swim_job *job, swim_event_fn on_event, void *user, swim_watch **watch);

/** Frees the handle of a job. The job goes on, and so do its watches. */
void swim_job_free(swim_job *job);

/* Watches. */

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

/** Frees a watch. When this returns, its callback does not run and will not run. */
void swim_watch_free(swim_watch *watch);

#ifdef __cplusplus
}
#endif

#endif
