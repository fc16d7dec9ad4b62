/* SPDX-License-Identifier: MIT */
#include "client/agent/event.h"
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "client/agent/hook_event.h"
#include "client/agent/metrics.h"
#include "client/agent/ring.h"
#include "client/pki/hash.h"
#include "hal/log.h"
#include "hal/text.h"

#define LINE_MAX_LEN 4096 /* bytes: a reason of 640 with every quote escaped, and a dozen short values */

static const struct event_row {
	const char *name;
	bool is_history; /* a change of certificates, or a refusal: worth flash */
} rows[] = {
	[EVENT_INSTALLED] = { "installed", true },     [EVENT_RENEWED] = { "renewed", true },
	[EVENT_RETIRED] = { "retired", true },         [EVENT_FAILED] = { "failed", false },
	[EVENT_EXPIRING] = { "expiring", false },      [EVENT_ROLLED_BACK] = { "rolled-back", true },
	[EVENT_REFUSED] = { "refused", true },         [EVENT_ROLLOVER] = { "rollover", true },
	[EVENT_REVOKED] = { "revoked", true },         [EVENT_RELEASED] = { "released", true },
	[EVENT_REPAIRED] = { "repaired", true },
	[EVENT_TPM_CHANGED] = { "tpm-changed", true }, [EVENT_CLOCK] = { "clock", false },
};

const char *event_text(enum event_kind kind)
{
	return rows[kind].name;
}

void event_take_certificate(struct event *event, const struct store *store, unsigned generation)
{
	struct buf der;
	struct certificate cert;
	buf_init(&der, CERTIFICATE_MAX);
	if (generation != 0 && generation_certificate(store, event->profile, generation, &der, NULL) == ERR_OK &&
	    certificate_parse(buf_bytes(&der), &cert, NULL) == ERR_OK && cert.serial.len < sizeof event->serial / 2) {
		hex_text(cert.serial, event->serial);
		event->not_after = cert.not_after;
		event->generation = generation;
	}
	buf_clear(&der);
}

static const char *or_dash(const char *text)
{
	return text[0] != '\0' ? text : "-";
}

/* "serial=… old_serial=… generation=… REASON", or the reason alone where no certificate is meant. */
static enum err add_detail(const struct event *event, struct buf *out)
{
	enum err e = ERR_OK;
	if (event->serial[0] != '\0' || event->generation != 0)
		e = buf_add_format(out, "serial=%s old_serial=%s generation=%u%s", or_dash(event->serial),
		                   or_dash(event->old_serial), event->generation, event->reason[0] != '\0' ? " " : "");
	return e == ERR_OK ? buf_add_text(out, event->reason) : e;
}

static enum err write_history(const struct store *store, const struct event *event, const char *when, struct why *why)
{
	char path[FILE_PATH_MAX];
	struct buf line;
	buf_init(&line, LINE_MAX_LEN);
	enum err e = store_path(store, NULL, NULL, "history", path);
	if (e == ERR_OK)
		e = buf_add_format(&line, "%s %s %s ", when, event_text(event->kind), or_dash(event->profile));
	size_t detail_at = line.len;
	if (e == ERR_OK)
		e = add_detail(event, &line);
	const char *text = e == ERR_OK ? buf_text(&line) : NULL;
	if (text != NULL)
		log_info("agent: %s: %s, %s", or_dash(event->profile), event_text(event->kind), text + detail_at);
	if (e == ERR_OK)
		e = buf_add_text(&line, "\n");
	e = e == ERR_OK ? ring_add(path, buf_bytes(&line), 0600, why)
	                : why_set(why, e, "state.history", "a line of history: %s", err_text(e));
	buf_clear(&line);
	return e;
}

/* Of text without control characters that is UTF-8 (hal/text.h): RFC 8259 section 7 leaves these two to be escaped. */
static enum err add_json_text(struct buf *out, const char *name, const char *text)
{
	enum err e = buf_add_format(out, ",\"%s\":\"", name);
	for (const char *p = text; *p != '\0' && e == ERR_OK;) {
		size_t len = strcspn(p, "\"\\");
		e = buf_add(out, p, len);
		p += len;
		if (e == ERR_OK && *p != '\0')
			e = buf_add_format(out, "\\%c", *p++);
	}
	return e == ERR_OK ? buf_add_text(out, "\"") : e;
}

static enum err add_json(const struct event *event, const char *when, struct buf *out)
{
	char not_after[32] = "";
	const struct {
		const char *name, *text;
	} texts[] = { { "event", event_text(event->kind) },
		      { "profile", event->profile },
		      { "kind", profile_kind_text(event->profile_kind) },
		      { "serial", event->serial },
		      { "old_serial", event->old_serial } };
	enum err e = buf_add_format(out, "{\"schema\":1,\"time\":\"%s\"", when);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0] && e == ERR_OK; i++)
		e = add_json_text(out, texts[i].name, texts[i].text);
	if (event->not_after != 0)
		clock_text(event->not_after, not_after, sizeof not_after);
	if (e == ERR_OK)
		e = event->not_after != 0 ? add_json_text(out, "not_after", not_after) : buf_add_text(out, ",\"not_after\":null");
	if (e == ERR_OK)
		e = add_json_text(out, "reason", event->reason);
	return e == ERR_OK ? buf_add_text(out, "}\n") : e;
}

static void write_run(const struct store *store, const struct event *event, const char *when)
{
	char path[FILE_PATH_MAX];
	struct why why = { .code = "" };
	struct buf line;
	buf_init(&line, LINE_MAX_LEN);
	enum err e = path_join(path, store->run, "events");
	if (e == ERR_OK)
		e = add_json(event, when, &line);
	if (e == ERR_OK)
		e = ring_add(path, buf_bytes(&line), 0644, &why);
	if (e != ERR_OK)
		log_debug("agent: the event is not in %s/events: %s", store->run, why.text);
	buf_clear(&line);
}

enum err event_tell(const struct store *store, const struct event *event, struct why *why)
{
	char when[32];
	struct event clean = *event;
	text_clean(clean.reason);
	clock_text((int64_t)time(NULL), when, sizeof when);
	enum err e = rows[clean.kind].is_history ? write_history(store, &clean, when, why) : ERR_OK;
	if (e == ERR_OK)
		e = hook_event_write(store, &clean, why);
	write_run(store, &clean, when);
	if (clean.kind == EVENT_RENEWED || clean.kind == EVENT_ROLLED_BACK)
		metrics_count_renewal(store, clean.profile, clean.kind == EVENT_RENEWED);
	return e;
}

void event_note(const struct store *store, const struct event *event)
{
	struct why why = { .code = "" };
	if (event_tell(store, event, &why) != ERR_OK)
		log_warn("agent: %s: %s is not remembered: %s", event->profile, event_text(event->kind), why.text);
}
