/* SPDX-License-Identifier: MIT */
#include "client/agent/announce.h"
#include <stdio.h>
#include <string.h>
#include "client/agent/event.h"
#include "client/agent/expiry.h"
#include "client/agent/hooks.h"
#include "client/agent/metrics.h"
#include "hal/log.h"

void announce_failure(const struct pass *pass, enum profile_kind kind, const char *profile, enum signet_exit exit,
                      const struct why *reason, const struct last *before)
{
	struct event event = { .kind = EVENT_FAILED, .profile_kind = kind, .profile = profile };
	struct generations g;
	bool is_failure = exit != SIGNET_DONE && exit != SIGNET_WAITING && exit != SIGNET_PENDING;
	bool is_known = before != NULL && before->exit == exit && strcmp(before->why.code, reason->code) == 0;
	if (!is_failure || is_known)
		return;
	if (kind == KIND_SCEP && generations_look(&pass->store, profile, &g, NULL) == ERR_OK)
		event_take_certificate(&event, &pass->store, g.current);
	snprintf(event.reason, sizeof event.reason, "%s", reason->text);
	event_note(&pass->store, &event);
}

static void write_metrics(const struct pass *pass, bool ask_tpm)
{
	struct device_view view = { .profiles = NULL };
	struct why why = { .code = "" };
	if (agent_look(pass->config, ask_tpm, &view, &why) == ERR_OK)
		metrics_write(&pass->store, &view, SIGNET_VERSION);
	else
		log_warn("agent: no metrics: %s", why.text);
	device_view_clear(&view);
}

enum err announce_pass(struct pass *pass, bool ask_tpm, struct why *why)
{
	for (size_t i = 0; i < pass->config->scep_count; i++)
		expiry_watch(pass, pass->config->sceps[i].name);
	pass_release_tpm(pass); /* a software TPM serves one client, and a hook may be one */
	enum err e = hooks_run(pass, why);
	if (!pass->options->is_scheduled) /* the daemon looks at the TPM too, and writes them then */
		write_metrics(pass, ask_tpm);
	return e;
}
