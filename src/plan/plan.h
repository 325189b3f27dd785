/* SPDX-License-Identifier: MIT */
/*
 * plan.h - the contract between deciding and doing.
 *
 * A plan says exactly what will be done on one host: Landlock rules, handled
 * rights, the verdicts on system calls, limits, descriptors, environment, the
 * command, and one row for each protection. plan_build is pure: it reads its
 * input and nothing else, so that a recorded host and recorded paths give the
 * same plan anywhere. `launch` reads the plan and nothing else.
 */
#ifndef CROFT_PLAN_PLAN_H
#define CROFT_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "host/host.h"
#include "host/paths.h"
#include "plan/syscalls.h"
#include "profile/profile.h"

#define PLAN_MAX_BYTES (64U << 20)

enum state {
	STATE_ENFORCED,
	STATE_PARTIAL, /* with what is missing */
	STATE_ABSENT, /* with why, and what would mend it */
	STATE_MAX
};

extern const struct name state_names[STATE_MAX];

/*
 * One promise on this host. Texts live in the plan's arena or are literals; never NULL, maybe
 * "".
 */
struct plan_row {
	enum protection protection;
	enum requirement requirement;
	enum state state;
	const char *mechanisms; /* "Landlock 1 + seccomp": what gives it */
	const char *missing; /* partial: what is missing; absent: why */
	const char *mend; /* what would give the rest */
};

/* One Landlock path rule; rule i stands for paths entry `path`. */
struct plan_rule {
	const struct grant *grant; /* of the profile, or of its bounds */
	const char *origin; /* the grant's; where a bound had a say, both: "X, bounded by Y" */
	const char *path; /* where it leads: absolute, symbolic links resolved when known */
	size_t fact; /* index into plan_input.facts: holds the descriptor */
	uint64_t access; /* masked by the ABI and the file type; never 0 */
	uint64_t ignored; /* wanted but unknown to this ABI */
	bool is_directory;
	bool is_narrowed; /* a bound had a say: the rights are not those of the grant's kinds */
};

/* One denial, and whether the rules keep it. */
struct plan_denial {
	const struct denial *denial;
	const char *path; /* where it leads: resolved up to its first '*' */
	const struct plan_rule *rule; /* gives what is denied; NULL: nothing does */
};

/* A pattern among the grants, and how many names have taken its place. */
struct plan_pattern {
	const struct grant *grant;
	size_t n_names;
};

/* Something mounted beneath a granted directory: Landlock grants it with the directory. */
struct plan_mount {
	const struct plan_rule *rule;
	const char *point;
	const char *what; /* "/dev/sda1 (ext4)" */
};

struct plan_port {
	const struct port_grant *grant;
	uint64_t access;
};

/* The command as it will be executed. */
struct plan_command {
	const char
		*path; /* absolute, or as given with a slash; NULL: no command (library confine) */
	const char *const *argv; /* NULL-terminated */
	const char *const *envp; /* NULL-terminated */
};

struct plan {
	struct arena arena;
	const struct profile *profile; /* not owned; must outlive the plan */
	struct host host;

	/* Landlock */
	int abi; /* 0: no Landlock in this plan; the host's, or what the profile pins it to */
	/*
	 * with a pinned ABI: newer rights that are handled all the same, as the profile names them
	 */
	uint64_t beyond_fs, beyond_net, beyond_scoped;
	uint64_t handled_fs, handled_net, scoped;
	uint32_t restrict_flags;
	struct plan_rule *rules;
	size_t n_rules;
	struct plan_port *ports;
	size_t n_ports;
	struct plan_denial *denials; /* one for each of the profile */
	size_t n_denials;
	const struct plan_pattern *patterns; /* not owned, as the profile */
	size_t n_patterns;
	/* for the report, by who prints it: a start does not ask what is mounted */
	struct plan_mount *mounts;
	size_t n_mounts;
	uint64_t tmpdir_access; /* of the rule for tmpdir, 0 without */
	bool wants_sockets; /* some grant, after all bounds, is for a path socket */
	bool *is_skipped; /* for each grant of the profile: optional, and not there */
	bool can_verify; /* "/" may not be read: a refused open proves the domain */

