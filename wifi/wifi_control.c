/* SPDX-License-Identifier: MIT */
#include "wifi/wifi_control.h"
#include <stdio.h>
#include <string.h>
#include "hal/clock.h"
#include "hal/file.h"
#include "hal/log.h"
#include "wifi/wifi_attempt.h"
#include "wifi/wifi_build.h"
#include "wifi/wifi_network.h"
#include "wifi/wifi_outcome.h"
#include "wifi/wpa_control.h"

#define MISSES_MAX                                                                                 \
	1 /* answers in vain while EAP is under way, when a TPM may be what it waits for */

/* PKCS#11 engine and module as wpa_supplicant's file named them. */
struct module_paths {
	char text[2 * WPA_REPLY_MAX];
};

/* A call under way. */
struct call {
	const struct wifi_link *link;
	struct wpa_control control;
	struct wifi_attempt attempt;
	struct wifi_circumstances around;
	int misses;
};

#define LOOK_MS 10000 /* a daemon whose TPM takes 2 s a command answers behind one signature */

static enum err open_link(const struct wifi_link *link, struct wpa_control *out, struct why *why)
{
	return wpa_control_open(link->control, link->interface, out, why);
}

/* The kernel's word on the wire. An interface that is down has none (reading fails); one that is
 * not seen may be another name space's. */
static bool has_link(const struct wifi_link *link)
{
	char path[FILE_PATH_MAX];
	struct buf carrier;
	bool has = true;
	if (!link->is_wired)
		return true;
	buf_init(&carrier, 16);
	snprintf(path, sizeof path, "/sys/class/net/%s/carrier", link->interface);
	if (file_exists(path)) {
		enum err e = file_read(path, &carrier, NULL);
		has = e == ERR_OK && carrier.len > 0 && carrier.data[0] == '1';
	}
	buf_clear(&carrier);
	return has;
}

static enum err get_modules(struct call *c, struct module_paths *out, struct why *why)
{
	out->text[0] = '\0';
	if (c->link->key != WIFI_KEY_ENGINE)
		return ERR_OK;
	enum err e = wpa_control_request(&c->control, "GET pkcs11_engine_path", out->text, why);
	size_t len = e == ERR_OK ? strlen(out->text) : 0;
	return e == ERR_OK ? wpa_control_request(&c->control, "GET pkcs11_module_path",
						 out->text + len, why)
			   : e;
}

/* A cached key of an earlier authentication would connect without any (IEEE 802.11, PMKSA caching).
 */
static enum err forget_cached_keys(struct call *c, struct why *why)
{
	return c->link->is_wired || c->link->is_open
		   ? ERR_OK
		   : wpa_control_command(&c->control, "PMKSA_FLUSH", why);
}

/* RECONFIGURE, over to the new control socket where the file makes one. */
static enum err read_file(struct call *c, struct why *why)
{
	enum err e = wpa_control_command_anew(&c->control, "RECONFIGURE", why);
	if (e == ERR_NOT_FOUND && wpa_control_is_replaced(&c->control)) {
		wpa_control_close(&c->control); /* end_ms stays */
		e = open_link(c->link, &c->control, why);
		return e == ERR_OK ? wpa_control_watch(&c->control, why) : e;
	}
	if (e == ERR_IO) {
		why_set(why, ERR_IO, "wifi.control",
			"%s: wpa_supplicant at %s refused to read its file again: it goes on with "
			"what it had",
			c->link->profile, c->control.path);
		why_next(why, "see which line of the file it does not like (journalctl -u "
			      "'wpa_supplicant*'), or whether it was "
			      "started without one (-c)");
	}
	return e;
}

static enum err reconfigure(struct call *c, struct wifi_row *row, struct why *why)
{
	struct module_paths before, after;
	enum err e = get_modules(c, &before, why);
	if (e == ERR_OK)
		e = forget_cached_keys(c, why);
	if (e == ERR_OK)
		e = read_file(c, why);
	if (e != ERR_OK)
		return e;
	e = get_modules(c, &after, why);
	if (e == ERR_OK)
		c->around.is_module_new |= strcmp(before.text, after.text) != 0;
	if (e == ERR_OK)
		e = wifi_build_check_files(&c->control, c->link->key, why);
	return e == ERR_OK ? wifi_network_need(&c->control, c->link->profile, row, why) : e;
}

static enum err reassociate(struct call *c, struct why *why)
{
	struct wifi_status status;
	enum err e = forget_cached_keys(c, why);
	if (e == ERR_OK)
		e = wpa_control_command_anew(&c->control, "REASSOCIATE", why);
	if (e == ERR_IO && wifi_network_status(&c->control, &status, NULL) == ERR_OK &&
	    status.is_interface_off)
		return wifi_outcome_no_link(c->link, why);
	return e;
}

