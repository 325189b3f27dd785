/* SPDX-License-Identifier: MIT */
/*
 * response.c - one JSON object into the runner's file.
 *
 * The runner takes "exit 0 and an empty file" for success of everything but prepare_job, and a file
 * that it cannot read for a message that names nothing. So the file is opened for writing before
 * anything else happens, written in one go, read back and compared; whatever goes wrong is a
 * failure of the call. It is the runner's own file and is not replaced by another: the
 * runner holds no lock on it and reads it when we have ended. No link is followed, for
 * earlier steps of the job can write the folder that it lies in.
 */
#include "gha/response.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define RESPONSE_MAX 4096

static int open_file(const char *file, int flags, int *ret_fd, struct croft_error *err)
{
	AUTO_FD int fd = sys_openat(AT_FDCWD, file, flags | O_NOFOLLOW | O_NONBLOCK, 0);
	struct stat st;
	int r = fd < 0 ? fd : sys_fstatat(fd, "", &st, AT_EMPTY_PATH);

	if (r >= 0 && !S_ISREG(st.st_mode))
		r = -EINVAL;
	if (r < 0) {
		r = fail(err, CROFT_STAGE_PREPARE, -r, "write the response file '%s'", file);
		fail_hint(err, "the runner makes it; it has to be a file that its user may write");
		return r;
	}
	*ret_fd = fd_take(&fd);
	return 0;
}

int response_check(const char *file, struct croft_error *err)
{
	AUTO_FD int fd = -1;

	return open_file(file, O_WRONLY, &fd, err);
}

static void print(struct buf *buf, const struct job *job, bool is_prepare)
{
	struct json json;

	json_init(&json, buf);
	json_object_begin(&json);
	json_key(&json, "state");
	json_object_begin(&json);
	json_key(&json, "croft");
	json_object_begin(&json);
	json_key(&json, "version");
	json_uint(&json, 1);
	json_key(&json, "job");
	json_string(&json, job->id);
	json_object_end(&json);
	json_object_end(&json);
	if (is_prepare) {
		json_key(&json, "context");
		json_object_begin(&json);
		json_key(&json, "container");
		json_object_begin(&json);
		json_key(&json, "id");
		json_string(&json, job->id);
		json_key(&json, "network");
		json_string(&json, "host");
		json_object_end(&json);
		json_key(&json, "services");
		json_array_begin(&json);
		json_array_end(&json);
		json_object_end(&json);
		json_key(&json, "isAlpine");
		json_bool(&json, job->is_alpine);
	}
	json_object_end(&json);
	buf_putc(buf, '\n');
}

int response_write(const char *file, const struct job *job, bool is_prepare,
		   struct croft_error *err)
{
	AUTO_BUF struct buf buf = BUF_INIT(RESPONSE_MAX);
	AUTO_FD int fd = -1, again = -1;
	int emptied;
	char seen[RESPONSE_MAX + 1];
	ssize_t n;
	int r = open_file(file, O_WRONLY | O_TRUNC, &fd, err);

	if (r < 0)
		return r;
	print(&buf, job, is_prepare);
	r = buf_error(&buf);
	if (r == 0)
		r = fd_write_all(fd, buf_text(&buf), buf.len);
	if (r == 0) {
		r = open_file(file, O_RDONLY, &again, err);
		n = r < 0 ? r : fd_read_text(again, seen, sizeof(seen));
		r = n < 0                                                            ? (int)n
		    : (size_t)n == buf.len && !memcmp(seen, buf_text(&buf), buf.len) ? 0
										     : -EIO;
	}
	if (r == 0)
		return 0;
	emptied = sys_openat(AT_FDCWD, file, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_NONBLOCK, 0);
	fd_close(&emptied);
	r = fail(err, CROFT_STAGE_PREPARE, -r, "write the response file '%s'", file);
	fail_hint(err, "is there room in the runner's work folder?");
	return r;
}
