/* SPDX-License-Identifier: MIT */
/*
 * api.c - the public functions of croft.h.
 *
 * A thin layer: opaque objects around the internal ones, flags and NULL checked,
 * and a closed set of errno values let out. No behaviour lives here.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "launch/launch.h"
#include "launch/sandbox.h"
#include "profile/load.h"
#include "profile/project.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define STRING_(x) #x
#define STRING(x) STRING_(x)

struct croft_profile {
	struct profile *profile;
};

struct croft_plan {
	struct sandbox sandbox;
};

struct croft_child {
	pid_t pid;
	int pidfd;
	bool is_reaped;
	struct init init; /* of its pid namespace */
	char tmpdir[TMPDIR_NAME_SIZE]; /* "" : none */
	char group[CGROUP_PATH_SIZE]; /* "" : none */
};

/* Flags that a caller of a later version may pass: refused, so that they can be given a meaning. */
static int check_flags(unsigned flags, unsigned known, struct croft_error *err)
{
	if (flags & ~known)
		return fail(err, CROFT_STAGE_USAGE, EINVAL, "use flags 0x%x", flags & ~known);
	return 0;
}

const char *croft_version(void)
{
	return STRING(CROFT_VERSION_MAJOR) "." STRING(CROFT_VERSION_MINOR) "." STRING(
		CROFT_VERSION_PATCH);
}

const char *croft_stage_name(int stage)
{
	return stage_name((enum croft_stage)stage);
}

/* The object around a profile that is ready, or what went wrong with that; takes the profile. */
static int wrap(struct profile *profile, struct croft_profile **ret_profile,
		struct croft_error *err)
{
	struct croft_profile *wrapped = calloc(1, sizeof(*wrapped));

	if (!wrapped) {
		profile_free(profile);
		return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "make a profile");
	}
	wrapped->profile = profile;
	*ret_profile = wrapped;
	return 0;
}

int croft_profile_new(const char *builtin, const char *home, const char *workdir, unsigned flags,
		      struct croft_profile **ret_profile, struct croft_error *err)
{
	struct profile *profile;
	int r = check_flags(flags, 0, err);

	if (r < 0)
		return r;
	if (!builtin)
		return fail(err, CROFT_STAGE_USAGE, EINVAL, "make a profile from no built-in one");
	r = profile_new(builtin, home, workdir, &profile, err);
	return r < 0 ? r : wrap(profile, ret_profile, err);
}

/* The same that croft_profile_set refuses: who calls a library waits for the child himself. */
static int check_supervised(const struct profile *profile, struct croft_error *err)
{
	const char *key = profile->time_ms                        ? "limits.time"
			  : profile->grace_ms != PROFILE_GRACE_MS ? "limits.grace"
			  : profile->wants_supervisor             ? "supervise"
			  : profile->wants_pty                    ? "pty"
								  : NULL;
	int r;

	if (!key)
		return 0;
	r = fail(err, CROFT_STAGE_PROFILE, 0,
		 "the profile '%s' has '%s': a library does not wait for its children",
		 profile->name, key);
	fail_hint(err, "poll croft_child_pidfd with the timeout");
	return r;
}

int croft_profile_load(const char *word, const char *home, const char *workdir,
		       const char *const envp[], unsigned flags, struct croft_profile **ret_profile,
		       struct croft_error *err)
{
	struct load_place place = { .home = home, .workdir = workdir, .environ = envp };
	char project[PATH_MAX];
	struct profile *profile;
	int r = check_flags(flags, 0, err);

	if (r < 0)
		return r;
	if (!word)
		return fail(err, CROFT_STAGE_USAGE, EINVAL, "load a profile without a name");
	if (workdir && project_find(workdir, home, project, sizeof(project)) == 1)
		place.project = project;
	r = load_profile(word, &place, &profile, err);
	if (r < 0)
		return r;
	r = check_supervised(profile, err);
	if (r < 0) {
		profile_free(profile);
		return r;
	}
	return wrap(profile, ret_profile, err);
}

int croft_profile_command(struct croft_profile *profile, const char *const **ret_argv,
			  struct croft_error *err)
{
	return profile_command(profile->profile, ret_argv, err);
}

void croft_profile_free(struct croft_profile *profile)
{
	if (!profile)
		return;
	profile_free(profile->profile);
	free(profile);
}

/* Keys that only a waiting parent can honour: here that is the caller. */
static bool is_supervisors(const char *key)
{
	return !strcmp(key, "time") || !strcmp(key, "grace") || !strcmp(key, "supervise") ||
	       !strcmp(key, "pty");
}

