/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_OUTCOME_H
#define CLIENT_AGENT_OUTCOME_H
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

/** Exit codes of the interface, section 1. Numbers are promised to scripts. */
enum signet_exit {
	SIGNET_DONE = 0,
	SIGNET_FAILED = 1,
	SIGNET_USAGE = 2,
	SIGNET_CONFIG = 3,
	SIGNET_NOT_PERMITTED = 4,
	SIGNET_BUSY = 6,
	SIGNET_DOCTOR_WARNINGS = 7,
	SIGNET_DOCTOR_FAILURES = 8,
	SIGNET_WAITING = 10,
	SIGNET_UNREACHABLE = 11,
	SIGNET_PENDING = 12,
	SIGNET_REFUSED = 13,
	SIGNET_TPM = 14,
	SIGNET_EXPIRED = 15,
	SIGNET_CLOCK = 16,
	SIGNET_NOT_IN_USE = 17,
	SIGNET_UNTRUSTED = 18
};

/** The exit code that an error of a step means: by `e` and the area in front of the dot of why->code. */
enum signet_exit outcome_exit(enum err e, const struct why *why);

#ifdef __cplusplus
}
#endif
#endif
