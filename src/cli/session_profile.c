/* SPDX-License-Identifier: MIT */
/*
 * session_profile.c - the profile of a session, from the words that it was started with.
 */
#include "cli/session_profile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "host/paths.h"
#include "sys/calls.h"
#include "sys/fd.h"

/* What a command that joins may say for itself: it grants nothing that the session did not. */
static bool is_the_commands(enum option_id id)
{
	switch (id) {
	case OPT_SESSION:
	case OPT_CHDIR:
	case OPT_DRY_RUN:
	case OPT_ENV:
	case OPT_GRACE:
	case OPT_JSON:
	case OPT_KEEP_FD:
	case OPT_LIMIT:
	case OPT_REQUIRE:
	case OPT_STATUS_FD:
	case OPT_SUPERVISE:
	case OPT_TIME:
		return true;
	default:
		return false;
	}
}

static bool has_private(const struct profile *profile, const char *path)
{
	for (size_t i = 0; i < profile->n_denials; i++)
		if (profile->denials[i].kind == DENY_PRIVATE &&
		    !strcmp(profile->denials[i].path, path))
			return true;
	return false;
}

int session_profile(const struct option_list *list, struct profile **ret_profile,
		    struct croft_error *err)
{
	struct profile *profile;
	int r = cli_profile(list, &profile, err);

	if (r < 0)
		return r;
	if (profile->wants_tmpdir && !has_private(profile, "/tmp"))
		r = profile_add_denial(profile, DENY_PRIVATE, "/tmp", "session", err);
	if (r == 0 && profile->wants_tmpdir)
		r = profile_set_requirement(profile, "private-tmp", REQUIRE_REQUIRE, err);
	if (r == 0 && profile->wants_deps) {
		r = fail(err, CROFT_STAGE_USAGE, 0,
			 "with_deps: a session does not know which commands it will have");
		fail_hint(err, "grant what they need to execute");
	}
	if (r < 0) {
		profile_free(profile);
		return r;
	}
	*ret_profile = profile;
	return 0;
}

int session_words(const struct option_list *list, struct arena *arena,
		  const char *const **ret_words, struct croft_error *err)
{
	const char **words = arena_calloc(arena, list->n + 1, sizeof(*words));
	size_t n = 0;

	for (size_t i = 0; words && i < list->n; i++) {
		const struct option_word *word = &list->words[i];

		if (word->id == OPT_NAME)
			continue;
		words[n] = word->value ? arena_printf(arena, "--%s=%s", option_name(word->id),
						      word->value)
				       : arena_printf(arena, "--%s", option_name(word->id));
		if (!words[n++])
			words = NULL;
	}
	if (!words)
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "store the session's options");
	*ret_words = words;
	return 0;
}

static int check_options(const struct option_list *list, struct croft_error *err)
{
	for (size_t i = 0; i < list->n; i++) {
		int r;

		if (is_the_commands(list->words[i].id))
			continue;
		r = fail(err, CROFT_STAGE_USAGE, 0, "%s does not go with --session",
			 option_origin(list->words[i].id));
		fail_hint(err, "what a session's commands may do is said when it is started");
		return r;
	}
	return 0;
}

/* The session's words again, in its directory. */
static int read_words(const struct session_record *record, struct profile **ret_profile,
		      struct croft_error *err)
{
	struct option_list list;
	int r = options_parse(CMD_SESSION_START, (int)record->n_words,
			      (char *const *)(uintptr_t)record->words, 0, &list, err);

	if (r < 0)
		return r;
	if ((size_t)list.next == record->n_words) {
		r = session_profile(&list, ret_profile, err);
	} else {
		(void)fail(err, CROFT_STAGE_SESSION, EPROTO, "'%s' is no option of a session",
			   record->words[list.next]);
		r = -EPROTO;
	}
	options_done(&list);
	return r;
}

/*
 * Relative to where the caller stands, which need not be where the session was started. By the
 * name that it has without links: links on the way to it are not the session's, if it has a root
 * of its own.
 */
static int set_chdir(struct profile *profile, const char *cwd, const char *text,
		     struct croft_error *err)
{
	char path[2 * PATH_MAX], real[PATH_MAX];

	if (!text)
		return profile_set_chdir(profile, cwd, err);
	(void)snprintf(path, sizeof(path), "%s%s%s", *text == '/' ? "" : cwd,
		       *text == '/' ? "" : "/", text);
	return profile_set_chdir(profile, path_resolve(path, real, sizeof(real)) < 0 ? path : real,
				 err);
}

static int apply_own(struct profile *profile, const struct option_list *list, const char *cwd,
		     struct croft_error *err)
{
	const char *dir = options_value(list, OPT_CHDIR, NULL);
	struct option_list own = *list;
	size_t n = 0;
	int r;

	own.words = arena_calloc(&profile->arena, list->n, sizeof(*own.words));
	if (!own.words)
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "read the options of a command");
	for (size_t i = 0; i < list->n; i++)
		if (list->words[i].id != OPT_CHDIR)
			own.words[n++] = list->words[i];
	own.n = n;
	r = cli_apply(&own, profile, err);
	/* the session's own --chdir stands unless the command has one */
	if (r == 0 && (dir || !profile->chdir))
		r = set_chdir(profile, cwd, dir, err);
	return r;
}

int session_run_profile(const struct session *session, const struct option_list *list,
			struct profile **ret_profile, struct croft_error *err)
{
	AUTO_FD int here = sys_openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY, 0);
	struct profile *profile = NULL;
	char cwd[PATH_MAX];
	ssize_t n = sys_getcwd(cwd, sizeof(cwd));
	int r = check_options(list, err), back;

	if (r < 0)
		return r;
	if (here < 0 || n < 0 || cwd[0] != '/')
		return fail(err, CROFT_STAGE_WORKDIR, here < 0 ? -here : ENOENT,
			    "find the working directory");
	r = sys_chdir(session->record.workdir);
	if (r < 0)
		return fail(err, CROFT_STAGE_SESSION, -r, "enter the session's directory '%s'",
			    session->record.workdir);
	r = read_words(&session->record, &profile, err);
	back = sys_fchdir(here);
	if (r == 0 && back < 0)
		r = fail(err, CROFT_STAGE_WORKDIR, -back, "return to '%s'", cwd);
	if (r == 0)
		r = apply_own(profile, list, cwd, err);
	if (r < 0) {
		profile_free(profile);
		return r;
	}
	*ret_profile = profile;
	return 0;
}