int croft_profile_set(struct croft_profile *profile, const char *key, const char *value,
		      struct croft_error *err)
{
	const char *origin;

	if (is_supervisors(key)) {
		int r = fail(err, CROFT_STAGE_USAGE, 0,
			     "set '%s': a library does not wait for its children", key);

		fail_hint(err, "poll croft_child_pidfd with the timeout");
		return r;
	}
	origin = arena_strdup(&profile->profile->arena, key);
	if (!origin)
		return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "store a key");
	return profile_set(profile->profile, key, value, origin, err);
}

/* The caller's words may be gone when the plan is launched. */
static int copy_argv(struct plan *plan, struct croft_error *err)
{
	const char *const *argv = plan->command.argv;
	const char **copy;
	size_t n = 0;

	while (argv[n])
		n++;
	copy = arena_calloc(&plan->arena, n + 1, sizeof(*copy));
	for (size_t i = 0; copy && i < n; i++) {
		copy[i] = arena_strdup(&plan->arena, argv[i]);
		if (!copy[i])
			copy = NULL;
	}
	if (!copy)
		return fail(err, CROFT_STAGE_PLAN, ENOMEM, "store the command");
	plan->command.argv = copy;
	return 0;
}

int croft_plan_new(const struct croft_profile *profile, const char *const argv[],
		   const char *const envp[], unsigned flags, struct croft_plan **ret_plan,
		   struct croft_error *err)
{
	struct croft_plan *plan;
	int r = check_flags(flags, 0, err);

	if (r < 0)
		return r;
	if (argv && !argv[0])
		return fail(err, CROFT_STAGE_USAGE, EINVAL, "plan a command without a name");
	plan = calloc(1, sizeof(*plan));
	if (!plan)
		return fail(err, CROFT_STAGE_PLAN, ENOMEM, "make a plan");
	r = sandbox_plan(profile->profile, NULL, argv, envp, &plan->sandbox, err);
	if (r == 0 && argv)
		r = copy_argv(plan->sandbox.plan, err);
	if (r == 0 && argv)
		r = sandbox_find_command(&plan->sandbox, err);
	if (r < 0) {
		croft_plan_free(plan);
		return r;
	}
	*ret_plan = plan;
	return 0;
}

void croft_plan_free(struct croft_plan *plan)
{
	if (!plan)
		return;
	sandbox_done(&plan->sandbox);
	free(plan);
}

int croft_plan_check(const struct croft_plan *plan, struct croft_error *err)
{
	return plan_check(plan->sandbox.plan, err);
}

int croft_plan_print(const struct croft_plan *plan, unsigned flags, char **ret_text,
		     struct croft_error *err)
{
	struct buf buf = BUF_INIT(16U << 20);
	int r = check_flags(flags, CROFT_PRINT_JSON, err);

	if (r < 0)
		return r;
	if (flags & CROFT_PRINT_JSON)
		plan_print_json(&buf, plan->sandbox.plan);
	else
		plan_print(&buf, plan->sandbox.plan);
	r = buf_error(&buf);
	if (r < 0) {
		buf_done(&buf);
		return fail(err, CROFT_STAGE_PLAN, -r, "print the plan");
	}
	*ret_text = buf.data;
	return 0;
}

int croft_launch(const struct croft_plan *plan, unsigned flags, struct croft_child **ret_child,
		 struct croft_error *err)
{
	const struct plan *what = plan->sandbox.plan;
	struct croft_child *child;
	struct launch launch;
	int r = check_flags(flags, 0, err);

	if (r < 0)
		return r;
	if (!what->command.path)
		return fail(err, CROFT_STAGE_USAGE, EINVAL, "launch a plan that has no command");
	child = calloc(1, sizeof(*child));
	if (!child)
		return fail(err, CROFT_STAGE_START, ENOMEM, "make a child object");
	child->pidfd = -1;
	init_none(&child->init);
	launch_init(&launch);
	r = launch_prepare(&launch, what, plan->sandbox.facts, err);
	if (r == 0) {
		if (launch.made_tmpdir)
			memcpy(child->tmpdir, what->tmpdir, strlen(what->tmpdir) + 1);
		memcpy(child->group, launch.group.path, strlen(launch.group.path) + 1);
		r = launch_start(&launch, &child->pid, &child->pidfd, err);
		child->init = launch.init;
		if (r < 0 && child->group[0])
			(void)cgroup_remove(child->group);
		if (r < 0 && launch.made_tmpdir)
			(void)tmpdir_remove(what->tmpdir);
		launch_done(&launch);
	}
	if (r < 0) {
		free(child);
		return r;
	}
	*ret_child = child;
	return 0;
}

