/* SPDX-License-Identifier: MIT */
/*
 * causes_pty.c - what is the matter with pseudo terminals and pipes here.
 *
 * Each behaviour has its own row, for each has its own mend, and a host may have several: gVisor
 * of 2024 has the first and the third. No row rests on this being gVisor; the dates in the mends
 * are those of its changes (243aeddd5, cdededb79, b8a4f2456, 6adb62dfa). The early EIO is in gVisor
 * to this day (August 2026; google/gvisor#13738), so there the mend is the shim, and that is
 * named only where holding the slave open was seen to help.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "doctor/judge.h"

#define BY_PIPE "COMMAND </dev/null 2>&1 | cat"
#define BY_PIPE_COST "COMMAND has a pipe in place of a terminal: no colours, no questions"
#define SHIM_COST "dynamically linked programs only; what COMMAND starts has the library as well"

static const char *errno_word(int errnum)
{
	const char *name = errno_name(errnum);

	return !errnum ? "no error" : name ? name : errno_text(errnum);
}

static void add(struct verdicts *verdicts, enum facility facility, enum verdict_state state,
		enum verdict_who who, const char *cause, const char *what, const char *evidence,
		const char *mend, const char *cost)
{
	verdicts_add(verdicts,
		     &(struct verdict){ facility, state, who, cause, what, evidence, mend, cost });
}

/* The shim's line, or, where it is not installed or does not help, pipes. */
static const char *shim_or_pipe(struct verdicts *verdicts, const struct observations *set,
				bool is_seen_to_help, const char **ret_cost)
{
	const struct observation *shim = observed(set, OBS_PTY_SHIM);

	if (!is_seen_to_help || shim->outcome != OBS_YES) {
		*ret_cost = BY_PIPE_COST;
		return BY_PIPE;
	}
	*ret_cost = SHIM_COST;
	return verdicts_text(verdicts, "LD_PRELOAD=%s COMMAND", shim->text);
}

/* "; lines that came of 3: 2000 us, slave held: 3; 2000 us: 0" */
static const char *races(struct verdicts *verdicts, const struct observations *set)
{
	const struct observation *race = observed_next(set, OBS_PTY_RACE, NULL);
	const char *text = "";

	for (; race; race = observed_next(set, OBS_PTY_RACE, race)) {
		if (race->value == OBS_NO_VALUE)
			continue;
		text = verdicts_text(verdicts, "%s%s%s: %lld", text,
				     *text ? "; " : "; lines that came of 3: ", race->subject,
				     (long long)race->value);
	}
	return text;
}

static bool judge_new(struct verdicts *verdicts, const struct observations *set)
{
	static const struct {
		const char *step; /* NULL: any */
		int errnum; /* 0: any */
		enum verdict_who who;
		const char *cause, *what, *mend, *cost;
	} rows[] = {
		{ "ptmx", ENOENT, WHO_MOUNT, "pty-no-ptmx", "there is no /dev/ptmx",
		  "mkdir -p /dev/pts && mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts /dev/pts && "
		  "ln -sf pts/ptmx /dev/ptmx",
		  "" },
		{ "ptmx", ENOSPC, WHO_LIMIT, "pty-limit", "no more pseudo terminals are allowed",
		  "sysctl kernel.pty.max=4096", "memory for as many terminals" },
		{ "ptmx", EACCES, WHO_PRIVILEGE, "pty-ptmx-mode",
		  "this user may not open /dev/ptmx", "chmod 0666 /dev/ptmx",
		  "every user may make pseudo terminals" },
		{ "ptmx", EPERM, WHO_PRIVILEGE, "pty-ptmx-refused", "opening /dev/ptmx is refused",
		  "", "" },
		{ "number", 0, WHO_MOUNT, "pty-ptmx-wrong",
		  "/dev/ptmx is not what makes pseudo terminals",
		  "rm /dev/ptmx && ln -s pts/ptmx /dev/ptmx", "" },
		{ "slave", ENOENT, WHO_MOUNT, "pty-no-pts",
		  "the other end of a new pseudo terminal is not in /dev/pts",
		  "mkdir -p /dev/pts && mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts /dev/pts && "
		  "ln -sf pts/ptmx /dev/ptmx",
		  "" },
		{ NULL, 0, WHO_UNKNOWN, "pty-none", "no pseudo terminal can be made", "", "" },
	};
	const struct observation *made = observed(set, OBS_PTY_NEW);

	if (made->outcome == OBS_YES)
		return true;
	if (made->outcome != OBS_NO) {
		add(verdicts, FACILITY_PTY, VERDICT_UNKNOWN, WHO_UNKNOWN, "", "",
		    made->outcome == OBS_LATE ? "no answer in time" : "not asked", "", "");
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if ((rows[i].step && strcmp(rows[i].step, made->step) != 0) ||
		    (rows[i].errnum && rows[i].errnum != made->errnum))
			continue;
		add(verdicts, FACILITY_PTY, VERDICT_MISSING, rows[i].who, rows[i].cause,
		    rows[i].what,
		    verdicts_text(verdicts, "%s: %s", made->step, errno_word(made->errnum)),
		    rows[i].mend, rows[i].cost);
		break;
	}
	return false;
}

