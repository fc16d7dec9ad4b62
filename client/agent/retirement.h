/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_RETIREMENT_H
#define CLIENT_AGENT_RETIREMENT_H
#include "client/agent/pass.h"
#include "client/agent/view.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * retirement: what should not be on this device goes off it.
 *
 * A profile is out while an empty file STATE/retired/NAME stands, made by `signet retire`, until somebody names it in
 * `signet enroll` or `signet apply`. A wifi, wired or vpn profile is also out with its certificate; a trust profile is
 * in as long as one that is in uses it. What the configuration does not have any more goes as well, unless that has no
 * profile at all: a lost configuration must not destroy an identity.
 *
 * Traces are what stands in the state folder: wifi/NAME, vpn/NAME, scep/NAME (but for `used`), trust/NAME.pem, and they go
 * in this order, each with its trace last. So a cut anywhere leaves what the next pass goes on with: first nobody uses
 * the certificate, then its links go, then its keys.
 */

/** Let pass->config be the configuration without what is out. May be called again when that has changed. */
enum err retirement_filter(struct pass *pass, struct why *why) MUST_CHECK;
/** Release what the above made. */
void retirement_unfilter(struct pass *pass);

/**
 * Take off what is to go, then take up again the profiles that pass->options name (not for a renewal). Under the lock,
 * before anything else. One that fails does not stop the others: the first error comes back, with its profile.
 * A daemon that does not answer, or refuses, does not keep a certificate alive: it goes, and the daemon's error is
 * returned once all is done; the record stays, and the next pass tells the daemon again.
 */
enum err retirement_work(struct pass *pass, struct retire_item *out_failed, struct why *why) MUST_CHECK;

/** Each trace that is to go, in order. name: as if this one were retired; everything: as if all were. */
struct retirement_question {
	const struct pass *pass;
	const char *name; /* NULL: none */
	bool everything;
	void (*each)(void *ctx, enum profile_kind kind, const char *name);
	void *ctx;
};
enum err retirement_look(const struct retirement_question *question, struct why *why) MUST_CHECK;

/** Make the marker of a profile, durably. */
enum err retirement_mark(const struct store *store, const char *name, struct why *why) MUST_CHECK;
/** ERR_INVALID "usage.in_use" for a trust profile that others use: retired by name, it would stay. */
enum err retirement_refuse(const struct pass *pass, const char *name, struct why *why) MUST_CHECK;
/** Is a configured profile out? *why says so, and how it is taken up again ("waiting.retired", ERR_NOT_FOUND). */
enum err retirement_say(const struct pass *pass, const char *name, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
