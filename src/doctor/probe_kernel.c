/* SPDX-License-Identifier: MIT */
/*
 * probe_kernel.c - Landlock and filters of system calls; each right of Landlock by itself is in
 * probe_rights.c.
 *
 * One errno has several senders. ENOSYS is a kernel's without Landlock, and a filter's; EOPNOTSUPP
 * is a kernel's that has it and was booted without, and could be a filter's as well. What tells
 * them apart is asked besides: a flag that no kernel takes (EINVAL comes from the kernel, and only
 * from one that has Landlock and runs it), whether a filter is in force on this process at all,
 * and which security modules are active (since 6.8 by a call, else from securityfs).
 *
 * A filter is believed when it has refused something. The call that is refused is getppid:
 * nothing in a probe needs it.
 */
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

#include "base/cleanup.h"
#include "doctor/child.h"
#include "host/host.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define NR_LSM_LIST_MODULES 461 /* 6.8; the same number on every architecture */
#define LSM_MAX 32
#define LSM_FIRST 100 /* LSM_ID_CAPABILITY */
#define NO_SUCH_FLAG (1U << 31)
#define NO_SUCH_OPERATION 0x7fffffffU
#define REFUSED_WITH 77 /* no errno of getppid's, and no filter's of others */
#define ANSWER 4242 /* nor a process's number that is likely to be our parent's */
#define NOTIF_ROOM 512 /* the kernel writes as much as it has: 80 bytes and 24 in 6.18 */

/* include/uapi/linux/lsm.h */
static const char *const lsm_names[] = {
	"capability", "selinux",  "smack", "tomoyo",   "apparmor", "yama", "loadpin",
	"safesetid",  "lockdown", "bpf",   "landlock", "ima",      "evm",  "ipe",
};

static void probe_lsm_list(const struct probe_context *context)
{
	uint64_t ids[LSM_MAX];
	uint32_t size = sizeof(ids);
	long n = sys_raw(NR_LSM_LIST_MODULES, (long)(uintptr_t)ids, (long)(uintptr_t)&size, 0, 0, 0,
			 0);
	char text[OBS_TEXT_MAX];

	if (n > 0) {
		size_t len = 0;

		text[0] = '\0';
		for (long i = 0; i < n && i < LSM_MAX && len < sizeof(text); i++) {
			uint64_t row = ids[i] - LSM_FIRST;
			const char *name = row < ARRAY_SIZE(lsm_names) ? lsm_names[row] : "other";

			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
						i ? "," : "", name);
		}
		report_of(context, OBS_LSM_LIST, NULL, OBS_YES, "lsm_list_modules", 0, n, text);
	} else if (text_read(AT_FDCWD, "/sys/kernel/security/lsm", text, sizeof(text)) > 0) {
		report_of(context, OBS_LSM_LIST, NULL, OBS_YES, "securityfs", 0, OBS_NO_VALUE,
			  text);
	} else {
		probe_no(context, OBS_LSM_LIST, "lsm_list_modules", (int)-n, NULL);
	}
}

/* The last lsm= of the command line: that one counts. */
static void probe_lsm_boot(const struct probe_context *context)
{
	char line[4096], *rest = line, *word;
	const char *found = NULL;

	if (text_read(AT_FDCWD, "/proc/cmdline", line, sizeof(line)) < 0)
		return;
	while ((word = strsep(&rest, " \n")))
		if (!strncmp(word, "lsm=", 4))
			found = word + 4;
	if (found)
		probe_yes(context, OBS_LSM_BOOT, found);
	else
		probe_no(context, OBS_LSM_BOOT, "cmdline", 0, NULL);
}

/* Whether a filter is in force here, and how many (since 5.9). */
static void probe_filter_mode(const struct probe_context *context)
{
	char status[8192], n[32];
	int mode = sys_prctl(PR_GET_SECCOMP, 0, 0, 0, 0);

	if (mode < 0) {
		probe_no(context, OBS_FILTER_MODE, "prctl", -mode, NULL);
		return;
	}
	(void)text_read(context->proc_fd, "status", status, sizeof(status));
	(void)text_line(status, "Seccomp_filters:", n, sizeof(n));
	probe_value(context, OBS_FILTER_MODE, mode, n);
}

static void probe_landlock(const struct probe_context *context)
{
	struct croft_error err;
	struct host host;
	int r = sys_landlock_create_ruleset(NULL, 0, NO_SUCH_FLAG);

	probe_lsm_list(context);
	probe_lsm_boot(context);
	probe_filter_mode(context);
	probe_no(context, OBS_LANDLOCK_INVALID, "landlock_create_ruleset", r < 0 ? -r : 0, NULL);
	r = host_probe(&host, &err);
	if (r < 0) {
		report_of(context, OBS_LANDLOCK_ABI, NULL, OBS_BROKEN, "uname", -r, OBS_NO_VALUE,
			  NULL);
		return;
	}
	if (host.landlock.errnum) {
		probe_no(context, OBS_LANDLOCK_ABI, "landlock_create_ruleset", host.landlock.errnum,
			 host.kernel_release);
		return;
	}
	probe_value(context, OBS_LANDLOCK_ABI, host.landlock.abi, host.kernel_release);
	if (host.landlock.has_errata)
		probe_value(context, OBS_LANDLOCK_ERRATA, host.landlock.errata, NULL);
	r = host_probe_enforcement(&host, &err);
	if (r < 0)
		report_of(context, OBS_LANDLOCK_ENFORCES, NULL, OBS_BROKEN, "clone", -r,
			  OBS_NO_VALUE, err.what);
	else if (host.landlock.enforces == HOST_YES)
		probe_yes(context, OBS_LANDLOCK_ENFORCES, NULL);
	else if (host.landlock.enforces == HOST_NO)
		probe_no(context, OBS_LANDLOCK_ENFORCES, "open", 0, NULL);
}

