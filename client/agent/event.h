/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_EVENT_H
#define CLIENT_AGENT_EVENT_H
#include "client/agent/store.h"
#include "client/agent/view.h"
#ifdef __cplusplus
extern "C" {
#endif

enum event_kind {
	EVENT_INSTALLED, /* the first certificate of a profile */
	EVENT_RENEWED,   /* a newer one has proven itself; the old serial may be revoked */
	EVENT_RETIRED,
	EVENT_FAILED,    /* a profile's result turned to a failure, or to another one */
	EVENT_EXPIRING,  /* below expiry_warning_percent of its lifetime */
	EVENT_ROLLED_BACK,
	EVENT_REFUSED, /* by the CA */
	EVENT_ROLLOVER,
	EVENT_REVOKED,
	EVENT_RELEASED, /* a revocation on hold was lifted */
	EVENT_REPAIRED,
	EVENT_TPM_CHANGED,
	EVENT_CLOCK
};

/** Something that happened to a profile. */
struct event {
	enum event_kind kind;
	enum profile_kind profile_kind;
	const char *profile;             /* "" for the device itself */
	char serial[64], old_serial[64]; /* lower-case hex; "": none */
	unsigned generation;             /* 0: none */
	int64_t not_after;               /* unix s; 0: no certificate */
	char reason[640];                /* one clause; "": none. Bytes from outside are made harmless when it is told */
};

/** "installed", "rolled-back": as hooks, history and RUN/events say it. */
const char *event_text(enum event_kind kind);
/** Fill serial, not_after and generation from a generation's certificate; untouched when there is none. */
void event_take_certificate(struct event *event, const struct store *store, unsigned generation);

/**
 * Tell an event, before the links that make it true change, so that a cut repeats it and never loses it:
 *   STATE/history  certificate changes and refusals, "TIME EVENT PROFILE DETAIL"
 *   hooks          those of the interface, section 4: kept until they ran (hook_event.h)
 *   RUN/events     all, one JSON object a line; best effort
 * ERR_IO, ERR_DENIED and others of file.h: the state folder could not be written, and the change must wait.
 */
enum err event_tell(const struct store *store, const struct event *event, struct why *why) MUST_CHECK;
/** The same where nothing can wait for it: a failure is a warning. */
void event_note(const struct store *store, const struct event *event);

#ifdef __cplusplus
}
#endif
#endif
