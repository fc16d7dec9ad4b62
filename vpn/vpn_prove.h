/* SPDX-License-Identifier: MIT */
#ifndef VPN_VPN_PROVE_H
#define VPN_VPN_PROVE_H
#include "vpn/vpn_talk.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * Authenticate anew: when a tunnel is up, make before break; when none is, bring one up;
 * vpn_prove_clear() before. ERR_OK: an IKE_SA that was begun after that is up. An attempt that
 * comes to no end is taken back: the tunnel that was up stays (measured: also when the gateway
 * refuses, or was refused).
 */
enum err vpn_prove_anew(struct vpn_talk *talk) MUST_CHECK;
/** Bring the tunnel up; ERR_OK at once when it is. What is still connecting may go on after a
 * timeout. */
enum err vpn_prove_up(struct vpn_talk *talk) MUST_CHECK;
/** End what is connecting, or stands without its child: it may use what was loaded before. What
 * begins from now on counts as a proof, also what charon starts by itself when it is given the
 * connection. */
enum err vpn_prove_clear(struct vpn_talk *talk) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
