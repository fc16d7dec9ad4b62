/* SPDX-License-Identifier: MIT */
#include "vpn/vpn_talk.h"
#include <stdio.h>
#include <string.h>
#include "hal/clock.h"
#include "hal/der.h"

#define TIDY_MS 2000 /* at the end of a call: taking back an attempt that came to no end */
#define END_SA_TIMEOUT_MS "500" /* charon's own wait for an IKE_SA that it is told to drop */

/* Subject and subjectPublicKeyInfo of a certificate (RFC 5280 section 4.1), both with their heads.
 */
static bool read_certificate(struct bytes der, struct bytes *out_subject, struct bytes *out_key)
{
	struct der_tlv tlv;
	if (der_expect(&der, DER_SEQUENCE, &tlv) != ERR_OK)
		return false;
	struct bytes in = tlv.content;
	if (der_expect(&in, DER_SEQUENCE, &tlv) != ERR_OK)
		return false;
	in = tlv.content;
	der_take(&in, DER_CONTEXT_CONSTRUCTED(0), &tlv);
	if (der_expect(&in, DER_INTEGER, &tlv) != ERR_OK ||
	    der_expect(&in, DER_SEQUENCE, &tlv) != ERR_OK || /* signature */
	    der_expect(&in, DER_SEQUENCE, &tlv) != ERR_OK || /* issuer */
	    der_expect(&in, DER_SEQUENCE, &tlv) != ERR_OK || /* validity */
	    der_expect(&in, DER_SEQUENCE, &tlv) != ERR_OK)
		return false;
	*out_subject = tlv.whole;
	if (der_expect(&in, DER_SEQUENCE, &tlv) != ERR_OK)
		return false;
	*out_key = tlv.whole;
	return true;
}

static bool holds(struct bytes bytes, const char *text)
{
	size_t len = strlen(text);
	return len > 0 && bytes.len >= len && memmem(bytes.data, bytes.len, text, len) != NULL;
}

/*
 * list-cert events come in the order in which charon 5.9.8 tries certificates for an identity
 * (run): the first with a private key and the identity in it is what it authenticates with.
 */
static void hear_certificate(struct vpn_talk *talk, struct bytes message)
{
	struct bytes data, has_key, subject, key, our_subject, our_key;
	if (talk->front != VPN_FRONT_NONE ||
	    !vici_find(message, VICI_VALUE, "has_privkey", &has_key) || !vici_is(has_key, "yes") ||
	    !vici_find(message, VICI_VALUE, "data", &data))
		return;
	if (bytes_equal(data, talk->link->certificate)) {
		talk->front = VPN_FRONT_OURS;
		return;
	}
	if (!read_certificate(data, &subject, &key) ||
	    !read_certificate(talk->link->certificate, &our_subject, &our_key))
		return;
	if (holds(data, talk->wanted.local_id) || bytes_equal(subject, our_subject))
		talk->front = bytes_equal(key, our_key) ? VPN_FRONT_SAME_KEY : VPN_FRONT_OTHER;
}

static void hear_sa(struct vpn_talk *talk, struct bytes message)
{
	/* 5.9.8: a connection or child that is being rekeyed still carries traffic */
	static const char *const established[] = {"ESTABLISHED", "REKEYING", NULL};
	static const char *const installed[] = {"INSTALLED", "UPDATING", "REKEYING", "REKEYED",
						NULL};
	struct bytes sa, children;
	struct vici_part child;
	char state[16], name[64];
	if (!vici_find(message, VICI_SECTION, talk->name, &sa) || talk->sa_count == VPN_SAS_MAX)
		return;
	struct vpn_sa found = {.id = vici_number(sa, "uniqueid")};
	vici_text(sa, "state", state, sizeof state);
	for (size_t i = 0; established[i] != NULL; i++)
		found.is_established |= strcmp(state, established[i]) == 0;
	if (!vici_find(sa, VICI_SECTION, "child-sas", &children))
		children = (struct bytes){NULL, 0};
	while (vici_next(&children, &child)) {
		vici_text(child.content, "name", name, sizeof name);
		vici_text(child.content, "state", state, sizeof state);
		for (size_t i = 0; installed[i] != NULL; i++)
			found.is_up |= found.is_established && strcmp(name, talk->name) == 0 &&
				       strcmp(state, installed[i]) == 0;
	}
	size_t at = talk->sa_count++;
	for (; at > 0 && talk->sas[at - 1].id > found.id; at--)
		talk->sas[at] = talk->sas[at - 1];
	talk->sas[at] = found;
}

