/* SPDX-License-Identifier: MIT */
/*
 * test_causes_process.c - why privileges or tracing cannot be had, from what was observed.
 */
#include "planted.h"

#define NNP(is_set, since)                                     \
	{                                                      \
		OBS_NNP, OBS_YES, NULL, NULL, 0, is_set, since \
	}
#define HELPER(path, step, text)                                  \
	{                                                         \
		OBS_SETUID_HELPER, OBS_NO, path, step, 0, 0, text \
	}
#define LACKS(bits)                                                \
	{                                                          \
		OBS_CAP_BOUNDING, OBS_YES, NULL, NULL, 0, bits, "" \
	}

static const struct planted_case privileges[] = {
	{ "nothing stands in the way",
	  { NNP(0, ""), LACKS(1 << 24), { OBS_SETUID_HELPER, OBS_YES, "/usr/bin/sudo" } },
	  FACILITY_PRIVILEGES,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  "",
	  NULL,
	  NULL },
	{ "no_new_privs is told with whom it begins",
	  { NNP(1, "process 12 (sh), not its parent 1 (init)") },
	  FACILITY_PRIVILEGES,
	  VERDICT_PARTLY,
	  WHO_PRIVILEGE,
	  "nnp-set",
	  "outside",
	  "process 12 (sh)" },
	{ "in a container its option is named",
	  { NNP(1, ""), { OBS_PLACE, OBS_YES, "docker" } },
	  FACILITY_PRIVILEGES,
	  VERDICT_PARTLY,
	  WHO_PRIVILEGE,
	  "nnp-set",
	  "docker run --security-opt no-new-privileges=false",
	  NULL },
	{ "in gVisor it is always so",
	  { NNP(1, ""), { OBS_PLACE, OBS_YES, "gvisor" } },
	  FACILITY_PRIVILEGES,
	  VERDICT_PARTLY,
	  WHO_PRIVILEGE,
	  "nnp-set",
	  "nothing inside",
	  NULL },
	{ "capabilities that the bounding set lacks are listed",
	  { NNP(0, ""), LACKS(1 << 7 | 1 << 6) },
	  FACILITY_PRIVILEGES,
	  VERDICT_PARTLY,
	  WHO_PRIVILEGE,
	  "cap-bounding",
	  "CAP_SETGID, CAP_SETUID",
	  "CAP_SETGID, CAP_SETUID" },
	{ "podman's option has them in its own words",
	  { NNP(0, ""), LACKS(1 << 7), { OBS_PLACE, OBS_YES, "podman" } },
	  FACILITY_PRIVILEGES,
	  VERDICT_PARTLY,
	  WHO_PRIVILEGE,
	  "cap-bounding",
	  "podman run --cap-add SETUID",
	  NULL },
	{ "noroot makes root nobody",
	  { NNP(0, ""), { OBS_SECUREBITS, OBS_YES, NULL, NULL, 0, 1, NULL } },
	  FACILITY_PRIVILEGES,
	  VERDICT_PARTLY,
	  WHO_PRIVILEGE,
	  "securebits",
	  NULL,
	  "0x1" },
	{ "a mount with nosuid is named, and the line that takes it away",
	  { NNP(0, ""), HELPER("/usr/bin/sudo", "nosuid", "/usr") },
	  FACILITY_PRIVILEGES,
	  VERDICT_PARTLY,
	  WHO_MOUNT,
	  "helper-nosuid",
	  "mount -o remount,bind,suid /usr",
	  "/usr/bin/sudo" },
	{ "a helper without its mode is named",
	  { NNP(0, ""), HELPER("/usr/bin/newuidmap", "mode", "") },
	  FACILITY_PRIVILEGES,
	  VERDICT_PARTLY,
	  WHO_PRIVILEGE,
	  "helper-mode",
	  "chmod u+s /usr/bin/newuidmap",
	  NULL },
	{ "ping does without",
	  { NNP(0, ""), HELPER("/usr/bin/ping", "mode", "") },
	  FACILITY_PRIVILEGES,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  "",
	  NULL,
	  NULL },
	{ "a kernel without ambient capabilities is named",
	  { NNP(0, ""), { OBS_AMBIENT, OBS_NO, NULL, "prctl", EINVAL } },
	  FACILITY_PRIVILEGES,
	  VERDICT_PARTLY,
	  WHO_KERNEL,
	  "ambient",
	  NULL,
	  "EINVAL" },
};

#define REFUSED(what, errnum)                                       \
	{                                                           \
		OBS_PTRACE, OBS_NO, what, "ptrace", errnum, 0, NULL \
	}
#define DONE(what)                        \
	{                                 \
		OBS_PTRACE, OBS_YES, what \
	}
#define NOBODY(errnum)                                                      \
	{                                                                   \
		OBS_PTRACE_INVALID, OBS_NO, NULL, "ptrace", errnum, 0, NULL \
	}
