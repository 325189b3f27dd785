/* SPDX-License-Identifier: MIT */
/*
 * room.c - what --root makes of a run: another tree is entered, then all goes on as ever.
 *
 * The profile is read before, for its file is the caller's; whatever it names is the room's.
 * Everything that is opened later is looked up in there.
 */
#include "cli/room.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "enforce/room.h"
#include "sys/calls.h"
#include "sys/fd.h"

void room_profile(struct profile *profile)
{
	profile->is_room = true;
	/* with processes of its own a room has a proc of its own: preferred, as not all hosts do */
	profile->isolates[ISOLATE_PROCESSES] = true;
	if (profile->require[PROTECT_PROCESSES] == REQUIRE_OFF &&
	    !profile->is_named[PROTECT_PROCESSES])
		profile->require[PROTECT_PROCESSES] = REQUIRE_PREFER;
}

static int read_words(const struct option_list *list, struct room *room, struct croft_error *err)
{
	int r = 0;

	for (size_t i = 0; i < list->n && r == 0; i++) {
		const struct option_word *word = &list->words[i];

		if (word->id == OPT_MOUNT)
			r = room_add_mount(room, word->value, err);
		else if (word->id == OPT_USER)
			r = room_set_ids(room, word->value, err);
	}
	return r < 0 ? r : room_check(room, err);
}

int room_asked(const struct option_list *list, const struct profile *profile, struct room *ret_room,
	       struct croft_error *err)
{
	struct room room;
	int r;

	room_init(&room);
	room.root = options_value(list, OPT_ROOT, NULL);
	room.upper = options_value(list, OPT_UPPER, NULL);
	room.wants_names = profile->n_ports > 0 || profile->require[PROTECT_TCP] == REQUIRE_OFF ||
			   profile->require[PROTECT_UDP] == REQUIRE_OFF;
	r = read_words(list, &room, err);
	if (r < 0) {
		room_done(&room);
		return r;
	}
	*ret_room = room;
	return 0;
}

int room_check_company(const struct option_list *list, struct croft_error *err)
{
	static const enum option_id of_rooms[] = { OPT_UPPER, OPT_MOUNT, OPT_USER };
	static const enum option_id others[] = { OPT_SESSION, OPT_JOIN_FD };
	const bool has_root = options_has(list, OPT_ROOT);

	for (size_t i = 0; i < ARRAY_SIZE(of_rooms); i++)
		if (!has_root && options_has(list, of_rooms[i]))
			return fail(err, CROFT_STAGE_USAGE, 0, "%s goes with --root",
				    option_origin(of_rooms[i]));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (has_root && options_has(list, others[i]))
			return fail(err, CROFT_STAGE_USAGE, 0, "%s cannot go with --root",
				    option_origin(others[i]));
	return 0;
}

/* A directory is the way to all that is around it, and no room takes a descriptor's tree away. */
static int check_kept(const struct profile *profile, struct croft_error *err)
{
	struct stat st;

	for (size_t i = 0; i < profile->n_keep_fds; i++) {
		if (sys_fstatat(profile->keep_fds[i], "", &st, AT_EMPTY_PATH) < 0 ||
		    !S_ISDIR(st.st_mode))
			continue;
		(void)fail(err, CROFT_STAGE_USAGE, EISDIR, "descriptor %d leads out of the room",
			   profile->keep_fds[i]);
		fail_hint(err, "let --mount bring the directory in");
		return -EISDIR;
	}
	return 0;
}

int room_enter_asked(const struct option_list *list, const struct profile *profile,
		     struct croft_error *err)
{
	struct room room;
	int r = 0;

	if (!options_has(list, OPT_ROOT))
		return 0;
	r = check_kept(profile, err);
	if (r == 0)
		r = room_asked(list, profile, &room, err);
	if (r < 0)
		return r;
	r = room_enter(&room, err);
	room_done(&room);
	return r;
}

int room_check_proc(const struct plan *plan, struct croft_error *err)
{
	int r;

	if (!plan->profile->is_room)
		return 0;
	for (size_t i = 0; i < plan->n_mount_ops; i++)
		if (plan->mount_ops[i].kind == MOUNT_PROC)
			return 0;
	/* not as another user of the machine, nor where the host has it read-only */
	r = sys_faccessat(AT_FDCWD, "/proc/sys/kernel/core_pattern", W_OK);
	if (r < 0)
		return 0;
	(void)fail(
		err, CROFT_STAGE_MOUNTS, 0,
		"the room would have the host's /proc, in which root changes the kernel's settings");
	fail_hint(err, "no pid namespace with a proc of its own can be had here: run croft as "
		       "another user than root");
	return -EOPNOTSUPP;
}