/* Would another connection be left without a key if ours went? A DN is not compared: it may be. */
static void hear_connection(struct vpn_talk *talk, struct bytes message)
{
	struct vici_part connection, part;
	char id[VICI_TEXT_MAX + 1];
	while (vici_next(&message, &connection)) {
		if (connection.kind != VICI_SECTION)
			continue;
		bool is_ours = strcmp(connection.name, talk->name) == 0;
		while (vici_next(&connection.content, &part)) {
			if (part.kind != VICI_SECTION || strncmp(part.name, "local", 5) != 0)
				continue;
			vici_text(part.content, "id", id, sizeof id);
			if (is_ours)
				snprintf(talk->own_id, sizeof talk->own_id, "%s", id);
			else if (holds(talk->link->certificate, id) || strchr(id, '=') != NULL ||
				 strcmp(id, "%any") == 0)
				talk->is_id_shared = true;
		}
	}
}

static bool is_about_tokens(const char *line)
{
	static const char *const needles[] = {"PKCS#11", "private key session", "CKR_", "token"};
	for (size_t i = 0; i < sizeof needles / sizeof needles[0]; i++)
		if (strstr(line, needles[i]) != NULL)
			return true;
	return false;
}

/* vpn_prove.c, watch_verified() */
static void hear_verification(struct vpn_talk *talk, unsigned id, const char *line)
{
	bool is_refused = strcmp(line, "peer certificate verification failed, deleting SA") == 0;
	talk->is_verifying |= strcmp(line, "verifying peer certificate") == 0;
	if (!is_refused && strcmp(line, "peer certificate successfully verified") != 0)
		return;
	if (id > talk->verified)
		talk->verified = id;
	talk->is_distrusted |= is_refused;
	talk->is_changed = true;
}

static void hear_line(struct vpn_talk *talk, struct bytes message)
{
	char line[256];
	struct bytes name;
	vici_text(message, "msg", line, sizeof line);
	if (!vici_find(message, VICI_VALUE, "ikesa-name", &name)) {
		if (talk->hears_tokens && is_about_tokens(line))
			snprintf(talk->token_line, sizeof talk->token_line, "%s", line);
		return;
	}
	if (!vici_is(name, talk->name))
		return;
	unsigned id = vici_number(message, "ikesa-uniqueid");
	if (id > talk->newest_heard)
		talk->newest_heard = id;
	hear_verification(talk, id, line);
	vpn_words_hear(&talk->words, line);
}

static void hear(void *ctx, const char *name, struct bytes message)
{
	struct vpn_talk *talk = ctx;
	if (strcmp(name, "log") == 0 || strcmp(name, "control-log") == 0)
		hear_line(talk, message);
	else if (strcmp(name, "list-sa") == 0)
		hear_sa(talk, message);
	else if (strcmp(name, "list-cert") == 0)
		hear_certificate(talk, message);
	else if (strcmp(name, "list-conn") == 0)
		hear_connection(talk, message);
	else
		talk->is_changed = true; /* ike-updown, child-updown */
}

