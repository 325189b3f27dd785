/* SPDX-License-Identifier: MIT */
/*
 * room.h - making a room (plan/room.h) and entering it, before the flow of a start begins.
 *
 * mount_namespaces(7), pivot_root(2); Linux's Documentation/filesystems/overlayfs.rst.
 */
#ifndef CROFT_ENFORCE_ROOM_H
#define CROFT_ENFORCE_ROOM_H

#include "base/err.h"
#include "plan/room.h"

/*
 * Makes the room and enters it: this process has it as "/" and working directory afterwards, in a
 * mount and a uts namespace of its own, and a user namespace where it has no privilege to make
 * those without or room->has_ids. Nothing of the tree before can be named any more; descriptors
 * that are open stay open, and those of directories lead there: the caller marks or closes them.
 * Capabilities over the new namespaces stay, for what is to be made inside.
 *
 * Makes room->upper/upper and room->upper/work where they are missing, and in the first the
 * directories and empty files to mount upon. Stages usage, namespaces, mounts. The caller is
 * single-threaded; after a failure it is good for nothing but saying so.
 */
int room_enter(const struct room *room, struct croft_error *err);

#endif
