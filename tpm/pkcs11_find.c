/* SPDX-License-Identifier: MIT */
#include "tpm/pkcs11_find.h"
#include <stdlib.h>
#include <string.h>
#include <p11-kit/pkcs11.h>
#include "tpm/pkcs11_attributes.h"
#include "tpm/pkcs11_session.h"
#include "tpm/pkcs11_state.h"

static bool matches(const struct pkcs11_object *object, const CK_ATTRIBUTE *template,
		    CK_ULONG count)
{
	for (CK_ULONG i = 0; i < count; i++) {
		struct pkcs11_value value;
		if (pkcs11_attribute(object, template[i].type, &value) != CKR_OK ||
		    value.len != template[i].ulValueLen ||
		    (value.len > 0 && memcmp(value.data, template[i].pValue, value.len) != 0))
			return false;
	}
	return true;
}

static bool is_template(const CK_ATTRIBUTE *template, CK_ULONG count)
{
	if (template == NULL)
		return count == 0;
	for (CK_ULONG i = 0; i < count; i++)
		if (template[i].pValue == NULL && template[i].ulValueLen != 0)
			return false;
	return true;
}

static CK_RV find(struct pkcs11_session *s, const CK_ATTRIBUTE *template, CK_ULONG count)
{
	struct pkcs11_object object;
	size_t found = 0;
	size_t all = 0;
	pkcs11_objects_scan(pkcs11_current_settings()->state);
	while (pkcs11_object_visible(all, &object) != 0)
		all++;
	s->found = malloc((all + 1) * sizeof s->found[0]); /* one more: never NULL for none */
	if (s->found == NULL)
		return CKR_HOST_MEMORY;
	for (size_t i = 0; i < all; i++) {
		unsigned long handle = pkcs11_object_visible(i, &object);
		if (matches(&object, template, count))
			s->found[found++] = handle;
	}
	s->found_count = found;
	s->found_at = 0;
	return CKR_OK;
}

static CK_RV find_objects_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count)
{
	struct pkcs11_session *s;
	if (!is_template(template, count))
		return CKR_ARGUMENTS_BAD;
	CK_RV rv = pkcs11_session_enter(session, &s);
	if (rv != CKR_OK)
		return rv;
	rv = s->found != NULL ? CKR_OPERATION_ACTIVE : find(s, template, count);
	pkcs11_leave();
	return rv;
}

static CK_RV find_objects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG room,
			  CK_ULONG *count)
{
	struct pkcs11_session *s;
	if (count == NULL || (objects == NULL && room > 0))
		return CKR_ARGUMENTS_BAD;
	CK_RV rv = pkcs11_session_enter(session, &s);
	if (rv != CKR_OK)
		return rv;
	if (s->found == NULL)
		rv = CKR_OPERATION_NOT_INITIALIZED;
	else
		for (*count = 0; *count < room && s->found_at < s->found_count; ++*count)
			objects[*count] = s->found[s->found_at++];
	pkcs11_leave();
	return rv;
}

static CK_RV find_objects_final(CK_SESSION_HANDLE session)
{
	struct pkcs11_session *s;
	CK_RV rv = pkcs11_session_enter(session, &s);
	if (rv != CKR_OK)
		return rv;
	if (s->found == NULL)
		rv = CKR_OPERATION_NOT_INITIALIZED;
	free(s->found);
	s->found = NULL;
	pkcs11_leave();
	return rv;
}

static CK_RV get_attribute(const struct pkcs11_object *object, CK_ATTRIBUTE *attribute)
{
	struct pkcs11_value value;
	CK_RV rv = pkcs11_attribute(object, attribute->type, &value);
	if (rv == CKR_OK && attribute->pValue != NULL && attribute->ulValueLen < value.len)
		rv = CKR_BUFFER_TOO_SMALL;
	if (rv != CKR_OK) {
		attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return rv;
	}
	if (attribute->pValue != NULL && value.len > 0)
		memcpy(attribute->pValue, value.data, value.len);
	attribute->ulValueLen = value.len;
	return CKR_OK;
}

/* Every attribute is answered; the code is of the last one that failed (section 5.7). */
static CK_RV get_attribute_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle,
				 CK_ATTRIBUTE *template, CK_ULONG count)
{
	struct pkcs11_session *s;
	struct pkcs11_object object;
	if (template == NULL && count > 0)
		return CKR_ARGUMENTS_BAD;
	CK_RV rv = pkcs11_session_enter(session, &s);
	if (rv != CKR_OK)
		return rv;
	if (!pkcs11_object_of(handle, &object)) {
		pkcs11_leave();
		return CKR_OBJECT_HANDLE_INVALID;
	}
	for (CK_ULONG i = 0; i < count; i++) {
		CK_RV one = get_attribute(&object, &template[i]);
		if (one != CKR_OK)
			rv = one;
	}
	pkcs11_leave();
	return rv;
}

void pkcs11_find_calls(void *list)
{
	CK_FUNCTION_LIST *calls = list;
	calls->C_FindObjectsInit = find_objects_init;
	calls->C_FindObjects = find_objects;
	calls->C_FindObjectsFinal = find_objects_final;
	calls->C_GetAttributeValue = get_attribute_value;
}
