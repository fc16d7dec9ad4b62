/* SPDX-License-Identifier: MIT */
#ifndef TPM_PKCS11_WARNING_H
#define TPM_PKCS11_WARNING_H
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * pkcs11_warning: a failure in the journal of the daemon that loaded the module, once.
 *
 * Daemons try again and again; the sentence is written when it is new, and again only after its
 * topic was well in between. All functions with the lock of pkcs11_state.h.
 */
enum pkcs11_topic { PKCS11_TOPIC_SETTINGS, PKCS11_TOPIC_KEYS, PKCS11_TOPIC_TPM, PKCS11_TOPICS };

/** One line "signet-pkcs11: SENTENCE" to stderr, unless it was written already. */
void pkcs11_warn(enum pkcs11_topic topic, const struct why *why);
/** The topic is well: what failed before is news when it fails again. */
void pkcs11_warn_again(enum pkcs11_topic topic);

#ifdef __cplusplus
}
#endif
#endif
