/* SPDX-License-Identifier: MIT */
#ifndef HAL_DEVICE_H
#define HAL_DEVICE_H
#include <stddef.h>
#include "hal/err.h"
#ifdef __cplusplus
extern "C" {
#endif

/* Facts the board can tell by itself. `root` as --root, "" for none. ERR_NOT_FOUND: it cannot. */

/** Host name up to the first dot (kernel's; with a root: its /etc/hostname). */
enum err device_hostname(const char *root, char out[], size_t cap) MUST_CHECK;
/** Serial: DMI product_serial (placeholders such as "To be filled by O.E.M." do not count), else the
 *  device tree's serial-number. */
enum err device_serial(const char *root, char out[], size_t cap) MUST_CHECK;
/** Kernel's random UUID of this boot, 36 characters. Not below a root: it is of the machine that runs. */
enum err device_boot_id(char out[], size_t cap) MUST_CHECK;
/** MAC of the first wireless interface by name, "02:00:00:12:34:56". */
enum err device_wifi_mac(const char *root, char out[], size_t cap) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