enum err vpn_talk_open(const struct vpn_link *link, unsigned timeout_ms, struct vpn_talk *out,
		       struct why *why)
{
	*out = (struct vpn_talk){.link = link, .why = why, .client = {.fd = -1}};
	vici_out_init(&out->load);
	int len = snprintf(out->name, sizeof out->name, "signet-%s", link->profile);
	if (link->profile[0] == '\0' || len < 0 || (size_t)len >= sizeof out->name)
		return why_set(why, ERR_INVALID, "vpn.connection",
			       "\"%s\" is not the name of a profile", link->profile);
	int64_t end = clock_boot_ms() + timeout_ms;
	out->prove_until_ms = end - (timeout_ms > 2 * TIDY_MS ? TIDY_MS : timeout_ms / 2);
	enum err e = vici_open(link->control, end, &out->client, why);
	out->client.on_event = hear;
	out->client.ctx = out;
	return e;
}

void vpn_talk_close(struct vpn_talk *talk)
{
	if (talk == NULL)
		return;
	vici_close(&talk->client);
	vici_out_clear(&talk->load);
}

enum err vpn_talk_read(struct vpn_talk *talk)
{
	enum err e = vici_connection_read(talk->link->settings, talk->link->trust, &talk->load,
					  &talk->wanted, talk->why);
	if (e == ERR_OK && strcmp(talk->wanted.name, talk->name) != 0) {
		why_set(talk->why, ERR_INVALID, "vpn.connection",
			"the VPN settings are those of \"%s\", not of \"%s\"", talk->wanted.name,
			talk->name);
		why_next(talk->why, "run \"signet apply\": it writes them anew");
		return ERR_INVALID;
	}
	return e;
}

enum err vpn_talk_ask(struct vpn_talk *talk, const char *command, struct vici_out *message,
		      struct bytes *out_answer)
{
	struct bytes bytes;
	enum err e = vici_finish(message, &bytes);
	if (e != ERR_OK)
		why_set(talk->why, e, "vpn.control",
			"%s: %s does not fit charon's control interface", talk->name, command);
	else
		e = vici_ask(&talk->client, command, bytes, out_answer, talk->why);
	vici_out_clear(message);
	return e;
}

enum err vpn_talk_ask_text(struct vpn_talk *talk, const char *command, const char *key,
			   const char *value, struct bytes *out_answer)
{
	struct vici_out message;
	vici_out_init(&message);
	if (key != NULL)
		vici_put_text(&message, key, value);
	return vpn_talk_ask(talk, command, &message, out_answer);
}

bool vpn_talk_is_done(struct bytes answer)
{
	struct bytes success;
	return vici_find(answer, VICI_VALUE, "success", &success) && vici_is(success, "yes");
}

enum err vpn_talk_stream(struct vpn_talk *talk, const char *command, const char *event,
			 const char *key, const char *value)
{
	struct bytes answer;
	enum err e = vici_listen(&talk->client, event, true, talk->why);
	if (e == ERR_OK)
		e = vpn_talk_ask_text(talk, command, key, value, &answer);
	return e == ERR_OK ? vici_listen(&talk->client, event, false, talk->why) : e;
}

enum err vpn_talk_list_sas(struct vpn_talk *talk)
{
	talk->sa_count = 0;
	return vpn_talk_stream(talk, "list-sas", "list-sa", "ike", talk->name);
}

enum err vpn_talk_end_sa(struct vpn_talk *talk, unsigned id)
{
	struct vici_out message;
	struct bytes answer;
	char number[16];
	snprintf(number, sizeof number, "%u", id);
	vici_out_init(&message);
	vici_put_text(&message, "ike-id", number);
	vici_put_text(&message, "force", "yes");
	vici_put_text(&message, "timeout", END_SA_TIMEOUT_MS);
	return vpn_talk_ask(talk, "terminate", &message, &answer);
}

const struct vpn_sa *vpn_talk_newest_up(const struct vpn_talk *talk)
{
	for (size_t i = talk->sa_count; i > 0; i--)
		if (talk->sas[i - 1].is_up)
			return &talk->sas[i - 1];
	return NULL;
}
