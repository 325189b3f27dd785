/* SPDX-License-Identifier: MIT */
/*
 * words.h - the words that come before a container's command.
 *
 *	/dev/.croft run --container --profile /dev/.croft.yaml [--keep-fd N]... [--prefer NAME]...
 *	    --
 */
#ifndef CROFT_OCI_WORDS_H
#define CROFT_OCI_WORDS_H

#include "base/arena.h"
#include "oci/call.h"
#include "oci/config.h"

/*
 * Fills wrap->place and the prefix for the container of a config.json. Texts live in the arena.
 * `profile`: its name. 0 or an error.
 */
int words_build(const struct call *call, const struct config *config, const char *profile,
		struct arena *arena, struct config_wrap *wrap, struct croft_error *err);

/*
 * The prefix for exec in a container whose own is `words`: the same but for the descriptors, which
 * are this call's. 0 or an error.
 */
int words_for_exec(const struct call *call, const char *const *words, size_t n, struct arena *arena,
		   struct config_wrap *wrap, struct croft_error *err);

#endif
