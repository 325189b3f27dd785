/* SPDX-License-Identifier: MIT */
/*
 * print_json.c - a plan as one JSON object: the same facts as print.c, for programs.
 */
#include <string.h>

#include "base/cleanup.h"
#include "plan/parts.h"
#include "plan/print.h"

static void string_pair(struct json *json, const char *key, const char *value)
{
	json_key(json, key);
	json_string(json, value);
}

static void access_pair(struct json *json, const char *key, uint64_t access,
			void (*print)(struct buf *, uint64_t))
{
	AUTO_BUF struct buf text = BUF_INIT(512);

	if (access)
		print(&text, access);
	string_pair(json, key, buf_text(&text));
}

void print_rows_json(struct json *json, const struct plan *plan)
{
	json_key(json, "protections");
	json_array_begin(json);
	for (int i = 0; i < PROTECT_MAX; i++) {
		const struct plan_row *row = &plan->rows[i];

		json_object_begin(json);
		string_pair(json, "name", protection_names[i].name);
		string_pair(json, "requirement", requirement_names[row->requirement].name);
		string_pair(json, "state", state_names[row->state].name);
		string_pair(json, "mechanisms", row->mechanisms);
		string_pair(json, row->state == STATE_ENFORCED ? "note" : "missing", row->missing);
		string_pair(json, "mend", row->mend);
		json_object_end(json);
	}
	json_array_end(json);
}

void print_layers_json(struct json *json, const struct plan *plan)
{
	json_key(json, "layers");
	json_object_begin(json);
	string_pair(json, "tier",
		    plan->tier == TIER_NAMESPACES ? "namespaces"
		    : plan->is_supervised         ? "supervised"
						  : "in-place");
	json_key(json, "supervised");
	json_bool(json, plan->is_supervised);
	json_key(json, "landlock_abi");
	json_int(json, plan->abi);
	json_key(json, "landlock_abi_of_host");
	json_int(json, host_abi(plan));

	json_key(json, "landlock_rules");
	json_uint(json, plan->n_rules + plan->n_ports + (plan->tmpdir_access != 0));
	json_key(json, "landlock_audit");
	json_bool(json, plan->restrict_flags != 0);
	json_key(json, "seccomp");
	json_bool(json, !plan->syscalls.is_off);
	json_object_end(json);
}

static void print_ignored_json(struct json *json, const struct plan *plan)
{
	uint64_t net, scoped, fs = plan_ignored(plan, &net, &scoped);

	json_key(json, "ignored_here");
	json_object_begin(json);
	access_pair(json, "fs", fs, print_fs_access);
	access_pair(json, "net", net, print_net_access);
	access_pair(json, "scoped", scoped, print_scoped);
	json_object_end(json);
}

static void print_filter_json(struct json *json, const struct plan *plan)
{
	const struct syscall_policy *policy = &plan->syscalls;
	const struct {
		const char *key;
		bool value;
	} flags[] = {
		{ "tcp_sockets", policy->is_off || policy->allows_inet_stream },
		{ "udp_sockets", policy->is_off || policy->allows_inet_dgram },
		{ "unix_sockets", policy->is_off || policy->allows_unix },
		{ "other_sockets", policy->is_off || !policy->refuses_other_net },
		{ "listen", policy->is_off || !policy->refuses_listen },
	};

	json_key(json, "system_calls");
	json_object_begin(json);
	json_key(json, "refused_groups");
	json_array_begin(json);
	for (int group = 0; group < GROUP_MAX && !policy->is_off; group++)
		if (!policy->allows_group[group])
			json_string(json, syscall_group_names[group].name);
	json_array_end(json);
	json_key(json, "refused_by_name");
	json_array_begin(json);
	for (size_t i = 0; i < plan->profile->n_refused_calls && !policy->is_off; i++)
		json_string(json, plan->profile->refused_calls[i]);
	json_array_end(json);
	json_key(json, "strict");
	json_bool(json, policy->is_strict && !policy->is_off);
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		json_key(json, flags[i].key);
		json_bool(json, flags[i].value);
	}
	json_object_end(json);
}

static void print_process_json(struct json *json, const struct plan *plan)
{
	const struct profile *profile = plan->profile;

	string_pair(json, "directory", plan->workdir);
	json_key(json, "kept_descriptors");
	json_array_begin(json);
	for (size_t i = 0; i < profile->n_keep_fds; i++)
		json_int(json, profile->keep_fds[i]);
	json_array_end(json);
	json_key(json, "limits");
	json_object_begin(json);
	for (int limit = 0; limit < LIMIT_MAX; limit++) {
		if (!profile->has_limit[limit])
			continue;
		json_key(json, limit_names[limit].name);
		json_uint(json, profile->limits[limit]);
	}
	if (profile->time_ms) {
		json_key(json, "time_ms");
		json_uint(json, profile->time_ms);
		json_key(json, "grace_ms");
		json_uint(json, profile->grace_ms);
	}
	json_object_end(json);
}

