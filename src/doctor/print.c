/* SPDX-License-Identifier: MIT */
/*
 * print.c - the doctor's table.
 *
 * What is not as it should be is what is seen: a protection has one line, and what is missing says
 * why and how to mend it below; a facility that works is a word in a list. A mend that many things
 * wait for is told once, where its facility stands.
 *
 * Colours stand on a terminal only, and no meaning rests on them.
 */
#include "doctor/print.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "doctor/wrap.h"

#define NAME_COLUMN 2
#define TEXT_COLUMN 17 /* the longest names have 13 letters */

enum colour { PLAIN, GOOD, HALF, BAD, FAINT };

static const char *const colours[] = {
	[PLAIN] = "",       [GOOD] = "\x1b[32m", [HALF] = "\x1b[33m",
	[BAD] = "\x1b[31m", [FAINT] = "\x1b[2m",
};

static const enum colour colours_of[VERDICT_STATE_MAX] = {
	[VERDICT_WORKS] = GOOD,     [VERDICT_PARTLY] = HALF,   [VERDICT_MISSING] = BAD,
	[VERDICT_NO_EFFECT] = HALF, [VERDICT_UNKNOWN] = FAINT,
};

static const char *const who_texts[VERDICT_WHO_MAX] = {
	[WHO_NOBODY] = "",
	[WHO_KERNEL] = "this kernel",
	[WHO_BOOT] = "the kernel's configuration or command line",
	[WHO_SYSCTL] = "a sysctl",
	[WHO_LSM] = "a security module",
	[WHO_FILTER] = "a system call filter",
	[WHO_RUNTIME] = "the container's runtime",
	[WHO_MOUNT] = "a mount",
	[WHO_LIMIT] = "a limit",
	[WHO_CHROOT] = "a chroot",
	[WHO_PRIVILEGE] = "a right that this user has not",
	[WHO_SETTING] = "a setting",
	[WHO_MISSING] = "it is not installed",
	[WHO_NETWORK] = "the network",
	[WHO_REMOTE] = "the server",
	[WHO_UNKNOWN] = "by whom is not known",
};

const char *print_who(enum verdict_who who)
{
	return who_texts[who];
}

static void colour(struct buf *buf, const struct view *view, enum colour which)
{
	if (view->has_colours)
		buf_puts(buf, which == PLAIN ? "\x1b[0m" : colours[which]);
}

/* "  name           state": where the text of the line goes on. */
static void begin_line(struct wrap *wrap, struct buf *buf, const struct view *view,
		       const char *name, const char *word, enum colour which)
{
	buf_printf(buf, "%*s%-*s ", NAME_COLUMN, "", TEXT_COLUMN - NAME_COLUMN - 1, name);
	colour(buf, view, which);
	buf_puts(buf, word);
	colour(buf, view, PLAIN);
	wrap_begin(wrap, buf, view->columns, TEXT_COLUMN, TEXT_COLUMN + wrap_width(word));
	wrap->has_word = *word;
}

/* A line below: "mend: sysctl ...". */
static void print_below(struct buf *buf, const struct view *view, const char *word,
			const char *text)
{
	struct wrap wrap;

	if (!*text)
		return;
	buf_printf(buf, "%*s", TEXT_COLUMN, "");
	wrap_begin(&wrap, buf, view->columns, TEXT_COLUMN + 2, TEXT_COLUMN);
	wrap_add(&wrap, word);
	wrap_add(&wrap, text);
	wrap_end(&wrap);
}

/* Text without what it says of the host's lack: that stands with the facility. */
static bool is_told_below(const struct view *view, const struct protection_answer *answer)
{
	const struct verdict *verdict =
		answer->lacks == FACILITY_N ? NULL : verdict_of(view->verdicts, answer->lacks);

	return verdict && verdict->state != VERDICT_WORKS && *verdict->mend;
}

static void print_protection(struct buf *buf, const struct view *view, enum protection protection)
{
	static const char *const words[VERDICT_STATE_MAX] = {
		[VERDICT_WORKS] = "kept:",      [VERDICT_PARTLY] = "in part:",
		[VERDICT_MISSING] = "not kept", [VERDICT_UNKNOWN] = "unknown",
		[VERDICT_NO_EFFECT] = "",
	};
	const struct protection_answer *answer = &view->protections->answers[protection];
	struct wrap wrap;

	begin_line(&wrap, buf, view, protection_names[protection].name, words[answer->state],
		   colours_of[answer->state]);
	wrap_add(&wrap, answer->by);
	if (is_told_below(view, answer)) {
		/* ": needs userns": the rest stands there */
		buf_putc(buf, *answer->by ? ';' : ':');
		wrap.at++;
		wrap_add(&wrap, "needs");
		wrap_add(&wrap, facility_names[answer->lacks].name);
	}
	wrap_end(&wrap);
	if (answer->state == VERDICT_WORKS || is_told_below(view, answer))
		return;
	print_below(buf, view, "", answer->note);
	print_below(buf, view, "mend:", answer->mend);
}

