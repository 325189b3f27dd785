/* SPDX-License-Identifier: MIT */
/*
 * sandbox.c - puts the first half of the flow together.
 *
 * The order matters in one place: descriptors that are to be kept are checked
 * before anything is opened here, or one of ours could pass for one of them.
 */
#include "launch/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "host/paths.h"
#include "launch/deps.h"
#include "launch/globs.h"
#include "plan/pattern.h"
#include "sys/calls.h"

const char *const sandbox_any_command[] = { "COMMAND", NULL };

static int check_kept(const struct profile *profile, struct croft_error *err)
{
	for (size_t i = 0; i < profile->n_keep_fds; i++) {
		int r = sys_fcntl(profile->keep_fds[i], F_GETFD, 0);

		if (r < 0)
			return fail(err, CROFT_STAGE_PROFILE, -r, "keep descriptor %d",
				    profile->keep_fds[i]);
	}
	return 0;
}

static const char *find_tmp_parent(const char *const *envp)
{
	for (size_t i = 0; envp && envp[i]; i++)
		if (!strncmp(envp[i], "TMPDIR=/", 8))
			return envp[i] + 7;
	return NULL;
}

static int open_paths(struct sandbox *sandbox, const struct profile *profile,
		      struct croft_error *err)
{
	size_t n_bounds = profile->bound_name ? profile->n_bounds : 0,
	       n = profile->n_grants + n_bounds;
	const char *few[64];
	AUTO_FREE const char **many = n > ARRAY_SIZE(few) ? malloc(n * sizeof(*many)) : NULL;
	const char **names = n > ARRAY_SIZE(few) ? many : few;
	int r;

	sandbox->facts = malloc((n + 1) * sizeof(*sandbox->facts));
	if (!names || !sandbox->facts)
		return fail(err, CROFT_STAGE_PREPARE, ENOMEM, "open %zu paths", n);
	for (size_t i = 0; i < profile->n_grants; i++)
		names[i] = profile->grants[i].path;
	for (size_t i = 0; i < n_bounds; i++)
		names[profile->n_grants + i] = profile->bounds[i].path;
	r = paths_open(names, n, sandbox->facts);
	if (r < 0) {
		r = fail(err, CROFT_STAGE_PREPARE, -r, "open %zu paths", n);
		if (r == -EMFILE)
			fail_hint(
				err,
				"each needs a descriptor until the start: raise 'ulimit -n', or grant directories");
		return r;
	}
	sandbox->n_facts = n;
	return 0;
}

/*
 * Where the part of a denial before its first '*' leads: one call for most, since what is no link
 * is found so at once, there or not. NULL if it leads nowhere else; a name that cannot be
 * resolved (a loop, a directory that may not be searched) stays as it is written: neither can the
 * command go on from there.
 */
static int resolve_denial(const char *path, char **ret_real)
{
	char fixed[PATH_MAX], real[PATH_MAX];
	size_t len = pattern_fixed(path);

	if (len == 0 || len >= sizeof(fixed))
		return 0;
	memcpy(fixed, path, len);
	fixed[len] = '\0';
	if (path_resolve(fixed, real, sizeof(real)) < 0 || !strcmp(real, fixed))
		return 0;
	*ret_real = strdup(real);
	return *ret_real ? 0 : -ENOMEM;
}

/*
 * True if the denial lies by its own name in a tree that may be written. Then it is not kept,
 * wherever it leads: the name can be given to something else. Nothing has to be looked up, which
 * matters to agents' profiles: they bring a hundred such names for each project.
 */
static bool is_in_writable_tree(const struct sandbox *sandbox, const struct profile *profile,
				const char *path)
{
	for (size_t i = 0; i < profile->n_grants; i++) {
		const struct path_fact *fact = &sandbox->facts[i];

		if ((profile->grants[i].kinds & GRANT_WRITE) && !fact->errnum && !fact->real &&
		    S_ISDIR(fact->type) && path_is_under(profile->grants[i].path, path))
			return true;
	}
	return false;
}

static int resolve_denials(struct sandbox *sandbox, const struct profile *profile,
			   struct croft_error *err)
{
	size_t n = profile->n_denials;

	if (n == 0)
		return 0;
	sandbox->denied = calloc(n, sizeof(*sandbox->denied));
	if (!sandbox->denied)
		return fail(err, CROFT_STAGE_PREPARE, ENOMEM, "resolve %zu denials", n);
	sandbox->n_denied = n;
	for (size_t i = 0; i < n; i++) {
		const char *path = profile->denials[i].path;

		/* bounds may have taken the tree away again */
		if (!profile->bound_name && is_in_writable_tree(sandbox, profile, path))
			continue;
		if (resolve_denial(path, &sandbox->denied[i]) < 0)
			return fail(err, CROFT_STAGE_PREPARE, ENOMEM, "resolve %zu denials", n);
	}
	return 0;
}

