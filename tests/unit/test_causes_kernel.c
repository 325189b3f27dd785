/* SPDX-License-Identifier: MIT */
/*
 * test_causes_kernel.c - who refuses Landlock or filters, from what was observed.
 */
#include "planted.h"

#define ABI(errnum)                                                                        \
	{                                                                                  \
		OBS_LANDLOCK_ABI, OBS_NO, NULL, "landlock_create_ruleset", errnum, 0, NULL \
	}
#define FILTERED                                                \
	{                                                       \
		OBS_FILTER_MODE, OBS_YES, NULL, NULL, 0, 2, "1" \
	}
#define UNFILTERED                                              \
	{                                                       \
		OBS_FILTER_MODE, OBS_YES, NULL, NULL, 0, 0, "0" \
	}
#define MODULES(list)                                                       \
	{                                                                   \
		OBS_LSM_LIST, OBS_YES, NULL, "lsm_list_modules", 0, 3, list \
	}
#define AGE(abi)                                                      \
	{                                                             \
		OBS_LANDLOCK_ABI, OBS_YES, NULL, NULL, 0, abi, "6.18" \
	}
#define ENFORCES                               \
	{                                      \
		OBS_LANDLOCK_ENFORCES, OBS_YES \
	}
#define RIGHT(name)                               \
	{                                         \
		OBS_LANDLOCK_RIGHT, OBS_YES, name \
	}

