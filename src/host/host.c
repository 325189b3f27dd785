/* SPDX-License-Identifier: MIT */
/*
 * host.c - what this machine can do: the questions that the kernel answers.
 *
 * Each question is asked of the mechanism itself, in the cheapest form that has
 * no effect. What the kernel answers is kept as it is: which errno it was decides
 * what would mend it. What needs a child is in acts.c, the cgroup tree in
 * cgroup.c, saving and loading in host_file.c.
 *
 * The answers are trusted as far as they go: under an outer sandbox or an
 * emulated kernel they are that layer's, which is the host as we have it.
 */
#include "host/host.h"

#include <errno.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <sys/utsname.h>

#include "host/probe.h"
#include "sys/calls.h"
#include "sys/fd.h"

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
	host->seccomp.errnum = -seccomp_knows(SECCOMP_RET_ERRNO);
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
	r = probe_cgroup(&host, err);
	if (r < 0)
		return r;
	r = host_probe_enforcement(&host, err);
	if (r < 0)
		return r;
	r = probe_userns(&host, err);
	if (r < 0)
		return r;
	r = probe_delegation(&host, err);
	if (r < 0)
		return r;
	*ret_host = host;
	return 0;
}
