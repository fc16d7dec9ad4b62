/* SPDX-License-Identifier: MIT */
#include "client/agent/outcome.h"
#include <stddef.h>
#include <string.h>

static int is_area(const struct why *why, const char *area)
{
	size_t len = strlen(area);
	return why != NULL && strncmp(why->code, area, len) == 0 && why->code[len] == '.';
}

static enum signet_exit server_exit(enum err e)
{
	switch (e) {
	case ERR_UNTRUSTED:
		return SIGNET_UNTRUSTED;
	case ERR_DENIED:
		return SIGNET_REFUSED;
	case ERR_AGAIN:
		return SIGNET_PENDING;
	case ERR_UNREACHABLE:
	case ERR_INVALID:
	case ERR_TOO_BIG:
		return SIGNET_UNREACHABLE;
	case ERR_OK:
	case ERR_LOCKED_OUT:
	case ERR_CHANGED:
	case ERR_UNSUPPORTED:
	case ERR_NOT_FOUND:
	case ERR_BUSY:
	case ERR_NO_MEMORY:
	case ERR_IO:
	case ERR_BUG:
		return SIGNET_FAILED;
	}
	return SIGNET_FAILED;
}

enum signet_exit outcome_exit(enum err e, const struct why *why)
{
	if (e == ERR_OK)
		return SIGNET_DONE;
	if (e == ERR_BUSY)
		return SIGNET_BUSY;
	if (is_area(why, "tpm") || e == ERR_LOCKED_OUT || e == ERR_CHANGED)
		return SIGNET_TPM;
	if (is_area(why, "config") || is_area(why, "trust"))
		return SIGNET_CONFIG;
	if (is_area(why, "challenge"))
		return e == ERR_DENIED ? SIGNET_REFUSED : e == ERR_UNREACHABLE ? SIGNET_UNREACHABLE : SIGNET_WAITING;
	if (is_area(why, "expired"))
		return SIGNET_EXPIRED;
	if (is_area(why, "revoked"))
		return SIGNET_REFUSED;
	if (is_area(why, "clock"))
		return SIGNET_CLOCK;
	if (is_area(why, "wifi") || is_area(why, "vpn") || is_area(why, "trial") || is_area(why, "hook"))
		return SIGNET_NOT_IN_USE;
	if (is_area(why, "waiting"))
		return SIGNET_WAITING;
	if (is_area(why, "file") && e == ERR_DENIED)
		return SIGNET_NOT_PERMITTED;
	if (is_area(why, "scep") || is_area(why, "http") || is_area(why, "key") || is_area(why, "chain") ||
	    is_area(why, "worker") || is_area(why, "cms") || is_area(why, "certificate"))
		return server_exit(e);
	return SIGNET_FAILED;
}
