/* SPDX-License-Identifier: MIT */
/*
 * front_ai_sandbox.c - croft under the name of ai-sandbox-landlock.
 *
 *   words -> choice (front_ai_sandbox_profile.c) -> profile -> plan -> printed, or launched in
 * place
 *
 * What the command line means is docs/design/ai-sandbox-landlock.md. The order of what only prints
 * is the original's: --generate-profile, --check, --print-config, --print-ruleset.
 *
 * The original runs the command without a sandbox where there is no Landlock, and waits for it in
 * a process whose end it outlives. Here that takes --allow-unsandboxed, and this process becomes
 * the command: its exit status and the signal that ends it are what the caller sees.
 *
 * Whatever fails at our hand is one line on stderr and exit status 1. --log-level says how much is
 * told besides; errors always are. Nothing is ever coloured, with --no-color or without.
 */
#include "cli/front_ai_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/front_ai_sandbox_print.h"
#include "cli/front_ai_sandbox_profile.h"
#include "cli/place.h"
#include "launch/launch.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define FRONT_FAILED 1
#define VERSION_TOLD "0.0.1" /* whose command line is spoken here */
#define LSM_FILE "/sys/kernel/security/lsm" /* since 4.11; securityfs is not mounted everywhere */

/* As version1_level_names. */
enum level { LEVEL_ERROR, LEVEL_WARN, LEVEL_INFO, LEVEL_DEBUG };

struct front {
	struct ai_options options;
	enum level level;
	const char *const *argv; /* the command behind "--"; argv[0] NULL: none */
	struct place place;
	struct arena arena; /* of what was chosen */
	struct ai_choice choice;
	struct host host;
	struct profile *profile;
	struct sandbox sandbox;
	struct launch launch; /* last: most of it is room for a filter */
};

/* One line, in one write; the text is escaped, names in it are anybody's. */
static void say(enum level level, const char *text)
{
	AUTO_BUF struct buf line = BUF_INIT(64U << 10);

	buf_printf(&line, "[ai-sandbox-landlock:%s] ", version1_level_names[level].name);
	text_escape(&line, text);
	buf_putc(&line, '\n');
	/* with no stderr there is nobody to tell */
	(void)fd_write_all(2, buf_text(&line), line.len);
}

static void tell(const struct front *front, enum level level, const char *text)
{
	if (level <= front->level)
		say(level, text);
}

static void say_failure(enum level level, const struct croft_error *err)
{
	AUTO_BUF struct buf text = BUF_INIT(4096);

	buf_puts(&text, err->what);
	if (err->errnum)
		buf_printf(&text, ": %s", errno_text(err->errnum));
	if (*err->hint)
		buf_printf(&text, " (%s)", err->hint);
	say(level, buf_text(&text));
}

int front_ai_sandbox_fail(const struct croft_error *err)
{
	say_failure(LEVEL_ERROR, err);
	return FRONT_FAILED;
}

/* The word of the command line, else the profile's, else info. */
static int find_level(struct front *front, const char *profiles, struct croft_error *err)
{
	const char *word = front->options.value[AI_LOG_LEVEL];
	const char *nearest;
	int level;

	if (!word)
		word = profiles ? profiles : "info";
	level = names_find(version1_level_names, VERSION1_N_LEVELS, word);
	if (level >= 0) {
		/* there is nothing to tell that would be below debug */
		front->level = level > LEVEL_DEBUG ? LEVEL_DEBUG : (enum level)level;
		return 0;
	}
	nearest = names_nearest(version1_level_names, VERSION1_N_LEVELS, word);
	(void)fail(err, CROFT_STAGE_USAGE, 0, "--log-level: there is no level '%.64s'", word);
	if (nearest)
		fail_hint(err, "did you mean '%s'?", nearest);
	else
		fail_hint(err, "one of: error, warn, info, debug, trace");
	return -EINVAL;
}

static int print_help(void)
{
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX);

	buf_puts(&buf, "usage: ai-sandbox-landlock [options] [-- COMMAND [ARG...]]\n\n");
	options_topic(&buf, "AI_SANDBOX_LANDLOCK");
	return cli_print(&buf) ? FRONT_FAILED : 0;
}

