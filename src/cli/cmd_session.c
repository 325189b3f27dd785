/* SPDX-License-Identifier: MIT */
/*
 * cmd_session.c - croft session: start, list, stop.
 *
 * A session's name, and nothing else, goes to standard output when one is started: it is for
 * shell variables. What is said of sessions that cannot be asked goes to standard error.
 */
#include "cli/cmd_session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/session_profile.h"
#include "cli/verbs.h"
#include "sys/calls.h"

static int no_words(const char *verb, const char *const *words, struct croft_error *err)
{
	if (!words[0])
		return 0;
	return fail(err, CROFT_STAGE_USAGE, 0, "croft session %s takes no '%s'", verb, words[0]);
}

/* Start */

static int check_plan(const struct plan *plan, struct croft_error *err)
{
	int r = plan_check(plan, err);

	if (r < 0)
		return r;
	/* a command with a pid namespace of its own could not be told from others by stop */
	if ((plan->namespaces & 1U << HOST_NS_PID) && !(plan->namespaces & 1U << HOST_NS_USER)) {
		r = fail(err, CROFT_STAGE_SESSION, 0,
			 "a session with a pid namespace needs a user namespace");
		fail_hint(err, "start it as an ordinary user, or with --off processes");
		return r;
	}
	if (plan->tier == TIER_NAMESPACES)
		return 0;
	r = fail(err, CROFT_STAGE_SESSION, 0,
		 "a session of the profile '%s' would hold nothing: it needs no namespaces",
		 plan->profile->name);
	fail_hint(err, "--isolate files, for example, makes it need them");
	return r;
}

/* Joined once, up to the last step before: a session that nobody could join is no session. */
static int try_session(const char *id, const struct plan *plan, struct croft_error *err)
{
	struct session session;
	struct join join;
	int r = session_find(id, &session, err);

	if (r < 0)
		return r;
	r = session_compare(&session, plan, err);
	if (r == 0)
		r = session_open(&session, &join, err);
	if (r == 0)
		join_done(&join);
	if (r < 0) {
		unsigned killed;

		(void)session_stop(&session, &killed, NULL);
	}
	session_done(&session);
	return r;
}

static int start_planned(const struct option_list *list, const struct plan *plan,
			 struct arena *arena, struct croft_error *err)
{
	AUTO_BUF struct buf line = BUF_INIT(8192);
	struct session_start start = {
		.id = options_value(list, OPT_NAME, NULL),
		.workdir = plan->profile->workdir,
		.plan = plan,
	};
	char id[SESSION_ID_MAX + 1];
	int r = check_plan(plan, err);

	if (r == 0)
		r = session_words(list, arena, &start.words, err);
	if (r == 0 && !start.workdir)
		r = fail(err, CROFT_STAGE_WORKDIR, ENOENT, "find the working directory");
	if (r == 0)
		r = session_start(&start, id, err);
	if (r == 0)
		r = try_session(id, plan, err);
	if (r < 0)
		return cli_fail(err);
	if (plan->profile->note)
		cli_warn(plan->profile->note);
	plan_warn(&line, plan);
	if (line.len)
		cli_warn(buf_text(&line));
	buf_reset(&line);
	buf_printf(&line, "%s\n", id);
	return cli_print(&line);
}

static int start_profile(const struct option_list *list, struct profile *profile)
{
	struct croft_error err = { 0 };
	struct sandbox sandbox;
	struct rlimit old;
	bool is_raised;
	int status, r = cli_raise_open_files(profile, &old, &is_raised, &err);

	if (r == 0)
		r = sandbox_plan(profile, NULL, sandbox_any_command, (const char *const *)environ,
				 &sandbox, &err);
	if (r != 0)
		return cli_fail(&err);
	status = start_planned(list, sandbox.plan, &profile->arena, &err);
	sandbox_done(&sandbox);
	return status;
}

int cmd_session_start(const struct option_list *list, const char *const *words)
{
	const char *name = options_value(list, OPT_NAME, NULL);
	struct croft_error err = { 0 };
	struct profile *profile;
	int status, r = no_words("start", words, &err);

	if (r == 0 && name)
		r = session_check_id(name, &err);
	if (r == 0)
		r = session_profile(list, &profile, &err);
	if (r != 0)
		return cli_fail(&err);
	status = start_profile(list, profile);
	profile_free(profile);
	return status;
}

/* List */

/* The words after the last --profile, or NULL. */
static const char *profile_of(const struct session_record *record)
{
	const char *found = NULL;

	for (size_t i = 0; i < record->n_words; i++)
		if (!strncmp(record->words[i], "--profile=", 10))
			found = record->words[i] + 10;
	return found;
}

static uint64_t age_of(const struct session_record *record, int64_t now)
{
	return now > record->started_ms ? (uint64_t)(now - record->started_ms) / 1000 : 0;
}

