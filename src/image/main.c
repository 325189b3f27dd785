/* SPDX-License-Identifier: MIT */
/*
 * main.c - croft-image: what is wrong with a container image, before anything is started from it.
 *
 *	croft-image unpack ...             cmd_unpack.c
 *	croft-image check IMAGE [--run PROG] [--need LIST] [--mount HOST:PATH] [--pod FILE]
 *	                        [--tag NAME] [--arch ARCH] [--json]
 *
 * People call it as `croft image ...`. An executable of its own, for the weight of libarchive and
 * jansson. Reads the image where it lies; writes nothing but its answer. Exit status: 0 when
 * nothing was found, 1 when something was, 125 when croft was misused or the image cannot be read.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "cli/cli.h"
#include "image/check.h"
#include "image/cmd_unpack.h"
#include "image/words.h"

#define FOUND 1 /* the exit status when there are findings */
#define WORDS_MAX_BYTES (1U << 20)

/* One of --run, --need, --pod, in the order given. */
struct question {
	enum option_id id;
	const char *value;
};

struct words {
	struct arena arena;
	struct image_words common;
	struct question *questions;
	size_t n_questions, questions_capacity;
	struct image_mount mounts[IMAGE_MAX_MOUNTS];
	size_t n_mounts;
};

static int add_question(struct words *words, const struct option_word *word,
			struct croft_error *err)
{
	struct question *questions = arena_grow(&words->arena, words->questions, words->n_questions,
						&words->questions_capacity, sizeof(*questions));

	if (!questions)
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "read the command line");
	words->questions = questions;
	questions[words->n_questions++] = (struct question){ .id = word->id, .value = word->value };
	return 0;
}

static int take_option(void *context, const struct option_word *word, struct croft_error *err)
{
	struct words *words = context;

	if (word->id != OPT_MOUNT)
		return add_question(words, word, err);
	if (words->n_mounts == IMAGE_MAX_MOUNTS)
		return fail(err, CROFT_STAGE_USAGE, 0, "more than %d --mount", IMAGE_MAX_MOUNTS);
	return image_parse_mount(&words->arena, word->value, &words->mounts[words->n_mounts++],
				 err);
}

/* All that --need and --run ask for, for the pods. */
static int list_needs(struct words *words, const struct image_check *check, const char ***ret_needs,
		      size_t *ret_n)
{
	size_t n = 0, capacity = 0;
	const char **needs = NULL;

	for (size_t i = 0; i < words->n_questions; i++) {
		const struct question *question = &words->questions[i];
		const char *own = question->value, **names = &own;
		size_t n_names = 1;
		int r = 0;

		if (question->id == OPT_POD)
			continue;
		if (question->id == OPT_NEED)
			r = need_list(&words->arena, question->value,
				      check->family.family == FAMILY_ALPINE, &names, &n_names,
				      check->err);
		for (size_t k = 0; k < n_names && r == 0; k++) {
			needs = arena_grow(&words->arena, (void *)needs, n, &capacity,
					   sizeof(*needs));
			if (!needs)
				return fail(check->err, CROFT_STAGE_USAGE, ENOMEM, "--need");
			needs[n++] = names[k];
		}
		if (r < 0)
			return r;
	}
	*ret_needs = needs;
	*ret_n = n;
	return 0;
}

/* Nothing was asked for: does what the image itself starts? */
static int ask_own(const struct image_check *check)
{
	const struct image_config *config = check->config;
	const char *own = config->n_entrypoint ? config->entrypoint[0]
			  : config->n_cmd      ? config->cmd[0]
					       : NULL;
	int r;

	if (own)
		return check_run(check, own);
	r = fail(check->err, CROFT_STAGE_USAGE, 0,
		 "the image does not say what it starts, so there is nothing to check");
	fail_hint(check->err, "ask for something: --run PROG, --need LIST, --pod FILE");
	return r;
}

static int ask_all(struct words *words, const struct image_check *check)
{
	const char **needs = NULL;
	size_t n_needs = 0;
	int r = words->n_questions ? 0 : ask_own(check);

	if (r == 0)
		r = list_needs(words, check, &needs, &n_needs);
	for (size_t i = 0; i < words->n_questions && r == 0; i++) {
		const struct question *question = &words->questions[i];

		if (question->id == OPT_RUN)
			r = check_run(check, question->value);
		else if (question->id == OPT_NEED)
			r = check_need(check, question->value);
		else
			r = check_pod(check, question->value, needs, n_needs, words->mounts,
				      words->n_mounts);
	}
	if (r == 0 && check->report->error)
		r = fail(check->err, CROFT_STAGE_USAGE, -check->report->error, "check '%s'",
			 words->common.image);
	return r;
}

