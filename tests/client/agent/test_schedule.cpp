// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <vector>
#include "client/agent/schedule.h"

#define DAY 86400LL
#define ALL_ONES 0xffffffffu

TEST_GROUP(schedule)
{
	std::mt19937 engine{ 4 }; // the C++ standard fixes its numbers
	uint32_t random() { return uint32_t(engine()); }
	static uint32_t identity(const std::string &name)
	{
		return schedule_identity(bytes{ reinterpret_cast<const uint8_t *>(name.data()), name.size() });
	}
	static std::vector<size_t> order(uint32_t id, size_t count)
	{
		std::vector<size_t> out(count);
		schedule_url_order(id, count, out.data());
		return out;
	}
};

// printf abc | sha256sum: ba7816bf...
TEST(schedule, TheIdentityIsTheBeginningOfASha256)
{
	UNSIGNED_LONGS_EQUAL(0xba7816bfu, identity("abc"));
	UNSIGNED_LONGS_EQUAL(0xe3b0c442u, identity("")); // of nothing
}

// ---- renewal ----

// Microsoft's example: a threshold of 20 % renews a certificate of one year 73 days before its end.
TEST(schedule, TwentyPercentOfAYearIsSeventyThreeDaysBeforeTheEnd)
{
	LONGLONGS_EQUAL(365 * DAY - 73 * DAY, schedule_renew_at(0, 365 * DAY, 20, 25, 0));
}

TEST(schedule, TheFleetSpreadsOverTheFirstQuarterOfTheWindow)
{
	int64_t opens = 365 * DAY - 73 * DAY;
	int64_t last = schedule_renew_at(0, 365 * DAY, 20, 25, ALL_ONES);
	int64_t middle = schedule_renew_at(0, 365 * DAY, 20, 25, 0x80000000u);
	LONGLONGS_EQUAL(opens + 73 * DAY / 4 - 1, last);
	LONGLONGS_EQUAL(opens + 73 * DAY / 8, middle);
	LONGLONGS_EQUAL(opens, schedule_renew_at(0, 365 * DAY, 20, 0, ALL_ONES));
}

TEST(schedule, ThresholdAndSpreadAtTheirEnds)
{
	LONGLONGS_EQUAL(100 * DAY, schedule_renew_at(0, 100 * DAY, 0, 100, ALL_ONES));
	LONGLONGS_EQUAL(0, schedule_renew_at(0, 100 * DAY, 100, 0, ALL_ONES));
	LONGLONGS_EQUAL(100 * DAY - 1, schedule_renew_at(0, 100 * DAY, 100, 100, ALL_ONES));
	LONGLONGS_EQUAL(50 * DAY, schedule_renew_at(0, 100 * DAY, 100, 100, 0x80000000u));
}

TEST(schedule, ACertificateWithoutALifetimeIsDueAtItsEnd)
{
	LONGS_EQUAL(100, schedule_renew_at(100, 100, 20, 25, 0x80000000u));
	LONGS_EQUAL(50, schedule_renew_at(100, 50, 20, 25, 0x80000000u));
}

TEST(schedule, TheLongestLifeDoesNotOverflow)
{
	LONGLONGS_EQUAL(0, schedule_renew_at(0, INT64_MAX, 100, 0, ALL_ONES));
	int64_t last = schedule_renew_at(0, INT64_MAX, 100, 100, ALL_ONES);
	CHECK_TRUE(last > INT64_MAX - (1LL << 31) - 2 && last < INT64_MAX); // 1 - 2^-32 of it
}

TEST(schedule, ALaterIdentityNeverRenewsEarlierAndNeverOutsideTheSpread)
{
	for (int i = 0; i < 20000; i++) {
		int64_t begin = random() % (50 * 365 * DAY), life = 1 + random() % (20 * 365 * DAY);
		unsigned threshold = random() % 101, spread = random() % 101;
		uint32_t a = random(), b = random();
		int64_t first = schedule_renew_at(begin, begin + life, threshold, spread, std::min(a, b));
		int64_t second = schedule_renew_at(begin, begin + life, threshold, spread, std::max(a, b));
		double window = double(life) * threshold / 100;
		CHECK_TRUE(first <= second);
		CHECK_TRUE(first >= begin && second <= begin + life);
		CHECK_TRUE(double(begin + life - first) <= window + 1);
		CHECK_TRUE(double(begin + life - second) >= window - window * spread / 100 - 1);
	}
}

// ---- retries ----