static void print_line(struct buf *buf, const struct session *session, int64_t now)
{
	const char *profile = profile_of(&session->record);

	buf_printf(buf, "%-12s  %7d  %7llus  ", session->record.id, session->pid,
		   (unsigned long long)age_of(&session->record, now));
	text_escape(buf, profile ? profile : "-");
	buf_puts(buf, "  ");
	text_escape(buf, session->record.workdir);
	buf_putc(buf, '\n');
}

static void print_json(struct json *json, const struct session *session, int64_t now)
{
	json_object_begin(json);
	json_key(json, "id");
	json_string(json, session->record.id);
	json_key(json, "pid");
	json_int(json, session->pid);
	json_key(json, "age_s");
	json_uint(json, age_of(&session->record, now));
	json_key(json, "profile");
	json_string(json, profile_of(&session->record));
	json_key(json, "directory");
	json_string(json, session->record.workdir);
	json_key(json, "namespaces");
	json_array_begin(json);
	for (int i = 0; i < HOST_NS_MAX; i++)
		if (session->record.namespaces & 1U << i)
			json_string(json, host_ns_names[i].name);
	json_array_end(json);
	json_object_end(json);
}

struct listing {
	char (*ids)[SESSION_ID_MAX + 1]; /* owned */
	size_t n;
	struct buf *buf;
	struct json *json; /* NULL: lines */
	int64_t now;
};

/* One that ended meanwhile is none; one that does not answer, or is another's, is told. */
static void list_each(const struct listing *listing)
{
	for (size_t i = 0; i < listing->n; i++) {
		struct croft_error err = { 0 };
		struct session session;
		int r = session_find(listing->ids[i], &session, &err);

		if (r < 0) {
			if (r != -ENOENT)
				cli_warn_of(&err);
			continue;
		}
		if (listing->json)
			print_json(listing->json, &session, listing->now);
		else
			print_line(listing->buf, &session, listing->now);
		session_done(&session);
	}
}

int cmd_session_list(const struct option_list *list, const char *const *words)
{
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX);
	struct listing listing = { .buf = &buf };
	struct croft_error err = { 0 };
	struct json json;
	int r = no_words("list", words, &err);

	if (r == 0)
		r = session_list(&listing.ids, &listing.n, &err);
	if (r < 0)
		return cli_fail(&err);
	/* without a clock every age is 0 */
	(void)sys_clock_ms(&listing.now);
	if (options_has(list, OPT_JSON)) {
		json_init(&json, &buf);
		listing.json = &json;
		json_object_begin(&json);
		json_key(&json, "sessions");
		json_array_begin(&json);
		list_each(&listing);
		json_array_end(&json);
		json_object_end(&json);
		buf_putc(&buf, '\n');
	} else {
		list_each(&listing);
	}
	free(listing.ids);
	return cli_print(&buf);
}

/* Stop */

static int stop_one(const char *id)
{
	AUTO_BUF struct buf line = BUF_INIT(256);
	struct croft_error err = { 0 };
	struct session session;
	unsigned killed = 0;
	int r = session_find(id, &session, &err);

	if (r < 0)
		return cli_fail(&err);
	r = session_stop(&session, &killed, &err);
	session_done(&session);
	if (r < 0)
		return cli_fail(&err);
	if (killed) {
		buf_printf(&line, "%u processes of the session '%s' were killed", killed, id);
		cli_warn(buf_text(&line));
	}
	return 0;
}

static int stop_all(void)
{
	char(*ids)[SESSION_ID_MAX + 1];
	struct croft_error err = { 0 };
	int status = 0;
	size_t n;

	if (session_list(&ids, &n, &err) < 0)
		return cli_fail(&err);
	for (size_t i = 0; i < n; i++) {
		int one = stop_one(ids[i]);

		status = one ? one : status;
	}
	free(ids);
	return status;
}

int cmd_session_stop(const struct option_list *list, const char *const *words)
{
	struct croft_error err = { 0 };
	int status = 0;

	if (options_has(list, OPT_ALL) == (words[0] != NULL)) {
		(void)fail(&err, CROFT_STAGE_USAGE, 0,
			   words[0] ? "--all stands alone" : "no session to stop");
		fail_hint(&err, "the names of sessions are needed, or --all");
		return cli_fail(&err);
	}
	if (options_has(list, OPT_ALL))
		return stop_all();
	for (; *words; words++) {
		int one = stop_one(*words);

		status = one ? one : status;
	}
	return status;
}

int cmd_session(int argc, char *const argv[])
{
	static const struct verb verbs[] = {
		{ CMD_SESSION_START, cmd_session_start },
		{ CMD_SESSION_LIST, cmd_session_list },
		{ CMD_SESSION_STOP, cmd_session_stop },
		{ 0 },
	};

	return verbs_run(CMD_SESSION, verbs, argc, argv);
}
