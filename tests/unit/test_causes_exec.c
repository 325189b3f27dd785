/* SPDX-License-Identifier: MIT */
/*
 * test_causes_exec.c - why a file is not executed, from what was observed.
 */
#include "planted.h"

#define MEMORY                                   \
	{                                        \
		OBS_MEMFD_EXEC, OBS_YES, "plain" \
	}
#define NO_MEMORY(step, errnum)                                        \
	{                                                              \
		OBS_MEMFD_EXEC, OBS_NO, "plain", step, errnum, 0, NULL \
	}
#define INVALID(call, errnum)                                         \
	{                                                             \
		OBS_EXEC_INVALID, OBS_NO, call, NULL, errnum, 0, NULL \
	}
#define UNFILTERED                                              \
	{                                                       \
		OBS_FILTER_MODE, OBS_YES, NULL, NULL, 0, 0, "0" \
	}
#define FILTERED                                                \
	{                                                       \
		OBS_FILTER_MODE, OBS_YES, NULL, NULL, 0, 2, "1" \
	}
#define RUNS(name, path)                                          \
	{                                                         \
		OBS_EXEC_WRITTEN, OBS_YES, name, NULL, 0, 0, path \
	}
#define REFUSED(name, path, errnum)                                         \
	{                                                                   \
		OBS_EXEC_WRITTEN, OBS_NO, name, "execveat", errnum, 0, path \
	}

static const struct planted_case exec[] = {
	{ "everything is executed",
	  { MEMORY, RUNS("TMPDIR", "/tmp"), RUNS("cwd", ".") },
	  FACILITY_EXEC,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  "",
	  NULL,
	  "TMPDIR, cwd" },
	{ "a directory that cannot be written is no trouble of exec's",
	  { MEMORY,
	    { OBS_EXEC_WRITTEN, OBS_NOT_ASKED, "HOME", "open", ENOENT, 0, "/nonexistent" } },
	  FACILITY_EXEC,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  "",
	  NULL,
	  NULL },
	{ "vm.memfd_noexec is named",
	  { NO_MEMORY("memfd_create", EACCES),
	    INVALID("memfd_create", EINVAL),
	    { OBS_MEMFD_NOEXEC, OBS_YES, NULL, NULL, 0, 2, NULL } },
	  FACILITY_EXEC,
	  VERDICT_PARTLY,
	  WHO_SYSCTL,
	  "memfd-noexec",
	  "sysctl vm.memfd_noexec=0",
	  "vm.memfd_noexec is 2" },
	{ "a filter is known by what it says to a flag that no kernel takes",
	  { NO_MEMORY("memfd_create", EPERM), INVALID("memfd_create", EPERM), FILTERED },
	  FACILITY_EXEC,
	  VERDICT_PARTLY,
	  WHO_FILTER,
	  "memfd-filter",
	  "\"memfd_create\"",
	  "EPERM" },
	{ "a kernel without it is named",
	  { NO_MEMORY("memfd_create", ENOSYS), INVALID("memfd_create", ENOSYS), UNFILTERED },
	  FACILITY_EXEC,
	  VERDICT_PARTLY,
	  WHO_KERNEL,
	  "memfd-no-kernel",
	  NULL,
	  NULL },
	{ "what is left is a security module",
	  { NO_MEMORY("execveat", EPERM), INVALID("execveat", EBADF), UNFILTERED },
	  FACILITY_EXEC,
	  VERDICT_PARTLY,
	  WHO_LSM,
	  "memfd-denied",
	  NULL,
	  NULL },
	{ "noexec is named with its mount, and a place that works",
	  { MEMORY,
	    REFUSED("TMPDIR", "/mnt/a", EACCES),
	    RUNS("HOME", "/home/ada"),
	    { OBS_NOEXEC, OBS_YES, "TMPDIR", NULL, 0, 0, "/mnt" } },
	  FACILITY_EXEC,
	  VERDICT_PARTLY,
	  WHO_MOUNT,
	  "exec-noexec",
	  "export TMPDIR=/home/ada; or mount -o remount,bind,exec /mnt",
	  "/mnt/a" },
	{ "for another directory there is only the mount's line",
	  { MEMORY,
	    REFUSED("HOME", "/home/ada", EACCES),
	    RUNS("TMPDIR", "/tmp"),
	    { OBS_NOEXEC, OBS_YES, "HOME", NULL, 0, 0, "/home" } },
	  FACILITY_EXEC,
	  VERDICT_PARTLY,
	  WHO_MOUNT,
	  "exec-noexec",
	  "mount -o remount,bind,exec /home",
	  NULL },
	{ "an outer sandbox is told from a security module",
	  { MEMORY,
	    REFUSED("cwd", ".", EACCES),
	    INVALID("execveat", EBADF),
	    { OBS_LANDLOCK_LAYERS, OBS_YES, NULL, NULL, 0, 1, NULL } },
	  FACILITY_EXEC,
	  VERDICT_PARTLY,
	  WHO_LSM,
	  "exec-landlock",
	  "outer sandbox",
	  NULL },
	{ "which modules there are is said",
	  { MEMORY,
	    REFUSED("cwd", ".", EPERM),
	    INVALID("execveat", EBADF),
	    { OBS_LSM_LIST, OBS_YES, NULL, NULL, 0, 0, "capability,selinux" } },
	  FACILITY_EXEC,
	  VERDICT_PARTLY,
	  WHO_LSM,
	  "exec-denied",
	  NULL,
	  "selinux" },
	{ "a filter on execveat is told from both",
	  { MEMORY, REFUSED("cwd", ".", ENOSYS), INVALID("execveat", ENOSYS), FILTERED },
	  FACILITY_EXEC,
	  VERDICT_PARTLY,
	  WHO_FILTER,
	  "exec-filter",
	  "\"execveat\"",
	  NULL },
};

