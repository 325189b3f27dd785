/* SPDX-License-Identifier: MIT */
/*
 * causes_exec.c - why files that were just written, files in memory, or programs of other
 * architectures are not executed.
 *
 * EACCES of exec is noexec if the mount has that flag; a file that this user made and whose mode
 * is right is else kept from him by a security module, by an outer Landlock or another. ENOEXEC
 * of a program that is right in itself is the architecture's.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "doctor/causes_ns.h"
#include "doctor/judge.h"

static void judge_memfd(struct verdicts *verdicts, const struct observations *set)
{
	static const struct cause_row setting = {
		WHO_SYSCTL, "memfd-noexec", "programs in memory (memfd) are not executed",
		"sysctl vm.memfd_noexec=0",
		"programs can run what was never a file, which some intruders like"
	};
	static const struct cause_row absent = { WHO_KERNEL, "memfd-no-kernel",
						 "this kernel executes no programs in memory",
						 "Linux 3.19 or later", "" };
	static const struct cause_row filter = {
		WHO_FILTER, "memfd-filter", "a filter of system calls refuses programs in memory",
		"", "programs can run what was never a file"
	};
	static const struct cause_row lsm = {
		WHO_LSM, "memfd-denied", "a security module refuses programs in memory",
		"fapolicyd: a rule 'allow perm=execute all : path=/memfd:NAME'; an outer sandbox: execute for them",
		""
	};
	const struct observation *plain = observed_of(set, OBS_MEMFD_EXEC, "plain"),
				 *sysctl = observed(set, OBS_MEMFD_NOEXEC), *invalid;
	const struct cause_row *row = &lsm;
	bool is_create;
	int own;

	if (plain->outcome != OBS_NO)
		return;
	is_create = !strcmp(plain->step, "memfd_create");
	own = is_create ? EINVAL : EBADF;
	invalid = observed_of(set, OBS_EXEC_INVALID, is_create ? "memfd_create" : "execveat");
	if (invalid->errnum != own)
		row = judge_filter(set) == FILTER_NONE ? &absent : &filter;
	else if (sysctl->outcome == OBS_YES && sysctl->value > 0)
		row = &setting;
	judge_add(verdicts, FACILITY_EXEC, VERDICT_PARTLY, row,
		  verdicts_text(verdicts, "%s; with what no kernel takes: %s%s",
				judge_step(verdicts, plain), judge_errno(verdicts, invalid->errnum),
				row == &setting
					? verdicts_text(verdicts, "; vm.memfd_noexec is %lld",
							(long long)sysctl->value)
					: ""),
		  row == &filter ? mend_rule(verdicts, set, "memfd_create,execveat") : NULL);
}

/* One of the three directories where it works, as an argument of export; NULL: none does. */
static const char *good_place(const struct observations *set)
{
	const struct observation *place = observed_next(set, OBS_EXEC_WRITTEN, NULL);

	for (; place; place = observed_next(set, OBS_EXEC_WRITTEN, place))
		if (place->outcome == OBS_YES)
			return strcmp(place->subject, "cwd") ? place->text : "$PWD";
	return NULL;
}

static void judge_noexec(struct verdicts *verdicts, const struct observations *set,
			 const struct observation *place, const struct observation *mount)
{
	const struct cause_row row = {
		WHO_MOUNT, "exec-noexec",
		verdicts_text(verdicts, "what is written to %s cannot be executed: noexec",
			      place->subject),
		"", "programs that are written there can be started by everybody who may read them"
	};
	const char *remount = verdicts_text(verdicts, "mount -o remount,bind,exec %s",
					    *mount->text ? mount->text : place->text);
	const char *other = good_place(set);
	bool is_tmp = !strcmp(place->subject, "TMPDIR");

	judge_add(verdicts, FACILITY_EXEC, VERDICT_PARTLY, &row,
		  verdicts_text(verdicts, "%s: execveat: EACCES; the mount %s has noexec",
				place->text, *mount->text ? mount->text : "of it"),
		  is_tmp && other
			  ? verdicts_text(verdicts, "export TMPDIR=%s; or %s", other, remount)
			  : remount);
}

