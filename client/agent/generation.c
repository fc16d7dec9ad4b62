/* SPDX-License-Identifier: MIT */
#include "client/agent/generation.h"
#include <stdio.h>
#include <string.h>
#include "client/agent/history.h"
#include "client/pki/hash.h"
#include "client/pki/name.h"
#include "hal/log.h"

#define CHAIN_PEM_MAX (CERTIFICATE_SET_MAX * 2 * CERTIFICATE_MAX)

static enum err remove_part(const struct store *store, const char *profile, unsigned number, const char *name,
                            struct why *why)
{
	char path[FILE_PATH_MAX];
	enum err e = generation_path(store, profile, number, name, path);
	return e == ERR_OK ? file_remove(path, why) : e;
}

enum err generation_forget_request(const struct store *store, const char *profile, unsigned number, struct why *why)
{
	static const char *const parts[] = { "message.der", "signer.der", "request.der", "challenge.mark" };
	enum err e = ERR_OK;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0] && e == ERR_OK; i++) {
		char path[FILE_PATH_MAX];
		e = generation_path(store, profile, number, parts[i], path);
		if (e == ERR_OK && file_exists(path))
			e = file_remove(path, why);
	}
	return e;
}

static enum err add_self_signed(const struct certificate_set *anchors, struct buf *pem)
{
	enum err e = ERR_OK;
	for (size_t i = 0; i < anchors->count && e == ERR_OK; i++) {
		struct certificate cert;
		if (certificate_parse(buf_bytes(&anchors->der[i]), &cert, NULL) == ERR_OK &&
		    name_equal(cert.subject, cert.issuer))
			e = certificate_to_pem(cert.der, pem);
	}
	return e;
}

enum err generation_complete(const struct store *store, const char *profile, unsigned number,
                             const struct issued *issued, const struct certificate_set *anchors, struct why *why)
{
	struct buf pem;
	buf_init(&pem, CHAIN_PEM_MAX);
	enum err e = add_self_signed(anchors, &pem);
	if (e == ERR_OK)
		e = generation_write(store, profile, number, "ca.pem", buf_bytes(&pem), why);
	buf_cut(&pem, 0);
	if (e == ERR_OK)
		e = certificate_to_pem(buf_bytes(&issued->leaf), &pem);
	size_t leaf_len = pem.len;
	for (size_t i = 0; i < issued->path.count && e == ERR_OK; i++)
		e = certificate_to_pem(buf_bytes(&issued->path.der[i]), &pem);
	if (e == ERR_OK)
		e = generation_write(store, profile, number, "chain.pem", buf_bytes(&pem), why);
	if (e == ERR_OK)
		e = generation_write(store, profile, number, "cert.pem", (struct bytes){ pem.data, leaf_len }, why);
	buf_clear(&pem);
	return e;
}

static void serial_of(const struct store *store, const char *profile, unsigned number, char out[64])
{
	struct buf der;
	struct certificate cert;
	buf_init(&der, CERTIFICATE_MAX);
	snprintf(out, 64, "-");
	if (number != 0 && generation_certificate(store, profile, number, &der, NULL) == ERR_OK &&
	    certificate_parse(buf_bytes(&der), &cert, NULL) == ERR_OK && cert.serial.len <= 31)
		hex_text(cert.serial, out);
	buf_clear(&der);
}

static enum err move_current(const struct store *store, const char *profile, struct generations *g, struct why *why)
{
	char detail[200];
	char serial[64];
	char old_serial[64];
	enum err e = ERR_OK;
	serial_of(store, profile, g->complete, serial);
	serial_of(store, profile, g->current, old_serial);
	if (g->current != 0)
		e = generation_link(store, profile, "previous", g->current, why);
	if (e == ERR_OK)
		e = generation_link(store, profile, "current", g->complete, why);
	if (e != ERR_OK)
		return e;
	const char *event = g->current != 0 ? "renewed" : "installed";
	snprintf(detail, sizeof detail, "serial=%s old_serial=%s generation=%u", serial, old_serial, g->complete);
	log_info("scep: %s: %s, %s", profile, event, detail);
	g->previous = g->current;
	g->current = g->complete;
	g->complete = 0;
	return history_add(store, event, profile, detail, why);
}

enum err generation_switch(const struct store *store, const char *profile, struct why *why)
{
	struct generations g;
	enum err e = generations_look(store, profile, &g, why);
	if (e == ERR_OK && g.complete != 0)
		e = move_current(store, profile, &g, why);
	if (e == ERR_OK && g.previous != 0)
		e = generation_link(store, profile, "previous", 0, why);
	g.previous = 0;
	static const char *const leftovers[] = { "message.der", "signer.der", "challenge.mark" };
	for (size_t i = 0; i < sizeof leftovers / sizeof leftovers[0] && e == ERR_OK && g.current != 0; i++)
		e = remove_part(store, profile, g.current, leftovers[i], why);
	return e == ERR_OK ? generations_sweep(store, profile, &g, why) : e;
}