#define ARCH(name, row)                                          \
	{                                                        \
		OBS_ARCH_RUNS, OBS_YES, name, NULL, 0, row, NULL \
	}
#define NO_ARCH(name, row)                                                  \
	{                                                                   \
		OBS_ARCH_RUNS, OBS_NO, name, "execveat", ENOEXEC, row, NULL \
	}
#define HANDLER(step, fixed)                                                                   \
	{                                                                                      \
		OBS_BINFMT, OBS_YES, "aarch64", step, 0, fixed, "/usr/bin/qemu-aarch64-static" \
	}

static const struct planted_case arch[] = {
	{ "all run",
	  { ARCH("x86_64", 0),
	    ARCH("i386", 1),
	    ARCH("aarch64", 2),
	    { OBS_PAGE_SIZE, OBS_YES, NULL, NULL, 0, 4096, NULL } },
	  FACILITY_ARCH,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  "",
	  NULL,
	  "pages of 4096 bytes" },
	{ "no handler is registered",
	  { ARCH("x86_64", 0), NO_ARCH("aarch64", 2) },
	  FACILITY_ARCH,
	  VERDICT_PARTLY,
	  WHO_MISSING,
	  "arch-no-handler",
	  "qemu-user-static",
	  "aarch64" },
	{ "in gVisor none can be",
	  { ARCH("x86_64", 0), NO_ARCH("aarch64", 2), { OBS_PLACE, OBS_YES, "gvisor" } },
	  FACILITY_ARCH,
	  VERDICT_PARTLY,
	  WHO_MISSING,
	  "arch-no-handler",
	  "nothing inside",
	  NULL },
	{ "a handler whose program is in another root is named",
	  { ARCH("x86_64", 0), NO_ARCH("aarch64", 2), HANDLER("missing", 0) },
	  FACILITY_ARCH,
	  VERDICT_PARTLY,
	  WHO_MISSING,
	  "arch-handler-gone",
	  "flag F",
	  "no flag F" },
	{ "a handler that is switched off is switched on",
	  { ARCH("x86_64", 0), NO_ARCH("aarch64", 2), HANDLER("disabled", 1) },
	  FACILITY_ARCH,
	  VERDICT_PARTLY,
	  WHO_SETTING,
	  "arch-handler-disabled",
	  "echo 1 >/proc/sys/fs/binfmt_misc/qemu-aarch64",
	  NULL },
	{ "a handler that fails is not none",
	  { ARCH("x86_64", 0), NO_ARCH("aarch64", 2), HANDLER(NULL, 1) },
	  FACILITY_ARCH,
	  VERDICT_PARTLY,
	  WHO_UNKNOWN,
	  "arch-handler-fails",
	  NULL,
	  "flag F" },
	{ "32 bits are the kernel's",
	  { ARCH("x86_64", 0), NO_ARCH("i386", 1) },
	  FACILITY_ARCH,
	  VERDICT_PARTLY,
	  WHO_KERNEL,
	  "arch-no-32-bit",
	  "CONFIG_IA32_EMULATION=y",
	  "ENOEXEC" },
	{ "its own architecture is no matter of handlers",
	  { NO_ARCH("x86_64", 0) },
	  FACILITY_ARCH,
	  VERDICT_MISSING,
	  WHO_UNKNOWN,
	  "arch-native",
	  NULL,
	  NULL },
	{ "programs of old want their page",
	  { ARCH("x86_64", 0), { OBS_VSYSCALL, OBS_NO, NULL, "signal" } },
	  FACILITY_ARCH,
	  VERDICT_PARTLY,
	  WHO_BOOT,
	  "vsyscall-none",
	  "vsyscall=xonly",
	  NULL },
};

static void files_are_not_executed_for_what_the_evidence_names(void **state)
{
	(void)state;
	check_cases(causes_exec, exec, ARRAY_SIZE(exec));
}

static void architectures_do_not_run_for_what_the_evidence_names(void **state)
{
	(void)state;
	check_cases(causes_exec, arch, ARRAY_SIZE(arch));
}

static void nothing_asked_is_nothing_known(void **state)
{
	static const enum facility facilities[] = { FACILITY_EXEC, FACILITY_ARCH };

	(void)state;
	check_unknown(causes_exec, facilities, ARRAY_SIZE(facilities));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_not_executed_for_what_the_evidence_names),
		cmocka_unit_test(architectures_do_not_run_for_what_the_evidence_names),
		cmocka_unit_test(nothing_asked_is_nothing_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
