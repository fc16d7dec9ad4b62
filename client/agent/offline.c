/* SPDX-License-Identifier: MIT */
#include "client/agent/offline.h"
#include <time.h>
#include "client/agent/binding.h"
#include "client/agent/generation.h"
#include "client/agent/retirement.h"
#include "client/agent/scep_key.h"
#include "client/agent/scep_resolve.h"
#include "client/pki/certificate_bundle.h"
#include "client/pki/pem.h"
#include "client/scep/request_record.h"

#define REQUEST_FILE "request.csr"

struct request {
	struct pass *pass;
	const struct scep_profile *profile;
	unsigned number;
	struct device_key key;
};

/* One that does not load any more belongs to a TPM that was cleared or replaced. */
static enum err open_key(struct request *r, const struct generations *g, struct why *why)
{
	struct store *store = &r->pass->store;
	struct generations keep = *g;
	struct generation_meta meta = { .created = (int64_t)time(NULL) };
	enum err e = ERR_NOT_FOUND;
	r->number = g->offline;
	if (r->number != 0 && !r->pass->is_tpm_changed)
		e = scep_load_key(r->pass, r->profile->name, r->number, &r->key, why);
	if (e != ERR_NOT_FOUND && e != ERR_CHANGED && e != ERR_INVALID)
		return e;
	keep.offline = 0;
	r->number = g->newest + 1;
	if (r->number > GENERATION_MAX)
		return why_set(why, ERR_TOO_BIG, "state.generations", "%s: generation numbers are used up", r->profile->name);
	e = generations_sweep(store, r->profile->name, &keep, why);
	if (e == ERR_OK)
		e = scep_make_key(r->pass, r->profile, r->number, &meta, &r->key, why);
	if (r->pass->clock.is_confirmed)
		meta.trusted_at = r->pass->clock.now;
	return e == ERR_OK ? generation_meta_write_part(store, r->profile->name, r->number, &meta, why) : e;
}

static enum err build(const struct request *r, struct buf *csr, struct buf *record, struct why *why)
{
	struct scep_resolved resolved;
	enum err e = scep_resolve_request(r->pass, r->profile, &resolved, why);
	if (e != ERR_OK)
		return e;
	const struct csr_content *content = &resolved.job.content;
	e = csr_build(content, &r->key, resolved.job.server.digest, csr, why);
	if (e == ERR_OK)
		e = request_record_make(buf_bytes(csr), content->ekus, content->eku_count, record, why);
	scep_resolved_clear(&resolved);
	return e;
}

/* request.csr last: its presence is what says that it may have been handed out. */
static enum err store_request(const struct request *r, const struct buf *csr, const struct buf *record, struct why *why)
{
	const struct store *store = &r->pass->store;
	enum err e = generation_write_part(store, r->profile->name, r->number, "request.der", buf_bytes(record), why);
	return e == ERR_OK ? generation_write(store, r->profile->name, r->number, REQUEST_FILE, buf_bytes(csr), why) : e;
}

static enum err make_request(struct pass *pass, const struct scep_profile *profile, struct buf *out_pem, struct why *why)
{
	struct request r = { .pass = pass, .profile = profile, .key = { .ops = NULL } };
	struct generations g;
	struct buf csr, record;
	buf_init(&csr, CSR_MAX);
	buf_init(&record, REQUEST_RECORD_MAX);
	enum err e = generations_look(&pass->store, profile->name, &g, why);
	if (e == ERR_OK)
		e = open_key(&r, &g, why);
	if (e == ERR_OK)
		e = build(&r, &csr, &record, why);
	if (e == ERR_OK)
		e = store_request(&r, &csr, &record, why);
	if (e == ERR_OK)
		e = pem_add("CERTIFICATE REQUEST", buf_bytes(&csr), out_pem);
	device_key_close(&r.key);
	buf_clear(&record);
	buf_clear(&csr);
	return e;
}

