/* SPDX-License-Identifier: MIT */
/*
 * probe.h - how a question is put to the host: each by a child of its own, with a time limit.
 *
 * A probe is one function that does the thing, looks at the effect, and reports. It runs in a
 * forked child that leads a process group: whatever it makes of itself (namespaces, filters,
 * limits, no_new_privs) is gone with it, and a probe that hangs is killed with all of its
 * processes. It reports through a pipe; what was reported before it hung is kept, and the
 * probe's own kind gets OBS_LATE. The parent keeps no lock, thread or file that a child could
 * hurt: croft-doctor is a process of its own.
 *
 * Rules for probes: no change outside of the child and of `tmp`; nothing is read from a name that
 * could be a FIFO or a device without host/beneath.h's care (or O_NONBLOCK and S_ISREG looked
 * at); a step that is refused is an outcome, not an error; what a probe needs beforehand (a
 * directory, a listening socket) it makes in `tmp` or in itself.
 */
#ifndef CROFT_DOCTOR_PROBE_H
#define CROFT_DOCTOR_PROBE_H

#include <stdint.h>
#include <sys/types.h>

#include "doctor/observe.h"

#define PROBES_AT_ONCE 8
#define PROBE_LIMIT_MS 700 /* of one probe, unless its row says another */
#define PROBES_LIMIT_MS 1400 /* of all of them */
#define PROBE_END_MS 80 /* for who was killed to be gone */
#define PROBE_TICK_MS 10 /* between looks at children whose pipe somebody else holds open */
/*
 * The longest that probes_run takes with the usual timeout, whatever the probes do: the last are
 * killed, then what they have left has a moment to end, and is killed. The doctor answers within
 * two seconds (look.c).
 */
#define PROBES_TAKE_MS (PROBES_LIMIT_MS + 3 * (PROBE_END_MS + PROBE_TICK_MS))
#define PROBE_REPORTS_MAX 200 /* of one probe */

/* What probe_report.c writes and reads: one message each, so that none is torn (pipe(7)). */
#define PROBE_MESSAGE_MAX 4096

#define TIMEOUT_USUAL_S 2
#define TIMEOUT_MAX_S 600

struct pid_target;

/* What every probe is told. */
struct probe_context {
	/*
	 * The process that is looked at: "/proc/self" or "/proc/N". With --pid the child has
	 * entered that process's namespaces and root where it was permitted
	 * (OBS_PID_ENTERED), and `proc` is a descriptor of its directory, opened before.
	 */
	pid_t pid; /* 0: ourselves */
	int proc_fd; /* O_PATH of /proc/self or /proc/N of the doctor's own /proc; -1: none */
	const char *tmp; /* an empty directory of this probe's own, removed afterwards; "" none */
	/*
	 * The user's --timeout, seconds: every limit above is stretched as this is longer than
	 * TIMEOUT_USUAL_S. 0: that.
	 */
	unsigned timeout_s;
	int report_fd; /* probe_report's */
	int program_fd; /* nix_ask.c's */
	const struct pid_target *target; /* probe_pid.h: what was opened of it; NULL: ourselves */
	/*
	 * Called in each child in place of its probe, which it calls itself where it has entered
	 * the process that is looked at; or NULL.
	 */
	void (*enter)(const struct probe_context *context,
		      void (*run)(const struct probe_context *context));
};

/* Sends one record to the parent: bounded, one write each. Outcome, errnum... as in observe.h. */
void probe_report(const struct probe_context *context, const struct observation *obs);
/* The short forms. value: OBS_NO_VALUE; texts may be NULL. */
void probe_yes(const struct probe_context *context, enum obs id, const char *text);
void probe_no(const struct probe_context *context, enum obs id, const char *step, int errnum,
	      const char *text);
void probe_value(const struct probe_context *context, enum obs id, int64_t value, const char *text);

/* What the planner takes a host to be: becomes the set's. Of probe_host.c alone. */
void probe_report_host(const struct probe_context *context, const struct host *host);

struct probe {
	enum obs id; /* what it is late for when it is late */
	void (*run)(const struct probe_context *context);
	unsigned limit_ms; /* 0: PROBE_LIMIT_MS */
	bool wants_tmp;
	bool stays; /* looks from outside: its child does not enter the process of --pid */
	bool wants_target; /* only with --pid */
};

/* The table of a probe_*.c file. */
struct probe_table {
	const struct probe *probes;
	size_t n;
};

/* Those of parts.def: probes_NAME. */
#define PROBES(name) extern const struct probe_table probes_##name;
#define CAUSES(name)
#include "doctor/parts.def"
#undef PROBES
#undef CAUSES

/* All of them, in the order of parts.def; *ret_n of them. */
const struct probe_table *const *probes_all(size_t *ret_n);

/* On a host that is slow as a whole, every limit is as much longer. */
int64_t probe_stretched(int64_t ms, unsigned timeout_s);

/*
 * Runs them, PROBES_AT_ONCE at a time, and adds what they report, in the order of the tables
 * (so that two runs on one host can be compared). In each child 0, 1 and 2 are /dev/null, every
 * signal is as at the start of a program, and croft-doctor's end is the child's. Beside its reports
 * a probe leaves a record of its own kind if it was late (OBS_LATE), if a signal ended it
 * (OBS_BROKEN, step "killed", value the signal: SIGSYS is a filter's), if it reported more than
 * PROBE_REPORTS_MAX (step "report", E2BIG), or could not be started at all (step: what failed).
 *
 * This process must have no other children, and its tmp directories are made in `tmp`: where that
 * is "", a probe that wants one is OBS_BROKEN (step "tmp"). What daemons a probe has left are found
 * (this process becomes a child subreaper) and killed; `spare` is not (0: nobody).
 * Returns 0, or an error of the runner itself (stage host): -ENOMEM.
 */
int probes_run(const struct probe_table *const *tables, size_t n_tables,
	       const struct probe_context *context, pid_t spare, struct observations *set,
	       struct croft_error *err);

/*
 * Adds what one probe has reported, as its pipe gave it: 0; -E2BIG beyond PROBE_REPORTS_MAX or what
 * a set takes, -EPROTO for what is no report (those before it are added), -ENOMEM.
 */
int probe_reports_add(struct observations *set, const char *data, size_t len);

#endif
