/* SPDX-License-Identifier: MIT */
/*
 * causes_process.c - why privileges cannot be had, or processes not be traced.
 *
 * croft itself wants none of the privileges: it gives them up. Who does are rootless containers
 * (newuidmap), sudo and ping, and what makes them powerless says no errno: they run, without the
 * id. So what is judged is what exec will do, and the mend stands where it was set.
 *
 * EPERM of ptrace is a filter's, Yama's, a tracer's who was there before, or another security
 * module's; in this order each can be told.
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <string.h>

#include "base/cleanup.h"
#include "doctor/causes_ns.h"
#include "doctor/judge.h"

/* Without these root is no root, and a set-user-ID helper does not come far. */
static const struct {
	int bit;
	const char *name;
} wanted_caps[] = {
	{ CAP_CHOWN, "CHOWN" },   { CAP_DAC_OVERRIDE, "DAC_OVERRIDE" },
	{ CAP_FOWNER, "FOWNER" }, { CAP_SETGID, "SETGID" },
	{ CAP_SETUID, "SETUID" },
};

static void judge_nnp(struct verdicts *verdicts, const struct observations *set,
		      const struct observation *nnp)
{
	static const struct cause_row row = {
		WHO_PRIVILEGE, "nnp-set",
		"no_new_privs is set: sudo, newuidmap and the like run without the rights that they need",
		"", "programs can change their user again"
	};
	const char *mend = mend_here(
		set,
		&(struct mend_words){
			.docker = "docker run --security-opt no-new-privileges=false",
			.podman =
				"podman run without --security-opt no-new-privileges (and without no_new_privileges = true in containers.conf)",
			.kubernetes = "securityContext: {allowPrivilegeEscalation: true}",
			.systemd =
				"NoNewPrivileges=no (in the unit; a user's unit with sandboxing settings has it on)",
			.other = "a start from outside of what has set it: it cannot be taken back",
		});

	judge_add(
		verdicts, FACILITY_PRIVILEGES, VERDICT_PARTLY, &row,
		*nnp->text ? verdicts_text(verdicts, "set since %s", nnp->text) : "prctl: 1",
		judge_gvisor(
			set,
			"nothing inside: gVisor honours no set-user-ID; start as the user who is needed",
			mend));
}

static void judge_bounding(struct verdicts *verdicts, const struct observations *set)
{
	static const struct cause_row row = {
		WHO_PRIVILEGE, "cap-bounding",
		"root and set-user-ID programs can have no more than the bounding set, which lacks much",
		"", "these capabilities, to whoever is root there"
	};
	const struct observation *bounding = observed(set, OBS_CAP_BOUNDING);
	const char *lacks = "", *docker = "", *systemd = "";

	for (size_t i = 0; bounding->outcome == OBS_YES && i < ARRAY_SIZE(wanted_caps); i++) {
		const char *name = wanted_caps[i].name;

		if (!(bounding->value >> wanted_caps[i].bit & 1))
			continue;
		lacks = judge_list(verdicts, lacks, verdicts_text(verdicts, "CAP_%s", name));
		docker = verdicts_text(verdicts, "%s --cap-add %s", docker, name);
		systemd = verdicts_text(verdicts, "%s CAP_%s", systemd, name);
	}
	if (!*lacks)
		return;
	judge_add(
		verdicts, FACILITY_PRIVILEGES, VERDICT_PARTLY, &row,
		verdicts_text(verdicts, "the bounding set is without %s", lacks),
		mend_here(
			set,
			&(struct mend_words){
				.docker = verdicts_text(verdicts, "docker run%s", docker),
				.podman = verdicts_text(verdicts, "podman run%s", docker),
				.kubernetes = verdicts_text(
					verdicts, "securityContext: {capabilities: {add: [%s]}}",
					lacks),
				.systemd = verdicts_text(verdicts, "CapabilityBoundingSet=%s",
							 systemd + (*systemd == ' ')),
				.other = verdicts_text(
					verdicts,
					"a start from outside of what has dropped them (%s): they cannot be taken back",
					lacks),
			}));
}

