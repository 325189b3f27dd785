/* SPDX-License-Identifier: MIT */
/*
 * chain.c - what exec looks at, followed one file after the other.
 *
 *   script ─► interpreter ─► ... ─► ELF program ─► its ELF interpreter
 *                └► env ─► (by PATH) program ─► ...
 *
 * Each file is judged as the kernel judges it and in its order: it has to be there, be regular,
 * lie on a mount that allows execution, have the x bit, and be of a format that is known. The
 * first thing that is wrong becomes a trouble and ends the chain, as it ends exec. The
 * exceptions are those that only become visible together: a mount and a mode.
 *
 * env is followed too, as its failure is the one that most people meet. What it does is an exec of
 * its own: the depth starts anew, and a file that exec refuses for its format is handed to
 * /bin/sh by execvp(3).
 *
 * The program is not executed, and neither is anything that it names. In an image the modes are
 * judged by their bits alone: who will run it is not known. What a file is, is asked of the
 * descriptor that was opened.
 *
 * Source: fs/exec.c (do_open_execat, exec_binprm), fs/namei.c (may_open), fs/binfmt_elf.c,
 * fs/binfmt_script.c; each trouble was compared with what execve answers (tests/unit/test_chain.c).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "elf/chain.h"

#define ENV_MAX 8 /* programs that env starts which are env's again: more are a circle */

static const struct chain_end no_end = { .program = CLOSURE_NONE, .loader = CLOSURE_NONE };

static bool is_env(const char *interpreter)
{
	const char *slash = strrchr(interpreter, '/');

	return !strcmp(slash ? slash + 1 : interpreter, "env");
}

/* The interpreter is next: 1; or what is wrong with the line: 0. */
static int follow_line(struct chain *chain, const struct chain_found *found,
		       const struct script_line *line)
{
	bool has_env = is_env(line->interpreter);
	int r;

	/* most interpreters then complain of an option; perl does not */
	if (line->has_cr && line->argument[0] && !has_env) {
		char argument[SCRIPT_HEAD];

		memcpy(argument, line->argument, sizeof(argument));
		argument[strlen(argument) - 1] = '\0';
		r = chain_note(chain, TROUBLE_ARGUMENT_CR, ROLE_SCRIPT, found, argument);
		if (r < 0)
			return r;
	}
	(void)snprintf(chain->detail, sizeof(chain->detail), "#!%s%s%s", line->interpreter,
		       line->argument[0] ? " " : "", line->argument);
	chain->has_env = has_env;
	if (has_env) {
		script_parse_env(line->argument, &chain->env);
		memcpy(chain->env_argument, line->argument, sizeof(chain->env_argument));
		chain->env_script = found->index;
	}
	chain->depth++;
	(void)chain_set_next(chain, line->interpreter, ROLE_INTERPRETER, RULE_SCRIPT, found->index);
	return 1;
}

/* Neither ELF nor a script. */
static int follow_unknown(struct chain *chain, struct chain_found *found)
{
	const char *guess = script_guess(found->head, found->head_len);
	bool is_text = !strcmp(guess, "text") || found->file.size == 0;

	/* glibc's execvp does so; musl's does not, and env then says "Exec format error" */
	if (chain->rule == RULE_ENV && is_text) {
		(void)snprintf(chain->detail, sizeof(chain->detail), "execvp");
		(void)chain_set_next(chain, "/bin/sh", ROLE_INTERPRETER, RULE_SCRIPT, found->index);
		return 1;
	}
	if (found->file.size == 0)
		return chain_follow_foreign(chain, found, TROUBLE_EMPTY_FILE, "");
	return chain_follow_foreign(chain, found, TROUBLE_NO_FORMAT, guess);
}

static int follow_text(struct chain *chain, struct chain_found *found)
{
	struct script_line line;
	int r;

	script_parse(found->head, found->head_len, &line);
	switch (line.kind) {
	case SCRIPT_OK:
		r = line.is_long_for_old
			    ? chain_note(chain, TROUBLE_SCRIPT_CUT, ROLE_SCRIPT, found, "")
			    : 0;
		return r < 0 ? r : follow_line(chain, found, &line);
	case SCRIPT_EMPTY:
		return chain_note(chain, TROUBLE_SCRIPT_EMPTY, ROLE_SCRIPT, found, "");
	case SCRIPT_TOO_LONG:
		return chain_note(chain, TROUBLE_SCRIPT_TOO_LONG, ROLE_SCRIPT, found, "");
	default:
		if (line.has_bom)
			return chain_note(chain, TROUBLE_SCRIPT_BOM, ROLE_SCRIPT, found, "");
		return follow_unknown(chain, found);
	}
}

/* One file of the chain. 1: another is next. */
static int follow_one(struct chain *chain)
{
	struct chain_found found = { .file.fd = -1 };
	int r = chain_take(chain, &found);

	/* as exec_binprm: the file is opened before the depth is counted */
	if (r == 1 && chain->depth > SCRIPT_DEPTH)
		r = chain_note(chain, TROUBLE_SCRIPT_TOO_DEEP, chain->role, &found, "");
	else if (r == 1 && found.read == -ENOEXEC)
		r = follow_text(chain, &found);
	else if (r == 1)
		r = chain_follow_elf(chain, &found);
	root_file_done(&found.file);
	return r;
}

