/* SPDX-License-Identifier: MIT */
#include "client/cli/profiles.h"
#include <string.h>
#include "client/cli/text.h"

/* Names of all profiles, scep first. */
static size_t list_names(const struct config *config, const char *names[CONFIG_PROFILES_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < config->scep_count && n < CONFIG_PROFILES_MAX; i++)
		names[n++] = config->sceps[i].name;
	for (size_t i = 0; i < config->trust_count && n < CONFIG_PROFILES_MAX; i++)
		names[n++] = config->trusts[i].name;
	for (size_t i = 0; i < config->wifi_count && n < CONFIG_PROFILES_MAX; i++)
		names[n++] = config->wifis[i].name;
	for (size_t i = 0; i < config->vpn_count && n < CONFIG_PROFILES_MAX; i++)
		names[n++] = config->vpns[i].name;
	return n;
}

enum err profiles_check(const struct config *config, const char *name, bool must_be_scep,
			struct why *why)
{
	const char *names[CONFIG_PROFILES_MAX];
	size_t count = list_names(config, names);
	size_t scep_count = config->scep_count < count ? config->scep_count : count;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], name) != 0)
			continue;
		if (i < scep_count || !must_be_scep)
			return ERR_OK;
		enum err e = why_set(why, ERR_INVALID, "usage.profile",
				     "'%s' is no scep profile: it has no certificate of "
				     "its own",
				     name);
		why_next(why, "'signet status' lists the profiles and their kinds");
		return e;
	}
	const char *near = text_nearest(name, names, must_be_scep ? scep_count : count);
	enum err e = why_set(why, ERR_INVALID, "usage.profile", "no profile '%s'%s%s%s", name,
			     near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
			     near != NULL ? "'?" : "");
	why_next(why, "'signet status' lists the profiles");
	return e;
}
