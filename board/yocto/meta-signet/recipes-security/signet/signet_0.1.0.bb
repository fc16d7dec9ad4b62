# SPDX-License-Identifier: MIT
SUMMARY = "Device certificates by SCEP on a key in the TPM"
DESCRIPTION = "Makes a private key inside the TPM 2.0, gets a certificate for it by SCEP, \
writes the settings of wpa_supplicant and strongSwan that use it, and renews it all."
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://LICENSE;md5=0a4541b59663c726c71eb4097a300fa8"

SRC_URI = "file://run-ptest"
FILESEXTRAPATHS:prepend := "${THISDIR}:"

inherit cmake pkgconfig systemd update-rc.d useradd ptest externalsrc
EXTERNALSRC = "${SIGNET_TREE}"

DEPENDS = "tpm2-tss wolfssl curl inih cjson p11-kit wpa-supplicant"
DEPENDS += "${@bb.utils.contains('PTEST_ENABLED', '1', 'cpputest', '', d)}"

EXTRA_OECMAKE = "-DSIGNET_SMALL=ON -DSIGNET_LIBDIR=${libdir} -DSIGNET_STATE_DIR=${localstatedir}/lib/signet \
    -DSIGNET_SYSTEMD_LIB=${nonarch_base_libdir} \
    -DSIGNET_SYSTEMD=${@bb.utils.contains('DISTRO_FEATURES', 'systemd', 'ON', 'OFF', d)} \
    -DSIGNET_TESTS=${@bb.utils.contains('PTEST_ENABLED', '1', 'ON', 'OFF', d)}"

PACKAGES =+ "lib${BPN}-pkcs11"
FILES:lib${BPN}-pkcs11 = "${libdir}/pkcs11/libsignet-pkcs11.so ${datadir}/p11-kit/modules"
FILES:${PN} += "${nonarch_base_libdir}/systemd ${nonarch_base_libdir}/udev ${nonarch_libdir}/sysusers.d \
    ${nonarch_libdir}/tmpfiles.d ${datadir}/bash-completion"
RRECOMMENDS:${PN} = "lib${BPN}-pkcs11"
# loaded by the worker alone, by name
RDEPENDS:${PN} = "libcurl"

SYSTEMD_SERVICE:${PN} = "signet-agent.service signet-repair.service"
INITSCRIPT_NAME = "signet"
INITSCRIPT_PARAMS = "defaults 45"

# reads what servers send; no file belongs to it
USERADD_PACKAGES = "${PN}"
USERADD_PARAM:${PN} = "--system --no-create-home --shell /sbin/nologin --user-group signet-worker"

do_install:append() {
    if ${@bb.utils.contains('DISTRO_FEATURES', 'systemd', 'false', 'true', d)}; then
        install -D -m 0755 ${S}/board/busybox/S45signet ${D}${sysconfdir}/init.d/signet
    fi
}

do_install_ptest() {
    install -d ${D}${PTEST_PATH}/unit
    for program in ${B}/tests/unit_*; do
        install -m 0755 $program ${D}${PTEST_PATH}/unit/
    done
}
