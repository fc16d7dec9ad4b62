/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_METRICS_H
#define CLIENT_AGENT_METRICS_H
#include "client/agent/store.h"
#include "client/agent/view.h"
#ifdef __cplusplus
extern "C" {
#endif

/** Renewals of a profile since boot: RUN/renewals/PROFILE. */
struct renewal_count {
	uint64_t success; /* renewals whose trial ended well */
	uint64_t failure; /* tries that brought no certificate, and certificates that were rolled back */
};

/** One more. Best effort: nothing depends on a figure. */
void metrics_count_renewal(const struct store *store, const char *profile, bool is_success);

/**
 * The metrics of the interface, section 4, in Prometheus' text exposition format 0.0.4. Pure.
 * renewals  one for each profile of the view, in its order; looked at for scep profiles.
 * out       appended to. ERR_TOO_BIG (out->max), ERR_NO_MEMORY.
 */
enum err metrics_text(const struct device_view *view, const char *version, const struct renewal_count *renewals,
                      struct buf *out) MUST_CHECK;
/** RUN/signet.prom for node_exporter's textfile collector, written only when it changes. Best effort. */
void metrics_write(const struct store *store, const struct device_view *view, const char *version);

#ifdef __cplusplus
}
#endif
#endif
