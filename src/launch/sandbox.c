/* SPDX-License-Identifier: MIT */
/*
 * sandbox.c - puts the first half of the flow together.
 *
 * The order matters in one place: descriptors that are to be kept are checked
 * before anything is opened here, or one of ours could pass for one of them.
 *
 * A plan is made at first of what costs next to nothing to know, which is all that a plan in which
 * Landlock is alone needs. The planner says if it needs more: whether namespaces work here, what is
 * found where something is denied, which links are on the way. Then that is looked up, once, and
 * the plan is built again. Each round adds something or is the last.
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
#include "launch/doubt.h"
#include "launch/git_rule.h"
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
 * is found so at once, there or not. NULL if no link is on the way; a name that cannot be resolved
 * (a loop, a directory that may not be searched) is given as it is written: neither can the
 * command go on from there.
 */
static int resolve_denial(const char *path, char **ret_real)
{
	char fixed[PATH_MAX], real[PATH_MAX];
	int r;

	if (!pattern_copy_fixed(path, fixed))
		return 0;
	r = path_resolve(fixed, real, sizeof(real));
	if (r == 0 && !strcmp(real, fixed))
		return 0;
	*ret_real = strdup(r < 0 ? fixed : real);
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

/* Where denials lead: those that a plan without mounts can keep, or with is_for_mounts all. */
static int resolve_denials(struct sandbox *sandbox, const struct profile *profile,
			   bool is_for_mounts, struct croft_error *err)
{
	size_t n = profile->n_denials;

	if (n == 0)
		return 0;
	if (!sandbox->denied)
		sandbox->denied = calloc(n, sizeof(*sandbox->denied));
	if (!sandbox->denied)
		return fail(err, CROFT_STAGE_PREPARE, ENOMEM, "resolve %zu denials", n);
	sandbox->n_denied = n;
	for (size_t i = 0; i < n; i++) {
		const char *path = profile->denials[i].path;

		/* bounds may have taken the tree away again */
		if (sandbox->denied[i] || (!is_for_mounts && !profile->bound_name &&
					   is_in_writable_tree(sandbox, profile, path)))
			continue;
		if (resolve_denial(path, &sandbox->denied[i]) < 0)
			return fail(err, CROFT_STAGE_PREPARE, ENOMEM, "resolve %zu denials", n);
	}
	return 0;
}

static void forget_denied(struct sandbox *sandbox)
{
	for (size_t i = 0; i < sandbox->n_denied; i++)
		free(sandbox->denied[i]);
	free(sandbox->denied);
	sandbox->denied = NULL;
	sandbox->n_denied = 0;
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

/* True if the plan rests on what is found where something is denied. */
static bool needs_denial_facts(const struct plan *plan)
{
	static const enum protection promised_by[DENY_MAX] = {
		[DENY_ALL] = PROTECT_DENY_INSIDE,
		[DENY_WRITE] = PROTECT_DENY_INSIDE,
		[DENY_HIDE] = PROTECT_HIDDEN,
		[DENY_PRIVATE] = PROTECT_PRIVATE_TMP,
	};

	for (size_t i = 0; i < plan->n_denials; i++) {
		const struct plan_denial *denial = &plan->denials[i];
		enum denial_kind kind = denial->denial->kind;

		if (plan->tier != TIER_LANDLOCK)
			return true;
		if (plan->profile->require[promised_by[kind]] == REQUIRE_REQUIRE &&
		    (denial->rule || kind == DENY_HIDE || kind == DENY_PRIVATE))
			return true;
	}
	return false;
}

/* True if rules for what lies beside denied names would keep what nothing else keeps. */
static bool needs_beside(const struct plan *plan)
{
	if (plan->tier != TIER_LANDLOCK || !plan->handled_fs ||
	    plan->profile->require[PROTECT_DENY_INSIDE] != REQUIRE_REQUIRE)
		return false;
	for (size_t i = 0; i < plan->n_denials; i++)
		if (plan->denials[i].rule && plan->denials[i].means == DENIAL_UNKEPT)
			return true;
	return false;
}

/* The git rule's names in a copy of the profile, as patterns. */
static int begin_git_rule(struct sandbox *sandbox, const struct profile *profile,
			  struct croft_error *err)
{
	int r = 0;

	if (!profile->protects_git)
		return 0;
	if (!sandbox->profile)
		r = deps_copy_profile(profile, &sandbox->profile, err);
	return r == 0 ? git_rule_begin(&sandbox->git_rule, sandbox->profile, err) : r;
}

/* With has_mounts what is found can be kept, and repositories are worth looking for. */
static int find_denial_facts(struct sandbox *sandbox, const struct profile *profile,
			     bool has_mounts, struct croft_error *err)
{
	const struct path_facts grants = { .list = sandbox->facts, .n = sandbox->n_facts };
	int r = 0;

	if (profile->protects_git && has_mounts) {
		r = git_rule_look_up(&sandbox->git_rule, sandbox->profile, &grants, err);
		forget_denied(sandbox);
	}
	if (r == 0)
		r = resolve_denials(sandbox, profile, true, err);
	if (r == 0)
		r = denial_facts_find(&sandbox->denials, profile,
				      (const char *const *)sandbox->denied, &grants, err);
	/* what is only preferred closes no directory */
	if (r == 0 && profile->require[PROTECT_DENY_INSIDE] == REQUIRE_REQUIRE)
		r = denial_facts_list_closed(&sandbox->denials, profile, &grants, err);
	if (r == 0 && profile->require[PROTECT_HIDDEN] != REQUIRE_OFF)
		r = denial_facts_list_hidden(&sandbox->denials, profile, &grants, err);
	return r;
}

static int list_beside(struct sandbox *sandbox, const struct profile *profile,
		       struct croft_error *err)
{
	struct path_facts grants = { .list = sandbox->facts, .n = sandbox->n_facts };
	int r = denial_facts_list_beside(&sandbox->denials, profile,
					 (const char *const *)sandbox->denied, &grants, err);

	sandbox->facts = grants.list;
	sandbox->n_facts = grants.n;
	return r;
}

/*
 * Links on the way to each grant. Where /proc could not tell where a grant leads, this walk does:
 * in a new root the place matters.
 */
static int find_links(struct sandbox *sandbox, const struct profile *profile,
		      struct croft_error *err)
{
	struct links *links = &sandbox->links;
	int r = links_add_root(links, err);

	for (size_t i = 0; r == 0 && i < profile->n_grants; i++) {
		struct path_fact *fact = &sandbox->facts[i];
		const char *path = profile->grants[i].path, *real = NULL;

		if (!fact->errnum)
			r = links_add(links, path, &real, err);
		if (r == 0 && real && !fact->real && strcmp(real, path) != 0) {
			fact->real = strdup(real);
			r = fact->real ? 0 : fail(err, CROFT_STAGE_PREPARE, ENOMEM, "keep a name");
		}
	}
	/* grants of --with-deps are for where files lie, and loaders open them by other names */
	for (size_t i = 0; r == 0 && sandbox->has_command && i < sandbox->command.closure.n_files;
	     i++)
		r = links_add(links, sandbox->command.closure.files[i].path, NULL, err);
	if (r == 0 && profile->chdir)
		r = links_add(links, profile->chdir, NULL, err);
	if (r == 0 && sandbox->tmpdir[0])
		r = links_add(links, sandbox->tmpdir, NULL, err);
	links_finish(links);
	return r;
}

/* What has been looked up beyond the cheap facts. */
struct looked_up {
	bool namespaces, denials, links, beside;
};

/* Looks up what the plan asks for and is not known yet: 1 if there was something, 0, or -errno. */
static int look_further(struct sandbox *sandbox, const struct profile *profile,
			struct host *own_host, struct looked_up *known, struct croft_error *err)
{
	const struct plan *plan = sandbox->plan;
	struct looked_up wants = { 0 };
	bool has_mounts;
	int r = 0;

	wants.namespaces = plan->asks_namespaces && own_host && !known->namespaces;
	if (wants.namespaces) {
		r = host_probe_namespaces(own_host, plan->asks_namespaces, err);
		known->namespaces = true;
	}
	/* with namespaces that work the next plan has mounts: no need to build it to be told so */
	has_mounts = plan->tier != TIER_LANDLOCK ||
		     (wants.namespaces && own_host->ns[HOST_NS_MOUNT].works == HOST_YES);
	wants.denials = has_mounts || needs_denial_facts(plan);
	wants.links = has_mounts && (plan->has_new_root || plan->asks_new_root);
	wants.beside = !wants.namespaces && known->denials && needs_beside(plan);
	if (r == 0 && wants.denials && !known->denials)
		r = find_denial_facts(sandbox, profile, has_mounts, err);
	if (r == 0 && wants.links && !known->links)
		r = find_links(sandbox, profile, err);
	if (r == 0 && wants.beside && !known->beside)
		r = list_beside(sandbox, profile, err);
	if (r < 0)
		return r;
	r = wants.namespaces || (wants.denials && !known->denials) ||
	    (wants.links && !known->links) || (wants.beside && !known->beside);
	known->denials |= wants.denials;
	known->links |= wants.links;
	known->beside |= wants.beside;
	return r;
}

static int build_plan(struct sandbox *sandbox, struct plan_input *input, struct croft_error *err)
{
	plan_free(sandbox->plan);
	sandbox->plan = NULL;
	input->facts = sandbox->facts;
	input->denied = (const char *const *)sandbox->denied;
	input->denial_facts = sandbox->denials.list;
	input->directories = sandbox->denials.directories;
	input->n_directories = sandbox->denials.n_directories;
	input->has_beside = sandbox->denials.has_beside;
	input->links = sandbox->links.list;
	input->n_links = sandbox->links.n;
	return plan_build(input, &sandbox->plan, err);
}

/* own_host: this machine's, to be asked further; NULL where another was given. */
static int build(struct sandbox *sandbox, const struct profile *profile, const struct host *host,
		 struct host *own_host, const char *const *argv, const char *const *envp,
		 struct croft_error *err)
{
	struct plan_input input = { .host = host, .argv = argv, .environ = envp };
	struct looked_up known = { 0 };
	int r = add_deps(sandbox, profile, argv, envp, err);

	if (r == 0)
		r = expand_patterns(sandbox, profile, &input, err);
	if (r == 0)
		r = begin_git_rule(sandbox, profile, err);
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
		r = resolve_denials(sandbox, profile, false, err);
	do {
		if (r >= 0)
			r = build_plan(sandbox, &input, err);
		if (r == 0)
			r = look_further(sandbox, profile, own_host, &known, err);
	} while (r > 0);
	return r;
}

int sandbox_probe_host(const struct profile *profile, struct host *ret_host,
		       struct croft_error *err)
{
	int r = host_probe(ret_host, err);

	return r == 0 && plan_may_want_cgroup(profile) ? host_probe_cgroup(ret_host, err) : r;
}

int sandbox_plan(const struct profile *profile, const struct host *host, const char *const *argv,
		 const char *const *envp, struct sandbox *ret_sandbox, struct croft_error *err)
{
	struct sandbox sandbox = { 0 };
	struct host *own_host = host ? NULL : &sandbox.host;
	int r = check_kept(profile, err);

	if (r < 0)
		return r;
	if (own_host) {
		/* a process that confines itself gets no group */
		r = argv ? sandbox_probe_host(profile, own_host, err) : host_probe(own_host, err);
		if (r < 0)
			return r;
		host = own_host;
	}
	denial_facts_init(&sandbox.denials);
	links_init(&sandbox.links);
	r = build(&sandbox, profile, host, own_host, argv, envp, err);
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

	if (r == 0)
		r = doubt_command(&sandbox->command, plan, err);
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
	forget_denied(sandbox);
	git_rule_done(&sandbox->git_rule);
	denial_facts_done(&sandbox->denials);
	links_done(&sandbox->links);
}

void sandbox_tell_made(struct buf *buf, const struct sandbox *sandbox)
{
	const struct path_facts grants = { .list = sandbox->facts, .n = sandbox->n_facts };
	size_t before;

	if (sandbox->plan->tier == TIER_LANDLOCK)
		return;
	before = buf->len;
	denial_facts_tell_made(buf, &sandbox->denials, &grants, sandbox->plan);
	if (sandbox->plan->profile->protects_git) {
		AUTO_BUF struct buf git = BUF_INIT(16384);

		git_rule_tell_made(&git, &sandbox->git_rule, sandbox->plan->profile, &grants);
		if (git.len)
			buf_printf(buf, "%srepositories: %s", buf->len > before ? "; " : "",
				   buf_text(&git));
	}
}
