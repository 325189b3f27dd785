/* SPDX-License-Identifier: MIT */
/*
 * joined.c - what --session and --join-fd make of a run.
 *
 * Namespaces of descriptors are joined at once, before a path or the host is looked at: from then
 * on croft is a process of theirs, with the capabilities that a joined user namespace gives, all
 * of which the command loses. The profile is read before, for its files are the caller's and not
 * those of whatever tree is joined.
 *
 * Those of a session are joined late, in the launch: the plan is made in the host's tree, from
 * which the session's was made by the same operations.
 */
#include "cli/joined.h"

#include <errno.h>
#include <string.h>

#include "base/num.h"
#include "cli/cli.h"
#include "cli/room.h"
#include "cli/session_profile.h"
#include "launch/sandbox.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define MAX_FD 1048575

void joined_init(struct joined *joined)
{
	memset(joined, 0, sizeof(*joined));
	join_init(&joined->join);
	joined->watch = -1;
}

void joined_done(struct joined *joined)
{
	if (joined->has_session)
		session_done(&joined->session);
	joined->has_session = false;
	join_done(&joined->join);
	fd_close(&joined->watch);
}

static int add_descriptor(struct join *join, const char *text, struct croft_error *err)
{
	uint64_t fd;

	if (num_parse(text, 3, MAX_FD, &fd) < 0)
		return fail(err, CROFT_STAGE_USAGE, 0,
			    "--join-fd: '%s' is no descriptor, from 3 on", text);
	return join_add(join, (int)fd, err);
}

/* The working directory is looked up again by its name: what stood there was of the old tree. */
static int enter_workdir(struct profile *profile, struct croft_error *err)
{
	const char *dir = profile->chdir ? profile->chdir : profile->workdir;
	int r = dir ? sys_chdir(dir) : 0;

	if (r == 0)
		return 0;
	r = fail(err, CROFT_STAGE_WORKDIR, -r, "find '%s' in the joined mount namespace", dir);
	fail_hint(err, "--chdir names a directory that is there");
	return r;
}

/*
 * setns puts no process into another pid namespace, only its children: the command is one, and
 * croft stays. It does not see croft, which it is to end with.
 */
static int prepare_pid(struct joined *joined, struct profile *profile, struct croft_error *err)
{
	joined->has_pid = true;
	profile->wants_supervisor = true;
	joined->watch = sys_pidfd_open(sys_getpid(), 0);
	return joined->watch < 0 ? fail(err, CROFT_STAGE_NAMESPACES, -joined->watch,
					"open a pidfd of croft for the joined pid namespace")
				 : 0;
}

static int join_descriptors(struct joined *joined, const struct option_list *list,
			    struct profile *profile, struct croft_error *err)
{
	struct join join;
	bool has_any = false;
	int r = 0;

	join_init(&join);
	for (size_t i = 0; i < list->n && r == 0; i++) {
		if (list->words[i].id != OPT_JOIN_FD)
			continue;
		has_any = true;
		r = add_descriptor(&join, list->words[i].value, err);
	}
	if (r == 0 && has_any)
		r = join_enter(&join, err);
	if (r == 0 && join.fds[HOST_NS_PID] >= 0)
		r = prepare_pid(joined, profile, err);
	if (r == 0 && join.fds[HOST_NS_MOUNT] >= 0)
		r = enter_workdir(profile, err);
	join_done(&join);
	return r;
}

int joined_profile(struct joined *joined, const struct option_list *list,
		   struct profile **ret_profile, struct croft_error *err)
{
	const char *id = options_value(list, OPT_SESSION, NULL);
	struct profile *profile;
	int r = room_check_company(list, err);

	if (r < 0)
		return r;
	if (!id) {
		r = cli_profile(list, &profile, err);
		if (r < 0)
			return r;
		r = join_descriptors(joined, list, profile, err);
		if (r == 0)
			r = room_enter_asked(list, profile, err);
		if (r < 0) {
			profile_free(profile);
			return r;
		}
		*ret_profile = profile;
		return 0;
	}
	r = session_find(id, &joined->session, err);
	if (r < 0)
		return r;
	joined->has_session = true;
	return session_run_profile(&joined->session, list, ret_profile, err);
}

int joined_host(struct joined *joined, const struct profile *profile, const struct host **ret_host,
		struct croft_error *err)
{
	const struct host *told = &joined->session.record.host;
	struct host *host = &joined->host;
	int r;

	*ret_host = NULL;
	if (!joined->has_session)
		return 0;
	r = sandbox_probe_host(profile, host, err);
	if (r < 0)
		return r;
	memcpy(host->ns, told->ns, sizeof(host->ns));
	host->ns_step = told->ns_step;
	host->has_ns_by_capability = told->has_ns_by_capability;
	host->mount = told->mount;
	*ret_host = host;
	return 0;
}

/* Who has entered a pid namespace by setns may not make another (copy_pid_ns in the kernel). */
static int check_pid(const struct joined *joined, const struct plan *plan, struct croft_error *err)
{
	int r;

	if (!joined->has_pid || !(plan->namespaces & 1U << HOST_NS_PID))
		return 0;
	r = fail(err, CROFT_STAGE_NAMESPACES, 0,
		 "a pid namespace is joined, and the profile wants one of its own");
	fail_hint(err, "--off processes, or join the other kinds by a descriptor each");
	return r;
}

int joined_open(struct joined *joined, struct plan *plan, struct launch *launch,
		struct croft_error *err)
{
	int r = check_pid(joined, plan, err);

	launch->parent_watch = joined->watch;
	if (r < 0 || !joined->has_session)
		return r;
	r = session_compare(&joined->session, plan, err);
	if (r == 0)
		r = session_open(&joined->session, &joined->join, err);
	if (r == 0)
		r = session_note(plan, err);
	if (r == 0)
		launch->join = &joined->join;
	return r;
}

void joined_hint(const struct joined *joined, struct croft_error *err)
{
	if (joined->has_session && err->stage == CROFT_STAGE_WORKDIR && !err->hint[0])
		fail_hint(err, "--chdir names a directory that the session has");
}
