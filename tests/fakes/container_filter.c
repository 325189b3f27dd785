/* SPDX-License-Identifier: MIT */
/*
 * container_filter - runs a command under a filter such as container engines put on theirs.
 *
 *	container_filter docker|podman|no-userns[:CALL,...] COMMAND [ARG...]
 *
 * docker	what its default profile refuses a container without CAP_SYS_ADMIN: every way to
 *		a namespace or a mount, EPERM; clone3 ENOSYS, for its flags lie in memory
 *		where a filter cannot look
 * podman	as above, but namespaces and mounts are let through; sethostname and setns are not
 * no-userns	CLONE_NEWUSER alone is refused, in unshare and clone; clone3 ENOSYS
 *
 * The calls after the colon are let through after all, as by a rule added to the profile.
 *
 * Landlock and seccomp are allowed by both engines' profiles. What is newer than the profiles
 * (their lists end at 451, cachestat) is ENOSYS, as they have it.
 */
#include <sched.h>
#include <stdbool.h>

#include "call_names.h"
#include "filter.h"

#define CLONE_NEW_ANY 0x7e020000U /* all CLONE_NEW* that clone(2) takes */
#define NR_CLONE3 435 /* 5.3; the same on every architecture, as those below */
#define NR_PROFILE_END 452
#define PROGRAM_MAX 256

static struct sock_filter program[PROGRAM_MAX];
static size_t program_len;

/* Refused without CAP_SYS_ADMIN by both. */
static const uint32_t refused_by_both[] = {
	SYS_setns,         SYS_sethostname, SYS_setdomainname,   SYS_fanotify_init,
	SYS_bpf,           SYS_quotactl,    SYS_perf_event_open, SYS_reboot,
	SYS_swapon,        SYS_swapoff,     SYS_init_module,     SYS_finit_module,
	SYS_delete_module, SYS_acct,        SYS_settimeofday,    SYS_open_by_handle_at,
	SYS_vhangup,       SYS_kexec_load,  SYS_userfaultfd,     SYS_syslog,
};

/* And these by Docker's. */
static const uint32_t refused_by_docker[] = {
	SYS_unshare,
	SYS_mount,
	SYS_umount2,
	SYS_pivot_root,
	SYS_keyctl,
	SYS_add_key,
	SYS_request_key,
	SYS_kcmp,
	SYS_mbind,
	SYS_set_mempolicy,
	SYS_move_pages,
	425, /* io_uring_setup, io_uring_enter, io_uring_register */
	426,
	427,
	428, /* open_tree, move_mount, fsopen, fsconfig, fsmount, fspick */
	429,
	430,
	431,
	432,
	433,
	438, /* pidfd_getfd */
	442, /* mount_setattr */
};

static void add(struct sock_filter instruction)
{
	if (program_len == PROGRAM_MAX) {
		errno = E2BIG;
		filter_die("container_filter", "filter");
	}
	program[program_len++] = instruction;
}

static void load(size_t offset)
{
	add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void give(uint32_t action)
{
	add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/* By the command line: these are not refused. */
static uint32_t allowed[FILTER_MAX];
static int n_allowed;

static bool is_allowed(uint32_t number)
{
	for (int i = 0; i < n_allowed; i++)
		if (allowed[i] == number)
			return true;
	return false;
}

static void refuse(uint32_t number, int errnum)
{
	if (is_allowed(number))
		return;
	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1));
	give(SECCOMP_RET_ERRNO | (uint32_t)errnum);
}

/* clone and unshare have their flags in the first argument on both architectures. */
static void refuse_flags(uint32_t number, uint32_t flags)
{
	if (is_allowed(number))
		return;
	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4));
	load(offsetof(struct seccomp_data, args[0]));
	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, flags, 0, 1));
	give(SECCOMP_RET_ERRNO | EPERM);
	load(offsetof(struct seccomp_data, nr));
}

static void refuse_newer(void)
{
	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, NR_PROFILE_END, 0, 1));
	give(SECCOMP_RET_ERRNO | ENOSYS);
}

static bool build(const char *kind)
{
	load(offsetof(struct seccomp_data, nr));
	refuse(NR_CLONE3, ENOSYS);
	if (!strcmp(kind, "no-userns")) {
		refuse_flags(SYS_unshare, CLONE_NEWUSER);
		refuse_flags(SYS_clone, CLONE_NEWUSER);
	} else if (!strcmp(kind, "docker") || !strcmp(kind, "podman")) {
		for (size_t i = 0; i < sizeof(refused_by_both) / sizeof(uint32_t); i++)
			refuse(refused_by_both[i], EPERM);
		if (!strcmp(kind, "docker")) {
			for (size_t i = 0; i < sizeof(refused_by_docker) / sizeof(uint32_t); i++)
				refuse(refused_by_docker[i], EPERM);
			refuse_flags(SYS_clone, CLONE_NEW_ANY);
		}
		refuse_newer();
	} else {
		return false;
	}
	give(SECCOMP_RET_ALLOW);
	return true;
}

int main(int argc, char **argv)
{
	struct sock_fprog prog = { .filter = program };

	char *names = argc < 3 ? NULL : strchr(argv[1], ':');

	if (names) {
		*names = '\0';
		n_allowed = parse_names(names + 1, allowed);
		if (n_allowed < 0)
			return 125;
	}
	if (argc < 3 || !build(argv[1])) {
		fputs("usage: container_filter docker|podman|no-userns[:CALL,...] COMMAND "
		      "[ARG...]\n",
		      stderr);
		return 125;
	}
	prog.len = (unsigned short)program_len;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) != 0)
		filter_die("container_filter", "seccomp");
	filter_exec("container_filter", argv + 2);
}
