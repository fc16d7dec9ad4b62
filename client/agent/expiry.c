/* SPDX-License-Identifier: MIT */
#include "client/agent/expiry.h"
#include <stdio.h>
#include <string.h>
#include "client/agent/event.h"
#include "hal/log.h"

bool expiry_is_near(int64_t not_before, int64_t not_after, unsigned percent, int64_t now)
{
	return not_after < now || (not_after - now) * 100 < (not_after - not_before) * (int64_t)percent;
}

static bool was_told(const char *path, const char *serial)
{
	struct buf text;
	buf_init(&text, 128);
	bool is_same = file_read(path, &text, NULL) == ERR_OK && text.len == strlen(serial) &&
	               memcmp(text.data, serial, text.len) == 0;
	buf_clear(&text);
	return is_same;
}

static void tell(const struct pass *pass, struct event *event, int64_t not_after)
{
	char folder[FILE_PATH_MAX];
	char path[FILE_PATH_MAX];
	char when[32];
	struct why why = { .code = "" };
	enum err e = path_join(folder, pass->store.run, "expiring");
	if (e == ERR_OK)
		e = path_join(path, folder, event->profile);
	if (e != ERR_OK || was_told(path, event->serial))
		return;
	clock_text(not_after, when, sizeof when);
	snprintf(event->reason, sizeof event->reason, "the certificate %s %s",
	         not_after < pass->clock.now ? "has ended" : "ends", when);
	log_warn("agent: %s: %s", event->profile, event->reason);
	event_note(&pass->store, event);
	e = file_make_folder(folder, 0755, &why);
	if (e == ERR_OK)
		e = file_write_atomic(path, (struct bytes){ (const uint8_t *)event->serial, strlen(event->serial) }, 0644, &why);
	if (e != ERR_OK)
		log_debug("agent: that %s expires is told again: %s", event->profile, why.text);
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
