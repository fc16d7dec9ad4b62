/* SPDX-License-Identifier: MIT */
/*
 * How a renewed certificate takes the place of the old one in a running charon, measured
 * with 5.9.8:
 *
 * - There is no command that unloads one certificate. clear-creds drops everybody's.
 * - With `local.id` and no `certs` charon takes the first certificate that has the identity and a
 *   private key, in the order in which list-certs shows them: its cache comes first, then what was
 *   loaded, the newest first. The certificate used last is in the cache, so merely loading a new
 * one changes nothing: the OLD one is used. After `flush-certs` (which empties the cache only) the
 *   newest loaded one is in front and is used. A certificate that was loaded before keeps its
 * place.
 * - `unload-key` takes the old certificate out of the choice altogether, whatever its place. The
 * way back is the same: load the old key, unload the new one. Running tunnels keep their key.
 * - So new key, old key, new certificate on the same key: load, flush-certs, unload-key of the
 * other key; nobody else's credentials are touched. Only the way back to an OLDER certificate on
 * the SAME key has no such way: then, and only then, `swanctl --load-creds --clear` reads all files
 * of /etc/swanctl anew. What others loaded by VICI alone, without a file, is lost by that.
 * - list-certs shows afterwards whose certificate is in front; it is looked at each time.
 */
#include "vpn/vpn_load.h"
#include <stdio.h>
#include <string.h>
#include "hal/clock.h"
#include "hal/log.h"
#include "hal/run.h"

#define SWANCTL "/usr/sbin/swanctl"
#define SWANCTL_TIMEOUT_MS                                                                         \
	10000		  /* it loads files: 0.1 s measured, more with keys in a slow TPM          \
			   */
#define AUTHORITIES_MAX 8 /* certificates of a chain, as everywhere in signet */
#define WORDS_LATE_MS 300 /* charon's log events come from a job of their own, after the answer */

static enum err refused(struct vpn_talk *talk, const char *what, struct bytes answer)
{
	char words[256];
	vici_text(answer, "errmsg", words, sizeof words);
	why_set(talk->why, ERR_INVALID, "vpn.token", "%s: charon does not load %s: \"%s\"",
		talk->name, what, words);
	why_next(talk->why,
		 "run \"signet apply\"; look at charon's log (journalctl -u strongswan)");
	return ERR_INVALID;
}

static enum err load_certificate(struct vpn_talk *talk, struct bytes der, const char *flag,
				 const char *what)
{
	struct vici_out message;
	struct bytes answer;
	vici_out_init(&message);
	vici_put_text(&message, "type", "X509");
	vici_put_text(&message, "flag", flag);
	vici_put(&message, "data", der);
	enum err e = vpn_talk_ask(talk, "load-cert", &message, &answer);
	if (e == ERR_OK && !vpn_talk_is_done(answer))
		return refused(talk, what, answer);
	return e;
}

/* charon says which key it has; believed only when get-keys says so too. */
static enum err check_key(struct vpn_talk *talk, struct bytes loaded)
{
	char id[64];
	struct bytes answer;
	vici_text(loaded, "id", id, sizeof id);
	if (strcmp(id, talk->link->key_id) != 0) {
		why_set(talk->why, ERR_INVALID, "vpn.token",
			"%s: the key that charon found (%s) is not the certificate's (%s)",
			talk->name, id, talk->link->key_id);
		why_next(talk->why, "run \"signet apply\"");
		return ERR_INVALID;
	}
	enum err e = vpn_talk_ask_text(talk, "get-keys", NULL, NULL, &answer);
	if (e == ERR_OK && !vici_has_item(answer, "keys", talk->link->key_id)) {
		why_set(talk->why, ERR_INVALID, "vpn.token",
			"%s: charon says that it loaded the key %s, but does not list it",
			talk->name, talk->link->key_id);
		why_next(talk->why, "restart strongSwan");
		return ERR_INVALID;
	}
	return e;
}

static enum err load_key(struct vpn_talk *talk)
{
	struct vici_out message;
	struct bytes answer;
	vici_out_init(&message);
	vici_put_text(&message, "type", "any");
	vici_put(&message, "data", talk->link->key);
	enum err e = vpn_talk_ask(talk, "load-key", &message, &answer);
	if (e == ERR_OK && !vpn_talk_is_done(answer))
		return refused(talk, "the key", answer);
	return e == ERR_OK ? check_key(talk, answer) : e;
}

