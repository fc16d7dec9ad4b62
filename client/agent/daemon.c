/* SPDX-License-Identifier: MIT */
#include "client/agent/daemon.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "client/agent/consumer.h"
#include "client/agent/due.h"
#include "client/agent/metrics.h"
#include "hal/log.h"
#include "hal/notify.h"
#include "hal/wake.h"

#define BUSY_MS 15000       /* somebody's `signet apply` holds the lock: look again soon */
#define TROUBLE_MS 60000    /* the state folder cannot be used */
#define GAP_MS 5000         /* between two passes: a file that somebody writes all the time must not keep us running */
#define START_BUSY_S 60     /* of a pass, until it tells itself: 10 s for the lock, 10 s for the TPM's storage key, files */
#define LOOK_BUSY_S 90      /* after a pass: two commands of a TPM that may hang for 30 s each, and files */
#define WATCHDOG_SLACK_S 30 /* beyond what a step was said to take */

struct daemon {
	const struct config *config;
	struct config reloaded;     /* owned; in use when config points at it */
	const struct daemon_host *host;
	struct wake *wake;
	int64_t watchdog_ms;        /* as asked for; 0: none */
	int64_t watchdog_now_ms;    /* as last told to the manager */
	int64_t passed_ms, next_ms; /* CLOCK_BOOTTIME: end of the last pass, and the next due moment */
};

/* ---- the service manager ---- */

static void set_watchdog(struct daemon *d, int64_t ms)
{
	if (d->watchdog_ms == 0)
		return;
	if (ms != d->watchdog_now_ms)
		notify_send("WATCHDOG_USEC=%" PRId64 "\nWATCHDOG=1", ms * 1000);
	else
		notify_send("WATCHDOG=1");
	d->watchdog_now_ms = ms;
}

static void busy(void *ctx, unsigned seconds)
{
	struct daemon *d = ctx;
	int64_t ms = seconds == 0 ? 0 : ((int64_t)seconds + WATCHDOG_SLACK_S) * 1000;
	set_watchdog(d, ms > d->watchdog_ms ? ms : d->watchdog_ms);
}

static bool is_stopping(void *ctx)
{
	const struct daemon *d = ctx;
	return wake_is_stopping(d->wake);
}

static void tell_status(const struct daemon *d, const struct device_view *view)
{
	char when[32];
	size_t in_place = 0;
	const struct profile_view *first = NULL;
	for (size_t i = 0; i < view->profile_count; i++) {
		in_place += view->profiles[i].exit == SIGNET_DONE;
		if (first == NULL && view->profiles[i].exit != SIGNET_DONE)
			first = &view->profiles[i];
	}
	clock_text((int64_t)time(NULL) + (d->next_ms - clock_boot_ms()) / 1000, when, sizeof when);
	notify_send("STATUS=%zu of %zu profiles in place; next look %s%s%s%s%s", in_place, view->profile_count, when,
	            first != NULL ? "; " : "", first != NULL ? first->name : "", first != NULL ? ": " : "",
	            first != NULL ? first->detail : "");
}

/* ---- what wakes it ---- */

static void watch(struct daemon *d, const char *path, bool is_own)
{
	char full[FILE_PATH_MAX];
	struct why why = { .code = "" };
	if (path[0] == '\0' || path_in_root(full, d->config->root, path) != ERR_OK)
		return;
	if (wake_watch(d->wake, full, is_own, &why) != ERR_OK)
		log_debug("agent: not watched, looked at once an hour: %s", why.text);
}

static void watch_consumers(struct daemon *d)
{
	const struct config *c = d->config;
	char socket[FILE_PATH_MAX];
	for (size_t i = 0; i < c->wifi_count; i++) {
		watch(d, c->wifis[i].config, true);
		watch(d, c->wifis[i].psk_file, false);
		if (path_join(socket, c->wifis[i].control, c->wifis[i].interface) == ERR_OK)
			watch(d, socket, false);
	}
	for (size_t i = 0; i < c->vpn_count; i++) {
		if (path_join(socket, c->vpns[i].directory, "conf.d") == ERR_OK)
			watch(d, socket, true);
		watch(d, c->vpns[i].control, false);
	}
}

static void watch_all(struct daemon *d)
{
	const struct config *c = d->config;
	char path[FILE_PATH_MAX];
	wake_unwatch(d->wake);
	watch(d, c->agent.state_dir, true);
	/* `signet agent --clock` writes it in the middle of a pass, too; what this program writes is one pass more a boot */
	if (path_join(path, c->agent.run_dir, CLOCK_MEMORY) == ERR_OK)
		watch(d, path, false);
	for (size_t i = 0; i < c->trust_count; i++)
		watch(d, c->trusts[i].certificate, false);
	for (size_t i = 0; i < c->scep_count; i++) {
		int n = snprintf(path, sizeof path, "%s/scep/%s", c->agent.state_dir, c->sceps[i].name);
		if (n > 0 && (size_t)n < sizeof path)
			watch(d, path, true);
		watch(d, c->sceps[i].challenge_file, false);
	}
	watch_consumers(d);
}

