/* SPDX-License-Identifier: MIT */
/*
 * causes_nix.c - whether Nix builds in its sandbox here, and whether it would say so if it did not.
 *
 * What Nix does follows from four facts (Nix's derivation-builder.cc):
 *
 *   second test fails, sandbox-fallback on     builds without a sandbox, in silence
 *   second test fails, sandbox-fallback off    "this system does not support the kernel namespaces"
 *   it passes, no user namespace (first test) and no build users
 *                                              "user namespaces are not enabled", whatever is set
 *   it passes, a later step is refused         that step's error, whatever is set
 *
 * Build users are root's alone; a build in a store other than its own place never falls back.
 * Nothing is said where there is no sign of Nix.
 */
#include <string.h>

#include "base/cleanup.h"
#include "doctor/judge.h"
#include "doctor/nix_causes.h"

#define FALLBACK_MEND "write in /etc/nix/nix.conf: sandbox-fallback = false"

const char *nix_setting(const struct observations *set, const char *name)
{
	return observed_of(set, OBS_NIX_CONF, name)->text;
}

bool nix_setting_is(const struct observations *set, const char *name, const char *value)
{
	return !strcmp(nix_setting(set, name), value);
}

const char *nix_setting_place(const struct observations *set, const char *name)
{
	const char *place = observed_of(set, OBS_NIX_CONF, name)->step;

	return *place && strcmp(place, "default") != 0 ? place : "its default";
}

void nix_verdict(const struct nix_case *at, enum facility facility, enum verdict_state state,
		 enum verdict_who who, const char *cause, const char *what, const char *evidence,
		 const char *mend, const char *cost)
{
	verdicts_add(at->verdicts, &(struct verdict){ .facility = facility,
						      .state = state,
						      .who = who,
						      .cause = cause,
						      .what = what,
						      .evidence = evidence,
						      .mend = mend,
						      .cost = cost });
}

const char *nix_errno(const struct nix_case *at, int errnum)
{
	const char *name = errno_name(errnum);

	return name ? name : verdicts_text(at->verdicts, "errno %d", errnum);
}

static struct nix_case make_case(struct verdicts *verdicts, const struct observations *set)
{
	const struct observation *builds = observed(set, OBS_NIX_BUILDS);
	bool is_daemon = !strcmp(builds->text, "daemon");
	struct nix_case at = {
		.verdicts = verdicts,
		.set = set,
		.is_root = is_daemon || builds->value == 0,
		.is_asked_as_user = is_daemon && builds->value != 0,
		.is_chroot_store = !strcmp(builds->text, "chroot-store"),
		.has_userns = was_seen(set, OBS_NIX_USERNS),
		.has_namespaces = was_seen(set, OBS_NIX_NAMESPACES),
	};

	at.has_build_users = at.is_root && (*nix_setting(set, "build-users-group") ||
					    nix_setting_is(set, "auto-allocate-uids", "true"));
	at.falls_back = nix_setting_is(set, "sandbox-fallback", "true") && !at.is_chroot_store;
	return at;
}

static void judge_fallback(const struct nix_case *at)
{
	const char *evidence = verdicts_text(at->verdicts, "sandbox-fallback = %s (%s)",
					     nix_setting(at->set, "sandbox-fallback"),
					     nix_setting_place(at->set, "sandbox-fallback"));

	/* without its value there is nothing to say */
	if (!*nix_setting(at->set, "sandbox-fallback"))
		nix_verdict(at, FACILITY_NIX_FALLBACK, VERDICT_UNKNOWN, WHO_UNKNOWN, "not-asked",
			    "Nix's settings could not be read", evidence, "", "");
	else if (!at->falls_back)
		nix_verdict(at, FACILITY_NIX_FALLBACK, VERDICT_WORKS, WHO_NOBODY, "", "", evidence,
			    "", "");
	else if (observed(at->set, OBS_NIX_NAMESPACES)->outcome == OBS_NO && !at->is_asked_as_user)
		nix_verdict(
			at, FACILITY_NIX_FALLBACK, VERDICT_MISSING, WHO_SETTING,
			"nix-silent-fallback",
			"BUILDS RUN WITHOUT A SANDBOX, and Nix does not say so: it cannot make "
			"one here, and sandbox-fallback is on (Nix 2.8 and its like end with an "
			"error)",
			evidence, FALLBACK_MEND,
			"builds end with an error until the sandbox itself works");
	else
		nix_verdict(at, FACILITY_NIX_FALLBACK, VERDICT_PARTLY, WHO_SETTING,
			    "nix-fallback-on",
			    "where Nix cannot make a sandbox it builds without one in silence, as "
			    "sandbox-fallback is on",
			    evidence, FALLBACK_MEND,
			    "builds end with an error where there is no sandbox");
}

