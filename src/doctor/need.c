/* SPDX-License-Identifier: MIT */
/*
 * need.c - requirements: parsed from words, answered from what was found.
 *
 * Had is what works as a whole. What works in part, what was not looked at and what gave no answer
 * in time are not: who asks goes on to build on it.
 */
#include "doctor/need.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

static const unsigned net_bits = 1U << PROTECT_TCP | 1U << PROTECT_UDP | 1U << PROTECT_OTHER_NET;

/* Names of both kinds and "net", for the nearest one. */
static const char *find_nearest(const char *word)
{
	struct name names[PROTECT_MAX + FACILITY_N + 1] = { { "net", NULL } };

	memcpy(names + 1, protection_names, sizeof(protection_names));
	memcpy(names + 1 + PROTECT_MAX, facility_names, sizeof(facility_names));
	return names_nearest(names, ARRAY_SIZE(names), word);
}

static int fail_unknown(const char *word, struct croft_error *err)
{
	const char *nearest = find_nearest(word);
	int r = fail(err, CROFT_STAGE_USAGE, 0, "--need: there is no protection or facility '%s'",
		     word);

	if (nearest)
		fail_hint(err, "did you mean '%s'?", nearest);
	else
		fail_hint(err, "croft doctor --help all lists them");
	return r;
}

static int add_word(struct needs *needs, const char *word, struct croft_error *err)
{
	struct need *need = &needs->items[needs->n];
	int protection = names_find(protection_names, PROTECT_MAX, word),
	    facility = names_find(facility_names, FACILITY_N, word);

	for (size_t i = 0; i < needs->n; i++)
		if (!strcmp(needs->items[i].name, word))
			return fail(err, CROFT_STAGE_USAGE, 0, "--need: '%s' is there twice", word);
	if (needs->n == NEEDS_MAX)
		return fail(err, CROFT_STAGE_USAGE, 0, "--need: more than %d words", NEEDS_MAX);
	*need = (struct need){ .facility = FACILITY_N };
	if (!strcmp(word, "net"))
		need->protections = net_bits;
	if (protection >= 0)
		need->protections = 1U << protection;
	if (facility >= 0)
		need->facility = (enum facility)facility;
	if (!need->protections && need->facility == FACILITY_N)
		return fail_unknown(word, err);
	memcpy(need->name, word, strlen(word) + 1);
	needs->n++;
	return 0;
}

int needs_add(struct needs *needs, const char *words, struct croft_error *err)
{
	for (const char *at = words;; at++) {
		char word[NEED_NAME_SIZE];
		size_t len = strcspn(at, ",");
		int r;

		if (!len)
			return fail(err, CROFT_STAGE_USAGE, 0,
				    "--need: a word is missing between the commas of '%.100s'",
				    words);
		if (len >= sizeof(word))
			return fail(err, CROFT_STAGE_USAGE, 0,
				    "--need: there is no protection or facility '%.*s...'",
				    NEED_NAME_SIZE, at);
		memcpy(word, at, len);
		word[len] = '\0';
		r = add_word(needs, word, err);
		if (r < 0)
			return r;
		at += len;
		if (!*at)
			return 0;
	}
}

/* One answer to a word: the first part of it that is not had, or the last that is. */
struct answer {
	bool is_had;
	enum verdict_state state;
	enum verdict_who who;
	const char *what, *mend;
};

static struct answer answer_protection(const struct view *view, int protection)
{
	const struct protection_answer *found;
	const struct verdict *verdict;
	struct answer answer = { .state = VERDICT_UNKNOWN,
				 .what = "nothing is known of this host",
				 .mend = "" };

	if (!view->protections)
		return answer;
	found = &view->protections->answers[protection];
	answer = (struct answer){
		.is_had = found->state == VERDICT_WORKS,
		.state = found->state,
		.what = found->state == VERDICT_WORKS ? found->by : found->note,
		.mend = found->mend,
	};
	verdict = found->lacks == FACILITY_N ? NULL : verdict_of(view->verdicts, found->lacks);
	if (verdict && verdict->state != VERDICT_WORKS && *verdict->mend) {
		answer.who = verdict->who;
		answer.what = verdict->what;
		answer.mend = verdict->mend;
	}
	return answer;
}

static struct answer answer_facility(const struct view *view, enum facility facility)
{
	const struct verdict *verdict = verdict_of(view->verdicts, facility);

	if (!verdict)
		return (struct answer){ .state = VERDICT_UNKNOWN,
					.what = "it was not looked at",
					.mend = "" };
	return (struct answer){
		.is_had = verdict->state == VERDICT_WORKS || verdict->state == VERDICT_NO_EFFECT,
		.state = verdict->state,
		.who = verdict->who,
		.what = verdict->what,
		.mend = verdict->mend,
	};
}

static struct answer answer_need(const struct view *view, const struct need *need)
{
	struct answer answer = { .is_had = true, .what = "", .mend = "" };

	for (int i = 0; i < PROTECT_MAX && answer.is_had; i++)
		if (need->protections & 1U << i)
			answer = answer_protection(view, i);
	if (answer.is_had && need->facility != FACILITY_N)
		answer = answer_facility(view, need->facility);
	return answer;
}

int needs_status(const struct needs *needs, const struct view *view)
{
	for (size_t i = 0; i < needs->n; i++)
		if (!answer_need(view, &needs->items[i]).is_had)
			return (int)i + 1;
	return 0;
}

void needs_print(struct buf *buf, const struct needs *needs, const struct view *view)
{
	for (size_t i = 0; i < needs->n; i++) {
		const struct answer answer = answer_need(view, &needs->items[i]);

		buf_printf(buf, "%s: %s", needs->items[i].name, answer.is_had ? "had" : "not had");
		if (*answer.what) {
			buf_puts(buf, answer.is_had ? ", " : ": ");
			text_escape(buf, answer.what);
		}
		if (!answer.is_had && *print_who(answer.who))
			buf_printf(buf, " [%s]", print_who(answer.who));
		if (!answer.is_had && *answer.mend) {
			buf_puts(buf, " (mend: ");
			text_escape(buf, answer.mend);
			buf_putc(buf, ')');
		}
		buf_putc(buf, '\n');
	}
}

void needs_print_json(struct json *json, const struct needs *needs, const struct view *view)
{
	json_key(json, "needs");
	json_array_begin(json);
	for (size_t i = 0; i < needs->n; i++) {
		const struct answer answer = answer_need(view, &needs->items[i]);

		json_object_begin(json);
		json_key(json, "need");
		json_string(json, needs->items[i].name);
		json_key(json, "had");
		json_bool(json, answer.is_had);
		json_key(json, "state");
		json_string(json, verdict_state_names[answer.state].name);
		json_key(json, "who");
		json_string(json, verdict_who_names[answer.who].name);
		json_key(json, "what");
		json_string(json, answer.what);
		json_key(json, "mend");
		json_string(json, answer.mend);
		json_object_end(json);
	}
	json_array_end(json);
}
