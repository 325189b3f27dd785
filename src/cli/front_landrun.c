/* SPDX-License-Identifier: MIT */
/*
 * front_landrun.c - croft under the name of landrun.
 *
 *   words -> options -> profile (front_landrun_profile.c) -> plan -> launch, in place
 *
 * What the command line means is docs/design/landrun.md. The engine is croft's own: what
 * landrun gets wrong cannot be got wrong here, since a plan that keeps less than is required
 * is not launched. Whatever fails at our hand is one line on stderr and exit status 1, as
 * wrappers expect; below --log-level info nothing else is said but what --ldd could not find.
 */
#include "cli/front_landrun.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/front_landrun_profile.h"
#include "enforce/process.h"
#include "launch/launch.h"
#include "plan/env.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define FRONT_FAILED 1
#define VERSION_TOLD "0.1.18" /* the command line that is spoken here; packagers look for it */
/* where execvp looks without a PATH (confstr(3), _CS_PATH of glibc) */
#define DEFAULT_PATH "/bin:/usr/bin"

enum level { LEVEL_ERROR, LEVEL_INFO, LEVEL_DEBUG };

struct front {
	struct landrun_options options;
	enum level level;
	const char *const *argv; /* the command */
	char workdir_text[PATH_MAX];
	const char *workdir; /* NULL: unknown */
	struct host host;
	struct profile *profile;
	struct command command;
	bool has_command;
	struct croft_error ungranted; /* what[0] 0: no grant is missing for the exec */
	struct sandbox sandbox;
	struct launch launch; /* last: most of it is room for a filter */
};

/* One line with a prefix, in one write; the text is escaped, names in it are anybody's. */
static void say(const char *prefix, const char *text)
{
	AUTO_BUF struct buf line = BUF_INIT(64U << 10);

	buf_puts(&line, prefix);
	text_escape(&line, text);
	buf_putc(&line, '\n');
	/* with no stderr there is nobody to tell */
	(void)fd_write_all(2, buf_text(&line), line.len);
}

static void put_failure(struct buf *buf, const struct croft_error *err)
{
	buf_puts(buf, err->what);
	if (err->errnum)
		buf_printf(buf, ": %s", errno_text(err->errnum));
	if (*err->hint)
		buf_printf(buf, " (%s)", err->hint);
}

int front_landrun_fail(const struct croft_error *err)
{
	AUTO_BUF struct buf text = BUF_INIT(4096);

	put_failure(&text, err);
	say("[landrun:error] ", buf_text(&text));
	return FRONT_FAILED;
}

static void say_info(const struct front *front, const char *text)
{
	if (front->level >= LEVEL_INFO)
		say("[landrun] ", text);
}

/* The plan as people read it, a line at a time. */
static void say_plan(const struct front *front)
{
	AUTO_BUF struct buf text = BUF_INIT(TEXT_MAX);
	AUTO_BUF struct buf out = BUF_INIT(TEXT_MAX);

	if (front->level < LEVEL_DEBUG)
		return;
	plan_print(&text, front->sandbox.plan);
	for (const char *line = buf_text(&text); *line;) {
		size_t len = strcspn(line, "\n");

		buf_puts(&out, "[landrun:debug] ");
		buf_add(&out, line, len);
		buf_putc(&out, '\n');
		line += len + (line[len] == '\n');
	}
	(void)fd_write_all(2, buf_text(&out), out.len);
}

/* As landrun: any case, and an unknown word is "error". */
static enum level find_level(const struct landrun_options *options)
{
	const char *word = landrun_options_value(options, LANDRUN_LOG_LEVEL);

	if (!word)
		word = getenv("LANDRUN_LOG_LEVEL");
	if (word && !strcasecmp(word, "debug"))
		return LEVEL_DEBUG;
	return word && !strcasecmp(word, "info") ? LEVEL_INFO : LEVEL_ERROR;
}

