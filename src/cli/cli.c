/* SPDX-License-Identifier: MIT */
/*
 * cli.c - messages, exit statuses, and the way from options to a profile.
 *
 * Nothing goes through stdio: a message is built in a bounded buffer, escaped, and
 * written with one call, so that it cannot be torn apart or forged by a file's name.
 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "base/text.h"
#include "cli/place.h"
#include "cli/project_profile.h"
#include "cli/room.h"
#include "launch/deps.h"
#include "launch/globs.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define SPARE_FILES 64 /* what was inherited, and what a start opens besides */

int cli_status(const struct croft_error *err)
{
	if (err->stage != CROFT_STAGE_EXEC)
		return EXIT_CROFT;
	return err->errnum == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

void cli_describe(struct buf *line, const struct croft_error *err)
{
	text_escape(line, err->what);
	if (err->errnum)
		buf_printf(line, ": %s", errno_text(err->errnum));
	if (*err->hint) {
		buf_puts(line, " (");
		text_escape(line, err->hint);
		buf_putc(line, ')');
	}
}

static void tell(const char *prefix, const struct croft_error *err)
{
	AUTO_BUF struct buf line = BUF_INIT(4096);

	buf_puts(&line, prefix);
	cli_describe(&line, err);
	buf_putc(&line, '\n');
	/* with no stderr there is nobody to tell */
	(void)fd_write_all(2, buf_text(&line), line.len);
}

int cli_fail(const struct croft_error *err)
{
	tell("croft: ", err);
	return cli_status(err);
}

void cli_warn_of(const struct croft_error *err)
{
	tell("croft: warning: ", err);
}

void cli_warn(const char *text)
{
	AUTO_BUF struct buf line = BUF_INIT(8192);

	buf_puts(&line, "croft: ");
	text_escape(&line, text);
	buf_putc(&line, '\n');
	(void)fd_write_all(2, buf_text(&line), line.len);
}

/* Who shares our output may have made it one that does not wait (O_NONBLOCK): so we wait. */
static int write_out(const char *data, size_t len)
{
	struct pollfd poll = { .fd = 1, .events = POLLOUT };

	while (len) {
		ssize_t n = sys_write(1, data, len);

		if (n == -EAGAIN)
			n = sys_ppoll(&poll, 1, -1) < 0 ? -EINTR : 0;
		else if (n == 0)
			return -EIO;
		if (n < 0 && n != -EINTR)
			return (int)n;
		data += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int cli_print(const struct buf *buf)
{
	struct croft_error err = { 0 };
	int r = buf_error(buf);

	if (r == 0)
		r = write_out(buf_text(buf), buf->len);
	if (r == 0)
		return 0;
	(void)fail(&err, CROFT_STAGE_USAGE, -r, "write to standard output");
	return cli_fail(&err);
}

int cli_check_standard(struct croft_error *err)
{
	static const char *const names[] = { "input", "output", "error" };

	for (int fd = 0; fd < 3; fd++) {
		int r = sys_fcntl(fd, F_GETFD, 0);

		if (r < 0) {
			r = fail(err, CROFT_STAGE_USAGE, 0, "standard %s (descriptor %d) is closed",
				 names[fd], fd);
			fail_hint(err, "open it, for example on /dev/null");
			return r;
		}
	}
	return 0;
}

int cli_help(const struct option_list *list, enum option_command command)
{
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX);

	options_help(&buf, command, options_value(list, OPT_HELP, NULL) != NULL);
	return cli_print(&buf);
}

/* Options that are the command line's, not the profile's. */
static bool is_profile_key(enum option_id id)
{
	switch (id) {
	case OPT_PROFILE:
	case OPT_ROOT:
	case OPT_UPPER:
	case OPT_MOUNT:
	case OPT_USER:
	case OPT_OPTIONS_FD:
	case OPT_SESSION:
	case OPT_NAME:
	case OPT_JOIN_FD:
	case OPT_DRY_RUN:
	case OPT_JSON:
	case OPT_STATUS_FD:
	case OPT_HELP:
	case OPT_HOST:
	case OPT_SAVE_HOST:
	case OPT_VERSION:
		return false;
	default:
		return true;
	}
}

int cli_apply(const struct option_list *list, struct profile *profile, struct croft_error *err)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct option_word *word = &list->words[i];
		int r;

		if (!is_profile_key(word->id))
			continue;
		r = profile_set(profile, option_name(word->id), word->value,
				option_origin(word->id), err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* In a room no file of the host's decides, but one that was named. */
static int load_for_room(const char *word, struct profile **ret_profile, struct croft_error *err)
{
	struct place place;
	int r;

	place_init_room(&place);
	r = load_profile(word ? word : "job", &place.at, ret_profile, err);
	if (r == 0)
		room_profile(*ret_profile);
	return r;
}

/* Without a word the project's own file counts, and without one `default`. */
static int load(const char *word, struct profile **ret_profile, struct croft_error *err)
{
	struct place place;

	place_init(&place);
	return word ? load_profile(word, &place.at, ret_profile, err)
		    : project_profile(&place.at, ret_profile, err);
}

int cli_profile(const struct option_list *list, struct profile **ret_profile,
		struct croft_error *err)
{
	struct profile *profile;
	const char *word = options_value(list, OPT_PROFILE, NULL);
	int r = options_has(list, OPT_ROOT) ? load_for_room(word, &profile, err)
					    : load(word, &profile, err);

	if (r < 0)
		return r;
	r = cli_apply(list, profile, err);
	if (r < 0) {
		profile_free(profile);
		return r;
	}
	*ret_profile = profile;
	return 0;
}

int cli_command(struct profile *profile, const char *const *words, const char *const **ret_argv,
		struct croft_error *err)
{
	const char *const *argv = NULL;
	int r = words[0] ? 0 : profile_command(profile, &argv, err);

	if (r < 0)
		return r;
	*ret_argv = argv ? argv : words;
	return 0;
}

int cli_raise_open_files(const struct profile *profile, struct rlimit *ret_old, bool *ret_raised,
			 struct croft_error *err)
{
	size_t needed = profile->n_grants + profile->n_bounds + SPARE_FILES;
	struct rlimit limit;
	int r;

	if (deps_are_wanted(profile))
		needed += CLOSURE_MAX_FILES;
	/* what patterns stand for is not known yet */
	if (globs_are_wanted(profile))
		needed += PROFILE_MAX_GRANTS;
	/* the usual soft limit is 1024; few start with less than 256 */
	if (needed <= 128)
		return 0;
	r = sys_prlimit(RLIMIT_NOFILE, NULL, &limit);
	if (r < 0)
		return fail(err, CROFT_STAGE_PREPARE, -r, "read the limit on open files");
	if (needed <= limit.rlim_cur)
		return 0;
	*ret_old = limit;
	*ret_raised = true;
	limit.rlim_cur = limit.rlim_max;
	r = sys_prlimit(RLIMIT_NOFILE, &limit, NULL);
	return r < 0 ? fail(err, CROFT_STAGE_PREPARE, -r, "raise the limit on open files") : 0;
}

int cli_ignore_sigpipe(struct launch *launch, struct croft_error *err)
{
	const struct sys_sigaction ignore = { .handler = SIG_IGN };
	struct sys_sigaction old;
	int r = sys_sigaction(SIGPIPE, &ignore, &old);

	if (r < 0)
		return fail(err, CROFT_STAGE_START, -r, "ignore SIGPIPE");
	launch->defaults_sigpipe = old.handler == SIG_DFL;
	return 0;
}