static enum err ask_token(struct vpn_talk *talk, bool has_slot, struct bytes *out_answer)
{
	struct vici_out message;
	vici_out_init(&message);
	vici_put_text(&message, "handle", talk->wanted.handle);
	vici_put_text(&message, "module", talk->wanted.module);
	if (has_slot)
		vici_put_text(&message, "slot", "0");
	talk->token_line[0] = '\0';
	return vpn_talk_ask(talk, "load-token", &message, out_answer);
}

/* Log lines that are still under way. */
static enum err listen_on(struct vpn_talk *talk)
{
	int64_t end = clock_boot_ms() + WORDS_LATE_MS;
	enum err e = ERR_OK;
	while (e == ERR_OK && clock_boot_ms() < end)
		e = vici_wait(&talk->client, (int)(end - clock_boot_ms()), talk->why);
	return e == ERR_AGAIN ? ERR_OK : e;
}

/*
 * load-token answers "loading private key from token failed" whatever the reason. The log tells
 * (5.9.8): a charon without the pkcs11 plugin says nothing about PKCS#11; without a slot a missing
 * module and a missing key read the same ("no PKCS#11 module found having a keyid ..."); asked with
 * a slot, a missing module reads "PKCS#11 module 'signet' not found", and everything else is the
 * module's own answer.
 */
static enum err explain_token(struct vpn_talk *talk)
{
	char first[sizeof talk->token_line];
	struct bytes answer;
	enum err e = listen_on(talk);
	memcpy(first, talk->token_line, sizeof first);
	if (e == ERR_OK)
		e = ask_token(talk, true, &answer);
	if (e == ERR_OK)
		e = listen_on(talk);
	if (e != ERR_OK)
		return e;
	if (first[0] == '\0' || (strstr(talk->token_line, "PKCS#11 module '") != NULL &&
				 strstr(talk->token_line, "' not found") != NULL)) {
		why_set(talk->why, ERR_UNSUPPORTED, "vpn.module",
			"%s: this charon has not loaded the PKCS#11 module \"%s\"", talk->name,
			talk->wanted.module);
		why_next(talk->why,
			 "restart strongSwan once (systemctl restart strongswan): it reads its "
			 "modules only at start");
		return ERR_UNSUPPORTED;
	}
	why_set(talk->why, ERR_INVALID, "vpn.token",
		"%s: charon does not load the key %s from the module \"%s\": \"%s\"", talk->name,
		talk->wanted.handle, talk->wanted.module, first);
	why_next(talk->why, "look at \"signet status\": the TPM, and the certificate's profile");
	return ERR_INVALID;
}

static enum err load_token(struct vpn_talk *talk)
{
	struct bytes answer;
	talk->hears_tokens = true;
	enum err e = vici_listen(&talk->client, "log", true, talk->why);
	if (e == ERR_OK)
		e = ask_token(talk, false, &answer);
	if (e == ERR_OK)
		e = vpn_talk_is_done(answer) ? check_key(talk, answer) : explain_token(talk);
	if (e == ERR_OK)
		e = vici_listen(&talk->client, "log", false, talk->why);
	talk->hears_tokens = false;
	return e;
}

static enum err load_all(struct vpn_talk *talk)
{
	const struct vpn_link *link = talk->link;
	if (link->authority_count > AUTHORITIES_MAX)
		return why_set(talk->why, ERR_TOO_BIG, "vpn.token",
			       "%s: more than %d CA certificates", talk->name, AUTHORITIES_MAX);
	enum err e = load_certificate(talk, link->trust, "CA", "the trusted CA's certificate");
	for (size_t i = 0; i < link->authority_count && e == ERR_OK; i++)
		e = load_certificate(talk, link->authorities[i], "CA",
				     "a CA certificate of the chain");
	if (e == ERR_OK)
		e = load_certificate(talk, link->certificate, "NONE", "the device's certificate");
	if (e == ERR_OK)
		e = link->key.len > 0 ? load_key(talk) : load_token(talk);
	return e;
}

/* Not there is success. */
static enum err unload_key(struct vpn_talk *talk, const char *key_id)
{
	struct bytes answer;
	if (key_id == NULL || key_id[0] == '\0')
		return ERR_OK;
	return vpn_talk_ask_text(talk, "unload-key", "id", key_id, &answer);
}

/* The cache is flushed before: it holds what was used last. */
static enum err look_at_front(struct vpn_talk *talk)
{
	struct bytes answer;
	talk->front = VPN_FRONT_NONE;
	enum err e = vpn_talk_ask_text(talk, "flush-certs", "type", "X509", &answer);
	return e == ERR_OK ? vpn_talk_stream(talk, "list-certs", "list-cert", "type", "X509") : e;
}

