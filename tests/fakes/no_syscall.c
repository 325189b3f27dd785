/* SPDX-License-Identifier: MIT */
/*
 * no_syscall - runs a command without some of the newer system calls.
 *
 *	no_syscall NAME[,NAME...] ERRNO COMMAND [ARG...]
 *
 * As on an older kernel (ENOSYS), or inside a container whose filter refuses what
 * it does not know (EPERM, or EINVAL): programs must take the older way.
 */
#include <strings.h>

#include "filter.h"

static const struct {
	const char *name;
	uint32_t number;
} calls[] = {
	{ "pidfd_send_signal", 424 }, /* Linux 5.1, and so on: the same numbers everywhere */
	{ "io_uring_setup", 425 },
	{ "pidfd_open", 434 },
	{ "clone3", 435 },
	{ "close_range", 436 },
	{ "openat2", 437 },
	{ "pidfd_getfd", 438 },
	{ "faccessat2", 439 },
	{ "seccomp", SYS_seccomp },
	{ "memfd_create", SYS_memfd_create },
	{ "getrandom", SYS_getrandom },
	{ "prlimit64", SYS_prlimit64 },
	{ "unshare", SYS_unshare },
	{ "signalfd4", SYS_signalfd4 },
};

static const struct filter_errno errnos[] = {
	{ "ENOSYS", ENOSYS },         { "EPERM", EPERM },
	{ "EINVAL", EINVAL },         { "EACCES", EACCES },
	{ "EOPNOTSUPP", EOPNOTSUPP }, { "EMFILE", EMFILE },
	{ "ENOMEM", ENOMEM },         { "EIO", EIO },
};

static int find_call(const char *name, size_t len, uint32_t *ret_number)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strlen(calls[i].name) == len && !strncmp(calls[i].name, name, len)) {
			*ret_number = calls[i].number;
			return 0;
		}
	fprintf(stderr, "no_syscall: '%.*s' is not in the table\n", (int)len, name);
	return -1;
}

/* Splits "a,b" into numbers; returns how many, or -1. */
static int parse_names(const char *names, uint32_t numbers[FILTER_MAX])
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

int main(int argc, char **argv)
{
	uint32_t numbers[FILTER_MAX], errnum = 0;
	int n;

	for (size_t i = 0; argc > 3 && i < sizeof(errnos) / sizeof(errnos[0]); i++)
		if (!strcasecmp(argv[2], errnos[i].name))
			errnum = (uint32_t)errnos[i].errnum;
	if (!errnum) {
		fputs("usage: no_syscall NAME[,NAME...] ERRNO COMMAND [ARG...]\n", stderr);
		return 125;
	}
	n = parse_names(argv[1], numbers);
	if (n < 0)
		return 125;
	if (filter_install(numbers, (size_t)n, SECCOMP_RET_ERRNO | errnum, 0) < 0)
		filter_die("no_syscall", "seccomp");
	filter_exec("no_syscall", argv + 3);
}
