/* SPDX-License-Identifier: MIT */
/*
 * probe_ns_calls.c - who answers a call, the kernel or a filter before it.
 *
 * Each call that a sandbox is made with, and each newer one that it would like to have, is made
 * with arguments that the kernel itself refuses, by an errno that tells so: a flag that there is
 * none of, a descriptor below zero, a text at address one. Nothing can come of it, so no privilege
 * is needed, and none is looked at where the kernel looks at the arguments first:
 *
 *   mount          the type's text is copied before anything else: EFAULT (fs/namespace.c)
 *   umount2        the flags: EINVAL
 *   clone3         the size of its struct: EINVAL
 *   setns          the descriptor: EBADF
 *
 * Others ask for the capability first (sethostname, pivot_root, fsopen, fsmount, move_mount): those
 * are asked in a user namespace of our own, or not at all.
 *
 * ENOSYS is said by a kernel without the call, and by a filter that does not know it. The record
 * bears the call's number for that: a kernel which has a later one has the earlier (from 424 on all
 * architectures count alike), and then it is the filter.
 *
 * A filter may kill who asks: the questions are put by a child that writes down where it is, and
 * the next one goes on after that.
 */
#include <asm/unistd.h>
#include <errno.h>
#include <sched.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "doctor/child.h"
#include "doctor/ns.h"
#include "sys/calls.h"

#define BAD_TEXT 1L /* an address in the first page, which nobody has */
#define BAD_FLAGS 0x40000000L

static const struct call {
	const char *name;
	long number, args[5];
	int errnum; /* the kernel's own */
	int ground; /* CAP_SYS_ADMIN over a namespace of this kind is looked for first; 0: no */
} calls[] = {
	{ "unshare", __NR_unshare, { 1 }, EINVAL, 0 },
	{ "setns", __NR_setns, { -1, 0 }, EBADF, 0 },
	{ "mount", __NR_mount, { 0, 0, BAD_TEXT, 0, 0 }, EFAULT, 0 },
	{ "umount2", __NR_umount2, { BAD_TEXT, BAD_FLAGS }, EINVAL, 0 },
	{ "pivot_root", __NR_pivot_root, { BAD_TEXT, BAD_TEXT }, EFAULT, CLONE_NEWNS },
	{ "sethostname", __NR_sethostname, { 0, -1 }, EINVAL, CLONE_NEWUTS },
	{ "pidfd_send_signal", ABI_NR_PIDFD_SEND_SIGNAL, { -1, 0, 0, BAD_FLAGS }, EINVAL, 0 },
	{ "open_tree", ABI_NR_OPEN_TREE, { -1, BAD_TEXT, BAD_FLAGS }, EINVAL, 0 },
	{ "move_mount",
	  ABI_NR_MOVE_MOUNT,
	  { -1, BAD_TEXT, -1, BAD_TEXT, BAD_FLAGS },
	  EINVAL,
	  CLONE_NEWNS },
	{ "fsopen", ABI_NR_FSOPEN, { BAD_TEXT, BAD_FLAGS }, EINVAL, CLONE_NEWNS },
	{ "fsconfig", ABI_NR_FSCONFIG, { -1, 0, 0, 0, 0 }, EINVAL, 0 },
	{ "fsmount", ABI_NR_FSMOUNT, { -1, BAD_FLAGS, 0 }, EINVAL, CLONE_NEWNS },
	{ "pidfd_open", ABI_NR_PIDFD_OPEN, { -1, 0 }, EINVAL, 0 },
	{ "clone3", 435, { 0, 0 }, EINVAL, 0 },
	{ "close_range", ABI_NR_CLOSE_RANGE, { 1, 0, 0 }, EINVAL, 0 },
	{ "openat2", ABI_NR_OPENAT2, { -1, BAD_TEXT, 0, 0 }, EINVAL, 0 },
	{ "mount_setattr", ABI_NR_MOUNT_SETATTR, { -1, BAD_TEXT, BAD_FLAGS, 0, 0 }, EINVAL, 0 },
	/* nobody wants these: they are later than all that somebody wants (5.15, 5.16, 6.6, 6.8) */
	{ "process_mrelease", 448, { -1, BAD_FLAGS }, EINVAL, 0 },
	{ "futex_waitv", 449, { BAD_TEXT, 1, BAD_FLAGS, 0, 0 }, EINVAL, 0 },
	{ "fchmodat2", 452, { -1, BAD_TEXT, 0, BAD_FLAGS, 0 }, EINVAL, 0 },
	{ "statmount", 457, { BAD_TEXT, BAD_TEXT, 0, BAD_FLAGS, 0 }, EINVAL, 0 },
};

