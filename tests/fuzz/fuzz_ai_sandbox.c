/* SPDX-License-Identifier: MIT */
/*
 * fuzz_ai_sandbox.c - ai-sandbox-landlock's command line, as a wrapper might write it or an
 * attacker append to it.
 *
 * The input is one word a line. What must hold: nothing behind "--" is looked at; values are words
 * of the line; what --root comes to grants one tree, and writes nothing with --read-only; what is
 * generated is a profile that croft itself reads.
 */
#include "base/buf.h"
#include "cli/front_ai_sandbox_print.h"
#include "cli/front_ai_sandbox_profile.h"

#include "check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct load_place place = { .home = "/home/ada",
					 .workdir = "/srv/work",
					 .project = "/srv" };

static void check_value(const char *value, char *const argv[], int next)
{
	for (int i = 1; i < next; i++)
		if (value >= argv[i] && value <= argv[i] + strlen(argv[i]))
			return;
	abort();
}

static void check_options(const struct ai_options *options, int argc, char *const argv[])
{
	assert(options->next >= 1 && options->next <= argc);
	assert(options->next == argc || !strcmp(argv[options->next - 1], "--"));
	for (int i = 0; i < AI_OPTION_MAX; i++)
		if (options->value[i]) {
			assert(options->has[i] && i < AI_READ_ONLY && *options->value[i]);
			check_value(options->value[i], argv, options->next);
		}
	for (size_t i = 0; i < options->n; i++)
		check_value(options->words[i].value, argv, options->next);
	if (options->has[AI_HELP] || options->has[AI_VERSION])
		return;
	assert(options->has[AI_CONFIG] == options->has[AI_PROFILE]);
	assert(!options->has[AI_REQUIRE_LANDLOCK] || !options->has[AI_ALLOW_UNSANDBOXED]);
}

/* The same again, with the words behind the dashes out of reach. */
static void check_blind(const struct ai_options *options, int argc, char **argv)
{
	struct ai_options blind = { 0 };
	struct croft_error err;

	for (int i = options->next; i < argc; i++)
		argv[i] = (char *)(uintptr_t)16;
	assert(ai_options_parse(argc, argv, 1, &blind, &err) == 0);
	assert(blind.n == options->n && blind.next == options->next);
	assert(!memcmp(blind.has, options->has, sizeof(blind.has)));
	assert(!memcmp(blind.value, options->value, sizeof(blind.value)));
	ai_options_done(&blind);
}

/* Relative roots and files of --config are looked up: not here. */
static bool is_pure(const struct ai_options *options)
{
	const char *root = options->value[AI_ROOT];

	return !options->has[AI_CONFIG] && (!root || root[0] == '/' || !strncmp(root, "~/", 2));
}

static void check_root(const struct ai_options *options, struct arena *arena)
{
	struct ai_choice choice = { 0 };
	struct croft_error err = { 0 };
	struct profile *profile = NULL;

	if (ai_choose(options, arena, &choice, &err) < 0) {
		assert(*err.what && !options->has[AI_ROOT]);
		return;
	}
	assert(choice.is_root_mode && choice.profile.n_groups == 1);
	if (ai_profile_new(options, &choice, &place, false, arena, &profile, &err) < 0) {
		assert(*err.what && !profile);
		return;
	}
	assert(profile->n_grants == 1 && profile->grants[0].path[0] == '/');
	if (options->has[AI_READ_ONLY])
		assert(!(profile->grants[0].rights & ~0xdULL)); /* execute, read, list */
	for (size_t i = 0; i < profile->n_keep_fds; i++)
		assert(profile->keep_fds[i] > 2);
	profile_free(profile);
}

static void check_generated(const struct ai_options *options, struct arena *arena)
{
	AUTO_BUF struct buf buf = BUF_INIT(1U << 20);
	struct version1_profile profile;
	struct document document;
	struct croft_error err = { 0 };

	if (ai_generate(options, &place, arena, &profile, &err) < 0) {
		assert(*err.what);
		return;
	}
	ai_print_file(&buf, &profile);
	assert(buf_error(&buf) == 0);
	if (document_read("made", buf_text(&buf), buf.len, arena, &document, &err) < 0) {
		/* a path with a control character beyond ASCII, or longer than a text may be */
		assert(strstr(err.what, "made:") && options->has[AI_ROOT]);
		return;
	}
	assert(document.version == 1 && document.n_profiles == 1);
	assert(!strcmp(document.profiles[0].name, profile.name));
}

static void fuzz(int argc, char **argv)
{
	struct ai_options options = { .next = -7 };
	struct croft_error err = { 0 };
	struct arena arena;

	if (ai_options_parse(argc, argv, 1, &options, &err) < 0) {
		assert(err.stage == CROFT_STAGE_USAGE && *err.what && options.next == -7);
		return;
	}
	check_options(&options, argc, argv);
	arena_init(&arena, AI_MAX_BYTES);
	if (is_pure(&options)) {
		check_root(&options, &arena);
		check_generated(&options, &arena);
	}
	arena_done(&arena);
	check_blind(&options, argc, argv);
	ai_options_done(&options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lines lines;

	if (!lines_init(&lines, data, size))
		return 0;
	if (lines.n > 0)
		fuzz((int)lines.n, lines.words);
	lines_done(&lines);
	return 0;
}
