/* SPDX-License-Identifier: MIT */
/*
 * finding.c - the list of what was found, in order, once each.
 *
 * Texts are built here from the templates of kinds.c and are kept as they are: names of files go
 * into them unescaped, and are escaped where they are printed, for a terminal or as JSON.
 */
#include "check/finding.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/text.h"
#include "check/parts.h"

#define TEXT_MAX_BYTES 65536 /* of one message: some names of PATH_MAX */

void findings_init(struct findings *findings)
{
	*findings = (struct findings){ 0 };
	arena_init(&findings->arena, FINDINGS_MAX_BYTES);
}

void findings_done(struct findings *findings)
{
	arena_done(&findings->arena);
	*findings = (struct findings){ 0 };
}

static void add_word(struct buf *buf, char letter, const struct words *words)
{
	const char *text = letter == 'd'   ? words->detail
			   : letter == 'o' ? words->other
					   : words->path;

	assert(strchr("pdow", letter));
	if (letter == 'w')
		text_word(buf, text ? text : "");
	else
		buf_puts(buf, text ? text : "");
}

/* NULL when memory is exhausted, which is kept. */
static const char *expand(struct findings *findings, const char *template,
			  const struct words *words)
{
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX_BYTES);
	const char *text;

	for (; *template; template ++) {
		if (*template == '%')
			add_word(&buf, *++template, words);
		else
			buf_putc(&buf, *template);
	}
	text = buf_error(&buf) ? NULL : arena_strdup(&findings->arena, buf_text(&buf));
	if (!text)
		findings->error = -ENOMEM;
	return text;
}

static bool is_known(const struct findings *findings, const struct finding *found)
{
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *known = &findings->items[i];

		if (known->kind == found->kind && known->spot.line == found->spot.line &&
		    known->spot.column == found->spot.column &&
		    !strcmp(known->spot.file, found->spot.file) &&
		    !strcmp(known->what, found->what))
			return true;
	}
	return false;
}

static void keep(struct findings *findings, const struct finding *found)
{
	struct finding *items;

	findings->counts[found->severity]++;
	if (findings->n == FINDINGS_MAX) {
		findings->n_left_out++;
		return;
	}
	items = arena_grow(&findings->arena, findings->items, findings->n, &findings->capacity,
			   sizeof(*items));
	if (!items) {
		findings->error = -ENOMEM;
		return;
	}
	findings->items = items;
	items[findings->n] = *found;
	items[findings->n].spot.file = arena_strdup(&findings->arena, found->spot.file);
	if (found->profile)
		items[findings->n].profile = arena_strdup(&findings->arena, found->profile);
	if (!items[findings->n].spot.file || (found->profile && !items[findings->n].profile))
		findings->error = -ENOMEM;
	else
		findings->n++;
}

void findings_add(struct findings *findings, enum finding_kind kind, const struct spot *spot,
		  const char *profile, const struct words *words)
{
	const struct kind *row = &finding_kinds[kind];
	struct finding found = { .kind = kind, .spot = *spot, .profile = profile };

	found.severity = spot->is_builtin ? row->builtin : row->severity;
	if (found.severity == SEVERITY_MAX) {
		/*
		 * Whether something optional is there says nothing about a profile for all hosts;
		 * denials that are not kept are in the row of the promise.
		 */
		if (!findings->is_own || kind == FINDING_NOT_THERE || kind == FINDING_DENIAL)
			return;
		found.severity = SEVERITY_NOTE;
	}
	found.what = expand(findings, row->what, words);
	found.mend = words->mend ? arena_strdup(&findings->arena, words->mend)
				 : expand(findings, row->mend, words);
	if (!found.what || !found.mend)
		findings->error = -ENOMEM;
	else if (!is_known(findings, &found))
		keep(findings, &found);
}

struct order {
	struct finding item;
	size_t index;
	bool is_other; /* not the file that was asked about */
};

static int compare(const void *a, const void *b)
{
	const struct order *x = a, *y = b;
	int files = strcmp(x->item.spot.file, y->item.spot.file);

	if (x->is_other != y->is_other)
		return x->is_other ? 1 : -1;
	if (files)
		return files;
	if (x->item.spot.line != y->item.spot.line)
		return x->item.spot.line < y->item.spot.line ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

void findings_sort(struct findings *findings, const char *file)
{
	AUTO_FREE struct order *order = calloc(findings->n + 1, sizeof(*order));

	if (!order) {
		findings->error = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < findings->n; i++) {
		order[i].item = findings->items[i];
		order[i].index = i;
		order[i].is_other = strcmp(order[i].item.spot.file, file) != 0;
	}
	qsort(order, findings->n, sizeof(*order), compare);
	for (size_t i = 0; i < findings->n; i++)
		findings->items[i] = order[i].item;
}

/* Takes ":NUMBER" off the end of a text. */
static bool cut_number(char *text, unsigned *ret_number)
{
	char *colon = strrchr(text, ':');
	uint64_t number;

	if (!colon || num_parse(colon + 1, 1, UINT32_MAX, &number) < 0)
		return false;
	*colon = '\0';
	*ret_number = (unsigned)number;
	return true;
}

struct spot spot_of_origin(struct arena *arena, const char *origin)
{
	struct spot spot = { .file = origin };
	char *text = arena_strdup(arena, origin);

	if (text && cut_number(text, &spot.line))
		spot.file = text;
	/* a name is no file: those have a slash or an ending (load.h) */
	spot.is_builtin = !strncmp(spot.file, "profile ", 8) && !strchr(spot.file, '/');
	return spot;
}