static void judge_early_read(struct verdicts *verdicts, const struct observations *set)
{
	const struct observation *early = observed(set, OBS_PTY_EARLY_READ),
				 *slow = observed_of(set, OBS_PTY_RACE, "2000 us");
	const char *cost, *mend;

	if (early->outcome == OBS_NO) {
		mend = shim_or_pipe(verdicts, set, judge_holding_helps(set), &cost);
		add(verdicts, FACILITY_PTY, VERDICT_PARTLY, WHO_KERNEL, "pty-early-eio",
		    "who reads from a pseudo terminal before its child has opened it gets an error "
		    "(\"reading a line: Input/output error\")",
		    verdicts_text(verdicts, "read before any open of the slave: %s, %s%s",
				  errno_word(early->errnum), early->text, races(verdicts, set)),
		    mend, cost);
	} else if (slow->outcome == OBS_NO) {
		add(verdicts, FACILITY_PTY, VERDICT_PARTLY, WHO_UNKNOWN, "pty-race",
		    "lines are lost when the child opens the pseudo terminal late",
		    verdicts_text(verdicts, "a read waits%s", races(verdicts, set)), BY_PIPE,
		    BY_PIPE_COST);
	}
}

static void judge_hangup(struct verdicts *verdicts, const struct observations *set)
{
	const struct observation *end = observed(set, OBS_PTY_HANGUP);

	if (end->outcome != OBS_NO)
		return;
	if (strcmp(end->step, "data") == 0)
		add(verdicts, FACILITY_PTY, VERDICT_PARTLY, WHO_KERNEL, "pty-data-lost",
		    "what was written to a pseudo terminal is lost when it is closed",
		    verdicts_text(verdicts, "read of what is left: %s", errno_word(end->errnum)),
		    BY_PIPE, BY_PIPE_COST);
	else if (strcmp(end->step, "poll") == 0)
		add(verdicts, FACILITY_PTY, VERDICT_PARTLY, WHO_KERNEL, "pty-no-poll-hup",
		    "poll does not tell when a pseudo terminal was closed",
		    "after the last close of the slave: read EIO, poll without HUP",
		    "gVisor of 2024-02-08 or later", "");
	else
		add(verdicts, FACILITY_PTY, VERDICT_PARTLY, WHO_KERNEL, "pty-no-hangup",
		    "who reads from a pseudo terminal waits for ever when the other end was closed",
		    "after the last close of the slave a read still waits, and poll says nothing",
		    BY_PIPE, BY_PIPE_COST "; for good: gVisor of 2024-02-08 or later");
}

