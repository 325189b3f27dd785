/* SPDX-License-Identifier: MIT */
/*
 * cmd_profile_trust.c - croft profile trust: approves what a project's file says now.
 *
 * What is approved is printed: the digest, and each wish that goes beyond the profile `default`,
 * for that is what the user gives away. A file that could not be loaded is not approved.
 *
 * An approval is taken back by file as well: that of its present content, and those that were
 * given to the same path before it changed. So the file need not be there any more.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/cmd_profile.h"
#include "cli/place.h"
#include "cli/project_profile.h"
#include "host/paths.h"
#include "profile/store.h"

#define MAX_BEYOND 200 /* lines; nobody reads more, and a file of wishes may have thousands */

struct trust {
	struct place place;
	struct arena arena;
	const char *dir; /* where approvals are kept */
	const char *path; /* of the file, absolute */
};

/*
 * The same file under the one name that its directory has, so that it is known again however it
 * is spelled. The last name stays: whether it is a link is looked at later.
 */
static const char *tidy(struct trust *trust, const char *path)
{
	const char *slash = strrchr(path, '/');
	char directory[PATH_MAX], real[PATH_MAX];
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (len == 0 || len >= sizeof(directory))
		return path;
	memcpy(directory, path, len);
	directory[len] = '\0';
	if (path_resolve(directory, real, sizeof(real)) < 0)
		return path;
	return arena_printf(&trust->arena, "%s%s", strcmp(real, "/") != 0 ? real : "", slash);
}

/* Where the file is: the word's, or the project's own. */
static int find_file(struct trust *trust, const char *word, struct croft_error *err)
{
	const struct load_place *at = &trust->place.at;

	if (!word)
		trust->path = project_file_path(at, &trust->arena);
	else if (word[0] == '/')
		trust->path = word;
	else if (at->workdir)
		trust->path = arena_printf(&trust->arena, "%s/%s", at->workdir,
					   !strncmp(word, "./", 2) ? word + 2 : word);
	if (trust->path)
		trust->path = tidy(trust, trust->path);
	if (!trust->path)
		return fail(err, CROFT_STAGE_USAGE, ENOENT, "find the working directory");
	return 0;
}

static int trust_init(struct trust *trust, const char *word, struct croft_error *err)
{
	int r;

	place_init(&trust->place);
	arena_init(&trust->arena, 8 * (size_t)PATH_MAX);
	trust->path = NULL;
	trust->dir = trust_dir(&trust->arena, trust->place.at.home, trust->place.at.environ);
	if (trust->dir)
		return find_file(trust, word, err);
	r = fail(err, CROFT_STAGE_PROFILE, 0, "there is no place for approvals");
	fail_hint(err, "HOME has to be set, or XDG_STATE_HOME");
	return r;
}

/* What is approved, line by line */

struct lines {
	struct buf *buf;
	size_t n;
};

static void print_beyond(void *context, const char *key, const char *value)
{
	struct lines *lines = context;

	if (lines->n++ == 0)
		buf_puts(lines->buf, "  asks for more than the profile 'default':\n");
	if (lines->n > MAX_BEYOND)
		return;
	buf_printf(lines->buf, "    %-20s ", key);
	text_escape(lines->buf, value);
	buf_putc(lines->buf, '\n');
}

static int describe(struct buf *buf, const struct trust *trust, const struct project_file *file,
		    struct croft_error *err)
{
	struct lines lines = { .buf = buf };
	struct profile *profile, *base;
	int r = load_document(&file->document, NULL, true, &trust->place.at, &profile, err);

	if (r < 0)
		return r;
	r = load_profile("default", &trust->place.at, &base, err);
	if (r == 0) {
		buf_puts(buf, "approved: ");
		text_escape(buf, file->path);
		buf_printf(buf, "\n  sha-256 %s\n", file->digest);
		project_beyond(base, profile, print_beyond, &lines);
		if (lines.n > MAX_BEYOND)
			buf_printf(buf, "    and %zu more\n", lines.n - MAX_BEYOND);
		if (lines.n == 0)
			buf_puts(buf, "  asks for nothing beyond the profile 'default'\n");
		profile_free(base);
	}
	profile_free(profile);
	return r;
}

