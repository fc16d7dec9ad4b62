/* SPDX-License-Identifier: MIT */
#include "client/agent/pass.h"
#include <stdio.h>
#include <string.h>

/* The own certificates are the third source of the floor: the newest notBefore of all profiles. */
static int64_t newest_not_before(const struct store *store, const struct config *config)
{
	int64_t newest = 0;
	for (size_t i = 0; i < config->scep_count; i++) {
		struct generations g;
		struct buf der;
		struct certificate cert;
		buf_init(&der, CERTIFICATE_MAX);
		if (generations_look(store, config->sceps[i].name, &g, NULL) == ERR_OK && g.current != 0 &&
		    generation_certificate(store, config->sceps[i].name, g.current, &der, NULL) == ERR_OK &&
		    certificate_parse(buf_bytes(&der), &cert, NULL) == ERR_OK && cert.not_before > newest)
			newest = cert.not_before;
		buf_clear(&der);
	}
	return newest;
}

enum err pass_open(const struct config *config, const struct apply_options *options, struct pass *out,
                   struct why *why)
{
	struct pass pass = { .config = config, .options = options };
	enum err e = store_open(config, &pass.store, why);
	if (e != ERR_OK)
		return e;
	struct clock_facts facts = clock_look(config->root);
	pass.clock = clock_judge(&facts, config->agent.clock, 0, newest_not_before(&pass.store, config));
	*out = pass;
	return ERR_OK;
}

void pass_release_tpm(struct pass *pass)
{
	tpm_close(&pass->tpm);
}

void pass_close(struct pass *pass)
{
	pass_release_tpm(pass);
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
			                         .pin_file = pin };
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