#define UNFILTERED                                              \
	{                                                       \
		OBS_FILTER_MODE, OBS_YES, NULL, NULL, 0, 0, "0" \
	}
#define FILTERED                                                \
	{                                                       \
		OBS_FILTER_MODE, OBS_YES, NULL, NULL, 0, 2, "1" \
	}
#define SCOPE(value)                                          \
	{                                                     \
		OBS_YAMA, OBS_YES, NULL, NULL, 0, value, NULL \
	}

static const struct planted_case ptrace_cases[] = {
	{ "children can be traced",
	  { NOBODY(ESRCH), DONE("traceme"), DONE("seize"), DONE("readv"), DONE("sibling") },
	  FACILITY_PTRACE,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  "",
	  NULL,
	  NULL },
	{ "Yama's usual scope is no trouble for one's own children",
	  { NOBODY(ESRCH), DONE("traceme"), DONE("seize"), DONE("readv"), REFUSED("sibling", EPERM),
	    SCOPE(1) },
	  FACILITY_PTRACE,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  "",
	  NULL,
	  "ptrace_scope 1" },
	{ "a filter is known by what it says when nobody is to be traced",
	  { NOBODY(EPERM), REFUSED("traceme", EPERM), FILTERED },
	  FACILITY_PTRACE,
	  VERDICT_MISSING,
	  WHO_FILTER,
	  "ptrace-filter",
	  "\"ptrace\"",
	  "EPERM" },
	{ "a filter answers before Yama is asked",
	  { NOBODY(EPERM), REFUSED("traceme", EPERM), SCOPE(2), FILTERED },
	  FACILITY_PTRACE,
	  VERDICT_MISSING,
	  WHO_FILTER,
	  "ptrace-filter",
	  "\"ptrace\"",
	  "EPERM" },
	{ "Yama's scope 2 is named",
	  { NOBODY(ESRCH), REFUSED("traceme", EPERM), SCOPE(2), UNFILTERED },
	  FACILITY_PTRACE,
	  VERDICT_MISSING,
	  WHO_SYSCTL,
	  "ptrace-yama",
	  "sysctl kernel.yama.ptrace_scope=1",
	  NULL },
	{ "Yama's scope 3 holds until the next boot",
	  { NOBODY(ESRCH), REFUSED("traceme", EPERM), SCOPE(3), UNFILTERED },
	  FACILITY_PTRACE,
	  VERDICT_MISSING,
	  WHO_SYSCTL,
	  "ptrace-yama-off",
	  "reboot",
	  NULL },
	{ "who is traced already cannot be traced again",
	  { NOBODY(ESRCH),
	    REFUSED("traceme", EPERM),
	    { OBS_TRACER, OBS_YES, NULL, NULL, 0, 7 },
	    UNFILTERED },
	  FACILITY_PTRACE,
	  VERDICT_MISSING,
	  WHO_PRIVILEGE,
	  "ptrace-traced",
	  NULL,
	  NULL },
	{ "what is left is a security module",
	  { NOBODY(ESRCH), REFUSED("traceme", EPERM), UNFILTERED },
	  FACILITY_PTRACE,
	  VERDICT_MISSING,
	  WHO_LSM,
	  "ptrace-lsm",
	  "deny_ptrace",
	  NULL },
	{ "a way that the kernel does not have is a part",
	  { NOBODY(ESRCH), DONE("traceme"), DONE("seize"), REFUSED("readv", ENOSYS), UNFILTERED },
	  FACILITY_PTRACE,
	  VERDICT_PARTLY,
	  WHO_KERNEL,
	  "ptrace-no-kernel",
	  NULL,
	  "readv: ENOSYS" },
	{ "under a filter ENOSYS is taken for its answer",
	  { NOBODY(ESRCH), DONE("traceme"), DONE("seize"), REFUSED("readv", ENOSYS), FILTERED },
	  FACILITY_PTRACE,
	  VERDICT_PARTLY,
	  WHO_FILTER,
	  "ptrace-filter",
	  NULL,
	  NULL },
};

static void privileges_are_missing_for_what_took_them(void **state)
{
	(void)state;
	check_cases(causes_process, privileges, ARRAY_SIZE(privileges));
}

static void tracing_is_refused_by_whom_the_evidence_names(void **state)
{
	(void)state;
	check_cases(causes_process, ptrace_cases, ARRAY_SIZE(ptrace_cases));
}

static void nothing_asked_is_nothing_known(void **state)
{
	static const enum facility facilities[] = { FACILITY_PRIVILEGES, FACILITY_PTRACE };

	(void)state;
	check_unknown(causes_process, facilities, ARRAY_SIZE(facilities));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(privileges_are_missing_for_what_took_them),
		cmocka_unit_test(tracing_is_refused_by_whom_the_evidence_names),
		cmocka_unit_test(nothing_asked_is_nothing_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
