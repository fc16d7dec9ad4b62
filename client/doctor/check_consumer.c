/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "client/agent/last.h"
#include "client/agent/settings.h"
#include "client/doctor/checks.h"
#include "client/doctor/fitness.h"
#include "tpm/pkcs11_settings.h"
#include "wifi/wifi_settings.h"

/* Each that is wanted now: not retired (the pass leaves those out), not over. */
static void each(struct examination *x,
		 void (*judge)(struct examination *x, const struct consumer *c))
{
	struct consumer *list = calloc(CONFIG_PROFILES_MAX, sizeof *list);
	size_t count = list != NULL ? consumers_list(x->pass.config, list) : 0;
	for (size_t i = 0; i < count && !examination_is_over(x, list[i].name); i++)
		if (!consumer_is_over(&x->pass, &list[i]))
			judge(x, &list[i]);
	free(list);
}

/* ---- who drives the interface ---- */

static void judge_owner(struct examination *x, const struct consumer *c)
{
	char plain[FILE_PATH_MAX];
	char path[FILE_PATH_MAX];
	struct why why = {.code = ""};
	if (c->wifi == NULL)
		return;
	enum err e = wifi_check_owner(x->pass.config->root, c->wifi->interface, &why);
	if (e != ERR_OK)
		find_why(x, x->check->severity, c->name, e, &why);
	else if (path_join(plain, "/sys/class/net", c->wifi->interface) == ERR_OK &&
		 path_in_root(path, x->pass.config->root, plain) == ERR_OK && !file_exists(path))
		find_warning(x, c->name, "see ip link, and set interface",
			     "there is no interface %s", c->wifi->interface);
	else
		find_ok(x, c->name, "neither NetworkManager nor iwd drives %s", c->wifi->interface);
}

void check_consumer_owner(struct examination *x) { each(x, judge_owner); }

/* ---- what stands in its settings ---- */

static void judge_settings(struct examination *x, const struct consumer *c)
{
	struct why why = {.code = ""};
	struct record r;
	enum err e = c->ops->look(&x->pass, c, &why);
	record_read(&x->pass.store, c->ops->folder, c->name, &r);
	if (e == ERR_OK)
		find_ok(x, c->name, "%s is as signet wrote it", r.at.path);
	else if (strcmp(why.code, "wifi.owner") == 0)
		find_unseen(x, c->name, "nothing is written there, see consumer.owner");
	else if (strcmp(why.code, "waiting.install") == 0 && r.sha256[0] != '\0')
		find_trouble(
		    x, c->name,
		    "find out who writes there; signet apply puts its own settings back",
		    "%s was changed by somebody else since signet wrote it, or the profile was",
		    r.at.path);
	else if (strcmp(why.code, "waiting.install") == 0)
		find_trouble(x, c->name, "signet apply", "its settings are not written yet");
	else
		find_why(x, x->check->severity, c->name, e, &why);
}

void check_consumer_settings(struct examination *x) { each(x, judge_settings); }

/* ---- the daemon ---- */

static void judge_present(struct examination *x, const struct consumer *c)
{
	bool is_vpn = c->vpn != NULL;
	if (c->ops->is_present(&x->pass, c))
		find_ok(x, c->name, "%s runs", is_vpn ? "charon" : "wpa_supplicant");
	else if (geteuid() != 0)
		find_unseen(x, c->name, "only root sees whether %s runs",
			    is_vpn ? "charon" : "wpa_supplicant");
	else if (is_vpn)
		find_trouble(x, c->name,
			     "start strongSwan (its service), or set control to its VICI socket",
			     "no charon answers at %s", c->vpn->control);
	else
		find_trouble(x, c->name,
			     "start wpa_supplicant for it (its service), or set control to the "
			     "folder of its sockets",
			     "no wpa_supplicant answers at %s/%s", c->wifi->control,
			     c->wifi->interface);
}

void check_consumer_present(struct examination *x) { each(x, judge_present); }

/* ---- the key, as the daemon finds it ---- */

static bool has_file(struct examination *x, const struct consumer *c, const char *path,
		     const char *what, const char *next)
{
	char rooted[FILE_PATH_MAX];
	if (path_in_root(rooted, x->pass.config->root, path) == ERR_OK && access(rooted, R_OK) == 0)
		return true;
	find_trouble(x, c->name, next, "%s %s: %s", what, path, strerror(errno));
	return false;
}

