#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds a minimal libcurl from Debian's source package, as a firmware build has it: http, and https by wolfSSL, nothing else.
#   libcurl.sh FOLDER    makes FOLDER/libcurl.so.4; then: compare --libcurl FOLDER, or LD_LIBRARY_PATH=FOLDER signet ...
# NTLM stays, for NDES's page of challenges asks for it. Of Debian 12's 7.88 one thing is missing over wolfSSL, from 8.2 on it is
# there: CA certificates from memory. So signet refuses an https URL with it, and says so.
set -euo pipefail
export LC_ALL=C
[ $# -eq 1 ] || { echo "usage: libcurl.sh FOLDER" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
version=$(dpkg-query -W -f '${source:Version}' libcurl4) # the one that it is compared with
if [ -e "$folder/libcurl.so.4" ]; then
	echo "libcurl.sh: $folder/libcurl.so.4 is there already"
	exit 0
fi

"$here/../debian_source.sh" curl "$version" "$folder/build"
cd "$folder"/build/source/curl-*/
# The last two of Debian's patches rename the library for its flavours with another TLS.
for name in 99_nss 90_gnutls; do
	if [ -e "debian/patches/$name.patch" ]; then
		patch -s -p1 -R <"debian/patches/$name.patch"
	fi
done
autoreconf -fi >../autoreconf.log 2>&1 # other patches touch what configure is made of
off=()
for word in dict file ftp gopher imap ldap ldaps mqtt pop3 rtsp smb smtp telnet tftp \
	alt-svc cookies dateparse doh get-easy-options hsts libcurl-option manual mime netrc ntlm-wb progress-meter \
	static tls-srp unix-sockets websockets; do
	off+=("--disable-$word")
done
for word in brotli gssapi libgsasl libidn2 libpsl librtmp libssh libssh2 nghttp2 nghttp3 ngtcp2 zlib zstd; do
	off+=("--without-$word")
done
./configure -q --prefix="$folder/build/prefix" --enable-ntlm --with-wolfssl \
	--with-ca-bundle=/etc/ssl/certs/ca-certificates.crt \
	"${off[@]}" CFLAGS="-O2 -DNDEBUG" >../configure.log
grep -q 'define HAVE_WOLFSSL_DES_ECB_ENCRYPT 1' lib/curl_config.h || echo "libcurl.sh: this wolfSSL has no DES: no NTLM" >&2
make -s -C lib -j "${SIGNET_JOBS:-1}"
library=$(realpath lib/.libs/libcurl.so)
strip --strip-unneeded -o "$folder/libcurl.so.4.new" "$library"
mv "$folder/libcurl.so.4.new" "$folder/libcurl.so.4"
rm -rf "$folder/build"
stat -c '%n: %s bytes' "$folder/libcurl.so.4"
