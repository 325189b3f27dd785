/* SPDX-License-Identifier: MIT */
/*
 * profile.h - what the user wants, in the user's words.
 *
 * A profile is built by profile_new (a copy of a built-in one) or by load_profile (load.h), then
 * added to by options. Nothing is looked up on the machine but files of profiles: home and working
 * directory are passed in.
 * Everything lives in the profile's arena; it is freed at once.
 *
 * Paths are kept as absolute text. Accepted forms: absolute; "~" and "~/x"
 * (home); "." and "./x" (working directory); each may follow the word
 * "optional:", which makes a missing path no error. Refused, with a message: the
 * empty string, a bare relative name ("src": write "./src"), any ".." component
 * (its meaning depends on symbolic links), more than 4095 bytes.
 */
#ifndef CROFT_PROFILE_PROFILE_H
#define CROFT_PROFILE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "profile/protection.h"
#include "profile/sets.h"

/* Limits on what one profile may hold: what a person would write, with room. */
#define PROFILE_MAX_GRANTS 4096 /* a rule costs microseconds at each start */
#define PROFILE_MAX_PORTS 256
#define PROFILE_MAX_ENV 512
#define PROFILE_MAX_FDS 256
#define PROFILE_MAX_DENIALS 1024 /* each may become a mount */
#define PROFILE_MAX_ARGS 256
#define PROFILE_MAX_CALLS 512 /* more than a kernel has */
#define PROFILE_MAX_PERCENT 1000000 /* ten thousand processors */
#define PROFILE_GRACE_MS 5000 /* what process managers commonly give between TERM and KILL */
#define PROFILE_MAX_PATH 4096 /* PATH_MAX, with the NUL */
#define PROFILE_MAX_BYTES (32U << 20) /* the arena: 4096 grants of 4 KiB, doubled arrays */

/* What a grant gives; a set of bits. */
enum grant_kind {
	GRANT_READ = 1 << 0, /* read files, list directories */
	GRANT_EXECUTE = 1 << 1, /* execute files (and read them: scripts, loaders) */
	GRANT_WRITE = 1 << 2, /* read, write, create, remove, rename, truncate */
	GRANT_DEVICE = 1 << 3, /* ioctl on devices */
	GRANT_SOCKET = 1 << 4, /* connect to path sockets */
	GRANT_KIND_COUNT = 5
};

/* "read", "execute", "write", "device", "socket": bit n of enum grant_kind is entry n. */
extern const struct name grant_kind_names[GRANT_KIND_COUNT];

struct grant {
	const char *path; /* absolute */
	const char *origin; /* who asked: "--read", "profile default" */
	unsigned kinds; /* GRANT_* */
	bool is_optional; /* a missing path is no error */
	bool is_project; /* the default's working directory: refused if it is / or holds home */
	/*
	 * ABI_LANDLOCK_FS_*, exactly these (files.rights, version 1); `kinds` is 0 then. Rights
	 * that only directories take are left out for a file.
	 */
	uint64_t rights;
	/*
	 * `path` holds '*': stands for the names that are there when the sandbox is made, which
	 * take its place (launch/globs.h); the plan never sees it
	 */
	bool is_pattern;
	/* a library of the command's closure: read only, but it must be possible to map it */
	bool is_library;
};

/* What is refused inside of what is granted. */
enum denial_kind {
	DENY_ALL, /* files.deny: reading, writing, executing */
	DENY_WRITE, /* files.deny_write: reading stays */
	DENY_HIDE, /* files.hide: not even its name is seen */
	DENY_PRIVATE, /* files.private: an own empty directory in its place */
	DENY_MAX
};

extern const struct name denial_names[DENY_MAX]; /* "deny", "deny_write", "hide", "private" */

struct denial {
	enum denial_kind kind;
	/*
	 * Absolute. May hold '*' within a component, and "**" as a component for any directories:
	 * as a rule, it stands for names that are made later too.
	 */
	const char *path;
	const char *origin;
	bool is_git; /* of git: protect: what is there is kept, or nothing is started */
	/*
	 * The git rule's, of what is not there: its directory is not closed (that would end every
	 * commit), the name is left open, said in the row, and looked for at the end.
	 */
	bool stays_open;
};

/* isolate: what is wanted apart from the host, whatever tier that takes. */
enum isolation {
	ISOLATE_FILES, /* mounts of its own: needs PROTECT_HIDDEN */
	ISOLATE_PROCESSES, /* PROTECT_PROCESSES */
	ISOLATE_IPC, /* PROTECT_IPC */
	ISOLATE_NETWORK, /* PROTECT_TCP, _UDP, _OTHER_NET, _UNIX_ABSTRACT */
	ISOLATE_HOSTNAME, /* a uts namespace: the name that is set inside stays inside */
	ISOLATE_CGROUP, /* a cgroup namespace: the host's groups cannot be seen */
	ISOLATE_MAX
};

extern const struct name isolation_names[ISOLATE_MAX];

/* What a plan may use: the cheapest that does it, or only what was named. */
enum tier_choice { TIER_ANY, TIER_ONLY_LANDLOCK, TIER_ONLY_NAMESPACES, TIER_CHOICE_MAX };

