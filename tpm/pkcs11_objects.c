/* SPDX-License-Identifier: MIT */
#include "tpm/pkcs11_objects.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "hal/der.h"
#include "hal/file.h"
#include "tpm/pkcs11_warning.h"

struct appearance {
	struct appearance *next; /* the younger one */
	struct pkcs11_generation generation;
	unsigned long number;	 /* handles are number * PKCS11_CLASSES + class; from 1 */
	unsigned long used;	 /* moment of the last use, by `moment` */
	bool is_hidden, is_seen; /* seen: by the scan under way */
};

static struct appearance *oldest;
static unsigned long last_number, moment; /* never go back: a handle is given once */

static unsigned long handle_of(const struct appearance *a, enum pkcs11_class class_)
{
	return a->number * PKCS11_CLASSES + (unsigned long)class_;
}

static void release(struct appearance *a)
{
	pkcs11_generation_clear(&a->generation);
	free(a);
}

static void drop(const struct appearance *victim)
{
	for (struct appearance **at = &oldest; *at != NULL; at = &(*at)->next) {
		if (*at != victim)
			continue;
		struct appearance *gone = *at;
		*at = gone->next;
		release(gone);
		return;
	}
}

void pkcs11_objects_clear(void)
{
	while (oldest != NULL)
		drop(oldest);
}

/* The hidden one, of this profile or of any, that nobody used for the longest time. */
static void drop_when_over(size_t most, const char *name)
{
	const struct appearance *victim = NULL;
	size_t count = 0;
	for (const struct appearance *a = oldest; a != NULL; a = a->next) {
		if (name != NULL && (!a->is_hidden || strcmp(a->generation.name, name) != 0))
			continue;
		count++;
		if (a->is_hidden && (victim == NULL || a->used < victim->used))
			victim = a;
	}
	if (count > most && victim != NULL)
		drop(victim);
}

static bool is_same(const struct pkcs11_generation *a, const struct pkcs11_generation *b)
{
	return bytes_equal(buf_bytes(&a->key_blob), buf_bytes(&b->key_blob)) &&
	       bytes_equal(buf_bytes(&a->certificate), buf_bytes(&b->certificate));
}

static struct appearance *visible(const char *name)
{
	for (struct appearance *a = oldest; a != NULL; a = a->next)
		if (!a->is_hidden && strcmp(a->generation.name, name) == 0)
			return a;
	return NULL;
}

/* Takes what is in *fresh over, or releases it. */
static void appear(struct pkcs11_generation *fresh)
{
	struct appearance **end = &oldest;
	struct appearance *a = visible(fresh->name);
	if (a != NULL && is_same(&a->generation, fresh)) {
		a->is_seen = true;
		pkcs11_generation_clear(fresh);
		return;
	}
	a = calloc(1, sizeof *a);
	if (a == NULL) { /* the next search tries again */
		pkcs11_generation_clear(fresh);
		return;
	}
	*a = (struct appearance){
	    .generation = *fresh, .number = ++last_number, .used = ++moment, .is_seen = true};
	while (*end != NULL)
		end = &(*end)->next;
	*end = a; /* behind all others: consumers take the last one of a name */
}

static void look_at(int scep_folder, const char *name, bool *is_well)
{
	struct pkcs11_generation fresh;
	struct why why = {.code = ""};
	enum err e = pkcs11_generation_read(scep_folder, name, &fresh, &why);
	if (e != ERR_NOT_FOUND && why.code[0] != '\0') {
		pkcs11_warn(PKCS11_TOPIC_KEYS, &why);
		*is_well = false;
	}
	if (e == ERR_OK) {
		appear(&fresh);
	} else if (e == ERR_NO_MEMORY || e == ERR_IO) { /* not now: what is known stays */
		struct appearance *a = visible(name);
		if (a != NULL)
			a->is_seen = true;
	}
}

static int compare_names(const void *a, const void *b) { return strcmp(a, b); }

