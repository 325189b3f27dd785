/* SPDX-License-Identifier: MIT */
/*
 * cmd_profile_export.c - croft profile export: a profile in another launcher's words.
 *
 * landlockconfig's JSON form speaks of Landlock's rights, ports and scopes and of nothing else.
 * What a profile wants besides (variables, limits, denials, system calls, ...) cannot be said
 * there: each such wish is a line on stderr, so that nobody takes the result for the whole.
 * Variables are expanded: the result holds for this user and this working directory.
 */
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "cli/cmd_profile.h"
#include "plan/parts.h"
#include "profile/document.h"
#include "sys/abi.h"

/*
 * The newest ABI whose rights landlockconfig has names for (July 2026): ioctl_dev came with 5, the
 * scopes with 6.
 */
#define THEIR_ABI 6

static uint64_t grant_rights(const struct grant *grant)
{
	return kinds_to_access(grant->kinds) | grant->rights;
}

static void print_rights(struct json *json, uint64_t rights)
{
	json_key(json, "allowedAccess");
	json_array_begin(json);
	for (size_t i = 0; i < n_right_names; i++)
		if (rights & (1ULL << i))
			json_string(json, right_names[i].name);
	json_array_end(json);
}

static void print_list(struct json *json, const char *key, const char *value)
{
	json_key(json, key);
	json_array_begin(json);
	json_string(json, value);
	json_array_end(json);
}

static void print_head(struct json *json, unsigned abi)
{
	json_key(json, "abi");
	json_uint(json, abi);
	json_key(json, "ruleset");
	json_array_begin(json);
	json_object_begin(json);
	print_list(json, "handledAccessFs", "abi.all");
	if (abi >= 4)
		print_list(json, "handledAccessNet", "abi.all");
	if (abi >= 6)
		print_list(json, "scoped", "abi.all");
	json_object_end(json);
	json_array_end(json);
}

/* '$' begins a variable there. */
static void print_path(struct json *json, const char *path)
{
	AUTO_BUF struct buf text = BUF_INIT((size_t)2 * PROFILE_MAX_PATH);

	for (; *path; path++) {
		if (*path == '$')
			buf_putc(&text, '$');
		buf_putc(&text, *path);
	}
	json_string(json, buf_text(&text));
}

static void print_grants(struct json *json, const struct profile *profile, unsigned abi)
{
	bool is_open = false;

	for (size_t i = 0; i < profile->n_grants; i++) {
		uint64_t rights =
			grant_rights(&profile->grants[i]) & landlock_abi_get((int)abi)->fs;

		if (!rights || profile->grants[i].is_pattern)
			continue;
		if (!is_open) {
			json_key(json, "pathBeneath");
			json_array_begin(json);
			is_open = true;
		}
		json_object_begin(json);
		print_rights(json, rights);
		json_key(json, "parent");
		json_array_begin(json);
		print_path(json, profile->grants[i].path);
		json_array_end(json);
		json_object_end(json);
	}
	if (is_open)
		json_array_end(json);
}

static void print_ports(struct json *json, const struct profile *profile)
{
	bool is_open = false;

	for (size_t i = 0; i < profile->n_ports; i++) {
		const struct port_grant *port = &profile->ports[i];

		if (port->is_udp)
			continue;
		if (!is_open) {
			json_key(json, "netPort");
			json_array_begin(json);
			is_open = true;
		}
		json_object_begin(json);
		print_list(json, "allowedAccess",
			   port->use == PORT_LISTEN ? "bind_tcp" : "connect_tcp");
		json_key(json, "port");
		json_array_begin(json);
		json_uint(json, port->port);
		json_array_end(json);
		json_object_end(json);
	}
	if (is_open)
		json_array_end(json);
}

static void lose(const char *what, const char *why)
{
	AUTO_BUF struct buf line = BUF_INIT(8192);

	buf_printf(&line, "not carried over: %s: %s", what, why);
	cli_warn(buf_text(&line));
}

static void tell_lost_grants(const struct profile *profile, unsigned abi)
{
	for (size_t i = 0; i < profile->n_grants; i++) {
		const struct grant *grant = &profile->grants[i];

		if (grant->is_pattern)
			lose(grant->path, "patterns are not known there");
		else if (grant_rights(grant) & ~landlock_abi_get((int)abi)->fs)
			lose(grant->path,
			     "has rights that are not known there (path sockets, or newer than its abi)");
	}
	for (size_t i = 0; i < profile->n_denials; i++)
		lose(profile->denials[i].path, "nothing can be denied there");
	for (size_t i = 0; i < profile->n_ports; i++)
		if (profile->ports[i].is_udp)
			lose(profile->ports[i].origin, "UDP ports are not known there");
}

/* Everything that is no rule of Landlock's. */
static void tell_lost(const struct profile *profile, unsigned abi)
{
	bool has_limit = profile->time_ms != 0, has_group = profile->n_refused_calls != 0;
	static const char outside[] = "it is no part of Landlock";

	tell_lost_grants(profile, abi);
	for (int i = 0; i < LIMIT_MAX; i++)
		has_limit |= profile->has_limit[i];
	for (int i = 0; i < GROUP_MAX; i++)
		has_group |= profile->allows_group[i];
	if (profile->n_env || profile->wants_env_all)
		lose("environment", outside);
	if (has_limit)
		lose("limits", outside);
	if (has_group || profile->syscall_mode != SYSCALLS_OFF)
		lose("syscalls", "the filter of system calls is no part of Landlock");
	if (profile->wants_tmpdir)
		lose("private-tmp", "there is no fresh TMPDIR");
	if (profile->n_keep_fds == 0)
		lose("descriptors", "inherited descriptors stay open there");
	if (profile->program)
		lose("command", outside);
	if (profile->wants_deps)
		lose("with_deps", "what a command needs to start is found when it starts");
	for (int i = 0; i < SET_MAX; i++)
		if (profile->wants_set[i])
			lose(set_names[i].name, "what a set grants is found when a command starts");
}

static int export_landlockconfig(const struct profile *profile)
{
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX);
	unsigned abi = profile->abi && profile->abi < THEIR_ABI ? profile->abi : THEIR_ABI;
	struct json json;
	int status;

	json_init(&json, &buf);
	json_object_begin(&json);
	print_head(&json, abi);
	print_grants(&json, profile, abi);
	if (abi >= 4)
		print_ports(&json, profile);
	json_object_end(&json);
	buf_putc(&buf, '\n');
	status = cli_print(&buf);
	if (status == 0)
		tell_lost(profile, abi);
	return status;
}

int cmd_profile_export(const struct option_list *list, const char *const *words)
{
	const char *format = options_value(list, OPT_TO, NULL);
	struct croft_error err = { 0 };
	struct profile *profile;
	int status;

	if (!format || !words[0] || words[1]) {
		(void)fail(&err, CROFT_STAGE_USAGE, 0, "a format and one profile are needed");
		fail_hint(&err, "for example: croft profile export --to landlockconfig default");
		return cli_fail(&err);
	}
	if (strcmp(format, "landlockconfig")) {
		(void)fail(&err, CROFT_STAGE_USAGE, 0, "there is no format '%s'", format);
		fail_hint(&err, "one of: landlockconfig");
		return cli_fail(&err);
	}
	if (cli_load_profile(words[0], &profile, &err) < 0)
		return cli_fail(&err);
	status = export_landlockconfig(profile);
	profile_free(profile);
	return status;
}