static enum err clear_and_load(struct vpn_talk *talk)
{
	char uri[128];
	int status = 0;
	const char *const argv[] = {SWANCTL, "--load-creds", "--clear", "--noprompt", "--uri", uri,
				    NULL};
	int64_t left = talk->prove_until_ms - clock_boot_ms();
	left = left < SWANCTL_TIMEOUT_MS ? left : SWANCTL_TIMEOUT_MS;
	if (left < 1000) /* run_program() counts seconds */
		return ERR_OK;
	snprintf(uri, sizeof uri, "unix://%s", talk->link->control);
	log_info("vpn_load: %s: charon keeps another certificate of the same key in front, its "
		 "credentials are read anew",
		 talk->name);
	enum err e = run_program(argv, NULL, (unsigned)(left / 1000), NULL, &status, NULL);
	if (e == ERR_OK && status == 0)
		return load_all(talk);
	log_debug("vpn_load: %s: %s, status %d", SWANCTL, err_text(e), status);
	return ERR_OK; /* the second look says what is in front */
}

static enum err not_in_front(struct vpn_talk *talk)
{
	if (talk->front == VPN_FRONT_NONE) {
		why_set(talk->why, ERR_INVALID, "vpn.token",
			"%s: charon has no key for the device's certificate", talk->name);
		why_next(talk->why, "run \"signet apply\"");
	} else if (talk->front == VPN_FRONT_SAME_KEY) {
		why_set(talk->why, ERR_INVALID, "vpn.token",
			"%s: charon still prefers another certificate of the same key", talk->name);
		why_next(talk->why,
			 "run \"swanctl --load-creds --clear --noprompt\" or restart strongSwan");
	} else {
		why_set(talk->why, ERR_INVALID, "vpn.token",
			"%s: charon has another certificate and key for the identity %s",
			talk->name, talk->wanted.local_id);
		why_next(talk->why,
			 "give the profile another local_id, or take the other certificate "
			 "out of charon");
	}
	return ERR_INVALID;
}

enum err vpn_load_credentials(struct vpn_talk *talk)
{
	const char *old = talk->link->old_key_id;
	enum err e = load_all(talk);
	if (e == ERR_OK && old != NULL && strcmp(old, talk->link->key_id) != 0)
		e = unload_key(talk, old);
	if (e == ERR_OK)
		e = look_at_front(talk);
	if (e == ERR_OK && talk->front == VPN_FRONT_SAME_KEY) {
		e = clear_and_load(talk);
		if (e == ERR_OK)
			e = look_at_front(talk);
	}
	if (e == ERR_OK && talk->front != VPN_FRONT_OURS)
		return not_in_front(talk);
	return e;
}

/*
 * make_before_break is a setting of the daemon. A charon that was running before signet came reads
 * it by reload-settings (run); IKE_SAs made before keep what they have, so it comes before our
 * first.
 */
static enum err read_daemon_settings(struct vpn_talk *talk)
{
	struct bytes answer;
	return vpn_talk_ask_text(talk, "reload-settings", NULL, NULL, &answer);
}

enum err vpn_load_connection(struct vpn_talk *talk)
{
	struct bytes answer;
	char words[256];
	bool is_loaded;
	enum err e = vpn_load_is_loaded(talk, &is_loaded);
	if (e == ERR_OK && !is_loaded)
		e = read_daemon_settings(talk);
	if (e == ERR_OK)
		e = vpn_talk_ask(talk, "load-conn", &talk->load, &answer);
	if (e != ERR_OK || vpn_talk_is_done(answer))
		return e;
	vici_text(answer, "errmsg", words, sizeof words);
	why_set(talk->why, ERR_INVALID, "vpn.connection",
		"%s: charon refuses the connection: \"%s\"", talk->name, words);
	why_next(talk->why, "look at ike, esp, gateway and remote_network of the profile");
	return ERR_INVALID;
}

enum err vpn_load_is_loaded(struct vpn_talk *talk, bool *out)
{
	struct bytes answer;
	enum err e = vpn_talk_ask_text(talk, "get-conns", NULL, NULL, &answer);
	if (e == ERR_OK)
		*out = vici_has_item(answer, "conns", talk->name);
	return e;
}

enum err vpn_load_forget(struct vpn_talk *talk)
{
	talk->is_id_shared = false;
	enum err e = vpn_talk_stream(talk, "list-conns", "list-conn", NULL, NULL);
	if (e != ERR_OK || (talk->is_id_shared && !talk->link->is_key_gone))
		return e;
	e = unload_key(talk, talk->link->key_id);
	return e == ERR_OK ? unload_key(talk, talk->link->old_key_id) : e;
}
