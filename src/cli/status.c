/* SPDX-License-Identifier: MIT */
/*
 * status.c - the object that --status-fd gets.
 *
 * It tells "never ran" from "ran and failed": `started` is true only if exec
 * succeeded, whatever the command did afterwards.
 */
#include "cli/status.h"

#include <errno.h>
#include <sys/wait.h>

#include "base/json.h"
#include "cli/cli.h"
#include "plan/print.h"
#include "sys/fd.h"

static void write_error(struct json *json, const struct croft_error *err)
{
	json_key(json, "error");
	if (err->stage == CROFT_STAGE_NONE) {
		json_null(json);
		return;
	}
	json_object_begin(json);
	json_key(json, "stage");
	json_string(json, stage_name((enum croft_stage)err->stage));
	json_key(json, "errno");
	if (err->errnum && errno_name(err->errnum))
		json_string(json, errno_name(err->errnum));
	else
		json_int(json, err->errnum);
	json_key(json, "what");
	json_string(json, err->what);
	json_key(json, "hint");
	json_string(json, err->hint);
	json_object_end(json);
}

static const char *exit_reason(const struct outcome *outcome)
{
	if (!outcome->has_started)
		return "not-started";
	if (outcome->timed_out)
		return "time-limit";
	return WIFSIGNALED(outcome->status) ? "signal" : "exit";
}

static void write_usage(struct json *json, const struct outcome *outcome)
{
	const struct rusage *usage = &outcome->usage;

	json_key(json, "usage");
	json_object_begin(json);
	json_key(json, "wall_ms");
	json_int(json, outcome->wall_ms);
	json_key(json, "user_us");
	json_int(json, usage->ru_utime.tv_sec * 1000000 + usage->ru_utime.tv_usec);
	json_key(json, "system_us");
	json_int(json, usage->ru_stime.tv_sec * 1000000 + usage->ru_stime.tv_usec);
	json_key(json, "max_rss_kib");
	json_int(json, usage->ru_maxrss);
	json_key(json, "killed_survivors");
	json_uint(json, outcome->n_killed);
	json_key(json, "killed_for_memory");
	json_uint(json, outcome->n_oom_killed);
	json_object_end(json);
}

int status_write(int fd, const struct plan *plan, const struct outcome *outcome,
		 const struct croft_error *err, int exit_status)
{
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX);
	struct json json;

	json_init(&json, &buf);
	json_object_begin(&json);
	json_key(&json, "version");
	json_uint(&json, 1);
	json_key(&json, "started");
	json_bool(&json, outcome->has_started);
	json_key(&json, "stage");
	json_string(&json,
		    outcome->has_started ? "running" : stage_name((enum croft_stage)err->stage));
	write_error(&json, err);
	json_key(&json, "exit_reason");
	json_string(&json, exit_reason(outcome));
	json_key(&json, "exit_status");
	json_int(&json, exit_status);
	json_key(&json, "signal");
	if (outcome->has_started && WIFSIGNALED(outcome->status))
		json_int(&json, WTERMSIG(outcome->status));
	else
		json_null(&json);
	if (outcome->has_started)
		write_usage(&json, outcome);
	if (plan) {
		print_layers_json(&json, plan);
		print_rows_json(&json, plan);
	}
	json_object_end(&json);
	buf_putc(&buf, '\n');
	if (buf_error(&buf) < 0)
		return buf_error(&buf);
	return fd_write_all(fd, buf_text(&buf), buf.len);
}
