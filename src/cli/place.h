/* SPDX-License-Identifier: MIT */
/*
 * place.h - where the caller stands: what "~", "." and "${project}" mean here.
 */
#ifndef CROFT_CLI_PLACE_H
#define CROFT_CLI_PLACE_H

#include <limits.h>

#include "profile/load.h"

struct place {
	/* what the loader takes; points into the texts below, and to environ */
	struct load_place at;
	char home[PATH_MAX];
	char workdir[PATH_MAX];
	char project[PATH_MAX];
};

/*
 * Fills *ret_place, which must stay where it is. What cannot be known is NULL in ret_place->at:
 * HOME unset or relative, a working directory that was removed, no project around.
 */
void place_init(struct place *ret_place);
/* The same for a room: "~" is what HOME says, "." is "/", and no project is around. */
void place_init_room(struct place *ret_place);

#endif
