/* SPDX-License-Identifier: MIT */
/*
 * spank.c - croft_spank.so: srun, sbatch and salloc learn --croft=PROFILE.
 *
 *	submitting side	  the option is known; a profile that cannot be read is said at once
 *	slurmstepd	  once for each task, as the user, before its execve: becomes `croft run`
 *
 * The plugin is tied to the release of Slurm that it was built for, so it is as thin as can be:
 * it reads no profile and confines nothing. It gives the task's process to the launcher, which is
 * tied to nothing and brings everything that `croft run` has, namespaces and the explanation of a
 * failed start too. Whatever goes wrong before that refuses the task: -1 from here ends it when
 * the plugin is `required`, and where it is `optional` the process is ended here.
 *
 * Trusted: plugstack.conf and what it names. Not trusted: the option, the words and the variables
 * of the task. A launcher that takes the process away from slurmstepd also takes what slurmstepd
 * would have done later in it: limits (task.c does them), a default TMPDIR (the profile has one),
 * TaskProlog and --task-prolog (they do not run), and the choice of another program than the one
 * that is told here (--multi-prog, --container: refused). docs/design/slurm.md tells why this way.
 *
 * The file's own state is what SPANK leaves a plugin: its callbacks get no pointer of ours.
 */
#pragma GCC visibility push(default)
#include <slurm/slurm.h>
#include <slurm/spank.h>

SPANK_PLUGIN(croft, 1)
#pragma GCC visibility pop

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "slurm/settings.h"
#include "slurm/task.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define REFUSED (-1)
#define CHECK_STACK ((size_t)64 * 1024)

static struct settings settings;
static bool is_usable; /* plugstack.conf was understood */

/* One line, where the user sees it: slurmstepd sends it to his terminal. */
static int refuse(const struct croft_error *err)
{
	AUTO_BUF struct buf line = BUF_INIT(8192);

	text_escape(&line, err->what);
	if (err->errnum)
		buf_printf(&line, ": %s", errno_text(err->errnum));
	if (err->hint[0]) {
		buf_puts(&line, " (");
		text_escape(&line, err->hint);
		buf_putc(&line, ')');
	}
	slurm_error("croft: %s", buf_text(&line));
	return REFUSED;
}

static int choose(int val, const char *word, int remote)
{
	struct croft_error err = { 0 };
	char workdir[PATH_MAX];
	ssize_t n = remote ? -ENOENT : sys_getcwd(workdir, sizeof(workdir));

	(void)val;
	if (!is_usable)
		return REFUSED;
	if (settings_choose(&settings, word ? word : "",
			    n > 0 && workdir[0] == '/' ? workdir : NULL, &err) < 0)
		return refuse(&err);
	return ESPANK_SUCCESS;
}

static bool is_submitting(void)
{
	spank_context_t context = spank_context();

	return context == S_CTX_LOCAL || context == S_CTX_ALLOCATOR;
}

/* An exported table of options would reach srun alone: each context is told here. */
int slurm_spank_init(spank_t spank, int ac, char **av)
{
	static char name[] = "croft", kind[] = "PROFILE";
	static char usage[] = "confine each task by this profile of croft (off: do not)";
	struct spank_option option = { name, kind, usage, 1, 0, choose };
	struct croft_error err = { 0 };

	if (!is_submitting() && spank_context() != S_CTX_REMOTE)
		return ESPANK_SUCCESS;
	if (settings_parse(&settings, CROFT_PLACE, ac, av, &err) < 0)
		return refuse(&err);
	is_usable = true;
	if (spank_option_register(spank, &option) == ESPANK_SUCCESS)
		return ESPANK_SUCCESS;
	slurm_error("croft: the option --croft could not be registered: does plugstack.conf name "
		    "the plugin twice?");
	return REFUSED;
}

/* Runs in memory that it shares with the one who waits for it. */
static int show_main(void *arg)
{
	char *const *words = arg;
	int null = sys_openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);

	if (null >= 0 && sys_dup3(null, 0, 0) >= 0 && sys_dup3(null, 1, 0) >= 0)
		(void)sys_execve(words[0], words, environ);
	sys_exit(126);
}

