/* SPDX-License-Identifier: MIT */
/*
 * tell.c - a failure in the words of a runtime's log.
 */
#include "oci/tell.h"

#include <asm/unistd.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "cli/cli.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define LINE_MAX_BYTES 16384
#define LOG_MODE 0644

static void put_time(char *text, size_t size)
{
	struct timespec now = { 0 };
	struct tm tm;

	(void)sys_raw(__NR_clock_gettime, CLOCK_REALTIME, (long)(uintptr_t)&now, 0, 0, 0, 0);
	*text = '\0';
	if (gmtime_r(&now.tv_sec, &tm))
		(void)strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static void put_pair(struct json *json, const char *key, const char *value)
{
	json_key(json, key);
	json_string(json, value);
}

static void put_line(struct buf *line, bool is_json, const char *message)
{
	struct json json;
	char now[32];

	put_time(now, sizeof(now));
	json_init(&json, line);
	if (is_json) {
		json_object_begin(&json);
		put_pair(&json, "level", "error");
		put_pair(&json, "msg", message);
		put_pair(&json, "time", now);
		json_object_end(&json);
	} else {
		buf_printf(line, "time=\"%s\" level=error msg=", now);
		json_string(&json, message);
	}
	buf_putc(line, '\n');
}

int tell_failure(const struct call *call, const struct croft_error *err)
{
	static const char *const not_files[] = { "journald:", "syslog:" };
	AUTO_BUF struct buf message = BUF_INIT(LINE_MAX_BYTES), line = BUF_INIT(LINE_MAX_BYTES);
	AUTO_FD int fd = -1;
	const char *path = call->log;

	(void)cli_fail(err);
	for (size_t i = 0; path && i < ARRAY_SIZE(not_files); i++) {
		if (!strncmp(path, not_files[i], strlen(not_files[i])))
			path = NULL;
	}
	if (!path || !*path)
		return EXIT_CROFT;
	if (!strncmp(path, "file:", strlen("file:")))
		path += strlen("file:");
	buf_puts(&message, "croft: ");
	cli_describe(&message, err);
	put_line(&line, call->log_format && !strcmp(call->log_format, "json"), buf_text(&message));
	fd = sys_openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY,
			LOG_MODE);
	if (fd >= 0)
		(void)fd_write_all(fd, buf_text(&line), line.len);
	return EXIT_CROFT;
}
