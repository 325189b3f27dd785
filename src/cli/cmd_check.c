/* SPDX-License-Identifier: MIT */
/*
 * cmd_check.c - croft check: the errors and weak points of profiles, on this machine.
 *
 * Nothing is executed and nothing confined, so options may stand behind the files here, as with
 * croft deps. Each word is answered before the next is looked at. What is wrong with a profile is
 * an answer (exit status 1), and the other words are answered too; 125 is what keeps croft
 * from telling.
 *
 * The host is asked once and fully, as croft plan asks it: whether Landlock enforces can only be
 * known by trying, in a process of croft's own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "cli/cli.h"
#include "cli/place.h"
#include "sys/calls.h"

#define HAS_FINDINGS 1 /* the exit status */

struct look {
	bool wants_json, is_strict, wants_help, wants_help_all;
	const char **words; /* owned array, NULL-terminated */
	size_t n_words;

	struct place place;
	struct host host;
	struct buf buf;
	struct json json;
	size_t counts[SEVERITY_MAX], n_profiles, n_left_out;
};

static int take_options(struct look *look, const struct option_list *list, struct croft_error *err)
{
	for (size_t i = 0; i < list->n; i++) {
		bool *flag;

		switch (list->words[i].id) {
		case OPT_JSON:
			flag = &look->wants_json;
			break;
		case OPT_STRICT:
			flag = &look->is_strict;
			break;
		default: /* --help, the last that this command has */
			flag = &look->wants_help;
			look->wants_help_all = list->words[i].value != NULL;
			break;
		}
		/* within one run options_parse has seen to that, between runs nobody */
		if (*flag)
			return fail(err, CROFT_STAGE_USAGE, 0, "%s is given twice",
				    option_origin(list->words[i].id));
		*flag = true;
	}
	return 0;
}

/* Options and files in any order; after "--" there are only files. */
static int parse(struct look *look, int argc, char *const argv[], struct croft_error *err)
{
	bool has_ended = false;
	int r;

	look->words = calloc((size_t)argc + 1, sizeof(*look->words));
	if (!look->words)
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "read the command line");
	for (int at = 1; at < argc;) {
		struct option_list list;

		if (!has_ended) {
			r = options_parse(CMD_CHECK, argc, argv, at, &list, err);
			if (r < 0)
				return r;
			r = take_options(look, &list, err);
			/* no option of this command has a value that could be "--" */
			has_ended = list.next > at && !strcmp(argv[list.next - 1], "--");
			at = list.next;
			options_done(&list);
			if (r < 0)
				return r;
		}
		if (at < argc)
			look->words[look->n_words++] = argv[at++];
	}
	if (look->n_words || look->wants_help)
		return 0;
	r = fail(err, CROFT_STAGE_USAGE, 0, "no profile to look at");
	fail_hint(err, "for example: croft check .croft.yaml");
	return r;
}

/* Each grant is held open while a plan is made: as many as this user may. */
static int raise_open_files(struct croft_error *err)
{
	struct rlimit limit;
	int r = sys_prlimit(RLIMIT_NOFILE, NULL, &limit);

	if (r == 0) {
		limit.rlim_cur = limit.rlim_max;
		r = sys_prlimit(RLIMIT_NOFILE, &limit, NULL);
	}
	return r < 0 ? fail(err, CROFT_STAGE_PREPARE, -r, "raise the limit on open files") : 0;
}

static int check_one(struct look *look, const char *word, struct findings *findings,
		     struct croft_error *err)
{
	const char *file;
	size_t n;
	int r = check_word(word, &look->place.at, &look->host, findings, &file, &n, err);

	if (r < 0)
		return r;
	findings_sort(findings, file);
	if (findings->error)
		return fail(err, CROFT_STAGE_PROFILE, -findings->error, "check '%s'", word);
	look->n_profiles += n;
	look->n_left_out += findings->n_left_out;
	for (int i = 0; i < SEVERITY_MAX; i++)
		look->counts[i] += findings->counts[i];
	if (look->wants_json)
		findings_print_json(&look->json, findings);
	else
		findings_print(&look->buf, findings, n > 1);
	return 0;
}

/* 0, or the exit status of a failure. */
static int answer_one(struct look *look, const char *word)
{
	struct croft_error err = { 0 };
	struct findings findings;
	int r, status;

	findings_init(&findings);
	r = check_one(look, word, &findings, &err);
	findings_done(&findings);
	if (r < 0)
		return cli_fail(&err);
	/* JSON goes on in the emptied buffer: the writer keeps its place in itself */
	status = cli_print(&look->buf);
	buf_reset(&look->buf);
	return status;
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void end(struct look *look)
{
	static const char *const keys[SEVERITY_MAX] = { "errors", "warnings", "notes" };

	if (!look->wants_json) {
		buf_printf(&look->buf, "%zu profile%s: ", look->n_profiles,
			   plural(look->n_profiles));
		for (int i = 0; i < SEVERITY_MAX; i++)
			buf_printf(&look->buf, "%s%zu %s%s", i ? ", " : "", look->counts[i],
				   severity_names[i].name, plural(look->counts[i]));
		if (look->n_left_out)
			buf_printf(&look->buf, " (%zu of them not shown)", look->n_left_out);
		buf_putc(&look->buf, '\n');
		return;
	}
	json_array_end(&look->json);
	json_key(&look->json, "profiles");
	json_uint(&look->json, look->n_profiles);
	for (int i = 0; i < SEVERITY_MAX; i++) {
		json_key(&look->json, keys[i]);
		json_uint(&look->json, look->counts[i]);
	}
	json_key(&look->json, "not_shown");
	json_uint(&look->json, look->n_left_out);
	json_object_end(&look->json);
	buf_putc(&look->buf, '\n');
}

static int answer_all(struct look *look)
{
	int status = 0;

	if (look->wants_json) {
		json_init(&look->json, &look->buf);
		json_object_begin(&look->json);
		json_key(&look->json, "version");
		json_uint(&look->json, 1);
		json_key(&look->json, "findings");
		json_array_begin(&look->json);
	}
	for (size_t i = 0; i < look->n_words && !status; i++)
		status = answer_one(look, look->words[i]);
	if (status)
		return status;
	end(look);
	status = cli_print(&look->buf);
	if (status)
		return status;
	if (look->counts[SEVERITY_ERROR] || (look->is_strict && look->counts[SEVERITY_WARNING]))
		return HAS_FINDINGS;
	return 0;
}

/* Not cli_help, which wants one list of options. */
static int print_help(const struct look *look)
{
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX);

	options_help(&buf, CMD_CHECK, look->wants_help_all);
	return cli_print(&buf);
}

static int run(struct look *look, int argc, char *const argv[])
{
	struct croft_error err = { 0 };

	if (parse(look, argc, argv, &err) < 0)
		return cli_fail(&err);
	if (look->wants_help)
		return print_help(look);
	place_init(&look->place);
	look->place.at.is_for_room = true; /* to be looked at */
	if (raise_open_files(&err) < 0 || host_probe_fully(&look->host, &err) < 0)
		return cli_fail(&err);
	return answer_all(look);
}

int cmd_check(int argc, char *const argv[])
{
	struct look look = { 0 };
	int status;

	buf_init(&look.buf, TEXT_MAX);
	status = run(&look, argc, argv);
	buf_done(&look.buf);
	free(look.words);
	return status;
}
