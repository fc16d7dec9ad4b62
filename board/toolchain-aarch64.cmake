# SPDX-License-Identifier: MIT
# For 64-bit ARM: cmake --toolchain board/toolchain-aarch64.cmake -DCMAKE_SYSROOT=FOLDER, a folder of board/sysroot.sh arm64.
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(SIGNET_TARGET aarch64-linux-gnu)
set(SIGNET_EMULATOR qemu-aarch64)
include(${CMAKE_CURRENT_LIST_DIR}/cmake/cross.cmake)
