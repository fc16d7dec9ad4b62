/* SPDX-License-Identifier: MIT */
#include "client/doctor/fitness.h"
#include <string.h>
#include "client/pki/csr_extension.h"
#include "client/pki/name.h"
#include "hal/der.h"

#define OID_EKU_ANY "2.5.29.37.0"	       /* RFC 5280 section 4.2.1.12 */
#define OID_EKU_IPSEC_IKE "1.3.6.1.5.5.7.3.17" /* RFC 4945 section 5.1.3.12 */
#define OID_EKU_IKE_INTERMEDIATE                                                                   \
	"1.3.6.1.5.5.8.2.2" /* its forerunner, which Windows and macOS ask for */
#define SAN_DER_MAX 2048    /* bytes of one GeneralName: values are below 1024 */

bool fitness_can_sign(const struct certificate *cert)
{
	return !cert->has_key_usage || (cert->key_usage & KEY_USAGE_DIGITAL_SIGNATURE) != 0;
}

bool fitness_is_client(const struct certificate *cert)
{
	return !cert->has_eku || certificate_has_eku(cert, OID_EKU_CLIENT_AUTH) ||
	       certificate_has_eku(cert, OID_EKU_ANY);
}

bool fitness_is_ike(const struct certificate *cert)
{
	return fitness_is_client(cert) || certificate_has_eku(cert, OID_EKU_IPSEC_IKE) ||
	       certificate_has_eku(cert, OID_EKU_IKE_INTERMEDIATE);
}

static bool has_general_name(struct bytes names, struct bytes wanted)
{
	struct der_tlv name;
	while (der_next(&names, &name) == ERR_OK)
		if (bytes_equal(name.whole, wanted))
			return true;
	return false;
}

static bool has_san(const struct certificate *cert, const struct san *san)
{
	struct der_out der;
	struct buf bytes;
	der_out_init(&der, SAN_DER_MAX);
	buf_init(&bytes, SAN_DER_MAX);
	bool has = san_put(&der, san, NULL) == ERR_OK && der_finish(&der, &bytes) == ERR_OK &&
		   has_general_name(cert->san, buf_bytes(&bytes));
	der_out_clear(&der);
	buf_clear(&bytes);
	return has;
}

static bool is_subject(const struct certificate *cert, const char *text)
{
	struct buf der;
	buf_init(&der, SAN_DER_MAX);
	bool is = name_from_text(text, &der, NULL) == ERR_OK &&
		  name_equal(buf_bytes(&der), cert->subject);
	buf_clear(&der);
	return is;
}

bool fitness_has_name(const struct certificate *cert, const char *name)
{
	if (strchr(name, '=') != NULL)
		return is_subject(cert, name);
	static const enum san_kind kinds[] = {SAN_DNS, SAN_EMAIL, SAN_UPN, SAN_IP};
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (has_san(cert, &(struct san){kinds[i], name}))
			return true;
	return false;
}

const struct san *fitness_missing_name(const struct certificate *cert, const struct san *wanted,
				       size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!has_san(cert, &wanted[i]))
			return &wanted[i];
	return NULL;
}
