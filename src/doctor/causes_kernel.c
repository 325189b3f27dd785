/* SPDX-License-Identifier: MIT */
/*
 * causes_kernel.c - why Landlock or filters are not to be had.
 *
 * Who says ENOSYS, EOPNOTSUPP or EPERM of Landlock? Where no filter is in force on this process
 * it can only be the kernel: then the errno is the answer. Where one is, the list of active
 * security modules decides, since that call is another: with Landlock in it the kernel has what it
 * seems not to have. Where neither can be told, both causes are named. EPERM and EACCES no kernel
 * says to who asks for the version.
 *
 * The line that boots a kernel with Landlock is made of what it booted with: lsm= replaces the
 * whole list, so that a line with landlock alone would switch AppArmor or SELinux off.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "doctor/causes_ns.h"
#include "doctor/judge.h"

#define CALLS "landlock_create_ruleset,landlock_add_rule,landlock_restrict_self"
#define ERRATA_KNOWN 3 /* Documentation/userspace-api/landlock.rst of 6.18 */

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	while (*list) {
		size_t n = strcspn(list, ",\n");

		if (n == len && memcmp(list, word, n) == 0)
			return true;
		list += n + (list[n] != '\0');
	}
	return false;
}

/* "lsm=landlock,lockdown,yama": capability is always there and no word of lsm=. */
static const char *boot_line(struct verdicts *verdicts, const struct observations *set)
{
	const struct observation *boot = observed(set, OBS_LSM_BOOT),
				 *list = observed(set, OBS_LSM_LIST);
	const char *at = boot->outcome == OBS_YES ? boot->text : list->text;
	const char *line = "lsm=landlock";

	while (*at) {
		size_t n = strcspn(at, ",\n");

		if (n && !(n == 10 && !memcmp(at, "capability", n)) &&
		    !(n == 8 && !memcmp(at, "landlock", n)))
			line = verdicts_text(verdicts, "%s,%.*s", line, (int)n, at);
		at += n + (at[n] != '\0');
	}
	if (boot->outcome != OBS_YES && list->outcome != OBS_YES)
		return "lsm=landlock, and after it CONFIG_LSM of /boot/config-$(uname -r), on the "
		       "kernel's command line";
	return verdicts_text(
		verdicts,
		"%s on the kernel's command line: in GRUB_CMDLINE_LINUX of /etc/default/grub, then update-grub and a reboot",
		line);
}

static const char *evidence_of(struct verdicts *verdicts, const struct observations *set,
			       const struct observation *abi)
{
	const struct observation *list = observed(set, OBS_LSM_LIST);
	enum filter_sight sight = judge_filter(set);
	const char *filter = sight == FILTER_NONE       ? "no filter is in force here"
			     : sight == FILTER_IN_FORCE ? "a filter is in force here"
							: "whether a filter is in force is unknown";

	return verdicts_text(verdicts, "%s; %s; active security modules: %s",
			     judge_step(verdicts, abi), filter,
			     list->outcome == OBS_YES ? list->text : "unknown");
}

/* Who refuses the call. */
enum refuser { REFUSER_KERNEL, REFUSER_FILTER, REFUSER_EITHER };

static enum refuser find_refuser(const struct observations *set, int errnum)
{
	const struct observation *list = observed(set, OBS_LSM_LIST);
	enum filter_sight sight = judge_filter(set);

	if (errnum != ENOSYS && errnum != EOPNOTSUPP)
		return REFUSER_FILTER;
	if (sight == FILTER_NONE)
		return REFUSER_KERNEL;
	if (list->outcome == OBS_YES)
		return has_word(list->text, "landlock") ? REFUSER_FILTER : REFUSER_KERNEL;
	return REFUSER_EITHER;
}

static void judge_refused(struct verdicts *verdicts, const struct observations *set,
			  const struct observation *abi)
{
	static const struct cause_row filter = {
		WHO_FILTER, "landlock-filter", "a filter of system calls keeps Landlock away", "",
		"nothing: a process can only give rights away by these calls"
	};
	static const struct cause_row kernel = {
		WHO_KERNEL, "landlock-no-kernel", "this kernel has no Landlock",
		"a kernel of Linux 5.13 or later, built with CONFIG_SECURITY_LANDLOCK=y", ""
	};
	static const struct cause_row boot = { WHO_BOOT, "landlock-not-booted",
					       "this kernel has Landlock, and was booted without",
					       "", "" };
	static const struct cause_row either = {
		WHO_UNKNOWN, "landlock-kernel-or-filter",
		"Landlock is not to be had: this kernel has none, or a filter says so", "", ""
	};
	const char *evidence = evidence_of(verdicts, set, abi), *mend = NULL;
	const struct cause_row *row = &filter;

	switch (find_refuser(set, abi->errnum)) {
	case REFUSER_FILTER:
		mend = mend_rule(verdicts, set, CALLS);
		break;
	case REFUSER_EITHER:
		row = &either;
		mend = mend_rule(verdicts, set, CALLS);
		break;
	case REFUSER_KERNEL:
		row = abi->errnum == EOPNOTSUPP ? &boot : &kernel;
		mend = abi->errnum == EOPNOTSUPP
			       ? boot_line(verdicts, set)
			       : judge_gvisor(
					 set,
					 "nothing inside: gVisor has no Landlock; croft run keeps files by mounts there (--tier namespaces)",
					 kernel.mend);
		break;
	}
	judge_add(verdicts, FACILITY_LANDLOCK, VERDICT_MISSING, row, evidence, mend);
}

