/* SPDX-License-Identifier: MIT */
/*
 * causes_limits.c - which limit has ended the room, and who has set it.
 *
 * Where a group has counted a refusal while room was tried, it is that group; where the soft
 * limit was raised and that helped, it is the soft limit. Else, of the limits that could have said
 * this errno, those that are not unlimited are named. A probe that could not even be started for
 * EAGAIN has met the same limits.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "doctor/judge.h"

#define MEMORY_LOW (INT64_C(256) << 20) /* a compiler takes as much */

static const struct room {
	const char *name; /* OBS_ROOM's subject */
	const char *limit; /* OBS_LIMIT's */
	const char *flag; /* of ulimit */
	const char *word; /* of limits.conf, Docker's --ulimit and systemd's Limit* */
	const char *systemd;
	const char *cause, *what;
	uint64_t wanted; /* what is enough, as ulimit and the others count it */
} rooms[] = {
	{ "processes", "nproc", "-u", "nproc", "LimitNPROC", "limit-nproc",
	  "this user may have no more processes", 4096 },
	{ "files", "nofile", "-n", "nofile", "LimitNOFILE", "limit-nofile",
	  "no process may open more files", 4096 },
	{ "addresses", "as", "-v", "as", "LimitAS", "limit-as",
	  "no process may have more address space: node, Go and WebAssembly reserve gigabytes", 0 },
	{ "memory", "data", "-d", "data", "LimitDATA", "limit-data",
	  "no process may have more memory", 0 },
};

/* "4096" or "unlimited" */
static const char *enough(struct verdicts *verdicts, const struct room *room)
{
	return room->wanted ? verdicts_text(verdicts, "%" PRIu64, room->wanted) : "unlimited";
}

static const char *mend_rlimit(struct verdicts *verdicts, const struct observations *set,
			       const struct room *room, bool is_soft)
{
	const char *value = enough(verdicts, room), *number = room->wanted ? value : "-1";

	if (is_soft)
		return verdicts_text(verdicts, "ulimit -S %s $(ulimit -H %s)", room->flag,
				     room->flag);
	return mend_here(
		set,
		&(struct mend_words){
			.docker = verdicts_text(verdicts, "docker run --ulimit %s=%s:%s",
						room->word, number, number),
			.podman = verdicts_text(verdicts, "podman run --ulimit %s=%s:%s",
						room->word, number, number),
			.systemd = verdicts_text(verdicts, "%s=%s (in the unit)", room->systemd,
						 room->wanted ? value : "infinity"),
			.other = verdicts_text(verdicts, "prlimit --pid $$ --%s=%s:%s (as root)",
					       room->word, value, value),
		});
}

static const char *mend_pids(struct verdicts *verdicts, const struct observations *set,
			     const char *group)
{
	return mend_here(set,
			 &(struct mend_words){
				 .docker = "docker run --pids-limit=-1",
				 .podman = "podman run --pids-limit=-1",
				 .kubernetes = "podPidsLimit: 4096 in the kubelet's configuration",
				 .systemd = "TasksMax=infinity (in the unit)",
				 .other = verdicts_text(verdicts, "echo max >%s/pids.max", group),
			 });
}

/* Once: what is started to ask for another kind of room is a process, too. */
static void add_pids(struct verdicts *verdicts, const struct observations *set, const char *group,
		     const char *evidence)
{
	const struct cause_row row = { WHO_LIMIT, "limit-pids",
				       "a control group may have no more processes", "",
				       "a program that forks without end is stopped later" };

	for (size_t i = 0; i < verdicts->n; i++)
		if (strcmp(verdicts->items[i].cause, row.cause) == 0)
			return;
	judge_add(verdicts, FACILITY_LIMITS, VERDICT_PARTLY, &row, evidence,
		  mend_pids(verdicts, set, group));
}

/* Neither a limit of the process nor the group: what else says so. */
static void add_other(struct verdicts *verdicts, const struct observations *set,
		      const struct room *room, const char *evidence)
{
	static const struct cause_row commit = {
		WHO_SYSCTL, "limit-overcommit", "the kernel promises no more memory than there is",
		"sysctl vm.overcommit_memory=0",
		"when memory is out a process is killed, instead of being refused more"
	};
	static const struct cause_row unknown = {
		WHO_UNKNOWN, "limit-other",
		"there is less room than a build takes, and no limit of this process says so",
		"sysctl kernel.threads-max kernel.pid_max, and limits of groups that cannot be seen from here",
		""
	};

	judge_add(verdicts, FACILITY_LIMITS, VERDICT_PARTLY,
		  !strcmp(room->name, "memory") &&
				  observed_of(set, OBS_LIMIT, "vm.overcommit_memory")->outcome ==
					  OBS_YES
			  ? &commit
			  : &unknown,
		  evidence, NULL);
}

