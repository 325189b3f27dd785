/* SPDX-License-Identifier: MIT */
/*
 * croft.h - confine this process, or launch a confined child.
 *
 * The life of a sandbox has three objects, always in this order:
 *
 *   struct croft_profile   what you want, in your words (files, network, ...)
 *   struct croft_plan      what will be done on this host, exactly; printable
 *   croft_launch()         do it to a new child    (clone, stages, exec)
 *   croft_confine()        do it to the calling process
 *
 * Everything that decides happens while the plan is made, and nothing else
 * happens then: a plan can be printed, compared and thrown away.
 *
 * Errors. A function that can fail returns 0 or a negative errno value and
 * describes the failure in the struct croft_error it was given, once; the
 * struct holds no pointers and may be copied or written to a pipe. NULL is
 * allowed where an error is taken. Out parameters are set only on success.
 * Values that are returned: -EINVAL (a wrong argument or combination),
 * -ENOMEM, -EOVERFLOW (a documented limit), -EOPNOTSUPP (a required protection
 * cannot be given on this host), and the errno of the system call that failed.
 *
 * The library prints nothing, never exits, and leaves the caller's signal
 * dispositions, environment, limits and working directory alone (croft_confine
 * excepted, whose purpose is to change the calling process).
 *
 * Threads. Objects are not locked: one thread at a time for each object. The
 * library has no mutable global state.
 */
#ifndef CROFT_H
#define CROFT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CROFT_VERSION_MAJOR 0
#define CROFT_VERSION_MINOR 4
#define CROFT_VERSION_PATCH 0

#define CROFT_PUBLIC __attribute__((visibility("default")))

/* Where something failed. The names are stable; croft_stage_name() gives them. */
enum croft_stage {
	CROFT_STAGE_NONE,
	CROFT_STAGE_USAGE, /* a wrong argument */
	CROFT_STAGE_PROFILE, /* what was asked for is not well formed */
	CROFT_STAGE_HOST, /* finding out what this host can do */
	CROFT_STAGE_PLAN, /* this host cannot give what is required */
	CROFT_STAGE_PREPARE, /* opening paths, building the ruleset and the filter */
	CROFT_STAGE_START, /* making the child */
	CROFT_STAGE_LIMITS,
	CROFT_STAGE_WORKDIR,
	CROFT_STAGE_PRIVILEGES,
	CROFT_STAGE_LANDLOCK,
	CROFT_STAGE_SECCOMP,
	CROFT_STAGE_DESCRIPTORS,
	CROFT_STAGE_EXEC,
	CROFT_STAGE_SUPERVISE, /* waiting, forwarding, cleaning up */
	CROFT_STAGE_NAMESPACES, /* making or joining them */
	CROFT_STAGE_MOUNTS, /* building the tree of files */
	CROFT_STAGE_SESSION, /* a session that is prepared, joined or ended */
	CROFT_STAGE_MAX
};

#define CROFT_WHAT_SIZE 320
#define CROFT_HINT_SIZE 240

/*
 * One failure. `what` says what was being done, with the object named; it is
 * not escaped: print it with care, names may hold control characters.
 */
struct croft_error {
	int stage; /* enum croft_stage */
	int errnum; /* positive errno, 0 if none applies */
	char what[CROFT_WHAT_SIZE];
	char hint[CROFT_HINT_SIZE]; /* what would mend it; may be empty */
};

CROFT_PUBLIC const char *croft_version(void); /* "0.4.0" */
CROFT_PUBLIC const char *croft_stage_name(int stage); /* "landlock"; "unknown" for other numbers */

struct croft_profile;
struct croft_plan;
struct croft_child;

/*
 * A new profile, from a built-in one: "default", "system", "empty" or another that croft(1) tells.
 *
 * home, workdir: absolute paths without ".." that "~" and "." stand for; NULL where there is
 * none (a path that needs it is then an error). flags: 0. Freed by
 * croft_profile_free (NULL is allowed there).
 */
CROFT_PUBLIC int croft_profile_new(const char *builtin, const char *home, const char *workdir,
				   unsigned flags, struct croft_profile **ret_profile,
				   struct croft_error *err);
/*
 * A profile of croft-profile(5): what `croft run --profile` takes. Since 0.2.
 *
 * word      a name, looked up in ${XDG_CONFIG_HOME:-~/.config}/croft/profiles,
 * /etc/croft/profiles and
 *           among the built-in ones; a file (with a '/' in it, or that ends in .yaml or .yml);
 *           or FILE:NAME
 * home, workdir   as of croft_profile_new; "${project}" is the work tree around workdir
 * envp      variables for XDG_* and those that the profile may name, NULL-terminated; NULL: none
 * flags     0
 *
 * Reads files; runs nothing. A file that others may write, or that belongs to another user, is
 * refused (-EPERM); a wrong one is -EINVAL with file, line and column in err. A profile that says
 * `supervise`, `limits.time` or `limits.grace` is refused (-EINVAL): see croft_profile_set.
 */