extern const struct name tier_choice_names[TIER_CHOICE_MAX]; /* "any", "landlock", "namespaces" */

/* git: what becomes of what git obeys in a project */
enum git_choice { GIT_OFF, GIT_PROTECT, GIT_CHOICE_MAX };

extern const struct name git_choice_names[GIT_CHOICE_MAX]; /* "off", "protect" */

enum syscall_mode {
	SYSCALLS_STANDARD, /* the dangerous set is refused */
	SYSCALLS_STRICT, /* and what few programs need (docs/design/seccomp-filter.md) */
	SYSCALLS_OFF, /* as --off syscalls */
	SYSCALLS_MODE_MAX
};

extern const struct name syscall_mode_names[SYSCALLS_MODE_MAX];

enum port_use { PORT_CONNECT, PORT_LISTEN };

struct port_grant {
	uint16_t port; /* 0 with PORT_LISTEN: a port that the kernel chooses */
	bool is_udp;
	enum port_use use;
	const char *origin;
};

struct env_grant {
	const char *name; /* may end in '*' when value is NULL: a prefix */
	const char *value; /* NULL: pass the caller's value on, if there is one */
	const char *origin;
};

enum limit {
	LIMIT_MEMORY,
	LIMIT_PROCESSES,
	LIMIT_OPEN_FILES,
	LIMIT_FILE_SIZE,
	LIMIT_CPU,
	LIMIT_CPU_PERCENT, /* of one processor, for all processes together: a control group's */
	LIMIT_MAX
};

/* "memory", "processes", "open-files", "file-size", "cpu", "cpu-percent" */
extern const struct name limit_names[LIMIT_MAX];

/* Groups of system calls that are refused unless allowed by name. */
enum syscall_group {
	GROUP_USER_NAMESPACES, /* unshare, clone and setns of any namespace */
	GROUP_MOUNT, /* the mount family, pivot_root, chroot */
	GROUP_IO_URING,
	GROUP_KEYRING,
	GROUP_SYSV_IPC, /* System V shared memory, semaphores, messages */
	GROUP_BPF,
	GROUP_PERF,
	GROUP_USERFAULTFD,
	GROUP_PERSONALITY,
	GROUP_KERNEL, /* modules, kexec, reboot, swap, clocks, quotas, file handles, fanotify */
	GROUP_TERMINAL, /* TIOCSTI, TIOCLINUX, TIOCCONS, TIOCSETD */
	GROUP_PRLIMIT_OTHERS, /* prlimit64 changing another process */
	GROUP_MAX
};

extern const struct name syscall_group_names[GROUP_MAX];

struct profile {
	struct arena arena;
	const char *name; /* as it was asked for: "default", "./agent.yaml" */
	const char *description; /* or NULL */
	const char *note; /* what the user is to be told of how it came about, one line; or NULL */
	const char *home; /* absolute, or NULL when there is none */
	const char *workdir; /* absolute, or NULL when it cannot be known */
	const char *project; /* absolute: the enclosing work tree, else as workdir */

	struct grant *grants;
	size_t n_grants, grants_capacity;
	struct port_grant *ports;
	size_t n_ports, ports_capacity;
	struct env_grant *env;
	size_t n_env, env_capacity;
	int *keep_fds;
	size_t n_keep_fds, keep_fds_capacity;

	struct denial *denials;
	size_t n_denials, denials_capacity;
	/*
	 * A project's profile that may only take away (tighten.h): the first n_bounded grants hold
	 * only where these grant too. bound_name NULL: no such profile.
	 */
	const char *bound_name;
	struct grant *bounds;
	size_t n_bounds, n_bounded;
	/* environment.use: variables that paths of the profile may name */
	const char **usable_env;
	size_t n_usable_env, usable_env_capacity;
	/* system calls refused by name, beside the mode's */
	const char **refused_calls;
	size_t n_refused_calls, refused_calls_capacity;
	/* the command of the profile, for when none is given; NULL, 0: none */
	const char *program;
	const char **args;
	size_t n_args, args_capacity;

	unsigned abi; /* 0: newest; else Landlock's rights newer than this only where named */
	unsigned min_landlock; /* require: { landlock: N }; 0: none */
	bool is_named[PROTECT_MAX]; /* a requirement was said in so many words */
	bool isolates[ISOLATE_MAX];
	enum syscall_mode syscall_mode;