static void judge_denied(struct verdicts *verdicts, const struct observations *set,
			 const struct observation *place)
{
	static const struct cause_row filter = {
		WHO_FILTER, "exec-filter",
		"a filter of system calls refuses to execute by descriptor", "", ""
	};
	const struct observation *layers = observed(set, OBS_LANDLOCK_LAYERS),
				 *list = observed(set, OBS_LSM_LIST),
				 *invalid = observed_of(set, OBS_EXEC_INVALID, "execveat");
	bool is_inside = layers->outcome == OBS_YES && layers->value > 0;
	const struct cause_row row = {
		WHO_LSM, is_inside ? "exec-landlock" : "exec-denied",
		verdicts_text(verdicts, "what is written to %s cannot be executed: %s",
			      place->subject,
			      is_inside ? "an outer sandbox has not granted it"
					: "a security module refuses it"),
		is_inside
			? "in the outer sandbox, execute for that directory (croft run --exec DIR)"
			: "a rule of that module for it (fapolicyd: /etc/fapolicyd/rules.d)",
		"programs that are written there can be started"
	};

	if (invalid->errnum && invalid->errnum != EBADF) {
		judge_add(verdicts, FACILITY_EXEC, VERDICT_PARTLY, &filter,
			  verdicts_text(verdicts, "%s; of no file: %s", judge_step(verdicts, place),
					judge_errno(verdicts, invalid->errnum)),
			  mend_rule(verdicts, set, "execveat"));
		return;
	}
	judge_add(verdicts, FACILITY_EXEC, VERDICT_PARTLY, &row,
		  verdicts_text(verdicts, "%s: %s; no noexec; active security modules: %s",
				place->text, judge_step(verdicts, place),
				list->outcome == OBS_YES ? list->text : "unknown"),
		  NULL);
}

static void judge_exec(struct verdicts *verdicts, const struct observations *set)
{
	const struct observation *place = observed_next(set, OBS_EXEC_WRITTEN, NULL);
	const char *works = "";

	if (!was_asked(observed(set, OBS_MEMFD_EXEC)) && !place) {
		judge_unknown(verdicts, FACILITY_EXEC, observed(set, OBS_MEMFD_EXEC));
		return;
	}
	judge_memfd(verdicts, set);
	for (; place; place = observed_next(set, OBS_EXEC_WRITTEN, place)) {
		const struct observation *mount = observed_of(set, OBS_NOEXEC, place->subject);

		if (place->outcome == OBS_YES)
			works = judge_list(verdicts, works, place->subject);
		else if (place->outcome == OBS_NO && mount->outcome == OBS_YES)
			judge_noexec(verdicts, set, place, mount);
		else if (place->outcome == OBS_NO)
			judge_denied(verdicts, set, place);
	}
	if (verdict_of(verdicts, FACILITY_EXEC))
		return;
	/* all of it late or broken is no answer */
	if (!*works && !was_seen(set, OBS_MEMFD_EXEC))
		judge_unknown(verdicts, FACILITY_EXEC, observed(set, OBS_EXEC_WRITTEN));
	else
		judge_works(verdicts, FACILITY_EXEC,
			    verdicts_text(verdicts, "in memory%s%s", *works ? ", " : "", works));
}

/* A handler is registered, and the program does not run all the same. */
static void judge_handler(struct verdicts *verdicts, const struct observation *runs,
			  const struct observation *handler)
{
	static const struct cause_row missing = {
		WHO_MISSING, "arch-handler-gone",
		"the handler for programs of another architecture is not here: it was registered by name, in another root",
		"", "nothing: the same handler, opened when it is registered"
	};
	static const struct cause_row disabled = {
		WHO_SETTING, "arch-handler-disabled",
		"the handler for programs of another architecture is disabled", "", ""
	};
	static const struct cause_row fails = {
		WHO_UNKNOWN, "arch-handler-fails",
		"the handler for programs of another architecture does not run them",
		"apt-get install --reinstall qemu-user-static", ""
	};
	const char *evidence = verdicts_text(verdicts, "%s: %s; handler %s%s", runs->subject,
					     judge_step(verdicts, runs), handler->text,
					     handler->value == 1 ? ", flag F" : ", no flag F");

	if (!strcmp(handler->step, "missing"))
		judge_add(verdicts, FACILITY_ARCH, VERDICT_PARTLY, &missing, evidence,
			  "outside: apt-get install qemu-user-static (its handlers have flag F)");
	else if (!strcmp(handler->step, "disabled"))
		judge_add(verdicts, FACILITY_ARCH, VERDICT_PARTLY, &disabled, evidence,
			  verdicts_text(verdicts, "echo 1 >/proc/sys/fs/binfmt_misc/qemu-%s",
					runs->subject));
	else
		judge_add(verdicts, FACILITY_ARCH, VERDICT_PARTLY, &fails, evidence, NULL);
}

