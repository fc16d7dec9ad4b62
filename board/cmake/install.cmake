# SPDX-License-Identifier: MIT
# What an image needs beside the two programs. A board without systemd: -DSIGNET_SYSTEMD=OFF, and board/busybox or
# board/openwrt instead.
option(SIGNET_SYSTEMD "install the units, sysusers, tmpfiles and udev rules" ON)
set(SIGNET_SYSTEMD_LIB "lib" CACHE STRING "folder of systemd/ and udev/, below the prefix unless it is absolute")

install(FILES board/man/signet.1 DESTINATION share/man/man1)
install(FILES board/man/signet.conf.5 DESTINATION share/man/man5)
install(FILES board/man/signet-agent.8 DESTINATION share/man/man8)
install(FILES board/bash-completion/signet DESTINATION share/bash-completion/completions)
install(FILES board/sample/signet.conf DESTINATION share/doc/signet/examples)
if(SIGNET_SYSTEMD)
  install(FILES board/systemd/signet-agent.service board/systemd/signet-repair.service board/systemd/signet-clock.service
    DESTINATION ${SIGNET_SYSTEMD_LIB}/systemd/system)
  foreach(unit wpa_supplicant.service wpa_supplicant@.service wpa_supplicant-wired@.service strongswan.service)
    install(FILES board/systemd/${unit}.d/50-signet.conf DESTINATION ${SIGNET_SYSTEMD_LIB}/systemd/system/${unit}.d)
  endforeach()
  install(FILES board/systemd/signet.sysusers DESTINATION lib/sysusers.d RENAME signet.conf)
  install(FILES board/systemd/signet.tmpfiles DESTINATION lib/tmpfiles.d RENAME signet.conf)
  install(FILES board/systemd/61-signet-tpm.rules DESTINATION ${SIGNET_SYSTEMD_LIB}/udev/rules.d)
endif()
