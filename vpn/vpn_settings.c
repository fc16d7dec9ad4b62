/* SPDX-License-Identifier: MIT */
#include "vpn/vpn_settings.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 32 /* characters of a profile's name */
#define VALUE_MAX 1024	/* bytes of one value; identities and paths are shorter */
#define LETTERS_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static bool is_made_of(const char *text, const char *characters, size_t max)
{
	size_t len = text != NULL ? strlen(text) : 0;
	return len > 0 && len <= max && strspn(text, characters) == len;
}

static bool has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

static enum err refuse(struct why *why, const struct vpn_connection *c, const char *key,
		       const char *value, const char *reason)
{
	return why_set(why, ERR_INVALID, "vpn.value", "%s: %s \"%s\" %s", c->profile, key,
		       value != NULL ? value : "", reason);
}

/* strongswan.conf: bare where nothing has a second meaning, else "..." with \" and \\. */
static enum err add_value(struct buf *out, const char *text)
{
	if (is_made_of(text, LETTERS_DIGITS "._-@/:+", VALUE_MAX))
		return buf_add_text(out, text);
	enum err e = buf_add_text(out, "\"");
	for (; *text != '\0' && e == ERR_OK; text++) {
		if (*text == '"' || *text == '\\')
			e = buf_add_text(out, "\\");
		if (e == ERR_OK)
			e = buf_add(out, text, 1);
	}
	return e == ERR_OK ? buf_add_text(out, "\"") : e;
}

static enum err add_line(struct buf *out, const char *name, const char *value)
{
	enum err e = buf_add_format(out, "%s = ", name);
	if (e == ERR_OK)
		e = add_value(out, value);
	return e == ERR_OK ? buf_add_text(out, "\n") : e;
}

/* An identity of strongSwan with a '%' or '*' matches more than one peer. */
static enum err check_id(const struct vpn_connection *c, const char *key, const char *id,
			 struct why *why)
{
	if (id == NULL || id[0] == '\0')
		return refuse(why, c, key, id, "is empty");
	if (strlen(id) > VALUE_MAX || has_control(id))
		return refuse(why, c, key, id, "is too long or holds control characters");
	if (id[0] == '%' || strchr(id, '*') != NULL || strcmp(id, "0.0.0.0") == 0 ||
	    strcmp(id, "::") == 0 || strcmp(id, "0::0") == 0)
		return refuse(why, c, key, id, "stands for more than one peer");
	return ERR_OK;
}

static enum err check_file(const struct vpn_connection *c, const char *key, const char *name,
			   struct why *why)
{
	if (!is_made_of(name, LETTERS_DIGITS "._-", 255) || name[0] == '.')
		return refuse(why, c, key, name, "is not the plain name of a file");
	return ERR_OK;
}

