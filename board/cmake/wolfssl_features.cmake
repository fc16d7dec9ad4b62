# SPDX-License-Identifier: MIT
# What signet needs of wolfSSL, and the configure switch that brings it. Stops with its name when missing.
include(CheckCSourceCompiles)
function(signet_need_wolfssl what switch condition)
  set(CMAKE_REQUIRED_LIBRARIES PkgConfig::WOLFSSL)
  set(CMAKE_REQUIRED_QUIET ON)
  string(MAKE_C_IDENTIFIER "WOLFSSL_HAS_${what}" var)
  check_c_source_compiles("
    #include <wolfssl/options.h>
    #include <wolfssl/wolfcrypt/settings.h>
    #if !(${condition})
    #error missing
    #endif
    int main(void) { return 0; }" ${var})
  if(NOT ${var})
    message(FATAL_ERROR "wolfSSL was built without ${what}. Rebuild it with: ./configure ${switch}")
  endif()
endfunction()

signet_need_wolfssl("PKCS7" "--enable-pkcs7" "defined(HAVE_PKCS7)")
signet_need_wolfssl("crypto callbacks" "--enable-cryptocb" "defined(WOLF_CRYPTO_CB)")
signet_need_wolfssl("certificate generation" "--enable-certgen" "defined(WOLFSSL_CERT_GEN)")
signet_need_wolfssl("certificate requests" "--enable-certreq" "defined(WOLFSSL_CERT_REQ)")
signet_need_wolfssl("RSA key generation" "--enable-keygen" "defined(WOLFSSL_KEY_GEN)")
signet_need_wolfssl("3DES" "--enable-des3" "!defined(NO_DES3)")
signet_need_wolfssl("AES-CBC" "--enable-aescbc" "!defined(NO_AES) && !defined(NO_AES_CBC) || defined(HAVE_AES_CBC)")
signet_need_wolfssl("SHA-1" "--enable-sha" "!defined(NO_SHA)")
signet_need_wolfssl("SHA-384 and SHA-512" "--enable-sha512" "defined(WOLFSSL_SHA384) && defined(WOLFSSL_SHA512)")
signet_need_wolfssl("ECC" "--enable-ecc" "defined(HAVE_ECC)")
