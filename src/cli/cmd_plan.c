/* SPDX-License-Identifier: MIT */
/*
 * cmd_plan.c - croft plan and croft why: the plan, looked at and not done.
 *
 * Both can look at another host than this one: a file that --save-host wrote there.
 * The paths are always those of this machine.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/plan_mounts.h"
#include "cli/room.h"
#include "host/paths.h"
#include "sys/calls.h"
#include "sys/fd.h"

struct look {
	struct option_list list;
	struct profile *profile;
	struct sandbox sandbox;
	struct host host;
	const char *const *words; /* what follows the options */
	bool has_command;
};

static int load_host(struct look *look, struct croft_error *err)
{
	const char *file = options_value(&look->list, OPT_HOST, NULL);
	char text[HOST_FILE_MAX];
	ssize_t n;

	if (!file)
		return host_probe_fully(&look->host, err);
	n = fd_read_file(AT_FDCWD, file, text, sizeof(text));
	if (n < 0)
		return fail(err, CROFT_STAGE_HOST, (int)-n, "read the host file '%s'", file);
	return host_parse(text, (size_t)n, &look->host, err);
}

static int save_host(const struct look *look, struct croft_error *err)
{
	const char *file = options_value(&look->list, OPT_SAVE_HOST, NULL);
	AUTO_BUF struct buf text = BUF_INIT(HOST_FILE_MAX);
	AUTO_FD int fd = -1;
	int r;

	if (!file)
		return 0;
	host_print(&text, &look->host);
	r = buf_error(&text);
	if (r == 0) {
		fd = sys_openat(AT_FDCWD, file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
		r = fd < 0 ? fd : fd_write_all(fd, buf_text(&text), text.len);
	}
	return r < 0 ? fail(err, CROFT_STAGE_HOST, -r, "write the host file '%s'", file) : 0;
}

/* `words`: the command; an empty array for the profile's own, or for any where it has none. */
static int make_plan(struct look *look, const char *const *words, struct croft_error *err)
{
	static const char *const none[] = { NULL };
	const char *const *argv = none;
	struct rlimit old;
	bool is_raised;
	int r = room_check_company(&look->list, err);

	if (r == 0)
		r = cli_profile(&look->list, &look->profile, err);

	/* what this host can do is asked where the command would be */
	if (r == 0)
		r = room_enter_asked(&look->list, look->profile, err);
	if (r == 0)
		r = load_host(look, err);
	if (r == 0)
		r = save_host(look, err);
	if (r == 0)
		r = cli_command(look->profile, words, &argv, err);
	if (r == 0)
		r = cli_raise_open_files(look->profile, &old, &is_raised, err);
	if (r < 0)
		return r;
	if (look->profile->note)
		cli_warn(look->profile->note);
	look->has_command = argv[0] != NULL;
	return sandbox_plan(look->profile, &look->host, argv[0] ? argv : sandbox_any_command,
			    (const char *const *)environ, &look->sandbox, err);
}

static void look_done(struct look *look)
{
	sandbox_done(&look->sandbox);
	profile_free(look->profile);
	options_done(&look->list);
}

static void print_all(struct buf *buf, const struct look *look)
{
	struct croft_error err = { 0 };
	struct room room;

	plan_print(buf, look->sandbox.plan);
	if (!options_has(&look->list, OPT_ROOT) ||
	    room_asked(&look->list, look->profile, &room, &err) < 0)
		return;
	room_print(buf, &room);
	room_done(&room);
}

static int print_plan(struct look *look)
{
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX);
	struct croft_error err = { 0 }, not_found = { 0 };
	int status, found = 0;

	/* without a command the plan is the one that any command would get */
	if (make_plan(look, look->words, &err) < 0)
		return cli_fail(&err);
	if (plan_find_mounts(look->sandbox.plan, &err) < 0)
		return cli_fail(&err);
	if (look->has_command)
		found = sandbox_find_command(&look->sandbox, &not_found);
	if (options_has(&look->list, OPT_JSON))
		plan_print_json(&buf, look->sandbox.plan);
	else
		print_all(&buf, look);
	status = cli_print(&buf);
	if (status)
		return status;
	if (plan_check(look->sandbox.plan, &err) < 0)
		return cli_fail(&err);
	if (found < 0)
		return cli_fail(&not_found);
	if (look->sandbox.command.doubt.what[0])
		cli_warn_of(&look->sandbox.command.doubt);
	return 0;
}

