/* SPDX-License-Identifier: MIT */
/*
 * probe_process.c - what this process may become, and what it may do to its own.
 *
 * no_new_privs, the bounding set and the securebits are handed down from whoever started us: of
 * these the question is less whether than who. Helpers that change the user (newuidmap, sudo,
 * ping) are not run here: what they would gain is decided by exec alone, from no_new_privs, the
 * mount's nosuid, the file's mode and its capabilities (execve(2)), and these are looked at.
 *
 * Tracing is done: a child that asks to be traced, one that is seized, one whose memory is read,
 * and one that is seized by its sibling, which Yama (ptrace_scope 1) forbids. A request to trace
 * nobody is ESRCH from a kernel; what else is said there is a filter's.
 */
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "doctor/child.h"
#include "doctor/since.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define STATUS_SIZE 8192
#define TRIES 50 /* of 2 ms: a child that is to stop, on a busy machine */

/* The doctor itself, of which every probe is a child, or the process of --pid. */
static pid_t looked_at(const struct probe_context *context)
{
	return context->pid ? context->pid : sys_getppid();
}

static bool has_nnp(int proc_dir, const void *unused)
{
	char status[STATUS_SIZE], value[8];

	(void)unused;
	return text_read(proc_dir, "status", status, sizeof(status)) > 0 &&
	       text_line(status, "NoNewPrivs:", value, sizeof(value)) && value[0] == '1';
}

static void probe_nnp(const struct probe_context *context)
{
	bool is_set = context->pid ? has_nnp(context->proc_fd, NULL)
				   : sys_prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
	char since[256] = "";

	if (is_set)
		since_find(looked_at(context), has_nnp, NULL, since, sizeof(since));
	probe_value(context, OBS_NNP, is_set, since);
}

/* Bit by bit, by asking: the highest that the kernel has is the last that is no EINVAL. */
static void probe_bounding(const struct probe_context *context)
{
	uint64_t has = 0, known = 0;
	char text[64];

	for (int cap = 0; cap < 64; cap++) {
		int r = sys_prctl(PR_CAPBSET_READ, (unsigned long)cap, 0, 0, 0);

		if (r < 0)
			break;
		known |= UINT64_C(1) << cap;
		if (r)
			has |= UINT64_C(1) << cap;
	}
	(void)snprintf(text, sizeof(text), "%llx of %llx", (unsigned long long)has,
		       (unsigned long long)known);
	probe_value(context, OBS_CAP_BOUNDING, (int64_t)(known & ~has), text);
}

static void probe_privileges(const struct probe_context *context)
{
	int r = sys_prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);

	probe_nnp(context);
	probe_bounding(context);
	if (r < 0)
		probe_no(context, OBS_SECUREBITS, "prctl", -r, NULL);
	else
		probe_value(context, OBS_SECUREBITS, r, NULL);
	/* since 4.3; not in gVisor */
	r = sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0);
	if (r < 0)
		probe_no(context, OBS_AMBIENT, "prctl", -r, NULL);
	else
		probe_yes(context, OBS_AMBIENT, NULL);
}

static void look_at_helper(const struct probe_context *context, const char *path, int fd,
			   const struct stat *st)
{
	char capabilities[64], place[256];
	/* of an O_PATH descriptor there is no fgetxattr: by the name */
	bool has_capabilities =
		sys_raw(__NR_getxattr, (long)(uintptr_t)path,
			(long)(uintptr_t) "security.capability", (long)(uintptr_t)capabilities,
			sizeof(capabilities), 0, 0) > 0;
	struct statfs fs;
	const char *step = NULL, *text = NULL;

	if (!has_capabilities && !(st->st_mode & S_ISUID)) {
		step = "mode";
	} else if (sys_prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) {
		step = "no-new-privs";
	} else if (sys_fstatfs(fd, &fs) == 0 && fs.f_flags & ST_NOSUID) {
		mount_point_of(path, place, sizeof(place));
		step = "nosuid";
		text = place;
	}
	report_of(context, OBS_SETUID_HELPER, path, step ? OBS_NO : OBS_YES, step, 0,
		  (int64_t)st->st_uid, text);
}

