/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_VIEW_H
#define CLIENT_AGENT_VIEW_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "client/agent/outcome.h"
#include "hal/file.h"
#ifdef __cplusplus
extern "C" {
#endif

/* What is true on this device, derived from disk and TPM; what every listing shows. Plain data. */

enum profile_kind { KIND_TRUST, KIND_SCEP, KIND_WIFI, KIND_WIRED, KIND_VPN };
enum profile_state { STATE_INSTALLED, STATE_TRIAL, STATE_PENDING, STATE_WAITING, STATE_ERROR, STATE_ABSENT };

const char *profile_kind_text(enum profile_kind kind);    /* "trust", "scep", "wifi", "wired", "vpn" */
const char *profile_state_text(enum profile_state state); /* "installed", ... */

struct certificate_view {
	char path[FILE_PATH_MAX], chain_path[FILE_PATH_MAX]; /* through current/ */
	char subject[512], issuer[512];                      /* RFC 4514 */
	char serial[64], sha256[65];                         /* lower-case hex */
	int64_t not_before, not_after, renew_at;             /* unix s */
	int64_t asked_at;                                    /* unix s, when its request went out; 0: not known */
	unsigned generation;
};

struct key_view {
	char type[16];             /* "rsa2048" */
	char storage[16];          /* "tpm" or "software" */
	char path[FILE_PATH_MAX];
	char uri[128];             /* "pkcs11:token=signet;object=NAME;type=private"; "" for software */
};

struct server_view {
	char url[512];
	const char *state;         /* "active", "warning", "error", "unknown" */
	int64_t last_contact;      /* 0: never since boot */
	char last_error[640];      /* "": none */
};

struct profile_view {
	enum profile_kind kind;
	char name[33];
	enum profile_state state;
	enum signet_exit exit;     /* 0 when in place */
	char code[40];             /* why.code of the trouble, "" */
	char detail[640], next_step[320];
	int64_t next_at;           /* unix s; 0: nothing planned */
	bool has_certificate, has_key, has_server;
	struct certificate_view certificate;
	struct key_view key;
	struct server_view server;
};

struct tpm_view {
	const char *state;         /* "ok", "absent", "locked-out", "changed", "failing" */
	char manufacturer[5], firmware[24], detail[640];
	bool has_lockout_counter;  /* the TPM was asked, and answered */
	uint32_t lockout_counter;
};

struct device_view {
	char name[256];            /* {{DeviceName}}; "" when the board cannot tell */
	int64_t time;              /* unix s, as the system says */
	bool is_clock_trusted;
	struct tpm_view tpm;
	struct profile_view *profiles; /* owned, in plan order */
	size_t profile_count;
};

void device_view_clear(struct device_view *view);

/** One difference between the configuration and the device, in the order it would be worked off. */
struct plan_step {
	enum profile_kind kind;
	char name[33];
	char action[96];           /* "enroll", "install", "write settings", "renew", "poll", "wait" */
	char reason[256];          /* why, one clause */
	bool is_waiting;           /* nothing can be done now; for what stands in reason */
};

struct plan {
	struct plan_step *steps;   /* owned */
	size_t count;
};

void plan_clear(struct plan *plan);

/** What `signet test` tries: wifi and wired profiles, or vpn profiles. */
enum test_subject { TEST_WIFI, TEST_VPN };

struct test_result {
	enum profile_kind kind;
	char name[33];
	enum signet_exit exit; /* 0: it works */
	struct why why;        /* of a failure */
};

struct test_view {
	struct test_result *results; /* owned, in the order of the configuration */
	size_t count;
};

void test_view_clear(struct test_view *view);

/** What `signet retire` takes off. */
struct retire_item {
	enum profile_kind kind;
	char name[33];
};

struct retire_view {
	struct retire_item *items; /* owned */
	size_t count;
};

void retire_view_clear(struct retire_view *view);

#ifdef __cplusplus
}
#endif
#endif
