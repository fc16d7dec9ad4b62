/* SPDX-License-Identifier: MIT */
#include "client/agent/pass.h"
#include <stdio.h>
#include <string.h>
#include "client/agent/event.h"
#include "client/agent/retirement.h"
#include "hal/log.h"

#define LOCK_WAIT_S 10 /* pass.h */

/* What the generations in use say about time: when one was last known, and from when their certificates are. */
struct known_times {
	int64_t saved, not_before;
};

static struct known_times look_at_generations(const struct store *store, const struct config *config)
{
	struct known_times newest = { .saved = 0 };
	for (size_t i = 0; i < config->scep_count; i++) {
		const char *name = config->sceps[i].name;
		struct generations g;
		struct generation_meta meta;
		struct buf der;
		struct certificate cert;
		buf_init(&der, CERTIFICATE_MAX);
		if (generations_look(store, name, &g, NULL) != ERR_OK || g.current == 0)
			continue;
		if (generation_meta_read(store, name, g.current, &meta, NULL) == ERR_OK && meta.trusted_at > newest.saved)
			newest.saved = meta.trusted_at;
		if (generation_certificate(store, name, g.current, &der, NULL) == ERR_OK &&
		    certificate_parse(buf_bytes(&der), &cert, NULL) == ERR_OK && cert.not_before > newest.not_before)
			newest.not_before = cert.not_before;
		buf_clear(&der);
	}
	return newest;
}

static struct clock_facts judge_clock(struct pass *pass)
{
	char memory[FILE_PATH_MAX];
	bool has_memory = path_join(memory, pass->store.run, CLOCK_MEMORY) == ERR_OK;
	struct known_times known = look_at_generations(&pass->store, pass->config);
	struct clock_facts facts = clock_look(pass->config->root, has_memory ? memory : NULL);
	pass->clock = clock_judge(&facts, pass->config->agent.clock, known.saved, known.not_before);
	return facts;
}

enum err pass_open(const struct config *config, const struct apply_options *options, struct pass *out,
                   struct why *why)
{
	struct pass pass = { .config = config, .written = config, .options = options };
	enum err e = store_open(config, &pass.store, why);
	if (e == ERR_OK)
		e = retirement_filter(&pass, why);
	if (e != ERR_OK)
		return e;
	judge_clock(&pass);
	*out = pass;
	return ERR_OK;
}

/* A confirmed clock that shows less than a saved time proves that one wrong. */
static void correct_saved(const struct pass *pass)
{
	for (size_t i = 0; i < pass->config->scep_count; i++) {
		const char *name = pass->config->sceps[i].name;
		struct why why = { .code = "" };
		struct generations g;
		struct generation_meta meta;
		if (generations_look(&pass->store, name, &g, NULL) != ERR_OK || g.current == 0 ||
		    generation_meta_read(&pass->store, name, g.current, &meta, NULL) != ERR_OK ||
		    meta.trusted_at <= pass->clock.now + CLOCK_STEP_S)
			continue;
		meta.trusted_at = pass->clock.now;
		if (generation_meta_write(&pass->store, name, g.current, &meta, &why) == ERR_OK)
			log_info("clock: %s: a saved time lay ahead of the right one, corrected", name);
		else
			log_warn("clock: %s", why.text);
	}
}

static void set_to_floor(struct pass *pass, int64_t now)
{
	char from[32];
	char to[32];
	struct why why = { .code = "" };
	enum err e = clock_set(pass->clock.floor, &why);
	if (e != ERR_OK) {
		log_debug("clock: %s", why.text); /* the boot-time repair has the right to, the agent need not */
		return;
	}
	clock_text(now, from, sizeof from);
	clock_text(pass->clock.floor, to, sizeof to);
	struct event event = { .kind = EVENT_CLOCK, .profile = "" };
	snprintf(event.reason, sizeof event.reason,
	         "the system clock stood at %s and is not trusted; set to %s, before which it cannot be", from, to);
	log_info("clock: %s", event.reason);
	event_note(&pass->store, &event);
	judge_clock(pass);
}

void pass_mend_clock(struct pass *pass)
{
	char memory[FILE_PATH_MAX];
	if (pass->config->root[0] != '\0')
		return; /* the clock is not that of the device */
	struct clock_facts facts = judge_clock(pass);
	if (path_join(memory, pass->store.run, CLOCK_MEMORY) == ERR_OK)
		clock_remember(memory, &facts);
	if (pass->clock.is_confirmed)
		correct_saved(pass);
	else if (!pass->clock.is_trusted && pass->config->agent.untrusted_clock == UNTRUSTED_SET_FLOOR &&
	         facts.now < pass->clock.floor)
		set_to_floor(pass, facts.now);
}

bool pass_ignores_dates(const struct pass *pass)
{
	return !pass->clock.is_trusted && pass->config->agent.untrusted_clock == UNTRUSTED_DISABLE_TIME_CHECKS;
}

enum err pass_lock(const struct pass *pass, int *out_fd, struct why *why)
{
	char path[FILE_PATH_MAX];
	enum err e = store_prepare(&pass->store, why);
	if (e == ERR_OK)
		e = path_join(path, pass->store.run, "lock");
	return e == ERR_OK ? file_lock(path, LOCK_WAIT_S, out_fd, why) : e;
}

void pass_release_tpm(struct pass *pass)
{
	tpm_close(&pass->tpm);
}

void pass_close(struct pass *pass)
{
	pass_release_tpm(pass);
	retirement_unfilter(pass);
}

enum err pass_tpm(struct pass *pass, struct tpm **out, struct why *why)
{
	char pin[FILE_PATH_MAX];
	char owner_auth[FILE_PATH_MAX] = "";
	const char *file = pass->config->tpm.owner_auth_file;
	if (pass->tpm == NULL) {
		struct tpm_settings settings = { .tcti = pass->config->tpm.tcti,
			                         .srk = pass->config->tpm.srk,
			                         .owner_auth_file = owner_auth,
			                         .pin_file = pin,
			                         .total_s = pass->tpm_total_s };
		enum err e = store_path(&pass->store, NULL, NULL, "srk.tr", pin);
		if (e == ERR_OK && file[0] != '\0')
			e = path_in_root(owner_auth, pass->config->root, file);
		if (e == ERR_OK)
			e = tpm_open(&settings, &pass->tpm, why);
		if (e != ERR_OK)
			return e;
	}
	*out = pass->tpm;
	return ERR_OK;
}

void pass_progress(const struct pass *pass, const char *profile, const char *step, const char *result)
{
	const struct apply_options *o = pass->options;
	if (o != NULL && o->progress != NULL)
		o->progress(o->progress_ctx, profile, step, result);
}

void pass_busy(const struct pass *pass, unsigned seconds)
{
	const struct agent_host *host = pass->options != NULL ? pass->options->host : NULL;
	if (host != NULL)
		host->busy(host->ctx, seconds);
}

bool pass_is_stopping(const struct pass *pass)
{
	const struct agent_host *host = pass->options != NULL ? pass->options->host : NULL;
	return host != NULL && host->is_stopping(host->ctx);
}