static const struct planted_case landlock[] = {
	{ "Landlock of today works",
	  { AGE(7),
	    ENFORCES,
	    RIGHT("execute"),
	    RIGHT("bind-tcp"),
	    { OBS_LANDLOCK_ERRATA, OBS_YES, NULL, NULL, 0, 7, NULL } },
	  FACILITY_LANDLOCK,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  "",
	  NULL,
	  "2 rights" },
	{ "ENOSYS without a filter is the kernel's",
	  { ABI(ENOSYS), UNFILTERED },
	  FACILITY_LANDLOCK,
	  VERDICT_MISSING,
	  WHO_KERNEL,
	  "landlock-no-kernel",
	  "CONFIG_SECURITY_LANDLOCK=y",
	  "no filter" },
	{ "in gVisor no kernel is to be had",
	  { ABI(ENOSYS), UNFILTERED, { OBS_PLACE, OBS_YES, "gvisor" } },
	  FACILITY_LANDLOCK,
	  VERDICT_MISSING,
	  WHO_KERNEL,
	  "landlock-no-kernel",
	  "nothing inside",
	  NULL },
	{ "ENOSYS where Landlock is active is a filter's",
	  { ABI(ENOSYS), FILTERED, MODULES("capability,landlock,yama") },
	  FACILITY_LANDLOCK,
	  VERDICT_MISSING,
	  WHO_FILTER,
	  "landlock-filter",
	  "\"landlock_restrict_self\"",
	  "a filter is in force" },
	{ "ENOSYS under a filter where Landlock is not active is the kernel's",
	  { ABI(ENOSYS), FILTERED, MODULES("capability,yama") },
	  FACILITY_LANDLOCK,
	  VERDICT_MISSING,
	  WHO_KERNEL,
	  "landlock-no-kernel",
	  NULL,
	  NULL },
	{ "where neither can be told both are named",
	  { ABI(ENOSYS), FILTERED },
	  FACILITY_LANDLOCK,
	  VERDICT_MISSING,
	  WHO_UNKNOWN,
	  "landlock-kernel-or-filter",
	  NULL,
	  "unknown" },
	{ "EPERM is no kernel's answer",
	  { ABI(EPERM), FILTERED },
	  FACILITY_LANDLOCK,
	  VERDICT_MISSING,
	  WHO_FILTER,
	  "landlock-filter",
	  "\"landlock_create_ruleset\"",
	  "EPERM" },
	{ "in a container of Docker the profile is named",
	  { ABI(EPERM), FILTERED, { OBS_PLACE, OBS_YES, "docker" } },
	  FACILITY_LANDLOCK,
	  VERDICT_MISSING,
	  WHO_FILTER,
	  "landlock-filter",
	  "docker run --security-opt seccomp=",
	  NULL },
	{ "EOPNOTSUPP without a filter is the boot's, and the line keeps what was active",
	  { ABI(EOPNOTSUPP), UNFILTERED, MODULES("lockdown,capability,yama,apparmor") },
	  FACILITY_LANDLOCK,
	  VERDICT_MISSING,
	  WHO_BOOT,
	  "landlock-not-booted",
	  "lsm=landlock,lockdown,yama,apparmor on",
	  NULL },
	{ "the line that was booted with is the one that is continued",
	  { ABI(EOPNOTSUPP),
	    UNFILTERED,
	    MODULES("capability,yama"),
	    { OBS_LSM_BOOT, OBS_YES, NULL, NULL, 0, 0, "yama,bpf" } },
	  FACILITY_LANDLOCK,
	  VERDICT_MISSING,
	  WHO_BOOT,
	  "landlock-not-booted",
	  "lsm=landlock,yama,bpf on",
	  NULL },
	{ "EOPNOTSUPP where Landlock is active is a filter's",
	  { ABI(EOPNOTSUPP), FILTERED, MODULES("landlock") },
	  FACILITY_LANDLOCK,
	  VERDICT_MISSING,
	  WHO_FILTER,
	  "landlock-filter",
	  NULL,
	  NULL },
	{ "rules that do nothing are named",
	  { AGE(7), { OBS_LANDLOCK_ENFORCES, OBS_NO, NULL, "open" } },
	  FACILITY_LANDLOCK,
	  VERDICT_MISSING,
	  WHO_KERNEL,
	  "landlock-no-effect",
	  NULL,
	  NULL },
	{ "the seventeenth sandbox is too many",
	  { AGE(7),
	    { OBS_LANDLOCK_ENFORCES, OBS_NO, NULL, "open" },
	    { OBS_LANDLOCK_LAYERS, OBS_YES, NULL, NULL, 0, 16, NULL } },
	  FACILITY_LANDLOCK,
	  VERDICT_MISSING,
	  WHO_LSM,
	  "landlock-layers",
	  NULL,
	  NULL },
	{ "an old one tells what it has no rules for",
	  { AGE(3), ENFORCES },
	  FACILITY_LANDLOCK,
	  VERDICT_PARTLY,
	  WHO_KERNEL,
	  "landlock-old",
	  "Linux 6.12",
	  "ABI 3: without TCP ports, ioctls on devices, scopes" },
	{ "a right that is not kept is named with what came instead",
	  { AGE(7),
	    ENFORCES,
	    RIGHT("execute"),
	    { OBS_LANDLOCK_RIGHT, OBS_NO, "truncate", "denied" } },
	  FACILITY_LANDLOCK,
	  VERDICT_PARTLY,
	  WHO_KERNEL,
	  "landlock-right",
	  NULL,
	  "truncate (denied" },
	{ "errata are counted from one",
	  { AGE(7), ENFORCES, { OBS_LANDLOCK_ERRATA, OBS_YES, NULL, NULL, 0, 3, NULL } },
	  FACILITY_LANDLOCK,
	  VERDICT_PARTLY,
	  WHO_KERNEL,
	  "landlock-errata",
	  NULL,
	  ": 3" },
};

#define REFUSED(step, errnum)                                           \
	{                                                               \
		OBS_SECCOMP_FILTER, OBS_NO, NULL, step, errnum, 0, NULL \
	}
#define INVALID(errnum)                                                       \
	{                                                                     \
		OBS_SECCOMP_INVALID, OBS_NO, NULL, "seccomp", errnum, 0, NULL \
	}
#define FILTERS                             \
	{                                   \
		OBS_SECCOMP_FILTER, OBS_YES \
	}
#define NOTIFY(step, errnum)                                            \
	{                                                               \
		OBS_SECCOMP_NOTIFY, OBS_NO, NULL, step, errnum, 0, NULL \
	}

