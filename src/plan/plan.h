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

/* How a denial inside of a grant is kept. */
enum denial_means {
	DENIAL_UNKEPT,
	DENIAL_UNREACHED, /* nothing grants it */
	DENIAL_MASKED, /* it exists: a mount lies on it, and pins on its ancestors */
	DENIAL_CLOSED, /* it does not exist: nothing new can be made in its directory */
	DENIAL_BESIDE, /* Landlock rules for what lies beside it, none for the directories above */
	DENIAL_SEALED, /* a name that does not exist, or a pattern, where nothing can be made */
	DENIAL_PRIVATE, /* an own empty directory is in its place */
	DENIAL_LEFT_OUT, /* the directories above it are made anew, and it is not put into them */
	DENIAL_MEANS_MAX
};

/* One denial, and whether it is kept. */
struct plan_denial {
	const struct denial *denial;
	const char *path; /* where it leads: resolved up to its first '*' */
	const struct plan_rule *rule; /* gives what is denied; NULL: nothing does */
	/* `rule` does not: it lets the link be replaced that the denied name goes through */
	bool is_by_link;
	const char *link; /* as denial_fact's */
	enum denial_means means;
	const char *lacks; /* what can happen all the same; NULL: nothing, it is kept */
};

/* A grant that a denial of it, or of a directory above it, has taken away in whole or in part. */
struct plan_void {
	const char *path;
	const char *origin; /* the grant's */
	bool is_whole; /* nothing is left of it */
	const struct denial *denial;
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

/* What a plan needs beyond Landlock and the filter. */
enum tier {
	TIER_LANDLOCK, /* nothing: may be executed in place */
	TIER_NAMESPACES, /* namespaces and mounts of its own, with Landlock where there is one */
	TIER_MAX
};

extern const struct name tier_names[TIER_MAX]; /* "landlock", "namespaces" */

enum mount_kind {
	/*
	 * The host's tree at `path`, or of `source`, again at `path` with `flags`, submounts and
	 * all; there it is a mount of its own, which cannot be renamed or removed (a pin). What is
	 * bound is what the host has there, whatever the operations before have made of the place:
	 * without MOUNT_RDONLY it can be written, in a tree that was made read-only, too.
	 */
	MOUNT_BIND,
	MOUNT_READ_ONLY_ALL, /* everything that is mounted, before what comes later in the list */
	MOUNT_TMPFS, /* an empty directory of its own, mode 0700, at most `size` bytes */
	MOUNT_MASK_DIRECTORY, /* an empty directory that nobody may open or change */
	MOUNT_MASK_FILE, /* an empty file that nobody may open or change */
	MOUNT_PROC, /* a fresh proc, of the new pid namespace */
	MOUNT_DEVPTS, /* a fresh /dev/pts; /dev/ptmx is another operation, or the host's */
	MOUNT_DIRECTORY, /* in a new root or a TMPFS: make the directory, 0755 */
	MOUNT_LINK, /* new root only: a symbolic link to `source` */
	MOUNT_RULE, /* no mount: a Landlock rule with `access` for what is at `path` now */
	MOUNT_KIND_MAX
};

enum mount_flag {
	MOUNT_RDONLY = 1 << 0,
	MOUNT_NOEXEC = 1 << 1,
	MOUNT_NODEV = 1 << 2,
	MOUNT_NOSUID = 1 << 3,
};

extern const struct name mount_kind_names[MOUNT_KIND_MAX];

/*
 * One step in making the tree that the command sees. The list is in the order in which it is done;
 * what is above comes before what is below. Where nothing is yet (in a new root or a TMPFS), the
 * step makes its own mount point, an empty file or directory; the directories above it are
 * MOUNT_DIRECTORY steps. A new root is read-only at the end, with all that such steps made in it.
 */
struct plan_mount_op {
	enum mount_kind kind;
	unsigned flags; /* MOUNT_RDONLY, ... */
	const char *path; /* where: absolute, no symbolic link in it */
	const char *source; /* LINK: its text; BIND: NULL for path itself */
	/*
	 * What has to be there (BIND its source, masks and TMPFS their target): looked up again
	 * inside the namespace without following links, and compared; something else is a failure.
	 * 0, 0: not compared.
	 */
	uint64_t dev, ino;
	bool is_directory; /* BIND: of its source */
	uint64_t size; /* TMPFS: bytes; 0: the kernel's own bound */
	/*
	 * TMPFS, PROC, DEVPTS, RULE: rights of a Landlock rule to be made for it, as rules for what
	 * the host has there do not hold; 0: none
	 */
	uint64_t access;
	const char *origin; /* who asked: of the grant or denial, "hidden", ... */
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
	/*
	 * What is granted, whoever keeps to it: the rules, with the rights that this Landlock does
	 * not know as well. The same as `rules` where mounts have no part.
	 */
	struct plan_rule *grants;
	size_t n_grants;
	struct plan_port *ports;
	size_t n_ports;
	struct plan_denial *denials; /* one for each of the profile */
	size_t n_denials;
	struct plan_void *voids;
	size_t n_voids;
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

