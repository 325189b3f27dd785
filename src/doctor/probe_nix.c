/* SPDX-License-Identifier: MIT */
/*
 * probe_nix.c - the two tests by which Nix decides whether it can sandbox, acted out as Nix does
 * it.
 *
 * Nix prints one sentence for whatever is refused here, or nothing where sandbox-fallback is on. So
 * each call is made with the flags, in the order and from the kind of child that Nix has, and
 * each that fails is told by itself:
 *
 *   userNamespacesSupported         three files are read and believed; only then clone(NEWUSER)
 *   mountAndPidNamespacesSupported  clone(NEWNS | NEWPID, and NEWUSER if the above said yes);
 *                                   "/" is made private; a new proc is mounted on /proc
 *
 * What tells the causes of one errno apart is asked beside: clone and mount with arguments which
 * the kernel refuses before it looks at privileges (CLONE_NEWUSER | CLONE_FS is EINVAL, since
 * 3.12; the type of a mount is copied first, EFAULT, in every version), whether "/" is a mount
 * point, what lies over /proc, and the words that the kernel has for a refused proc (since 5.2).
 *
 * Source: Nix's src/libutil/linux/linux-namespaces.cc.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "doctor/child.h"
#include "doctor/nix_probes.h"
#include "host/mounts.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define STACK_SIZE ((size_t)256 * 1024)
#define MOUNTS_BYTES (32U << 20)
#define OVER_TOLD 20 /* mounts over /proc: a container has about ten */
#define REASON_SIZE 256

static int return_zero(void *unused)
{
	(void)unused;
	return 0;
}

/*
 * Nix's startProcess: a child with a copy of the memory. Its exit status as child_end, or
 * -errno.
 */
static int in_clone(int flags, int (*fn)(void *), void *arg)
{
	void *stack;
	int r = sys_mmap_stack(STACK_SIZE, &stack);

	if (r < 0)
		return r;
	r = sys_clone(fn, (char *)stack + STACK_SIZE, flags | SIGCHLD, arg, NULL);
	(void)sys_munmap(stack, STACK_SIZE);
	return r < 0 ? r : child_end(r, false);
}

/* A file of /proc without white space at its ends; false: it is not there. */
static bool read_file(const char *path, char *ret, size_t size)
{
	ssize_t len = text_read(AT_FDCWD, path, ret, size);

	if (len < 0)
		return false;
	while (len > 0 && strchr(" \t\n\r", ret[len - 1]))
		ret[--len] = '\0';
	return true;
}

/* Without it nothing can be said of what should lie there. */
static bool has_proc(void)
{
	return sys_faccessat(AT_FDCWD, "/proc/self", F_OK) == 0;
}

struct nix_userns nix_userns_supported(void)
{
	struct nix_userns found = { "", 0, "" };
	struct stat st;
	int r;

	if (sys_fstatat(AT_FDCWD, "/proc/self/ns/user", &st, 0) < 0) {
		found.step = has_proc() ? "ns-link" : "proc";
		return found;
	}
	if (!read_file("/proc/sys/user/max_user_namespaces", found.text, sizeof(found.text)) ||
	    !strcmp(found.text, "0")) {
		found.step = "max-user-namespaces";
		return found;
	}
	if (read_file("/proc/sys/kernel/unprivileged_userns_clone", found.text,
		      sizeof(found.text)) &&
	    !strcmp(found.text, "0")) {
		found.step = "userns-clone-sysctl";
		return found;
	}
	found.text[0] = '\0';
	r = in_clone(CLONE_NEWUSER, return_zero, NULL);
	if (r != 0) {
		found.step = "clone";
		found.errnum = r < 0 ? -r : 0;
	}
	return found;
}

static void report_made(const struct probe_context *context, enum obs id, int r)
{
	if (r == 0)
		probe_yes(context, id, "");
	else
		probe_no(context, id, "clone", r < 0 ? -r : 0, "");
}

static void report_limits(const struct probe_context *context)
{
	static const char *const names[] = { "max_user_namespaces", "max_mnt_namespaces",
					     "max_pid_namespaces",  "max_net_namespaces",
					     "max_uts_namespaces",  "max_ipc_namespaces" };
	char path[128], text[64];
	uint64_t value;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		(void)snprintf(path, sizeof(path), "/proc/sys/user/%s", names[i]);
		if (text_read(AT_FDCWD, path, text, sizeof(text)) >= 0 &&
		    text_number(text, 10, &value) == 0 && value <= INT64_MAX)
			report_of(context, OBS_NIX_LIMIT, names[i], OBS_YES, "", 0, (int64_t)value,
				  "");
	}
}

void probe_nix_userns(const struct probe_context *context)
{
	struct nix_env env = nix_env_of(environ);
	struct nix_userns found;
	long r;

	if (!nix_is_here(&env))
		return;
	found = nix_userns_supported();
	if (!*found.step)
		probe_yes(context, OBS_NIX_USERNS, "");
	else
		probe_no(context, OBS_NIX_USERNS, found.step, found.errnum, found.text);
	report_made(context, OBS_NIX_USERNS_MADE, in_clone(CLONE_NEWUSER, return_zero, NULL));
	report_limits(context);
	/*
	 * EINVAL before anything else is looked at: nobody may share a root across user
	 * namespaces.
	 */
	r = sys_raw(SYS_clone, CLONE_NEWUSER | CLONE_FS | SIGCHLD, 0, 0, 0, 0, 0);
	/* a kernel that makes one all the same: this is it, and is not needed */
	if (r == 0)
		sys_exit(0);
	if (r > 0)
		(void)child_end((pid_t)r, true);
	if (r == -EINVAL)
		probe_yes(context, OBS_NIX_CLONE_INVALID, "");
	else
		probe_no(context, OBS_NIX_CLONE_INVALID, "clone", r < 0 ? (int)-r : 0, "");
	r = sys_raw(SYS_mount, 0, 0, 1, 0, 0, 0);
	if (r == -EFAULT)
		probe_yes(context, OBS_NIX_MOUNT_INVALID, "");
	else
		probe_no(context, OBS_NIX_MOUNT_INVALID, "mount", r < 0 ? (int)-r : 0, "");
}

