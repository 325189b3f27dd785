/* SPDX-License-Identifier: MIT */
/*
 * test_causes_exposed.c - an open door is no trouble if croft was seen to close it.
 */
#include "planted.h"

#define OPEN(name)                         \
	{                                  \
		OBS_EXPOSED, OBS_YES, name \
	}
#define SHUT(name)                                              \
	{                                                       \
		OBS_EXPOSED, OBS_NO, name, NULL, EPERM, 0, NULL \
	}
#define CLOSED(name)                                                     \
	{                                                                \
		OBS_EXPOSED_CLOSED, OBS_YES, name, NULL, EACCES, 0, NULL \
	}

static const struct planted_case cases[] = {
	{ "doors that croft closes are listed",
	  { OPEN("io_uring"), CLOSED("io_uring"), SHUT("bpf"), OPEN("keyctl"), CLOSED("keyctl") },
	  FACILITY_EXPOSED,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  "",
	  NULL,
	  "io_uring, keyctl" },
	{ "doors that are closed already are not",
	  { SHUT("bpf") },
	  FACILITY_EXPOSED,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  "",
	  NULL,
	  "none is open" },
	{ "a door that croft was not seen to close is named",
	  { OPEN("io_uring"), CLOSED("io_uring"), OPEN("vsock") },
	  FACILITY_EXPOSED,
	  VERDICT_PARTLY,
	  WHO_KERNEL,
	  "door-open",
	  NULL,
	  "vsock" },
	{ "nor is one that its filter let through",
	  { OPEN("alg"), { OBS_EXPOSED_CLOSED, OBS_NO, "alg" } },
	  FACILITY_EXPOSED,
	  VERDICT_PARTLY,
	  WHO_KERNEL,
	  "door-open",
	  NULL,
	  "alg" },
	{ "abstract sockets are kept by Landlock's scope",
	  { OPEN("abstract"), { OBS_LANDLOCK_RIGHT, OBS_YES, "scope-abstract" } },
	  FACILITY_EXPOSED,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  "",
	  NULL,
	  "abstract" },
	{ "or by a network namespace",
	  { OPEN("abstract"), { OBS_NS_KIND, OBS_YES, "net" } },
	  FACILITY_EXPOSED,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  "",
	  NULL,
	  "abstract" },
	{ "else they stay open",
	  { OPEN("abstract") },
	  FACILITY_EXPOSED,
	  VERDICT_PARTLY,
	  WHO_KERNEL,
	  "door-open",
	  NULL,
	  "abstract" },
};

static void doors_are_open_unless_seen_closed(void **state)
{
	(void)state;
	check_cases(causes_exposed, cases, ARRAY_SIZE(cases));
}

static void nothing_asked_is_nothing_known(void **state)
{
	static const enum facility facility = FACILITY_EXPOSED;

	(void)state;
	check_unknown(causes_exposed, &facility, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doors_are_open_unless_seen_closed),
		cmocka_unit_test(nothing_asked_is_nothing_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
