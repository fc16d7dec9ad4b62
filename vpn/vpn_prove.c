/* SPDX-License-Identifier: MIT */
#include "vpn/vpn_prove.h"
#include <stdio.h>
#include <string.h>
#include "hal/clock.h"

#define LOOK_MS 200 /* between two looks at the IKE_SAs while no event asks for one */
#define WORDS_LATE_MS                                                                              \
	500 /* charon's log events come from a job of their own, later than the state */
#define VERIFIED_MS                                                                                \
	3000 /* for the line that charon has verified; fetching a CRL takes longer, and is waited  \
		for */

static enum err say(struct vpn_talk *talk, const char *otherwise)
{
	return vpn_words_say(&talk->words, talk->name, talk->wanted.gateway,
			     talk->wanted.gateway_id, otherwise, talk->why);
}

static enum err hear_changes(struct vpn_talk *talk, bool is_wanted)
{
	static const char *const events[] = {"log", "ike-updown", "child-updown"};
	enum err e = ERR_OK;
	for (size_t i = 0; i < sizeof events / sizeof events[0] && e == ERR_OK; i++)
		e = vici_listen(&talk->client, events[i], is_wanted, talk->why);
	return e;
}

/* Events for `ms`, or until an IKE_SA or child changes, or a gateway was verified. */
static enum err listen_for(struct vpn_talk *talk, int ms, bool until_changed)
{
	int64_t end = clock_boot_ms() + ms;
	enum err e = ERR_OK;
	talk->is_changed = false;
	while (e == ERR_OK && clock_boot_ms() < end && !(until_changed && talk->is_changed))
		e = vici_wait(&talk->client, (int)(end - clock_boot_ms()), talk->why);
	return e == ERR_AGAIN ? ERR_OK : e;
}

static unsigned newest_id(const struct vpn_talk *talk)
{
	return talk->sa_count > 0 ? talk->sas[talk->sa_count - 1].id : 0;
}

/* End the attempts that are younger than `id` and not up. */
static enum err end_attempts(struct vpn_talk *talk, unsigned id)
{
	struct vpn_sa sas[VPN_SAS_MAX];
	enum err e = vpn_talk_list_sas(talk);
	if (e != ERR_OK)
		return e;
	size_t count = talk->sa_count;
	memcpy(sas, talk->sas, sizeof sas);
	for (size_t i = 0; i < count && e == ERR_OK; i++)
		if (sas[i].id > id && !sas[i].is_up)
			e = vpn_talk_end_sa(talk, sas[i].id);
	return e;
}

/* How a reauthentication stands, seen from the list. */
enum step { UNDER_WAY, PROVEN, FAILED, GONE };

static enum step judge(const struct vpn_talk *talk, unsigned before, bool was_seen)
{
	const struct vpn_sa *up = vpn_talk_newest_up(talk);
	if (up != NULL && up->id > before)
		return PROVEN;
	if (talk->sa_count == 0)
		return GONE; /* ended by the gateway in the meantime, or not made before it broke */
	return was_seen && newest_id(talk) <= before ? FAILED : UNDER_WAY;
}

/* Watch until the IKE_SA that follows `before` is up, or is no more. */
static enum err watch(struct vpn_talk *talk, unsigned before, enum step *out)
{
	bool was_seen = false;
	*out = UNDER_WAY;
	while (*out == UNDER_WAY && clock_boot_ms() < talk->prove_until_ms) {
		enum err e = listen_for(talk, LOOK_MS, true);
		if (e == ERR_OK)
			e = vpn_talk_list_sas(talk);
		if (e != ERR_OK)
			return e;
		*out = judge(talk, before, was_seen || talk->newest_heard > before);
		was_seen = was_seen || newest_id(talk) > before;
	}
	return *out == FAILED || *out == GONE ? listen_for(talk, WORDS_LATE_MS, false) : ERR_OK;
}

/*
 * While it makes before it breaks charon 5.9.8 fetches no CRL and asks no OCSP server; it does so
 * when the new IKE_SA is up, after the old one has gone, and ends the new one when the gateway's
 * certificate turns out to be revoked (run). So up is not yet proven.
 */
