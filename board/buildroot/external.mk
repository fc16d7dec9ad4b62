# SPDX-License-Identifier: MIT
include $(sort $(wildcard $(BR2_EXTERNAL_SIGNET_PATH)/package/*/*.mk))
