/* SPDX-License-Identifier: MIT */
/*
 * tighten.c - the meet of two profiles, all but the paths.
 *
 * What a list holds is kept where both want it, and "wants" is more than "lists": a protection
 * that is off lets everything of its kind through, and `environment.all` every name that does not
 * look like a secret. So the members of both lists are asked about on both sides, and
 *
 *	wanted by the result  =>  wanted by the profile, and wanted by the bound
 *
 * holds for every port, variable, descriptor and group (test_tighten.c, over random pairs). Where
 * the meet cannot be written down ("names that begin with A and are no secrets") less is kept.
 *
 * Everything that `bound` hands over is a name or a number that the profile wants already, or
 * takes away (denials, refused calls, limits, requirements). No value, no command and no
 * directory of it comes across, and its paths only as bounds. A fresh TMPDIR is a place to write:
 * it is made only where the profile itself wants one, even when the bound requires it.
 */
#include "profile/tighten.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "profile/tighten_parts.h"

bool tighten_is_off(const struct profile *profile, enum protection protection)
{
	return profile->require[protection] == REQUIRE_OFF;
}

static int no_memory(struct croft_error *err)
{
	return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "tighten a profile");
}

/* Puts a copy that lives as long as the profile in the place of a text. */
static bool keep(struct profile *profile, const char **text)
{
	if (*text)
		*text = arena_strdup(&profile->arena, *text);
	return *text != NULL;
}

/* Ports */

static bool lists_port(const struct profile *profile, const struct port_grant *port)
{
	for (size_t i = 0; i < profile->n_ports; i++)
		if (profile->ports[i].port == port->port && profile->ports[i].use == port->use &&
		    profile->ports[i].is_udp == port->is_udp)
			return true;
	return false;
}

bool tighten_wants_port(const struct profile *profile, const struct port_grant *port)
{
	return tighten_is_off(profile, port->is_udp ? PROTECT_UDP : PROTECT_TCP) ||
	       lists_port(profile, port);
}

static int meet_ports(struct profile *profile, const struct profile *bound, struct croft_error *err)
{
	struct profile met = { 0 };

	met.ports = arena_calloc(&profile->arena, profile->n_ports + bound->n_ports,
				 sizeof(*met.ports));
	if (!met.ports)
		return no_memory(err);
	for (size_t i = 0; i < profile->n_ports + bound->n_ports; i++) {
		bool is_own = i < profile->n_ports;
		struct port_grant port =
			is_own ? profile->ports[i] : bound->ports[i - profile->n_ports];

		if (lists_port(&met, &port) || !tighten_wants_port(profile, &port) ||
		    !tighten_wants_port(bound, &port))
			continue;
		if (!is_own && !keep(profile, &port.origin))
			return no_memory(err);
		met.ports[met.n_ports++] = port;
	}
	if (met.n_ports > PROFILE_MAX_PORTS)
		return fail(err, CROFT_STAGE_PROFILE, 0, "more than %d ports", PROFILE_MAX_PORTS);
	profile->ports = met.ports;
	profile->n_ports = met.n_ports;
	profile->ports_capacity = met.n_ports;
	return 0;
}

/* Variables */

static size_t prefix_len(const char *name)
{
	size_t len = strlen(name);

	return len && name[len - 1] == '*' ? len - 1 : len;
}

static bool is_prefix(const char *name)
{
	return name[prefix_len(name)] == '*';
}

/* True if each name that `inner` stands for is one that `outer` stands for. */
static bool name_covers(const char *outer, const char *inner)
{
	if (!is_prefix(outer))
		return !strcmp(outer, inner);
	return prefix_len(inner) >= prefix_len(outer) && !strncmp(outer, inner, prefix_len(outer));
}

bool tighten_passes(const struct profile *profile, const char *name)
{
	if (tighten_is_off(profile, PROTECT_ENVIRONMENT))
		return true;
	for (size_t i = 0; i < profile->n_env; i++)
		if (!profile->env[i].value && name_covers(profile->env[i].name, name))
			return true;
	return profile->wants_env_all && !is_prefix(name) && !env_name_is_secret(name);
}

static bool sets(const struct profile *profile, const char *name)
{
	for (size_t i = 0; i < profile->n_env; i++)
		if (profile->env[i].value && !strcmp(profile->env[i].name, name))
			return true;
	return false;
}

static bool lists_variable(const struct profile *profile, const struct env_grant *env)
{
	for (size_t i = 0; i < profile->n_env; i++)
		if (!profile->env[i].value && !strcmp(profile->env[i].name, env->name))
			return true;
	return false;
}

