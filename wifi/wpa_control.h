/* SPDX-License-Identifier: MIT */
#ifndef WIFI_WPA_CONTROL_H
#define WIFI_WPA_CONTROL_H
#include <stdbool.h>
#include <stdint.h>
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

/*
 * wpa_control: the control interface of a running wpa_supplicant, every wait bounded.
 *
 * Datagrams over a UNIX socket (wpa_supplicant's "ctrl_interface"), which is also the seam: a test's fake speaks the
 * same datagrams. wpa_supplicant answers nothing while its TPM signs, so a bound below some seconds would
 * take a slow TPM for a dead daemon.
 */
#define WPA_REPLY_MAX 4096 /* bytes of an answer with a NUL: wpa_supplicant 2.10 builds them in 4096 */
#define WPA_EVENT_MAX 1024 /* bytes of an event kept, with a NUL; certificates in hex are longer and cut */
#define WPA_REPLY_MS 5000  /* ms to an answer: two commands of a TPM that takes 2 s each, and some */

struct wpa_control {
	char path[108];         /* the daemon's socket; sun_path of unix(7) */
	unsigned long long inode; /* of that socket, and when it was made: another is another daemon's, or its new one */
	long long made_s, made_ns;
	void *command, *events; /* connections of libwpa_client, NULL when closed */
	int owed;               /* answers on `events` that did not come in time, and may still come */
	int64_t end_ms;         /* of everything that is asked, by clock_boot_ms(); 0: each request has its own time alone */
	int pid;                /* of the daemon, as the kernel says; 0 before the first answer, or not visible */
};

/**
 * Connect to `folder`/`interface` and see it answer. Our own sockets stand in /run/signet, else in
 * `folder`: a private /tmp of either side cannot come between. Zero-initialise *out but for end_ms; closed by
 * wpa_control_close(). Blocks at most WPA_REPLY_MS.
 * ERR_NOT_FOUND "wifi.absent": no socket, nobody behind it, or no answer in time. ERR_IO "wifi.control": not allowed.
 */
enum err wpa_control_open(const char *folder, const char *interface, struct wpa_control *out,
                          struct why *why) MUST_CHECK;
/**
 * Send a command and wait for its answer, at most WPA_REPLY_MS. After a wait in vain the next request
 * uses a new connection, so that a late answer is never taken for another's.
 * ERR_NOT_FOUND "wifi.absent": gone, or no answer. ERR_TOO_BIG: an answer that does not fit.
 */
enum err wpa_control_request(struct wpa_control *control, const char *command, char out_reply[WPA_REPLY_MAX],
                             struct why *why) MUST_CHECK;
/** As wpa_control_request(), for a command whose only good answer is OK; another is ERR_IO "wifi.control". */
enum err wpa_control_command(struct wpa_control *control, const char *command, struct why *why) MUST_CHECK;
/** Have events delivered from now on (ATTACH). Same errors as wpa_control_command(). */
enum err wpa_control_watch(struct wpa_control *control, struct why *why) MUST_CHECK;
/**
 * As wpa_control_command(), and no event that came before the answer is ever delivered: what wpa_control_event() tells from
 * now on is of after it. (One connection keeps the order of events and answers; two would not.) Needs wpa_control_watch().
 */
enum err wpa_control_command_anew(struct wpa_control *control, const char *command, struct why *why) MUST_CHECK;
/** The next event without its "<level>", waiting at most `wait_ms` (0: not at all). ERR_AGAIN: none came. */
enum err wpa_control_event(struct wpa_control *control, int wait_ms, char out_line[WPA_EVENT_MAX]) MUST_CHECK;
/**
 * Does another socket stand at the path than the one connected to? wpa_supplicant makes a new one, without an answer, when the
 * file it reads again words ctrl_interface otherwise than before. Close and open again then.
 */
bool wpa_control_is_replaced(const struct wpa_control *control);
/** NULL-safe, callable twice. */
void wpa_control_close(struct wpa_control *control);

#ifdef __cplusplus
}
#endif
#endif
