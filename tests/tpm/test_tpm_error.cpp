/* SPDX-License-Identifier: MIT */
#include "tpm/tpm_error.h"
#include "tpm_lab.hpp"

TEST_GROUP(tpm_error)
{
	struct why why;
	void check(uint32_t rc, enum err e, const char *code)
	{
		why = {};
		LONGS_EQUAL(e, tpm_error(rc, "Load", &why));
		STRCMP_EQUAL(code, why.code);
		CHECK_HAS(std::string(why.text), "Load");
		CHECK_TEXT(why.next_step[0] != '\0', code);
		LONGS_EQUAL(e, tpm_error(rc, "Load", nullptr));
	}
};

/* numbers of TPM 2.0 Part 2, 6.6.3, written out */
TEST(tpm_error, CodesLeadToWhatTheCallerDoesNext)
{
	check(0x921, ERR_LOCKED_OUT, "tpm.lockout");
	check(0x902, ERR_UNREACHABLE, "tpm.no_resource_manager");
	check(0x903, ERR_UNREACHABLE, "tpm.no_resource_manager");
	check(0x905, ERR_UNREACHABLE, "tpm.no_resource_manager");
	check(0x922, ERR_UNREACHABLE, "tpm.busy");
	check(0x90a, ERR_UNREACHABLE, "tpm.busy");
	check(0x908, ERR_UNREACHABLE, "tpm.busy");
	check(0x920, ERR_UNREACHABLE, "tpm.busy");
	check(0x923, ERR_UNREACHABLE, "tpm.busy");
	check(0x918, ERR_UNREACHABLE, "tpm.restarted");
	check(0x101, ERR_UNREACHABLE, "tpm.failure");
	check(0x100, ERR_UNREACHABLE, "tpm.not_started");
	check(0x14b, ERR_DENIED, "tpm.full");
	check(0x143, ERR_UNSUPPORTED, "tpm.algorithm");
	check(0x98e, ERR_DENIED, "tpm.refused");
}

TEST(tpm_error, IntegrityIsSeenBehindAnyParameterNumber)
{
	check(0x1df, ERR_CHANGED, "tpm.foreign_key");
	check(0x09f, ERR_CHANGED, "tpm.foreign_key");
	check(0x99f, ERR_CHANGED, "tpm.foreign_key");
}

TEST(tpm_error, ResourceManagersHandOnTheCodesOfTheTpm)
{
	LONGS_EQUAL(0x143, tpm_error_base(0xb0143)); /* Linux: tpm2-space.c */
	LONGS_EQUAL(0x902, tpm_error_base(0xc0902)); /* tpm2-abrmd */
	LONGS_EQUAL(0x09f, tpm_error_base(0xc01df));
	LONGS_EQUAL(0xb0007, tpm_error_base(0xb0007)); /* its own */
	check(0xb0007, ERR_UNREACHABLE, "tpm.io");
}

TEST(tpm_error, TransportErrorsAreTriedAgain)
{
	check(0xa000a, ERR_UNREACHABLE, "tpm.io");
	check(0x7000a, ERR_UNREACHABLE, "tpm.io");
	check(0x7001b, ERR_UNREACHABLE, "tpm.answer_forged");
}