/* The command's own needs, added to a copy: the caller's profile may serve other commands. */
static int add_deps(struct sandbox *sandbox, const struct profile *profile, const char *const *argv,
		    const char *const *envp, struct croft_error *err)
{
	int r;

	if (!deps_are_wanted(profile))
		return 0;
	r = deps_copy_profile(profile, &sandbox->profile, err);
	if (r < 0)
		return r;
	if (!argv || argv == sandbox_any_command)
		return deps_grant_sets(sandbox->profile, err);
	r = deps_grant(sandbox->profile, argv, envp, &sandbox->command, err);
	sandbox->has_command = r == 0;
	return r;
}

/* Patterns become names, in a copy for the same reason. */
static int expand_patterns(struct sandbox *sandbox, const struct profile *profile,
			   struct plan_input *input, struct croft_error *err)
{
	int r = 0;

	if (!globs_are_wanted(profile))
		return 0;
	if (!sandbox->profile)
		r = deps_copy_profile(profile, &sandbox->profile, err);
	if (r < 0)
		return r;
	return globs_expand(sandbox->profile, &input->patterns, &input->n_patterns, err);
}

static int build(struct sandbox *sandbox, const struct profile *profile, const struct host *host,
		 const char *const *argv, const char *const *envp, struct croft_error *err)
{
	struct plan_input input = { .host = host, .argv = argv, .environ = envp };
	int r = add_deps(sandbox, profile, argv, envp, err);

	if (r == 0)
		r = expand_patterns(sandbox, profile, &input, err);
	if (r < 0)
		return r;
	if (sandbox->profile)
		profile = sandbox->profile;
	input.profile = profile;

	if (argv && profile->wants_tmpdir) {
		r = tmpdir_choose(find_tmp_parent(envp), sandbox->tmpdir, err);
		if (r < 0)
			return r;
		input.tmpdir = sandbox->tmpdir;
	}
	r = open_paths(sandbox, profile, err);
	if (r == 0)
		r = resolve_denials(sandbox, profile, err);
	if (r < 0)
		return r;
	input.facts = sandbox->facts;
	input.denied = (const char *const *)sandbox->denied;
	return plan_build(&input, &sandbox->plan, err);
}

int sandbox_plan(const struct profile *profile, const struct host *host, const char *const *argv,
		 const char *const *envp, struct sandbox *ret_sandbox, struct croft_error *err)
{
	struct sandbox sandbox = { 0 };
	struct host own;
	int r = check_kept(profile, err);

	if (r < 0)
		return r;
	if (!host) {
		r = host_probe(&own, err);
		if (r < 0)
			return r;
		host = &own;
	}
	r = build(&sandbox, profile, host, argv, envp, err);
	if (r < 0) {
		sandbox_done(&sandbox);
		return r;
	}
	*ret_sandbox = sandbox;
	return 0;
}

static int find_command(struct sandbox *sandbox, struct croft_error *err)
{
	const struct plan *plan = sandbox->plan;
	struct command_search search = {
		.name = plan->command.argv[0],
		.workdir = plan->workdir ? plan->workdir : plan->profile->workdir,
		.plan = plan,
		.facts = sandbox->facts,
	};
	int r;

	if (sandbox->has_command)
		return command_check_grants(&sandbox->command, plan, sandbox->facts, err);
	command_search_env(&search, plan->command.envp);
	r = command_find(&search, &sandbox->command, err);
	sandbox->has_command = r == 0;
	return r;
}

int sandbox_find_command(struct sandbox *sandbox, struct croft_error *err)
{
	struct plan *plan = sandbox->plan;
	int r = find_command(sandbox, err);

	if (r < 0)
		return r;
	plan->command.path = arena_strdup(&plan->arena, sandbox->command.path);
	if (!plan->command.path)
		return fail(err, CROFT_STAGE_PREPARE, ENOMEM, "store the command's name");
	return 0;
}

void sandbox_done(struct sandbox *sandbox)
{
	plan_free(sandbox->plan);
	sandbox->plan = NULL;
	if (sandbox->has_command)
		command_done(&sandbox->command);
	sandbox->has_command = false;
	profile_free(sandbox->profile);
	sandbox->profile = NULL;
	if (sandbox->facts)
		paths_close(sandbox->facts, sandbox->n_facts);
	free(sandbox->facts);
	sandbox->facts = NULL;
	sandbox->n_facts = 0;
	for (size_t i = 0; i < sandbox->n_denied; i++)
		free(sandbox->denied[i]);
	free(sandbox->denied);
	sandbox->denied = NULL;
	sandbox->n_denied = 0;
}
