/* SPDX-License-Identifier: MIT */
#include "client/config/config.h"
#include <stdlib.h>
#include <string.h>
#include "client/config/config_check.h"
#include "client/config/config_draft.h"
#include "client/config/config_files.h"
#include "client/config/config_values.h"

enum err config_load(const char *file, const char *root, struct config *out, struct why *why)
{
	struct config config = {.root = NULL};
	enum err e = ERR_NO_MEMORY;
	config.root = strdup(root != NULL ? root : "");
	config.shown = calloc(1, sizeof *config.shown);
	if (config.root != NULL && config.shown != NULL)
		e = config_files_read(file, config.root, config.shown, why);
	if (e == ERR_OK)
		e = config_values_fill(&config, why);
	if (e == ERR_OK)
		e = config_check(&config, why);
	if (e == ERR_NO_MEMORY)
		why_set(why, e, "config.memory", "out of memory while reading the configuration");
	if (e == ERR_OK) {
		*out = config; /* handed to the caller */
		config = (struct config){.root = NULL};
	}
	config_clear(&config);
	return e;
}

void config_clear(struct config *config)
{
	if (config == NULL)
		return;
	config_values_clear(config);
	config_draft_clear(config->shown);
	free(config->shown);
	free(config->root);
	*config = (struct config){.root = NULL};
}

const struct trust_profile *config_find_trust(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->trust_count; i++)
		if (strcmp(config->trusts[i].name, name) == 0)
			return &config->trusts[i];
	return NULL;
}

const struct scep_profile *config_find_scep(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->scep_count; i++)
		if (strcmp(config->sceps[i].name, name) == 0)
			return &config->sceps[i];
	return NULL;
}

bool config_has_profile(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->wifi_count; i++)
		if (strcmp(config->wifis[i].name, name) == 0)
			return true;
	for (size_t i = 0; i < config->vpn_count; i++)
		if (strcmp(config->vpns[i].name, name) == 0)
			return true;
	return config_find_trust(config, name) != NULL || config_find_scep(config, name) != NULL;
}
