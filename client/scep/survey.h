/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_SCEP_SURVEY_H
#define CLIENT_SCEP_SURVEY_H
#include "client/scep/capabilities.h"
#include "client/scep/ra.h"
#include "hal/child.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * survey: what a SCEP server says of itself before any request: GetCACaps, GetCACert, and whom the
 * rule of ra.h would believe. In a forked child, as the dialogue is (worker.h): the parent parses
 * its fixed result again and reads no byte of a server. Sends no challenge and no PKIOperation.
 */
struct survey_job { /* all borrowed until survey_finish() */
	const char *url;
	struct scep_server server; /* urls are not looked at; timeout_ms is for both questions */
	http_exchange_fn http;
};

/** Zero-initialise; released by survey_clear(). */
struct survey {
	bool has_answered; /* GetCACert brought certificates */
	struct scep_capabilities caps;
	int64_t date; /* Date of its HTTP headers, unix s, not authenticated; 0: none */
	struct certificate_set offered;	 /* as they came: nobody has judged them */
	struct certificate_set accepted; /* may sign a CertRep; of ERR_OK only, as the next two */
	struct buf recipient;		 /* requests are encrypted to it */
	struct buf issuing;
};

/** A question under way. */
struct survey_run {
	struct child child;
	int64_t until_ms; /* CLOCK_BOOTTIME */
};

/** Start the question; several may be under way. ERR_IO "survey.start". */
enum err survey_start(struct survey_job *job, struct survey_run *out, struct why *why) MUST_CHECK;
/**
 * Wait for its end, at most the job's timeout and a second from survey_start() on, and end the child whatever it does.
 * *out is filled as far as the server came, also on failure.
 * ERR_UNREACHABLE, ERR_DENIED, ERR_UNTRUSTED, ERR_INVALID, ERR_TOO_BIG: as scep_dialogue() says up to its request, and
 * "survey.lost": the child ended, or was ended, without a result; "survey.cage": by its cage.
 */
enum err survey_finish(struct survey_run *run, struct survey *out, struct why *why) MUST_CHECK;
void survey_clear(struct survey *survey);

#ifdef __cplusplus
}
#endif
#endif
