/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CLI_JSON_H
#define CLIENT_CLI_JSON_H
#include "client/agent/view.h"
#include "client/doctor/doctor.h"
#include "hal/buf.h"
#ifdef __cplusplus
extern "C" {
#endif

/*
 * Results as JSON, schema 1 (interface, section 3): keys in the order written there, times RFC
 * 3339, a time that is not known null. Pure. Each appends one object and a newline to *out. Bytes
 * that are no UTF-8 become U+FFFD. ERR_NO_MEMORY, ERR_TOO_BIG (out->max); *out may have been
 * appended to only on success.
 */

/** `only`: this profile alone; NULL: all. */
enum err json_status(const struct device_view *view, const char *version, const char *only,
		     struct buf *out) MUST_CHECK;
/** { schema, profile: as in status } */
enum err json_profile(const struct profile_view *profile, struct buf *out) MUST_CHECK;
/** { schema, steps: [ { kind, name, action, reason, waiting } ] } */
enum err json_plan(const struct plan *plan, struct buf *out) MUST_CHECK;
/** { schema, certificates: [ a row of client/cli/inventory.h each ] } */
enum err json_inventory(const struct device_view *view, struct buf *out) MUST_CHECK;
/** { schema, error: { code, exit, message } } */
enum err json_error(const char *code, enum signet_exit exit, const char *message,
		    struct buf *out) MUST_CHECK;
/** { schema, results: [ { kind, name, exit, detail, next_step } ] } */
enum err json_test(const struct test_view *view, struct buf *out) MUST_CHECK;
/** { schema, exit, failures, warnings, unseen, findings: [ { id, profile, level, detail, next_step } ] }; profile null for the
 * device. `exit` is report_exit()'s. */
enum err json_doctor(const struct doctor_report *report, struct buf *out) MUST_CHECK;
/** The same of `signet test tpm` and `test scep`; `exit` is report_try_exit()'s. */
enum err json_try(const struct doctor_report *report, struct buf *out) MUST_CHECK;
/** { schema, retired: [ { kind, name } ] } */
enum err json_retire(const struct retire_view *view, struct buf *out) MUST_CHECK;
/** { schema, version } */
enum err json_version(const char *version, struct buf *out) MUST_CHECK;
/** { schema, exit: 0 }: work was done and there is nothing else to say. */
enum err json_done(struct buf *out) MUST_CHECK;

/** A line of RUN/events (client/agent/event.h); "" for what is not known. */
struct event_line {
	char time[32], event[32], profile[64], serial[64], old_serial[64], reason[1024];
};
/** ERR_INVALID: no JSON object, or without time and event; ERR_NO_MEMORY. Longer values are cut. */
enum err json_event_read(const char *line, struct event_line *out) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
