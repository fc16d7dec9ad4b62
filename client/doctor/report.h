/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_DOCTOR_REPORT_H
#define CLIENT_DOCTOR_REPORT_H
#include "client/agent/outcome.h"
#include "client/config/config.h"
#ifdef __cplusplus
extern "C" {
#endif

#define FINDINGS_MAX 4096 /* 256 profiles with a dozen findings each, and some urls */

enum finding_level {
	FINDING_OK,
	FINDING_WARNING,
	FINDING_FAILURE,
	FINDING_UNSEEN /* not looked at: no right to, no time left, or what it needs does not answer
			*/
};

struct finding {
	const char *id;		      /* of the check; static text */
	char about[PROFILE_NAME_CAP]; /* profile; "": the device */
	enum finding_level level;
	enum signet_exit exit; /* what it means for `signet test` */
	char text[768], next_step[320];
};

/** Released by report_clear(). */
struct doctor_report {
	struct finding *findings; /* owned, in the order they were found */
	size_t count, cap;
};

/** "ok", "warning", "failure", "unseen" */
const char *finding_level_text(enum finding_level level);
/** Add a finding; text is made harmless as in why.h. ERR_NO_MEMORY, ERR_TOO_BIG beyond
 * FINDINGS_MAX. */
enum err report_add(struct doctor_report *report, const char *id, const char *about,
		    enum finding_level level, enum signet_exit exit, const char *text,
		    const char *next_step) MUST_CHECK;
size_t report_count(const struct doctor_report *report, enum finding_level level);
/** Of a configuration that was refused: the check "config" failed, and the others could not run. ERR_DENIED: this user may
 * not read it. */
enum err report_of_config(struct doctor_report *report, enum err e, const struct why *reason) MUST_CHECK;
/** Exit code of `signet doctor`: 0, 7 with warnings or what could not be seen, 8 with failures. */
enum signet_exit report_exit(const struct doctor_report *report);
/** Of `signet test`: that of the first finding that is a failure, else 0. */
enum signet_exit report_try_exit(const struct doctor_report *report);
void report_clear(struct doctor_report *report);

#ifdef __cplusplus
}
#endif
#endif
