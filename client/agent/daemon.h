/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_DAEMON_H
#define CLIENT_AGENT_DAEMON_H
#include "client/agent/agent.h"
#ifdef __cplusplus
extern "C" {
#endif

/** What the daemon needs of the program around it. */
struct daemon_host {
	/* The configuration, read again. *out is cleared by the daemon. */
	enum err (*load)(void *ctx, struct config *out, struct why *why);
	/* After each pass: what is true now. */
	void (*publish)(void *ctx, const struct config *config, const struct device_view *view);
	void *ctx;
};

/**
 * The daemon (design, "The one idea"): works the plan off, sleeps until the next due moment, a signal, a change of a file
 * or an interface that comes up, and looks again. SIGHUP: the configuration is read again, a broken one is refused and
 * the old one stays. SIGTERM, SIGINT: ends, ERR_OK. Tells a service manager (hal/notify.h) READY once it runs, before
 * anything is asked of a network or a TPM.
 *
 * first  borrowed; in use until the first SIGHUP that brings another one.
 * ERR_BUSY: another agent of this state folder runs. Errors of the state folder at the start.
 */
enum err daemon_run(const struct config *first, const struct daemon_host *host, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