	/* namespaces and mounts: nothing of it in TIER_LANDLOCK */
	enum tier tier;
	unsigned namespaces; /* 1U << HOST_NS_*: to be made */
	bool has_tree; /* mounts keep to the grants: what is not to be written is read-only */
	/* the tree is built from nothing but the operations below, then entered */
	bool has_new_root;
	struct plan_mount_op *mount_ops;
	size_t n_mount_ops;
	/*
	 * The host was not asked about namespaces (HOST_UNKNOWN), and the plan would be another
	 * one depending on the answer: 1U << HOST_NS_* to ask for. The plan is then not to be used.
	 */
	unsigned asks_namespaces;
	bool asks_new_root; /* if they are had, the tree will be a new one */
	bool wants_cgroup; /* a control group of its own: for limits, or to kill all of it */
	unsigned cgroup_controllers; /* 1U << CONTROLLER_*: what it limits */

	/* the rest */
	struct plan_command command;
	const char *workdir; /* NULL: stay */
	const char *tmpdir_value; /* of the variable TMPDIR: tmpdir, or a private directory */
	const char *tmpdir; /* NULL: none; else to be made 0700 and removed at the end */
	const char *const
		*env_dropped; /* names that were not passed, NULL-terminated, for the report */
	size_t n_env, n_env_dropped;
	bool is_supervised;
	struct plan_row rows[PROTECT_MAX];
};

/* What a denied name is now. */
struct denial_fact {
	int errnum; /* ENOENT: not there; another: could not be looked at */
	mode_t type; /* S_IFMT bits of what the resolved name is */
	uint64_t dev, ino;
	const char *above; /* of what is not there: the nearest directory that is; else NULL */
	uint64_t above_dev, above_ino;
	/*
	 * The name as written is a symbolic link, or lies behind one: whoever may write where the
	 * link is can put something else in its place.
	 */
	bool has_link;
	const char *link; /* that one, by its own resolved path; NULL: none, or of a pattern */
	/*
	 * Of a pattern: what fits it now, sorted; errnum, type and above are not set then. is_cut:
	 * there was more than may be looked up, or it could not be listed.
	 */
	const struct denial_name *names;
	size_t n_names;
	bool is_cut;
};

/* One name that fits a pattern: absolute, no link in it. */
struct denial_name {
	const char *path;
	mode_t type;
	uint64_t dev, ino;
};

#define DIRECTORY_ENTRIES_MAX 256 /* each becomes a mount or a rule */

/* One entry of a directory. */
struct entry_fact {
	const char *name;
	mode_t type; /* S_IFLNK too */
	uint64_t dev, ino;
	size_t fact; /* index into plan_input.facts, for a rule of its own; SIZE_MAX: not opened */
	const char *target; /* S_IFLNK: its text; NULL: unknown */
};

/*
 * What is in a directory: of each `above` of denial_facts that lies in a tree that may be written
 * (DENIAL_CLOSED); and with has_beside of each directory from such a tree's own down to the one
 * that a denied name is in (DENIAL_BESIDE), with a descriptor for each entry that is no link.
 */
struct directory_fact {
	const char *path; /* resolved */
	uint64_t dev, ino;
	int errnum; /* EFBIG: more than DIRECTORY_ENTRIES_MAX; another: it cannot be listed */
	const struct entry_fact *entries; /* sorted by name */
	size_t n_entries;
};

/* A symbolic link that names of grants go through. */
struct path_link {
	const char *path; /* absolute, no link in the part before its last component */
	const char *target; /* its text */
	bool is_on_way; /* a name that is to be found goes through it; else an entry of "/" */
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
	/* What is found there, one for each denial; NULL: not looked up (a plan without mounts) */
	const struct denial_fact *denial_facts;
	const struct directory_fact *directories; /* in path_order */
	size_t n_directories;
	bool has_beside; /* directories were listed for DENIAL_BESIDE, too */
	/*
	 * Symbolic links on the way to grants, and those in "/": for a new root, which needs those
	 * that no bind brings along. In path_order, each once.
	 */
	const struct path_link *links;
	size_t n_links;
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

/* False if no plan of this profile has a control group: then host->cgroup may be unknown. */
bool plan_may_want_cgroup(const struct profile *profile);

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
 * Where a denial leads: `real` (plan_input.denied), with the rest of a pattern behind it. In the
 * arena, or the denial's own text. NULL: no memory.
 */
const char *denial_leads(struct arena *arena, const struct denial *denial, const char *real);

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
