/* SPDX-License-Identifier: MIT */
#include "client/doctor/checks.h"

#define STATE true /* needs_state */

const struct check checks[] = {
	{ "config", "is the configuration good", FINDING_FAILURE, false, check_config },
	{ "clock.trust", "is the time believed", FINDING_WARNING, false, check_clock },
	{ "state.persistent", "does the state folder survive a reboot", FINDING_FAILURE, false, check_state_persistent },
	{ "state.writable", "can it be written, and is there room", FINDING_FAILURE, false, check_state_writable },
	{ "state.links", "can it hold symbolic links", FINDING_FAILURE, false, check_state_links },
	{ "tpm.device", "is there a TPM, and may it be used", FINDING_FAILURE, false, check_tpm_device },
	{ "tpm.state", "does the TPM answer, and is it not locked", FINDING_FAILURE, false, check_tpm_state },
	{ "tpm.pin", "is its storage key the pinned one", FINDING_FAILURE, STATE, check_tpm_pin },
	{ "tpm.key", "are the keys as they must be, and the certificates theirs", FINDING_FAILURE, STATE, check_tpm_key },
	{ "trust", "are the trust anchors good, and installed", FINDING_FAILURE, false, check_trust },
	{ "challenge", "is a challenge there where one is needed", FINDING_WARNING, STATE, check_challenge },
	{ "certificate.issued", "is what was issued installed, and in use", FINDING_FAILURE, STATE, check_certificate_issued },
	{ "certificate.chain", "does the certificate lead to the trust profiles", FINDING_FAILURE, STATE, check_certificate_chain },
	{ "certificate.use", "is it fit for Wi-Fi and VPN", FINDING_FAILURE, STATE, check_certificate_use },
	{ "certificate.names", "has it the names that are asked for", FINDING_WARNING, STATE, check_certificate_names },
	{ "certificate.renewal", "is it renewed in time", FINDING_FAILURE, STATE, check_certificate_renewal },
	{ "certificate.revoked", "was it revoked", FINDING_FAILURE, STATE, check_certificate_revoked },
	{ "consumer.owner", "does nobody else drive the interface", FINDING_FAILURE, false, check_consumer_owner },
	{ "consumer.settings", "are the settings as signet wrote them", FINDING_WARNING, STATE, check_consumer_settings },
	{ "consumer.present", "is the daemon there that uses them", FINDING_WARNING, false, check_consumer_present },
	{ "consumer.key", "can the daemon find the key", FINDING_FAILURE, STATE, check_consumer_key },
	{ "consumer.result", "did it authenticate", FINDING_FAILURE, STATE, check_consumer_result },
	/* what asks servers comes last: it takes the time that is left */
	{ "server.reach", "does each SCEP server answer, and what can it do", FINDING_FAILURE, false, check_server_reach },
	{ "server.ra", "whom of the server does the rule believe, and until when", FINDING_FAILURE, false, check_server_ra },
	{ "server.legacy", "does the server need allow_legacy", FINDING_WARNING, false, check_server_legacy },
	{ "clock.server", "do device and server agree on the time", FINDING_WARNING, false, check_clock_server },
	{ "revocation", "can it be learned whether the certificate is revoked", FINDING_WARNING, STATE, check_revocation },
};
const size_t check_count = sizeof checks / sizeof checks[0];