static void judge_securebits(struct verdicts *verdicts, const struct observations *set)
{
	static const struct cause_row row = {
		WHO_PRIVILEGE, "securebits",
		"root has no rights for being root: securebits say so (noroot)",
		"a start from outside of what has set them (setpriv --securebits -noroot)", ""
	};
	const struct observation *bits = observed(set, OBS_SECUREBITS);

	if (bits->outcome == OBS_YES && bits->value & SECBIT_NOROOT)
		judge_add(verdicts, FACILITY_PRIVILEGES, VERDICT_PARTLY, &row,
			  verdicts_text(verdicts, "securebits are 0x%llx",
					(unsigned long long)bits->value),
			  NULL);
}

static void judge_helpers(struct verdicts *verdicts, const struct observations *set)
{
	static const struct cause_row nosuid = {
		WHO_MOUNT, "helper-nosuid",
		"programs that change the user lie on a mount with nosuid and do not", "",
		"set-user-ID programs on that mount change the user"
	};
	static const struct cause_row mode = {
		WHO_PRIVILEGE, "helper-mode",
		"programs that are to change the user are not set-user-ID", "",
		"who starts them is their owner for as long as they run"
	};
	const struct observation *helper = observed_next(set, OBS_SETUID_HELPER, NULL);
	const char *on_nosuid = "", *mount = "", *without = "", *paths = "";

	for (; helper; helper = observed_next(set, OBS_SETUID_HELPER, helper)) {
		const char *name = strrchr(helper->subject, '/');

		/* newer kernels let ping do without (net.ipv4.ping_group_range) */
		if (helper->outcome != OBS_NO || (name && !strcmp(name, "/ping")))
			continue;
		if (!strcmp(helper->step, "nosuid")) {
			on_nosuid = judge_list(verdicts, on_nosuid, helper->subject);
			mount = helper->text;
		} else if (!strcmp(helper->step, "mode")) {
			without = judge_list(verdicts, without, helper->subject);
			paths = verdicts_text(verdicts, "%s %s", paths, helper->subject);
		}
	}
	if (*on_nosuid)
		judge_add(verdicts, FACILITY_PRIVILEGES, VERDICT_PARTLY, &nosuid,
			  verdicts_text(verdicts, "%s, on %s", on_nosuid, mount),
			  verdicts_text(verdicts, "mount -o remount,bind,suid %s", mount));
	if (*without)
		judge_add(verdicts, FACILITY_PRIVILEGES, VERDICT_PARTLY, &mode, without,
			  verdicts_text(verdicts, "chmod u+s%s", paths));
}

static void judge_privileges(struct verdicts *verdicts, const struct observations *set)
{
	static const struct cause_row ambient_row = {
		WHO_KERNEL, "ambient", "there are no ambient capabilities here",
		"nothing for croft; for others Linux 4.3 or later", ""
	};
	const struct observation *nnp = observed(set, OBS_NNP), *ambient;

	if (!was_asked(nnp)) {
		judge_unknown(verdicts, FACILITY_PRIVILEGES, nnp);
		return;
	}
	if (nnp->value)
		judge_nnp(verdicts, set, nnp);
	judge_bounding(verdicts, set);
	judge_securebits(verdicts, set);
	judge_helpers(verdicts, set);
	ambient = observed(set, OBS_AMBIENT);
	if (ambient->outcome == OBS_NO)
		judge_add(verdicts, FACILITY_PRIVILEGES, VERDICT_PARTLY, &ambient_row,
			  judge_step(verdicts, ambient), NULL);
	if (!verdict_of(verdicts, FACILITY_PRIVILEGES))
		judge_works(verdicts, FACILITY_PRIVILEGES, "no_new_privs is not set");
}

