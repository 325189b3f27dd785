/* SPDX-License-Identifier: MIT */
/*
 * room.h - what --root, --upper, --mount and --user make of a run or a plan.
 */
#ifndef CROFT_CLI_ROOM_H
#define CROFT_CLI_ROOM_H

#include "base/err.h"
#include "cli/options.h"
#include "plan/plan.h"
#include "plan/room.h"
#include "profile/profile.h"

/* What holds in every room, whatever the profile: to be called before the options are applied. */
void room_profile(struct profile *profile);
/* The room that the options describe, checked; the caller's to room_done. Stage usage. */
int room_asked(const struct option_list *list, const struct profile *profile, struct room *ret_room,
	       struct croft_error *err);
/* Options that say something of a room and have no --root, or that cannot go with one: usage. */
int room_check_company(const struct option_list *list, struct croft_error *err);
/* Makes and enters the room that the options ask for, if they do. The profile has been read. */
int room_enter_asked(const struct option_list *list, const struct profile *profile,
		     struct croft_error *err);
/*
 * Fails where the command of a room would have a proc in which it could change the kernel's
 * settings: those of the user 0 of the machine may, without any capability.
 */
int room_check_proc(const struct plan *plan, struct croft_error *err);

#endif
