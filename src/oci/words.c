/* SPDX-License-Identifier: MIT */
/*
 * words.c - which options croft is started with in a container.
 *
 * All that confines stands in the profile, which is a file that croft-oci has put there: a name
 * would be looked up in the container, where the image may have a profile of that name. The
 * options are what only the call and the container's namespaces can tell:
 *
 *	descriptors   what the engine hands on by number (--preserve-fds) is kept, else nothing is:
 *	              one that a runtime forgot to close (CVE-2024-21626) is none of the
 *	              container's. With socket activation (LISTEN_FDS) runtimes count differently,
 *	              so nothing is closed.
 *	signals       with the host's processes in sight, none may be sent to them
 *	unix-abstract with the host's network: its abstract sockets, the engine's own among them
 *	              (CVE-2020-15257)
 *
 * The last two only with the profile "container": any other says itself what it wants.
 */
#include "oci/words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "oci/settings.h"

#define KEEP_FD "--keep-fd"
#define OFF "--off"
#define DESCRIPTORS "descriptors"
#define FIRST_FD 3
#define MAX_KEPT 128 /* croft keeps 256 at most; two words each */

static int add(struct config_wrap *wrap, const char *word, struct croft_error *err)
{
	if (!word || wrap->n_prefix == CONFIG_MAX_PREFIX)
		return fail(err, CROFT_STAGE_PREPARE, ENOMEM, "make croft's words");
	wrap->prefix[wrap->n_prefix++] = word;
	return 0;
}

static int add_two(struct config_wrap *wrap, const char *first, const char *second,
		   struct croft_error *err)
{
	int r = add(wrap, first, err);

	return r < 0 ? r : add(wrap, second, err);
}

static int add_descriptors(const struct call *call, struct arena *arena, struct config_wrap *wrap,
			   struct croft_error *err)
{
	int r = 0;

	if (getenv("LISTEN_FDS") || call->n_fds > MAX_KEPT)
		return add_two(wrap, OFF, DESCRIPTORS, err);
	for (unsigned i = 0; i < call->n_fds && r == 0; i++)
		r = add_two(wrap, KEEP_FD, arena_printf(arena, "%u", FIRST_FD + i), err);
	return r;
}

static int add_shared(const struct config *config, struct config_wrap *wrap,
		      struct croft_error *err)
{
	int r = 0;

	if (!config_has_namespace(config, "pid"))
		r = add_two(wrap, "--prefer", "signals", err);
	if (r == 0 && !config_has_namespace(config, "network"))
		r = add_two(wrap, "--prefer", "unix-abstract", err);
	return r;
}

int words_build(const struct call *call, const struct config *config, const char *profile,
		struct arena *arena, struct config_wrap *wrap, struct croft_error *err)
{
	static const char *const first[] = { "run", "--container", "--profile" };
	char place[PATH_MAX];
	int r = config_place(config, place, err);

	if (r < 0)
		return r;
	wrap->place = arena_strdup(arena, place);
	if (!wrap->place)
		return add(wrap, NULL, err);
	wrap->n_prefix = 0;
	r = add(wrap, arena_path(arena, place, CONFIG_PROGRAM), err);
	for (size_t i = 0; i < ARRAY_SIZE(first) && r == 0; i++)
		r = add(wrap, first[i], err);
	if (r == 0)
		r = add(wrap, arena_path(arena, place, CONFIG_PROFILE), err);
	if (r == 0)
		r = add_descriptors(call, arena, wrap, err);
	if (r == 0 && !strcmp(profile, SETTINGS_PROFILE))
		r = add_shared(config, wrap, err);
	return r < 0 ? r : add(wrap, "--", err);
}

int words_for_exec(const struct call *call, const char *const *words, size_t n, struct arena *arena,
		   struct config_wrap *wrap, struct croft_error *err)
{
	int r = 0;

	wrap->n_prefix = 0;
	for (size_t i = 0; i + 1 < n && r == 0; i++) {
		bool is_off = !strcmp(words[i], OFF) && !strcmp(words[i + 1], DESCRIPTORS);

		if (is_off || !strcmp(words[i], KEEP_FD))
			i++;
		else
			r = add(wrap, words[i], err);
	}
	if (r == 0)
		r = add_descriptors(call, arena, wrap, err);
	return r < 0 ? r : add(wrap, "--", err);
}