pid_t croft_child_pid(const struct croft_child *child)
{
	return child->pid;
}

int croft_child_pidfd(const struct croft_child *child)
{
	return child->pidfd;
}

/*
 * What the command has left, once it was waited for: its processes first, since they may write
 * in its TMPDIR. That is kept in mind when it fails: the next who frees the child tries again.
 */
static int remove_remains(struct croft_child *child, struct croft_error *err)
{
	int r = init_end(&child->init, NULL, err);

	if (r < 0)
		return r;
	r = child->group[0] ? cgroup_remove(child->group) : 0;
	if (r < 0)
		return fail(err, CROFT_STAGE_SUPERVISE, -r, "remove the control group '%s'",
			    child->group);
	child->group[0] = '\0';
	r = child->tmpdir[0] ? tmpdir_remove(child->tmpdir) : 0;
	if (r < 0)
		return fail(err, CROFT_STAGE_SUPERVISE, -r, "remove the temporary directory '%s'",
			    child->tmpdir);
	child->tmpdir[0] = '\0';
	return 0;
}

int croft_child_wait(struct croft_child *child, int *ret_status, struct croft_error *err)
{
	int status, r;

	if (child->is_reaped)
		return fail(err, CROFT_STAGE_SUPERVISE, ECHILD, "wait for a child a second time");
	do {
		r = sys_wait4(child->pid, &status, 0, NULL);
	} while (r == -EINTR);
	/* ECHILD: the caller ignores SIGCHLD or has waited himself; gone all the same */
	child->is_reaped = r >= 0 || r == -ECHILD;
	if (r < 0) {
		if (child->is_reaped)
			(void)remove_remains(child, NULL);
		return fail(err, CROFT_STAGE_SUPERVISE, -r, "wait for the child");
	}
	*ret_status = status;
	return remove_remains(child, err);
}

void croft_child_free(struct croft_child *child)
{
	int status;

	if (!child)
		return;
	if (!child->is_reaped) {
		/* by pidfd where there is one: a number could be somebody else's by now */
		if (child->pidfd >= 0)
			(void)sys_pidfd_send_signal(child->pidfd, SIGKILL);
		else
			(void)sys_kill(child->pid, SIGKILL);
		(void)croft_child_wait(child, &status, NULL);
	}
	(void)remove_remains(child, NULL);
	if (child->pidfd >= 0)
		fd_close(&child->pidfd);
	free(child);
}

/* More than one thread: the links of /proc/self/task are its own two and one for each. */
static int check_threads(struct croft_error *err)
{
	struct stat st;
	int r = sys_fstatat(AT_FDCWD, "/proc/self/task", &st, 0);

	if (r < 0)
		return fail(err, CROFT_STAGE_START, -r, "count the threads of this process");
	if (st.st_nlink > 3) {
		r = fail(err, CROFT_STAGE_START, EBUSY, "confine a process that has other threads");
		fail_hint(err, "call it before the first thread is made");
		return r;
	}
	return 0;
}

/*
 * Namespaces are for a child: no process can enter a pid namespace itself, and the directory and
 * the descriptors that this one has open would stay in the old tree.
 */
static int check_in_process(const struct plan *plan, struct croft_error *err)
{
	if (plan->tier == TIER_LANDLOCK)
		return 0;
	(void)fail(err, CROFT_STAGE_NAMESPACES, 0,
		   "this process cannot be confined by a plan that needs namespaces");
	fail_hint(err, "start a child with croft_launch, or take back 'isolate' and 'tier'");
	return -EOPNOTSUPP;
}

int croft_confine(const struct croft_plan *plan, unsigned flags, struct croft_error *err)
{
	struct launch launch;
	int r = check_flags(flags, 0, err);

	if (r < 0)
		return r;
	if (plan->sandbox.plan->command.argv)
		return fail(err, CROFT_STAGE_USAGE, EINVAL,
			    "confine this process by the plan of a command");
	r = check_in_process(plan->sandbox.plan, err);
	if (r < 0)
		return r;
	launch_init(&launch);
	r = check_threads(err);
	if (r == 0)
		r = launch_prepare(&launch, plan->sandbox.plan, plan->sandbox.facts, err);
	if (r < 0)
		return r;
	r = child_confine(&launch, err);
	launch_done(&launch);
	return r;
}