static int print_version(void)
{
	AUTO_BUF struct buf buf = BUF_INIT(256);

	buf_printf(&buf, "ai-sandbox-landlock " VERSION_TOLD " (croft %d.%d.%d)\n",
		   CROFT_VERSION_MAJOR, CROFT_VERSION_MINOR, CROFT_VERSION_PATCH);
	return cli_print(&buf) ? FRONT_FAILED : 0;
}

/* What was generated has to be what croft itself reads. */
static int check_generated(const struct buf *text, struct arena *arena, struct croft_error *err)
{
	struct document document;
	int r = buf_error(text);

	if (r < 0)
		return fail(err, CROFT_STAGE_PROFILE, -r, "make a profile");
	return document_read("the profile that was made", buf_text(text), text->len, arena,
			     &document, err);
}

static int write_output(const struct front *front, const struct buf *text, struct croft_error *err)
{
	const char *output = front->options.value[AI_OUTPUT];
	AUTO_FD int fd = sys_openat(AT_FDCWD, output, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	int r = fd < 0 ? fd : fd_write_all(fd, buf_text(text), text->len);

	return r < 0 ? fail(err, CROFT_STAGE_USAGE, -r, "--output '%s'", output) : 0;
}

static int generate(struct front *front, struct croft_error *err)
{
	AUTO_BUF struct buf text = BUF_INIT(YAML_MAX_BYTES), line = BUF_INIT(8192);
	struct version1_profile profile;
	int r = ai_generate(&front->options, &front->place.at, &front->arena, &profile, err);

	if (r < 0)
		return r;
	ai_print_file(&text, &profile);
	r = check_generated(&text, &front->arena, err);
	if (r < 0)
		return r;
	if (!front->options.has[AI_OUTPUT])
		return cli_print(&text) ? -EIO : 0;
	r = write_output(front, &text, err);
	if (r < 0)
		return r;
	buf_printf(&line, "the profile '%s' was written to '%s'", profile.name,
		   front->options.value[AI_OUTPUT]);
	tell(front, LEVEL_INFO, buf_text(&line));
	return 0;
}

/* The report goes to stdout in any case; what is wrong to stderr too. */
static int check(struct front *front, struct croft_error *err)
{
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX);
	char list[1024];
	ssize_t n = fd_read_file(AT_FDCWD, LSM_FILE, list, sizeof(list));
	int r = host_probe_fully(&front->host, err);

	if (r < 0)
		return r;
	if (n > 0 && list[n - 1] == '\n')
		list[n - 1] = '\0';
	ai_print_check(&buf, &front->host, n < 0 ? NULL : list, n < 0 ? errno_text((int)-n) : "");
	if (cli_print(&buf))
		return -EIO;
	if (front->host.landlock.abi > 0 && front->host.landlock.enforces != HOST_NO)
		return 0;
	return fail(err, CROFT_STAGE_HOST, 0, "Landlock cannot be used here");
}

/* The keys at the margin, as the original prints them: scripts read access_roots at the top. */
static int print_config(const struct front *front)
{
	const struct ai_choice *choice = &front->choice;
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX);

	if (choice->is_root_mode)
		buf_puts(&buf, "# what --root stands for\n");
	else
		buf_printf(&buf, "# the profile %s\n", choice->profile.name);
	ai_print_profile(&buf, &choice->profile, 0);
	return cli_print(&buf) ? -EIO : 0;
}

/* Each path holds a descriptor: a file with many may need more than the soft limit. */
static int make_profile(struct front *front, bool is_open, struct croft_error *err)
{
	int r = ai_profile_new(&front->options, &front->choice, &front->place.at, is_open,
			       &front->arena, &front->profile, err);

	if (r < 0)
		return r;
	return cli_raise_open_files(front->profile, &front->launch.nofile,
				    &front->launch.restores_nofile, err);
}

static int make_plan(struct front *front, const char *const *argv, struct croft_error *err)
{
	int r = sandbox_plan(front->profile, &front->host, argv, (const char *const *)environ,
			     &front->sandbox, err);

	if (r < 0)
		return r;
	/*
	 * the only path there is, and the user's word of this moment: without it nothing is meant
	 */
	if (front->choice.is_root_mode && front->sandbox.facts[0].errnum)
		return fail(err, CROFT_STAGE_PLAN, front->sandbox.facts[0].errnum, "--root '%s'",
			    front->profile->grants[0].path);
	return 0;
}

