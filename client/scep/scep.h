/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_SCEP_SCEP_H
#define CLIENT_SCEP_SCEP_H
#include "client/pki/cms.h"
#include "client/pki/csr.h"
#include "hal/http.h"
#ifdef __cplusplus
extern "C" {
#endif

#define SCEP_URL_MAX 512           /* bytes with NUL: a configuration line is shorter */
#define SCEP_NEXT_CA_MAX (CERTIFICATE_SET_MAX / 2) /* certificates of one announcement: a new chain has 1 to 3 */
#define SCEP_MESSAGE_MAX (96 * 1024) /* bytes: a CSR of 32 KiB in two CMS layers */

/** One profile's server, resolved. All borrowed. */
struct scep_server {
	const char *const *urls; /* in the order to try */
	size_t url_count;
	const char *ca_identifier, *proxy; /* "" for none */
	struct bytes tls_ca;               /* as in struct http_request */
	int64_t timeout_ms;                /* whole dialogue, all URLs */
	const struct certificate_set *anchors; /* the pin: the profile's trust chain, then what GetNextCACert announced */
	size_t announced_count;            /* the last of anchors; 0 without has_rollover */
	const char *ca_sha256;             /* 64 hex digits or "" */
	bool has_rollover;                 /* a new issuing CA may take over, see ra.h */
	const char *const *ra_sha256;
	size_t ra_sha256_count;
	struct cms_floor floor;
	bool is_cipher_auto;
	enum cms_cipher cipher;
	enum key_hash digest;
	int64_t now;                       /* unix s, not below the floor of hal/clock.h */
	bool is_clock_trusted;
	int64_t time_floor;                /* unix s: a clock that is not trusted proves nothing above it */
};

/** One request that went out, or is about to: what must survive a power cut. Released by scep_sent_clear(). */
struct scep_sent {
	enum scep_message_type type;
	char transaction_id[SCEP_TRANSACTION_ID_MAX];
	uint8_t nonce[SCEP_NONCE_LEN];
	char url[SCEP_URL_MAX];
	struct buf message; /* the pkiMessage as sent */
	struct buf signer;  /* certificate that signed it: the answer is encrypted to it */
	struct buf record;  /* request_record.h */
	struct buf challenge_mark; /* keyed hash of the challenge in it; empty when none */
};

enum scep_intent {
	SCEP_ENROLL, /* self-signed signer, message type 19 */
	SCEP_RENEW,  /* signed by the old certificate */
	SCEP_RESEND, /* no answer was seen: the same bytes again, then one poll */
	SCEP_POLL    /* the CA said pending */
};
enum scep_renewal_form { SCEP_FORM_AUTO, SCEP_FORM_17, SCEP_FORM_19 };

struct scep_job { /* all borrowed */
	enum scep_intent intent;
	enum scep_renewal_form form;
	struct scep_server server;
	struct csr_content content;      /* challenge inside is from a file or command; NULL with a page or for none */
	const char *challenge_url;       /* page to ask, NULL for none */
	const char *challenge_user;      /* Basic, NULL for none */
	const struct buf *challenge_password;
	struct bytes challenge_salt;     /* key of challenge_mark */
	struct bytes old_certificate;    /* SCEP_RENEW */
	const struct scep_sent *sent;    /* SCEP_RESEND, SCEP_POLL */
};

/** What a server's HTTP headers say, true or not: nothing of it is authenticated. */
enum scep_hint {
	SCEP_HINT_DATE = 1,   /* its time, unix s, up to the year 9999 */
	SCEP_HINT_RETRY_AFTER /* seconds to stay away, > 0, < 2^31 */
};

#define SCEP_WIRE_MAX (64 * 1024) /* bytes of each part of struct scep_wire; the rest is cut off */

/** One exchange as it went over the wire, for who has to find out what a server did. All borrowed. */
struct scep_wire {
	struct bytes url;
	struct bytes request; /* body of a POST */
	long status;          /* 0: there was no reply */
	struct bytes content_type, reply;
	struct bytes trouble; /* why there was no reply, a sentence */
};

/** What the dialogue needs of the world. The worker puts pipes behind it, tests put fakes. */
struct scep_ports {
	http_exchange_fn http;
	const struct device_key *request_key; /* the key to be certified; signs the CSR */
	const struct device_key *signer_key;  /* signs messages, opens replies; may be the same */
	/** Store before it goes out. A page about to be asked for a challenge: sent is NULL. */
	enum err (*store)(void *ctx, const struct scep_sent *sent, struct why *why);
	void (*progress)(void *ctx, const char *step, const char *result); /* NULL allowed */
	/** Once for each header of each reply, also when the dialogue fails then. NULL allowed. */
	void (*hint)(void *ctx, enum scep_hint hint, int64_t value);
	/** After each exchange but that with a challenge page: its reply is a secret. NULL allowed. */
	void (*wire)(void *ctx, const struct scep_wire *wire);
	void *ctx;
};

/** The server's answer, signature checked; the certificates in it are judged by issued.h. */
struct scep_answer {
	enum scep_status status;
	struct certificate_set certificates; /* SUCCESS: of the reply, then of GetCACert */
	struct certificate_set next_ca;      /* what the issuing CA announced under its signature; at most SCEP_NEXT_CA_MAX */
	char url[SCEP_URL_MAX];
};

/**
 * One dialogue: capabilities, CA certificates, request (or the stored one again, or a poll), answer. Before a
 * request, also a stored one, with has_rollover and where the server offers it, GetNextCACert: its failure is a warning
 * in the log. Not before a poll: what was announced came with the pending answer.
 *
 * ERR_OK: *out holds SUCCESS or PENDING. Else *out is untouched and *why says which exchange failed:
 * ERR_UNREACHABLE  server or network (http.…, scep.http_status); after the request went out it may be
 *                  resent. ERR_DENIED "scep.refused", "scep.challenge_refused": FAILURE, with the server's own words.
 * ERR_UNTRUSTED    scep.ra, scep.signer, scep.nonce, ...: exit 18. ERR_INVALID: the reply does not parse.
 */
enum err scep_dialogue(const struct scep_job *job, const struct scep_ports *ports, struct scep_answer *out,
                       struct why *why) MUST_CHECK;
void scep_sent_init(struct scep_sent *sent);
void scep_sent_clear(struct scep_sent *sent);
void scep_answer_clear(struct scep_answer *answer);

#ifdef __cplusplus
}
#endif
#endif
