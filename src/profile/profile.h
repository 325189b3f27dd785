/* SPDX-License-Identifier: MIT */
/*
 * profile.h - what the user wants, in the user's words.
 *
 * A profile is built by profile_new (empty, or a copy of a built-in one), then
 * added to by options or, later, by a file's loader; nothing is looked up on
 * the machine but HOME and the working directory, which the caller passes in.
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
};

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
	LIMIT_MAX
};

/* "memory", "processes", "open-files", "file-size", "cpu" */
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
	const char *name; /* of the built-in it started from */
	const char *home; /* absolute, or NULL when there is none */
	const char *workdir; /* absolute, or NULL when it cannot be known */

	struct grant *grants;
	size_t n_grants, grants_capacity;
	struct port_grant *ports;
	size_t n_ports, ports_capacity;
	struct env_grant *env;
	size_t n_env, env_capacity;
	int *keep_fds;
	size_t n_keep_fds, keep_fds_capacity;

	enum requirement require[PROTECT_MAX];
	uint64_t limits[LIMIT_MAX]; /* bytes, counts, seconds for cpu */
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
	bool may_write_root; /* "/" granted for writing is meant so */
	/*
	 * TCP sockets are made and may listen, Landlock alone judges their ports; the filter
	 * refuses only what passes for TCP beside it (MPTCP, SMC, fast open)
	 */
	bool leaves_tcp_to_landlock;
	uint64_t time_ms; /* 0: none */
	uint64_t grace_ms; /* between TERM and KILL */
	const char *chdir; /* absolute, or NULL */
};

/*
 * A new profile: a copy of the built-in `builtin` ("default", "system", "empty").
 * `home` and `workdir` may be NULL: then paths that need them fail (optional grants of the
 * built-in are left out). Unknown names: -EINVAL with the nearest.
 */
int profile_new(const char *builtin, const char *home, const char *workdir,
		struct profile **ret_profile, struct croft_error *err);
void profile_free(struct profile *profile);

/* Names of the built-in profiles with a line of help each. */
extern const struct name builtin_names[];
extern const size_t n_builtin_names;

/*
 * Additions. `origin` must outlive the profile (a literal). `text` is what the
 * user wrote; see the head of this file for path forms. Each describes a wrong
 * value in err (stage profile) with the text that was wrong.
 */
int profile_add_path(struct profile *profile, unsigned kinds, const char *text, const char *origin,
		     struct croft_error *err);
int profile_add_port(struct profile *profile, enum port_use use, const char *text,
		     const char *origin, struct croft_error *err); /* "443", "tcp:443", "udp:53" */
int profile_add_env(struct profile *profile, const char *text, const char *origin,
		    struct croft_error *err); /* "K", "K*" or "K=V" */
int profile_add_limit(struct profile *profile, const char *text,
		      struct croft_error *err); /* "memory=4GiB" */
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
