/* SPDX-License-Identifier: MIT */
#include "client/agent/schedule.h"
#include "client/pki/hash.h"

#define RETRY_AFTER_MAX_S (24 * 3600) /* a server that says more is misconfigured, or means to keep devices from renewing */
#define RETRY_MIN_S 1                 /* never a busy loop, whatever was configured */
#define BOOTS_AT_ONCE 2               /* boots without an answer that an ordinary power cut and its return explain */

uint32_t schedule_identity(struct bytes name)
{
	uint8_t digest[HASH_MAX];
	if (hash_digest(KEY_SHA256, name, digest) != ERR_OK)
		return 0;
	return (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 | digest[3];
}

/* part / 2^32 of whole >= 0; in two halves, because the product needs 96 bits */
static int64_t share(int64_t whole, uint32_t part)
{
	return (whole >> 32) * part + (int64_t)((uint64_t)(whole & UINT32_MAX) * part >> 32);
}

int64_t schedule_renew_at(int64_t not_before, int64_t not_after, unsigned threshold_percent, unsigned spread_percent,
                          uint32_t identity)
{
	int64_t life = not_after > not_before ? not_after - not_before : 0;
	int64_t window = life / 100 * threshold_percent + life % 100 * threshold_percent / 100;
	int64_t spread = window / 100 * spread_percent + window % 100 * spread_percent / 100;
	return not_after - window + share(spread, identity);
}

int64_t schedule_retry_ms(unsigned failures, unsigned delay_s, unsigned max_s, int64_t retry_after_s, uint32_t random)
{
	int64_t pause_s = delay_s > RETRY_MIN_S ? delay_s : RETRY_MIN_S;
	for (; failures > 1 && pause_s < max_s; failures--)
		pause_s *= 2;
	if (pause_s > max_s)
		pause_s = max_s;
	int64_t least_ms = pause_s * 1000 / 2;
	if (retry_after_s > RETRY_AFTER_MAX_S)
		retry_after_s = RETRY_AFTER_MAX_S;
	if (retry_after_s > least_ms / 1000)
		least_ms = retry_after_s * 1000;
	if (least_ms < RETRY_MIN_S * 1000)
		least_ms = RETRY_MIN_S * 1000;
	return least_ms + share(least_ms, random);
}

int64_t schedule_first_ms(unsigned boots, unsigned delay_s, unsigned max_s, uint32_t random)
{
	return boots <= BOOTS_AT_ONCE ? 0 : schedule_retry_ms(boots - BOOTS_AT_ONCE, delay_s, max_s, 0, random);
}

void schedule_url_order(uint32_t identity, size_t count, size_t out[])
{
	/* Its low digits, in a base that shrinks by one with each url taken; the renewal goes by the high ones. */
	for (size_t i = 0; i < count; i++)
		out[i] = i;
	for (size_t i = 0; i < count; i++) {
		size_t left = count - i;
		size_t picked = i + identity % left;
		size_t url = out[picked];
		out[picked] = out[i];
		out[i] = url;
		identity = (uint32_t)(identity / left);
	}
}
