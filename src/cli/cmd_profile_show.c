/* SPDX-License-Identifier: MIT */
/*
 * cmd_profile_show.c - croft profile show: one profile, as it was written or as it has become.
 *
 *	(nothing)            the file itself, or a built-in one as YAML
 *	--yaml               its entries as YAML, nothing expanded
 *	--resolved           what it has become here, as YAML
 *	--json               the same as JSON
 *
 * A file is checked before it is printed as it was written: what a profile may not hold (escape
 * sequences, for one) does not reach the terminal. Only its owner could change it in between.
 */
#include "base/cleanup.h"
#include "cli/cmd_profile.h"
#include "cli/place.h"
#include "profile/profile_print.h"
#include "profile/store.h"

static int print_resolved(struct buf *buf, const char *word, const struct option_list *list,
			  struct croft_error *err)
{
	struct profile *profile;
	int r = cli_load_profile(word, &profile, err);

	if (r < 0)
		return r;
	if (options_has(list, OPT_JSON))
		profile_print_resolved_json(buf, profile);
	else
		profile_print_resolved(buf, profile, options_has(list, OPT_ORIGIN));
	profile_free(profile);
	return 0;
}

/* The file as it was written. */
static int print_file(struct buf *buf, const char *path, struct croft_error *err)
{
	struct store_text text;
	int r = store_read(path, &text, err);

	if (r < 0)
		return r;
	buf_add(buf, text.data, text.len);
	store_text_done(&text);
	return 0;
}

static int print_written(struct buf *buf, const char *word, const struct option_list *list,
			 struct croft_error *err)
{
	bool wants_yaml = options_has(list, OPT_YAML) || options_has(list, OPT_ORIGIN);
	const struct document_profile *profile = NULL;
	const struct document *document = NULL;
	struct place place;
	struct arena arena;
	int r;

	place_init(&place);
	place.at.is_for_room = true; /* to be looked at */
	arena_init(&arena, LOAD_MAX_BYTES);
	r = load_find(word, &place.at, &arena, &document, &profile, err);
	if (r == 0 && (wants_yaml || store_builtin(profile->name) == document))
		profile_print_document(buf, document, profile, options_has(list, OPT_ORIGIN));
	else if (r == 0)
		r = print_file(buf, document->source, err);
	arena_done(&arena);
	return r;
}

int cmd_profile_show(const struct option_list *list, const char *const *words)
{
	bool is_resolved = options_has(list, OPT_RESOLVED) || options_has(list, OPT_JSON);
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX);
	struct croft_error err = { 0 };
	int r;

	if (!words[0] || words[1]) {
		(void)fail(&err, CROFT_STAGE_USAGE, 0, "one profile is needed");
		fail_hint(&err, "for example: croft profile show default");
		return cli_fail(&err);
	}
	if (is_resolved && options_has(list, OPT_YAML)) {
		(void)fail(&err, CROFT_STAGE_USAGE, 0,
			   "--yaml prints what was written, --resolved and --json what it became");
		return cli_fail(&err);
	}
	r = is_resolved ? print_resolved(&buf, words[0], list, &err)
			: print_written(&buf, words[0], list, &err);
	return r < 0 ? cli_fail(&err) : cli_print(&buf);
}