static int meet_env(struct profile *profile, const struct profile *bound, struct croft_error *err)
{
	struct profile met = { 0 };

	met.env = arena_calloc(&profile->arena, profile->n_env + bound->n_env, sizeof(*met.env));
	if (!met.env)
		return no_memory(err);
	for (size_t i = 0; i < profile->n_env + bound->n_env; i++) {
		bool is_own = i < profile->n_env, is_wanted;
		struct env_grant env = is_own ? profile->env[i] : bound->env[i - profile->n_env];

		/* a value is the profile's own; the bound has to want the variable somehow */
		if (env.value)
			is_wanted = is_own &&
				    (tighten_passes(bound, env.name) || sets(bound, env.name));
		else
			is_wanted = !lists_variable(&met, &env) &&
				    tighten_passes(profile, env.name) &&
				    tighten_passes(bound, env.name);
		if (!is_wanted)
			continue;
		if (!is_own && (!keep(profile, &env.name) || !keep(profile, &env.origin)))
			return no_memory(err);
		met.env[met.n_env++] = env;
	}
	if (met.n_env > PROFILE_MAX_ENV)
		return fail(err, CROFT_STAGE_PROFILE, 0, "more than %d variables", PROFILE_MAX_ENV);
	profile->env = met.env;
	profile->n_env = met.n_env;
	profile->env_capacity = profile->n_env;
	profile->wants_env_all =
		(profile->wants_env_all || tighten_is_off(profile, PROTECT_ENVIRONMENT)) &&
		(bound->wants_env_all || tighten_is_off(bound, PROTECT_ENVIRONMENT));
	return 0;
}

/* Descriptors */

static bool lists_fd(const struct profile *profile, int fd)
{
	for (size_t i = 0; i < profile->n_keep_fds; i++)
		if (profile->keep_fds[i] == fd)
			return true;
	return false;
}

bool tighten_wants_fd(const struct profile *profile, int fd)
{
	return tighten_is_off(profile, PROTECT_DESCRIPTORS) || lists_fd(profile, fd);
}

static int meet_fds(struct profile *profile, const struct profile *bound, struct croft_error *err)
{
	struct profile met = { 0 };

	met.keep_fds = arena_calloc(&profile->arena, profile->n_keep_fds + bound->n_keep_fds,
				    sizeof(*met.keep_fds));
	if (!met.keep_fds)
		return no_memory(err);
	for (size_t i = 0; i < profile->n_keep_fds + bound->n_keep_fds; i++) {
		int fd = i < profile->n_keep_fds ? profile->keep_fds[i]
						 : bound->keep_fds[i - profile->n_keep_fds];

		if (!lists_fd(&met, fd) && tighten_wants_fd(profile, fd) &&
		    tighten_wants_fd(bound, fd))
			met.keep_fds[met.n_keep_fds++] = fd;
	}
	if (met.n_keep_fds > PROFILE_MAX_FDS)
		return fail(err, CROFT_STAGE_PROFILE, 0, "more than %d descriptors",
			    PROFILE_MAX_FDS);
	profile->keep_fds = met.keep_fds;
	profile->n_keep_fds = met.n_keep_fds;
	profile->keep_fds_capacity = met.n_keep_fds;
	return 0;
}

/* What is taken away by either is taken away */

static bool lists_call(const struct profile *profile, const char *name)
{
	for (size_t i = 0; i < profile->n_refused_calls; i++)
		if (!strcmp(profile->refused_calls[i], name))
			return true;
	return false;
}

