/* SPDX-License-Identifier: MIT */
/*
 * session_note.c - what the commands of a session share, in the rows of each command's plan.
 *
 * The rows promise something against the host, and that stays true in a session. What a reader
 * might take them to promise beside it, that nobody else is in there, is not.
 */
#include <errno.h>

#include "base/cleanup.h"
#include "launch/session.h"

static const struct {
	enum protection protection;
	enum host_ns kind; /* shared where the session has a namespace of its own of this kind */
	const char *note;
} notes[] = {
	{ PROTECT_PRIVATE_TMP, HOST_NS_MOUNT,
	  "the session's commands have it in common, until the session ends" },
	{ PROTECT_TCP, HOST_NS_NET, "the session's commands have the interface lo in common" },
	{ PROTECT_UDP, HOST_NS_NET, "the session's commands have the interface lo in common" },
	{ PROTECT_UNIX_ABSTRACT, HOST_NS_NET,
	  "the session's commands have one set of abstract names" },
	{ PROTECT_IPC, HOST_NS_IPC, "the session's commands have one set of System V objects" },
};

int session_note(struct plan *plan, struct croft_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(notes); i++) {
		struct plan_row *row = &plan->rows[notes[i].protection];
		const char *text;

		if (row->state == STATE_ABSENT || !(plan->namespaces & 1U << notes[i].kind))
			continue;
		text = arena_printf(&plan->arena, "%s%s%s", row->missing, *row->missing ? "; " : "",
				    notes[i].note);
		if (!text)
			return fail(err, CROFT_STAGE_PLAN, ENOMEM, "store a row");
		row->missing = text;
	}
	return 0;
}
