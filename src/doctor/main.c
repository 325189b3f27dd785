/* SPDX-License-Identifier: MIT */
/*
 * main.c - croft-doctor: what this host lets a sandbox do, who says no, and what mends it.
 *
 * People call it as `croft doctor`. The probes act (probe_run.c), or a file is read in their place
 * (--load); the causes judge (verdict.c), the planner judges croft's own promises (protections.c);
 * then it is printed. Exit status: 0, or with --need the place of the first that is not had; 125
 * when croft-doctor was misused or failed.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "doctor/look.h"
#include "doctor/need.h"
#include "doctor/print.h"
#include "doctor/verdict.h"
#include "sys/calls.h"

#define FILE_IS_STANDARD(file) (!strcmp(file, "-"))

struct doctor {
	struct option_list list;
	struct needs needs;
	struct observations set;
	struct verdicts verdicts;
	struct protections protections;
	bool has_protections;
	struct view view;
	struct buf buf;
};

/* Options that cannot stand beside one another. */
static int check_options(const struct option_list *list, struct croft_error *err)
{
	static const enum option_id pairs[][2] = {
		{ OPT_LOAD, OPT_PID },     { OPT_LOAD, OPT_NIX },     { OPT_LOAD, OPT_SAVE },
		{ OPT_LOAD, OPT_TIMEOUT }, { OPT_JSON, OPT_VERBOSE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (options_has(list, pairs[i][0]) && options_has(list, pairs[i][1]))
			return fail(err, CROFT_STAGE_USAGE, 0, "%s cannot stand beside %s",
				    option_origin(pairs[i][1]), option_origin(pairs[i][0]));
	if (options_has(list, OPT_SAVE) && FILE_IS_STANDARD(options_value(list, OPT_SAVE, "")) &&
	    (options_has(list, OPT_JSON) || options_has(list, OPT_VERBOSE) ||
	     options_has(list, OPT_NEED)))
		return fail(err, CROFT_STAGE_USAGE, 0,
			    "--save - prints nothing else: no --json, --verbose or --need");
	return 0;
}

static int parse(struct doctor *doctor, int argc, char *const argv[], struct croft_error *err)
{
	int r = options_parse(CMD_DOCTOR, argc, argv, 1, &doctor->list, err);

	if (r < 0)
		return r;
	if (doctor->list.next < argc) {
		r = fail(err, CROFT_STAGE_USAGE, 0, "croft doctor takes options only, not '%s'",
			 argv[doctor->list.next]);
		fail_hint(err, "see croft doctor --help");
		return r;
	}
	for (size_t i = 0; i < doctor->list.n; i++) {
		if (doctor->list.words[i].id != OPT_NEED)
			continue;
		r = needs_add(&doctor->needs, doctor->list.words[i].value, err);
		if (r < 0)
			return r;
	}
	return check_options(&doctor->list, err);
}

static int observe(struct doctor *doctor, struct croft_error *err)
{
	const struct option_list *list = &doctor->list;
	const char *load = options_value(list, OPT_LOAD, NULL);
	struct look_wishes wishes = { .wants_nix = options_has(list, OPT_NIX) };
	int r;

	if (load)
		return look_load(load, &doctor->set, err);
	r = look_pid(options_value(list, OPT_PID, NULL), &wishes.pid, err);
	if (r == 0)
		r = look_timeout(options_value(list, OPT_TIMEOUT, NULL), &wishes.timeout_s, err);
	return r < 0 ? r : look(&wishes, &doctor->set, err);
}

static int judge(struct doctor *doctor, struct croft_error *err)
{
	int r;

	verdicts_build(&doctor->verdicts, &doctor->set);
	if (doctor->verdicts.error < 0)
		return fail(err, CROFT_STAGE_HOST, -doctor->verdicts.error,
			    "judge the observations");
	if (!doctor->set.has_host)
		return 0;
	r = protections_judge(&doctor->set.host, &doctor->protections, err);
	doctor->has_protections = r == 0;
	return r;
}

static void make_view(struct doctor *doctor)
{
	doctor->view = (struct view){
		.set = &doctor->set,
		.verdicts = &doctor->verdicts,
		.protections = doctor->has_protections ? &doctor->protections : NULL,
	};
	look_terminal(&doctor->view);
}

static void print_object(struct doctor *doctor)
{
	struct json json;

	json_init(&json, &doctor->buf);
	json_object_begin(&json);
	json_key(&json, "version");
	json_uint(&json, 1);
	needs_print_json(&json, &doctor->needs, &doctor->view);
	print_json(&json, &doctor->view);
	json_object_end(&json);
	buf_putc(&doctor->buf, '\n');
}

/* 0, or the exit status of a failure. */
static int print(struct doctor *doctor)
{
	const struct option_list *list = &doctor->list;
	const char *save = options_value(list, OPT_SAVE, NULL);
	struct croft_error err = { 0 };

	if (save && !FILE_IS_STANDARD(save) && look_save(save, &doctor->set, &err) < 0)
		return cli_fail(&err);
	if (save && FILE_IS_STANDARD(save)) {
		observations_print(&doctor->buf, &doctor->set);
	} else if (options_has(list, OPT_JSON)) {
		print_object(doctor);
	} else {
		if (doctor->needs.n)
			needs_print(&doctor->buf, &doctor->needs, &doctor->view);
		else
			print_table(&doctor->buf, &doctor->view);
		if (options_has(list, OPT_VERBOSE))
			print_verbose(&doctor->buf, &doctor->view);
	}
	return cli_print(&doctor->buf);
}

static int run(struct doctor *doctor, int argc, char *const argv[])
{
	struct croft_error err = { 0 };
	int status;

	if (cli_check_standard(&err) < 0 || parse(doctor, argc, argv, &err) < 0)
		return cli_fail(&err);
	if (options_has(&doctor->list, OPT_HELP))
		return cli_help(&doctor->list, CMD_DOCTOR);
	if (observe(doctor, &err) < 0 || judge(doctor, &err) < 0)
		return cli_fail(&err);
	make_view(doctor);
	status = print(doctor);
	return status ? status : needs_status(&doctor->needs, &doctor->view);
}

int main(int argc, char *argv[])
{
	struct doctor doctor = { 0 };
	int status;

	observations_init(&doctor.set);
	verdicts_init(&doctor.verdicts);
	buf_init(&doctor.buf, TEXT_MAX);
	status = run(&doctor, argc, argv);
	buf_done(&doctor.buf);
	if (doctor.has_protections)
		protections_done(&doctor.protections);
	verdicts_done(&doctor.verdicts);
	observations_done(&doctor.set);
	options_done(&doctor.list);
	return status;
}