/* sandbox = false is a choice; relaxed leaves some builds outside. False: nothing else matters. */
static bool judge_setting(const struct nix_case *at)
{
	const char *evidence =
		verdicts_text(at->verdicts, "sandbox = %s (%s)", nix_setting(at->set, "sandbox"),
			      nix_setting_place(at->set, "sandbox"));

	if (nix_setting_is(at->set, "sandbox", "relaxed"))
		nix_verdict(
			at, FACILITY_NIX, VERDICT_PARTLY, WHO_SETTING, "nix-sandbox-relaxed",
			"builds that ask for it with __noChroot, and those whose result is known "
			"beforehand, run without a sandbox",
			evidence, "write in /etc/nix/nix.conf: sandbox = true",
			"derivations with __noChroot end with an error");
	if (!nix_setting_is(at->set, "sandbox", "false") || at->is_chroot_store)
		return true;
	nix_verdict(
		at, FACILITY_NIX, VERDICT_MISSING, WHO_SETTING, "nix-sandbox-off",
		"Nix is told to build without a sandbox", evidence,
		verdicts_text(at->verdicts, "write in %s: sandbox = true",
			      *nix_setting_place(at->set, "sandbox") == '/'
				      ? nix_setting_place(at->set, "sandbox")
				      : "/etc/nix/nix.conf"),
		"builds that fetch from the network or read files of this host end with an error");
	return false;
}

static void judge_terminal(const struct nix_case *at)
{
	static const struct {
		enum obs id;
		const char *subject, *cause, *what;
		bool is_shims; /* the shim does something about it */
		const char *mend; /* without the shim */
	} rows[] = {
		{ OBS_PTY_EARLY_READ, "", "nix-pty-early-eio",
		  "builds of Nix 2.15 and later end with 'reading a line: Input/output error' or "
		  "'unexpected EOF reading a line': a pseudo terminal's master reads EIO before its "
		  "other end was opened",
		  true, "Nix 2.14, which reads from a pipe; or build outside of this kernel" },
		{ OBS_PTY_HANGUP, "", "nix-pty-no-hangup",
		  "builds hang when they are done: the end of a pseudo terminal is never told",
		  false, "gVisor of 2024-02-08 or later" },
		{ OBS_PTY_CALL, "TCGETS2", "nix-pty-tcgets2",
		  "a Nix with glibc 2.42 or later ends with 'getting pseudoterminal attributes: "
		  "Inappropriate ioctl for device'",
		  true, "gVisor of 2026-02-05 or later" },
	};
	const struct observation *shim = observed(at->set, OBS_PTY_SHIM);
	const char *preload =
		verdicts_text(at->verdicts, "LD_PRELOAD=%s nix build ...", shim->text);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct observation *obs = observed_of(at->set, rows[i].id, rows[i].subject);
		bool is_helped = shim->outcome == OBS_YES && rows[i].is_shims &&
				 (rows[i].id != OBS_PTY_EARLY_READ || judge_holding_helps(at->set));

		if (obs->outcome == OBS_NO)
			nix_verdict(at, FACILITY_NIX, VERDICT_PARTLY, WHO_KERNEL, rows[i].cause,
				    rows[i].what,
				    verdicts_text(at->verdicts, "%s: %s%s%s",
						  obs_names[rows[i].id].name, obs->step,
						  obs->errnum ? " " : "",
						  obs->errnum ? nix_errno(at, obs->errnum) : ""),
				    is_helped ? preload : rows[i].mend, "");
	}
}

/* The daemon's own namespaces are not ours to try: what is known is said, and who must ask. */
static void judge_as_user(const struct nix_case *at)
{
	const struct observation *own = observed(at->set, OBS_NIX_NAMESPACES);

	nix_verdict(at, FACILITY_NIX, VERDICT_UNKNOWN, WHO_UNKNOWN, "nix-asked-as-user",
		    "a daemon builds, as root in its own place: this was asked as another user",
		    verdicts_text(at->verdicts,
				  "who builds: %s; the same test as this user: %s%s%s",
				  observed(at->set, OBS_NIX_BUILDS)->step,
				  own->outcome == OBS_YES ? "passes" : "fails at ", own->step, ""),
		    "sudo croft doctor --pid \"$(pidof nix-daemon)\"", "");
}

void causes_nix(struct verdicts *verdicts, const struct observations *set)
{
	enum obs_outcome looked = observed(set, OBS_NIX_CONF)->outcome;
	struct nix_case at = make_case(verdicts, set);

	if (!observed_next(set, OBS_NIX_SIGN, NULL)) {
		if (looked == OBS_LATE || looked == OBS_BROKEN)
			nix_verdict(&at, FACILITY_NIX, VERDICT_UNKNOWN, WHO_UNKNOWN,
				    "nix-not-tried",
				    "whether Nix is here could not be seen in the time",
				    obs_outcome_names[looked].name, "", "");
		return;
	}
	if (causes_nix_conf(&at)) {
		if (!strcmp(observed(set, OBS_NIX_BUILDS)->text, "elsewhere")) {
			nix_verdict(&at, FACILITY_NIX, VERDICT_UNKNOWN, WHO_NOBODY, "nix-elsewhere",
				    "builds are made in another store, on another machine",
				    verdicts_text(verdicts, "%s (%s)", nix_setting(set, "store"),
						  observed(set, OBS_NIX_BUILDS)->step),
				    "", "");
		} else if (judge_setting(&at)) {
			if (at.is_asked_as_user)
				judge_as_user(&at);
			else
				causes_nix_sandbox(&at);
			judge_fallback(&at);
			judge_terminal(&at);
		}
	}
	causes_nix_place(&at);
	causes_nix_net(&at);
}
