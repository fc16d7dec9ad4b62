/* SPDX-License-Identifier: MIT */
/*
 * A small host of the PKCS#11 module, built without sanitizers like the daemons that load it.
 *
 *   pkcs11_host MODULE LABEL INFO sign THREADS COUNT   each thread makes COUNT signatures of INFO in a
 *                                                      session of its own; all must be the same bytes
 *   pkcs11_host MODULE LABEL INFO follow               for each line of stdin: "new" searches and signs
 *                                                      with what it found, "old" with the first key seen
 *   pkcs11_host MODULE LABEL INFO fork COUNT           parent and child sign at once, the child first
 *                                                      without and then with C_Initialize
 * INFO is hex. Prints "HANDLE SIGNATURE" in hex. Exit 1 with a sentence on any failure.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <p11-kit/pkcs11.h>

#define SIGNATURE_MAX 512

static CK_FUNCTION_LIST *p11;
static CK_SLOT_ID slot;
static const char *label;
static unsigned char info[256];
static CK_ULONG info_len;
static unsigned count;

struct signature {
	unsigned char bytes[SIGNATURE_MAX];
	CK_ULONG len;
};

static void must(CK_RV rv, const char *what)
{
	if (rv == CKR_OK)
		return;
	printf("%s: 0x%lx\n", what, rv);
	fflush(stdout);
	_exit(1);
}

static CK_OBJECT_HANDLE find(CK_SESSION_HANDLE session)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class},
				   {CKA_LABEL, (void *)label, strlen(label)}};
	CK_OBJECT_HANDLE found[2] = {0, 0};
	CK_ULONG n = 0;
	must(p11->C_FindObjectsInit(session, template, 2), "C_FindObjectsInit");
	must(p11->C_FindObjects(session, found, 2, &n), "C_FindObjects");
	must(p11->C_FindObjectsFinal(session), "C_FindObjectsFinal");
	if (n != 1) {
		printf("%lu keys \"%s\"\n", n, label);
		fflush(stdout);
		_exit(1);
	}
	return found[0];
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, struct signature *out)
{
	CK_MECHANISM mechanism = {CKM_RSA_PKCS, NULL, 0};
	CK_RV rv = p11->C_SignInit(session, &mechanism, key);
	out->len = sizeof out->bytes;
	return rv == CKR_OK ? p11->C_Sign(session, info, info_len, out->bytes, &out->len) : rv;
}

static CK_SESSION_HANDLE open_session(void)
{
	CK_SESSION_HANDLE session;
	must(p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session), "C_OpenSession");
	return session;
}

static void print(CK_OBJECT_HANDLE key, const struct signature *signature)
{
	printf("%lu ", key);
	for (CK_ULONG i = 0; i < signature->len; i++)
		printf("%02x", signature->bytes[i]);
	printf("\n");
	fflush(stdout);
}

static void *sign_many(void *first)
{
	struct signature *expected = first;
	struct signature one;
	CK_SESSION_HANDLE session = open_session();
	CK_OBJECT_HANDLE key = find(session);
	for (unsigned i = 0; i < count; i++) {
		must(sign(session, key, &one), "C_Sign");
		if (one.len != expected->len || memcmp(one.bytes, expected->bytes, one.len) != 0) {
			printf("another signature\n");
			fflush(stdout);
			_exit(1);
		}
	}
	must(p11->C_CloseSession(session), "C_CloseSession");
	return NULL;
}

static void first_signature(struct signature *out)
{
	CK_SESSION_HANDLE session = open_session();
	CK_OBJECT_HANDLE key = find(session);
	must(sign(session, key, out), "C_Sign");
	must(p11->C_CloseSession(session), "C_CloseSession");
	print(key, out);
}

static void run_threads(unsigned threads)
{
	pthread_t thread[64];
	struct signature first;
	first_signature(&first);
	if (threads > 64)
		threads = 64;
	for (unsigned i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, sign_many, &first) != 0)
			_exit(1);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
}

static void follow(void)
{
	char line[64];
	struct signature signature;
	CK_SESSION_HANDLE session = open_session();
	CK_OBJECT_HANDLE oldest = 0;
	while (fgets(line, sizeof line, stdin) != NULL) {
		CK_OBJECT_HANDLE key = strncmp(line, "old", 3) == 0 ? oldest : find(session);
		if (oldest == 0)
			oldest = key;
		CK_RV rv = sign(session, key, &signature);
		if (rv == CKR_OK) {
			print(key, &signature);
		} else {
			printf("%lu error 0x%lx\n", key, rv);
			fflush(stdout);
		}
	}
}

static void run_fork(void)
{
	struct signature first;
	pthread_t thread;
	int status = 1;
	first_signature(&first);
	if (pthread_create(&thread, NULL, sign_many, &first) != 0)
		_exit(1);
	for (int i = 0; i < 20; i++) { /* at twenty moments of the other thread's work */
		pid_t child = fork();
		if (child == 0) {
			struct signature one;
			CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
			CK_SESSION_HANDLE session = open_session();
			must(sign(session, find(session), &one), "C_Sign without C_Initialize");
			must(p11->C_Initialize(&args), "C_Initialize in the child");
			session = open_session();
			must(sign(session, find(session), &one), "C_Sign in the child");
			_exit(one.len == first.len && memcmp(one.bytes, first.bytes, one.len) == 0 ? 0
												   : 1);
		}
		if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
			printf("child %d: status %d\n", i, status);
			fflush(stdout);
			_exit(1);
		}
	}
	pthread_join(thread, NULL);
}

static void read_info(const char *hex)
{
	for (; hex[0] != '\0' && hex[1] != '\0' && info_len < sizeof info; hex += 2) {
		unsigned byte;
		if (sscanf(hex, "%2x", &byte) != 1)
			exit(2);
		info[info_len++] = (unsigned char)byte;
	}
}

int main(int argc, char **argv)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	CK_ULONG slots = 1;
	if (argc < 5)
		return 2;
	void *module = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
	CK_C_GetFunctionList get = NULL;
	if (module != NULL)
		*(void **)&get = dlsym(module, "C_GetFunctionList");
	if (get == NULL) {
		printf("%s\n", dlerror());
		return 1;
	}
	label = argv[2];
	read_info(argv[3]);
	must(get(&p11), "C_GetFunctionList");
	must(p11->C_Initialize(&args), "C_Initialize");
	must(p11->C_GetSlotList(CK_TRUE, &slot, &slots), "C_GetSlotList");
	if (strcmp(argv[4], "sign") == 0 && argc == 7) {
		count = (unsigned)atoi(argv[6]);
		run_threads((unsigned)atoi(argv[5]));
	} else if (strcmp(argv[4], "follow") == 0) {
		follow();
	} else if (strcmp(argv[4], "fork") == 0 && argc == 6) {
		count = (unsigned)atoi(argv[5]);
		run_fork();
	} else {
		return 2;
	}
	must(p11->C_Finalize(NULL), "C_Finalize");
	dlclose(module);
	return 0;
}
