/* SPDX-License-Identifier: MIT */
/*
 * call_names.h - system calls by name, on the command lines of the emulators.
 */
#ifndef CROFT_TESTS_FAKES_CALL_NAMES_H
#define CROFT_TESTS_FAKES_CALL_NAMES_H

#include "filter.h"

static const struct {
	const char *name;
	uint32_t number;
} call_names[] = {
	{ "pidfd_send_signal", 424 }, /* Linux 5.1, and so on: the same numbers everywhere */
	{ "io_uring_setup", 425 },
	{ "open_tree", 428 },
	{ "move_mount", 429 },
	{ "fsopen", 430 },
	{ "fsconfig", 431 },
	{ "fsmount", 432 },
	{ "pidfd_open", 434 },
	{ "clone3", 435 },
	{ "close_range", 436 },
	{ "openat2", 437 },
	{ "pidfd_getfd", 438 },
	{ "faccessat2", 439 },
	{ "mount_setattr", 442 },
	{ "seccomp", SYS_seccomp },
	{ "memfd_create", SYS_memfd_create },
	{ "getrandom", SYS_getrandom },
	{ "prlimit64", SYS_prlimit64 },
	{ "unshare", SYS_unshare },
	{ "setns", SYS_setns },
	{ "mount", SYS_mount },
	{ "umount2", SYS_umount2 },
	{ "pivot_root", SYS_pivot_root },
	{ "sethostname", SYS_sethostname },
	{ "signalfd4", SYS_signalfd4 },
	{ "setdomainname", SYS_setdomainname },
	{ "clone", SYS_clone },
	{ "landlock_create_ruleset", NR_LANDLOCK_CREATE_RULESET },
	{ "landlock_add_rule", NR_LANDLOCK_ADD_RULE },
	{ "landlock_restrict_self", NR_LANDLOCK_RESTRICT_SELF },
	{ "execve", SYS_execve },
	{ "execveat", SYS_execveat },
	{ "ptrace", SYS_ptrace },
	{ "process_vm_readv", SYS_process_vm_readv },
};

static inline int find_call(const char *name, size_t len, uint32_t *ret_number)
{
	for (size_t i = 0; i < sizeof(call_names) / sizeof(call_names[0]); i++)
		if (strlen(call_names[i].name) == len && !strncmp(call_names[i].name, name, len)) {
			*ret_number = call_names[i].number;
			return 0;
		}
	fprintf(stderr, "'%.*s' is not in the table\n", (int)len, name);
	return -1;
}

/* Splits "a,b" into numbers; returns how many, or -1. */
static inline int parse_names(const char *names, uint32_t numbers[FILTER_MAX])
{
	int n = 0;

	while (n < FILTER_MAX) {
		size_t len = strcspn(names, ",");

		if (find_call(names, len, &numbers[n]) < 0)
			return -1;
		n++;
		if (!names[len])
			return n;
		names += len + 1;
	}
	return -1;
}

#endif