// 60 s doubling up to an hour, as the sample configuration has it: the bounds written down by hand.
TEST(schedule, ThePauseDoublesUpToItsEndAndIsPickedFromItsUpperHalf)
{
	const int64_t upper_s[] = { 60, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600 };
	for (unsigned failures = 0; failures < 10; failures++) {
		LONGLONGS_EQUAL(upper_s[failures] * 500, schedule_retry_ms(failures, 60, 3600, 0, 0));
		LONGLONGS_EQUAL(upper_s[failures] * 750, schedule_retry_ms(failures, 60, 3600, 0, 0x80000000u));
		LONGLONGS_EQUAL(upper_s[failures] * 1000 - 1, schedule_retry_ms(failures, 60, 3600, 0, ALL_ONES));
	}
	LONGLONGS_EQUAL(1800 * 1000, schedule_retry_ms(UINT32_MAX, 60, 3600, 0, 0));
}

TEST(schedule, PausesOfAFleetAreEvenlySpread)
{
	int count[30] = {}; // one for each second of 30 to 60; 1000 each, standard deviation 31
	for (int i = 0; i < 30000; i++) {
		int64_t pause = schedule_retry_ms(1, 60, 3600, 0, random());
		CHECK_TRUE(pause >= 30000 && pause < 60000);
		count[(pause - 30000) / 1000]++;
	}
	for (int each : count)
		CHECK_TRUE(each > 1000 - 5 * 31 && each < 1000 + 5 * 31);
}

TEST(schedule, ARetryAfterIsNeverUndercutAndJitteredUpwards)
{
	LONGLONGS_EQUAL(600 * 1000, schedule_retry_ms(1, 60, 3600, 600, 0));
	LONGLONGS_EQUAL(900 * 1000, schedule_retry_ms(1, 60, 3600, 600, 0x80000000u));
	LONGLONGS_EQUAL(1200 * 1000 - 1, schedule_retry_ms(1, 60, 3600, 600, ALL_ONES));
	LONGLONGS_EQUAL(1800 * 1000, schedule_retry_ms(9, 60, 3600, 600, 0)); // the back-off is longer
	LONGLONGS_EQUAL(7200 * 1000, schedule_retry_ms(9, 60, 3600, 7200, 0)); // and so may the server be
	LONGLONGS_EQUAL(30 * 1000, schedule_retry_ms(1, 60, 3600, -5, 0));
	LONGLONGS_EQUAL(30 * 1000, schedule_retry_ms(1, 60, 3600, INT64_MIN, 0));
	LONGLONGS_EQUAL(2 * 1000, schedule_retry_ms(1, 3, 3600, 2, 0)); // against 1500 ms
}

TEST(schedule, ARetryAfterOfYearsIsBelievedForADay)
{
	for (int64_t after : { DAY, DAY + 1, 2147483647LL, (long long)INT64_MAX }) {
		LONGLONGS_EQUAL(DAY * 1000, schedule_retry_ms(1, 60, 3600, after, 0));
		LONGLONGS_EQUAL(2 * DAY * 1000 - 1, schedule_retry_ms(1, 60, 3600, after, ALL_ONES));
	}
	LONGLONGS_EQUAL((DAY - 1) * 1000, schedule_retry_ms(1, 60, 3600, DAY - 1, 0));
}

TEST(schedule, APauseIsNeverZero)
{
	for (unsigned failures : { 0u, 1u, 100u, ALL_ONES })
		for (unsigned max : { 0u, 1u, 2u })
			LONGLONGS_EQUAL(1000, schedule_retry_ms(failures, 0, max, 0, 0));
	LONGLONGS_EQUAL(2000 * 1000, schedule_retry_ms(ALL_ONES, 0, 4000, 0, 0)); // and 0 doubles too
	LONGLONGS_EQUAL(5 * 1000, schedule_retry_ms(1, 60, 10, 0, 0));        // the end counts, not the beginning
}

TEST(schedule, TheLongestPausesDoNotOverflow)
{
	int64_t longest = 4294967295LL * 1000;
	for (unsigned failures : { 1u, 2u, ALL_ONES }) {
		LONGLONGS_EQUAL(longest / 2, schedule_retry_ms(failures, ALL_ONES, ALL_ONES, INT64_MAX, 0));
		int64_t last = schedule_retry_ms(failures, ALL_ONES, ALL_ONES, INT64_MAX, ALL_ONES);
		CHECK_TRUE(last <= longest && last >= longest - 1000);
	}
	LONGLONGS_EQUAL(longest / 2, schedule_retry_ms(ALL_ONES, 1, ALL_ONES, 0, 0));
}

