/* SPDX-License-Identifier: MIT */
#include "client/agent/hook_event.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/agent/hooks.h"

#define HOOK_EVENT_MAX 2048 /* bytes: six lines */
#define LINES 6
#define SCHEMA "1"

/* Where the event waits; NULL: it is not for hooks. */
static const char *base_of(const struct store *store, enum event_kind kind)
{
	switch (kind) {
	case EVENT_INSTALLED:
	case EVENT_RENEWED:
	case EVENT_RETIRED:
		return store->state;
	case EVENT_FAILED:
	case EVENT_EXPIRING:
		return store->run;
	case EVENT_ROLLED_BACK:
	case EVENT_REFUSED:
	case EVENT_ROLLOVER:
	case EVENT_REVOKED:
	case EVENT_RELEASED:
	case EVENT_REPAIRED:
	case EVENT_TPM_CHANGED:
	case EVENT_CLOCK:
		break;
	}
	return NULL;
}

enum err hook_event_folder(const char *base, char out[FILE_PATH_MAX])
{
	return path_join(out, base, "hooks");
}

enum err hook_event_write(const struct store *store, const struct event *event, struct why *why)
{
	char folder[FILE_PATH_MAX];
	char path[FILE_PATH_MAX];
	char name[PROFILE_NAME_CAP + 16 + sizeof event->serial];
	struct buf text;
	const char *base = base_of(store, event->kind);
	if (base == NULL || !hooks_are_there(store))
		return ERR_OK;
	snprintf(name, sizeof name, "%s.%s%s%s", event->profile, event_text(event->kind), event->serial[0] != '\0' ? "." : "",
	         event->serial);
	buf_init(&text, HOOK_EVENT_MAX);
	enum err e = hook_event_folder(base, folder);
	if (e == ERR_OK)
		e = path_join(path, folder, name);
	if (e == ERR_OK)
		e = buf_add_format(&text, SCHEMA "\n%s\n%s\n%s\n%" PRId64 "\n%s\n", profile_kind_text(event->profile_kind),
		                   event->serial, event->old_serial, event->not_after, event->reason);
	if (e != ERR_OK)
		e = why_set(why, e, "state.path", "%s: an event for hooks: %s", event->profile, err_text(e));
	if (e == ERR_OK)
		e = file_make_folder(folder, 0700, why);
	if (e == ERR_OK)
		e = file_write_atomic(path, buf_bytes(&text), 0600, why);
	buf_clear(&text);
	return e;
}

/* One value a line, in a fixed order; the reason has no line ends (event_tell). */
static bool split(char *text, const char *lines[LINES])
{
	for (size_t i = 0; i < LINES; i++) {
		char *end = strchr(text, '\n');
		if (end == NULL)
			return false;
		*end = '\0';
		lines[i] = text;
		text = end + 1;
	}
	return *text == '\0';
}

static bool find_event(const char *name, enum event_kind *out)
{
	for (int kind = EVENT_INSTALLED; kind <= EVENT_EXPIRING; kind++) {
		if (strcmp(name, event_text((enum event_kind)kind)) != 0)
			continue;
		*out = (enum event_kind)kind;
		return true;
	}
	return false;
}

static bool find_profile_kind(const char *name, enum profile_kind *out)
{
	for (int kind = KIND_TRUST; kind <= KIND_VPN; kind++) {
		if (strcmp(name, profile_kind_text((enum profile_kind)kind)) != 0)
			continue;
		*out = (enum profile_kind)kind;
		return true;
	}
	return false;
}

static bool fill(struct event *event, const char *const lines[LINES])
{
	char *end = NULL;
	int serial = snprintf(event->serial, sizeof event->serial, "%s", lines[2]);
	int old = snprintf(event->old_serial, sizeof event->old_serial, "%s", lines[3]);
	int reason = snprintf(event->reason, sizeof event->reason, "%s", lines[5]);
	event->not_after = strtoll(lines[4], &end, 10);
	return strcmp(lines[0], SCHEMA) == 0 && find_profile_kind(lines[1], &event->profile_kind) && end != lines[4] &&
	       *end == '\0' && serial < (int)sizeof event->serial && old < (int)sizeof event->old_serial &&
	       reason < (int)sizeof event->reason;
}

/* Cut "PROFILE.EVENT.SERIAL" at its dots; "" for a serial that is left out. */
static bool split_name(char *name, enum event_kind *out_kind, const char **out_serial)
{
	char *dot = strchr(name, '.');
	if (dot == NULL)
		return false;
	char *second = strchr(dot + 1, '.');
	*out_serial = "";
	if (second != NULL) {
		*second = '\0';
		*out_serial = second + 1;
	}
	*dot = '\0';
	return find_event(dot + 1, out_kind);
}

enum err hook_event_read(const char *folder, char *name, struct event *out)
{
	char path[FILE_PATH_MAX];
	const char *lines[LINES];
	const char *serial;
	struct event event = { .profile = name };
	struct buf text;
	buf_init(&text, HOOK_EVENT_MAX);
	enum err e = path_join(path, folder, name);
	if (e == ERR_OK && (!split_name(name, &event.kind, &serial) || file_read(path, &text, NULL) != ERR_OK ||
	                    buf_text(&text) == NULL || !split((char *)text.data, lines) || !fill(&event, lines) ||
	                    strcmp(event.serial, serial) != 0))
		e = ERR_INVALID;
	if (e == ERR_OK)
		*out = event;
	buf_clear(&text);
	return e;
}
