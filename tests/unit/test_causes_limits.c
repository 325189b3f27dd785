/* SPDX-License-Identifier: MIT */
/*
 * test_causes_limits.c - which limit has ended the room, from what was observed.
 */
#include "planted.h"

#define ROOM(name, step, errnum, n, group)                     \
	{                                                      \
		OBS_ROOM, OBS_NO, name, step, errnum, n, group \
	}
#define HAS(name)                                          \
	{                                                  \
		OBS_ROOM, OBS_YES, name, NULL, 0, 32, NULL \
	}
#define LIMIT(name, value, text)                               \
	{                                                      \
		OBS_LIMIT, OBS_YES, name, NULL, 0, value, text \
	}

static const struct planted_case cases[] = {
	{ "there is room",
	  { HAS("processes"), HAS("files"), HAS("memory"), HAS("addresses"),
	    LIMIT("nproc", 4096, "hard limit 4096") },
	  FACILITY_LIMITS,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  "",
	  NULL,
	  NULL },
	{ "a soft limit is raised without anybody's leave",
	  { ROOM("files", "soft", EMFILE, 61, ""), LIMIT("nofile", 64, "hard limit 1024") },
	  FACILITY_LIMITS,
	  VERDICT_PARTLY,
	  WHO_LIMIT,
	  "limit-nofile",
	  "ulimit -S -n $(ulimit -H -n)",
	  "EMFILE after 61" },
	{ "a hard limit is raised by root, and told with whom it begins",
	  { ROOM("processes", "hard", EAGAIN, 3, ""),
	    LIMIT("nproc", 12, "hard limit 12; since process 9 (sh), not its parent 1 (init)") },
	  FACILITY_LIMITS,
	  VERDICT_PARTLY,
	  WHO_LIMIT,
	  "limit-nproc",
	  "prlimit --pid $$ --nproc=4096:4096",
	  "since process 9 (sh)" },
	{ "in podman its option is named",
	  { ROOM("processes", "hard", EAGAIN, 3, ""),
	    LIMIT("nproc", 12, ""),
	    { OBS_PLACE, OBS_YES, "podman" } },
	  FACILITY_LIMITS,
	  VERDICT_PARTLY,
	  WHO_LIMIT,
	  "limit-nproc",
	  "podman run --ulimit nproc=4096:4096",
	  NULL },
	{ "a group that has counted a refusal is the one",
	  { ROOM("processes", "hard", EAGAIN, 3, "/sys/fs/cgroup/a"), LIMIT("nproc", 12, ""),
	    LIMIT("pids.max", 20, "/sys/fs/cgroup/a") },
	  FACILITY_LIMITS,
	  VERDICT_PARTLY,
	  WHO_LIMIT,
	  "limit-pids",
	  "echo max >/sys/fs/cgroup/a/pids.max",
	  "is 20" },
	{ "a group that is in the way of two questions is told once",
	  { ROOM("processes", "hard", EAGAIN, 3, "/sys/fs/cgroup/a"),
	    ROOM("addresses", "hard", EAGAIN, 0, "/sys/fs/cgroup/a"),
	    LIMIT("pids.max", 20, "/sys/fs/cgroup/a") },
	  FACILITY_LIMITS,
	  VERDICT_PARTLY,
	  WHO_LIMIT,
	  "limit-pids",
	  NULL,
	  "processes: EAGAIN after 3" },
	{ "without a limit of the process the group's is named",
	  { ROOM("processes", "hard", EAGAIN, 3, ""),
	    LIMIT("pids.max", 20, "/sys/fs/cgroup/a"),
	    { OBS_PLACE, OBS_YES, "kubernetes" } },
	  FACILITY_LIMITS,
	  VERDICT_PARTLY,
	  WHO_LIMIT,
	  "limit-pids",
	  "podPidsLimit",
	  NULL },
	{ "a probe that found no process to run in says the same",
	  { { OBS_MEMFD_EXEC, OBS_BROKEN, NULL, "clone", EAGAIN }, LIMIT("nproc", 5, "") },
	  FACILITY_LIMITS,
	  VERDICT_PARTLY,
	  WHO_LIMIT,
	  "limit-nproc",
	  NULL,
	  "EAGAIN" },
	{ "address space has its own limit",
	  { HAS("processes"), ROOM("addresses", "hard", ENOMEM, 0, ""),
	    LIMIT("as", 4294967296, "hard limit 4294967296") },
	  FACILITY_LIMITS,
	  VERDICT_PARTLY,
	  WHO_LIMIT,
	  "limit-as",
	  "prlimit --pid $$ --as=unlimited:unlimited",
	  "4294967296" },
	{ "memory that is refused for data is not address space",
	  { HAS("addresses"), ROOM("memory", "soft", ENOMEM, 0, ""),
	    LIMIT("data", 1048576, "hard limit unlimited") },
	  FACILITY_LIMITS,
	  VERDICT_PARTLY,
	  WHO_LIMIT,
	  "limit-data",
	  "ulimit -S -d",
	  NULL },
	{ "a kernel that promises no more than it has is named",
	  { HAS("addresses"), ROOM("memory", "hard", ENOMEM, 0, ""),
	    LIMIT("vm.overcommit_memory", 2, "") },
	  FACILITY_LIMITS,
	  VERDICT_PARTLY,
	  WHO_SYSCTL,
	  "limit-overcommit",
	  "sysctl vm.overcommit_memory=0",
	  NULL },
	{ "what no limit explains is said to be so",
	  { ROOM("processes", "hard", EAGAIN, 3, "") },
	  FACILITY_LIMITS,
	  VERDICT_PARTLY,
	  WHO_UNKNOWN,
	  "limit-other",
	  NULL,
	  "EAGAIN after 3" },
	{ "a group with little memory kills",
	  { HAS("processes"),
	    LIMIT("memory.max", 67108864, "/sys/fs/cgroup/a"),
	    { OBS_PLACE, OBS_YES, "docker" } },
	  FACILITY_LIMITS,
	  VERDICT_PARTLY,
	  WHO_LIMIT,
	  "limit-memory",
	  "docker run --memory=",
	  "67108864" },
	{ "one with enough does not",
	  { HAS("processes"), LIMIT("memory.max", 1073741824, "") },
	  FACILITY_LIMITS,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  "",
	  NULL,
	  NULL },
};

static void room_ends_at_the_limit_that_the_evidence_names(void **state)
{
	(void)state;
	check_cases(causes_limits, cases, ARRAY_SIZE(cases));
}

static void nothing_asked_is_nothing_known(void **state)
{
	static const enum facility facility = FACILITY_LIMITS;

	(void)state;
	check_unknown(causes_limits, &facility, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(room_ends_at_the_limit_that_the_evidence_names),
		cmocka_unit_test(nothing_asked_is_nothing_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
