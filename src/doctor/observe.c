/* SPDX-License-Identifier: MIT */
/*
 * observe.c - the set of observations: adding, and finding again.
 *
 * Records lie in one array in the order in which they came, their texts, escaped, in the set's
 * arena. A set has some hundred records and is asked some hundred times: a walk finds them.
 */
#include "doctor/observe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "doctor/conceal.h"

#define SEEN_MAX ((size_t)4 * OBS_TEXT_MAX) /* of a text that is looked at */

/* clang-format off */
const struct name obs_names[OBS_N] = {
#define OBS(id, word, asks) { word, asks },
#include "doctor/observations.def"
#undef OBS
};
/* clang-format on */

const struct name obs_outcome_names[OBS_OUTCOME_MAX] = {
	[OBS_NOT_ASKED] = { "not-asked", "there was nothing to ask" },
	[OBS_YES] = { "yes", "it was done, and its effect was seen" },
	[OBS_NO] = { "no", "refused, or without effect" },
	[OBS_LATE] = { "late", "no answer within the time" },
	[OBS_BROKEN] = { "broken", "the question could not be put" },
};

/* What is found where nothing was recorded. */
static const struct observation nothing = {
	.outcome = OBS_NOT_ASKED,
	.value = OBS_NO_VALUE,
	.subject = "",
	.step = "",
	.text = "",
};

void observations_init(struct observations *set)
{
	*set = (struct observations){ 0 };
	arena_init(&set->arena, OBS_MAX_BYTES);
}

void observations_done(struct observations *set)
{
	arena_done(&set->arena);
	set->items = NULL;
	set->n = set->capacity = 0;
	set->has_host = false;
}

/*
 * What text_escape lets through and YAML does not, in which a saved set is read: U+FEFF, U+FFFE and
 * U+FFFF, of three bytes each (YAML 1.1, section 4.1).
 */
static bool is_no_yaml(const char *text)
{
	return !strncmp(text, "\xef\xbb\xbf", 3) || !strncmp(text, "\xef\xbf\xbe", 3) ||
	       !strncmp(text, "\xef\xbf\xbf", 3);
}

/* Character by character: none is torn where it is cut off. */
static void add_escaped(struct buf *buf, const char *text)
{
	size_t left = strnlen(text, OBS_TEXT_MAX + 4), n;

	for (; left && buf->len <= OBS_TEXT_MAX; text += n, left -= n) {
		char one[5] = "";

		n = text_utf8_len(text, left);
		if (!n)
			n = 1;
		memcpy(one, text, n);
		if (is_no_yaml(text))
			for (size_t i = 0; i < n; i++)
				buf_printf(buf, "\\x%02x", (unsigned)(unsigned char)one[i]);
		else
			text_escape(buf, one);
	}
}

/* Cut where no character of UTF-8 is torn: its later bytes are 10xxxxxx. */
static size_t cut(const char *text, size_t len)
{
	if (len <= OBS_TEXT_MAX)
		return len;
	for (len = OBS_TEXT_MAX; len > 0; len--)
		if (((unsigned char)text[len] & 0xc0) != 0x80)
			break;
	return len;
}

static int copy(struct observations *set, const char **text)
{
	AUTO_BUF struct buf shown = BUF_INIT(2 * SEEN_MAX),
			    buf = BUF_INIT((size_t)8 * OBS_TEXT_MAX);
	AUTO_FREE char *seen = NULL;
	size_t len;

	if (!*text || !**text) {
		*text = "";
		return 0;
	}
	/* more than can be kept: what is to be hidden is hidden before the text is cut */
	seen = strndup(*text, SEEN_MAX);
	if (!seen)
		return -ENOMEM;
	conceal_urls(&shown, seen);
	if (buf_error(&shown) < 0)
		return buf_error(&shown);
	add_escaped(&buf, buf_text(&shown));
	if (buf_error(&buf) < 0)
		return buf_error(&buf);
	len = cut(buf_text(&buf), buf.len);
	if (len > OBS_TEXTS_MAX - set->n_text_bytes)
		return -E2BIG;
	*text = arena_strndup(&set->arena, buf_text(&buf), len);
	if (!*text)
		return -ENOMEM;
	set->n_text_bytes += len;
	return 0;
}

int observations_add(struct observations *set, const struct observation *obs)
{
	struct observation one = *obs;
	const char **const texts[] = { &one.subject, &one.step, &one.text };
	struct observation *items;

	if (set->n >= OBS_MAX)
		return -E2BIG;
	items = arena_grow(&set->arena, set->items, set->n, &set->capacity, sizeof(*items));
	if (!items)
		return -ENOMEM;
	set->items = items;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		int r = copy(set, texts[i]);

		if (r < 0)
			return r;
	}
	items[set->n++] = one;
	return 0;
}

const struct observation *observed(const struct observations *set, enum obs id)
{
	const struct observation *found = observed_next(set, id, NULL);

	return found ? found : &nothing;
}

const struct observation *observed_of(const struct observations *set, enum obs id,
				      const char *subject)
{
	const struct observation *at = NULL;

	while ((at = observed_next(set, id, at)))
		if (!strcmp(at->subject, subject))
			return at;
	return &nothing;
}

const struct observation *observed_next(const struct observations *set, enum obs id,
					const struct observation *after)
{
	for (size_t i = after ? (size_t)(after - set->items) + 1 : 0; i < set->n; i++)
		if (set->items[i].id == id)
			return &set->items[i];
	return NULL;
}

bool was_seen(const struct observations *set, enum obs id)
{
	return observed(set, id)->outcome == OBS_YES;
}
