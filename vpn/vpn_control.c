/* SPDX-License-Identifier: MIT */
#include "vpn/vpn_control.h"
#include "vpn/vpn_load.h"
#include "vpn/vpn_prove.h"
#include "vpn/vpn_talk.h"

#define LOOK_TIMEOUT_MS 2000 /* two questions that charon answers from memory */
#define TIMEOUT_MAX_S 600    /* seconds: a pass of the agent is not held up longer */

static unsigned timeout_ms(const struct vpn_link *link)
{
	unsigned seconds = link->timeout_s > 0 ? link->timeout_s : VPN_TIMEOUT_S;
	return 1000 * (seconds < TIMEOUT_MAX_S ? seconds : TIMEOUT_MAX_S);
}

static enum err open_and_read(const struct vpn_link *link, struct vpn_talk *talk, struct why *why)
{
	enum err e = vpn_talk_open(link, timeout_ms(link), talk, why);
	return e == ERR_OK ? vpn_talk_read(talk) : e;
}

/* End what runs: for a connection on demand that was brought up to be proven. */
static enum err take_down(struct vpn_talk *talk)
{
	enum err e = vpn_talk_list_sas(talk);
	size_t count = talk->sa_count;
	unsigned ids[VPN_SAS_MAX];
	for (size_t i = 0; i < count; i++)
		ids[i] = talk->sas[i].id;
	for (size_t i = 0; i < count && e == ERR_OK; i++)
		e = vpn_talk_end_sa(talk, ids[i]);
	return e;
}

enum err vpn_control_look(const struct vpn_link *link, struct vpn_state *out, struct why *why)
{
	struct vpn_talk talk;
	struct vpn_state state = {.is_up = false};
	enum err e = vpn_talk_open(link, LOOK_TIMEOUT_MS, &talk, why);
	if (e == ERR_OK)
		e = vpn_load_is_loaded(&talk, &state.is_loaded);
	if (e == ERR_OK)
		e = vpn_talk_list_sas(&talk);
	if (e == ERR_OK) {
		state.is_up = vpn_talk_newest_up(&talk) != NULL;
		state.unique_id = talk.sa_count > 0 ? talk.sas[talk.sa_count - 1].id : 0;
		*out = state;
	}
	vpn_talk_close(&talk);
	return e;
}

/*
 * load-conn with start_action starts an IKE_SA by itself when the connection is new or changed. Our
 * own `initiate` then joins it: charon 5.9.8 keeps one IKE_SA, and one child (run). A connection
 * that is unchanged starts nothing.
 */
enum err vpn_control_switch(const struct vpn_link *link, struct why *why)
{
	struct vpn_talk talk;
	enum err e = open_and_read(link, &talk, why);
	if (e == ERR_OK)
		e = vpn_load_credentials(&talk);
	if (e == ERR_OK)
		e = vpn_prove_clear(&talk);
	if (e == ERR_OK)
		e = vpn_load_connection(&talk);
	if (e == ERR_OK)
		e = vpn_talk_list_sas(&talk);
	if (e == ERR_OK && (!link->is_on_demand || vpn_talk_newest_up(&talk) != NULL))
		e = vpn_prove_anew(&talk);
	vpn_talk_close(&talk);
	return e;
}

enum err vpn_control_start(const struct vpn_link *link, struct why *why)
{
	struct vpn_talk talk;
	enum err e = open_and_read(link, &talk, why);
	if (e == ERR_OK)
		e = vpn_talk_list_sas(&talk);
	if (e == ERR_OK && vpn_talk_newest_up(&talk) == NULL) {
		e = vpn_load_credentials(&talk);
		if (e == ERR_OK)
			e = vpn_load_connection(&talk);
		if (e == ERR_OK)
			e = vpn_prove_up(&talk);
	}
	vpn_talk_close(&talk);
	return e;
}

enum err vpn_control_try(const struct vpn_link *link, struct why *why)
{
	struct vpn_talk talk;
	enum err e = open_and_read(link, &talk, why);
	if (e == ERR_OK)
		e = vpn_talk_list_sas(&talk);
	bool was_up = e == ERR_OK && vpn_talk_newest_up(&talk) != NULL;
	if (e == ERR_OK)
		e = vpn_load_credentials(&talk);
	if (e == ERR_OK)
		e = vpn_prove_clear(&talk);
	if (e == ERR_OK)
		e = vpn_load_connection(&talk);
	if (e == ERR_OK)
		e = vpn_prove_anew(&talk);
	if (link->is_on_demand && !was_up && talk.client.fd >= 0) {
		struct why *said = talk.why;
		talk.why = e == ERR_OK ? said : NULL; /* the first failure is the one to tell */
		enum err down = take_down(&talk);
		e = e == ERR_OK ? down : e;
	}
	vpn_talk_close(&talk);
	return e;
}

enum err vpn_control_remove(const struct vpn_link *link, struct why *why)
{
	struct vpn_talk talk;
	struct bytes answer;
	enum err e = vpn_talk_open(link, timeout_ms(link), &talk, why);
	if (e == ERR_NOT_FOUND) {
		if (why != NULL)
			*why = (struct why){.code = ""};
		return ERR_OK; /* no charon has nothing of ours */
	}
	/* The connection first: what ends without it is not started again. */
	if (e == ERR_OK)
		e = vpn_talk_ask_text(&talk, "unload-conn", "name", talk.name, &answer);
	if (e == ERR_OK)
		e = take_down(&talk);
	if (e == ERR_OK)
		e = vpn_load_forget(&talk);
	vpn_talk_close(&talk);
	return e;
}
