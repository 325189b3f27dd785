/* SPDX-License-Identifier: MIT */
/*
 * cmd_profile.c - croft profile: finds the verb, reads its options, hands over.
 *
 * A verb has no command whose words must be left alone, so its options may stand before, between
 * and behind its words; after "--" there are only words.
 */
#include "cli/cmd_profile.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/place.h"
#include "profile/profile_print.h"

/* What one verb was called with. */
struct call {
	enum option_command command;
	struct option_list list; /* all runs of options, one after another */
	const char **words; /* owned; NULL-terminated */
	size_t n_words;
};

int cli_load_profile(const char *word, struct profile **ret_profile, struct croft_error *err)
{
	struct place place;

	place_init(&place);
	return load_profile(word, &place.at, ret_profile, err);
}

int cmd_profile_schema(const struct option_list *list, const char *const *words)
{
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX);
	struct croft_error err = { 0 };

	(void)list;
	if (words[0]) {
		(void)fail(&err, CROFT_STAGE_USAGE, 0, "croft profile schema takes no '%s'",
			   words[0]);
		return cli_fail(&err);
	}
	schema_print(&buf);
	return cli_print(&buf);
}

/* Adds a run of options; within one options_parse has looked for what is given twice. */
static int add_options(struct call *call, const struct option_list *run, struct croft_error *err)
{
	struct option_word *words = call->list.words;

	if (run->n == 0)
		return 0;
	for (size_t i = 0; i < run->n; i++)
		if (options_has(&call->list, run->words[i].id))
			return fail(err, CROFT_STAGE_USAGE, 0, "%s is given twice",
				    option_origin(run->words[i].id));
	words = realloc(words, (call->list.n + run->n) * sizeof(*words));
	if (!words)
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "read the command line");
	memcpy(words + call->list.n, run->words, run->n * sizeof(*words));
	call->list.words = words;
	call->list.n += run->n;
	return 0;
}

/* True if the run ends with a "--" that is not the value of an option. */
static bool is_ended(const struct option_list *run, char *const argv[], int first)
{
	const char *last = run->next > first ? argv[run->next - 1] : "";

	return !strcmp(last, "--") && (run->n == 0 || run->words[run->n - 1].value != last);
}

static int parse(struct call *call, int argc, char *const argv[], int first,
		 struct croft_error *err)
{
	bool has_ended = false;

	call->words = calloc((size_t)argc + 1, sizeof(*call->words));
	if (!call->words)
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "read the command line");
	for (int at = first; at < argc;) {
		struct option_list run;
		int r = 0;

		if (!has_ended) {
			r = options_parse(call->command, argc, argv, at, &run, err);
			if (r < 0)
				return r;
			r = add_options(call, &run, err);
			has_ended = is_ended(&run, argv, at);
			at = run.next;
			options_done(&run);
		}
		if (r < 0)
			return r;
		if (at < argc)
			call->words[call->n_words++] = argv[at++];
	}
	return 0;
}

/* Each verb of docs/commands has a row. */
static const struct {
	enum option_command command;
	int (*run)(const struct option_list *list, const char *const *words);
} verbs[] = {
	{ CMD_PROFILE_LIST, cmd_profile_list },     { CMD_PROFILE_SHOW, cmd_profile_show },
	{ CMD_PROFILE_NEW, cmd_profile_new },       { CMD_PROFILE_SCHEMA, cmd_profile_schema },
	{ CMD_PROFILE_TRUST, cmd_profile_trust },   { CMD_PROFILE_IMPORT, cmd_profile_import },
	{ CMD_PROFILE_EXPORT, cmd_profile_export },
};

static int run_verb(const struct call *call)
{
	size_t i = 0;

	if (options_has(&call->list, OPT_HELP))
		return cli_help(&call->list, call->command);
	while (i < ARRAY_SIZE(verbs) && verbs[i].command != call->command)
		i++;
	assert(i < ARRAY_SIZE(verbs));
	return verbs[i].run(&call->list, call->words);
}

/* argv[first] is the verb. */
static int find_and_run(int argc, char *const argv[], int first)
{
	struct croft_error err = { 0 };
	struct call call = { 0 };
	int status;

	if (options_verb(CMD_PROFILE, first < argc ? argv[first] : NULL, &call.command, &err) < 0 ||
	    parse(&call, argc, argv, first + 1, &err) < 0)
		status = cli_fail(&err);
	else
		status = run_verb(&call);
	options_done(&call.list);
	free(call.words);
	return status;
}

int cmd_profile(int argc, char *const argv[])
{
	struct option_list list;
	struct croft_error err = { 0 };
	int status;

	if (options_parse(CMD_PROFILE, argc, argv, 1, &list, &err) < 0)
		return cli_fail(&err);
	status = options_has(&list, OPT_HELP) ? cli_help(&list, CMD_PROFILE)
					      : find_and_run(argc, argv, list.next);
	options_done(&list);
	return status;
}