static int print_help(void)
{
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX);

	buf_puts(&buf, "usage: landrun [options] [--] COMMAND [ARG...]\n\n");
	options_topic(&buf, "LANDRUN");
	return cli_print(&buf) ? FRONT_FAILED : 0;
}

static int print_version(void)
{
	AUTO_BUF struct buf buf = BUF_INIT(256);

	buf_printf(&buf, "landrun version " VERSION_TOLD " (croft %d.%d.%d)\n", CROFT_VERSION_MAJOR,
		   CROFT_VERSION_MINOR, CROFT_VERSION_PATCH);
	return cli_print(&buf) ? FRONT_FAILED : 0;
}

static void find_workdir(struct front *front)
{
	ssize_t n = sys_getcwd(front->workdir_text, sizeof(front->workdir_text));

	/* a removed directory, or one outside the root ("(unreachable)/...") */
	front->workdir = n > 0 && front->workdir_text[0] == '/' ? front->workdir_text : NULL;
}

/*
 * The name is looked up on our own PATH, as landrun does: the command's may be empty. What is
 * behind it (env's program, libraries) will be looked up with the variables that the command gets,
 * so that is how --ldd has to look, once the file is known.
 */
static int find_command(struct front *front, struct croft_error *err)
{
	const char *const *environment = (const char *const *)environ;
	struct command_search search = {
		.name = front->argv[0],
		.path = getenv("PATH"),
	};
	char name[PATH_MAX];
	int r = command_find(&search, &front->command, err);

	if (r == -ENOENT && !search.path)
		fail_hint(err, "PATH is not set: write the program's full name");
	if (r < 0)
		return r;
	front->has_command = true;
	if (!front->options.has[LANDRUN_LDD])
		return 0;
	memcpy(name, front->command.path, sizeof(name));
	command_done(&front->command);
	front->has_command = false;
	search.name = name;
	search.path = env_value(front->profile, environment, "PATH");
	if (!search.path)
		search.path = DEFAULT_PATH;
	search.library_path = env_value(front->profile, environment, "LD_LIBRARY_PATH");
	search.preload = env_value(front->profile, environment, "LD_PRELOAD");
	search.wants_libraries = true;
	r = command_find(&search, &front->command, err);
	front->has_command = r == 0;
	return r;
}

/* What --ldd did not find is said whatever the level: landrun drops it, and the start fails. */
static void warn_of_missing(const struct front *front)
{
	const struct closure *closure = &front->command.closure;

	if (!front->options.has[LANDRUN_LDD])
		return;
	for (size_t i = 0; i < closure->n_troubles; i++) {
		AUTO_BUF struct buf text = BUF_INIT(4096);

		if (trouble_weight(&closure->troubles[i]) < WEIGHT_START)
			continue;
		buf_puts(&text, "warning: --ldd: ");
		trouble_what(&text, &closure->troubles[i]);
		say("[landrun] ", buf_text(&text));
	}
}

/* Everything up to the plan. */
static int make_plan(struct front *front, struct croft_error *err)
{
	const char *const *environment = (const char *const *)environ;
	int r = landrun_profile_new(&front->options, &front->host, front->workdir, environment,
				    &front->profile, err);

	if (r == 0)
		r = find_command(front, err);
	if (r < 0)
		return r;
	warn_of_missing(front);
	r = landrun_grant_command(&front->options, &front->command, front->workdir, front->profile,
				  err);
	if (r == 0)
		r = cli_raise_open_files(front->profile, &front->launch.nofile,
					 &front->launch.restores_nofile, err);
	if (r < 0)
		return r;
	r = sandbox_plan(front->profile, &front->host, front->argv, environment, &front->sandbox,
			 err);
	/* a path that is not there: the plan knows croft's own way to pass it over */
	if (r == -ENOENT && err->stage == CROFT_STAGE_PLAN)
		fail_hint(err, "create it, or say --ignore-missing");
	return r;
}

/*
 * All three domains are left alone: what is left of the sandbox is environment and descriptors. The
 * stages of the engine would set no_new_privs, which Landlock needs and landrun does not set here:
 * sudo works behind such a wrapper, and shall.
 */