/* Nothing in use there: a request under way, or a folder left over. It takes no place from a key. */
static bool is_unused(int folder, const char *name)
{
	char link[PKCS11_NAME_MAX + sizeof "/current"];
	struct stat about;
	snprintf(link, sizeof link, "%.*s/current", PKCS11_NAME_MAX - 1, name); /* a longer one is no profile */
	return fstatat(folder, link, &about, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
}

/* Names of profiles with a certificate in the folder, sorted; at most PKCS11_PROFILES_MAX. */
static size_t read_names(DIR *folder, char names[][PKCS11_NAME_MAX], bool *is_well)
{
	size_t count = 0;
	const struct dirent *entry;
	while ((entry = readdir(folder)) != NULL) {
		if (!pkcs11_is_profile_name(entry->d_name) ||
		    is_unused(dirfd(folder), entry->d_name))
			continue;
		if (count == PKCS11_PROFILES_MAX) {
			struct why why;
			why_set(&why, ERR_TOO_BIG, "pkcs11.profiles",
				"more than %d profiles: some of their keys are not offered",
				PKCS11_PROFILES_MAX);
			pkcs11_warn(PKCS11_TOPIC_KEYS, &why);
			*is_well = false;
			break;
		}
		memcpy(names[count++], entry->d_name, strlen(entry->d_name) + 1);
	}
	qsort(names, count, sizeof names[0], compare_names);
	return count;
}

/* False: the folder cannot be looked at now, which says nothing about the keys in it. */
static bool look_at_all(const char *path, bool *is_well)
{
	char(*names)[PKCS11_NAME_MAX] = calloc(PKCS11_PROFILES_MAX, sizeof *names);
	DIR *folder = names != NULL ? opendir(path) : NULL;
	int number = names != NULL ? errno : ENOMEM;
	bool is_known = true;
	if (folder != NULL) {
		size_t count = read_names(folder, names, is_well);
		for (size_t i = 0; i < count; i++)
			look_at(dirfd(folder), names[i], is_well);
		closedir(folder);
	} else {
		struct why why;
		why_set(&why, ERR_IO, "pkcs11.files", "%s: %s", path, strerror(number));
		pkcs11_warn(PKCS11_TOPIC_KEYS, &why);
		*is_well = false;
		is_known = number != ENOMEM && number != EMFILE && number != ENFILE;
	}
	free(names);
	return is_known;
}

void pkcs11_objects_scan(const char *state)
{
	char path[FILE_PATH_MAX];
	bool is_well = true;
	for (struct appearance *a = oldest; a != NULL; a = a->next)
		a->is_seen = false;
	if (path_join(path, state, "scep") != ERR_OK || !look_at_all(path, &is_well))
		return;
	for (struct appearance *a = oldest; a != NULL; a = a->next)
		a->is_hidden = a->is_hidden || !a->is_seen;
	for (struct appearance *a = oldest; a != NULL; a = a->next)
		if (a->is_seen) /* at most one is new since the last search: one goes */
			drop_when_over(PKCS11_HIDDEN_MAX, a->generation.name);
	for (int i = 0; i < PKCS11_PROFILES_MAX; i++)
		drop_when_over(PKCS11_GENERATIONS_MAX, NULL);
	if (is_well)
		pkcs11_warn_again(PKCS11_TOPIC_KEYS);
}

unsigned long pkcs11_object_visible(size_t index, struct pkcs11_object *out)
{
	for (const struct appearance *a = oldest; a != NULL; a = a->next) {
		if (a->is_hidden)
			continue;
		size_t objects =
		    a->generation.certificate.len > 0 ? PKCS11_CLASSES : PKCS11_CERTIFICATE;
		if (index < objects) {
			*out = (struct pkcs11_object){&a->generation, (enum pkcs11_class)index};
			return handle_of(a, out->class_);
		}
		index -= objects;
	}
	return 0;
}

bool pkcs11_object_of(unsigned long handle, struct pkcs11_object *out)
{
	enum pkcs11_class class_ = (enum pkcs11_class)(handle % PKCS11_CLASSES);
	for (struct appearance *a = oldest; a != NULL; a = a->next) {
		if (a->number != handle / PKCS11_CLASSES)
			continue;
		if (class_ == PKCS11_CERTIFICATE && a->generation.certificate.len == 0)
			return false;
		a->used = ++moment;
		*out = (struct pkcs11_object){&a->generation, class_};
		return true;
	}
	return false;
}