static enum err watch_verified(struct vpn_talk *talk, unsigned before, enum step *out)
{
	int64_t end = clock_boot_ms() + VERIFIED_MS;
	while (talk->verified <= before && clock_boot_ms() < end &&
	       clock_boot_ms() < talk->prove_until_ms) {
		enum err e = listen_for(talk, LOOK_MS, true);
		if (e != ERR_OK)
			return e;
		if (talk->is_verifying)
			end = talk->prove_until_ms;
	}
	enum err e = vpn_talk_list_sas(talk);
	const struct vpn_sa *up = vpn_talk_newest_up(talk);
	if (e != ERR_OK || (!talk->is_distrusted && up != NULL && up->id > before))
		return e;
	*out = FAILED;
	return listen_for(talk, WORDS_LATE_MS, false);
}

static enum err reauthenticate(struct vpn_talk *talk, unsigned id, enum step *out)
{
	struct vici_out message;
	struct bytes answer;
	char number[16];
	unsigned before = newest_id(talk);
	snprintf(number, sizeof number, "%u", id);
	memset(&talk->words, 0, sizeof talk->words);
	talk->newest_heard = talk->verified = 0;
	talk->is_verifying = talk->is_distrusted = false;
	enum err e = hear_changes(talk, true);
	if (e != ERR_OK)
		return e;
	vici_out_init(&message);
	vici_put_text(&message, "ike-id", number);
	vici_put_text(&message, "reauth", "yes");
	e = vpn_talk_ask(talk, "rekey", &message, &answer);
	if (e == ERR_OK && !vpn_talk_is_done(answer))
		*out = GONE; /* ended in the meantime */
	else if (e == ERR_OK)
		e = watch(talk, before, out);
	if (e == ERR_OK && *out == PROVEN)
		e = watch_verified(talk, before, out);
	if (e == ERR_OK)
		e = hear_changes(talk, false);
	if (e != ERR_OK || *out == PROVEN || *out == GONE)
		return e;
	e = end_attempts(talk, before);
	return e == ERR_OK ? say(talk, "no answer in time") : e;
}

static enum err initiate(struct vpn_talk *talk)
{
	struct vici_out message;
	struct bytes answer;
	char timeout[24], words[256];
	int64_t left = talk->prove_until_ms - clock_boot_ms();
	/* 0 would be without end to charon */
	snprintf(timeout, sizeof timeout, "%lld", (long long)(left > 0 ? left : 1));
	enum err e = vici_listen(&talk->client, "control-log", true, talk->why);
	if (e != ERR_OK)
		return e;
	vici_out_init(&message);
	vici_put_text(&message, "child", talk->name);
	vici_put_text(&message, "ike", talk->name);
	vici_put_text(&message, "timeout", timeout);
	vici_put_text(&message, "loglevel", "1");
	e = vpn_talk_ask(talk, "initiate", &message, &answer);
	if (e != ERR_OK)
		return e;
	bool is_done = vpn_talk_is_done(answer);
	vici_text(answer, "errmsg", words, sizeof words);
	e = vici_listen(&talk->client, "control-log", false, talk->why);
	if (e == ERR_OK)
		e = vpn_talk_list_sas(talk);
	if (e != ERR_OK)
		return e;
	/* The list decides: charon answers "failed" when its own start had the child up a moment
	 * before ours
	 * ("not establishing CHILD_SA due to existing duplicate"; run). */
	if (vpn_talk_newest_up(talk) != NULL)
		return ERR_OK;
	return say(talk, is_done ? "charon says that it is up, but does not list it" : words);
}

enum err vpn_prove_anew(struct vpn_talk *talk)
{
	enum step step = GONE;
	enum err e = vpn_talk_list_sas(talk);
	const struct vpn_sa *up = vpn_talk_newest_up(talk);
	if (e == ERR_OK && up != NULL && up->id > talk->newest_before)
		return ERR_OK;
	if (e == ERR_OK && up != NULL)
		e = reauthenticate(talk, up->id, &step);
	/* After GONE with a reason (not made before it broke, and refused) another try would say
	 * the same. */
	if (e == ERR_OK && step == GONE && talk->words.best != 0)
		return say(talk, "");
	return e == ERR_OK && step == GONE ? initiate(talk) : e;
}

enum err vpn_prove_up(struct vpn_talk *talk)
{
	enum err e = vpn_talk_list_sas(talk);
	if (e != ERR_OK || vpn_talk_newest_up(talk) != NULL)
		return e;
	return initiate(talk);
}

enum err vpn_prove_clear(struct vpn_talk *talk)
{
	enum err e = end_attempts(talk, 0);
	talk->newest_before = newest_id(talk);
	return e;
}
