/* SPDX-License-Identifier: MIT */
#include "tpm/pkcs11_generation.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "hal/der.h"
#include "tpm/key_file.h"
#include "tpm/pkcs11_certificate.h"
#include "tpm/tpm.h"

#define PEM_MAX                                                                                    \
	(32 * 1024) /* bytes of cert.pem: base64 of PKCS11_CERTIFICATE_MAX and line ends           \
		     */
#define TRIES 3	    /* `current` moves once in a renewal; twice in one read is no renewal */
#define PART 4096   /* bytes read at once */

bool pkcs11_is_profile_name(const char *name)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	size_t len = strlen(name);
	return len > 0 && len < PKCS11_NAME_MAX && strspn(name, letters) == len && name[0] != '_' &&
	       name[0] != '-';
}

static enum err system_error(const char *name, const char *file, struct why *why)
{
	int number = errno;
	enum err e = number == ENOENT || number == ENOTDIR			? ERR_NOT_FOUND
		     : number == EACCES || number == EPERM			? ERR_DENIED
		     : number == ELOOP						? ERR_INVALID
		     : number == ENOMEM || number == ENFILE || number == EMFILE ? ERR_NO_MEMORY
										: ERR_IO;
	return why_set(why, e, "pkcs11.files", "scep/%s/%s: %s", name, file, strerror(number));
}

static enum err read_all(int fd, struct buf *out)
{
	uint8_t part[PART];
	enum err e = ERR_OK;
	ssize_t n = 1;
	while (e == ERR_OK && n != 0) {
		n = read(fd, part, sizeof part);
		if (n < 0 && errno != EINTR)
			e = ERR_IO;
		if (n > 0)
			e = buf_add(out, part, (size_t)n);
	}
	explicit_bzero(part, sizeof part);
	return e;
}

/* A FIFO or a symlink in a generation is none of signet's making. */
static enum err read_file(int folder, const char *name, const char *file, struct buf *out,
			  struct why *why)
{
	struct stat about;
	int fd = openat(folder, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return system_error(name, file, why);
	enum err e = ERR_OK;
	if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
		e = why_set(why, ERR_INVALID, "pkcs11.files", "scep/%s/%s: not a regular file",
			    name, file);
	else if ((e = read_all(fd, out)) != ERR_OK)
		why_set(why, e, "pkcs11.files", "scep/%s/%s: cannot be read, or is too long", name,
			file);
	close(fd);
	return e;
}

static enum err read_certificate(int folder, struct pkcs11_generation *g, struct why *why)
{
	struct buf pem;
	buf_init(&pem, PEM_MAX);
	enum err e = read_file(folder, g->name, "cert.pem", &pem, why);
	if (e == ERR_OK) {
		e = pkcs11_certificate_decode(buf_bytes(&pem), &g->certificate);
		if (e == ERR_OK)
			e = pkcs11_certificate_parts(buf_bytes(&g->certificate), &g->serial,
						     &g->issuer, &g->subject);
		if (e != ERR_OK) {
			buf_clear(&g->certificate);
			why_set(why, e, "pkcs11.certificate",
				"scep/%s/cert.pem: it holds no certificate", g->name);
		}
	}
	buf_clear(&pem);
	return e;
}

static enum err read_pair(int folder, struct pkcs11_generation *g, struct why *why)
{
	struct why own = {.code = ""};
	enum err e = read_file(folder, g->name, "key.der", &g->key_blob, why);
	if (e == ERR_OK) {
		e = tpm_key_file_public(buf_bytes(&g->key_blob), &g->pub, &own);
		if (e != ERR_OK)
			why_set(why, e, own.code, "scep/%s/key.der: %s", g->name, own.text);
	}
	if (e == ERR_OK) {
		e = read_certificate(folder, g, why);
		if (e == ERR_NOT_FOUND || e == ERR_INVALID || e == ERR_TOO_BIG || e == ERR_DENIED)
			e = ERR_OK; /* the key signs without it, and *why tells */
	}
	return e;
}

/* Does `current` point at another folder than the one that was read? */
static bool has_moved(int scep_folder, const char *link, int folder)
{
	struct stat then;
	struct stat now;
	return fstat(folder, &then) == 0 && fstatat(scep_folder, link, &now, 0) == 0 &&
	       (then.st_ino != now.st_ino || then.st_dev != now.st_dev);
}

enum err pkcs11_generation_read(int scep_folder, const char *name, struct pkcs11_generation *out,
				struct why *why)
{
	char link[PKCS11_NAME_MAX + sizeof "/current"];
	enum err e = ERR_NOT_FOUND;
	bool is_again = true;
	snprintf(link, sizeof link, "%.32s/current", name);
	for (int tries = 0; tries < TRIES && is_again; tries++) {
		struct why own = {.code = ""};
		struct pkcs11_generation g = {.name = ""};
		snprintf(g.name, sizeof g.name, "%s", name);
		buf_init(&g.key_blob, KEY_FILE_MAX);
		buf_init(&g.certificate, PKCS11_CERTIFICATE_MAX);
		int folder = openat(scep_folder, link, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		e = folder >= 0 ? read_pair(folder, &g, &own) : system_error(name, "current", &own);
		is_again =
		    own.code[0] != '\0' && folder >= 0 && has_moved(scep_folder, link, folder);
		if (folder >= 0)
			close(folder);
		if (e == ERR_OK && !is_again)
			*out = g; /* handed to the caller */
		else
			pkcs11_generation_clear(&g);
		*why = own;
	}
	return e == ERR_OK && is_again ? ERR_IO : e;
}

void pkcs11_generation_clear(struct pkcs11_generation *generation)
{
	buf_clear(&generation->key_blob);
	buf_clear(&generation->certificate);
	generation->serial = generation->issuer = generation->subject = (struct bytes){NULL, 0};
}
