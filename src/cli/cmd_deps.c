/* SPDX-License-Identifier: MIT */
/*
 * cmd_deps.c - croft deps: what programs need to start, and what of it is missing.
 *
 * Nothing is executed and nothing confined: files are read, those of another root as well. So
 * unlike with the other commands there is no command whose words must be left alone, and options
 * may stand behind the programs.
 *
 * Each program gets a closure of its own (two may find different files under one name), and each
 * answer is written before the next is looked for: a thousand programs need the memory of one.
 *
 *   words ─► options, programs ─► root ─► for each: path ─► closure ─► text, tree or JSON
 *
 * What is wrong with a program is an answer (exit status 1), not an error: the other
 * programs are answered too. An error (125) is what keeps croft from telling: a root that
 * cannot be opened, no memory, a limit of closure.h. It ends the command where it happens.
 *
 * With --root the files are an enemy's. They are read through elf/root.h only, which never leaves
 * the root; PATH, LD_LIBRARY_PATH and LD_PRELOAD of this process mean nothing there.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/deps_print.h"
#include "elf/elf.h"
#include "sys/calls.h"

#define NOT_READY 1 /* the exit status when something is missing */
/* What is read of one file to see whether it is a library: its tables and names. */
#define ELF_BYTES (8U << 20)

/* In another root nobody's PATH counts: this is what most systems start with. */
static const char root_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

struct deps {
	const char *root_name; /* of --root, NULL */
	bool wants_json, wants_tree, wants_help, wants_help_all;
	const char **programs; /* owned array, NULL-terminated */
	size_t n_programs;

	struct root root;
	char workdir[PATH_MAX];
	struct closure_input input;
	struct json json;
	struct buf buf;
};

