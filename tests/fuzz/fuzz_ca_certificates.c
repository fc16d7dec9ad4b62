/* SPDX-License-Identifier: MIT */
/* The body of GetCACert, and who of it is believed: with the signatures as they are nobody but the corpus' own CA and
 * registration authority may be; then with every signature good, which shows the checks behind. */
#include "client/pki/cms.h"
#include "client/scep/ra.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_signatures.h"

#define NOW 1800000000 /* within the validity of the corpus */

static struct certificate_set anchors;
static struct certificate issuing, agent;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_set_sink(fuzz_ignore_log);
	fuzz_load_into(TEST_DATA "/fuzz/certificate/root.der", &anchors);
	fuzz_load_into(TEST_DATA "/fuzz/certificate/issuing.der", &anchors);
	fuzz_load_certificate(TEST_DATA "/fuzz/certificate/issuing.der", &issuing);
	fuzz_load_certificate(TEST_DATA "/fuzz/certificate/ra.der", &agent);
	return 0;
}

static bool is_own(struct bytes der)
{
	return bytes_equal(der, issuing.der) || bytes_equal(der, agent.der);
}

static void choose(const struct certificate_set *offered, bool has_rollover)
{
	const struct scep_server server = { .anchors = &anchors,
		                            .ca_sha256 = "",
		                            .has_rollover = has_rollover,
		                            .now = NOW,
		                            .is_clock_trusted = true,
		                            .time_floor = NOW };
	struct ra_choice choice = { .accepted.count = 0 };
	struct why why = { .code = "" };
	enum err e = ra_choose(&server, offered, &choice, &why);
	fuzz_expect_why(e, &why);
	fuzz_expect(e == ERR_OK ? choice.recipient.len > 0 && choice.issuing.len > 0 : choice.accepted.count == 0);
	for (size_t i = 0; !fuzz_every_signature_good && i < choice.accepted.count; i++)
		fuzz_expect(is_own(buf_bytes(&choice.accepted.der[i])));
	fuzz_expect(fuzz_every_signature_good || e != ERR_OK || is_own(buf_bytes(&choice.recipient)));
	ra_choice_clear(&choice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes body = { data, size };
	struct certificate_set offered = { .count = 0 };
	struct certificate single;
	struct why why = { .code = "" };
	if (certificate_parse(body, &single, NULL) == ERR_OK) {
		fuzz_expect(certificate_set_add(&offered, body) == ERR_OK);
	} else {
		enum err e = cms_certificates(body, &offered, &why);
		fuzz_expect_why(e, &why);
		fuzz_expect((e == ERR_OK) == (offered.count > 0));
	}
	if (offered.count > 0) {
		fuzz_every_signature_good = false;
		choose(&offered, true);
		fuzz_every_signature_good = true;
		choose(&offered, false);
		choose(&offered, true);
	}
	certificate_set_clear(&offered);
	return 0;
}