#define N_CALLS ARRAY_SIZE(calls)
#define NOT_ASKED (-1)
#define KILLED (-2)

struct page {
	int answers[N_CALLS]; /* errno; 0: it was taken */
	int ground; /* of the namespaces that were made; -1: a way in killed who tried it */
	bool is_done;
};

static void ask_all(struct page *page, int ground)
{
	for (size_t i = 0; i < N_CALLS; i++) {
		const struct call *call = &calls[i];
		long r;

		if (call->ground != ground || page->answers[i] != NOT_ASKED)
			continue;
		page->answers[i] = KILLED;
		r = sys_raw(call->number, call->args[0], call->args[1], call->args[2],
			    call->args[3], call->args[4], 0);
		page->answers[i] = r < 0 ? (int)-r : 0;
	}
}

/* In the order of the table; the way in last, for it may be what kills. */
static int ask(void *arg)
{
	static const int grounds[] = { CLONE_NEWNS | CLONE_NEWUTS, CLONE_NEWNS, CLONE_NEWUTS };
	struct page *page = arg;
	int ground = page->ground;
	struct ns_way way;

	ask_all(page, 0);
	page->ground = -1;
	for (size_t i = 0; i < ARRAY_SIZE(grounds) && ground == 0; i++)
		if (ns_enter(grounds[i], &way) == 0)
			ground = grounds[i];
	page->ground = 0;
	if (ground > 0 && ground & CLONE_NEWNS)
		ask_all(page, CLONE_NEWNS);
	if (ground > 0 && ground & CLONE_NEWUTS)
		ask_all(page, CLONE_NEWUTS);
	page->is_done = true;
	return 0;
}

static void report(const struct probe_context *context, const struct call *call, int answer)
{
	bool is_killed = answer == KILLED;

	if (answer == NOT_ASKED)
		return;
	report_of(context, OBS_NS_CALL, call->name, answer == call->errnum ? OBS_YES : OBS_NO,
		  is_killed     ? "killed"
		  : answer == 0 ? "taken"
				: NULL,
		  is_killed || answer == call->errnum ? 0 : answer, call->number, NULL);
}

static void probe_calls(const struct probe_context *context)
{
	struct page *page;
	void *memory;
	int r = sys_mmap_shared(sizeof(*page), &memory);

	if (r < 0)
		return;
	page = memory;
	for (size_t i = 0; i < N_CALLS; i++)
		page->answers[i] = NOT_ASKED;
	/* Each who is killed has asked one more, or the way in, which is not tried twice. */
	for (size_t i = 0; i <= N_CALLS + 1 && !page->is_done && r >= 0; i++)
		r = child_result(ask, page);
	if (r < 0)
		report_of(context, OBS_NS_CALL, NULL, OBS_BROKEN, "fork", -r, OBS_NO_VALUE, NULL);
	for (size_t i = 0; i < N_CALLS; i++)
		report(context, &calls[i], page->answers[i]);
	(void)sys_munmap(memory, sizeof(*page));
}

static const struct probe probes[] = { { .id = OBS_NS_CALL, .run = probe_calls } };

const struct probe_table probes_ns_calls = { probes, ARRAY_SIZE(probes) };
