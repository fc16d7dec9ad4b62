/* SPDX-License-Identifier: MIT */
#include "client/agent/expiry.h"
#include <stdio.h>
#include <string.h>
#include "client/agent/event.h"
#include "client/agent/note.h"
#include "hal/log.h"

#define FOLDER "expiring"

bool expiry_is_near(int64_t not_before, int64_t not_after, unsigned percent, int64_t now)
{
	return not_after < now || (not_after - now) * 100 < (not_after - not_before) * (int64_t)percent;
}

static bool was_told(const struct pass *pass, const struct event *event)
{
	struct buf text;
	buf_init(&text, NOTE_MAX);
	const char *serial = note_read(&pass->store, FOLDER, event->profile, &text);
	bool is_same = serial != NULL && strcmp(serial, event->serial) == 0;
	buf_clear(&text);
	return is_same;
}

static void tell(const struct pass *pass, struct event *event, int64_t not_after)
{
	char when[32];
	if (was_told(pass, event))
		return;
	clock_text(not_after, when, sizeof when);
	snprintf(event->reason, sizeof event->reason, "the certificate %s %s",
	         not_after < pass->clock.now ? "has ended" : "ends", when);
	log_warn("agent: %s: %s", event->profile, event->reason);
	event_note(&pass->store, event);
	note_write(&pass->store, FOLDER, event->profile, "%s", event->serial);
}

void expiry_watch(const struct pass *pass, const char *profile)
{
	struct event event = { .kind = EVENT_EXPIRING, .profile_kind = KIND_SCEP, .profile = profile };
	struct generations g;
	struct certificate cert;
	struct buf der;
	if (!pass->clock.is_trusted || generations_look(&pass->store, profile, &g, NULL) != ERR_OK || g.current == 0)
		return;
	buf_init(&der, CERTIFICATE_MAX);
	event_take_certificate(&event, &pass->store, g.current);
	if (event.serial[0] != '\0' && generation_certificate(&pass->store, profile, g.current, &der, NULL) == ERR_OK &&
	    certificate_parse(buf_bytes(&der), &cert, NULL) == ERR_OK &&
	    expiry_is_near(cert.not_before, cert.not_after, pass->config->agent.expiry_warning_percent, pass->clock.now))
		tell(pass, &event, cert.not_after);
	buf_clear(&der);
}