enum candidate { NOT_THERE, NOT_EXECUTABLE, EXECUTABLE };

/* What execvp finds under a name. */
static enum candidate judge_candidate(const struct chain *chain, const char *name)
{
	const struct closure_input *input = chain->builder->input;
	struct root_file file = { .fd = -1 };
	enum candidate candidate = EXECUTABLE;
	struct root_walk walk;
	int r = root_open_file(input->root, input->workdir, name, &file);

	/* no reading, or no way to it: a directory that may not be searched is passed over */
	if (r == -EACCES) {
		root_walk(input->root, input->workdir, name, &walk);
		if (walk.errnum != 0 || !S_ISREG(walk.mode))
			return NOT_THERE;
		return chain_may_execute(chain, walk.mode, walk.real) ? EXECUTABLE : NOT_EXECUTABLE;
	}
	if (r < 0)
		return NOT_THERE;
	if (file.is_noexec || !chain_may_execute(chain, file.mode, file.real))
		candidate = NOT_EXECUTABLE;
	root_file_done(&file);
	return candidate;
}

/*
 * The file that env would start: the first on PATH that may be executed, or else the first that is
 * there at all, so that what is wrong with it gets said. False: none.
 */
static bool find_on_path(const struct chain *chain, const char *program, char ret_name[PATH_MAX])
{
	const char *path = chain->env.path[0] ? chain->env.path : chain->builder->input->path;
	char name[PATH_MAX];
	bool has_other = false;

	for (const char *entry = path ? path : SCRIPT_ENV_PATH;; entry++) {
		size_t len = strcspn(entry, ":");
		enum candidate candidate = NOT_THERE;

		/* what does not fit is no name; an empty part is the working directory */
		if (len + 1 + strlen(program) < PATH_MAX) {
			(void)snprintf(name, sizeof(name), "%.*s/%s", len ? (int)len : 1,
				       len ? entry : ".", program);
			candidate = judge_candidate(chain, name);
		}
		if (candidate == EXECUTABLE || (candidate == NOT_EXECUTABLE && !has_other))
			memcpy(ret_name, name, strlen(name) + 1);
		if (candidate == EXECUTABLE)
			return true;
		has_other |= candidate == NOT_EXECUTABLE;
		entry += len;
		if (!*entry)
			return has_other;
	}
}

static int note_env(const struct chain *chain, enum trouble_kind kind, const char *detail)
{
	const char *script = chain->builder->closure->files[chain->env_script].path;

	return builder_add_trouble(chain->builder, kind, ROLE_SCRIPT, script, CLOSURE_NONE, detail);
}

/* env itself starts: what it does then. 1: its program is next. */
static int follow_env(struct chain *chain)
{
	struct script_env *env = &chain->env;
	size_t len = strlen(env->program);
	char name[PATH_MAX];

	chain->has_env = false;
	/* then env is the end that is known */
	if (env->is_unknown)
		return 0;
	*chain->end = no_end;
	if (len == 0 || ++chain->n_envs > ENV_MAX)
		return note_env(chain, TROUBLE_ENV_LOOP,
				env->needs_split ? chain->env_argument : "");
	if (strchr(env->program, '/')) {
		memcpy(name, env->program, len + 1);
	} else if (!find_on_path(chain, env->program, name)) {
		if (env->program[len - 1] != '\r')
			return note_env(
				chain, env->needs_split ? TROUBLE_ENV_SPLIT : TROUBLE_ENV_NOT_FOUND,
				env->program);
		env->program[len - 1] = '\0';
		return note_env(chain, TROUBLE_ENV_CR, env->program);
	}
	chain->depth = 0;
	(void)snprintf(chain->detail, sizeof(chain->detail), "%s", env->program);
	(void)chain_set_next(chain, name, ROLE_INTERPRETER, RULE_ENV, chain->env_script);
	return 1;
}

/* What env meets does not fail the exec of the script. (Before it there are only notes.) */
static void mark_late(const struct chain *chain, size_t first)
{
	struct closure *closure = chain->builder->closure;

	for (size_t i = first; chain->n_envs > 0 && i < closure->n_troubles; i++)
		closure->troubles[i].is_late = true;
}

int chain_follow(struct builder *builder, const char *program, struct chain_end *ret_end)
{
	struct chain_end end = no_end;
	struct chain chain = { .builder = builder, .end = &end };
	size_t n_troubles = builder->closure->n_troubles;
	int r;

	if (chain_set_next(&chain, program, ROLE_PROGRAM, RULE_GIVEN, CLOSURE_NONE) < 0)
		return builder_add_trouble(builder, TROUBLE_NAME_TOO_LONG, ROLE_PROGRAM, program,
					   CLOSURE_NONE, "");
	do {
		r = follow_one(&chain);
		mark_late(&chain, n_troubles);
		if (r == 0 && chain.has_env && end.program != CLOSURE_NONE)
			r = follow_env(&chain);
	} while (r == 1);
	if (r < 0)
		return r;
	*ret_end = end;
	return 0;
}