TEST(schedule, MoreFailuresOrALongerRetryAfterNeverShortenThePause)
{
	for (int i = 0; i < 20000; i++) {
		unsigned failures = random() % 40, delay = random() % 4000, max = delay + random() % 700000;
		int64_t after = random() % (2 * DAY);
		uint32_t r = random();
		int64_t pause = schedule_retry_ms(failures, delay, max, after, r);
		CHECK_TRUE(pause >= 1000 && pause >= std::min<int64_t>(after, DAY) * 1000);
		CHECK_TRUE(pause <= 1000 * std::max<int64_t>({ max, 2 * DAY, 2 }));
		CHECK_TRUE(pause <= schedule_retry_ms(failures + 1, delay, max, after, r));
		CHECK_TRUE(pause <= schedule_retry_ms(failures, delay, max, after + 1000, r));
		if (r < ALL_ONES)
			CHECK_TRUE(pause <= schedule_retry_ms(failures, delay, max, after, r + 1));
	}
}

// ---- a device that boots in a loop ----

TEST(schedule, TwoPowerCutsHealAtOnce)
{
	for (unsigned boots : { 0u, 1u, 2u })
		LONGLONGS_EQUAL(0, schedule_first_ms(boots, 60, 3600, ALL_ONES));
}

TEST(schedule, FromTheThirdBootOnThePauseGrowsAsWithFailures)
{
	const int64_t upper_s[] = { 60, 120, 240, 480, 960, 1920, 3600, 3600 };
	for (unsigned i = 0; i < 8; i++) {
		LONGLONGS_EQUAL(upper_s[i] * 500, schedule_first_ms(3 + i, 60, 3600, 0));
		LONGLONGS_EQUAL(upper_s[i] * 1000 - 1, schedule_first_ms(3 + i, 60, 3600, ALL_ONES));
	}
	LONGLONGS_EQUAL(1800 * 1000, schedule_first_ms(ALL_ONES, 60, 3600, 0));
	LONGLONGS_EQUAL(1000, schedule_first_ms(3, 0, 0, 0));
}

// ---- urls ----

TEST(schedule, TheOrderOfUrlsIsAPermutationForEveryCount)
{
	for (size_t count = 0; count <= 40; count++) {
		std::vector<size_t> all(count);
		std::iota(all.begin(), all.end(), size_t{ 0 });
		for (uint32_t id : { 0u, 1u, 0x80000000u, ALL_ONES, random() }) {
			auto got = order(id, count);
			CHECK_TRUE(got == order(id, count));
			std::sort(got.begin(), got.end());
			CHECK_TRUE(got == all);
		}
	}
	size_t untouched = 7;
	schedule_url_order(ALL_ONES, 0, &untouched);
	LONGS_EQUAL(7, untouched);
}

// 24000 devices, 4 urls: 1000 for each of the 24 orders with a standard deviation of 31.
TEST(schedule, EveryOrderOfUrlsIsEquallyOften)
{
	std::map<std::vector<size_t>, int> count;
	for (int i = 0; i < 24000; i++)
		count[order(identity("CN=gateway-" + std::to_string(i)), 4)]++;
	LONGS_EQUAL(24, count.size());
	for (const auto &each : count)
		CHECK_TRUE(each.second > 1000 - 5 * 31 && each.second < 1000 + 5 * 31);
}

// The last of 32 urls is as often first as the first one: 3200 devices, 100 each with a standard deviation of 9.8.
TEST(schedule, ManyUrlsShareTheFirstPlace)
{
	int count[32] = {};
	for (int i = 0; i < 3200; i++)
		count[order(identity("CN=gateway-" + std::to_string(i)), 32)[0]]++;
	for (int each : count)
		CHECK_TRUE(each > 100 - 49 && each < 100 + 49);
}

// A slice of the window is a slice of the identities: its renewals must not all go to one server.
TEST(schedule, EachDayOfRenewalsIsSharedByAllUrls)
{
	for (size_t urls : { 2u, 3u, 4u, 8u }) {
		std::map<int64_t, std::map<size_t, int>> days;
		for (int i = 0; i < 40000; i++) {
			uint32_t id = identity("CN=gateway-" + std::to_string(i));
			days[schedule_renew_at(0, 365 * DAY, 20, 25, id) / DAY][order(id, urls)[0]]++;
		}
		LONGS_EQUAL(19, days.size());
		days.erase(std::prev(days.end())); // a quarter of a day
		for (auto &day : days)
			for (size_t url = 0; url < urls; url++) {
				double mean = 40000 / 18.25 / double(urls);
				CHECK_TRUE(day.second[url] > mean * 0.7 && day.second[url] < mean * 1.3);
			}
	}
}