/* One run of options: with programs between them there may be several. */
static int take_options(struct deps *deps, const struct option_list *list, struct croft_error *err)
{
	for (size_t i = 0; i < list->n; i++) {
		bool *flag;

		switch (list->words[i].id) {
		case OPT_ROOT:
			if (deps->root_name)
				return fail(err, CROFT_STAGE_USAGE, 0, "--root is given twice");
			deps->root_name = list->words[i].value;
			continue;
		case OPT_JSON:
			flag = &deps->wants_json;
			break;
		case OPT_TREE:
			flag = &deps->wants_tree;
			break;
		default: /* --help, the last that this command has */
			flag = &deps->wants_help;
			deps->wants_help_all = list->words[i].value != NULL;
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

/* True if the words end with a "--" that is not the value of an option. */
static bool is_ended(const struct option_list *list, char *const argv[], int first)
{
	const char *last = list->next > first ? argv[list->next - 1] : "";

	if (strcmp(last, "--") != 0)
		return false;
	return list->n == 0 || list->words[list->n - 1].value != last;
}

/* Options and programs in any order; after "--" there are only programs. */
static int parse(struct deps *deps, int argc, char *const argv[], struct croft_error *err)
{
	bool has_ended = false;

	deps->programs = calloc((size_t)argc + 1, sizeof(*deps->programs));
	if (!deps->programs)
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "read the command line");
	/* options_parse stops at the first word that is none: that is a program, then again */
	for (int at = 1; at < argc;) {
		struct option_list list;
		int r;

		if (!has_ended) {
			r = options_parse(CMD_DEPS, argc, argv, at, &list, err);
			if (r < 0)
				return r;
			r = take_options(deps, &list, err);
			has_ended = is_ended(&list, argv, at);
			at = list.next;
			options_done(&list);
			if (r < 0)
				return r;
		}
		if (at < argc)
			deps->programs[deps->n_programs++] = argv[at++];
	}
	return 0;
}

/* What can be known to be wrong before anything is looked at: then nothing is printed. */
static int check(const struct deps *deps, struct croft_error *err)
{
	int r;

	if (!deps->n_programs) {
		r = fail(err, CROFT_STAGE_USAGE, 0, "no program to look at");
		fail_hint(err, "for example: croft deps git");
		return r;
	}
	if (deps->wants_json && deps->wants_tree)
		return fail(err, CROFT_STAGE_USAGE, 0,
			    "--tree and --json: JSON has the tree in its field 'needs'");
	for (const char *const *program = deps->programs; *program; program++) {
		const char *name = *program;

		if (!*name)
			return fail(err, CROFT_STAGE_USAGE, 0, "the name of a program is empty");
		if (deps->root_name && name[0] != '/' && strchr(name, '/')) {
			r = fail(err, CROFT_STAGE_USAGE, 0,
				 "the program '%s' is relative, which a root has no meaning for",
				 name);
			fail_hint(err, "write '/...' as it is called inside the root");
			return r;
		}
	}
	return 0;
}

/*
 * A working directory that is gone or lies outside of the root ("(unreachable)") is none: relative
 * names then start at "/", and are not found there, which is what the program would meet.
 */
static int prepare(struct deps *deps, struct croft_error *err)
{
	struct closure_input *input = &deps->input;
	int r = root_open(deps->root_name ? deps->root_name : "/", &deps->root, err);

	if (r < 0)
		return r;
	input->root = &deps->root;
	input->flags = CLOSURE_LIBRARIES | CLOSURE_VERSIONS;
	input->path = root_path;
	if (deps->root_name)
		return 0;
	if (sys_getcwd(deps->workdir, sizeof(deps->workdir)) > 0 && deps->workdir[0] == '/')
		input->workdir = deps->workdir;
	input->path = getenv("PATH");
	input->library_path = getenv("LD_LIBRARY_PATH");
	input->preload = getenv("LD_PRELOAD");
	return 0;
}

/* What there is under that name: 0 an executable file, -EACCES something else, -ENOENT. */
static int judge_candidate(const struct deps *deps, const char *path)
{
	struct root_walk walk;

	root_walk(&deps->root, deps->input.workdir, path, &walk);
	if (walk.errnum)
		return -ENOENT;
	if (!S_ISREG(walk.mode) || !(walk.mode & 0111))
		return -EACCES;
	/* the modes of another root are for its own users */
	if (deps->root_name)
		return 0;
	return sys_faccessat(AT_FDCWD, path, X_OK) < 0 ? -EACCES : 0;
}

/*
 * As execvp looks: the first that can be executed, else the first that is there at all. The second
 * is worth an answer of its own: "not executable" is nearer to the truth than "not found".
 */
static int search(const struct deps *deps, const char *name, char ret_path[PATH_MAX])
{
	char path[PATH_MAX];
	bool has_found = false;

	for (const char *entry = deps->input.path; entry; entry++) {
		size_t len = strcspn(entry, ":");
		int n = -1, r = -ENOENT;

		/* an empty entry is the working directory */
		if (len < PATH_MAX)
			n = snprintf(path, sizeof(path), "%.*s/%s", len ? (int)len : 1,
				     len ? entry : ".", name);
		if (n > 0 && (size_t)n < sizeof(path))
			r = judge_candidate(deps, path);
		if (r == 0 || (r == -EACCES && !has_found)) {
			memcpy(ret_path, path, (size_t)n + 1);
			has_found = true;
		}
		entry += len;
		if (r == 0 || !*entry)
			break;
	}
	return has_found ? 0 : -ENOENT;
}

/*
 * A shared library, which is never executed: no program has no interpreter, needs libraries
 * and is no PIE (static PIEs say DF_1_PIE; the loader itself needs nothing).
 */
static bool is_library(const struct deps *deps, const char *path)
{
	struct root_file file;
	struct arena arena;
	struct elf elf;
	const char *why;
	bool answer;
	int r = root_open_file(&deps->root, deps->input.workdir, path, &file);

	if (r < 0)
		return false;
	arena_init(&arena, ELF_BYTES);
	r = elf_read(file.fd, file.size, 0, &arena, &elf, &why);
	answer = r == 0 && elf.type == ET_DYN && elf.is_dynamic && !elf.n_interp && !elf.is_pie &&
		 (elf.n_needed || !(file.mode & 0111));
	arena_done(&arena);
	root_file_done(&file);
	return answer;
}

/* Fills the answer's closure. What is wrong with the program stands in it afterwards. */
static int look(const struct deps *deps, struct deps_answer *answer, struct croft_error *err)
{
	const char *path = answer->program;
	char found[PATH_MAX];

	if (!strchr(path, '/')) {
		if (search(deps, path, found) < 0) {
			answer->path_searched = deps->input.path ? deps->input.path : "";
			return 0;
		}
		path = found;
	}
	answer->is_library = is_library(deps, path);
	return answer->is_library ? closure_add_library(&answer->closure, &deps->input, path, err)
				  : closure_add_program(&answer->closure, &deps->input, path, err);
}

/*
 * Writes what has been printed so far; 0 or the exit status. JSON goes on in the emptied buffer:
 * the writer keeps its place (commas, depth) in itself.
 */
static int flush(struct deps *deps)
{
	int status = cli_print(&deps->buf);

	buf_reset(&deps->buf);
	return status;
}

static int print(struct deps *deps, const struct deps_answer *answer, struct croft_error *err)
{
	if (deps->wants_json) {
		deps_print_json(&deps->json, answer);
	} else if (deps->wants_tree) {
		if (deps_print_tree(&deps->buf, answer) < 0)
			return fail(err, CROFT_STAGE_USAGE, ENOMEM, "print a tree");
	} else {
		deps_print(&deps->buf, answer);
	}
	return 0;
}

/*
 * The answer for one program, to the end. *ret_status: NOT_READY if it cannot start. Returns the
 * exit status of a failure of croft's, 0 if there was none.
 */
static int answer_one(struct deps *deps, const char *program, int *ret_status)
{
	struct croft_error err = { 0 };
	struct deps_answer answer = { .program = program };
	int r, status = 0;

	closure_init(&answer.closure);
	r = look(deps, &answer, &err);
	if (r == 0 && remedy_find(&answer.closure, &deps->input, &answer.remedy) < 0)
		r = fail(&err, CROFT_STAGE_EXEC, ENOMEM, "look for what '%s' lacks", program);
	if (r == 0)
		r = print(deps, &answer, &err);
	if (r == 0) {
		if (!deps_starts(&answer))
			*ret_status = NOT_READY;
		status = flush(deps);
	} else {
		(void)cli_fail(&err);
		status = EXIT_CROFT;
	}
	closure_done(&answer.closure);
	return status;
}

static int answer_all(struct deps *deps)
{
	int status = 0, failed = 0;

	if (deps->wants_json) {
		json_init(&deps->json, &deps->buf);
		json_object_begin(&deps->json);
		json_key(&deps->json, "version");
		json_uint(&deps->json, 1);
		json_key(&deps->json, "programs");
		json_array_begin(&deps->json);
	}
	for (size_t i = 0; i < deps->n_programs && !failed; i++)
		failed = answer_one(deps, deps->programs[i], &status);
	if (failed)
		return failed;
	if (deps->wants_json) {
		json_array_end(&deps->json);
		json_object_end(&deps->json);
		buf_putc(&deps->buf, '\n');
	}
	failed = flush(deps);
	return failed ? failed : status;
}

/* Not cli_help, which wants one list of options. */
static int print_help(const struct deps *deps)
{
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX);

	options_help(&buf, CMD_DEPS, deps->wants_help_all);
	return cli_print(&buf);
}

static int run(struct deps *deps, int argc, char *const argv[])
{
	struct croft_error err = { 0 };

	if (parse(deps, argc, argv, &err) < 0)
		return cli_fail(&err);
	if (deps->wants_help)
		return print_help(deps);
	if (check(deps, &err) < 0 || prepare(deps, &err) < 0)
		return cli_fail(&err);
	return answer_all(deps);
}

int cmd_deps(int argc, char *const argv[])
{
	struct deps deps = { .root.fd = -1 };
	int status;

	buf_init(&deps.buf, TEXT_MAX);
	status = run(&deps, argc, argv);
	buf_done(&deps.buf);
	root_done(&deps.root);
	free(deps.programs);
	return status;
}