static enum err do_step(struct call *c, enum wifi_do step, enum wifi_do *next, struct why *why)
{
	struct wifi_status status;
	struct wifi_row row;
	enum err e = ERR_OK;
	*next = WIFI_DO_WAIT;
	switch (step) {
	case WIFI_DO_WAIT:
	case WIFI_DO_END:
		break;
	case WIFI_DO_RECONFIGURE:
		log_info("wifi_control: \"%s\": the key does not load yet: once more",
			 c->link->profile);
		e = reconfigure(c, &row, why);
		if (e == ERR_OK)
			wifi_attempt_again(&c->attempt, row.id, clock_boot_ms());
		break;
	case WIFI_DO_REASSOCIATE:
		e = reassociate(c, why);
		break;
	case WIFI_DO_LOOK:
		e = wifi_network_status(&c->control, &status, why);
		if (e == ERR_OK)
			*next = wifi_attempt_status(&c->attempt, &status, clock_boot_ms());
		break;
	}
	if (e == ERR_NOT_FOUND && c->attempt.is_running && ++c->misses <= MISSES_MAX)
		return ERR_OK;
	return e;
}

/* Until the attempt ends, or the daemon cannot be asked any more. */
static enum err run(struct call *c, struct why *why)
{
	char line[WPA_EVENT_MAX];
	struct wifi_event event;
	for (;;) {
		enum wifi_do step = wifi_attempt_time(&c->attempt, clock_boot_ms());
		if (step == WIFI_DO_WAIT &&
		    wpa_control_event(&c->control,
				      wifi_attempt_wait_ms(&c->attempt, clock_boot_ms()),
				      line) == ERR_OK) {
			log_debug("wifi_control: %s: %s", c->link->interface, line);
			wifi_event_parse(line, &event);
			step = wifi_attempt_event(&c->attempt, &event, clock_boot_ms());
		}
		while (step != WIFI_DO_WAIT && step != WIFI_DO_END) {
			enum wifi_do next;
			enum err e = do_step(c, step, &next, why);
			if (e != ERR_OK)
				return e;
			step = next;
		}
		if (step == WIFI_DO_END)
			return ERR_OK;
	}
}

static enum err finish(struct call *c, struct why *why)
{
	char reply[WPA_REPLY_MAX];
	struct wifi_row row;
	if (c->attempt.ending == WIFI_END_TIMEOUT && !has_link(c->link))
		return wifi_outcome_no_link(c->link, why);
	if (c->attempt.ending == WIFI_END_OUT_OF_RANGE &&
	    wifi_network_find(&c->control, c->link->profile, &row, NULL) == ERR_OK && row.id >= 0 &&
	    wpa_control_request(&c->control, "SCAN_RESULTS", reply, NULL) == ERR_OK)
		c->around.is_seen = wifi_status_is_seen(reply, row.ssid);
	return wifi_outcome(c->link, &c->attempt, &c->around, why);
}

/* From the answer to the first command on. */
static enum err watch(struct call *c, int id, bool is_switch, int64_t end_ms, struct why *why)
{
	struct wifi_status status;
	int64_t start = clock_boot_ms();
	if (!has_link(c->link))
		return wifi_outcome_no_link(c->link, why);
	enum err e = wifi_network_status(&c->control, &status, why);
	if (e == ERR_OK && status.is_interface_off)
		return wifi_outcome_no_link(c->link, why);
	if (e != ERR_OK)
		return e;
	wifi_attempt_begin(&c->attempt, id, c->link->is_open, is_switch, start, end_ms);
	e = run(c, why);
	return e == ERR_OK ? finish(c, why) : e;
}

static int64_t end_of(const struct wifi_link *link)
{
	return clock_boot_ms() + 1000LL * (link->timeout_s > 0 ? link->timeout_s : WIFI_TIMEOUT_S);
}

enum err wifi_control_switch(const struct wifi_link *link, struct why *why)
{
	struct call c = {.link = link};
	struct wifi_row row;
	int64_t end = end_of(link);
	c.control.end_ms = end;
	enum err e = open_link(link, &c.control, why);
	if (e == ERR_OK)
		e = wifi_build_check(&c.control, link->key, why);
	if (e == ERR_OK)
		e = wpa_control_watch(&c.control, why);
	if (e == ERR_OK)
		e = reconfigure(&c, &row, why);
	if (e == ERR_OK)
		e = watch(&c, row.id, true, end, why);
	wpa_control_close(&c.control);
	return e;
}

/* REASSOCIATE leaves a network alone that wpa_supplicant gave a rest after failures; ENABLE_NETWORK
 * ends that. */