	enum requirement require[PROTECT_MAX];
	uint64_t limits[LIMIT_MAX]; /* bytes, counts, seconds for cpu, per cent */
	bool has_limit[LIMIT_MAX];
	bool allows_group[GROUP_MAX];
	bool wants_deps; /* grants for what the command needs to start */
	bool wants_set[SET_MAX]; /* grants for what no reader of files sees */
	bool wants_env_all; /* every variable whose name does not look like a secret */
	bool wants_tmpdir; /* a fresh TMPDIR */
	bool wants_supervisor; /* a waiting parent, even where nothing else needs it */
	bool wants_audit; /* Landlock audit records for what the command does (ABI 7) */
	bool wants_no_own_audit; /* none for the executed program itself (ABI 7) */
	bool wants_no_nested_audit; /* none for domains that are made inside (ABI 7) */
	bool is_room; /* it is for a room (plan/room.h), whose /proc is never to be written */
	bool may_write_root; /* "/" granted for writing is meant so */
	/*
	 * TCP sockets are made and may listen, Landlock alone judges their ports; the filter
	 * refuses only what passes for TCP beside it (MPTCP, SMC, fast open)
	 */
	bool leaves_tcp_to_landlock;
	/* git: protect: the repositories of `project` keep hooks and settings (host/git.h) */
	bool protects_git;
	bool wants_pty; /* a pseudo terminal of its own */
	enum tier_choice tier;
	uint64_t time_ms; /* 0: none */
	uint64_t grace_ms; /* between TERM and KILL */
	const char *chdir; /* absolute, or NULL */
};

/*
 * A new profile: a copy of the built-in `builtin` ("default", "system", "empty", ...).
 * `home` and `workdir` may be NULL: then paths that need them fail (optional grants of the
 * built-in are left out). Unknown names: -EINVAL with the nearest.
 */
int profile_new(const char *builtin, const char *home, const char *workdir,
		struct profile **ret_profile, struct croft_error *err);
void profile_free(struct profile *profile);
/*
 * The profile's own command as exec takes it, in its arena: program, arguments, NULL. NULL in
 * *ret_argv where it has none.
 */
int profile_command(struct profile *profile, const char *const **ret_argv, struct croft_error *err);

/*
 * Additions. `origin` must outlive the profile (a literal). `text` is what the
 * user wrote; see the head of this file for path forms. Each describes a wrong
 * value in err (stage profile) with the text that was wrong.
 */
int profile_add_path(struct profile *profile, unsigned kinds, const char *text, const char *origin,
		     struct croft_error *err);
/* As profile_add_path with rights in place of kinds. */
int profile_add_rights(struct profile *profile, uint64_t rights, const char *text,
		       const char *origin, struct croft_error *err);
/*
 * Wants something refused inside of the grants. Raises the protection that promises it
 * (deny-inside, hidden, private-tmp) to require unless a requirement was named. "optional:"
 * says nothing here: what is not there yet is denied too.
 */
int profile_add_denial(struct profile *profile, enum denial_kind kind, const char *text,
		       const char *origin, struct croft_error *err);
int profile_add_isolation(struct profile *profile, const char *name, struct croft_error *err);
/*
 * "protect" or "off". What is protected is a promise of deny-inside: it is preferred from now on,
 * if it was off and not named.
 */
int profile_set_git(struct profile *profile, const char *name, struct croft_error *err);
int profile_refuse_call(struct profile *profile, const char *name, struct croft_error *err);
/* "standard", "strict" or "off", which is as profile_set_requirement(..., "syscalls", OFF). */
int profile_set_syscall_mode(struct profile *profile, const char *name, struct croft_error *err);
/* The arguments so far were another program's: they go. */
int profile_set_program(struct profile *profile, const char *text, struct croft_error *err);
int profile_add_arg(struct profile *profile, const char *text, struct croft_error *err);
/* Lets paths of profile files name this variable (load_expand). */
int profile_use_env(struct profile *profile, const char *name, struct croft_error *err);
/* Both: 1 up to ABI_LANDLOCK_NEWEST (a greater minimum can be met by none). */
int profile_set_abi(struct profile *profile, const char *text, struct croft_error *err);
int profile_set_min_landlock(struct profile *profile, const char *text, struct croft_error *err);

int profile_add_port(struct profile *profile, enum port_use use, const char *text,
		     const char *origin, struct croft_error *err); /* "443", "tcp:443", "udp:53" */
int profile_add_env(struct profile *profile, const char *text, const char *origin,
		    struct croft_error *err); /* "K", "K*" or "K=V" */
int profile_add_limit(struct profile *profile, const char *text,
		      struct croft_error *err); /* "memory=4GiB" */
int profile_set_limit(struct profile *profile, enum limit limit, const char *text,
		      struct croft_error *err); /* "4GiB" */
int profile_add_fd(struct profile *profile, const char *text,
		   struct croft_error *err); /* 3..1048575, once each */
int profile_set_requirement(struct profile *profile, const char *protection,
			    enum requirement requirement, struct croft_error *err);
int profile_allow_group(struct profile *profile, const char *group, struct croft_error *err);
int profile_add_set(struct profile *profile, const char *name, struct croft_error *err);
int profile_set_chdir(struct profile *profile, const char *text, struct croft_error *err);
/*
 * One wish by its key: the name of a long option that is the profile's ("read",
 * "limit", "env-all", ...). `value` is NULL for switches. -ENOENT if the profile has no such key.
 */
int profile_set(struct profile *profile, const char *key, const char *value, const char *origin,
		struct croft_error *err);

/*
 * True for names that usually hold a secret (TOKEN, SECRET, PASSWORD, *_KEY, cloud credentials,
 * agent sockets).
 */
bool env_name_is_secret(const char *name);

#endif