/* What a start would do, as far as the plan: nothing is enforced, and no command is looked for. */
static int print_ruleset(struct front *front, struct croft_error *err)
{
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX);
	int r = host_probe(&front->host, err);

	if (r == 0)
		r = make_profile(front, false, err);
	if (r == 0)
		r = make_plan(front, sandbox_any_command, err);
	if (r < 0)
		return r;
	ai_print_ruleset(&buf, &front->choice.profile, &front->sandbox, front->choice.is_root_mode);
	return cli_print(&buf) ? -EIO : 0;
}

/* The command behind "--", else the profile's; NULL: there is none, or no memory. */
static const char *const *find_command(struct front *front)
{
	const struct profile *profile = front->profile;
	const char **argv;

	if (front->argv[0])
		return front->argv;
	if (!profile->program)
		return NULL;
	argv = arena_calloc(&front->arena, profile->n_args + 2, sizeof(*argv));
	if (!argv)
		return NULL;
	argv[0] = profile->program;
	for (size_t i = 0; i < profile->n_args; i++)
		argv[i + 1] = profile->args[i];
	return argv;
}

/* Why a start is refused here, in the words of the row that is not kept. */
static int no_landlock(const struct front *front, struct croft_error *err)
{
	const struct plan_row *row = &front->sandbox.plan->rows[PROTECT_FILES];

	(void)fail(err, CROFT_STAGE_PLAN, 0, "Landlock is not available: %s", row->missing);
	fail_hint(err, "%s%s--allow-unsandboxed runs the command without any sandbox", row->mend,
		  *row->mend ? "; " : "");
	return -EOPNOTSUPP;
}

/* What was passed over, or held back, is said. */
static void tell_rest(const struct front *front, bool is_open)
{
	const struct plan *plan = front->sandbox.plan;
	AUTO_BUF struct buf line = BUF_INIT(64U << 10);

	for (size_t i = 0; i < front->profile->n_grants; i++) {
		const struct path_fact *fact = &front->sandbox.facts[i];

		if (!fact->errnum)
			continue;
		buf_printf(&line, "the path '%s' is passed over: %s",
			   front->profile->grants[i].path, errno_text(fact->errnum));
		tell(front, LEVEL_WARN, buf_text(&line));
		buf_reset(&line);
	}
	plan_warn(&line, plan);
	if (line.len)
		tell(front, LEVEL_WARN, buf_text(&line));
	buf_reset(&line);
	for (size_t i = 0; i < plan->n_env_dropped; i++)
		buf_printf(&line, "%s%s", i ? ", " : "variables held back: ", plan->env_dropped[i]);
	if (line.len) {
		buf_puts(&line, " (--env NAME passes one on)");
		tell(front, LEVEL_INFO, buf_text(&line));
	}
	if (is_open)
		say(LEVEL_WARN, "there is no Landlock: the command runs without a sandbox");
}

/* The plan as people read it, a line at a time. */
static void tell_plan(const struct front *front)
{
	AUTO_BUF struct buf text = BUF_INIT(TEXT_MAX);

	if (front->level < LEVEL_DEBUG)
		return;
	plan_print(&text, front->sandbox.plan);
	for (char *line = text.data; line && *line;) {
		size_t len = strcspn(line, "\n");
		bool is_last = !line[len];

		line[len] = '\0';
		say(LEVEL_DEBUG, line);
		line += len + !is_last;
	}
}

/* All that is told is told now: after this the process is the command's. */
static void tell_start(const struct front *front, bool is_open)
{
	AUTO_BUF struct buf line = BUF_INIT(64U << 10);

	tell_rest(front, is_open);
	tell_plan(front);
	/* not its arguments: what is told by default must not tell a secret */
	buf_printf(&line, "%s, root %s, Landlock ABI %d: executing '%s'",
		   front->choice.is_root_mode ? "root mode" : front->choice.profile.name,
		   front->choice.root ? front->choice.root : "none", front->sandbox.plan->abi,
		   front->sandbox.plan->command.path);
	tell(front, LEVEL_INFO, buf_text(&line));
}

/* --allow-unsandboxed asks for an answer that a start finds out by itself, and fails on. */
static int ask_host(struct front *front, bool *ret_is_open, struct croft_error *err)
{
	const bool allows = front->options.has[AI_ALLOW_UNSANDBOXED];
	int r = host_probe(&front->host, err);

	if (r == 0 && allows && front->host.landlock.abi > 0)
		r = host_probe_enforcement(&front->host, err);
	*ret_is_open = r == 0 && allows &&
		       (front->host.landlock.abi == 0 || front->host.landlock.enforces == HOST_NO);
	return r;
}