/* Gives getppid this action. What seccomp(2) gave: with NEW_LISTENER a descriptor. */
static int install(uint32_t action, unsigned flags)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0 /* seccomp_data.nr */),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = ARRAY_SIZE(filter), .filter = filter };
	int r = sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);

	return r < 0 ? r : sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, &program);
}

#define WITHOUT_EFFECT 255 /* of a child: it was taken, and nothing came of it */

static int act_filter(void *arg)
{
	const unsigned *flags = arg;
	int r = install(SECCOMP_RET_ERRNO | REFUSED_WITH, *flags);

	if (r < 0)
		return CHILD_ERRNO(r);
	return sys_getppid() == -REFUSED_WITH ? 0 : WITHOUT_EFFECT;
}

static void report_filter(const struct probe_context *context, enum obs id, unsigned flags)
{
	int r = child_result(act_filter, &flags);

	if (r < 0)
		report_of(context, id, NULL, OBS_BROKEN, "clone", -r, OBS_NO_VALUE, NULL);
	else if (r == 0)
		probe_yes(context, id, NULL);
	else
		probe_no(context, id, r == WITHOUT_EFFECT ? "effect" : "seccomp",
			 r == WITHOUT_EFFECT || r >= CHILD_SIGNALLED ? 0 : r, NULL);
}

static void probe_filters(const struct probe_context *context)
{
	static const struct {
		const char *name;
		uint32_t action;
	} actions[] = {
		{ "errno", SECCOMP_RET_ERRNO }, { "kill_process", SECCOMP_RET_KILL_PROCESS },
		{ "trace", SECCOMP_RET_TRACE }, { "log", SECCOMP_RET_LOG },
		{ "user_notif", 0x7fc00000U }, /* SECCOMP_RET_USER_NOTIF, 5.0 */
	};
	int r = sys_seccomp(NO_SUCH_OPERATION, 0, NULL);

	probe_no(context, OBS_SECCOMP_INVALID, "seccomp", r < 0 ? -r : 0, NULL);
	report_filter(context, OBS_SECCOMP_FILTER, 0);
	report_filter(context, OBS_SECCOMP_TSYNC, SECCOMP_FILTER_FLAG_TSYNC);
	report_filter(context, OBS_SECCOMP_LOG, SECCOMP_FILTER_FLAG_LOG);
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		uint32_t action = actions[i].action;

		r = sys_seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action);
		report_of(context, OBS_SECCOMP_ACTION, actions[i].name, r < 0 ? OBS_NO : OBS_YES,
			  r < 0 ? "seccomp" : NULL, r < 0 ? -r : 0, OBS_NO_VALUE, NULL);
	}
}

/* Tells the number of its listener, or -errno, then makes the call that the other answers. */
static int act_notified(void *arg)
{
	const int *report = arg;
	int r = install(0x7fc00000U, SECCOMP_FILTER_FLAG_NEW_LISTENER);

	if (fd_write_all(*report, &r, sizeof(r)) < 0)
		return 1;
	return r >= 0 && sys_getppid() == ANSWER ? 0 : WITHOUT_EFFECT;
}

/* One round: what is asked is received, and gets an answer. 0, or -errno with the step. */
static int answer(int listener, const char **step)
{
	union {
		struct seccomp_notif notif;
		char room[NOTIF_ROOM];
	} asked = { .room = { 0 } };
	union {
		struct seccomp_notif_resp resp;
		char room[NOTIF_ROOM];
	} said = { .room = { 0 } };
	int r;

	*step = "receive";
	r = sys_ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked);
	if (r < 0)
		return r;
	said.resp.id = asked.notif.id;
	said.resp.val = ANSWER;
	*step = "send";
	return sys_ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &said);
}

static void probe_notify(const struct probe_context *context)
{
	int ends[2], listener, r = sys_pipe(ends);
	const char *step = "pipe";
	pid_t pid;

	if (r < 0) {
		report_of(context, OBS_SECCOMP_NOTIFY, NULL, OBS_BROKEN, step, -r, OBS_NO_VALUE,
			  NULL);
		return;
	}
	pid = child_start_sharing(act_notified, &ends[1]);
	if (pid < 0) {
		report_of(context, OBS_SECCOMP_NOTIFY, NULL, OBS_BROKEN, "clone", -pid,
			  OBS_NO_VALUE, NULL);
		return;
	}
	step = "seccomp";
	if (fd_read_full(ends[0], &listener, sizeof(listener)) != (ssize_t)sizeof(listener))
		listener = -ECHILD;
	r = listener < 0 ? listener : answer(listener, &step);
	if (r == 0) {
		step = "effect";
		r = child_end(pid, false) == 0 ? 0 : -ENOTSUP;
	} else {
		(void)child_end(pid, true);
	}
	if (r == 0)
		probe_yes(context, OBS_SECCOMP_NOTIFY, NULL);
	else
		probe_no(context, OBS_SECCOMP_NOTIFY, step, r == -ENOTSUP ? 0 : -r, NULL);
}

static const struct probe probes[] = {
	{ .id = OBS_LANDLOCK_ABI, .run = probe_landlock },
	{ .id = OBS_SECCOMP_FILTER, .run = probe_filters },
	{ .id = OBS_SECCOMP_NOTIFY, .run = probe_notify },
};
const struct probe_table probes_kernel = { probes, ARRAY_SIZE(probes) };