/* A place may be known by several signs. */
static bool is_first_sign(const struct view *view, const struct observation *place)
{
	const struct observation *before = NULL;

	while ((before = observed_next(view->set, OBS_PLACE, before)) != place)
		if (before->outcome == OBS_YES && !strcmp(before->subject, place->subject))
			return false;
	return true;
}

static void print_head(struct buf *buf, const struct view *view)
{
	const struct observation *place = NULL;
	struct wrap wrap;
	bool has_any = false;

	wrap_begin(&wrap, buf, view->columns, 2, 0);
	if (view->set->has_host) {
		char text[128];

		(void)snprintf(text, sizeof(text), "Linux %s, user %u",
			       view->set->host.kernel_release, view->set->host.uid);
		wrap_add(&wrap, text);
	} else {
		wrap_add(&wrap, "a host that could not be asked what croft run asks");
	}
	while ((place = observed_next(view->set, OBS_PLACE, place))) {
		if (place->outcome != OBS_YES || !*place->subject || !is_first_sign(view, place))
			continue;
		buf_putc(buf, has_any ? ',' : ';');
		wrap.at++;
		if (!has_any)
			wrap_add(&wrap, "signs of");
		wrap_add(&wrap, place->subject);
		has_any = true;
	}
	wrap_end(&wrap);
}

/* Somebody says no: who, is worth a word. */
static bool is_refused(const struct verdict *verdict)
{
	return verdict->state == VERDICT_MISSING || verdict->state == VERDICT_PARTLY;
}

#define NEEDS "needs-" /* causes that are another facility's lack: "needs-userns" */

static bool is_for_want(const struct verdict *verdict)
{
	return verdict->state == VERDICT_MISSING && !strncmp(verdict->cause, NEEDS, strlen(NEEDS));
}

/* Of which there is nothing to say but its name. */
static bool is_folded(const struct verdict *verdict)
{
	return is_for_want(verdict) || (verdict->state == VERDICT_UNKNOWN && !*verdict->mend);
}

static void print_verdict(struct buf *buf, const struct view *view, const struct verdict *verdict)
{
	char word[160];
	struct wrap wrap;

	(void)snprintf(word, sizeof(word), "%s%s", verdict_state_names[verdict->state].name,
		       verdict->state == VERDICT_WORKS || *verdict->what ? ":" : "");
	begin_line(&wrap, buf, view, facility_names[verdict->facility].name, word,
		   colours_of[verdict->state]);
	wrap_add(&wrap, verdict->what);
	if (*who_texts[verdict->who] && is_refused(verdict)) {
		(void)snprintf(word, sizeof(word), "(%s)", who_texts[verdict->who]);
		wrap_add(&wrap, word);
	}
	wrap_end(&wrap);
	print_below(buf, view, "mend:", verdict->mend);
}

/* All of some states, under a heading that stands only if there is one. */
static void print_verdicts(struct buf *buf, const struct view *view, const char *heading,
			   unsigned states)
{
	bool has_any = false;

	for (size_t i = 0; i < view->verdicts->n; i++) {
		const struct verdict *verdict = &view->verdicts->items[i];

		if (!(states & 1U << verdict->state) || is_folded(verdict))
			continue;
		if (!has_any)
			buf_printf(buf, "\n%s\n", heading);
		has_any = true;
		print_verdict(buf, view, verdict);
	}
}

enum fold { FOLD_WORKS, FOLD_UNKNOWN, FOLD_NOT_LOOKED_AT };

static bool is_of_fold(const struct verdict *verdict, enum fold fold)
{
	if (!verdict)
		return fold == FOLD_NOT_LOOKED_AT;
	if (verdict->state == VERDICT_UNKNOWN)
		return fold == FOLD_UNKNOWN && is_folded(verdict);
	return fold == FOLD_WORKS && verdict->state == VERDICT_WORKS;
}

/* "Works: landlock, seccomp, ...": facilities that a word is enough for. */
static void print_names(struct buf *buf, const struct view *view, const char *heading,
			enum fold fold)
{
	AUTO_BUF struct buf names = BUF_INIT(4096);
	struct wrap wrap;

