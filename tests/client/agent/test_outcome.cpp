// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include "client/agent/outcome.h"

// The table of the interface, section 1: what went wrong -> the code that scripts rely on.
TEST_GROUP(outcome){};

TEST(outcome, EveryAreaHasItsExitCode)
{
	static const struct {
		enum err e;
		const char *code;
		int exit;
	} cases[] = {
		{ ERR_OK, "", 0 },
		{ ERR_INVALID, "config.key", 3 },
		{ ERR_UNTRUSTED, "trust.sha256", 3 },
		{ ERR_DENIED, "file.write", 4 },
		{ ERR_BUSY, "file.lock", 6 },
		{ ERR_NOT_FOUND, "challenge.missing", 10 },
		{ ERR_NOT_FOUND, "waiting.trust", 10 },
		{ ERR_UNREACHABLE, "http.connect", 11 },
		{ ERR_INVALID, "scep.parse", 11 },
		{ ERR_AGAIN, "scep.pending", 12 },
		{ ERR_DENIED, "scep.refused", 13 },
		{ ERR_DENIED, "challenge.cache_full", 13 },
		{ ERR_DENIED, "revoked.stop", 13 },
		{ ERR_UNREACHABLE, "tpm.absent", 14 },
		{ ERR_LOCKED_OUT, "tpm.lockout", 14 },
		{ ERR_CHANGED, "tpm.foreign_key", 14 },
		{ ERR_DENIED, "expired.wait", 15 },
		{ ERR_DENIED, "wifi.write", 17 },
		{ ERR_NOT_FOUND, "vpn.write", 17 },
		{ ERR_UNTRUSTED, "scep.signer", 18 },
		{ ERR_UNTRUSTED, "http.tls", 18 },
		{ ERR_UNTRUSTED, "http.tls_date", 18 },
		{ ERR_UNTRUSTED, "clock.untrusted", 16 },
		{ ERR_UNTRUSTED, "key.proof", 18 },
		{ ERR_NO_MEMORY, "scep.memory", 1 },
		{ ERR_BUG, "", 1 },
	};
	for (const auto &c : cases) {
		struct why why = {};
		why_set(&why, c.e, c.code, "x");
		LONGS_EQUAL_TEXT(c.exit, outcome_exit(c.e, &why), c.code);
	}
}
