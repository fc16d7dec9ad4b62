/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "client/agent/binding.h"
#include "client/doctor/checks.h"

#define DEVICE "device:"
#define SWTPM "swtpm:path="
#define KEY_BLOB_MAX (16 * 1024) /* bytes of key.der: far below */

bool needs_tpm(const struct examination *x)
{
	const struct config *c = x->pass.config;
	for (size_t i = 0; i < c->scep_count; i++)
		if (c->sceps[i].key_storage != KEY_STORAGE_SOFTWARE)
			return true;
	return false;
}

static bool is_needed(struct examination *x)
{
	if (needs_tpm(x))
		return true;
	find_ok(x, "", "no profile keeps its key in a TPM");
	return false;
}

void ask_tpm(struct examination *x)
{
	struct tpm *tpm;
	if (x->has_asked_tpm)
		return;
	x->has_asked_tpm = true;
	x->tpm_err = pass_tpm(&x->pass, &tpm, &x->tpm_why);
	if (x->tpm_err == ERR_OK)
		x->tpm_err = tpm_look(tpm, &x->tpm, &x->tpm_why);
	x->pass.is_tpm_changed = x->tpm_err == ERR_CHANGED;
	pass_release_tpm(&x->pass); /* a software TPM serves one client */
}

void ask_whether_keys_are_lost(struct examination *x)
{
	if (needs_tpm(x))
		ask_tpm(x);
}

bool is_about_pin(const struct examination *x)
{
	return strncmp(x->tpm_why.code, "tpm.pin_", 8) == 0;
}

/* Does a certificate in use have its key in the TPM, as far as is known? */
static bool has_key_in_tpm(const struct examination *x)
{
	const struct config *c = x->pass.config;
	for (size_t i = 0; i < c->scep_count; i++) {
		struct generation_meta meta;
		const char *name = c->sceps[i].name;
		unsigned in_use = generation_named(&x->pass.store, name, "current");
		if (in_use != 0 &&
		    (generation_meta_read(&x->pass.store, name, in_use, &meta, NULL) != ERR_OK ||
		     !meta.is_software))
			return true;
	}
	return false;
}

/* Do all profiles let the key be in software where there is no TPM, and is none in it? */
static bool may_be_without(const struct examination *x)
{
	const struct config *c = x->pass.config;
	for (size_t i = 0; i < c->scep_count; i++)
		if (c->sceps[i].key_storage == KEY_STORAGE_TPM)
			return false;
	return x->can_see_state && !has_key_in_tpm(x);
}

/* Why is it not there? */
static void absent(struct examination *x, const char *path)
{
	int number = errno;
	bool has_driver = access("/sys/class/tpm/tpm0", F_OK) == 0;
	if (number == ENOENT && may_be_without(x))
		find_ok(x, "", "%s is not there, and key_storage lets the keys be in software", path);
	else if (number == ENOENT && has_driver)
		find_trouble(x, "", "see udev, or give the container the device",
			     "%s is not there, though the kernel has a TPM", path);
	else if (number == ENOENT)
		find_trouble(x, "",
			     "enable it in the firmware setup, or see the kernel's driver and "
			     "device tree (dmesg | grep -i tpm)",
			     "%s is not there: the kernel has found no TPM", path);
	else
		find_unseen(x, "", "%s: %s", path, strerror(number));
}

static void judge_device(struct examination *x, const char *path)
{
	struct stat st;
	if (stat(path, &st) != 0) {
		absent(x, path);
		return;
	}
	const struct group *group = getgrgid(st.st_gid);
	const char *name = group != NULL ? group->gr_name : "?";
	if (!S_ISCHR(st.st_mode))
		find_trouble(x, "", "set [tpm] tcti", "%s is no device", path);
	else if (access(path, R_OK | W_OK) != 0)
		find_trouble(x, "", "run it as root, or add the user to that group",
			     "this user may not use %s (group %s)", path, name);
	else if (strncmp(path, "/dev/tpmrm", 10) != 0)
		find_warning(x, "", "set tcti = device:/dev/tpmrm0",
			     "%s has no resource manager: of two programs one fails", path);
	else
		find_ok(x, "", "%s, group %s", path, name);
}

void check_tpm_device(struct examination *x)
{
	const char *tcti = x->pass.config->tpm.tcti;
	if (!is_needed(x))
		return;
	if (strncmp(tcti, DEVICE, strlen(DEVICE)) == 0)
		judge_device(x, tcti + strlen(DEVICE));
	else if (strncmp(tcti, SWTPM, strlen(SWTPM)) == 0 &&
		 access(tcti + strlen(SWTPM), R_OK | W_OK) != 0)
		find_trouble(x, "", "start swtpm, or set [tpm] tcti", "%s: %s",
			     tcti + strlen(SWTPM), strerror(errno));
	else
		find_ok(x, "", "%s", tcti);
}

void check_tpm_state(struct examination *x)
{
	if (!is_needed(x))
		return;
	ask_tpm(x);
	if (x->tpm_err == ERR_CHANGED || is_about_pin(x))
		find_ok(x, "", "it answers");
	else if (strcmp(x->tpm_why.code, "tpm.absent") == 0 && may_be_without(x))
		find_ok(x, "", "there is none");
	else if (x->tpm_err != ERR_OK)
		find_why(x, x->check->severity, "", x->tpm_err, &x->tpm_why);
	else if (x->tpm.is_locked_out)
		find_trouble(x, "",
			     "wait until it heals by itself, and find out who guesses passwords; "
			     "signet's keys are not subject to it",
			     "%s, firmware %s: locked out after %u failed authorisations",
			     x->tpm.manufacturer, x->tpm.firmware, x->tpm.lockout_counter);
	else if (x->tpm.lockout_counter > 0)
		find_warning(x, "",
			     "find out who uses the TPM with a wrong password, or cuts its power",
			     "%s, firmware %s: %u failed authorisations are counted",
			     x->tpm.manufacturer, x->tpm.firmware, x->tpm.lockout_counter);
	else
		find_ok(x, "", "%s, firmware %s, not locked out", x->tpm.manufacturer,
			x->tpm.firmware);
}