static enum err wake(struct call *c, const struct wifi_row *row, struct why *why)
{
	char command[64];
	if (!row->is_resting)
		return ERR_OK;
	snprintf(command, sizeof command, "ENABLE_NETWORK %d", row->id);
	return wpa_control_command(&c->control, command, why);
}

enum err wifi_control_try(const struct wifi_link *link, struct why *why)
{
	struct call c = {.link = link};
	struct wifi_row row;
	int64_t end = end_of(link);
	c.control.end_ms = end;
	enum err e = open_link(link, &c.control, why);
	if (e == ERR_OK)
		e = wifi_build_check(&c.control, link->key, why);
	if (e == ERR_OK)
		e = wifi_build_check_files(&c.control, link->key, why);
	if (e == ERR_OK)
		e = wifi_network_need(&c.control, link->profile, &row, why);
	if (e == ERR_OK)
		e = wpa_control_watch(&c.control, why);
	if (e == ERR_OK)
		e = wake(&c, &row, why);
	if (e == ERR_OK && !has_link(link))
		e = wifi_outcome_no_link(link, why);
	if (e == ERR_OK)
		e = reassociate(&c, why);
	if (e == ERR_OK)
		e = watch(&c, row.id, false, end, why);
	wpa_control_close(&c.control);
	return e;
}

enum err wifi_control_look(const struct wifi_link *link, struct wifi_state *out, struct why *why)
{
	struct wpa_control control = {.command = NULL};
	struct wifi_state state = {.is_current = false};
	struct wifi_status status;
	struct wifi_row row;
	control.end_ms = clock_boot_ms() + LOOK_MS;
	enum err e = open_link(link, &control, why);
	if (e == ERR_OK)
		e = wifi_network_find(&control, link->profile, &row, why);
	if (e == ERR_OK)
		e = wifi_network_status(&control, &status, why);
	wpa_control_close(&control);
	if (e != ERR_OK)
		return e;
	if (row.id >= 0 && (row.is_current || status.id == row.id)) {
		state.is_current = true;
		state.is_authorised = link->is_open
					  ? status.is_completed
					  : status.is_port_open && status.is_eap_success &&
						status.method == WIFI_METHOD_TLS;
		memcpy(state.session, status.session, sizeof state.session);
	}
	*out = state;
	return ERR_OK;
}

/* The network's value as SET_NETWORK takes it back, quotes included; "" when it has none. */
static enum err get_value(struct wpa_control *c, int id, const char *name, char out[WPA_REPLY_MAX],
			  struct why *why)
{
	char command[64];
	snprintf(command, sizeof command, "GET_NETWORK %d %s", id, name);
	enum err e = wpa_control_request(c, command, out, why);
	if (e == ERR_OK && out[0] != '"')
		out[0] = '\0';
	return e;
}

static void put_back(struct wpa_control *c, int id, const char *name, const char *value)
{
	char command[WPA_REPLY_MAX];
	int n = snprintf(command, sizeof command, "SET_NETWORK %d %s %s", id, name, value);
	if (value[0] == '\0' || n < 0 || (size_t)n >= sizeof command ||
	    wpa_control_command(c, command, NULL) != ERR_OK)
		log_warn("wifi_control: %s: %s of network %d could not be put back", c->path, name,
			 id);
}

enum err wifi_control_arm(const struct wifi_link *link, const char *certificate_path,
			  const char *private_key, struct why *why)
{
	struct wpa_control control = {.command = NULL};
	struct wifi_row row = {.id = -1};
	char before[WPA_REPLY_MAX];
	enum err e = open_link(link, &control, why);
	if (e == ERR_OK)
		e = wifi_network_need(&control, link->profile, &row, why);
	if (e == ERR_OK)
		e = get_value(&control, row.id, "client_cert", before, why);
	if (e == ERR_OK)
		e = wifi_network_set(&control, row.id, "client_cert", certificate_path, why);
	if (e == ERR_OK && private_key != NULL) {
		e = wifi_network_set(&control, row.id, "private_key", private_key, why);
		if (e != ERR_OK) /* never half: a certificate with the key of another */
			put_back(&control, row.id, "client_cert", before);
	}
	wpa_control_close(&control);
	return e;
}

enum err wifi_control_remove(const struct wifi_link *link, struct why *why)
{
	struct wpa_control control = {.command = NULL};
	struct wifi_row row = {.id = 0};
	enum err e = open_link(link, &control, why);
	for (int i = 0; i < WIFI_NETWORKS_MAX && e == ERR_OK && row.id >= 0; i++) {
		char command[64];
		e = wifi_network_find(&control, link->profile, &row, why);
		snprintf(command, sizeof command, "REMOVE_NETWORK %d", row.id);
		if (e == ERR_OK && row.id >= 0)
			e = wpa_control_command(&control, command, why);
	}
	wpa_control_close(&control);
	return e;
}
