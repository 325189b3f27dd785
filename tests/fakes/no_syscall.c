/* SPDX-License-Identifier: MIT */
/*
 * no_syscall - runs a command without some of the newer system calls.
 *
 *	no_syscall NAME[,NAME...] ERRNO|KILL|OK COMMAND [ARG...]
 *
 * As on an older kernel (ENOSYS), or inside a container whose filter refuses what
 * it does not know (EPERM, or EINVAL): programs must take the older way. KILL ends who makes the
 * call; with OK it is not made, and its maker is told that it was.
 */
#include <strings.h>

#include "call_names.h"
#include "filter.h"

static const struct filter_errno errnos[] = {
	{ "ENOSYS", ENOSYS },         { "EPERM", EPERM },
	{ "EINVAL", EINVAL },         { "EACCES", EACCES },
	{ "EOPNOTSUPP", EOPNOTSUPP }, { "EMFILE", EMFILE },
	{ "ENOMEM", ENOMEM },         { "EIO", EIO },
	{ "ENOSPC", ENOSPC },         { "OK", 0 },
};

int main(int argc, char **argv)
{
	uint32_t numbers[FILTER_MAX], action = 0;
	int n;

	for (size_t i = 0; argc > 3 && i < sizeof(errnos) / sizeof(errnos[0]); i++)
		if (!strcasecmp(argv[2], errnos[i].name))
			action = SECCOMP_RET_ERRNO | (uint32_t)errnos[i].errnum;
	if (argc > 3 && !strcmp(argv[2], "KILL"))
		action = SECCOMP_RET_KILL_PROCESS;
	if (!action) {
		fputs("usage: no_syscall NAME[,NAME...] ERRNO|KILL|OK COMMAND [ARG...]\n", stderr);
		return 125;
	}
	n = parse_names(argv[1], numbers);
	if (n < 0)
		return 125;
	if (filter_install(numbers, (size_t)n, action, 0) < 0)
		filter_die("no_syscall", "seccomp");
	filter_exec("no_syscall", argv + 3);
}