static bool is_network(const char *text, bool *out_is_ipv6)
{
	unsigned char address[sizeof(struct in6_addr)];
	char host[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	if (len >= sizeof host)
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	bool is_ipv6 = inet_pton(AF_INET6, host, address) == 1;
	if (!is_ipv6 && inet_pton(AF_INET, host, address) != 1)
		return false;
	if (slash != NULL && (!is_made_of(slash + 1, "0123456789", 3) ||
			      strtoul(slash + 1, NULL, 10) > (is_ipv6 ? 128 : 32)))
		return false;
	*out_is_ipv6 = is_ipv6;
	return true;
}

static enum err check_lists(const struct vpn_connection *c, struct why *why)
{
	bool is_ipv6;
	if (c->ike_count == 0 || c->esp_count == 0)
		return refuse(why, c, c->ike_count == 0 ? "ike" : "esp", "", "is empty");
	for (size_t i = 0; i < c->ike_count; i++)
		if (!is_made_of(c->ike[i], LETTERS_DIGITS "-_", 128))
			return refuse(why, c, "ike", c->ike[i],
				      "is not a proposal like aes256-sha256-ecp256");
	for (size_t i = 0; i < c->esp_count; i++)
		if (!is_made_of(c->esp[i], LETTERS_DIGITS "-_", 128))
			return refuse(why, c, "esp", c->esp[i],
				      "is not a proposal like aes256-sha256-ecp256");
	for (size_t i = 0; i < c->remote_network_count; i++)
		if (!is_network(c->remote_networks[i], &is_ipv6))
			return refuse(why, c, "remote_network", c->remote_networks[i],
				      "is not a network like 10.0.0.0/8");
	return ERR_OK;
}

static enum err check(const struct vpn_connection *c, struct why *why)
{
	bool has_handle = c->key_handle_hex != NULL && c->key_handle_hex[0] != '\0';
	bool has_file = c->key_file != NULL && c->key_file[0] != '\0';
	if (!is_made_of(c->profile, LETTERS_DIGITS "_-", NAME_MAX_LEN) ||
	    strchr("_-", c->profile[0]) != NULL)
		return why_set(why, ERR_INVALID, "vpn.value", "\"%s\" is not the name of a profile",
			       c->profile);
	/* remote_addrs is a list to strongSwan: a comma, a range or %any would let others in. */
	if (!is_made_of(c->gateway, LETTERS_DIGITS "._-:", 253))
		return refuse(why, c, "gateway", c->gateway,
			      "is neither a host name nor an address");
	enum err e = check_id(c, "local_id", c->local_id, why);
	if (e == ERR_OK && c->gateway_id != NULL && c->gateway_id[0] != '\0')
		e = check_id(c, "gateway_id", c->gateway_id, why);
	else if (e == ERR_OK)
		e = check_id(c, "gateway", c->gateway, why);
	if (e == ERR_OK)
		e = check_file(c, "trust", c->ca_file, why);
	if (e == ERR_OK && has_handle == has_file)
		return refuse(why, c, "certificate", "", "has not exactly one key");
	if (e == ERR_OK && has_file)
		e = check_file(c, "key", c->key_file, why);
	if (e == ERR_OK && has_handle &&
	    (!is_made_of(c->key_handle_hex, "0123456789abcdef", 2 * NAME_MAX_LEN) ||
	     strlen(c->key_handle_hex) % 2 != 0))
		return refuse(why, c, "key", c->key_handle_hex, "is not hex");
	return e == ERR_OK ? check_lists(c, why) : e;
}

/* Commas without blanks: items are checked to need no quotes. */
static enum err add_list(struct buf *out, const char *name, const char *const *items, size_t count)
{
	enum err e = buf_add_format(out, "%s = ", name);
	for (size_t i = 0; i < count && e == ERR_OK; i++)
		e = buf_add_format(out, "%s%s", i > 0 ? "," : "", items[i]);
	return e == ERR_OK ? buf_add_text(out, "\n") : e;
}

/* A virtual address of each family that goes through the tunnel. */
static enum err add_virtual_ips(struct buf *out, const struct vpn_connection *c)
{
	bool has_family[2] = {c->remote_network_count == 0, c->remote_network_count == 0};
	for (size_t i = 0; i < c->remote_network_count; i++) {
		bool is_ipv6 = false;
		if (is_network(c->remote_networks[i], &is_ipv6))
			has_family[is_ipv6] = true;
	}
	return buf_add_format(out, "\t\tvips = %s%s%s\n", has_family[0] ? "0.0.0.0" : "",
			      has_family[0] && has_family[1] ? "," : "", has_family[1] ? "::" : "");
}

static enum err add_head(struct buf *out, const struct vpn_connection *c)
{
	enum err e = buf_add_format(
	    out,
	    "# Written by signet from [vpn %s] (%s tunnel). Changes are overwritten.\n"
	    "connections {\n"
	    "\tsignet-%s {\n"
	    "\t\tversion = 2\n",
	    c->profile, c->is_user_tunnel ? "user" : "device", c->profile);
	if (e == ERR_OK)
		e = add_line(out, "\t\tremote_addrs", c->gateway);
	if (e == ERR_OK && c->has_virtual_ip)
		e = add_virtual_ips(out, c);
	if (e == ERR_OK)
		e = add_list(out, "\t\tproposals", c->ike, c->ike_count);
	if (e != ERR_OK)
		return e;
	return buf_add_text(
	    out,
	    "\t\tkeyingtries = 0\n\t\tdpd_delay = 30s\n\t\tmobike = yes\n\t\tunique = replace\n");
}

/*
 * local.id is a name in the certificate and there is no certs =: a renewed certificate then leaves
 * the connection untouched. remote.id and cacerts always: without them every certificate of the CA
 * is a gateway.
 */
static enum err add_ends(struct buf *out, const struct vpn_connection *c)
{
	static const char *const revocations[] = {
	    [VPN_RELAXED] = "relaxed", [VPN_IFURI] = "ifuri", [VPN_STRICT] = "strict"};
	bool has_id = c->gateway_id != NULL && c->gateway_id[0] != '\0';
	enum err e = buf_add_text(out, "\t\tlocal {\n\t\t\tauth = pubkey\n");
	if (e == ERR_OK)
		e = add_line(out, "\t\t\tid", c->local_id);
	if (e == ERR_OK)
		e = buf_add_text(out, "\t\t}\n\t\tremote {\n\t\t\tauth = pubkey\n");
	if (e == ERR_OK)
		e = add_line(out, "\t\t\tid", has_id ? c->gateway_id : c->gateway);
	if (e == ERR_OK)
		e = add_line(out, "\t\t\tcacerts", c->ca_file);
	return e == ERR_OK ? buf_add_format(out, "\t\t\trevocation = %s\n\t\t}\n",
					    revocations[c->revocation])
			   : e;
}

static enum err add_child(struct buf *out, const struct vpn_connection *c)
{
	static const char *const everything[] = {"0.0.0.0/0", "::/0"};
	const char *action = c->is_on_demand ? "none" : "trap|start";
	enum err e = buf_add_format(out, "\t\tchildren {\n\t\t\tsignet-%s {\n", c->profile);
	if (e == ERR_OK && c->remote_network_count > 0)
		e = add_list(out, "\t\t\t\tremote_ts", c->remote_networks, c->remote_network_count);
	else if (e == ERR_OK)
		e = add_list(out, "\t\t\t\tremote_ts", everything, 2);
	if (e == ERR_OK)
		e = add_list(out, "\t\t\t\tesp_proposals", c->esp, c->esp_count);
	if (e == ERR_OK)
		e = buf_add_format(out,
				   "\t\t\t\tstart_action = %s\n"
				   "\t\t\t\tclose_action = %s\n"
				   "\t\t\t\tdpd_action = restart\n"
				   "\t\t\t\trekey_time = 1h\n"
				   "\t\t\t}\n\t\t}\n\t}\n}\n",
				   action, action);
	return e;
}

/* The module's token reports a logged-in user, so no pin. A plain key in private/ needs no secret.
 */
static enum err add_secret(struct buf *out, const struct vpn_connection *c)
{
	if (c->key_handle_hex != NULL && c->key_handle_hex[0] != '\0')
		return buf_add_format(out,
				      "secrets {\n\ttoken-signet-%s {\n\t\thandle = %s\n\t\tmodule "
				      "= signet\n\t}\n}\n",
				      c->profile, c->key_handle_hex);
	return buf_add_format(out, "secrets {\n\tprivate-signet-%s {\n\t\tfile = %s\n\t}\n}\n",
			      c->profile, c->key_file);
}

enum err vpn_render(const struct vpn_connection *connection, struct buf *out, struct why *why)
{
	size_t start = out->len;
	enum err e = check(connection, why);
	if (e == ERR_OK)
		e = add_head(out, connection);
	if (e == ERR_OK)
		e = add_ends(out, connection);
	if (e == ERR_OK)
		e = add_child(out, connection);
	if (e == ERR_OK)
		e = add_secret(out, connection);
	if (e != ERR_OK)
		buf_cut(out, start);
	return e;
}

enum err vpn_render_daemon(const char *module_path, struct buf *out)
{
	size_t start = out->len;
	bool has_module = module_path != NULL && module_path[0] != '\0';
	if (has_module &&
	    (module_path[0] != '/' || has_control(module_path) || strlen(module_path) > VALUE_MAX))
		return ERR_INVALID;
	enum err e = buf_add_text(out, "# Written by signet. Changes are overwritten.\n"
				       "charon {\n"
				       "\tmake_before_break = yes\n");
	if (e == ERR_OK && has_module)
		e = buf_add_text(out, "\tplugins {\n\t\tpkcs11 {\n\t\t\tload = yes\n\t\t\tmodules "
				      "{\n\t\t\t\tsignet {\n");
	if (e == ERR_OK && has_module)
		e = add_line(out, "\t\t\t\t\tpath", module_path);
	if (e == ERR_OK && has_module)
		e = buf_add_text(out,
				 "\t\t\t\t\tload_certs = no\n\t\t\t\t}\n\t\t\t}\n\t\t}\n\t}\n");
	if (e == ERR_OK)
		e = buf_add_text(out, "}\n");
	if (e != ERR_OK)
		buf_cut(out, start);
	return e;
}
