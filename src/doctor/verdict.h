/* SPDX-License-Identifier: MIT */
/*
 * verdict.h - from observations to what is the matter: who said no, the evidence, the mend.
 *
 * Pure: the same observations give the same verdicts, on any host. Each causes_*.c has one
 * function from observations to verdicts of its facilities, and a table of causes. No verdict
 * rests on a version number, a name or a file where the thing itself was tried; what kind of place
 * this is (OBS_PLACE) chooses the words of the mend and nothing else. Where more than one cause
 * is left, the verdict says so and names them.
 */
#ifndef CROFT_DOCTOR_VERDICT_H
#define CROFT_DOCTOR_VERDICT_H

#include "doctor/observe.h"

#define VERDICTS_MAX 500
#define VERDICTS_MAX_BYTES (1U << 20)

enum verdict_state {
	VERDICT_WORKS,
	VERDICT_PARTLY, /* works, but not all of it: `what` says what is missing */
	VERDICT_MISSING,
	VERDICT_NO_EFFECT, /* configuration that does nothing: not the cause of anything */
	VERDICT_UNKNOWN, /* not asked, late, or the probe could not be made */
	VERDICT_STATE_MAX
};
extern const struct name verdict_state_names[VERDICT_STATE_MAX]; /* "works", "partly", ... */

/* Who said no. */
enum verdict_who {
	WHO_NOBODY,
	WHO_KERNEL, /* it does not have it */
	WHO_BOOT, /* its configuration or command line: lsm= */
	WHO_SYSCTL,
	WHO_LSM, /* AppArmor, SELinux, Yama, Landlock of an outer sandbox */
	WHO_FILTER, /* a system call filter */
	WHO_RUNTIME, /* a container's runtime, by how it set this place up: masked /proc, cgroups */
	WHO_MOUNT, /* flags of a mount, or something mounted over */
	WHO_LIMIT, /* rlimits, pids.max, nesting */
	WHO_CHROOT,
	WHO_PRIVILEGE, /* a capability, an id, no_new_privs, a mode */
	WHO_SETTING, /* a file of configuration: nix.conf */
	WHO_MISSING, /* a file, program or package that is not there */
	WHO_NETWORK, /* resolver, route, proxy, a closed port */
	WHO_REMOTE, /* the server that was asked */
	WHO_UNKNOWN,
	VERDICT_WHO_MAX
};
extern const struct name verdict_who_names[VERDICT_WHO_MAX]; /* "nobody", "kernel", ... */

/* What can be required by --need beside croft's protections; the table's rows, in this order. */
enum facility {
#define FACILITY(id, word, help) FACILITY_##id,
#include "doctor/facilities.def"
#undef FACILITY
	FACILITY_N
};
extern const struct name facility_names[FACILITY_N];

struct verdict {
	enum facility facility;
	enum verdict_state state;
	enum verdict_who who;
	const char *cause; /* a word for JSON and tests: "userns-limit"; "" where it works */
	const char *what; /* one line: what is the matter, in the user's words; "" where it works */
	const char *evidence; /* what was seen: "unshare: ENOSPC; user.max_user_namespaces is 0" */
	const char *mend; /* the exact line to type or write; "" if nothing is to mend */
	const char *cost; /* what the mend gives away: "opens namespaces for all"; or "" */
};

struct verdicts {
	struct arena arena;
	struct verdict *items;
	size_t n, capacity;
	int error; /* 0 or -ENOMEM; sticks */
};

void verdicts_init(struct verdicts *verdicts);
void verdicts_done(struct verdicts *verdicts);
/* Adds one, copying its texts; NULL texts are "". */
void verdicts_add(struct verdicts *verdicts, const struct verdict *verdict);
/* A text in the verdicts' arena; "" and the sticking error without memory. */
const char *verdicts_text(struct verdicts *verdicts, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The gravest of a facility: MISSING over PARTLY over UNKNOWN over WORKS; NULL: none. */
const struct verdict *verdict_of(const struct verdicts *verdicts, enum facility facility);

/* All of them, facility by facility. */
void verdicts_build(struct verdicts *verdicts, const struct observations *set);

/* Of each file causes_*.c that parts.def names: its facilities' verdicts. */
#define PROBES(name)
#define CAUSES(name) void causes_##name(struct verdicts *verdicts, const struct observations *set);
#include "doctor/parts.def"
#undef PROBES
#undef CAUSES

/* The words of a mend for the place that this is: docker, podman, kubernetes, ...; else `other`. */
struct mend_words {
	const char *docker, *podman, *kubernetes, *systemd, *nspawn, *lxc, *gvisor, *wsl, *other;
};
const char *mend_here(const struct observations *set, const struct mend_words *words);

#endif