	for (int i = 0; i < FACILITY_N; i++)
		if (is_of_fold(verdict_of(view->verdicts, (enum facility)i), fold))
			buf_printf(&names, "%s%s", names.len ? ", " : "", facility_names[i].name);
	if (!names.len)
		return;
	buf_putc(buf, '\n');
	wrap_begin(&wrap, buf, view->columns, 2, 0);
	wrap_add(&wrap, heading);
	wrap_add(&wrap, buf_text(&names));
	wrap_end(&wrap);
}

static bool is_told_before(const struct verdicts *verdicts, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (is_for_want(&verdicts->items[k]) &&
		    !strcmp(verdicts->items[k].cause, verdicts->items[i].cause))
			return true;
	return false;
}

/* "Missing without userns: mount, pidns": one line for each lack. */
static void print_wants(struct buf *buf, const struct view *view)
{
	const struct verdicts *verdicts = view->verdicts;

	for (size_t i = 0; i < verdicts->n; i++) {
		AUTO_BUF struct buf names = BUF_INIT(4096);
		struct wrap wrap;

		if (!is_for_want(&verdicts->items[i]) || is_told_before(verdicts, i))
			continue;
		buf_printf(&names, "Missing without %s:", verdicts->items[i].cause + strlen(NEEDS));
		for (size_t k = i; k < verdicts->n; k++)
			if (is_for_want(&verdicts->items[k]) &&
			    !strcmp(verdicts->items[k].cause, verdicts->items[i].cause))
				buf_printf(&names, "%s %s", k > i ? "," : "",
					   facility_names[verdicts->items[k].facility].name);
		buf_putc(buf, '\n');
		wrap_begin(&wrap, buf, view->columns, 2, 0);
		wrap_add(&wrap, buf_text(&names));
		wrap_end(&wrap);
	}
}

void print_table(struct buf *buf, const struct view *view)
{
	print_head(buf, view);
	if (view->protections) {
		buf_puts(buf, "\nWhat croft run protects here\n");
		for (int i = 0; i < PROTECT_MAX; i++)
			print_protection(buf, view, (enum protection)i);
	}
	print_verdicts(buf, view, "What is missing",
		       1U << VERDICT_MISSING | 1U << VERDICT_PARTLY | 1U << VERDICT_UNKNOWN);
	print_wants(buf, view);
	print_verdicts(buf, view, "What is set and has no effect", 1U << VERDICT_NO_EFFECT);
	print_names(buf, view, "Works:", FOLD_WORKS);
	print_names(buf, view,
		    "Not known, as there was no answer (--verbose tells why):", FOLD_UNKNOWN);
	print_names(buf, view, "Not looked at:", FOLD_NOT_LOOKED_AT);
}

static void print_observation(struct buf *buf, const struct view *view,
			      const struct observation *obs)
{
	char number[64];
	struct wrap wrap;

	buf_printf(buf, "  %s", obs_names[obs->id].name);
	wrap_begin(&wrap, buf, view->columns, 6, 2 + wrap_width(obs_names[obs->id].name));
	wrap.has_word = true;
	if (*obs->subject)
		wrap_add(&wrap, obs->subject);
	buf_putc(buf, ':');
	wrap.at++;
	wrap_add(&wrap, obs_outcome_names[obs->outcome].name);
	wrap_add(&wrap, obs->step);
	if (obs->errnum) {
		const char *name = errno_name(obs->errnum);

		(void)snprintf(number, sizeof(number), "errno %d", obs->errnum);
		wrap_add(&wrap, name ? name : number);
	}
	if (obs->value != OBS_NO_VALUE) {
		(void)snprintf(number, sizeof(number), "%lld", (long long)obs->value);
		wrap_add(&wrap, number);
	}
	wrap_add(&wrap, obs->text);
	wrap_end(&wrap);
}

void print_verbose(struct buf *buf, const struct view *view)
{
	buf_puts(buf, "\nVerdicts and what they rest on\n");
	for (size_t i = 0; i < view->verdicts->n; i++) {
		const struct verdict *verdict = &view->verdicts->items[i];

		print_verdict(buf, view, verdict);
		print_below(buf, view, "cost:", verdict->cost);
		print_below(buf, view, "seen:", verdict->evidence);
	}
	buf_puts(buf, "\nWhat was seen\n");
	for (size_t i = 0; i < view->set->n; i++)
		print_observation(buf, view, &view->set->items[i]);
}