/*
 * What exec, or the loader after it, would be refused for is known before. A mend that is an option
 * of `croft run` is told in the words of this command line, which has no such option.
 */
static void reword(const struct front *front, struct croft_error *err)
{
	if (!strstr(err->hint, "--execute") && !strstr(err->hint, "--read"))
		return;
	fail_hint(err, front->choice.is_root_mode
			       ? "--root alone is granted: it has to hold this too, or a profile "
				 "with more groups is needed"
			       : "it needs a group whose permissions are read_file and execute");
}

/* Returns only on failure. */
static int start(struct front *front, struct croft_error *err)
{
	const char *const *argv;
	bool is_open = false;
	int r = cli_ignore_sigpipe(&front->launch, err);

	if (r == 0)
		r = ask_host(front, &is_open, err);
	if (r == 0)
		r = make_profile(front, is_open, err);
	if (r < 0)
		return r;
	argv = find_command(front);
	if (!argv) {
		r = fail(err, CROFT_STAGE_USAGE, 0, "there is no command to run");
		fail_hint(
			err,
			"write it behind '--', or into the profile: command: { binary: PROGRAM }");
		return r;
	}
	r = make_plan(front, argv, err);
	if (r < 0)
		return r;
	if (!is_open && front->sandbox.plan->abi == 0)
		return no_landlock(front, err);
	r = plan_check(front->sandbox.plan, err);
	if (r == 0)
		r = sandbox_find_command(&front->sandbox, err);
	if (r == 0)
		r = launch_prepare(&front->launch, front->sandbox.plan, front->sandbox.facts, err);
	if (r < 0) {
		reword(front, err);
		return r;
	}
	tell_start(front, is_open);
	if (front->sandbox.command.doubt.what[0]) {
		reword(front, &front->sandbox.command.doubt);
		say_failure(LEVEL_WARN, &front->sandbox.command.doubt);
	}
	/* returns only if it failed */
	return child_run(&front->launch, err);
}

/* 0, or a failure that is described in err unless it was one to write to stdout. */
static int run(struct front *front, struct croft_error *err)
{
	const struct ai_options *options = &front->options;
	int r = find_level(front, NULL, err);

	if (r < 0)
		return r;
	place_init(&front->place);
	if (options->has[AI_GENERATE_PROFILE])
		return generate(front, err);
	if (options->has[AI_CHECK])
		return check(front, err);
	r = ai_choose(options, &front->arena, &front->choice, err);
	if (r == 0)
		r = find_level(front, front->choice.profile.log_level, err);
	if (r < 0)
		return r;
	if (options->has[AI_PRINT_CONFIG])
		return print_config(front);
	if (options->has[AI_PRINT_RULESET] || options->has[AI_DRY_RUN] ||
	    front->choice.profile.is_dry_run)
		return print_ruleset(front, err);
	if (options->has[AI_ROOT] && !front->choice.is_root_mode)
		tell(front, LEVEL_WARN, "--root grants nothing beside a profile");
	return start(front, err);
}

static int run_parsed(struct front *front)
{
	struct croft_error err = { 0 };
	int r;

	if (front->options.has[AI_HELP])
		return print_help();
	if (front->options.has[AI_VERSION])
		return print_version();
	r = run(front, &err);
	if (r == 0)
		return 0;
	return *err.what ? front_ai_sandbox_fail(&err) : FRONT_FAILED;
}

int front_ai_sandbox(int argc, char *const argv[])
{
	struct croft_error err = { 0 };
	struct front front;
	int status;

	/* not all of it: most is room for a filter */
	memset(&front, 0, offsetof(struct front, launch));
	launch_init(&front.launch);
	if (ai_options_parse(argc, argv, argc > 0 ? 1 : 0, &front.options, &err) < 0)
		return front_ai_sandbox_fail(&err);
	front.argv = (const char *const *)(argv + front.options.next);
	arena_init(&front.arena, AI_MAX_BYTES);
	status = run_parsed(&front);
	launch_done(&front.launch);
	sandbox_done(&front.sandbox);
	profile_free(front.profile);
	arena_done(&front.arena);
	ai_options_done(&front.options);
	return status;
}
