/* SPDX-License-Identifier: MIT */
#include "hal/err.h"

const char *err_text(enum err e)
{
	switch (e) { /* no default: -Wswitch names a forgotten code */
	case ERR_OK:
		return "ok";
	case ERR_AGAIN:
		return "not ready yet";
	case ERR_UNREACHABLE:
		return "unreachable";
	case ERR_DENIED:
		return "denied";
	case ERR_LOCKED_OUT:
		return "locked out";
	case ERR_CHANGED:
		return "changed";
	case ERR_UNTRUSTED:
		return "untrusted";
	case ERR_INVALID:
		return "invalid";
	case ERR_UNSUPPORTED:
		return "unsupported";
	case ERR_NOT_FOUND:
		return "not found";
	case ERR_BUSY:
		return "busy";
	case ERR_TOO_BIG:
		return "too big";
	case ERR_NO_MEMORY:
		return "out of memory";
	case ERR_IO:
		return "input/output error";
	case ERR_BUG:
		return "internal error";
	}
	return "unknown";
}
