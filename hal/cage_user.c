/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "hal/cage.h"
#include "hal/cage_parts.h"

#define NOBODY 65534 /* Linux: DEFAULT_OVERFLOWUID, <linux/highuid.h> */

/* The file alone: getpwnam(3) may ask a directory in the network. */
static void pick_user(uid_t *out_uid, gid_t *out_gid)
{
	struct passwd *p;
	FILE *file = fopen("/etc/passwd", "re");
	*out_uid = NOBODY;
	*out_gid = NOBODY;
	while (file != NULL && (p = fgetpwent(file)) != NULL) {
		if (strcmp(p->pw_name, CAGE_USER) == 0 && p->pw_uid != 0) {
			*out_uid = p->pw_uid;
			*out_gid = p->pw_gid;
			break;
		}
	}
	if (file != NULL)
		fclose(file);
}

/* EINVAL: a user name space that does not know the user. */
static enum err translate(int result)
{
	return result == 0 ? ERR_OK : errno == EPERM || errno == EINVAL ? ERR_DENIED : ERR_IO;
}

static enum err change_user(void)
{
	uid_t uid;
	gid_t gid;
	pick_user(&uid, &gid);
	enum err e = translate(setgroups(0, NULL));
	if (e == ERR_OK)
		e = translate(setresgid(gid, gid, gid));
	return e == ERR_OK ? translate(setresuid(uid, uid, uid)) : e;
}

void cage_kill(pid_t child)
{
	uid_t uid;
	gid_t gid;
	const uid_t own = geteuid();
	if (kill(child, SIGKILL) == 0 || errno != EPERM)
		return;
	pick_user(&uid, &gid);
	if (setresuid((uid_t)-1, uid, (uid_t)-1) != 0)
		return;
	kill(child, SIGKILL);
	if (setresuid((uid_t)-1, own, (uid_t)-1) != 0)
		abort(); /* never on as somebody else; cannot happen, `own` is still the real user */
}

static enum err drop_capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];
	memset(none, 0, sizeof none);
	return syscall(SYS_capset, &head, none) == 0 ? ERR_OK : ERR_IO;
}

enum err cage_user_enter(void)
{
	enum err changed = change_user();
	enum err e = changed == ERR_OK || changed == ERR_DENIED ? drop_capabilities() : changed;
	return e == ERR_OK ? changed : e;
}
