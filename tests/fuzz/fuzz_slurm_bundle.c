/* SPDX-License-Identifier: MIT */
/*
 * fuzz_slurm_bundle.c - config.json of a bundle, to the options of croft run.
 *
 * Beside memory errors, it looks for what the reader has promised (absolute paths, a command,
 * variables with a value, failures in words), and for options that come apart otherwise than they
 * were put together: a word must not be able to become two.
 */
#include <assert.h>
#include <string.h>

#include "slurm/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_bundle(const struct bundle *bundle)
{
	assert(bundle->root[0] == '/' && bundle->workdir[0] == '/' && bundle->n_args);
	for (size_t i = 0; i < bundle->n_args; i++)
		assert(bundle->args[i]);
	for (size_t i = 0; i < bundle->n_env; i++)
		assert(bundle->env[i][0] != '=' && strchr(bundle->env[i], '='));
	for (size_t i = 0; i < bundle->n_mounts; i++) {
		const struct bundle_mount *mount = &bundle->mounts[i];

		assert(mount->target[0] == '/' && !strchr(mount->target, ':'));
		assert(!mount->source || (mount->source[0] == '/' && !strchr(mount->source, ':')));
	}
}

static size_t count_words(const struct buf *options)
{
	size_t n = 0;

	for (size_t i = 0; i < options->len; i++)
		n += buf_text(options)[i] == '\0';
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct croft_error err = { 0 };
	struct bundle bundle;
	struct arena arena;

	arena_init(&arena, BUNDLE_ARENA_MAX);
	if (bundle_parse(&arena, (const char *)data, size, "/srv/bundle", &bundle, &err) == 0) {
		AUTO_BUF struct buf options = BUF_INIT(64U << 20);

		check_bundle(&bundle);
		bundle_options(&options, &bundle, "job", "/srv/scratch");
		assert(buf_error(&options) == 0);
		assert(count_words(&options) == 2 + 2 + (bundle.is_read_only ? 0U : 2U) + 2 +
							2 * (bundle.n_mounts + bundle.n_env));
	} else {
		assert(*err.what);
	}
	arena_done(&arena);
	return 0;
}
