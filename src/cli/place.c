/* SPDX-License-Identifier: MIT */
/*
 * place.c - where the caller stands.
 *
 * Looked up once and handed on: the loader of profiles is a pure function of it. The project is
 * looked for although few profiles name it, for its root may hold a file that decides.
 */
#include "cli/place.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/paths.h"
#include "profile/project.h"
#include "sys/calls.h"

/* HOME as the file system has it, so that a home behind a link is still known as home. */
static const char *find_home(char *buffer, size_t size)
{
	const char *home = getenv("HOME");

	if (!home || home[0] != '/')
		return NULL;
	return path_resolve(home, buffer, size) == 0 ? buffer : home;
}

static const char *find_workdir(char *buffer, size_t size)
{
	ssize_t n = sys_getcwd(buffer, size);

	/* a removed directory, or one outside the root ("(unreachable)/...") */
	return n > 0 && buffer[0] == '/' ? buffer : NULL;
}

void place_init_room(struct place *ret_place)
{
	const char *home = getenv("HOME");

	memset(&ret_place->at, 0, sizeof(ret_place->at));
	ret_place->at.environ = (const char *const *)environ;
	ret_place->at.home = home && home[0] == '/' ? home : NULL;
	ret_place->at.workdir = "/";
	ret_place->at.is_for_room = true;
}

void place_init(struct place *ret_place)
{
	struct load_place *at = &ret_place->at;

	memset(at, 0, sizeof(*at));
	at->environ = (const char *const *)environ;
	at->home = find_home(ret_place->home, sizeof(ret_place->home));
	at->workdir = find_workdir(ret_place->workdir, sizeof(ret_place->workdir));
	if (at->workdir && project_find(at->workdir, at->home, ret_place->project,
					sizeof(ret_place->project)) == 1)
		at->project = ret_place->project;
}
