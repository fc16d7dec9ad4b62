// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include "client/agent/schedule.h"

#define DAY 86400LL

TEST_GROUP(schedule){};

// Microsoft's example: a threshold of 20 % renews a certificate of one year 73 days before its end.
TEST(schedule, TwentyPercentOfAYearIsSeventyThreeDaysBeforeTheEnd)
{
	LONGS_EQUAL(365 * DAY - 73 * DAY, schedule_renew_at(0, 365 * DAY, 20, 25, 0));
}

TEST(schedule, TheFleetSpreadsOverTheFirstQuarterOfTheWindow)
{
	int64_t opens = 365 * DAY - 73 * DAY;
	int64_t last = schedule_renew_at(0, 365 * DAY, 20, 25, 0xffffffffu);
	int64_t middle = schedule_renew_at(0, 365 * DAY, 20, 25, 0x80000000u);
	CHECK_TRUE(last > opens + 18 * DAY && last <= opens + 73 * DAY / 4);
	CHECK_TRUE(middle > opens + 9 * DAY && middle < opens + 10 * DAY);
	LONGS_EQUAL(opens, schedule_renew_at(0, 365 * DAY, 20, 0, 0xffffffffu));
}

TEST(schedule, ACertificateWithoutALifetimeIsDueAtItsEnd)
{
	LONGS_EQUAL(100, schedule_renew_at(100, 100, 20, 25, 0x80000000u));
	LONGS_EQUAL(50, schedule_renew_at(100, 50, 20, 25, 0x80000000u));
}

TEST(schedule, AThousandYearsDoNotOverflow)
{
	int64_t life = 365000 * DAY;
	int64_t at = schedule_renew_at(0, life, 99, 100, 0xffffffffu);
	CHECK_TRUE(at > 0 && at <= life);
}