static int approve(const struct trust *trust, struct buf *buf, struct croft_error *err)
{
	struct project_file file = { 0 };
	int r = project_file_read(trust->path, &file, err);

	if (r == -ENOENT) {
		r = fail(err, CROFT_STAGE_PROFILE, ENOENT, "approve '%s'", trust->path);
		fail_hint(err, "croft profile new writes one");
	}
	if (r < 0)
		return r;
	r = describe(buf, trust, &file, err);
	if (r == 0)
		r = trust_add(trust->dir, file.digest, trust->path, err);
	project_file_done(&file);
	return r;
}

/* Taking back */

struct search {
	const struct trust *trust;
	char digest[TRUST_DIGEST_SIZE]; /* of the file's content, "" if it is not there */
	struct buf *buf;
	struct croft_error *err;
	unsigned n_removed;
};

static int remove_matching(void *context, const char *digest, const char *path)
{
	struct search *search = context;
	int r;

	if (strcmp(digest, search->digest) != 0 && strcmp(path, search->trust->path) != 0)
		return 0;
	r = trust_remove(search->trust->dir, digest, search->err);
	if (r < 0)
		return r;
	buf_printf(search->buf, "no longer approved: %s  ", digest);
	text_escape(search->buf, path);
	buf_putc(search->buf, '\n');
	search->n_removed++;
	return 0;
}

static int take_back(const struct trust *trust, struct buf *buf, struct croft_error *err)
{
	struct search search = { .trust = trust, .buf = buf, .err = err };
	struct store_text text;
	int r;

	/* one that cannot be read any more still has its path, and that is enough */
	if (store_read(trust->path, &text, NULL) == 0) {
		trust_digest(text.data, text.len, search.digest);
		store_text_done(&text);
	}
	r = trust_list(trust->dir, remove_matching, &search, err);
	if (r == 0 && search.n_removed == 0) {
		r = fail(err, CROFT_STAGE_PROFILE, 0, "'%s' was not approved", trust->path);
		fail_hint(err, "croft profile trust --list names what is");
	}
	return r;
}

/* Listing */

static int print_entry(void *context, const char *digest, const char *path)
{
	struct buf *buf = context;

	buf_printf(buf, "%s  ", digest);
	text_escape(buf, path);
	buf_putc(buf, '\n');
	return 0;
}

static int check_usage(const struct option_list *list, const char *const *words,
		       struct croft_error *err)
{
	if (options_has(list, OPT_LIST) && (words[0] || options_has(list, OPT_REMOVE)))
		return fail(err, CROFT_STAGE_USAGE, 0, "--list stands alone");
	if (words[0] && words[1])
		return fail(err, CROFT_STAGE_USAGE, 0, "one file at a time: '%s' is a second",
			    words[1]);
	if (words[0] && !*words[0])
		return fail(err, CROFT_STAGE_USAGE, 0, "the name of a file is empty");
	return 0;
}

int cmd_profile_trust(const struct option_list *list, const char *const *words)
{
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX);
	struct croft_error err = { 0 };
	struct trust trust;
	int r = check_usage(list, words, &err);

	if (r < 0)
		return cli_fail(&err);
	r = trust_init(&trust, words[0], &err);
	if (r == 0 && options_has(list, OPT_LIST))
		r = trust_list(trust.dir, print_entry, &buf, &err);
	else if (r == 0 && options_has(list, OPT_REMOVE))
		r = take_back(&trust, &buf, &err);
	else if (r == 0)
		r = approve(&trust, &buf, &err);
	arena_done(&trust.arena);
	return r < 0 ? cli_fail(&err) : cli_print(&buf);
}
