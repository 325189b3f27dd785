/* SPDX-License-Identifier: MIT */
/*
 * no_landlock - runs a command as on a kernel without Landlock.
 *
 *	no_landlock enosys|eopnotsupp|eperm COMMAND [ARG...]
 *
 * The three system calls answer as they do where Landlock is not built in
 * (ENOSYS), is built in but not in the boot list (EOPNOTSUPP), or is refused by the
 * filter of an outer container (EPERM). A plain seccomp filter, inherited by
 * everything the command starts.
 */
#include <strings.h>

#include "filter.h"

static const struct filter_errno refusals[] = {
	{ "enosys", ENOSYS },
	{ "eopnotsupp", EOPNOTSUPP },
	{ "eperm", EPERM },
};

int main(int argc, char **argv)
{
	static const uint32_t numbers[] = {
		NR_LANDLOCK_CREATE_RULESET,
		NR_LANDLOCK_ADD_RULE,
		NR_LANDLOCK_RESTRICT_SELF,
	};
	uint32_t errnum = 0;

	for (size_t i = 0; argc > 2 && i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (!strcasecmp(argv[1], refusals[i].name))
			errnum = (uint32_t)refusals[i].errnum;
	if (!errnum) {
		fputs("usage: no_landlock enosys|eopnotsupp|eperm COMMAND [ARG...]\n", stderr);
		return 125;
	}
	if (filter_install(numbers, 3, SECCOMP_RET_ERRNO | errnum, 0) < 0)
		filter_die("no_landlock", "seccomp");
	filter_exec("no_landlock", argv + 2);
}