static void judge_calls(struct verdicts *verdicts, const struct observations *set)
{
	const struct observation *one = observed_of(set, OBS_PTY_CALL, "TCGETS"),
				 *two = observed_of(set, OBS_PTY_CALL, "TCGETS2"),
				 *peer = observed_of(set, OBS_PTY_CALL, "TIOCGPTPEER");
	const char *cost, *mend;

	if (one->outcome == OBS_NO) {
		add(verdicts, FACILITY_PTY, VERDICT_PARTLY,
		    one->errnum == ENOTTY ? WHO_KERNEL : WHO_FILTER, "pty-tcgets",
		    "the settings of a terminal cannot be read",
		    verdicts_text(verdicts, "TCGETS: %s", errno_word(one->errnum)), BY_PIPE,
		    BY_PIPE_COST);
	} else if (two->outcome == OBS_NO) {
		bool is_kernel = two->errnum == ENOTTY || two->errnum == EINVAL;

		mend = shim_or_pipe(verdicts, set, is_kernel, &cost);
		add(verdicts, FACILITY_PTY, VERDICT_PARTLY, is_kernel ? WHO_KERNEL : WHO_FILTER,
		    "pty-tcgets2",
		    "programs with glibc 2.42 or later take a terminal for none (\"getting "
		    "pseudoterminal attributes: Inappropriate ioctl for device\")",
		    verdicts_text(verdicts, "TCGETS: works, TCGETS2: %s", errno_word(two->errnum)),
		    mend,
		    verdicts_text(verdicts, "%s; for good: gVisor of 2026-02-05 or later", cost));
	}
	if (peer->outcome == OBS_NO)
		add(verdicts, FACILITY_PTY, VERDICT_PARTLY,
		    peer->errnum == ENOTTY || peer->errnum == EINVAL ? WHO_KERNEL : WHO_FILTER,
		    "pty-no-peer",
		    "the other end of a pseudo terminal can be opened by its name only",
		    verdicts_text(verdicts, "TIOCGPTPEER: %s, %s was opened",
				  errno_word(peer->errnum), observed(set, OBS_PTY_NEW)->text),
		    "gVisor of 2026-06-16 or later, Linux 4.13 or later", "");
}

static void judge_pipe(struct verdicts *verdicts, const struct observations *set)
{
	const struct observation *pipe = observed(set, OBS_PIPE_EXEC);
	const char *evidence;

	if (pipe->outcome == OBS_YES) {
		add(verdicts, FACILITY_PIPE, VERDICT_WORKS, WHO_NOBODY, "", "", pipe->text, "", "");
	} else if (pipe->outcome == OBS_NO && strcmp(pipe->step, "pipe") == 0) {
		add(verdicts, FACILITY_PIPE, VERDICT_MISSING, WHO_UNKNOWN, "pipe-none",
		    "no pipe can be made",
		    verdicts_text(verdicts, "pipe2: %s", errno_word(pipe->errnum)), "", "");
	} else if (pipe->outcome == OBS_NO) {
		evidence = verdicts_text(verdicts, "read %lld of 3, of data and the end: %s",
					 (long long)pipe->value, errno_word(pipe->errnum));
		add(verdicts, FACILITY_PIPE, VERDICT_MISSING, WHO_KERNEL, "pipe-exec",
		    "a pipe breaks when its writer executes a program", evidence, "", "");
	} else {
		evidence = pipe->outcome == OBS_LATE ? "no answer in time: a read never ends"
			   : *pipe->text             ? pipe->text
						     : "not asked";
		add(verdicts, FACILITY_PIPE, VERDICT_UNKNOWN, WHO_UNKNOWN, "", "", evidence, "",
		    "");
	}
}

void causes_pty(struct verdicts *verdicts, const struct observations *set)
{
	size_t n = verdicts->n;

	if (judge_new(verdicts, set)) {
		judge_early_read(verdicts, set);
		judge_hangup(verdicts, set);
		judge_calls(verdicts, set);
		if (verdicts->n == n)
			add(verdicts, FACILITY_PTY, VERDICT_WORKS, WHO_NOBODY, "", "",
			    "a read waits for the other end, and sees it close", "", "");
	}
	judge_pipe(verdicts, set);
}
