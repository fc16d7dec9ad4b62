/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "client/agent/scep_key.h"
#include "client/doctor/checks.h"
#include "client/doctor/doctor.h"
#include "client/pki/hash.h"

#define SIGNED_WITH "1.2.840.113549.1.1.11" /* sha256WithRSAEncryption, RFC 8017 appendix C */

static const struct check try_check = {"tpm", "does the TPM work", FINDING_FAILURE, false, NULL};

static void tell_key_sizes(struct examination *x, struct tpm *tpm)
{
	static const unsigned sizes[] = {2048, 3072, 4096};
	bool offers[3] = {false, false, false};
	struct why why = {.code = ""};
	enum err e = ERR_OK;
	for (size_t i = 0; i < 3 && e == ERR_OK; i++)
		e = tpm_offers_key(tpm, sizes[i], &offers[i], &why);
	if (e != ERR_OK)
		find_why(x, FINDING_FAILURE, "", e, &why);
	else if (!offers[0] && !offers[1] && !offers[2])
		find_trouble(x, "", "this TPM cannot be used; set key_storage = software",
			     "it makes no RSA keys");
	else
		find_ok(x, "", "it makes RSA keys of%s%s%s bits; nothing was made",
			offers[0] ? " 2048" : "", offers[1] ? " 3072" : "",
			offers[2] ? " 4096" : "");
}

/* False: nothing more can be asked of it. */
static bool tell_state(struct examination *x, struct tpm *tpm)
{
	struct tpm_facts facts;
	struct why why = {.code = ""};
	bool is_tested = false;
	enum err e = tpm_test_result(tpm, &is_tested, &why);
	if (e == ERR_OK)
		find_ok(x, "", "self-test: passed%s",
			is_tested ? "" : "; some algorithms are tested at their first use");
	if (e == ERR_OK)
		e = tpm_look(tpm, &facts, &why);
	if (e != ERR_OK) {
		find_why(x, FINDING_FAILURE, "", e, &why);
		return e == ERR_CHANGED;
	}
	find_ok(x, "", "%s, firmware %s, lockout counter %u", facts.manufacturer, facts.firmware,
		facts.lockout_counter);
	if (facts.is_locked_out)
		find_warning(x, "", "wait until it heals; signet's keys are not subject to it",
			     "the TPM is locked out");
	return true;
}

static enum err sign_and_verify(const struct device_key *key, const struct certificate *cert,
				struct why *why)
{
	uint8_t random[SHA256_LEN];
	uint8_t digest[HASH_MAX];
	struct buf signature;
	buf_init(&signature, PUBLIC_KEY_MODULUS_MAX);
	enum err e = random_bytes(random, sizeof random);
	if (e == ERR_OK)
		e = hash_digest(KEY_SHA256, (struct bytes){random, sizeof random}, digest);
	if (e == ERR_OK)
		e = device_key_sign(key, KEY_SHA256, (struct bytes){digest, SHA256_LEN}, &signature,
				    why);
	if (e == ERR_OK)
		e = certificate_verify_digest(cert->spki, SIGNED_WITH,
					      (struct bytes){digest, SHA256_LEN},
					      buf_bytes(&signature), why);
	buf_clear(&signature);
	return e;
}

/* With a pin in place nothing is made or pinned by loading a key. */
static bool has_pin(const struct examination *x)
{
	char path[FILE_PATH_MAX];
	return store_path(&x->pass.store, NULL, NULL, "srk.tr", path) == ERR_OK &&
	       file_exists(path);
}

static void try_key(struct examination *x, const struct scep_profile *p)
{
	struct own_certificate own;
	struct generation_meta meta;
	struct device_key key = {.ops = NULL};
	struct why why = {.code = ""};
	if (!own_certificate_read(x, p, &own) ||
	    generation_meta_read(&x->pass.store, p->name, own.generations.current, &meta, NULL) !=
		ERR_OK) {
		find_ok(x, p->name, "no certificate yet: no key to sign with");
	} else if (meta.is_software) {
		find_ok(x, p->name, "its key is in software: not tried");
	} else if (!has_pin(x)) {
		find_warning(x, p->name, "signet apply pins it",
			     "not tried: no storage key is pinned");
	} else {
		enum err e = scep_load_key(&x->pass, p->name, own.generations.current, &key, &why);
		if (e == ERR_OK)
			e = sign_and_verify(&key, &own.cert, &why);
		if (e == ERR_OK)
			find_ok(x, p->name,
				"its key was loaded, has signed, and was flushed; the signature "
				"verifies under the certificate");
		else
			find_why(x, FINDING_FAILURE, p->name, e, &why);
	}
	device_key_close(&key);
	buf_clear(&own.der);
}

enum err doctor_try_tpm(const struct config *config, const char *name, struct doctor_report *out,
			struct why *why)
{
	struct examination x;
	struct tpm *tpm;
	struct doctor_report report = {.findings = NULL};
	enum err e = examination_open(config, TRY_LIMIT_S, &report, &x, why);
	if (e != ERR_OK)
		return e;
	x.check = &try_check;
	x.pass.tpm_total_s = TRY_LIMIT_S - 2;
	e = pass_tpm(&x.pass, &tpm, why);
	if (e == ERR_OK && tell_state(&x, tpm)) {
		tell_key_sizes(&x, tpm);
		tell_retired(&x, name);
		for (size_t i = 0; i < x.pass.config->scep_count; i++)
			if (name == NULL || strcmp(name, x.pass.config->sceps[i].name) == 0)
				try_key(&x, &x.pass.config->sceps[i]);
	}
	if (e == ERR_OK && x.err != ERR_OK)
		e = why_set(why, x.err, "doctor.report", "the report does not fit: %s",
			    err_text(x.err));
	examination_close(&x);
	if (e == ERR_OK)
		*out = report; /* handed to the caller */
	else
		report_clear(&report);
	return e;
}