enum err agent_csr(const struct config *config, const char *name, struct buf *out_pem, struct why *why)
{
	struct pass pass;
	int fd = -1;
	enum err e = pass_open(config, NULL, &pass, why);
	if (e != ERR_OK)
		return e;
	e = retirement_say(&pass, name, why);
	const struct scep_profile *profile = config_find_scep(pass.config, name);
	if (e == ERR_OK && profile == NULL)
		e = why_set(why, ERR_NOT_FOUND, "usage.profile", "there is no scep profile \"%s\"", name);
	if (e == ERR_OK)
		e = pass_lock(&pass, &fd, why);
	if (e == ERR_OK) {
		binding_check(&pass);
		e = make_request(&pass, profile, out_pem, why);
		file_unlock(&fd);
	}
	pass_close(&pass);
	return e;
}

/* ---- what comes back ---- */

static enum err no_request(const struct scep_profile *p, const struct generations *g, struct why *why)
{
	enum err e = g->offline != 0 ? why_set(why, ERR_NOT_FOUND, "import.no_request",
	                                       "%s: a newer certificate has been issued since the request was made", p->name)
	                             : why_set(why, ERR_NOT_FOUND, "import.no_request",
	                                       "%s: no certificate request waits for a certificate on this device%s", p->name,
	                                       g->current != 0 ? "; the one in use is newer than any that was made" : "");
	why_next(why, "signet csr %s makes one", p->name);
	return e;
}

static enum err judge(const struct pass *pass, const struct scep_profile *p, const struct generations *g,
                      const struct certificate_set *anchors, const struct certificate_set *certificates,
                      struct issued *out, struct why *why)
{
	struct scep_server server;
	struct request_record record;
	struct buf tls_ca, file, old;
	buf_init(&tls_ca, TRUST_PEM_MAX);
	buf_init(&file, REQUEST_RECORD_MAX);
	buf_init(&old, CERTIFICATE_MAX);
	enum err e = scep_resolve_server(pass, p, anchors, 0, &tls_ca, &server, why);
	if (e == ERR_OK)
		e = generation_read(&pass->store, p->name, g->offline, "request.der", &file, why);
	if (e == ERR_OK)
		e = request_record_read(buf_bytes(&file), &record, why);
	/* one that is damaged is what this certificate replaces */
	if (e == ERR_OK && g->current != 0 &&
	    generation_certificate(&pass->store, p->name, g->current, &old, NULL) == ERR_NO_MEMORY)
		e = why_set(why, ERR_NO_MEMORY, "agent.memory", "no memory for the present certificate");
	if (e == ERR_OK)
		e = issued_judge(&server, &record, p->subject_exact, buf_bytes(&old), certificates, out, why);
	buf_clear(&old);
	buf_clear(&file);
	buf_clear(&tls_ca);
	return e;
}

/* No fault of a server's. */
static enum err read_file(struct bytes file, struct certificate_set *out, struct why *why)
{
	struct why own = { .code = "" };
	enum err e = certificate_bundle_read(file, out, &own);
	if (e == ERR_OK)
		return e;
	why_set(why, e, "import.file", "the file of the certificate: %s", own.text[0] != '\0' ? own.text : err_text(e));
	why_next(why, "have it as PEM, DER or PKCS #7 (.p7b)");
	return e;
}

enum err offline_import(struct pass *pass, const struct scep_profile *profile, struct bytes file, struct why *why)
{
	struct certificate_set anchors = { .count = 0 };
	struct certificate_set certificates = { .count = 0 };
	struct issued issued = { .path.count = 0 };
	struct generations g;
	enum err e = generations_look(&pass->store, profile->name, &g, why);
	if (e == ERR_OK && (g.offline == 0 || g.complete > g.offline))
		e = no_request(profile, &g, why);
	if (e == ERR_OK)
		e = read_file(file, &certificates, why);
	if (e == ERR_OK)
		e = trust_anchors(pass, &profile->trust, &anchors, why);
	if (e == ERR_OK)
		e = judge(pass, profile, &g, &anchors, &certificates, &issued, why);
	if (e == ERR_OK)
		e = generation_complete(&pass->store, profile->name, g.offline, &issued, &anchors, why);
	if (e == ERR_OK)
		e = generation_start(&pass->store, profile->name, why);
	if (e == ERR_OK)
		pass_progress(pass, profile->name, "verify", "ok, key and chain match");
	issued_clear(&issued);
	certificate_set_clear(&certificates);
	certificate_set_clear(&anchors);
	return e;
}
