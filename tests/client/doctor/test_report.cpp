// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include <cstring>
#include "client/doctor/checks.h"
#include "client/doctor/report.h"

TEST_GROUP(report)
{
	struct doctor_report report = {};

	void teardown() override { report_clear(&report); }
	void add(enum finding_level level, enum signet_exit exit = SIGNET_DONE)
	{
		LONGS_EQUAL(ERR_OK, report_add(&report, "x", "dev", level, exit, "text", ""));
	}
};

TEST(report, ExitCodesOfTheInterface)
{
	LONGS_EQUAL(0, report_exit(&report));
	add(FINDING_OK);
	LONGS_EQUAL(0, report_exit(&report));
	add(FINDING_UNSEEN);
	LONGS_EQUAL(7, report_exit(&report));
	add(FINDING_WARNING);
	LONGS_EQUAL(7, report_exit(&report));
	LONGS_EQUAL(0, report_try_exit(&report));
	add(FINDING_FAILURE, SIGNET_TPM);
	add(FINDING_FAILURE, SIGNET_UNREACHABLE);
	LONGS_EQUAL(8, report_exit(&report));
	LONGS_EQUAL(14, report_try_exit(&report));
}

TEST(report, BytesFromOutsideAreHarmless)
{
	LONGS_EQUAL(ERR_OK, report_add(&report, "x", "", FINDING_FAILURE, SIGNET_FAILED, "a\033[2Jb\nc", "d\x9b" "e"));
	STRCMP_EQUAL("a?[2Jb?c", report.findings[0].text);
	STRCMP_EQUAL("d?e", report.findings[0].next_step);
}

TEST(report, HasALimit)
{
	for (int i = 0; i < FINDINGS_MAX; i++)
		add(FINDING_OK);
	LONGS_EQUAL(ERR_TOO_BIG, report_add(&report, "x", "", FINDING_OK, SIGNET_DONE, "", ""));
	LONGS_EQUAL(FINDINGS_MAX, report_count(&report, FINDING_OK));
}

TEST(report, EachCheckHasANameOfItsOwn)
{
	for (size_t i = 0; i < check_count; i++) {
		CHECK(checks[i].severity == FINDING_WARNING || checks[i].severity == FINDING_FAILURE);
		CHECK(checks[i].run != nullptr && checks[i].what[0] != '\0');
		for (size_t j = 0; j < i; j++)
			CHECK(std::strcmp(checks[i].id, checks[j].id) != 0);
	}
}
