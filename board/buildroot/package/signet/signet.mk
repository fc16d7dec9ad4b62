################################################################################
#
# signet
#
################################################################################

SIGNET_VERSION = 0.1.0
# the tree that this external tree is in
SIGNET_SITE = $(BR2_EXTERNAL_SIGNET_PATH)/../..
SIGNET_SITE_METHOD = local
SIGNET_LICENSE = MIT
SIGNET_LICENSE_FILES = LICENSE
SIGNET_DEPENDENCIES = host-pkgconf tpm2-tss wolfssl libcurl inih cjson p11-kit wpa_supplicant
SIGNET_CONF_OPTS = -DSIGNET_TESTS=OFF -DSIGNET_SMALL=ON -DSIGNET_LIBDIR=/usr/lib

ifeq ($(BR2_INIT_SYSTEMD),y)
SIGNET_CONF_OPTS += -DSIGNET_SYSTEMD=ON
else
SIGNET_CONF_OPTS += -DSIGNET_SYSTEMD=OFF
endif

define SIGNET_INSTALL_INIT_SYSV
	$(INSTALL) -D -m 0755 $(@D)/board/busybox/S45signet $(TARGET_DIR)/etc/init.d/S45signet
endef

# reads what servers send; no file belongs to it
define SIGNET_USERS
	signet-worker -1 signet-worker -1 * - - - signet reads foreign bytes
endef

$(eval $(cmake-package))