	/* seccomp */
	struct syscall_policy syscalls;

	/* the rest */
	struct plan_command command;
	const char *workdir; /* NULL: stay */
	const char *tmpdir; /* NULL: none; else to be made 0700 and removed at the end */
	const char *const
		*env_dropped; /* names that were not passed, NULL-terminated, for the report */
	size_t n_env, n_env_dropped;
	bool is_supervised;
	struct plan_row rows[PROTECT_MAX];
};

/* Everything plan_build looks at. */
struct plan_input {
	const struct profile *profile;
	const struct host *host;
	/* one for each profile grant, same order; then, of a bounded profile, one for each bound */
	const struct path_fact *facts;
	/*
	 * For each denial where the part of it before its first '*' leads, resolved as far as it
	 * exists. NULL: as it is written.
	 */
	const char *const *denied;
	const struct plan_pattern *patterns; /* for the report; must outlive the plan */
	size_t n_patterns;
	const char *const *argv; /* NULL-terminated; NULL: no command */
	const char *command_path; /* resolved; NULL with argv NULL */
	const char *const *environ; /* the caller's, NULL-terminated */
	const char *tmpdir; /* full name for a fresh TMPDIR, used if the profile wants one */
};

/*
 * Builds the plan. Describes in err (stage plan) and returns
 *   -ENOENT, -ENOTDIR, ...  a grant that is not optional has no path
 *   -EINVAL                 something that cannot be planned
 *   -ENOMEM, -EOVERFLOW
 * An absent required protection is NOT an error here (plans can be printed): see plan_check.
 */
int plan_build(const struct plan_input *input, struct plan **ret_plan, struct croft_error *err);
void plan_free(struct plan *plan);

/*
 * 0 if every required protection is enforced and Landlock is as new as the profile requires, else
 * -EOPNOTSUPP with the first that is not, why, and the mend.
 */
int plan_check(const struct plan *plan, struct croft_error *err);

/*
 * The one-line warning: preferred protections that are not enforced. Empty when there is
 * nothing to say.
 */
void plan_warn(struct buf *buf, const struct plan *plan);

/* The plan as text for people, and as one JSON object. Values of variables are never printed. */
void plan_print(struct buf *buf, const struct plan *plan);
void plan_print_json(struct buf *buf, const struct plan *plan);

/*
 * "read", "write", "execute", "create", "remove", "device", "socket", "connect", "listen",
 * "env", "syscall"
 */
enum why_op {
	WHY_READ,
	WHY_WRITE,
	WHY_EXECUTE,
	WHY_CREATE,
	WHY_REMOVE,
	WHY_DEVICE,
	WHY_SOCKET,
	WHY_CONNECT,
	WHY_LISTEN,
	WHY_ENV,
	WHY_SYSCALL,
	WHY_MAX
};

extern const struct name why_op_names[WHY_MAX];

/*
 * True if Landlock would let all of `access` be used on a resolved path: not handled, or some
 * rule gives it.
 */
bool plan_allows(const struct plan *plan, const char *real_path, uint64_t access);

struct why_answer {
	bool is_allowed;
	const char *reason; /* by which rule, or why not; in the plan's arena */
	const char *
		grant; /* the smallest option that would allow it, "" if none is needed or exists */
};

/*
 * Would the operation be allowed? `target` is a port ("443", "udp:53"), a
 * variable, a system call, or an absolute path, already resolved by the caller
 * as far as it exists (a pure function cannot follow links).
 */
int plan_why(struct plan *plan, enum why_op op, const char *target, struct why_answer *ret_answer,
	     struct croft_error *err);

#endif