static void probe_helpers(const struct probe_context *context)
{
	static const char *const names[] = { "newuidmap", "newgidmap", "sudo", "su", "ping" };
	static const char *const folders[] = { "/usr/bin", "/bin", "/run/wrappers/bin" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		for (size_t k = 0; k < ARRAY_SIZE(folders); k++) {
			char path[64];
			struct stat st;
			AUTO_FD int fd = -1;

			(void)snprintf(path, sizeof(path), "%s/%s", folders[k], names[i]);
			fd = sys_openat(AT_FDCWD, path, O_PATH, 0);
			if (fd < 0 || sys_fstatat(fd, "", &st, AT_EMPTY_PATH) < 0 ||
			    !S_ISREG(st.st_mode))
				continue;
			look_at_helper(context, path, fd, &st);
			break;
		}
}

static int trace(long request, pid_t pid)
{
	return (int)sys_raw(__NR_ptrace, request, pid, 0, 0, 0, 0);
}

static int act_traceme(void *unused)
{
	int r = trace(PTRACE_TRACEME, 0);

	(void)unused;
	if (r < 0)
		return CHILD_ERRNO(r);
	/* who is traced stops for any signal; of this one everybody else dies */
	(void)sys_kill(sys_getpid(), SIGUSR1);
	return 0;
}

static int try_traceme(void)
{
	pid_t pid = child_start(act_traceme, NULL);
	int status = 0, r = pid < 0 ? pid : sys_wait4(pid, &status, __WALL, NULL);

	if (r < 0)
		return r;
	if (!WIFSTOPPED(status))
		return WIFEXITED(status) && WEXITSTATUS(status) ? -WEXITSTATUS(status) : -ENOTSUP;
	return child_end(pid, true) < 0 ? -ECHILD : 0;
}

static int try_seize(pid_t pid)
{
	int r = trace(PTRACE_SEIZE, pid), status;

	if (r == 0)
		r = trace(PTRACE_INTERRUPT, pid);
	if (r < 0)
		return r;
	/* the effect: it stops, and says so to its tracer */
	for (int i = 0; i < TRIES; i++) {
		if (sys_wait4(pid, &status, __WALL | WNOHANG, NULL) == pid)
			return 0;
		(void)sys_ppoll(NULL, 0, 2);
	}
	return -ENOTSUP;
}

static int try_read(pid_t pid)
{
	static const char here[] = "croft";
	char there[sizeof(here)] = "";
	const struct iovec to = { there, sizeof(there) };
	const struct iovec from = { (void *)(uintptr_t)here, sizeof(here) };
	int r = (int)sys_raw(__NR_process_vm_readv, pid, (long)(uintptr_t)&to, 1,
			     (long)(uintptr_t)&from, 1, 0);

	if (r < 0)
		return r;
	return memcmp(here, there, sizeof(here)) ? -ENOTSUP : 0;
}

static int act_seize(void *arg)
{
	const pid_t *pid = arg;

	return CHILD_ERRNO(trace(PTRACE_SEIZE, *pid));
}

static void report_trace(const struct probe_context *context, const char *what, int r)
{
	report_of(context, OBS_PTRACE, what, r < 0 ? OBS_NO : OBS_YES,
		  r == -ENOTSUP ? "effect"
		  : r < 0       ? "ptrace"
				: NULL,
		  r < 0 && r != -ENOTSUP ? -r : 0, OBS_NO_VALUE, NULL);
}

static void probe_ptrace(const struct probe_context *context)
{
	char status[STATUS_SIZE], text[16];
	uint64_t number;
	pid_t pid;
	int r = trace(PTRACE_SEIZE, 0);

	/* nobody has the number 0 */
	probe_no(context, OBS_PTRACE_INVALID, "ptrace", r < 0 ? -r : 0, NULL);
	if (text_read(AT_FDCWD, "/proc/sys/kernel/yama/ptrace_scope", text, sizeof(text)) > 0 &&
	    text_number(text, 10, &number) == 0)
		probe_value(context, OBS_YAMA, (int64_t)number, NULL);
	if (text_read(context->proc_fd, "status", status, sizeof(status)) > 0 &&
	    text_line(status, "TracerPid:", text, sizeof(text)) &&
	    text_number(text, 10, &number) == 0 && number)
		probe_value(context, OBS_TRACER, (int64_t)number, NULL);
	report_trace(context, "traceme", try_traceme());
	pid = child_start(child_pause, NULL);
	if (pid < 0) {
		report_of(context, OBS_PTRACE, "seize", OBS_BROKEN, "clone", -pid, OBS_NO_VALUE,
			  NULL);
		return;
	}
	report_trace(context, "readv", try_read(pid));
	r = child_result(act_seize, &pid);
	report_trace(context, "sibling", r > 0 ? -r : r);
	report_trace(context, "seize", try_seize(pid));
	(void)child_end(pid, true);
}

static const struct probe probes[] = {
	{ .id = OBS_NNP, .run = probe_privileges },
	{ .id = OBS_SETUID_HELPER, .run = probe_helpers },
	{ .id = OBS_PTRACE, .run = probe_ptrace },
};
const struct probe_table probes_process = { probes, ARRAY_SIZE(probes) };
