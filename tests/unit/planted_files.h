/* SPDX-License-Identifier: MIT */
/*
 * planted_files.h - a directory that stands for "/", and the observations that a look below it
 * reports.
 */
#ifndef CROFT_TESTS_UNIT_PLANTED_FILES_H
#define CROFT_TESTS_UNIT_PLANTED_FILES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "doctor/probe.h"

struct files {
	char path[64];
	int root, pipe[2];
	struct observations set;
	bool has_set;
};

static inline void files_new(struct files *files)
{
	(void)snprintf(files->path, sizeof(files->path), "/tmp/croft-files-XXXXXX");
	assert_non_null(mkdtemp(files->path));
	files->root = open(files->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(files->root >= 0);
	assert_int_equal(pipe2(files->pipe, O_CLOEXEC | O_NONBLOCK), 0);
	files->has_set = false;
}

/* Makes the directories of a path below the root, and leaves its full name in `ret`. */
static inline void files_name(const struct files *files, const char *path, char ret[512])
{
	assert_true(snprintf(ret, 512, "%s/%s", files->path, path) < 512);
	for (char *at = ret + strlen(files->path) + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		(void)mkdir(ret, 0755);
		*at = '/';
	}
}

static inline void files_put(const struct files *files, const char *path, const char *text)
{
	char name[512];
	FILE *file;

	files_name(files, path, name);
	file = fopen(name, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static inline void files_link(const struct files *files, const char *text, const char *path)
{
	char name[512];

	files_name(files, path, name);
	assert_int_equal(symlink(text, name), 0);
}

static inline struct probe_context files_context(const struct files *files)
{
	return (struct probe_context){ .tmp = "", .proc_fd = -1, .report_fd = files->pipe[1] };
}

/* Reads what was reported: once a look. */
static inline void files_take(struct files *files)
{
	char data[65536];
	ssize_t n = read(files->pipe[0], data, sizeof(data));

	if (files->has_set)
		observations_done(&files->set);
	observations_init(&files->set);
	files->has_set = true;
	if (n > 0)
		assert_int_equal(probe_reports_add(&files->set, data, (size_t)n), 0);
}

/* The one record of this kind with this subject and step; text: a part of it. */
static inline void files_said(const struct files *files, enum obs id, const char *subject,
			      const char *step, const char *text)
{
	const struct observation *found = NULL;

	while ((found = observed_next(&files->set, id, found)))
		if (strcmp(found->subject, subject) == 0 && strcmp(found->step, step) == 0 &&
		    strstr(found->text, text))
			return;
	while ((found = observed_next(&files->set, id, found)))
		print_message("there is: %s %s %s\n", found->subject, found->step, found->text);
	fail_msg("not said: %s %s %s", subject, step, text);
}

static inline size_t files_count(const struct files *files, enum obs id)
{
	const struct observation *found = NULL;
	size_t n = 0;

	while ((found = observed_next(&files->set, id, found)))
		n++;
	return n;
}

static inline int files_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static inline void files_end(struct files *files)
{
	if (files->has_set)
		observations_done(&files->set);
	assert_int_equal(nftw(files->path, files_remove, 8, FTW_DEPTH | FTW_PHYS), 0);
	(void)close(files->root);
	(void)close(files->pipe[0]);
	(void)close(files->pipe[1]);
}

#endif
