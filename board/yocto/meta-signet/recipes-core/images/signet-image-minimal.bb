# SPDX-License-Identifier: MIT
# An example: the smallest image with a device identity, Wi-Fi and VPN.
SUMMARY = "core-image-minimal with signet, wpa_supplicant and strongSwan"
require recipes-core/images/core-image-minimal.bb
IMAGE_INSTALL += "signet libsignet-pkcs11 wpa-supplicant strongswan libp11"
