/* SPDX-License-Identifier: MIT */
/*
 * fuzz_landrun.c - landrun's command line, as a wrapper might write it or an attacker append to it.
 *
 * The input is one word a line. What must hold: nothing behind the first word that is no
 * option is looked at; values are words of the line; the profile that comes of it has only
 * clean paths, real ports and descriptors above 2, whatever was written.
 */
#include "cli/front_landrun_profile.h"

#include "check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_value_of(const char *value, char *const argv[], int next)
{
	for (int i = 1; i < next; i++) {
		size_t len = strlen(argv[i]);

		if (value >= argv[i] && value <= argv[i] + len)
			return true;
	}
	return false;
}

/* True if "--" ended the options: it may be the value of the last one as well. */
static bool ended_by_dashes(const struct landrun_options *options, char *const argv[])
{
	const char *last = options->next > 1 ? argv[options->next - 1] : "";

	return !strcmp(last, "--") &&
	       (options->n == 0 || options->words[options->n - 1].value != last);
}

static void check_options(const struct landrun_options *options, int argc, char *const argv[])
{
	int next = options->next;

	assert(next >= 1 && next <= argc);
	for (size_t i = 0; i < options->n; i++) {
		assert(options->words[i].option < LANDRUN_BEST_EFFORT);
		assert(options->has[options->words[i].option]);
		assert(is_value_of(options->words[i].value, argv, next));
	}
	if (next < argc && !ended_by_dashes(options, argv))
		assert(argv[next][0] != '-' || !argv[next][1]);
}

/* The same again, with the words behind the first that is no option out of reach. */
static void check_blind(const struct landrun_options *options, int argc, char **argv)
{
	struct landrun_options blind = { 0 };
	struct croft_error err;

	for (int i = options->next + !ended_by_dashes(options, argv); i < argc; i++)
		argv[i] = (char *)(uintptr_t)16;
	assert(landrun_options_parse(argc, argv, 1, &blind, &err) == 0);
	assert(blind.n == options->n && blind.next == options->next);
	assert(!memcmp(blind.has, options->has, sizeof(blind.has)));
	landrun_options_done(&blind);
}

static void check_profile(const struct profile *profile)
{
	for (size_t i = 0; i < profile->n_grants; i++)
		assert(is_clean_path(profile->grants[i].path) ||
		       profile->grants[i].path[strlen(profile->grants[i].path) - 1] == '/');
	for (size_t i = 0; i < profile->n_ports; i++)
		assert(!profile->ports[i].is_udp &&
		       (profile->ports[i].port || profile->ports[i].use == PORT_LISTEN));
	for (size_t i = 0; i < profile->n_keep_fds; i++)
		assert(profile->keep_fds[i] > 2);
	for (size_t i = 0; i < profile->n_env; i++)
		assert(profile->env[i].value);
	assert(!profile->home && !profile->workdir && !profile->wants_tmpdir);
}

static void fuzz_landrun(int argc, char **argv, const struct host *host)
{
	static const char *const environment[] = { "HOME=/home/ada", "PATH=/bin", NULL };
	struct landrun_options options = { .next = -7 };
	struct croft_error err = { 0 };
	struct profile *profile = NULL;
	char missing[1024];
	int r = landrun_options_parse(argc, argv, 1, &options, &err);

	if (r < 0) {
		assert(err.stage == CROFT_STAGE_USAGE && *err.what && options.next == -7);
		return;
	}
	check_options(&options, argc, argv);
	r = landrun_check_host(&options, host, missing, sizeof(missing), &err);
	assert(r == 0 || (*err.what && !landrun_is_unrestricted(&options)));
	r = landrun_profile_new(&options, host, "/srv/work", environment, &profile, &err);
	if (r == 0)
		check_profile(profile);
	else
		assert(*err.what && !profile);
	profile_free(profile);
	check_blind(&options, argc, argv);
	landrun_options_done(&options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct host host = { .landlock = { .abi = size ? data[0] % 11 : 0 } };
	struct lines lines;

	if (!lines_init(&lines, data, size))
		return 0;
	if (lines.n > 0)
		fuzz_landrun((int)lines.n, lines.words, &host);
	lines_done(&lines);
	return 0;
}