/* A damaged one is mended where keys in use hang on the storage key (binding.h). */
static void judge_pin(struct examination *x)
{
	struct why why = x->tpm_why;
	if (strcmp(why.code, "tpm.pin_file") == 0)
		why_next(&why, "signet apply: it writes the file anew where keys in use hang on the "
			       "storage key; else remove the file");
	find_why(x, x->check->severity, "", x->tpm_err, &why);
}

void check_tpm_pin(struct examination *x)
{
	char path[FILE_PATH_MAX];
	if (!is_needed(x))
		return;
	bool has_pin =
	    store_path(&x->pass.store, NULL, NULL, "srk.tr", path) == ERR_OK && file_exists(path);
	if (!has_pin && has_key_in_tpm(x))
		find_trouble(x, "", MENDS, "srk.tr is missing: no storage key is pinned, and keys are in use");
	else if (!has_pin)
		find_ok(x, "", "no storage key is pinned yet: the first key does that");
	if (!has_pin)
		return;
	ask_tpm(x);
	if (x->tpm_err == ERR_OK)
		find_ok(x, "", "the storage key at 0x%08x is the pinned one",
			x->pass.config->tpm.srk);
	else if (x->tpm_err == ERR_CHANGED || is_about_pin(x))
		judge_pin(x);
	else
		find_unseen(x, "", "the TPM does not answer, see tpm.state");
}

static bool is_same_key(const struct public_key *a, const struct public_key *b)
{
	return a->modulus_len == b->modulus_len && a->exponent == b->exponent &&
	       memcmp(a->modulus, b->modulus, a->modulus_len) == 0;
}

static void judge_tpm_key(struct examination *x, const struct scep_profile *p,
			  const struct own_certificate *own)
{
	struct public_key key;
	struct public_key certified;
	struct why why = {.code = ""};
	struct buf blob;
	buf_init(&blob, KEY_BLOB_MAX);
	enum err e = generation_read(&x->pass.store, p->name, own->generations.current, "key.der",
				     &blob, &why);
	if (e == ERR_OK)
		e = tpm_key_file_public(buf_bytes(&blob), &key,
					&why); /* refuses any other attributes */
	if (e != ERR_OK)
		find_why(x, x->check->severity, p->name, e, &why);
	else if (certificate_rsa_key(own->cert.spki, &certified) != ERR_OK ||
		 !is_same_key(&key, &certified))
		find_trouble(x, p->name,
			     "run signet apply: it looks for a generation that is a pair, or asks "
			     "for a new certificate",
			     "key.der is not the key of cert.pem");
	else
		find_ok(x, p->name,
			"RSA-%zu: fixedTPM, fixedParent, sensitiveDataOrigin, noDA, sign, decrypt; "
			"the certificate is its",
			key.modulus_len * 8);
	buf_clear(&blob);
}

static void judge_software_key(struct examination *x, const struct scep_profile *p,
			       unsigned generation)
{
	char path[FILE_PATH_MAX];
	struct stat st;
	if (generation_path(&x->pass.store, p->name, generation, "key.pem", path) != ERR_OK ||
	    stat(path, &st) != 0)
		find_trouble(x, p->name, "run signet apply", "key.pem: %s", strerror(errno));
	else if ((st.st_mode & 0077) != 0)
		find_trouble(x, p->name,
			     "chmod 600, and renew the certificate: others may have read the key",
			     "%s can be read by others", path);
	else if (p->key_storage == KEY_STORAGE_TPM)
		find_warning(x, p->name, "signet renew PROFILE --force makes one in the TPM",
			     "the key is in software, the profile says TPM");
	else
		find_ok(x, p->name, "in software, as the profile allows");
}

void check_tpm_key(struct examination *x)
{
	const struct config *c = x->pass.config;
	ask_whether_keys_are_lost(x);
	for (size_t i = 0; i < c->scep_count; i++) {
		const struct scep_profile *p = &c->sceps[i];
		struct own_certificate own;
		struct generation_meta meta;
		bool has_own = own_certificate_read(x, p, &own);
		if (!has_own && generation_named(&x->pass.store, p->name, "current") == 0)
			find_ok(x, p->name, "no certificate yet");
		else if (!has_own)
			find_unseen(x, p->name,
				    "its certificate cannot be read, see certificate.issued");
		else if (generation_meta_read(&x->pass.store, p->name, own.generations.current,
					      &meta, NULL) != ERR_OK)
			find_trouble(x, p->name, "run signet apply",
				     "meta.ini of the certificate in use is damaged");
		else if (is_about_pin(x) && !meta.is_software)
			find_unseen(x, p->name,
				    "whether it is of this TPM cannot be seen, see tpm.pin");
		else if (binding_is_lost(&x->pass, &meta))
			find_trouble(
			    x, p->name, "signet enroll PROFILE --challenge-file FILE",
			    "the TPM was cleared or replaced, and the key is gone with it");
		else if (meta.is_software)
			judge_software_key(x, p, own.generations.current);
		else
			judge_tpm_key(x, p, &own);
		buf_clear(&own.der);
	}
}