/* Each right that was not as it must be; how many were. */
static unsigned judge_rights(struct verdicts *verdicts, const struct observations *set)
{
	static const struct cause_row row = { WHO_KERNEL, "landlock-right",
					      "Landlock does not keep all that it says it keeps",
					      "a kernel whose Landlock keeps them", "" };
	const struct observation *right = observed_next(set, OBS_LANDLOCK_RIGHT, NULL);
	const char *wrong = "";
	unsigned n = 0;

	for (; right; right = observed_next(set, OBS_LANDLOCK_RIGHT, right)) {
		if (right->outcome == OBS_YES)
			n++;
		else if (right->outcome == OBS_NO)
			wrong = judge_list(verdicts, wrong,
					   verdicts_text(verdicts, "%s (%s)", right->subject,
							 judge_step(verdicts, right)));
	}
	if (*wrong)
		judge_add(verdicts, FACILITY_LANDLOCK, VERDICT_PARTLY, &row, wrong, NULL);
	return *wrong ? 0 : n;
}

static void judge_age(struct verdicts *verdicts, const struct observations *set, int abi)
{
	static const char *const brought[] = {
		[2] = "moves between directories",
		[3] = "truncation",
		[4] = "TCP ports",
		[5] = "ioctls on devices",
		[6] = "scopes of signals and abstract sockets",
	};
	static const struct cause_row old = {
		WHO_KERNEL, "landlock-old", "this kernel's Landlock knows no rules for all things",
		"a kernel of Linux 6.12 or later", ""
	};
	static const struct cause_row faulty = { WHO_KERNEL, "landlock-errata",
						 "faults of this kernel's Landlock are not fixed",
						 "the newest kernel of the distribution's series",
						 "" };
	const struct observation *errata = observed(set, OBS_LANDLOCK_ERRATA);
	const char *lacks = "", *open = "";

	for (size_t i = 2; i < ARRAY_SIZE(brought); i++)
		if ((int)i > abi)
			lacks = judge_list(verdicts, lacks, brought[i]);
	if (*lacks)
		judge_add(verdicts, FACILITY_LANDLOCK, VERDICT_PARTLY, &old,
			  verdicts_text(verdicts, "ABI %d: without %s", abi, lacks), NULL);
	for (int i = 0; errata->outcome == OBS_YES && i < ERRATA_KNOWN; i++)
		if (!(errata->value >> i & 1))
			open = judge_list(verdicts, open, verdicts_text(verdicts, "%d", i + 1));
	if (*open)
		judge_add(verdicts, FACILITY_LANDLOCK, VERDICT_PARTLY, &faulty,
			  verdicts_text(verdicts, "errata that are not fixed: %s", open), NULL);
}

static void judge_landlock(struct verdicts *verdicts, const struct observations *set)
{
	static const struct cause_row no_effect = {
		WHO_KERNEL, "landlock-no-effect", "Landlock takes rules and enforces nothing",
		"another kernel: nothing may rest on this one's Landlock", ""
	};
	static const struct cause_row layers = {
		WHO_LSM, "landlock-layers",
		"this process is in as many Landlock sandboxes as the kernel allows",
		"a start outside of one of them", ""
	};
	const struct observation *abi = observed(set, OBS_LANDLOCK_ABI),
				 *enforces = observed(set, OBS_LANDLOCK_ENFORCES),
				 *depth = observed(set, OBS_LANDLOCK_LAYERS);
	unsigned n;

	if (!was_asked(abi)) {
		judge_unknown(verdicts, FACILITY_LANDLOCK, abi);
		return;
	}
	if (abi->outcome == OBS_NO) {
		judge_refused(verdicts, set, abi);
		return;
	}
	if (enforces->outcome == OBS_NO) {
		bool is_full = depth->outcome == OBS_YES && depth->value >= ABI_LANDLOCK_MAX_LAYERS;

		judge_add(verdicts, FACILITY_LANDLOCK, VERDICT_MISSING,
			  is_full ? &layers : &no_effect,
			  is_full ? "16 layers" : "what is refused by the rules could be opened",
			  NULL);
		return;
	}
	if (enforces->outcome != OBS_YES) {
		judge_unknown(verdicts, FACILITY_LANDLOCK, enforces);
		return;
	}
	judge_age(verdicts, set, (int)abi->value);
	n = judge_rights(verdicts, set);
	if (!verdict_of(verdicts, FACILITY_LANDLOCK))
		judge_works(verdicts, FACILITY_LANDLOCK,
			    verdicts_text(verdicts, "ABI %lld; %u rights kept, each tried",
					  (long long)abi->value, n));
}

