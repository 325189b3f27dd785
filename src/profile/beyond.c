/* SPDX-License-Identifier: MIT */
/*
 * beyond.c - what a profile that may only take away has asked for in vain, in the words of its
 * file.
 *
 * Told are wishes, not differences: what the bound does not want and the profile has is taken
 * away without a word, as that is what the bound is for. A wish that the profile satisfies in
 * another way (a protection that is off lets all through) goes beyond nothing. Requirements and
 * limits count where they were said, since everybody has the defaults.
 */
#include "profile/tighten.h"

#include <stdio.h>
#include <string.h>

#include "profile/tighten_parts.h"

static void beyond_lists(const struct profile *profile, const struct profile *bound,
			 tighten_fn each, void *context)
{
	static const char *const keys[] = { "network.connect", "network.listen" };
	char text[32];

	for (size_t i = 0; i < bound->n_ports; i++) {
		const struct port_grant *port = &bound->ports[i];

		(void)snprintf(text, sizeof(text), "%s%u", port->is_udp ? "udp:" : "", port->port);
		if (!tighten_wants_port(profile, port))
			each(context, keys[port->use == PORT_LISTEN], text);
	}
	for (size_t i = 0; i < bound->n_keep_fds; i++) {
		(void)snprintf(text, sizeof(text), "%d", bound->keep_fds[i]);
		if (!tighten_wants_fd(profile, bound->keep_fds[i]))
			each(context, "descriptors", text);
	}
}

static bool sets_to(const struct profile *profile, const struct env_grant *env)
{
	for (size_t i = 0; i < profile->n_env; i++)
		if (profile->env[i].value && !strcmp(profile->env[i].name, env->name) &&
		    !strcmp(profile->env[i].value, env->value))
			return true;
	return false;
}

static void beyond_env(const struct profile *profile, const struct profile *bound, tighten_fn each,
		       void *context)
{
	for (size_t i = 0; i < bound->n_env; i++) {
		const struct env_grant *env = &bound->env[i];

		if (env->value && !sets_to(profile, env))
			each(context, "environment.set", env->name);
		else if (!env->value && !tighten_passes(profile, env->name))
			each(context, "environment.pass", env->name);
	}
	if (bound->wants_env_all && !profile->wants_env_all &&
	    !tighten_is_off(profile, PROTECT_ENVIRONMENT))
		each(context, "environment.all", "true");
}

static void beyond_words(const struct profile *profile, const struct profile *bound,
			 tighten_fn each, void *context)
{
	for (int i = 0; i < GROUP_MAX; i++)
		if (bound->allows_group[i] && !profile->allows_group[i] &&
		    !tighten_is_filter_off(profile))
			each(context, "syscalls.allow", syscall_group_names[i].name);
	if (bound->syscall_mode == SYSCALLS_OFF && !tighten_is_filter_off(profile))
		each(context, "syscalls.mode", syscall_mode_names[SYSCALLS_OFF].name);
	for (int i = 0; i < SET_MAX; i++)
		if (bound->wants_set[i] && !profile->wants_set[i])
			each(context, "with", set_names[i].name);
	if (bound->wants_deps && !profile->wants_deps)
		each(context, "with_deps", "true");
	if (bound->wants_audit && !profile->wants_audit)
		each(context, "audit", "true");
	for (int i = 0; i < PROTECT_MAX; i++) {
		char text[64];

		(void)snprintf(text, sizeof(text), "%s: %s", protection_names[i].name,
			       requirement_names[bound->require[i]].name);
		if (bound->is_named[i] && bound->require[i] < profile->require[i])
			each(context, "require", text);
	}
}

static void beyond_limits(const struct profile *profile, const struct profile *bound,
			  tighten_fn each, void *context)
{
	char text[32];

	for (int i = 0; i < LIMIT_MAX; i++)
		if (bound->has_limit[i] && profile->has_limit[i] &&
		    bound->limits[i] > profile->limits[i])
			each(context, "limits", limit_names[i].name);
	if (profile->time_ms && bound->time_ms > profile->time_ms)
		each(context, "limits", "time");
	(void)snprintf(text, sizeof(text), "%u", bound->abi);
	if (bound->abi && (!profile->abi || bound->abi < profile->abi))
		each(context, "abi", text);
}

void profile_beyond(const struct profile *profile, const struct profile *bound, tighten_fn each,
		    void *context)
{
	beyond_lists(profile, bound, each, context);
	beyond_env(profile, bound, each, context);
	beyond_words(profile, bound, each, context);
	beyond_limits(profile, bound, each, context);
	if (bound->program && !(profile->program && !strcmp(profile->program, bound->program)))
		each(context, "command.program", bound->program);
	if (bound->chdir && !(profile->chdir && !strcmp(profile->chdir, bound->chdir)))
		each(context, "command.directory", bound->chdir);
}
