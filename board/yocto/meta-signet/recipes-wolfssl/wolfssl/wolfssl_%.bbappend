# SPDX-License-Identifier: MIT
# What signet's probes ask for (board/cmake/wolfssl_features.cmake): CMS, crypto callbacks for the key in the TPM, 3DES for
# servers that know nothing newer.
EXTRA_OECONF += "--enable-pkcs7 --enable-cryptocb --enable-certgen --enable-certreq --enable-keygen --enable-des3 \
    --enable-aescbc --enable-sha --enable-sha512 --enable-ecc"
