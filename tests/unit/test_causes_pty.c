/* SPDX-License-Identifier: MIT */
/*
 * test_causes_pty.c - each behaviour of pseudo terminals and pipes has its own cause and its own
 * mend.
 */
#include "planted_row.h"

#include <errno.h>

#define PIPE_MEND "COMMAND </dev/null 2>&1 | cat"
#define DEVPTS                                                                         \
	"mkdir -p /dev/pts && mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 " \
	"devpts /dev/pts && ln -sf pts/ptmx /dev/ptmx"
#define MADE YES(PTY_NEW, .text = "/dev/pts/3")
#define SHIM YES(PTY_SHIM, .text = "/usr/libexec/croft/ptyfix.so")
#define HELD YES(PTY_RACE, .subject = "2000 us, slave held", .value = 3)

static const struct planted_row rows[] = {
	{ { NO(PTY_NEW, .step = "ptmx", .errnum = ENOENT) },
	  FACILITY_PTY,
	  VERDICT_MISSING,
	  WHO_MOUNT,
	  "pty-no-ptmx",
	  DEVPTS,
	  "ptmx: ENOENT",
	  NULL },
	{ { NO(PTY_NEW, .step = "ptmx", .errnum = ENOSPC) },
	  FACILITY_PTY,
	  VERDICT_MISSING,
	  WHO_LIMIT,
	  "pty-limit",
	  "sysctl kernel.pty.max=4096",
	  NULL,
	  NULL },
	{ { NO(PTY_NEW, .step = "ptmx", .errnum = EACCES) },
	  FACILITY_PTY,
	  VERDICT_MISSING,
	  WHO_PRIVILEGE,
	  "pty-ptmx-mode",
	  "chmod 0666 /dev/ptmx",
	  NULL,
	  NULL },
	{ { NO(PTY_NEW, .step = "ptmx", .errnum = EPERM) },
	  FACILITY_PTY,
	  VERDICT_MISSING,
	  WHO_PRIVILEGE,
	  "pty-ptmx-refused",
	  NULL,
	  "EPERM",
	  NULL },
	{ { NO(PTY_NEW, .step = "number", .errnum = ENOTTY) },
	  FACILITY_PTY,
	  VERDICT_MISSING,
	  WHO_MOUNT,
	  "pty-ptmx-wrong",
	  "rm /dev/ptmx && ln -s pts/ptmx /dev/ptmx",
	  NULL,
	  NULL },
	{ { NO(PTY_NEW, .step = "slave", .errnum = ENOENT) },
	  FACILITY_PTY,
	  VERDICT_MISSING,
	  WHO_MOUNT,
	  "pty-no-pts",
	  DEVPTS,
	  NULL,
	  NULL },
	{ { NO(PTY_NEW, .step = "ptmx", .errnum = EIO) },
	  FACILITY_PTY,
	  VERDICT_MISSING,
	  WHO_UNKNOWN,
	  "pty-none",
	  NULL,
	  NULL,
	  NULL },
	{ { { .id = OBS_PTY_NEW, .outcome = OBS_LATE, .value = OBS_NO_VALUE } },
	  FACILITY_PTY,
	  VERDICT_UNKNOWN,
	  WHO_UNKNOWN,
	  "",
	  NULL,
	  "no answer in time",
	  NULL },
	{ { { 0 } }, FACILITY_PTY, VERDICT_UNKNOWN, WHO_UNKNOWN, "", NULL, "not asked", NULL },

	/* the shim only where it is installed and was seen to help */
	{ { MADE, NO(PTY_EARLY_READ, .step = "read", .errnum = EIO, .text = "poll: HUP"), HELD,
	    SHIM },
	  FACILITY_PTY,
	  VERDICT_PARTLY,
	  WHO_KERNEL,
	  "pty-early-eio",
	  "LD_PRELOAD=/usr/libexec/croft/ptyfix.so COMMAND",
	  "EIO, poll: HUP",
	  "Input/output error" },
	/* under load there is no time for the race */
	{ { MADE, NO(PTY_EARLY_READ, .step = "read", .errnum = EIO),
	    YES(PTY_RACE, .subject = "slave held"), SHIM },
	  FACILITY_PTY,
	  VERDICT_PARTLY,
	  WHO_KERNEL,
	  "pty-early-eio",
	  "LD_PRELOAD=/usr/libexec/croft/ptyfix.so COMMAND",
	  NULL,
	  NULL },
	{ { MADE, NO(PTY_EARLY_READ, .step = "read", .errnum = EIO), HELD },
	  FACILITY_PTY,
	  VERDICT_PARTLY,
	  WHO_KERNEL,
	  "pty-early-eio",
	  PIPE_MEND,
	  NULL,
	  NULL },
	{ { MADE, NO(PTY_EARLY_READ, .step = "read", .errnum = EIO),
	    NO(PTY_RACE, .subject = "2000 us, slave held", .value = 0), SHIM },
	  FACILITY_PTY,
	  VERDICT_PARTLY,
	  WHO_KERNEL,
	  "pty-early-eio",
	  PIPE_MEND,
	  "2000 us, slave held: 0",
	  NULL },
	{ { MADE, YES(PTY_EARLY_READ, .step = ""), NO(PTY_RACE, .subject = "2000 us", .value = 1) },
	  FACILITY_PTY,
	  VERDICT_PARTLY,
	  WHO_UNKNOWN,
	  "pty-race",
	  PIPE_MEND,
	  "2000 us: 1",
	  NULL },

	{ { MADE, NO(PTY_HANGUP, .step = "read") },
	  FACILITY_PTY,
	  VERDICT_PARTLY,
	  WHO_KERNEL,
	  "pty-no-hangup",
	  PIPE_MEND,
	  NULL,
	  "for ever" },
	{ { MADE, NO(PTY_HANGUP, .step = "poll") },
	  FACILITY_PTY,
	  VERDICT_PARTLY,
	  WHO_KERNEL,
	  "pty-no-poll-hup",
	  "gVisor of 2024-02-08 or later",
	  NULL,
	  NULL },
	{ { MADE, NO(PTY_HANGUP, .step = "data", .errnum = EIO) },
	  FACILITY_PTY,
	  VERDICT_PARTLY,
	  WHO_KERNEL,
	  "pty-data-lost",
	  PIPE_MEND,
	  "EIO",
	  NULL },

	{ { MADE, NO(PTY_CALL, .subject = "TCGETS2", .errnum = ENOTTY), SHIM },
	  FACILITY_PTY,
	  VERDICT_PARTLY,
	  WHO_KERNEL,
	  "pty-tcgets2",
	  "LD_PRELOAD=/usr/libexec/croft/ptyfix.so COMMAND",
	  "TCGETS2:",
	  "glibc 2.42" },
	/* a filter's: the shim would be refused as well */
	{ { MADE, NO(PTY_CALL, .subject = "TCGETS2", .errnum = EPERM), SHIM },
	  FACILITY_PTY,
	  VERDICT_PARTLY,
	  WHO_FILTER,
	  "pty-tcgets2",
	  PIPE_MEND,
	  "EPERM",
	  NULL },
	{ { MADE, NO(PTY_CALL, .subject = "TCGETS", .errnum = EPERM),
	    NO(PTY_CALL, .subject = "TCGETS2", .errnum = EPERM) },
	  FACILITY_PTY,
	  VERDICT_PARTLY,
	  WHO_FILTER,
	  "pty-tcgets",
	  PIPE_MEND,
	  NULL,
	  NULL },
	{ { MADE, NO(PTY_CALL, .subject = "TIOCGPTPEER", .errnum = ENOTTY) },
	  FACILITY_PTY,
	  VERDICT_PARTLY,
	  WHO_KERNEL,
	  "pty-no-peer",
	  "gVisor of 2026-06-16 or later, Linux 4.13 or later",
	  "/dev/pts/3",
	  NULL },
	{ { MADE, YES(PTY_EARLY_READ, .step = ""), YES(PTY_HANGUP, .step = ""),
	    YES(PTY_CALL, .subject = "TCGETS"), YES(PTY_CALL, .subject = "TCGETS2"),
	    YES(PTY_CALL, .subject = "TIOCGPTPEER"),
	    YES(PTY_RACE, .subject = "2000 us", .value = 3) },
	  FACILITY_PTY,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  "",
	  NULL,
	  NULL,
	  NULL },

	{ { YES(PIPE_EXEC, .text = "data, 0, 0") },
	  FACILITY_PIPE,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  "",
	  NULL,
	  "data, 0, 0",
	  NULL },
	{ { NO(PIPE_EXEC, .step = "read", .errnum = EIO, .value = 2) },
	  FACILITY_PIPE,
	  VERDICT_MISSING,
	  WHO_KERNEL,
	  "pipe-exec",
	  NULL,
	  "read 2 of 3",
	  NULL },
	{ { NO(PIPE_EXEC, .step = "pipe", .errnum = EMFILE) },
	  FACILITY_PIPE,
	  VERDICT_MISSING,
	  WHO_UNKNOWN,
	  "pipe-none",
	  NULL,
	  "pipe2",
	  NULL },
	{ { { .id = OBS_PIPE_EXEC, .outcome = OBS_LATE, .value = OBS_NO_VALUE } },
	  FACILITY_PIPE,
	  VERDICT_UNKNOWN,
	  WHO_UNKNOWN,
	  "",
	  NULL,
	  "never ends",
	  NULL },
};

static void each_row_has_its_cause_and_mend(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		planted_check(&rows[i], causes_pty);
}

/* gVisor of 2024 has three of them at once, and none hides another. */
static void several_are_told_beside_each_other(void **state)
{
	const struct observation host[] = {
		MADE,
		NO(PTY_EARLY_READ, .step = "read", .errnum = EIO),
		NO(PTY_CALL, .subject = "TCGETS2", .errnum = ENOTTY),
		NO(PTY_CALL, .subject = "TIOCGPTPEER", .errnum = ENOTTY),
		YES(PTY_HANGUP, .step = ""),
	};
	struct observations set;
	struct verdicts verdicts;

	(void)state;
	planted_set(&set, host, ARRAY_SIZE(host));
	verdicts_init(&verdicts);
	causes_pty(&verdicts, &set);
	assert_int_equal(verdicts.n, 4); /* and one about pipes */
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(verdicts.items[i].state, VERDICT_PARTLY);
	verdicts_done(&verdicts);
	observations_done(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_has_its_cause_and_mend),
		cmocka_unit_test(several_are_told_beside_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
