/* SPDX-License-Identifier: MIT */
/*
 * causes_exposed.c - doors of the kernel that are open here: does croft close them?
 *
 * That a door is open is no fault of the host's; that a command under croft could go through
 * it would be one of croft's. So "works" says which are open and were seen to be closed by
 * croft's own filter, and what was not seen closed is told door by door.
 */
#include <string.h>

#include "doctor/judge.h"

/* Abstract sockets: Landlock's scope, or a network namespace of one's own. */
static bool is_abstract_kept(const struct observations *set)
{
	return observed_of(set, OBS_LANDLOCK_RIGHT, "scope-abstract")->outcome == OBS_YES ||
	       observed_of(set, OBS_NS_KIND, "net")->outcome == OBS_YES;
}

void causes_exposed(struct verdicts *verdicts, const struct observations *set)
{
	static const struct cause_row unkept = {
		WHO_KERNEL, "door-open", "a door of the kernel stays open to commands under croft",
		"nothing that croft could do here: no filters of system calls (see seccomp), or no scopes and no network namespaces (see landlock, netns)",
		""
	};
	const struct observation *door = observed_next(set, OBS_EXPOSED, NULL);
	const char *closed = "", *open = "";

	if (!door || !was_asked(door)) {
		judge_unknown(verdicts, FACILITY_EXPOSED, observed(set, OBS_EXPOSED));
		return;
	}
	for (; door; door = observed_next(set, OBS_EXPOSED, door)) {
		const struct observation *by = observed_of(set, OBS_EXPOSED_CLOSED, door->subject);
		bool is_closed = strcmp(door->subject, "abstract") ? by->outcome == OBS_YES
								   : is_abstract_kept(set);

		if (door->outcome != OBS_YES)
			continue;
		if (is_closed)
			closed = judge_list(verdicts, closed, door->subject);
		else
			open = judge_list(verdicts, open, door->subject);
	}
	if (*open)
		judge_add(verdicts, FACILITY_EXPOSED, VERDICT_PARTLY, &unkept, open, NULL);
	else
		judge_works(verdicts, FACILITY_EXPOSED,
			    *closed ? verdicts_text(verdicts,
						    "open here, and closed by croft run: %s",
						    closed)
				    : "none is open here");
}
