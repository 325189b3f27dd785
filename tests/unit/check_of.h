/* SPDX-License-Identifier: MIT */
/*
 * check_of.h - what croft check finds in a profile that a test writes, in a world that it made.
 *
 * A test's text is the inside of one profile, from line 4 of the file on; '@' in it and in the
 * environment stands for the scratch directory. The home directory is @/home, the working
 * directory @/project.
 */
#ifndef CROFT_TESTS_UNIT_CHECK_OF_H
#define CROFT_TESTS_UNIT_CHECK_OF_H

#include "ground.h"

#include "check/check.h"

#define CHECK_MAX_ENV 4

static struct findings found;

static inline struct host host_of(int abi)
{
	return (struct host){
		.arch = ARCH_NATIVE,
		.kernel_release = "7.3.0",
		.uid = 1000,
		.landlock = { .abi = abi, .errnum = abi ? 0 : ENOSYS, .enforces = HOST_YES },
		.seccomp = { .has_kill_process = true },
		.has_close_range = true,
		.has_pidfd = true
	};
}

/* With the scratch directory for each '@'. */
static inline void put_scratch(struct buf *buf, const char *text)
{
	for (; *text; text++) {
		if (*text == '@')
			buf_puts(buf, scratch);
		else
			buf_putc(buf, *text);
	}
}

static inline void link_to(const char *target, const char *name)
{
	char path[GROUND_PATH];

	assert_return_code(symlink(target, in_scratch(path, name)), errno);
}

static inline void hard_link(const char *old, const char *name)
{
	char from[GROUND_PATH], to[GROUND_PATH];

	assert_return_code(link(in_scratch(from, old), in_scratch(to, name)), errno);
}

/* Checks a word; the findings are in `found`. The result of check_word. */
static inline int check_in_world(const char *word, const struct host *host,
				 const char *const *variables, size_t *ret_n)
{
	char home[GROUND_PATH], workdir[GROUND_PATH];
	const struct load_place place = { .home = in_scratch(home, "home"),
					  .workdir = in_scratch(workdir, "project"),
					  .environ = variables };
	struct croft_error err = { 0 };
	const char *file;
	int r;

	findings_done(&found);
	findings_init(&found);
	r = check_word(word, &place, host, &found, &file, ret_n, &err);
	if (r == 0)
		findings_sort(&found, file);
	return r;
}

/* Checks the profile `body` on a host with that Landlock, in an environment (NULL: none). */
static inline void check_body(const char *body, int abi, const char *const *environment)
{
	AUTO_BUF struct buf text = BUF_INIT(65536);
	static char variables[CHECK_MAX_ENV][4096];
	const char *list[CHECK_MAX_ENV + 1] = { NULL };
	const struct host host = host_of(abi < 0 ? 0 : abi);
	char path[GROUND_PATH];
	size_t n;

	buf_puts(&text, "version: 2\nprofiles:\n  p:\n");
	put_scratch(&text, body);
	buf_putc(&text, '\n');
	make_file("p.yaml", buf_text(&text), 0600);
	for (size_t i = 0; environment && i < CHECK_MAX_ENV && environment[i]; i++) {
		buf_reset(&text);
		put_scratch(&text, environment[i]);
		(void)snprintf(variables[i], sizeof(variables[i]), "%s", buf_text(&text));
		list[i] = variables[i];
	}
	assert_int_equal(check_in_world(in_scratch(path, "p.yaml"), &host, list, &n), 0);
	assert_in_range(n, 1, 2);
}

/* The first finding of that kind whose text holds `part` ('@' as above), or NULL. */
static inline const struct finding *told(enum finding_kind kind, const char *part)
{
	AUTO_BUF struct buf text = BUF_INIT(4096);

	put_scratch(&text, part);
	for (size_t i = 0; i < found.n; i++)
		if (found.items[i].kind == kind && strstr(found.items[i].what, buf_text(&text)))
			return &found.items[i];
	return NULL;
}

/* For a test that failed: everything that was found. */
static inline const char *all_told(void)
{
	static char text[8192];
	AUTO_BUF struct buf buf = BUF_INIT(sizeof(text) - 1);

	findings_print(&buf, &found, true);
	(void)snprintf(text, sizeof(text), "%s", buf_text(&buf));
	return text;
}

struct check_row {
	enum finding_kind kind;
	const char *with; /* the profile that has it */
	const char *without; /* the same but for what it is about */
	const char *text; /* is in the finding */
	unsigned line; /* where it is told */
	const char *environment[CHECK_MAX_ENV];
	int abi; /* 0: the newest; -1: no Landlock */
	int abi_without; /* 0: the same */
};

static inline void check_rows(const struct check_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct check_row *row = &rows[i];
		int abi = row->abi ? row->abi : ABI_LANDLOCK_NEWEST;
		const struct finding *finding;

		check_body(row->with, abi, row->environment);
		finding = told(row->kind, row->text);
		if (!finding)
			fail_msg("row %zu: '%s' is not told of:\n%s\n%s", i, row->text, row->with,
				 all_told());
		else if (finding->spot.line != row->line)
			fail_msg("row %zu: line %u, not %u:\n%s", i, finding->spot.line, row->line,
				 all_told());
		check_body(row->without, row->abi_without ? row->abi_without : abi,
			   row->environment);
		if (told(row->kind, row->text))
			fail_msg("row %zu: '%s' is told of:\n%s\n%s", i, row->text, row->without,
				 all_told());
	}
}

static inline int check_close(void **state)
{
	findings_done(&found);
	return ground_close(state);
}

#endif
