#!/bin/sh
# SPDX-License-Identifier: MIT
# Fails when a file includes something its folder may not (README, "The tree"). Run from the root.
bad=$(
  forbid() { grep -rnE "^#include [<\"]($2)" "$1" --include='*.[ch]' 2>/dev/null; }
  forbid hal           '(client|tpm|wifi|vpn|board)/'
  forbid board         '(client|tpm|wifi|vpn)/'
  forbid tpm           '(client|wifi|vpn|board)/'
  forbid wifi          '(client|tpm|vpn|board)/'
  forbid vpn           '(client|tpm|wifi|board)/'
  forbid client/pki    'client/(config|scep|agent|doctor|cli)/'
  forbid client/config 'client/(scep|agent|doctor|cli)/'
  forbid client/scep   'client/(agent|doctor|cli)/'
  forbid client/agent  'client/(doctor|cli)/'
  forbid client/doctor 'client/cli/'
  only() { grep -rnE "^#include <$1" hal board tpm wifi vpn client 2>/dev/null | grep -vE "^$2:"; }
  only 'tss2/'    'tpm/[a-z0-9_]+\.c'
  only 'p11-kit/' 'tpm/pkcs11_[a-z0-9_]+\.c'
  only 'wpa_ctrl' 'wifi/wpa_control\.c'
  only 'curl/'    'hal/libcurl\.h'
  grep -rnE '^#include "hal/libcurl\.h"' hal board tpm wifi vpn client | grep -vE '^hal/(http|libcurl)\.c:'
  only 'ini\.h'   'client/config/ini_text\.c'
  only 'cjson/'   'client/cli/json\.c'
  only 'wolfssl/' 'client/pki/[a-z0-9_]+\.c'
)
[ -z "$bad" ] || { echo "$bad"; exit 1; }
