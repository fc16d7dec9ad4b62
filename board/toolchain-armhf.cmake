# SPDX-License-Identifier: MIT
# For 32-bit ARM with a floating point unit (ARMv7): cmake --toolchain board/toolchain-armhf.cmake -DCMAKE_SYSROOT=FOLDER, a folder
# of board/sysroot.sh armhf.
set(CMAKE_SYSTEM_PROCESSOR arm)
set(SIGNET_TARGET arm-linux-gnueabihf)
set(SIGNET_EMULATOR qemu-arm)
include(${CMAKE_CURRENT_LIST_DIR}/cmake/cross.cmake)
