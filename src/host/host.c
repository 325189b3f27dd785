/* SPDX-License-Identifier: MIT */
/*
 * host.c - what this machine can do: the questions that the kernel answers.
 *
 * Each question is asked of the mechanism itself, in the cheapest form that has
 * no effect. What the kernel answers is kept as it is: which errno it was decides
 * what would mend it. What needs a child is in acts.c and acts_ns.c, the cgroup
 * tree in cgroup.c, saving and loading in host_file.c.
 *
 * The answers are trusted as far as they go: under an outer sandbox or an
 * emulated kernel they are that layer's, which is the host as we have it.
 */
#include "host/host.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "host/probe.h"
#include "sys/calls.h"
#include "sys/fd.h"

const struct name host_ns_names[HOST_NS_MAX] = {
	[HOST_NS_USER] = { "user", "ids and capabilities" },
	[HOST_NS_MOUNT] = { "mount", "the tree of files" },
	[HOST_NS_PID] = { "pid", "processes" },
	[HOST_NS_NET] = { "net", "interfaces, ports, abstract sockets" },
	[HOST_NS_IPC] = { "ipc", "System V IPC and POSIX message queues" },
	[HOST_NS_UTS] = { "uts", "the host name" },
	[HOST_NS_CGROUP] = { "cgroup", "the root of control groups" },
};
static_assert(ARRAY_SIZE(host_ns_names) == HOST_NS_MAX, "a name for each namespace");

const struct name host_controller_names[CONTROLLER_MAX] = {
	[CONTROLLER_MEMORY] = { "memory", "memory of all processes together" },
	[CONTROLLER_PIDS] = { "pids", "the number of processes and threads" },
	[CONTROLLER_CPU] = { "cpu", "a share of the processors" },
};
static_assert(ARRAY_SIZE(host_controller_names) == CONTROLLER_MAX, "a name for each controller");

const struct name host_ns_step_names[NS_STEP_MAX] = {
	[NS_STEP_NONE] = { "none", "nothing was refused" },
	[NS_STEP_UNSHARE] = { "unshare", "making it" },
	[NS_STEP_SETGROUPS] = { "setgroups", "giving up setgroups(2) in it" },
	[NS_STEP_UID_MAP] = { "uid_map", "mapping the user" },
	[NS_STEP_GID_MAP] = { "gid_map", "mapping the group" },
	[NS_STEP_MOUNT] = { "mount", "mounting in it" },
};
static_assert(ARRAY_SIZE(host_ns_step_names) == NS_STEP_MAX, "a name for each step");

const struct name host_refuser_names[NS_REFUSER_MAX] = {
	[NS_REFUSER_UNKNOWN] = { "unknown", NULL },
	[NS_REFUSER_FILTER] = { "filter", "a system call filter" },
	[NS_REFUSER_CHROOT] = { "chroot", "the kernel, in a chroot" },
	[NS_REFUSER_SYSCTL] = { "sysctl", "kernel.unprivileged_userns_clone" },
	[NS_REFUSER_LIMIT] = { "limit", "user.max_user_namespaces is 0" },
	[NS_REFUSER_NESTING] = { "nesting", "too many in each other" },
};
static_assert(ARRAY_SIZE(host_refuser_names) == NS_REFUSER_MAX, "a name for each refuser");

bool host_ns_goes_with_mounts(enum host_ns kind)
{
	return kind == HOST_NS_NET || kind == HOST_NS_IPC;
}

enum host_answer host_ns_answer(const struct host *host, enum host_ns kind)
{
	if (host_ns_goes_with_mounts(kind) && host->ns[kind].works == HOST_UNKNOWN)
		kind = HOST_NS_MOUNT;
	return host->ns[kind].works;
}

static void probe_landlock(struct host *host)
{
	int r = sys_landlock_create_ruleset(NULL, 0, ABI_LANDLOCK_CREATE_RULESET_VERSION);

	/* The first ABI is 1: an answer of 0 is no kernel's, and is not to be built on. */
	if (r <= 0) {
		host->landlock.errnum = r ? -r : EINVAL;
		return;
	}
	host->landlock.abi = r;
	/* Since 6.15; EINVAL before, which says nothing about what is fixed. */
	r = sys_landlock_create_ruleset(NULL, 0, ABI_LANDLOCK_CREATE_RULESET_ERRATA);
	if (r >= 0) {
		host->landlock.has_errata = true;
		host->landlock.errata = (uint32_t)r;
	}
}

static int seccomp_knows(uint32_t action)
{
	return sys_seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action);
}

static void probe_seccomp(struct host *host)
{
	int r = seccomp_knows(SECCOMP_RET_ERRNO);

	/*
	 * Since 4.14, and not in gVisor. Asked the older way: a filter at no address is EFAULT
	 * where filters are taken.
	 */
	if (r == -EINVAL && sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, NULL) == -EFAULT)
		r = 0;
	host->seccomp.errnum = -r;
	host->seccomp.has_kill_process = seccomp_knows(SECCOMP_RET_KILL_PROCESS) == 0;
}

static void probe_descriptors(struct host *host)
{
	AUTO_FD int pidfd = sys_pidfd_open(sys_getpid(), 0);

	host->has_pidfd = pidfd >= 0;
	/* No descriptor has this number: the flag is checked and nothing is marked. */
	host->has_close_range = sys_close_range(UINT_MAX, UINT_MAX, ABI_CLOSE_RANGE_CLOEXEC) == 0;
}

/* The release ends in messages and in a file of lines; an odd one is not worth failing for. */
static void copy_release(char *ret_text, size_t size, const char *release)
{
	size_t i;

	for (i = 0; i + 1 < size && release[i]; i++)
		ret_text[i] = release[i] > ' ' && release[i] < 0x7f ? release[i] : '?';
	ret_text[i] = '\0';
}

int host_probe(struct host *ret_host, struct croft_error *err)
{
	struct host host = { .arch = ARCH_NATIVE };
	struct utsname name;
	struct sys_caps caps;
	int r = sys_uname(&name);

	if (r < 0)
		return fail(err, CROFT_STAGE_HOST, -r, "ask the kernel for its name");
	copy_release(host.kernel_release, sizeof(host.kernel_release), name.release);
	host.uid = sys_geteuid();
	if (sys_capget(&caps) == 0)
		host.has_capabilities = caps.permitted[0] || caps.permitted[1];
	probe_landlock(&host);
	probe_seccomp(&host);
	probe_descriptors(&host);
	*ret_host = host;
	return 0;
}

int host_probe_fully(struct host *ret_host, struct croft_error *err)
{
	struct host host;
	int r = host_probe(&host, err);

	if (r < 0)
		return r;
	r = host_probe_cgroup(&host, err);
	if (r < 0)
		return r;
	r = host_probe_enforcement(&host, err);
	if (r < 0)
		return r;
	r = host_probe_namespaces(&host, (1U << HOST_NS_MAX) - 1, err);
	if (r < 0)
		return r;
	*ret_host = host;
	return 0;
}