static void print_rules_json(struct json *json, const struct plan *plan)
{
	json_key(json, "rules");
	json_array_begin(json);
	for (size_t i = 0; i < plan->n_rules; i++) {
		const struct plan_rule *rule = &plan->rules[i];

		json_object_begin(json);
		string_pair(json, "path", rule->path);
		string_pair(json, "granted_as", rule->grant->path);
		string_pair(json, "origin", rule->origin);
		access_pair(json, "access", rule->access, print_fs_access);
		access_pair(json, "ignored", rule->ignored, print_fs_access);
		json_object_end(json);
	}
	json_array_end(json);
	json_key(json, "ports");
	json_array_begin(json);
	for (size_t i = 0; i < plan->n_ports; i++) {
		const struct plan_port *port = &plan->ports[i];

		json_object_begin(json);
		json_key(json, "port");
		json_uint(json, port->grant->port);
		string_pair(json, "origin", port->grant->origin);
		access_pair(json, "access", port->access, print_net_access);
		json_object_end(json);
	}
	json_array_end(json);
}

static void print_denials_json(struct json *json, const struct plan *plan)
{
	json_key(json, "denied");
	json_array_begin(json);
	for (size_t i = 0; i < plan->n_denials; i++) {
		const struct plan_denial *denial = &plan->denials[i];

		json_object_begin(json);
		string_pair(json, "kind", denial_names[denial->denial->kind].name);
		string_pair(json, "path", denial->path);
		string_pair(json, "denied_as", denial->denial->path);
		string_pair(json, "origin", denial->denial->origin);
		json_key(json, "is_kept");
		json_bool(json, denial_is_kept(plan, denial));
		string_pair(json, "given_by", denial->rule ? denial->rule->origin : "");
		json_object_end(json);
	}
	json_array_end(json);
}

static void print_mounts_json(struct json *json, const struct plan *plan)
{
	json_key(json, "mounts");
	json_array_begin(json);
	for (size_t i = 0; i < plan->n_mounts; i++) {
		json_object_begin(json);
		string_pair(json, "beneath", plan->mounts[i].rule->path);
		string_pair(json, "point", plan->mounts[i].point);
		string_pair(json, "what", plan->mounts[i].what);
		json_object_end(json);
	}
	json_array_end(json);
}

static void print_patterns_json(struct json *json, const struct plan *plan)
{
	json_key(json, "patterns");
	json_array_begin(json);
	for (size_t i = 0; i < plan->n_patterns; i++) {
		json_object_begin(json);
		string_pair(json, "pattern", plan->patterns[i].grant->path);
		string_pair(json, "origin", plan->patterns[i].grant->origin);
		json_key(json, "names");
		json_uint(json, plan->patterns[i].n_names);
		json_object_end(json);
	}
	json_array_end(json);
}

static void print_environment_json(struct json *json, const struct plan *plan)
{
	json_key(json, "environment");
	json_array_begin(json);
	for (size_t i = 0; i < plan->n_env; i++) {
		AUTO_BUF struct buf name = BUF_INIT(PROFILE_MAX_PATH);

		buf_add(&name, plan->command.envp[i], strcspn(plan->command.envp[i], "="));
		json_string(json, buf_text(&name));
	}
	json_array_end(json);
	json_key(json, "environment_not_passed");
	json_array_begin(json);
	for (size_t i = 0; i < plan->n_env_dropped; i++)
		json_string(json, plan->env_dropped[i]);
	json_array_end(json);
}

void plan_print_json(struct buf *buf, const struct plan *plan)
{
	struct json json;

	json_init(&json, buf);
	json_object_begin(&json);
	json_key(&json, "version");
	json_uint(&json, 1);
	string_pair(&json, "profile", plan->profile->name);
	string_pair(&json, "bounded_by", plan->profile->bound_name);

	json_key(&json, "requires_landlock");
	json_uint(&json, plan->profile->min_landlock);
	string_pair(&json, "kernel", plan->host.kernel_release);
	string_pair(&json, "program", plan->command.path);
	json_key(&json, "command");
	json_array_begin(&json);
	for (const char *const *word = plan->command.argv; word && *word; word++)
		json_string(&json, *word);
	json_array_end(&json);
	print_layers_json(&json, plan);
	access_pair(&json, "handled_fs", plan->handled_fs, print_fs_access);
	access_pair(&json, "handled_net", plan->handled_net, print_net_access);
	access_pair(&json, "scoped", plan->scoped, print_scoped);
	print_ignored_json(&json, plan);
	print_rules_json(&json, plan);
	print_tree_json(&json, plan);
	print_patterns_json(&json, plan);
	print_mounts_json(&json, plan);
	print_denials_json(&json, plan);

	print_filter_json(&json, plan);
	if (plan->command.argv) {
		print_environment_json(&json, plan);
		print_process_json(&json, plan);
	}
	json_key(&json, "estimated_us");
	json_uint(&json, plan_estimate_us(plan));
	print_rows_json(&json, plan);
	json_object_end(&json);
	buf_putc(buf, '\n');
}