static void judge_no_filters(struct verdicts *verdicts, const struct observations *set,
			     const struct observation *filter)
{
	static const struct cause_row kernel = { WHO_KERNEL, "seccomp-no-kernel",
						 "this kernel takes no filters of system calls",
						 "a kernel with CONFIG_SECCOMP_FILTER=y", "" };
	static const struct cause_row outer = { WHO_FILTER, "seccomp-filter",
						"a filter of system calls keeps others away",
						"a filter that lets seccomp through",
						"nothing: a filter can only take rights away" };
	static const struct cause_row no_effect = {
		WHO_KERNEL, "seccomp-no-effect", "filters are taken and refuse nothing",
		"another kernel: nothing may rest on this one's filters", ""
	};
	static const struct cause_row many = { WHO_LIMIT, "seccomp-many",
					       "too many filters are in force here already",
					       "a start outside of one of the sandboxes", "" };
	const struct observation *invalid = observed(set, OBS_SECCOMP_INVALID);
	const struct cause_row *row = &kernel;

	if (!strcmp(filter->step, "effect"))
		row = &no_effect;
	else if (filter->errnum == ENOMEM)
		row = &many;
	/* no kernel with filters says anything but EINVAL to an unknown operation */
	else if (judge_filter(set) != FILTER_NONE &&
		 (invalid->errnum != EINVAL || filter->errnum != EINVAL))
		row = &outer;
	judge_add(verdicts, FACILITY_SECCOMP, VERDICT_MISSING, row,
		  verdicts_text(verdicts, "%s; an operation that no kernel has: %s",
				judge_step(verdicts, filter),
				judge_errno(verdicts, invalid->errnum)),
		  row == &outer ? mend_rule(verdicts, set, "seccomp,prctl") : NULL);
}

static void judge_notify(struct verdicts *verdicts, const struct observations *set)
{
	static const struct cause_row kernel = {
		WHO_KERNEL, "notify-no-kernel", "this kernel hands no system calls to a supervisor",
		"nothing for croft, which refuses calls by errno; for others Linux 5.0 or later", ""
	};
	static const struct cause_row taken = {
		WHO_FILTER, "notify-taken",
		"an outer supervisor answers system calls here already, and there can be only one",
		"nothing for croft; for others a start outside of that supervisor", ""
	};
	static const struct cause_row outer = {
		WHO_FILTER, "notify-filter",
		"a filter of system calls keeps supervisors of system calls away", "",
		"nothing: a supervisor can only be one of a process's own children"
	};
	static const struct cause_row no_effect = {
		WHO_KERNEL, "notify-no-effect",
		"a system call that was handed to a supervisor got another answer",
		"nothing for croft, which refuses calls by errno", ""
	};
	const struct observation *notify = observed(set, OBS_SECCOMP_NOTIFY),
				 *known = observed_of(set, OBS_SECCOMP_ACTION, "user_notif");
	const struct cause_row *row = &outer;

	if (notify->outcome != OBS_NO)
		return;
	if (!strcmp(notify->step, "effect"))
		row = &no_effect;
	else if (notify->errnum == EBUSY)
		row = &taken;
	else if (judge_filter(set) == FILTER_NONE ||
		 (notify->errnum == EINVAL && known->outcome == OBS_NO))
		row = &kernel;
	judge_add(verdicts, FACILITY_SECCOMP, VERDICT_PARTLY, row, judge_step(verdicts, notify),
		  row == &outer ? mend_rule(verdicts, set, "seccomp") : NULL);
}

static void judge_seccomp(struct verdicts *verdicts, const struct observations *set)
{
	static const struct {
		enum obs id;
		const char *word;
	} parts[] = {
		{ OBS_SECCOMP_TSYNC, "for all threads at once (TSYNC)" },
		{ OBS_SECCOMP_LOG, "with refusals in the log (LOG)" },
	};
	static const struct cause_row row = {
		WHO_KERNEL, "seccomp-parts", "some ways to install a filter are not known here",
		"nothing for croft, which needs none of them; for others Linux 4.14 or later", ""
	};
	const struct observation *filter = observed(set, OBS_SECCOMP_FILTER);
	const char *lacks = "";

	if (!was_asked(filter)) {
		judge_unknown(verdicts, FACILITY_SECCOMP, filter);
		return;
	}
	if (filter->outcome == OBS_NO) {
		judge_no_filters(verdicts, set, filter);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const struct observation *part = observed(set, parts[i].id);

		if (part->outcome == OBS_NO)
			lacks = judge_list(verdicts, lacks,
					   verdicts_text(verdicts, "%s: %s", parts[i].word,
							 judge_errno(verdicts, part->errnum)));
	}
	if (*lacks)
		judge_add(verdicts, FACILITY_SECCOMP, VERDICT_PARTLY, &row, lacks, NULL);
	judge_notify(verdicts, set);
	if (!verdict_of(verdicts, FACILITY_SECCOMP))
		judge_works(verdicts, FACILITY_SECCOMP, "a filter was installed, and refused");
}

void causes_kernel(struct verdicts *verdicts, const struct observations *set)
{
	judge_landlock(verdicts, set);
	judge_seccomp(verdicts, set);
}
