/* SPDX-License-Identifier: MIT */
#ifndef VPN_VPN_LOAD_H
#define VPN_VPN_LOAD_H
#include "vpn/vpn_talk.h"
#ifdef __cplusplus
extern "C" {
#endif

/**
 * Give charon our certificates and our key, and see to it that it takes them and no older ones.
 * vpn_talk_read() before. Errors as in vpn_control.h.
 */
enum err vpn_load_credentials(struct vpn_talk *talk) MUST_CHECK;
/** Give charon our connection. One that it has already, unchanged, stays as it is: nothing is cut.
 */
enum err vpn_load_connection(struct vpn_talk *talk) MUST_CHECK;
/** Does charon have the connection? ERR_OK and *out. */
enum err vpn_load_is_loaded(struct vpn_talk *talk, bool *out) MUST_CHECK;
/** Take our key out unless another connection may need it. Certificates stay: nothing takes out one
 *  certificate, and without its key it is of no use. */
enum err vpn_load_forget(struct vpn_talk *talk) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