/* Does the module look where the keys are? Its settings are those of this system, not of --root. */
static void judge_module(struct examination *x, const struct consumer *c)
{
	struct pkcs11_settings module;
	struct why why;
	const struct config *config = x->pass.config;
	pkcs11_settings_read(&module, &why);
	if (config->root[0] != '\0')
		find_ok(x, c->name, "the module is installed");
	else if (why.code[0] != '\0')
		find_why(x, x->check->severity, c->name, ERR_INVALID, &why);
	else if (strcmp(module.state, config->agent.state_dir) != 0)
		find_trouble(x, c->name, "write state = FOLDER into /etc/signet/pkcs11.conf",
			     "the module looks for keys in %s, but state_dir is %s", module.state,
			     config->agent.state_dir);
	else if (strcmp(module.tcti, config->tpm.tcti) != 0)
		find_trouble(x, c->name, "write tcti = NAME into /etc/signet/pkcs11.conf",
			     "the module uses the TPM %s, but tcti is %s", module.tcti,
			     config->tpm.tcti);
	else
		find_ok(x, c->name, "the module is installed, and looks for keys where they are");
}

static void judge_key(struct examination *x, const struct consumer *c)
{
	struct settings_certificate certificate;
	if (c->certificate[0] == '\0')
		return;
	if (settings_certificate_look(&x->pass, c->certificate, &certificate, NULL) != ERR_OK) {
		find_ok(x, c->name, "no key yet");
		return;
	}
	bool is_provider = c->wifi != NULL && c->wifi->key_reference == KEY_REFERENCE_PROVIDER;
	if (certificate.is_software || is_provider) {
		if (has_file(x, c, certificate.key_path, "the key", "run signet apply"))
			find_ok(x, c->name, "%s", certificate.key_path);
	} else if (has_file(x, c, SIGNET_PKCS11_MODULE, "the PKCS#11 module",
			    "install libsignet-pkcs11.so there") &&
		   (c->wifi == NULL ||
		    has_file(x, c, SIGNET_PKCS11_ENGINE, "OpenSSL's PKCS#11 engine",
			     "install libengine-pkcs11-openssl (Debian), or set key_reference = "
			     "provider"))) {
		judge_module(x, c);
	}
}

void check_consumer_key(struct examination *x) { each(x, judge_key); }

/* ---- how it went ---- */

/* EAP-Failure has no reason; what can be seen from here is said first. */
static void judge_refusal(struct examination *x, const struct consumer *c, const struct last *last)
{
	const struct scep_profile *p = config_find_scep(x->pass.config, c->certificate);
	struct own_certificate own;
	bool has_own = p != NULL && own_certificate_read(x, p, &own);
	if (has_own && !fitness_is_client(&own.cert))
		find_trouble(x, c->name,
			     "add extended_key_usage = clientAuth to the scep profile, or to the "
			     "CA's template, and renew",
			     "EAP-TLS fails: the certificate has the wrong extended key usage, "
			     "without clientAuth; %s",
			     last->why.text);
	else
		find_trouble(x, c->name, last->why.next_step,
			     "EAP-TLS fails: the RADIUS server does not take the certificate (it "
			     "may not trust its root); %s",
			     last->why.text);
	if (p != NULL)
		buf_clear(&own.der);
}

static void judge_result(struct examination *x, const struct consumer *c)
{
	struct last last = {.exit = SIGNET_DONE};
	struct record r;
	record_read(&x->pass.store, c->ops->folder, c->name, &r);
	bool has_failed =
	    last_read(&x->pass.store, c->name, &last) == ERR_OK && last.exit != SIGNET_DONE;
	if (has_failed && strcmp(last.why.code, "wifi.refused") == 0)
		judge_refusal(x, c, &last);
	else if (has_failed && strcmp(last.why.code, "wifi.server_certificate") == 0)
		find_trouble(x, c->name, last.why.next_step,
			     "EAP-TLS fails: the RADIUS server is not trusted; %s", last.why.text);
	else if (has_failed && last.exit != SIGNET_WAITING)
		find_trouble(x, c->name, last.why.next_step, "%s", last.why.text);
	else if (r.proven != 0)
		find_ok(x, c->name, "authenticated with generation %u", r.proven);
	else
		find_warning(x, c->name, "signet test wifi or signet test vpn tries it",
			     "has not authenticated with these settings yet");
}

void check_consumer_result(struct examination *x) { each(x, judge_result); }