static void judge_room(struct verdicts *verdicts, const struct observations *set,
		       const struct room *room, const struct observation *found)
{
	const struct observation *limit = observed_of(set, OBS_LIMIT, room->limit),
				 *pids = observed_of(set, OBS_LIMIT, "pids.max"),
				 *as = observed_of(set, OBS_LIMIT, "as");
	const struct cause_row row = { WHO_LIMIT, room->cause, room->what, "",
				       "as much for every process that is started from there" };
	bool is_soft = !strcmp(found->step, "soft");
	const char *evidence =
		verdicts_text(verdicts, "%s: %s after %lld", room->name,
			      judge_errno(verdicts, found->errnum),
			      found->value == OBS_NO_VALUE ? 0LL : (long long)found->value);

	if (*found->text && pids->outcome == OBS_YES) {
		add_pids(verdicts, set, pids->text,
			 verdicts_text(verdicts,
				       "%s; %s has counted a refusal; pids.max of %s is %lld",
				       evidence, found->text, pids->text, (long long)pids->value));
		return;
	}
	/* memory counts as address space too, and that was told of already */
	if (!strcmp(room->name, "memory") && as->outcome == OBS_YES &&
	    observed_of(set, OBS_ROOM, "addresses")->outcome == OBS_NO)
		return;
	if (limit->outcome == OBS_YES) {
		evidence = verdicts_text(verdicts, "%s; the limit %s is %lld, %s", evidence,
					 room->limit, (long long)limit->value, limit->text);
		judge_add(verdicts, FACILITY_LIMITS, VERDICT_PARTLY, &row, evidence,
			  mend_rlimit(verdicts, set, room, is_soft));
		return;
	}
	if (!strcmp(room->name, "processes") && pids->outcome == OBS_YES) {
		add_pids(verdicts, set, pids->text,
			 verdicts_text(verdicts, "%s; pids.max of %s is %lld", evidence, pids->text,
				       (long long)pids->value));
		return;
	}
	add_other(verdicts, set, room, evidence);
}

/* A probe that found no process to run in. */
static const struct observation *first_starved(const struct observations *set)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->items[i].outcome == OBS_BROKEN && set->items[i].errnum == EAGAIN)
			return &set->items[i];
	return NULL;
}

static void judge_memory_max(struct verdicts *verdicts, const struct observations *set)
{
	static const struct cause_row row = {
		WHO_LIMIT, "limit-memory",
		"processes are killed when they use more memory than this", "",
		"as much memory of the machine"
	};
	const struct observation *max = observed_of(set, OBS_LIMIT, "memory.max");

	if (max->outcome != OBS_YES || max->value >= MEMORY_LOW)
		return;
	judge_add(verdicts, FACILITY_LIMITS, VERDICT_PARTLY, &row,
		  verdicts_text(verdicts, "memory.max of %s is %lld", max->text,
				(long long)max->value),
		  mend_here(set, &(struct mend_words){
					 .docker = "docker run --memory=2g",
					 .podman = "podman run --memory=2g",
					 .kubernetes = "resources: {limits: {memory: 2Gi}}",
					 .systemd = "MemoryMax=2G (in the unit)",
					 .other = verdicts_text(verdicts, "echo 2G >%s/memory.max",
								max->text),
				 }));
}

void causes_limits(struct verdicts *verdicts, const struct observations *set)
{
	const struct observation *starved = first_starved(set);
	bool has_any = false;

	for (size_t i = 0; i < ARRAY_SIZE(rooms); i++) {
		const struct observation *found = observed_of(set, OBS_ROOM, rooms[i].name);

		has_any |= was_asked(found);
		if (found->outcome == OBS_NO)
			judge_room(verdicts, set, &rooms[i], found);
		else if (i == 0 && starved && found->outcome != OBS_YES)
			judge_room(verdicts, set, &rooms[0], starved);
	}
	judge_memory_max(verdicts, set);
	if (verdict_of(verdicts, FACILITY_LIMITS))
		return;
	if (has_any)
		judge_works(verdicts, FACILITY_LIMITS,
			    "32 processes, 256 files and 8 GiB of addresses at once");
	else
		judge_unknown(verdicts, FACILITY_LIMITS, observed(set, OBS_ROOM));
}