int cmd_plan(int argc, char *const argv[])
{
	struct look look = { 0 };
	struct croft_error err = { 0 };
	int status;

	if (options_parse(CMD_PLAN, argc, argv, 1, &look.list, &err) < 0)
		return cli_fail(&err);
	look.words = (const char *const *)(argv + look.list.next);
	status = options_has(&look.list, OPT_HELP) ? cli_help(&look.list, CMD_PLAN)
						   : print_plan(&look);
	look_done(&look);
	return status;
}

/* The operation's number, or an error that lists the words. */
static int parse_operation(const char *word, struct croft_error *err)
{
	int op = names_find(why_op_names, WHY_MAX, word);
	const char *nearest = names_nearest(why_op_names, WHY_MAX, word);
	int r;

	if (op >= 0)
		return op;
	r = fail(err, CROFT_STAGE_USAGE, 0, "there is no operation '%s'", word);
	if (nearest)
		fail_hint(err, "did you mean '%s'?", nearest);
	else
		fail_hint(
			err,
			"one of: read, write, execute, create, remove, device, socket, connect, listen, env, syscall");
	return r;
}

/* Paths are asked about as they are here: relative to the working directory, links followed. */
static const char *resolve_target(enum why_op op, const char *target, char buffer[PATH_MAX])
{
	if (op >= WHY_CONNECT)
		return target;
	return path_resolve(target, buffer, PATH_MAX) == 0 ? buffer : target;
}

static int print_answer(const struct look *look, enum why_op op, const char *target,
			const struct why_answer *answer)
{
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX);
	struct json json;
	int status;

	if (options_has(&look->list, OPT_JSON)) {
		json_init(&json, &buf);
		json_object_begin(&json);
		json_key(&json, "operation");
		json_string(&json, why_op_names[op].name);
		json_key(&json, "target");
		json_string(&json, target);
		json_key(&json, "allowed");
		json_bool(&json, answer->is_allowed);
		json_key(&json, "reason");
		json_string(&json, answer->reason);
		json_key(&json, "grant");
		json_string(&json, answer->grant);
		json_object_end(&json);
		buf_putc(&buf, '\n');
	} else {
		buf_printf(&buf, "%s: %s ", answer->is_allowed ? "allowed" : "refused",
			   why_op_names[op].name);
		text_escape(&buf, target);
		buf_puts(&buf, ": ");
		text_escape(&buf, answer->reason);
		if (*answer->grant) {
			buf_puts(&buf, " (would be allowed by ");
			text_escape(&buf, answer->grant);
			buf_putc(&buf, ')');
		}
		buf_putc(&buf, '\n');
	}
	status = cli_print(&buf);
	if (status)
		return status;
	return answer->is_allowed ? 0 : 1;
}

static int explain(struct look *look)
{
	static const char *const no_words[] = { NULL };
	struct croft_error err = { 0 };
	struct why_answer answer;
	char buffer[PATH_MAX];
	const char *target;
	int op, r;

	if (!look->words[0] || !look->words[1] || look->words[2]) {
		(void)fail(&err, CROFT_STAGE_USAGE, 0, "an operation and a target are needed");
		fail_hint(&err, "for example: croft why read /etc/passwd");
		return cli_fail(&err);
	}
	op = parse_operation(look->words[0], &err);
	if (op < 0)
		return cli_fail(&err);
	/* asked about is what the profile's own command may, or any one */
	if (make_plan(look, no_words, &err) < 0)
		return cli_fail(&err);
	target = resolve_target((enum why_op)op, look->words[1], buffer);
	r = plan_why(look->sandbox.plan, (enum why_op)op, target, &answer, &err);
	if (r < 0)
		return cli_fail(&err);
	return print_answer(look, (enum why_op)op, target, &answer);
}

int cmd_why(int argc, char *const argv[])
{
	struct look look = { 0 };
	struct croft_error err = { 0 };
	int status;

	if (options_parse(CMD_WHY, argc, argv, 1, &look.list, &err) < 0)
		return cli_fail(&err);
	look.words = (const char *const *)(argv + look.list.next);
	status = options_has(&look.list, OPT_HELP) ? cli_help(&look.list, CMD_WHY) : explain(&look);
	look_done(&look);
	return status;
}
