/* SPDX-License-Identifier: MIT */
/*
 * builder.c - croft nix-builder: what Nix calls for a derivation in place of building it itself.
 *
 * The contract of Nix's setting external-builders (experimental, since 2.32), and what is nowhere
 * written but in its source (src/libstore/unix/build/external-derivation-builder.cc):
 *
 *	- the last argument is a JSON file (spec.c); those before it are the setting's `args`
 *	- stderr is the log, a pseudo terminal; stdout is the same one; stdin is /dev/null
 *	- Nix reads lines of it until one that is \2 alone, or \1 and an error in its own wire
 *	  format; only after that is it the builder's log. An end before is "unexpected EOF"
 *	- the exit status is the build's
 *	- the environment is Nix's own, not the derivation's; descriptors are Nix's too, the other
 *	  end of that terminal among them
 *	- whoever is called is the build user already, where there are such
 *	- to end a build Nix kills the process group, or all processes of the build user
 *
 * So the first thing is to close what is not ours, the second to say \2: from there on each refusal
 * of croft is a line of the build's log, which Nix prints with "failed with exit code 125".
 *
 * Whether a derivation is fixed-output, and so has the network, Nix tells by one variable,
 * NIX_OUTPUT_CHECKED=1, that a derivation could also set by itself. Therefore it counts only beside
 * what cannot be there by accident: an outputHash among the derivation's variables, which makes any
 * derivation of the Nix language fixed-output; or Nix's .attrs.json, for with structured
 * attributes no variable is the derivation's own. And there must be one output, "out".
 */
#include "drv/builder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "drv/build.h"
#include "drv/features.h"
#include "drv/spec.h"
#include "sys/calls.h"
#include "sys/fd.h"
#include "sys/path.h"

#define SPEC_ARENA ((size_t)256 << 20)
#define WORDS_MAX 128 /* of one kind, from the setting's args */
#define SAMPLE "croft nix-builder --limit memory=8G BUILD.json"

struct call {
	const char *run_options[WORDS_MAX], *mounts[WORDS_MAX];
	struct build_options options;
	const char *file;
};

static int too_many(enum option_id id, struct croft_error *err)
{
	return fail(err, CROFT_STAGE_USAGE, E2BIG, "%s", option_origin(id));
}

static int take_option(struct call *call, const struct option_word *word, struct croft_error *err)
{
	struct build_options *options = &call->options;

	switch (word->id) {
	case OPT_SH:
		options->shell = word->value;
		return 0;
	case OPT_MOUNT:
		if (options->n_mounts == WORDS_MAX)
			return too_many(word->id, err);
		call->mounts[options->n_mounts++] = word->value;
		return 0;
	default: /* --limit, --time, --grace: croft run's own */
		if (options->n_run_options + 2 > WORDS_MAX)
			return too_many(word->id, err);
		call->run_options[options->n_run_options++] = option_origin(word->id);
		call->run_options[options->n_run_options++] = word->value;
		return 0;
	}
}

static int read_words(struct call *call, const struct option_list *list, int argc,
		      char *const argv[], struct croft_error *err)
{
	int r = 0;

	call->options.run_options = call->run_options;
	call->options.mounts = call->mounts;
	for (size_t i = 0; i < list->n && r == 0; i++)
		r = take_option(call, &list->words[i], err);
	if (r < 0)
		return r;
	if (list->next + 1 == argc) {
		call->file = argv[list->next];
		return 0;
	}
	r = fail(err, CROFT_STAGE_USAGE, 0, "one file is wanted, which Nix names last");
	fail_hint(err, "for example: " SAMPLE);
	return r;
}

static bool is_fixed_output(const struct spec *spec)
{
	const struct build *build = &spec->build;
	AUTO_FD int dir = -1;
	struct stat st;

	if (!spec->is_marked || build->n_outputs != 1 || strcmp(build->outputs[0].name, "out") != 0)
		return false;
	if (spec->has_hash)
		return true;
	dir = sys_openat(AT_FDCWD, build->tmp_dir, O_PATH | O_DIRECTORY, 0);
	return dir >= 0 && sys_fstatat(dir, ".attrs.json", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode);
}

/* As the builder was: Nix tells "killed by signal 9" from "exit code 137". */
static _Noreturn void end_by(int sig)
{
	const struct sys_sigaction by_default = { 0 };
	const struct rlimit no_core = { 0 };
	const uint64_t none = 0;

	(void)sys_prlimit(RLIMIT_CORE, &no_core, NULL);
	(void)sys_sigaction(sig, &by_default, NULL);
	(void)sys_sigprocmask(SIG_SETMASK, &none, NULL);
	(void)sys_kill(sys_getpid(), sig);
	sys_exit(128 + sig);
}

static int build_file(struct call *call)
{
	struct build_result result = { 0 };
	struct croft_error err = { 0 };
	struct arena arena;
	struct spec spec;
	int r;

	arena_init(&arena, SPEC_ARENA);
	r = spec_load(&arena, call->file, &spec, &err);
	if (r == 0) {
		spec.build.is_fixed_output = is_fixed_output(&spec);
		call->options.result_dir = spec.build.real_store_dir;
		call->options.log_fd = STDERR_FILENO;
		r = features_check(&spec.build, &err);
	}
	if (r == 0)
		r = build_run(&spec.build, &call->options, &result, &err);
	arena_done(&arena);
	if (r < 0) {
		(void)cli_fail(&err);
		return EXIT_CROFT;
	}
	if (result.signal)
		end_by(result.signal);
	return result.status;
}

int builder_main(int argc, char *const argv[])
{
	static const char ready[] = "\2\n";
	struct croft_error err = { 0 };
	struct call call = { 0 };
	struct option_list list;
	int status;

	(void)sys_close_range(STDERR_FILENO + 1, ~0U, 0);
	if (options_parse(CMD_NIX_BUILDER, argc, argv, 1, &list, &err) < 0) {
		(void)fd_write_all(STDERR_FILENO, ready, strlen(ready));
		return cli_fail(&err);
	}
	if (options_has(&list, OPT_HELP)) {
		status = cli_help(&list, CMD_NIX_BUILDER);
	} else {
		(void)fd_write_all(STDERR_FILENO, ready, strlen(ready));
		if (read_words(&call, &list, argc, argv, &err) < 0)
			status = cli_fail(&err);
		else
			status = build_file(&call);
	}
	options_done(&list);
	return status;
}