CROFT_PUBLIC int croft_profile_load(const char *word, const char *home, const char *workdir,
				    const char *const envp[], unsigned flags,
				    struct croft_profile **ret_profile, struct croft_error *err);
CROFT_PUBLIC void croft_profile_free(struct croft_profile *profile);

/*
 * The command that a profile names, for croft_plan_new: program, arguments, NULL; it lives as
 * long as the profile. NULL in *ret_argv where it names none. Since 0.2.
 */
CROFT_PUBLIC int croft_profile_command(struct croft_profile *profile, const char *const **ret_argv,
				       struct croft_error *err);

/*
 * Adds one wish. Keys and values are the long options of croft(1) and their arguments, without
 * the dashes: "read" "/usr", "connect" "443", "limit" "memory=1GiB", "require" "signals".
 * Switches ("env-all", "audit", "with-deps") take NULL. The text is copied. The keys "time",
 * "grace" and "supervise" are refused (-EINVAL): who launches a child with this library watches
 * the clock himself, with croft_child_pidfd.
 */
CROFT_PUBLIC int croft_profile_set(struct croft_profile *profile, const char *key,
				   const char *value, struct croft_error *err);

/*
 * Decides what will be done on this host: asks the kernel what it can (about ten
 * system calls, no process), opens each granted path once, resolves the command.
 *
 * profile   read now and kept: it must outlive the plan, and not change
 * argv      the command, NULL-terminated, looked up on PATH of the environment it
 *           will get; copied; NULL for a plan that croft_confine will apply
 * envp      the environment to filter, NULL-terminated; copied; not read when argv is NULL
 * flags     0
 *
 * A protection that is required and cannot be given does not fail here, so that the plan can
 * be printed; croft_plan_check tells, and croft_launch and croft_confine refuse.
 * The plan holds one descriptor for each granted path.
 */
CROFT_PUBLIC int croft_plan_new(const struct croft_profile *profile, const char *const argv[],
				const char *const envp[], unsigned flags,
				struct croft_plan **ret_plan, struct croft_error *err);
CROFT_PUBLIC void croft_plan_free(struct croft_plan *plan);

/*
 * 0 if every required protection can be enforced here; else -EOPNOTSUPP, and err says which and
 * what would mend it.
 */
CROFT_PUBLIC int croft_plan_check(const struct croft_plan *plan, struct croft_error *err);

#define CROFT_PRINT_JSON (1U << 0)
/* The plan as text, or as one JSON object. *ret_text is malloc'd and the caller's to free. */
CROFT_PUBLIC int croft_plan_print(const struct croft_plan *plan, unsigned flags, char **ret_text,
				  struct croft_error *err);

/*
 * Starts the command, confined. The child borrows the caller's memory until it executes
 * (CLONE_VM | CLONE_VFORK): the cost does not grow with the size of the caller, and
 * only the calling thread waits, for some hundred microseconds. Callable from any
 * thread. Returns when the command runs, or with the stage that failed and nothing left behind.
 *
 * The child's parent is the calling process; its signal dispositions that were
 * caught become default, the caller's signal mask is kept. A fresh TMPDIR, where the
 * profile has one, is removed by croft_child_wait or croft_child_free; its name belongs to
 * the plan, so such a plan launches one child at a time (-EEXIST). flags: 0.
 */
CROFT_PUBLIC int croft_launch(const struct croft_plan *plan, unsigned flags,
			      struct croft_child **ret_child, struct croft_error *err);
CROFT_PUBLIC pid_t croft_child_pid(const struct croft_child *child);
/*
 * A pidfd to poll for the end, owned by the child object; -1 where the kernel has none (before
 * 5.2).
 */
CROFT_PUBLIC int croft_child_pidfd(const struct croft_child *child);
/*
 * Waits for the end; *ret_status is what wait(2) gives. Blocks. -ECHILD if the end was lost,
 * because the caller ignores SIGCHLD or has waited for the child himself. If the TMPDIR could not
 * be removed that is the error (stage supervise), *ret_status is valid, and croft_child_free tries
 * once more.
 */
CROFT_PUBLIC int croft_child_wait(struct croft_child *child, int *ret_status,
				  struct croft_error *err);
/* Frees the object. A child that was not waited for is killed and reaped first. */
CROFT_PUBLIC void croft_child_free(struct croft_child *child);

/*
 * Confines the calling process, for good: limits, privileges, Landlock, system calls.
 * Descriptors, environment and working directory stay as they are. Refused with
 * -EBUSY when the process has more than one thread: the others would stay
 * unconfined. flags: 0.
 */
CROFT_PUBLIC int croft_confine(const struct croft_plan *plan, unsigned flags,
			       struct croft_error *err);

#ifdef __cplusplus
}
#endif

#endif
