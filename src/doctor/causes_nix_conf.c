/* SPDX-License-Identifier: MIT */
/*
 * causes_nix_conf.c - lines of nix.conf that do nothing, and files that Nix cannot read.
 *
 * People set what they have read somewhere, see no change, and look for the cause there. A line
 * without effect is never the cause of anything, and is said to be none.
 */
#include <string.h>

#include "base/cleanup.h"
#include "doctor/nix_causes.h"
#include "doctor/nix_conf.h"

static void judge_line(const struct nix_case *at, const struct observation *line)
{
	const char *nearest = nix_key_nearest(line->subject);
	const char *name = nix_key_true_name(line->subject);
	const char *key = line->subject, *place = line->text;
	struct verdicts *v = at->verdicts;

	if (!strcmp(line->step, "unknown"))
		nix_verdict(at, FACILITY_CONFIG, VERDICT_NO_EFFECT, WHO_SETTING, "nix-conf-unknown",
			    verdicts_text(v,
					  "%s: no Nix knows the setting '%s': no effect, not your "
					  "cause%s%s%s",
					  place, key, nearest ? " (is '" : "",
					  nearest ? nearest : "", nearest ? "' meant?)" : ""),
			    *nix_setting(at->set, "plugin-files")
				    ? "a plugin may know it: plugin-files is set"
				    : place,
			    nearest ? verdicts_text(v,
						    "write '%s' in its place, or remove the line",
						    nearest)
				    : "remove the line",
			    "");
	else if (!strcmp(line->step, "other-version"))
		nix_verdict(
			at, FACILITY_CONFIG, VERDICT_NO_EFFECT, WHO_SETTING,
			"nix-conf-other-version",
			verdicts_text(v,
				      "%s: '%s' is another version's setting, or of an "
				      "experimental feature that is off: no effect, not your cause",
				      place, key),
			verdicts_text(v, "%s does not list it",
				      observed(at->set, OBS_NIX_KEYS)->subject),
			"remove the line", "");
	else if (!strcmp(line->step, "alias"))
		nix_verdict(at, FACILITY_CONFIG, VERDICT_WORKS, WHO_SETTING, "nix-conf-alias",
			    verdicts_text(v, "%s: '%s' is the old name of '%s'", place, key,
					  name ? name : ""),
			    place, verdicts_text(v, "write '%s' in its place", name ? name : ""),
			    "");
	else if (!strcmp(line->step, "overridden"))
		nix_verdict(at, FACILITY_CONFIG, VERDICT_NO_EFFECT, WHO_SETTING,
			    "nix-conf-overridden",
			    verdicts_text(v, "'%s' is set twice, the later counts: %s", key, place),
			    place, "remove the earlier line", "");
}

/* What ends every command of Nix, and what is passed over in silence. */
static bool judge_fault(const struct nix_case *at, const struct observation *fault)
{
	static const struct {
		const char *step, *cause, *what, *mend;
	} fatal[] = {
		{ "syntax", "nix-conf-syntax",
		  "Nix cannot read this line of its configuration, and every command ends there",
		  "write it as 'NAME = VALUE', with spaces around the '='" },
		{ "no-include", "nix-conf-include",
		  "Nix's configuration includes a file that is not there, and every command ends there",
		  "write '!include' in the place of 'include', or make the file" },
		{ "loop", "nix-conf-loop",
		  "Nix's configuration includes itself, and every command ends there",
		  "remove the include" },
	};
	const char *evidence = verdicts_text(at->verdicts, "%s%s%s", fault->subject,
					     *fault->text ? ": " : "", fault->text);

	for (size_t i = 0; i < ARRAY_SIZE(fatal); i++)
		if (!strcmp(fault->step, fatal[i].step)) {
			nix_verdict(at, FACILITY_NIX, VERDICT_MISSING, WHO_SETTING, fatal[i].cause,
				    fatal[i].what, evidence, fatal[i].mend, "");
			return false;
		}
	if (!strcmp(fault->step, "unread"))
		nix_verdict(
			at, FACILITY_CONFIG, VERDICT_NO_EFFECT, WHO_SETTING, "nix-conf-unread",
			verdicts_text(at->verdicts,
				      "%s cannot be read, and Nix goes on without a word: nothing "
				      "in it has an effect",
				      fault->text),
			verdicts_text(at->verdicts, "%s: %s", fault->subject,
				      nix_errno(at, fault->errnum)),
			verdicts_text(at->verdicts, "make it a file that this user may read: %s",
				      fault->text),
			"");
	else
		nix_verdict(at, FACILITY_CONFIG, VERDICT_UNKNOWN, WHO_SETTING, "nix-conf-limit",
			    "Nix's configuration is larger than what is looked at", evidence, "",
			    "");
	return true;
}

bool causes_nix_conf(const struct nix_case *at)
{
	const struct observation *obs = NULL;
	bool works = true;

	while ((obs = observed_next(at->set, OBS_NIX_CONF_LINE, obs)))
		judge_line(at, obs);
	while ((obs = observed_next(at->set, OBS_NIX_CONF_FAULT, obs)))
		works = judge_fault(at, obs) && works;
	return works;
}
