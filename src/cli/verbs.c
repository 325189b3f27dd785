/* SPDX-License-Identifier: MIT */
/*
 * verbs.c - a command of several verbs: finds the verb, reads its options, hands over.
 *
 * A verb has no command whose words must be left alone, so its options may stand before, between
 * and behind its words; after "--" there are only words.
 */
#include "cli/verbs.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/cli.h"

/* What one verb was called with. */
struct call {
	enum option_command command;
	struct option_list list; /* all runs of options, one after another */
	const char **words; /* owned; NULL-terminated */
	size_t n_words;
};

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

static int run_verb(const struct verb *verbs, const struct call *call)
{
	if (options_has(&call->list, OPT_HELP))
		return cli_help(&call->list, call->command);
	while (verbs->run && verbs->command != call->command)
		verbs++;
	assert(verbs->run);
	return verbs->run(&call->list, call->words);
}

/* argv[first] is the verb. */
static int find_and_run(enum option_command parent, const struct verb *verbs, int argc,
			char *const argv[], int first)
{
	struct croft_error err = { 0 };
	struct call call = { 0 };
	int status;

	if (options_verb(parent, first < argc ? argv[first] : NULL, &call.command, &err) < 0 ||
	    parse(&call, argc, argv, first + 1, &err) < 0)
		status = cli_fail(&err);
	else
		status = run_verb(verbs, &call);
	options_done(&call.list);
	free(call.words);
	return status;
}

int verbs_run(enum option_command parent, const struct verb *verbs, int argc, char *const argv[])
{
	struct option_list list;
	struct croft_error err = { 0 };
	int status;

	if (options_parse(parent, argc, argv, 1, &list, &err) < 0)
		return cli_fail(&err);
	status = options_has(&list, OPT_HELP) ? cli_help(&list, parent)
					      : find_and_run(parent, verbs, argc, argv, list.next);
	options_done(&list);
	return status;
}
