/* SPDX-License-Identifier: MIT */
#include "client/agent/schedule.h"

int64_t schedule_renew_at(int64_t not_before, int64_t not_after, unsigned threshold_percent, unsigned spread_percent,
                          uint32_t identity)
{
	int64_t life = not_after > not_before ? not_after - not_before : 0;
	int64_t window = life / 100 * threshold_percent + life % 100 * threshold_percent / 100;
	int64_t spread = window / 100 * spread_percent + window % 100 * spread_percent / 100;
	/* identity / 2^32 of the spread; 16 bits are enough and cannot overflow in 290,000 years */
	return not_after - window + spread / 65536 * (identity >> 16) + spread % 65536 * (identity >> 16) / 65536;
}
