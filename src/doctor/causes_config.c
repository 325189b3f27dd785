/* SPDX-License-Identifier: MIT */
/*
 * causes_config.c - lines of configuration that do nothing: not the cause of anything, and good to
 * know before one goes on looking there.
 *
 * A key that is absent may be another kernel's, another network namespace's, or a module's that is
 * not loaded: where one of these is known of a key, that is the mend, else it is to take the line
 * out. Keys that a line itself calls optional ("-") and that nobody takes for a cause are left out:
 * a distribution's files are full of them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "doctor/verdict.h"

/* What is known of keys that people set; the first that fits. */
static const struct known {
	const char *begins;
	const char *what; /* after "this kernel has no such key" */
	const char *mend; /* NULL: the line is to go */
} known_keys[] = {
	{ "kernel.unprivileged_userns_clone", " (it is Debian's and Arch's patch)", NULL },
	{ "kernel.apparmor_restrict_unprivileged_userns", " (it is AppArmor's, on Ubuntu)", NULL },
	{ "kernel.yama.", " (Yama is not among its security modules)", NULL },
	{ "user.max_", " (it has no such namespaces, or is no Linux)", NULL },
	{ "net.bridge.", " (it comes with a module)", "modprobe br_netfilter" },
	{ "net.netfilter.", " (it comes with a module)", "modprobe nf_conntrack" },
	{ "net.ipv6.", " (IPv6 is off in it)", NULL },
	{ "net.", " in this network namespace", NULL },
	{ "", "", NULL },
};

static const struct known *known_of(const char *key)
{
	const struct known *known = known_keys;

	while (strncmp(key, known->begins, strlen(known->begins)) != 0)
		known++;
	return known;
}

/* "FILE:LINE" to "sed -i 'LINEd' FILE"; "" for files that a package would bring again. */
static const char *removal(struct verdicts *verdicts, const char *where)
{
	AUTO_BUF struct buf word = BUF_INIT((size_t)OBS_TEXT_MAX * 4);
	AUTO_BUF struct buf file = BUF_INIT(OBS_TEXT_MAX);
	const char *colon = strrchr(where, ':');

	if (!colon || (strncmp(where, "/etc/", 5) != 0 && strncmp(where, "/run/", 5) != 0))
		return "";
	buf_add(&file, where, (size_t)(colon - where));
	text_word(&word, buf_text(&file));
	return buf_error(&word)
		       ? ""
		       : verdicts_text(verdicts, "sed -i '%sd' %s", colon + 1, buf_text(&word));
}

static void judge_missing(struct verdicts *verdicts, const struct observation *line)
{
	const struct known *known = known_of(line->subject);
	bool is_optional = strcmp(line->step, "no-key-optional") == 0;
	struct verdict verdict = {
		.facility = FACILITY_CONFIG,
		.state = VERDICT_NO_EFFECT,
		.who = WHO_SETTING,
		.cause = "sysctl-no-key",
		.mend = known->mend,
	};

	if (is_optional && !*known->begins)
		return;
	verdict.what = verdicts_text(verdicts,
				     "%s is set in %s, this kernel has no such key%s: no effect, "
				     "not your cause",
				     line->subject, line->text, known->what);
	verdict.evidence = verdicts_text(verdicts, "no file of %s in /proc/sys%s", line->subject,
					 is_optional ? ", and the line says that it may fail" : "");
	if (!verdict.mend)
		verdict.mend = is_optional ? "" : removal(verdicts, line->text);
	verdicts_add(verdicts, &verdict);
}

/* The value that the line sets: what stands between " sets " and ", in force is ". */
static const char *assignment(struct verdicts *verdicts, const struct observation *line)
{
	const char *value = strstr(line->text, " sets "),
		   *end = value ? strstr(value, ", in force is ") : NULL;

	if (!end)
		return "";
	value += strlen(" sets ");
	/* several numbers are one word only in quotes */
	return verdicts_text(verdicts,
			     memchr(value, ' ', (size_t)(end - value)) ? "sysctl -w '%s=%.*s'"
								       : "sysctl -w %s=%.*s",
			     line->subject, (int)(end - value), value);
}

static void judge_line(struct verdicts *verdicts, const struct observation *line)
{
	struct verdict verdict = {
		.facility = FACILITY_CONFIG,
		.state = VERDICT_NO_EFFECT,
		.who = WHO_SETTING,
		.evidence = line->text,
	};

	if (strcmp(line->step, "overridden") == 0) {
		verdict.cause = "sysctl-overridden";
		verdict.what = verdicts_text(verdicts, "%s is set twice, and the later line counts",
					     line->subject);
		verdicts_add(verdicts, &verdict);
	} else if (strcmp(line->step, "differs") == 0) {
		verdict.cause = "sysctl-not-in-force";
		verdict.what = verdicts_text(verdicts, "%s is set, and another value is in force",
					     line->subject);
		verdict.mend = assignment(verdicts, line);
		verdict.cost = "a container's settings are its own, the host's are not";
		verdicts_add(verdicts, &verdict);
	} else if (strcmp(line->step, "no-key") == 0 ||
		   strcmp(line->step, "no-key-optional") == 0) {
		judge_missing(verdicts, line);
	}
}

static void judge_fault(struct verdicts *verdicts, const struct observation *fault)
{
	static const struct {
		const char *step, *cause, *what;
	} rows[] = {
		{ "syntax", "sysctl-syntax", "a line that is no setting" },
		{ "unread", "sysctl-unread", "a file that cannot be read, or is none" },
		{ "limit", "sysctl-limit", "more than croft looks at" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (strcmp(fault->step, rows[i].step) != 0)
			continue;
		verdicts_add(verdicts,
			     &(struct verdict){
				     .facility = FACILITY_CONFIG,
				     .state = VERDICT_NO_EFFECT,
				     .who = WHO_SETTING,
				     .cause = rows[i].cause,
				     .what = verdicts_text(verdicts, "%s%s%s", fault->subject,
							   *fault->subject ? ": " : "",
							   rows[i].what),
				     .evidence = *fault->text ? fault->text : fault->subject,
			     });
	}
}

void causes_config(struct verdicts *verdicts, const struct observations *set)
{
	const struct observation *files = observed(set, OBS_SYSCTL_FILES), *next = NULL;
	size_t n = verdicts->n;

	while ((next = observed_next(set, OBS_SYSCTL_LINE, next)))
		if (next->outcome == OBS_NO)
			judge_line(verdicts, next);
	next = NULL;
	while ((next = observed_next(set, OBS_SYSCTL_FAULT, next)))
		if (next->outcome == OBS_NO)
			judge_fault(verdicts, next);
	if (verdicts->n > n && files->outcome == OBS_YES)
		return;
	verdicts_add(verdicts,
		     &(struct verdict){
			     .facility = FACILITY_CONFIG,
			     .state = files->outcome == OBS_YES ? VERDICT_WORKS : VERDICT_UNKNOWN,
			     .who = files->outcome == OBS_YES ? WHO_NOBODY : WHO_UNKNOWN,
			     .evidence = files->outcome == OBS_YES
						 ? verdicts_text(verdicts, "%lld lines of sysctl.d",
								 (long long)files->value)
					 : files->outcome == OBS_NO
						 ? verdicts_text(verdicts, "%s: %s", files->step,
								 errno_text(files->errnum))
					 : files->outcome == OBS_LATE ? "no answer in time"
								      : "not asked",
		     });
}
