#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes the corpus of fuzz_crl anew, with another CA, in this folder: list-*.der, answer-*.der, points.der, access.der, leaf.der, ca.der.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
serial=4D5A0000000000000000000000000001
row="R\t491231235959Z\t261122150239Z%s\t$serial\tunknown\t/CN=leaf\n"

ca() { openssl "$@" 2>>log || { cat log >&2; exit 1; }; }
list() { # name, extensions
	printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ndefault_md=sha256\ndefault_crl_days=36500\ncrl_extensions=x\n[x]\n%b' \
		"authorityKeyIdentifier=keyid\n$2" >conf
	ca ca -config conf -gencrl -cert ca.pem -keyfile ca.key -out l.pem
	ca crl -in l.pem -outform DER -out "$here/list-$1.der"
}
answer() { # name, responder
	ca ocsp -index index.txt -CA ca.pem -rsigner "$2.pem" -rkey "$2.key" -reqin req.der -ndays 36500 -respout "$here/answer-$1.der"
}

ca req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj '/CN=Issuing CA' -days 36500
ca req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout resp.key -out csr -subj /CN=responder
printf 'extendedKeyUsage=OCSPSigning\n' >ext
ca x509 -req -in csr -CA ca.pem -CAkey ca.key -extfile ext -out resp.pem -days 36500
ca ocsp -issuer ca.pem -serial "0x$serial" -no_nonce -reqout req.der

: >index.txt
list empty ""
list scope "issuingDistributionPoint=critical,@p\n[p]\nfullname=URI:http://crl.example/a.crl\nonlyuser=TRUE\n"
list delta "2.5.29.27=critical,ASN1:INTEGER:1\n"
list unknown "1.2.3.4=critical,ASN1:NULL\n"
answer unknown ca
printf "$row" ,keyCompromise >index.txt
list revoked ""
answer revoked resp
printf "$row" ,holdInstruction,holdInstructionReject >index.txt
list held ""
printf "V\t491231235959Z\t\t$serial\tunknown\t/CN=leaf\n" >index.txt
answer good ca

# the certificate itself, and the values of its extensions
printf 'crlDistributionPoints=URI:ldap:///x,URI:http://crl.example/a.crl\nauthorityInfoAccess=OCSP;URI:http://o.example/\n' >ext
ca x509 -req -in csr -CA ca.pem -CAkey ca.key -set_serial "0x$serial" -extfile ext -days 36500 -outform DER -out leaf.der
cp leaf.der "$here/leaf.der"
ca x509 -in ca.pem -outform DER -out "$here/ca.der"
ca asn1parse -inform DER -in leaf.der >parsed
value() { awk -v name="$1" '$0 ~ name { found = 1 } found && /OCTET STRING/ { sub(":.*", ""); print $1; exit }' parsed; }
ca asn1parse -inform DER -in leaf.der -strparse "$(value 'CRL Distribution Points')" -noout -out "$here/points.der"
ca asn1parse -inform DER -in leaf.der -strparse "$(value 'Authority Information Access')" -noout -out "$here/access.der"