static int start_unrestricted(const struct front *front, struct croft_error *err)
{
	const struct plan_command *command = &front->sandbox.plan->command;
	int r;

	say_info(front, "nothing is restricted: no Landlock is applied");
	r = descriptors_apply(front->profile->keep_fds, front->profile->n_keep_fds, err);
	if (r < 0)
		return r;
	r = sys_execve(command->path, (char *const *)(uintptr_t)command->argv,
		       (char *const *)(uintptr_t)command->envp);
	return fail(err, CROFT_STAGE_EXEC, -r, "execute '%s'", command->path);
}

static void say_start(const struct front *front, const char *missing)
{
	AUTO_BUF struct buf text = BUF_INIT(64U << 10);

	say_plan(front);
	if (*missing) {
		buf_printf(&text, "this kernel's Landlock, ABI %d, does not know: %s",
			   front->host.landlock.abi, missing);
		say_info(front, buf_text(&text));
		buf_reset(&text);
	}
	buf_puts(&text, "executing:");
	for (size_t i = 0; front->argv[i]; i++) {
		buf_putc(&text, ' ');
		text_quote(&text, front->argv[i]);
	}
	say_info(front, buf_text(&text));
}

/*
 * What exec would be refused for lack of a grant is noted while it can be looked at. Only exec
 * can tell for sure: by a hard link or a bind mount a file may be granted under another name.
 */
static void note_grants(struct front *front)
{
	if (command_check_grants(&front->command, front->sandbox.plan, front->sandbox.facts,
				 &front->ungranted) < 0)
		fail_hint(&front->ungranted,
			  "--add-exec grants the command, --ldd what it needs to start; or name it "
			  "with --rox");
}

static int start(struct front *front, struct croft_error *err)
{
	char missing[1024] = "";
	int r = host_probe(&front->host, err);

	if (r == 0)
		r = landrun_check_host(&front->options, &front->host, missing, sizeof(missing),
				       err);
	if (r == 0)
		r = make_plan(front, err);
	if (r < 0)
		return r;
	/* not looked up again: the plan's own search would be on the command's PATH */
	front->sandbox.plan->command.path = front->command.path;
	if (landrun_is_unrestricted(&front->options)) {
		say_start(front, missing);
		return start_unrestricted(front, err);
	}
	note_grants(front);
	r = launch_prepare(&front->launch, front->sandbox.plan, front->sandbox.facts, err);
	if (r < 0)
		return r;
	say_start(front, missing);
	/* returns only if it failed */
	r = child_run(&front->launch, err);
	if (err->stage == CROFT_STAGE_EXEC && err->errnum == EACCES && *front->ungranted.what)
		*err = front->ungranted;
	return r;
}

static int run(struct front *front)
{
	struct croft_error err = { 0 };

	if (front->options.has[LANDRUN_HELP])
		return print_help();
	if (front->options.has[LANDRUN_VERSION])
		return print_version();
	front->level = find_level(&front->options);
	if (!front->argv[0]) {
		(void)fail(&err, CROFT_STAGE_USAGE, 0, "there is no command to run");
		fail_hint(&err, "see landrun --help");
		return front_landrun_fail(&err);
	}
	find_workdir(front);
	(void)start(front, &err);
	return front_landrun_fail(&err);
}

int front_landrun(int argc, char *const argv[])
{
	struct croft_error err = { 0 };
	struct front front;
	int status;

	/* not all of it: most is room for a filter */
	memset(&front, 0, offsetof(struct front, launch));
	launch_init(&front.launch);
	if (landrun_options_parse(argc, argv, argc > 0 ? 1 : 0, &front.options, &err) < 0)
		return front_landrun_fail(&err);
	front.argv = (const char *const *)(argv + front.options.next);
	status = run(&front);
	launch_done(&front.launch);
	sandbox_done(&front.sandbox);
	if (front.has_command)
		command_done(&front.command);
	profile_free(front.profile);
	landrun_options_done(&front.options);
	return status;
}