static int join_refused_calls(struct profile *profile, const struct profile *bound,
			      struct croft_error *err)
{
	for (size_t i = 0; i < bound->n_refused_calls; i++) {
		int r = lists_call(profile, bound->refused_calls[i])
				? 0
				: profile_refuse_call(profile, bound->refused_calls[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int join_denials(struct profile *profile, const struct profile *bound,
			struct croft_error *err)
{
	size_t n = profile->n_denials + bound->n_denials;
	struct denial *denials;

	if (bound->n_denials == 0)
		return 0;
	if (n > PROFILE_MAX_DENIALS)
		return fail(err, CROFT_STAGE_PROFILE, 0, "more than %d denials",
			    PROFILE_MAX_DENIALS);
	denials = arena_calloc(&profile->arena, n, sizeof(*denials));
	if (!denials)
		return no_memory(err);
	for (size_t i = 0; i < profile->n_denials; i++)
		denials[i] = profile->denials[i];
	for (size_t i = profile->n_denials; i < n; i++) {
		denials[i] = bound->denials[i - profile->n_denials];
		if (!keep(profile, &denials[i].path) || !keep(profile, &denials[i].origin))
			return no_memory(err);
	}
	profile->denials = denials;
	profile->n_denials = n;
	profile->denials_capacity = n;
	return 0;
}

static int copy_bounds(struct profile *profile, const struct profile *bound,
		       struct croft_error *err)
{
	profile->bounds = arena_calloc(&profile->arena, bound->n_grants, sizeof(*profile->bounds));
	profile->bound_name = arena_strdup(&profile->arena, bound->name);
	if (!profile->bounds || !profile->bound_name)
		return no_memory(err);
	for (size_t i = 0; i < bound->n_grants; i++) {
		struct grant *grant = &profile->bounds[i];

		*grant = bound->grants[i];
		if (!keep(profile, &grant->path) || !keep(profile, &grant->origin))
			return no_memory(err);
	}
	profile->n_bounds = bound->n_grants;
	profile->n_bounded = profile->n_grants;
	return 0;
}

bool tighten_is_filter_off(const struct profile *profile)
{
	return tighten_is_off(profile, PROTECT_SYSCALLS) || profile->syscall_mode == SYSCALLS_OFF;
}

/* Read before requirements are met: what is off lets everything through. */
static void meet_choices(struct profile *profile, const struct profile *bound)
{
	bool is_open = tighten_is_filter_off(profile), is_bound_open = tighten_is_filter_off(bound);

	for (int i = 0; i < GROUP_MAX; i++)
		profile->allows_group[i] = (profile->allows_group[i] || is_open) &&
					   (bound->allows_group[i] || is_bound_open);
	for (int i = 0; i < SET_MAX; i++)
		profile->wants_set[i] &= bound->wants_set[i];
	profile->wants_deps &= bound->wants_deps;
	profile->leaves_tcp_to_landlock &= bound->leaves_tcp_to_landlock;
	for (int i = 0; i < ISOLATE_MAX; i++)
		profile->isolates[i] |= bound->isolates[i];
	profile->protects_git |= bound->protects_git;
	/* it sees to it that nothing stays behind */
	profile->wants_supervisor |= bound->wants_supervisor;
	profile->wants_pty |= bound->wants_pty;
}

static unsigned rank(enum syscall_mode mode)
{
	static const unsigned ranks[SYSCALLS_MODE_MAX] = {
		[SYSCALLS_OFF] = 0,
		[SYSCALLS_STANDARD] = 1,
		[SYSCALLS_STRICT] = 2,
	};

	return ranks[mode];
}

static void meet_requirements(struct profile *profile, const struct profile *bound)
{
	for (int i = 0; i < PROTECT_MAX; i++) {
		/* as profile_finish: nobody prefers a promise about a directory that is not made */
		if (i == PROTECT_PRIVATE_TMP && !profile->wants_tmpdir &&
		    bound->require[i] == REQUIRE_PREFER)
			continue;
		if (bound->require[i] > profile->require[i])
			profile->require[i] = bound->require[i];
		profile->is_named[i] |= bound->is_named[i];
	}
	if (rank(bound->syscall_mode) > rank(profile->syscall_mode))
		profile->syscall_mode = bound->syscall_mode;
	if (bound->min_landlock > profile->min_landlock)
		profile->min_landlock = bound->min_landlock;
	/* a pin leaves newer rights alone: the newer one leaves fewer, and without one none are */
	if (profile->abi && (!bound->abi || bound->abi > profile->abi))
		profile->abi = bound->abi;
}

/* The smaller; 0 is none. */
static void meet_time(uint64_t *ms, uint64_t bound)
{
	if (bound && (!*ms || bound < *ms))
		*ms = bound;
}

static void meet_limits(struct profile *profile, const struct profile *bound)
{
	for (int i = 0; i < LIMIT_MAX; i++) {
		if (!bound->has_limit[i])
			continue;
		if (!profile->has_limit[i] || bound->limits[i] < profile->limits[i])
			profile->limits[i] = bound->limits[i];
		profile->has_limit[i] = true;
	}
	meet_time(&profile->time_ms, bound->time_ms);
	meet_time(&profile->grace_ms, bound->grace_ms);
}

int profile_tighten(struct profile *profile, const struct profile *bound, struct croft_error *err)
{
	int r;

	assert(!profile->bound_name);
	r = meet_ports(profile, bound, err);
	if (r == 0)
		r = meet_env(profile, bound, err);
	if (r == 0)
		r = meet_fds(profile, bound, err);
	if (r == 0)
		r = join_refused_calls(profile, bound, err);
	if (r == 0)
		r = join_denials(profile, bound, err);
	if (r == 0)
		r = copy_bounds(profile, bound, err);
	if (r < 0)
		return r;
	meet_choices(profile, bound);
	meet_requirements(profile, bound);
	meet_limits(profile, bound);
	return 0;
}
