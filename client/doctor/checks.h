/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_DOCTOR_CHECKS_H
#define CLIENT_DOCTOR_CHECKS_H
#include "client/agent/consumer.h"
#include "client/agent/pass.h"
#include "client/doctor/report.h"
#include "client/scep/survey.h"
#ifdef __cplusplus
extern "C" {
#endif

struct examination;

/** One row a check. */
struct check {
	const char *id;		     /* promised to scripts; AREA.WORD or one word */
	const char *what;	     /* the question, one clause */
	enum finding_level severity; /* of a trouble */
	bool needs_state;	     /* looks into the state folder, which may be root's alone */
	void (*run)(struct examination *x);
};

extern const struct check checks[];
extern const size_t check_count;

/** What one server said, once for all checks that ask for it. */
struct server_answer {
	const struct scep_profile *profile;
	const char *url;
	bool is_asked; /* else there was no time left */
	struct certificate_set anchors;
	size_t announced_count;
	struct buf tls_ca;
	struct survey_job job;
	struct survey survey;
	enum err err;
	struct why why;
};

/** What the checks borrow from each other. */
struct examination {
	struct pass pass;
	struct apply_options options;
	struct agent_host host;
	const struct check *check; /* that runs now */
	struct doctor_report *report;
	enum err err;	  /* sticky: the report is not whole */
	int64_t until_ms; /* CLOCK_BOOTTIME: the end of the whole */
	bool can_see_state;
	bool has_asked_tpm;
	enum err tpm_err;
	struct tpm_facts tpm;
	struct why tpm_why;
	bool has_asked_servers;
	struct server_answer *servers; /* owned */
	size_t server_count;
};

/** Paths, clock and time limit; opens nothing. Close it in any case. */
enum err examination_open(const struct config *config, unsigned limit_s,
			  struct doctor_report *report, struct examination *out,
			  struct why *why) MUST_CHECK;
void examination_close(struct examination *x);
/** Milliseconds left, >= 0. */
int64_t examination_left_ms(const struct examination *x);
/** No time left? Then says so of `about`. */
bool examination_is_over(struct examination *x, const char *about);

/* Findings of the check that runs. about: profile, "" for the device; next: "" for none, PROFILE in
 * it is written as `about`. */
void find_ok(struct examination *x, const char *about, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/** At the check's severity. */
void find_trouble(struct examination *x, const char *about, const char *next, const char *format,
		  ...) __attribute__((format(printf, 4, 5)));
void find_warning(struct examination *x, const char *about, const char *next, const char *format,
		  ...) __attribute__((format(printf, 4, 5)));
void find_unseen(struct examination *x, const char *about, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/** A trouble that somebody else found; ERR_DENIED "file.…" is what this user may not see. One of the
 * state folder that names no next step gets MENDS. */
#define MENDS "signet apply: it mends what is missing or damaged in the state folder"
void find_why(struct examination *x, enum finding_level level, const char *about, enum err e,
	      const struct why *why);

/** A profile's certificate in use. */
struct own_certificate {
	struct generations generations;
	struct buf der;
	struct certificate cert; /* borrows from der */
};
/** False: none, or damaged. *out is released by buf_clear(&out->der) in any case. */
bool own_certificate_read(const struct examination *x, const struct scep_profile *profile,
			  struct own_certificate *out);

/** Say of each scep profile (or of this one) that is retired that it is, and what takes it up again. */
void tell_retired(struct examination *x, const char *only);
/** Is the trouble that the TPM was found in one of its pin alone (srk.tr)? Then it answers. */
bool is_about_pin(const struct examination *x);
/** Look at the TPM once (tpm_look()), within TPM_LIMIT_S; x->tpm_err and what belongs to it. */
#define TPM_LIMIT_S                                                                                \
	6 /* seconds: three short commands, on a TPM that may be busy with a signature of 2 s */
void ask_tpm(struct examination *x);
/** The same for what scep_look() and binding_is_lost() are to know: whether the keys are lost. Not
 * where no key is in it. */
void ask_whether_keys_are_lost(struct examination *x);
/** Does any profile keep its key in the TPM? */
bool needs_tpm(const struct examination *x);
/** Both questions to one server: so that several that hang fit into the whole. */
#define QUESTION_MS 6000
/** Ask every server of every scep profile (or of this one) once, some at a time, within the time
 * that is left for it. */
void ask_servers(struct examination *x, const char *only);
void servers_clear(struct examination *x);
/** "POSTPKIOperation AES SHA-256", or that none were told. */
void capabilities_text(const struct scep_capabilities *caps, char out[128]);
/** RFC 4514 text of a DER certificate's subject. */
void subject_text(struct bytes der, char out[256]);

void check_config(struct examination *x);
void check_clock(struct examination *x);
void check_clock_server(struct examination *x);
void check_state_persistent(struct examination *x);
void check_state_writable(struct examination *x);
void check_state_links(struct examination *x);
void check_tpm_device(struct examination *x);
void check_tpm_state(struct examination *x);
void check_tpm_pin(struct examination *x);
void check_tpm_key(struct examination *x);
void check_trust(struct examination *x);
void check_challenge(struct examination *x);
void check_certificate_issued(struct examination *x);
void check_certificate_chain(struct examination *x);
void check_certificate_use(struct examination *x);
void check_certificate_names(struct examination *x);
void check_certificate_renewal(struct examination *x);
void check_certificate_revoked(struct examination *x);
void check_server_reach(struct examination *x);
void check_server_ra(struct examination *x);
void check_server_legacy(struct examination *x);
void check_revocation(struct examination *x);
void check_consumer_owner(struct examination *x);
void check_consumer_settings(struct examination *x);
void check_consumer_present(struct examination *x);
void check_consumer_key(struct examination *x);
void check_consumer_result(struct examination *x);

#ifdef __cplusplus
}
#endif
#endif