/* `croft profile show` says on stderr what is wrong with a profile. True if nothing is. */
static bool is_readable(const char *croft, const char *profile)
{
	const char *words[] = { croft, "profile", "show", profile, NULL };
	int status = 0;
	void *stack;
	pid_t pid;
	int r;

	if (sys_mmap_stack(CHECK_STACK, &stack) < 0)
		return true; /* the node will tell */
	pid = sys_clone(show_main, (char *)stack + CHECK_STACK, CLONE_VM | CLONE_VFORK | SIGCHLD,
			(void *)words, NULL);
	do
		r = pid < 0 ? pid : sys_wait4(pid, &status, 0, NULL);
	while (r == -EINTR);
	(void)sys_munmap(stack, CHECK_STACK);
	return r < 0 ||
	       (WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 126));
}

/* Where the submitting machine has no croft, the nodes tell. */
int slurm_spank_init_post_opt(spank_t spank, int ac, char **av)
{
	(void)spank;
	(void)ac;
	(void)av;
	if (!is_submitting() || !is_usable || !settings.is_chosen)
		return ESPANK_SUCCESS;
	if (!settings_profile(&settings) || settings.is_enforced)
		return ESPANK_SUCCESS;
	if (is_readable(settings.croft, settings_profile(&settings)))
		return ESPANK_SUCCESS;
	slurm_error("croft: nothing was submitted: the profile of --croft cannot be used");
	return REFUSED;
}

static bool is_batch_script(spank_t spank)
{
	uint32_t step = 0;

	return spank_get_item(spank, S_JOB_STEPID, &step) == ESPANK_SUCCESS &&
	       step == SLURM_BATCH_SCRIPT;
}

/* What slurmstepd would execute, as far as a plugin is told. */
static int find_task(spank_t spank, struct task *ret_task, struct croft_error *err)
{
	char container[2];
	char **argv = NULL, **env = NULL;
	int argc = 0, r;

	if (spank_get_item(spank, S_JOB_ARGV, &argc, &argv) != ESPANK_SUCCESS || argc < 1 ||
	    !argv || !argv[0] || spank_get_item(spank, S_JOB_ENV, &env) != ESPANK_SUCCESS || !env)
		return fail(err, CROFT_STAGE_START, 0,
			    "Slurm does not tell which program this task is");
	if (spank_getenv(spank, "SLURM_CONTAINER", container, sizeof(container)) !=
	    ESPANK_ENV_NOEXIST) {
		r = fail(err, CROFT_STAGE_START, 0,
			 "--croft and --container do not go together: a container is confined by "
			 "its own runtime");
		fail_hint(err, "--croft=off with --container, where the machine allows it");
		return r;
	}
	*ret_task = (struct task){ .croft = settings.croft,
				   .profile = settings_profile(&settings),
				   .is_enforced = settings.is_enforced,
				   .is_batch = is_batch_script(spank),
				   .argv = argv,
				   .env = env };
	return 0;
}

/* Returns only if it failed. */
static int become_croft(spank_t spank, struct arena *arena, struct croft_error *err)
{
	char **words = NULL, **env = NULL;
	struct task task = { 0 };
	int r = find_task(spank, &task, err);

	if (r == 0)
		r = task_words(arena, &task, &words, err);
	if (r == 0)
		r = task_env(arena, &task, &env, err);
	if (r == 0)
		r = task_limits(task.env, err);
	if (r < 0)
		return r;
	r = sys_execve(task.croft, words, env);
	r = fail(err, CROFT_STAGE_EXEC, -r, "the task was not started: execute '%s'", task.croft);
	fail_hint(err, "install croft on this node, or name it: croft=/PATH in plugstack.conf");
	return r;
}

/* As the user, in the task's own process. */
int slurm_spank_task_init(spank_t spank, int ac, char **av)
{
	struct croft_error err = { 0 };
	struct arena arena;

	(void)ac;
	(void)av;
	if (is_usable && !settings_profile(&settings))
		return ESPANK_SUCCESS;
	arena_init(&arena, TASK_ARENA_MAX);
	if (!is_usable)
		(void)fail(&err, CROFT_STAGE_START, 0, "plugstack.conf was not understood");
	else
		(void)become_croft(spank, &arena, &err);
	(void)refuse(&err);
	/* not by a status: an `optional` plugin's is passed over, and the task would run */
	sys_exit(1);
}