static const struct planted_case seccomp[] = {
	{ "filters work",
	  { FILTERS, { OBS_SECCOMP_NOTIFY, OBS_YES } },
	  FACILITY_SECCOMP,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  "",
	  NULL,
	  NULL },
	{ "a kernel without filters is named",
	  { REFUSED("seccomp", EINVAL), INVALID(EINVAL), UNFILTERED },
	  FACILITY_SECCOMP,
	  VERDICT_MISSING,
	  WHO_KERNEL,
	  "seccomp-no-kernel",
	  "CONFIG_SECCOMP_FILTER",
	  NULL },
	{ "a filter that refuses filters is told from the kernel by an operation that none has",
	  { REFUSED("seccomp", EPERM), INVALID(EPERM), FILTERED },
	  FACILITY_SECCOMP,
	  VERDICT_MISSING,
	  WHO_FILTER,
	  "seccomp-filter",
	  "\"seccomp\"",
	  "EPERM" },
	{ "a filter without effect is none",
	  { REFUSED("effect", 0), INVALID(EINVAL), UNFILTERED },
	  FACILITY_SECCOMP,
	  VERDICT_MISSING,
	  WHO_KERNEL,
	  "seccomp-no-effect",
	  NULL,
	  NULL },
	{ "too many filters are told from none",
	  { REFUSED("seccomp", ENOMEM), INVALID(EINVAL), FILTERED },
	  FACILITY_SECCOMP,
	  VERDICT_MISSING,
	  WHO_LIMIT,
	  "seccomp-many",
	  NULL,
	  NULL },
	{ "a kernel that hands no calls on is named",
	  { FILTERS, NOTIFY("seccomp", EINVAL), UNFILTERED },
	  FACILITY_SECCOMP,
	  VERDICT_PARTLY,
	  WHO_KERNEL,
	  "notify-no-kernel",
	  "Linux 5.0",
	  NULL },
	{ "it is named under a filter too, where the action itself is not known",
	  { FILTERS,
	    NOTIFY("seccomp", EINVAL),
	    FILTERED,
	    { OBS_SECCOMP_ACTION, OBS_NO, "user_notif", "seccomp", EINVAL } },
	  FACILITY_SECCOMP,
	  VERDICT_PARTLY,
	  WHO_KERNEL,
	  "notify-no-kernel",
	  NULL,
	  NULL },
	{ "there can be one supervisor only",
	  { FILTERS, NOTIFY("seccomp", EBUSY), FILTERED },
	  FACILITY_SECCOMP,
	  VERDICT_PARTLY,
	  WHO_FILTER,
	  "notify-taken",
	  NULL,
	  "EBUSY" },
	{ "a filter that refuses supervisors is named",
	  { FILTERS, NOTIFY("seccomp", EPERM), FILTERED },
	  FACILITY_SECCOMP,
	  VERDICT_PARTLY,
	  WHO_FILTER,
	  "notify-filter",
	  "\"seccomp\"",
	  NULL },
	{ "an answer that does not arrive is none",
	  { FILTERS, NOTIFY("effect", 0), UNFILTERED },
	  FACILITY_SECCOMP,
	  VERDICT_PARTLY,
	  WHO_KERNEL,
	  "notify-no-effect",
	  NULL,
	  NULL },
	{ "what else is not known is listed",
	  { FILTERS,
	    { OBS_SECCOMP_LOG, OBS_NO, NULL, "seccomp", EINVAL },
	    { OBS_SECCOMP_TSYNC, OBS_YES } },
	  FACILITY_SECCOMP,
	  VERDICT_PARTLY,
	  WHO_KERNEL,
	  "seccomp-parts",
	  NULL,
	  "LOG" },
	{ "a probe that had no answer in time leaves it unknown",
	  { { OBS_SECCOMP_FILTER, OBS_LATE } },
	  FACILITY_SECCOMP,
	  VERDICT_UNKNOWN,
	  WHO_UNKNOWN,
	  "",
	  NULL,
	  NULL },
};

static void landlock_is_refused_by_whom_the_evidence_names(void **state)
{
	(void)state;
	check_cases(causes_kernel, landlock, ARRAY_SIZE(landlock));
}

static void filters_are_refused_by_whom_the_evidence_names(void **state)
{
	(void)state;
	check_cases(causes_kernel, seccomp, ARRAY_SIZE(seccomp));
}

static void nothing_asked_is_nothing_known(void **state)
{
	static const enum facility facilities[] = { FACILITY_LANDLOCK, FACILITY_SECCOMP };

	(void)state;
	check_unknown(causes_kernel, facilities, ARRAY_SIZE(facilities));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(landlock_is_refused_by_whom_the_evidence_names),
		cmocka_unit_test(filters_are_refused_by_whom_the_evidence_names),
		cmocka_unit_test(nothing_asked_is_nothing_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