static void pair(struct json *json, const char *key, const char *value)
{
	json_key(json, key);
	json_string(json, value);
}

static void write_json(struct buf *buf, const struct image *image, const struct image_check *check)
{
	struct json json;

	json_init(&json, buf);
	json_object_begin(&json);
	json_key(&json, "version");
	json_uint(&json, 1);
	pair(&json, "image", image_name(image));
	pair(&json, "kind", image_kind_name(image_kind(image)));
	pair(&json, "family", family_names[check->family.family].name);
	json_key(&json, "signs");
	json_array_begin(&json);
	for (size_t i = 0; i < check->family.n_signs; i++)
		json_string(&json, check->family.signs[i]);
	json_array_end(&json);
	pair(&json, "path", check->config->path);
	json_key(&json, "findings");
	json_array_begin(&json);
	report_print_json(&json, check->report);
	json_array_end(&json);
	json_object_end(&json);
	buf_putc(buf, '\n');
}

static int print(const struct words *words, const struct image *image,
		 const struct image_check *check)
{
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX);
	int status;

	if (words->common.wants_json)
		write_json(&buf, image, check);
	else
		report_print(&buf, check->report, words->common.image);
	status = cli_print(&buf);
	return status ? status : check->report->n ? FOUND : 0;
}

/* What is odd about the layers, though they could be read. */
static void tell_notes(const struct image *image)
{
	const char *note;

	for (size_t i = 0; (note = image_note(image, i)) != NULL; i++) {
		AUTO_BUF struct buf line = BUF_INIT(8192);

		buf_printf(&line, "note: %s", note);
		cli_warn(buf_text(&line));
	}
}

static int check_image(struct words *words)
{
	const struct image_options options = { .mounts = words->mounts,
					       .n_mounts = words->n_mounts,
					       .tag = words->common.tag,
					       .architecture = words->common.architecture };
	struct image *image = NULL;
	struct croft_error err = { 0 };
	struct report report;
	struct image_check check = { .report = &report, .err = &err };
	int status;

	if (image_open(words->common.image, &options, &image, &err) < 0) {
		(void)cli_fail(&err);
		return EXIT_CROFT;
	}
	report_init(&report);
	check.root = image_root(image);
	check.config = image_config(image);
	family_detect(check.root, &check.family);
	tell_notes(image);
	if (ask_all(words, &check) == 0) {
		status = print(words, image, &check);
	} else {
		(void)cli_fail(&err);
		status = EXIT_CROFT; /* whatever the stage: it is not a command that failed */
	}
	report_done(&report);
	image_done(image);
	return status;
}

static int help(enum option_command command, bool wants_all)
{
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX);

	options_help(&buf, command, wants_all);
	return cli_print(&buf);
}

/* `croft image` itself: its help, or one of its verbs. */
static int find_verb(int argc, char *const argv[], bool *ret_done, struct croft_error *err)
{
	enum option_command command = CMD_IMAGE;
	struct option_list list;
	int status = 0;

	*ret_done = true;
	if (options_parse(CMD_IMAGE, argc, argv, 1, &list, err) < 0)
		return cli_fail(err);
	if (options_has(&list, OPT_HELP))
		status = help(CMD_IMAGE, options_value(&list, OPT_HELP, NULL) != NULL);
	else if (options_verb(CMD_IMAGE, argc > 1 ? argv[1] : NULL, &command, err) < 0)
		status = cli_fail(err);
	else if (command == CMD_IMAGE_UNPACK)
		status = cmd_image_unpack(argc, argv);
	else
		*ret_done = false;
	options_done(&list);
	return status;
}

int main(int argc, char *argv[])
{
	struct croft_error err = { 0 };
	struct words words = { 0 };
	bool is_done;
	int status = find_verb(argc, argv, &is_done, &err);

	if (is_done)
		return status;
	arena_init(&words.arena, WORDS_MAX_BYTES);
	if (image_words_parse(&words.common, CMD_IMAGE_CHECK, argc, argv, take_option, &words,
			      "checked", "croft image check --need @github-hooks ./image.tar",
			      &err) < 0)
		status = cli_fail(&err);
	else if (words.common.wants_help)
		status = help(CMD_IMAGE_CHECK, words.common.wants_help_all);
	else
		status = check_image(&words);
	arena_done(&words.arena);
	return status;
}
