/* SPDX-License-Identifier: MIT */
/*
 * probe_nix_setup.c - what Nix's builder does before a build, once its two tests have passed.
 *
 * These are steps that no fallback catches: a build ends with their error whatever sandbox-fallback
 * says. They are done as Nix does them, in its order of processes:
 *
 *   the probe ─► a helper, which drops its groups and clones with CLONE_PARENT ─► the builder,
 *   which then is the probe's own child, and waits until the probe has written its id maps
 *
 *   lo up by SIOCSIFFLAGS without a look at it; host and domain name; tmpfs with the size that is
 *   set for /dev/shm (50%); a devpts of its own
 *
 * Nothing is set or mounted before the namespace is seen to be another one: a kernel that takes
 * the flags and does nothing would have its own name changed.
 *
 * Source: Nix's src/libstore/linux/build/linux-derivation-builder.cc.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "doctor/child.h"
#include "doctor/nix_probes.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define STACK_SIZE ((size_t)256 * 1024)
#define LINK_SIZE 64
#define SANDBOX_ID 1000 /* Nix's builder is this user inside */

struct setup {
	const struct probe_context *context;
	bool has_userns;
	int pid_pipe[2]; /* the builder's number, from the helper */
	int go_pipe[2]; /* closed when the maps are written */
	const char *shm_size;
	char mnt[LINK_SIZE], uts[LINK_SIZE], net[LINK_SIZE]; /* links of before */
};

static void report(const struct setup *setup, const char *subject, int r, const char *text)
{
	report_of(setup->context, OBS_NIX_SETUP, subject, r < 0 ? OBS_NO : OBS_YES,
		  r < 0 ? subject : "", r < 0 ? -r : 0, OBS_NO_VALUE, text);
}

static void read_link(const char *path, char ret[LINK_SIZE])
{
	ssize_t len = sys_readlinkat(AT_FDCWD, path, ret, LINK_SIZE - 1);

	ret[len > 0 ? len : 0] = '\0';
}

static bool is_other(const char *path, const char *before)
{
	char now[LINK_SIZE];

	read_link(path, now);
	return *now && strcmp(now, before) != 0;
}

static int set_lo_up(void)
{
	struct ifreq lo = { .ifr_name = "lo" };
	AUTO_FD int fd = sys_socket(PF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		return fd;
	lo.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
	return sys_ioctl(fd, SIOCSIFFLAGS, &lo);
}

static void try_names(const struct setup *setup)
{
	static const char host[] = "localhost", domain[] = "(none)";
	long r;

	if (!is_other("/proc/self/ns/uts", setup->uts)) {
		report(setup, "hostname", -ENOTSUP, "the uts namespace is the same");
		return;
	}
	report(setup, "hostname", sys_sethostname(host, sizeof(host)), "");
	r = sys_raw(SYS_setdomainname, (long)(uintptr_t)domain, sizeof(domain), 0, 0, 0, 0);
	report(setup, "domainname", (int)r, "");
}

static void try_mounts(const struct setup *setup)
{
	char size[64];

	/* in a namespace of a new user's, the host's tree is out of reach in any case */
	if (!setup->has_userns && !is_other("/proc/self/ns/mnt", setup->mnt)) {
		report(setup, "shm", -ENOTSUP, "the mount namespace is the same");
		return;
	}
	if (sys_mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) < 0)
		return;
	(void)snprintf(size, sizeof(size), "size=%s", setup->shm_size);
	report(setup, "shm", sys_mount("none", "/dev", "tmpfs", 0, size), size);
	report(setup, "devpts", sys_mount("none", "/dev", "devpts", 0, "newinstance,mode=0620"),
	       "");
}

static int build(void *arg)
{
	struct setup *setup = arg;
	char none;

	fd_close(&setup->go_pipe[1]);
	(void)fd_read_full(setup->go_pipe[0], &none, 1);
	if (is_other("/proc/self/ns/net", setup->net))
		report(setup, "lo", set_lo_up(), "");
	else
		report(setup, "lo", -ENOTSUP, "the network namespace is the same");
	try_names(setup);
	try_mounts(setup);
	return 0;
}

static int help(void *arg)
{
	struct setup *setup = arg;
	int flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET |
		    CLONE_PARENT | SIGCHLD | (setup->has_userns ? CLONE_NEWUSER : 0);
	void *stack;
	int pid;

	report(setup, "setgroups", (int)sys_raw(SYS_setgroups, 0, 0, 0, 0, 0, 0), "");
	pid = sys_mmap_stack(STACK_SIZE, &stack);
	if (pid == 0)
		pid = sys_clone(build, (char *)stack + STACK_SIZE, flags, setup, NULL);
	if (pid < 0)
		report(setup, "clone", pid, "");
	(void)fd_write_all(setup->pid_pipe[1], &pid, sizeof(pid));
	return 0;
}

static int write_text(int pid, const char *name, const char *text)
{
	char path[64];
	AUTO_FD int fd = -1;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = sys_openat(AT_FDCWD, path, O_WRONLY, 0);
	return fd < 0 ? fd : fd_write_all(fd, text, strlen(text));
}

static int map_ids(int pid)
{
	char text[64];
	int r;

	(void)snprintf(text, sizeof(text), "%d %u 1", SANDBOX_ID, sys_geteuid());
	r = write_text(pid, "uid_map", text);
	if (r == 0)
		r = write_text(pid, "setgroups", "deny");
	(void)snprintf(text, sizeof(text), "100 %u 1", sys_getegid());
	return r < 0 ? r : write_text(pid, "gid_map", text);
}

static void wait_for(const struct setup *setup, int pid)
{
	int r = child_end(pid, false);

	/* ECHILD: it is the helper's, who is gone. Nix then ends in the middle of the build. */
	report(setup, "parent", r < 0 ? r : 0, "");
}

void probe_nix_setup(const struct probe_context *context)
{
	struct setup setup = { .context = context, .pid_pipe = { -1, -1 }, .go_pipe = { -1, -1 } };
	struct nix_env env = nix_env_of(environ);
	struct nix_world world;
	int pid = -1, helper = -1;

	if (!nix_is_here(&env))
		return;
	nix_world_load(&world, environ, 0);
	setup.shm_size = nix_world_get(&world, "sandbox-dev-shm-size").value;
	setup.has_userns = !*nix_userns_supported().step;
	read_link("/proc/self/ns/mnt", setup.mnt);
	read_link("/proc/self/ns/uts", setup.uts);
	read_link("/proc/self/ns/net", setup.net);
	if (sys_pipe(setup.pid_pipe) == 0 && sys_pipe(setup.go_pipe) == 0)
		helper = child_start(help, &setup);
	fd_close(&setup.pid_pipe[1]);
	if (helper > 0 && fd_read_full(setup.pid_pipe[0], &pid, sizeof(pid)) == sizeof(pid) &&
	    pid > 0) {
		(void)child_end(helper, false);
		if (setup.has_userns)
			report(&setup, "uid-map", map_ids(pid), "");
		fd_close(&setup.go_pipe[1]);
		wait_for(&setup, pid);
	} else if (helper > 0) {
		(void)child_end(helper, false);
	}
	fd_close(&setup.pid_pipe[0]);
	fd_close(&setup.go_pipe[0]);
	fd_close(&setup.go_pipe[1]);
	nix_world_done(&world);
}