/* The kernel forgives what covers a directory of proc that is always empty. */
static bool is_forgiven(const char *point)
{
	static const char *const empty[] = { "/proc/sys/fs/binfmt_misc", "/proc/fs/nfsd",
					     "/proc/openprom" };

	for (size_t i = 0; i < ARRAY_SIZE(empty); i++)
		if (!strcmp(point, empty[i]))
			return true;
	return false;
}

static void report_mounts(const struct probe_context *context)
{
	struct mount *mounts;
	struct arena arena;
	bool has_root = false;
	unsigned told = 0;
	size_t n;

	arena_init(&arena, MOUNTS_BYTES);
	if (mounts_read(&arena, &mounts, &n) < 0)
		n = 0;
	for (size_t i = 0; i < n; i++) {
		const char *text;

		has_root = has_root || !strcmp(mounts[i].point, "/");
		if (strncmp(mounts[i].point, "/proc/", 6) != 0 || is_forgiven(mounts[i].point) ||
		    told == OVER_TOLD)
			continue;
		text = arena_printf(&arena, "%s %s", mounts[i].type, mounts[i].root);
		report_of(context, OBS_NIX_PROC_OVER, mounts[i].point, OBS_YES, "", 0, OBS_NO_VALUE,
			  text);
		told++;
	}
	if (has_root)
		probe_yes(context, OBS_NIX_ROOT, "");
	else if (n)
		probe_no(context, OBS_NIX_ROOT, "mountinfo", 0, "no mount has the mount point /");
	arena_done(&arena);
}

/* Nix's second test, in its child. */
struct trial {
	const struct probe_context *context;
	enum obs id;
	bool has_userns;
	char mnt_link[64]; /* of before */
};

static void read_link(const char *path, char ret[64])
{
	ssize_t len = sys_readlinkat(AT_FDCWD, path, ret, 63);

	ret[len > 0 ? len : 0] = '\0';
}

static void report_trial(const struct trial *trial, const char *step, int r, const char *text)
{
	report_of(trial->context, trial->id, "", *step ? OBS_NO : OBS_YES, step, -r,
		  trial->has_userns, text);
}

/* "VFS: Mount too revealing": only the new calls tell it, in the context's own log. */
static void read_reason(char ret[REASON_SIZE])
{
	AUTO_FD int fs = sys_fsopen("proc");
	AUTO_FD int proc = -1;
	ssize_t len;

	ret[0] = '\0';
	if (fs < 0 || sys_fsconfig(fs, ABI_FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return;
	proc = sys_fsmount(fs, 0);
	len = proc < 0 ? sys_read(fs, ret, REASON_SIZE - 1) : 0;
	ret[len > 0 ? len : 0] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
}

/* A label inside says which module took the capabilities away. */
static void read_label(char ret[REASON_SIZE])
{
	if (!read_file("/proc/self/attr/current", ret, REASON_SIZE))
		ret[0] = '\0';
}

static int try_mounts(void *arg)
{
	const struct trial *trial = arg;
	char link[64], text[REASON_SIZE];
	int r;

	/* As root, in the host's own tree: what follows would be done to everybody. */
	read_link("/proc/self/ns/mnt", link);
	if (!trial->has_userns && !strcmp(link, trial->mnt_link)) {
		report_trial(trial, "effect", 0, "the mount namespace is the same");
		return 0;
	}
	r = sys_mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL);
	if (r < 0) {
		read_label(text);
		report_trial(trial, "private", r, text);
		return 0;
	}
	read_reason(text); /* before /proc is another */
	r = sys_mount("none", "/proc", "proc", 0, NULL);
	if (r < 0 && !*text)
		read_label(text);
	report_trial(trial, r < 0 ? "proc" : "", r, r < 0 ? text : "");
	return 0;
}

static void try_namespaces(const struct probe_context *context, enum obs id, bool has_userns)
{
	struct trial trial = { .context = context, .id = id, .has_userns = has_userns };
	int r;

	read_link("/proc/self/ns/mnt", trial.mnt_link);
	if (!has_proc()) {
		report_trial(&trial, "no-proc", 0, "");
		return;
	}
	r = in_clone(CLONE_NEWNS | CLONE_NEWPID | (has_userns ? CLONE_NEWUSER : 0), try_mounts,
		     &trial);
	if (r < 0)
		report_trial(&trial, "clone", r, "");
	else if (r > 0)
		report_trial(&trial, "killed", 0, "");
}

void probe_nix_namespaces(const struct probe_context *context)
{
	struct nix_env env = nix_env_of(environ);
	struct sys_caps caps;
	bool has_userns;

	if (!nix_is_here(&env))
		return;
	report_mounts(context);
	if (sys_capget(&caps) == 0 && caps.effective[0] & 1U << CAP_SYS_ADMIN)
		probe_yes(context, OBS_NIX_ADMIN, "");
	else
		probe_no(context, OBS_NIX_ADMIN, "capability", 0, "");
	has_userns = !*nix_userns_supported().step;
	try_namespaces(context, OBS_NIX_NAMESPACES, has_userns);
	if (has_userns && sys_geteuid() == 0)
		try_namespaces(context, OBS_NIX_NAMESPACES_PLAIN, false);
}