static void judge_vsyscall(struct verdicts *verdicts, const struct observations *set)
{
	static const struct cause_row row = {
		WHO_BOOT, "vsyscall-none",
		"programs linked before 2012 (images of CentOS 6, Debian 7) end with a segmentation fault",
		"vsyscall=xonly on the kernel's command line, and a reboot",
		"one page at a known address can be executed"
	};
	const struct observation *vsyscall = observed(set, OBS_VSYSCALL);

	if (vsyscall->outcome == OBS_NO)
		judge_add(verdicts, FACILITY_ARCH, VERDICT_PARTLY, &row,
			  verdicts_text(verdicts, "time() in the vsyscall page: %s",
					vsyscall->step),
			  NULL);
}

static void judge_arch(struct verdicts *verdicts, const struct observations *set)
{
	static const struct cause_row none = {
		WHO_MISSING, "arch-no-handler",
		"programs of other architectures do not run: no handler is registered",
		"apt-get install qemu-user-static (Debian); dnf install qemu-user-static (Fedora)",
		"files that somebody else made are read by one more program"
	};
	static const struct cause_row compat = {
		WHO_KERNEL, "arch-no-32-bit", "32-bit programs of this architecture do not run",
		"a kernel with CONFIG_IA32_EMULATION=y (x86_64, and not ia32_emulation=0 on its command line) or CONFIG_COMPAT=y (aarch64)",
		"the kernel's second, older door"
	};
	static const struct cause_row native = { WHO_UNKNOWN, "arch-native",
						 "a program of this architecture does not run", "",
						 "" };
	const struct observation *runs = observed_next(set, OBS_ARCH_RUNS, NULL),
				 *page = observed(set, OBS_PAGE_SIZE);
	const char *good = "", *without = "";

	if (!runs || !was_asked(runs)) {
		judge_unknown(verdicts, FACILITY_ARCH, observed(set, OBS_ARCH_RUNS));
		return;
	}
	for (; runs; runs = observed_next(set, OBS_ARCH_RUNS, runs)) {
		const struct observation *handler = observed_of(set, OBS_BINFMT, runs->subject);

		if (runs->outcome == OBS_YES)
			good = judge_list(verdicts, good, runs->subject);
		else if (runs->outcome == OBS_NO && runs->value == 0)
			judge_add(verdicts, FACILITY_ARCH, VERDICT_MISSING, &native,
				  verdicts_text(verdicts, "%s: %s", runs->subject,
						judge_step(verdicts, runs)),
				  NULL);
		else if (runs->outcome == OBS_NO && handler->outcome == OBS_YES)
			judge_handler(verdicts, runs, handler);
		else if (runs->outcome == OBS_NO && runs->value == 1)
			judge_add(verdicts, FACILITY_ARCH, VERDICT_PARTLY, &compat,
				  verdicts_text(verdicts, "%s: %s", runs->subject,
						judge_step(verdicts, runs)),
				  judge_gvisor(set,
					       "nothing inside: gVisor runs no 32-bit programs",
					       compat.mend));
		else if (runs->outcome == OBS_NO)
			without = judge_list(verdicts, without, runs->subject);
	}
	if (page->outcome == OBS_YES)
		good = verdicts_text(verdicts, "%s; pages of %lld bytes", good,
				     (long long)page->value);
	if (*without)
		judge_add(
			verdicts, FACILITY_ARCH, VERDICT_PARTLY, &none,
			verdicts_text(verdicts, "ENOEXEC: %s; what runs: %s", without, good),
			judge_gvisor(
				set,
				"nothing inside: gVisor has no binfmt_misc; qemu-ARCH-static PROGRAM, by name",
				none.mend));
	judge_vsyscall(verdicts, set);
	if (!verdict_of(verdicts, FACILITY_ARCH))
		judge_works(verdicts, FACILITY_ARCH, good);
}

void causes_exec(struct verdicts *verdicts, const struct observations *set)
{
	judge_exec(verdicts, set);
	judge_arch(verdicts, set);
}