static const struct cause_row *who_refuses(const struct observations *set,
					   const struct observation *refused)
{
	static const struct cause_row filter = {
		WHO_FILTER, "ptrace-filter", "a filter of system calls refuses tracing", "",
		"a process can read and change all of its own user's that the kernel lets it"
	};
	static const struct cause_row traced = {
		WHO_PRIVILEGE, "ptrace-traced",
		"this process is traced already, and its children with it",
		"a start outside of the tracer (strace -f, a debugger)", ""
	};
	static const struct cause_row yama = { WHO_SYSCTL, "ptrace-yama",
					       "Yama lets nobody trace without CAP_SYS_PTRACE",
					       "sysctl kernel.yama.ptrace_scope=1",
					       "a process can trace what it has started" };
	static const struct cause_row yama_off = {
		WHO_SYSCTL, "ptrace-yama-off",
		"Yama lets nobody trace, and cannot be told otherwise",
		"kernel.yama.ptrace_scope = 1 in a file of /etc/sysctl.d, and a reboot",
		"a process can trace what it has started"
	};
	static const struct cause_row kernel = { WHO_KERNEL, "ptrace-no-kernel",
						 "this kernel does not know this way to trace",
						 "nothing for croft; for others another kernel",
						 "" };
	static const struct cause_row lsm = {
		WHO_LSM, "ptrace-lsm",
		"tracing is refused, and neither by a filter nor by Yama: a security module",
		"SELinux: setsebool deny_ptrace off; AppArmor: 'ptrace,' in the profile", ""
	};
	const struct observation *invalid = observed(set, OBS_PTRACE_INVALID),
				 *scope = observed(set, OBS_YAMA);

	if (refused->errnum == ENOSYS && judge_filter(set) == FILTER_NONE)
		return &kernel;
	if (invalid->errnum != ESRCH || refused->errnum == ENOSYS)
		return &filter;
	if (scope->outcome == OBS_YES && scope->value == 3)
		return &yama_off;
	if (scope->outcome == OBS_YES && scope->value == 2)
		return &yama;
	if (observed(set, OBS_TRACER)->outcome == OBS_YES)
		return &traced;
	return judge_filter(set) == FILTER_IN_FORCE ? &filter : &lsm;
}

static void judge_ptrace(struct verdicts *verdicts, const struct observations *set)
{
	static const char *const ways[] = { "traceme", "seize", "readv" };
	const struct observation *sibling = observed_of(set, OBS_PTRACE, "sibling"),
				 *first = observed_of(set, OBS_PTRACE, "traceme");
	const struct observation *refused = NULL;
	const struct cause_row *row;

	if (!was_asked(first)) {
		judge_unknown(verdicts, FACILITY_PTRACE, first);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(ways) && !refused; i++) {
		const struct observation *way = observed_of(set, OBS_PTRACE, ways[i]);

		if (way->outcome == OBS_NO)
			refused = way;
	}
	if (refused) {
		row = who_refuses(set, refused);
		judge_add(verdicts, FACILITY_PTRACE,
			  refused == first ? VERDICT_MISSING : VERDICT_PARTLY, row,
			  verdicts_text(verdicts, "%s: %s; to trace nobody: %s", refused->subject,
					judge_errno(verdicts, refused->errnum),
					judge_errno(verdicts,
						    observed(set, OBS_PTRACE_INVALID)->errnum)),
			  row->who == WHO_FILTER
				  ? mend_rule(verdicts, set,
					      "ptrace,process_vm_readv,process_vm_writev")
				  : NULL);
	} else {
		judge_works(verdicts, FACILITY_PTRACE,
			    sibling->outcome == OBS_NO
				    ? "children can be traced; others not (Yama, ptrace_scope 1)"
				    : "children, and others of this user, can be traced");
	}
}

void causes_process(struct verdicts *verdicts, const struct observations *set)
{
	judge_privileges(verdicts, set);
	judge_ptrace(verdicts, set);
}