/* ---- the loop ---- */

/* systemd wants to know when, by CLOCK_MONOTONIC (sd_notify(3), "RELOADING=1"). */
static int64_t monotonic_us(void)
{
	struct timespec t = { 0, 0 };
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void reload(struct daemon *d)
{
	struct config config;
	struct why why = { .code = "" };
	notify_send("RELOADING=1\nMONOTONIC_USEC=%" PRId64, monotonic_us());
	if (d->host->load(d->host->ctx, &config, &why) == ERR_OK) {
		config_clear(&d->reloaded);
		d->reloaded = config; /* handed to the daemon */
		d->config = &d->reloaded;
		log_info("agent: the configuration was read again");
		watch_all(d);
	} else {
		log_error("agent: the new configuration is refused, the old one stays in use: %s", why.text);
		notify_send("STATUS=the new configuration is refused, the old one stays in use: %s", why.text);
	}
	notify_send("READY=1");
}

static void look_after(struct daemon *d)
{
	struct device_view view;
	struct store store;
	struct pass pass;
	struct why why = { .code = "" };
	if (pass_open(d->config, NULL, &pass, &why) == ERR_OK) {
		d->next_ms = due_ms(&pass);
		pass_close(&pass);
	}
	if (agent_look(d->config, true, &view, &why) != ERR_OK) {
		log_warn("agent: %s", why.text);
		return;
	}
	tell_status(d, &view);
	if (store_open(d->config, &store, NULL) == ERR_OK)
		metrics_write(&store, &view, SIGNET_VERSION);
	d->host->publish(d->host->ctx, d->config, &view);
	device_view_clear(&view);
}

static void pass_once(struct daemon *d, unsigned woken)
{
	const struct agent_host host = { busy, is_stopping, d };
	const struct apply_options options = { .is_scheduled = true,
		                               .is_network_new = (woken & WAKE_NETWORK) != 0,
		                               .host = &host };
	enum signet_exit exit = SIGNET_DONE;
	struct why why = { .code = "" };
	busy(d, START_BUSY_S);
	enum err e = agent_apply(d->config, &options, &exit, &why);
	busy(d, LOOK_BUSY_S);
	wake_forget(d->wake);
	d->passed_ms = clock_boot_ms();
	if (e == ERR_OK)
		look_after(d);
	else
		d->next_ms = d->passed_ms + (e == ERR_BUSY ? BUSY_MS : TROUBLE_MS);
	if (e != ERR_OK && e != ERR_BUSY) {
		log_error("agent: %s", why.text);
		notify_send("STATUS=%s", why.text);
	}
	busy(d, 0);
}

/* Until something is to be done; the watchdog is fed on the way. */
static unsigned sleep_on(struct daemon *d)
{
	unsigned woken = 0;
	while (woken == 0) {
		int64_t now = clock_boot_ms();
		int64_t until = d->next_ms;
		if (d->watchdog_ms != 0 && until > now + d->watchdog_ms / 2)
			until = now + d->watchdog_ms / 2;
		woken = wake_wait(d->wake, until);
		set_watchdog(d, d->watchdog_ms);
		if (woken == WAKE_TIME && clock_boot_ms() < d->next_ms)
			woken = 0;
	}
	int64_t gap = d->passed_ms + GAP_MS;
	while ((woken & (WAKE_STOP | WAKE_RELOAD)) == 0 && clock_boot_ms() < gap)
		woken |= wake_wait(d->wake, gap);
	return woken;
}

static enum err lock(const struct config *config, int *out_fd, struct why *why)
{
	struct store store;
	char path[FILE_PATH_MAX];
	enum err e = store_open(config, &store, why);
	if (e == ERR_OK)
		e = store_prepare(&store, why);
	if (e == ERR_OK)
		e = path_join(path, store.run, "agent.lock");
	if (e == ERR_OK)
		e = file_lock(path, 0, out_fd, why);
	if (e == ERR_BUSY)
		why_set(why, e, "agent.busy", "another signet agent runs with this state folder");
	return e;
}

enum err daemon_run(const struct config *first, const struct daemon_host *host, struct why *why)
{
	struct daemon d = { .config = first, .host = host };
	int lock_fd = -1;
	notify_open();
	d.watchdog_ms = d.watchdog_now_ms = notify_watchdog_ms();
	enum err e = lock(first, &lock_fd, why);
	if (e == ERR_OK)
		e = wake_open(&d.wake, why);
	if (e != ERR_OK)
		goto out;
	watch_all(&d);
	notify_send("READY=1\nSTATUS=looking at the device");
	log_info("agent: started");
	for (unsigned woken = WAKE_TIME; (woken & WAKE_STOP) == 0; woken = sleep_on(&d)) {
		if ((woken & WAKE_RELOAD) != 0)
			reload(&d);
		pass_once(&d, woken);
	}
	notify_send("STOPPING=1");
	log_info("agent: stopped");
out:
	wake_close(&d.wake);
	file_unlock(&lock_fd);
	config_clear(&d.reloaded);
	return e;
}
