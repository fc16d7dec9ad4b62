/* SPDX-License-Identifier: MIT */
#include "client/agent/tally.h"
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "client/agent/announce.h"
#include "client/agent/schedule.h"
#include "client/pki/hash.h"
#include "hal/log.h"

/* For profiles that no certificate belongs to; the defaults of a scep profile. */
#define DELAY_S 60
#define DELAY_MAX_S 3600

static const char *certificate_of(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->wifi_count; i++)
		if (strcmp(config->wifis[i].name, name) == 0)
			return config->wifis[i].certificate;
	for (size_t i = 0; i < config->vpn_count; i++)
		if (strcmp(config->vpns[i].name, name) == 0)
			return config->vpns[i].certificate;
	return name;
}

static int64_t pause_ms(const struct tally *t, const char *name, unsigned failures)
{
	const struct scep_profile *p = config_find_scep(t->pass->config, certificate_of(t->pass->config, name));
	uint8_t four[4] = { 0, 0, 0, 0 };
	uint32_t random = 0;
	if (random_bytes(four, sizeof four) == ERR_OK)
		memcpy(&random, four, sizeof random);
	return schedule_retry_ms(failures, p != NULL ? p->retry_delay_s : DELAY_S, p != NULL ? p->retry_delay_max_s : DELAY_MAX_S,
	                         t->retry_after_s, random);
}

void tally_note(struct tally *t, enum signet_exit code, const struct why *why)
{
	t->is_pending = t->is_pending || code == SIGNET_PENDING;
	if (code == SIGNET_DONE || t->exit != SIGNET_DONE)
		return;
	t->exit = code;
	t->why = *why;
}

/* Nothing was asked of anybody but the disk: what was waited for wakes the agent, and is to be used at once. An expired or
 * revoked certificate, or one whose key is lost, waits for a challenge too. */
static bool is_waiting(enum signet_exit code, const struct why *why)
{
	static const char *const words[] = { "expired.wait", "revoked.stop", "tpm.key_lost" };
	bool is_one = code == SIGNET_WAITING;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		is_one = is_one || strcmp(why->code, words[i]) == 0;
	return is_one;
}

/* On a terminal as a step like the others; the sentence of the first failure is the last line there. */
static void say_failure(const struct tally *t, const char *name, const struct why *why, bool is_first)
{
	if (t->pass->options != NULL && t->pass->options->progress != NULL)
		pass_progress(t->pass, name, "failed", is_first ? "" : why->text);
	else
		log_warn("agent: %s: %s", name, why->text);
}

void tally_count(struct tally *tally, enum profile_kind kind, const char *name, enum err e, const struct why *why)
{
	enum signet_exit code = outcome_exit(e, why);
	struct last before = { .exit = SIGNET_DONE };
	bool has_before = last_read(&tally->pass->store, name, &before) == ERR_OK;
	bool is_first = tally->exit == SIGNET_DONE;
	tally_note(tally, code, why);
	if (code != SIGNET_DONE && pass_is_stopping(tally->pass))
		return; /* cut short: says nothing of the profile */
	if (code != SIGNET_DONE && code != SIGNET_WAITING && code != SIGNET_PENDING)
		say_failure(tally, name, why, is_first);
	announce_failure(tally->pass, kind, name, code, why, has_before ? &before : NULL);
	if (code == SIGNET_DONE && (!has_before || before.exit == SIGNET_DONE))
		return; /* nothing to correct: an idle pass writes nothing */
	struct last last = { .exit = code, .at = (int64_t)time(NULL), .contact = before.contact };
	if (code != SIGNET_DONE)
		last.why = *why;
	bool is_idle = code != SIGNET_DONE && is_waiting(code, why);
	if (code != SIGNET_DONE && !is_idle) {
		last.failures = before.failures + 1;
		last.retry_ms = clock_boot_ms() + pause_ms(tally, name, last.failures);
	}
	tally->retry_after_s = 0;
	if (is_idle && has_before && before.exit == code && before.retry_ms == 0 && strcmp(before.why.text, last.why.text) == 0)
		return;
	last_write(&tally->pass->store, name, &last);
}

void tally_contact(const struct tally *tally, const char *name, int64_t now)
{
	struct last last = { .exit = SIGNET_DONE };
	if (last_read(&tally->pass->store, name, &last) != ERR_OK)
		last = (struct last){ .exit = SIGNET_DONE };
	last.at = last.contact = now;
	last_write(&tally->pass->store, name, &last);
}

/* A network that came up may be the one that was missing; not more than one try in DELAY_S, links may flap. */
static bool may_use_network(const struct tally *t, const struct last *last)
{
	return t->pass->options->is_network_new && last->exit == SIGNET_UNREACHABLE && (int64_t)time(NULL) - last->at >= DELAY_S;
}

/* Nor does one whose challenge was handed in since, as a file. Times of one clock; what lies ahead of it is no news. */
static bool has_new_challenge(const struct tally *t, const char *name, const struct last *last)
{
	char path[FILE_PATH_MAX];
	struct stat info;
	const struct scep_profile *p = config_find_scep(t->pass->config, name);
	return p != NULL && p->challenge_file[0] != '\0' &&
	       path_in_root(path, t->pass->config->root, p->challenge_file) == ERR_OK && stat(path, &info) == 0 &&
	       info.st_mtime >= last->at && info.st_mtime <= time(NULL);
}

bool tally_rests(struct tally *tally, const char *name, struct why *why)
{
	struct last last;
	const struct apply_options *o = tally->pass->options;
	if (!o->is_scheduled || last_read(&tally->pass->store, name, &last) != ERR_OK)
		return false;
	if (last.retry_ms <= clock_boot_ms() || may_use_network(tally, &last) || has_new_challenge(tally, name, &last))
		return false;
	tally_note(tally, last.exit, &last.why);
	if (why != NULL)
		*why = last.why;
	return true;
}
