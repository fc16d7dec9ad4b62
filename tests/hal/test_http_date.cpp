/* SPDX-License-Identifier: MIT */
#include <CppUTest/TestHarness.h>
#include "hal/http_date.h"

/* Seconds by: date -u -d '...' +%s */
TEST_GROUP(http_date) {};

TEST(http_date, ThreeFormsOfOneMoment) /* the examples of RFC 9110 section 5.6.7 */
{
	LONGLONGS_EQUAL(784111777, http_date("Sun, 06 Nov 1994 08:49:37 GMT"));
	LONGLONGS_EQUAL(784111777, http_date("Sunday, 06-Nov-94 08:49:37 GMT"));
	LONGLONGS_EQUAL(784111777, http_date("Sun Nov  6 08:49:37 1994"));
}

TEST(http_date, BeyondThirtyTwoBits)
{
	LONGLONGS_EQUAL(2147483647, http_date("Tue, 19 Jan 2038 03:14:07 GMT"));
	LONGLONGS_EQUAL(2147483648, http_date("Tue, 19 Jan 2038 03:14:08 GMT"));
	LONGLONGS_EQUAL(4294967296, http_date("Sun, 07 Feb 2106 06:28:16 GMT"));
	LONGLONGS_EQUAL(253402300799, http_date("Fri, 31 Dec 9999 23:59:59 GMT"));
}

TEST(http_date, WhatIsNoDateIsNone)
{
	for (const char *text : { "", "soon", "0", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GMT+1",
				  "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 36 Nov 1994 08:49:37 GMT", "Wed, 31 Dec 1969 23:59:59 GMT",
				  "Thu, 01 Jan 1970 00:00:00 GMT", "784111777", "Sun, 06 Nov 99999999999999999999 08:49:37 GMT" })
		LONGLONGS_EQUAL(0, http_date(text));
}
