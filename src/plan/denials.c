/* SPDX-License-Identifier: MIT */
/*
 * denials.c - what is to stay refused inside of what is granted, and whether it does.
 *
 * Landlock has no deny rule. What it has is that nothing is allowed but what a rule gives: so a
 * denial that no rule reaches is kept, for what exists and for what is made later. Any other
 * is not kept at all by this version, and its row says so, with the names.
 *
 * A rule reaches a denied name if it is for that name, for a directory above it or for
 * something under it. Names are compared as they resolve: a denied name may be a link into a
 * granted tree. A denial with '*' speaks of names that are not made yet; it is reached
 * where some name that fits could be (pattern_meets), which is more than there will be.
 *
 * What text cannot show is a second name for the same thing: a bind mount or a hard link of
 * what is denied inside of what is granted (docs/design/denials.md).
 *
 * Literal denials are looked up in the rules in the order of paths, each by one search: agents'
 * profiles bring some sixty, and are started often.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "plan/pattern.h"
#include "plan/rows.h"

#define SHOWN_MAX 2 /* names in a row; the rest is counted */
#define ROW_BYTES (1U << 18) /* four names of PATH_MAX, each byte escaped */

#define FS_READ (ABI_LANDLOCK_FS_READ_FILE | ABI_LANDLOCK_FS_READ_DIR)
/* What changes a file, its directory or its name. */
#define FS_CHANGE                                                                             \
	(ABI_LANDLOCK_FS_WRITE_FILE | ABI_LANDLOCK_FS_TRUNCATE | ABI_LANDLOCK_FS_REMOVE_DIR | \
	 ABI_LANDLOCK_FS_REMOVE_FILE | ABI_LANDLOCK_FS_MAKE_CHAR | ABI_LANDLOCK_FS_MAKE_DIR | \
	 ABI_LANDLOCK_FS_MAKE_REG | ABI_LANDLOCK_FS_MAKE_SOCK | ABI_LANDLOCK_FS_MAKE_FIFO |   \
	 ABI_LANDLOCK_FS_MAKE_BLOCK | ABI_LANDLOCK_FS_MAKE_SYM | ABI_LANDLOCK_FS_REFER)

static uint64_t denied_access(const struct denial *denial)
{
	return denial->kind == DENY_WRITE ? FS_CHANGE : UINT64_MAX;
}

/* The rules in the order of paths, each with the nearest rule above it. */
struct index {
	const struct plan_rule **rules;
	size_t *above; /* index + 1; 0: none */
	size_t n;
};

static int compare_pointers(const void *a, const void *b)
{
	const struct plan_rule *const *x = a, *const *y = b;

	return path_order((*x)->path, (*y)->path);
}

static int index_rules(struct plan *plan, struct index *index)
{
	index->n = plan->n_rules;
	index->rules = arena_calloc(&plan->arena, index->n + 1, sizeof(const struct plan_rule *));
	index->above = arena_calloc(&plan->arena, index->n + 1, sizeof(*index->above));
	if (!index->rules || !index->above)
		return -ENOMEM;
	for (size_t i = 0; i < index->n; i++)
		index->rules[i] = &plan->rules[i];
	if (index->n)
		qsort(index->rules, index->n, sizeof(const struct plan_rule *), compare_pointers);
	for (size_t i = 1; i < index->n; i++) {
		size_t above = i;

		while (above &&
		       !path_is_under(index->rules[above - 1]->path, index->rules[i]->path))
			above = index->above[above - 1];
		index->above[i] = above;
	}
	return 0;
}

/* How many rules stand before `path`, or are for it. */
static size_t search(const struct index *index, const char *path)
{
	size_t low = 0, high = index->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (path_order(index->rules[middle]->path, path) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool gives(const struct plan_rule *rule, uint64_t access, const char *path)
{
	return (rule->access & access) && pattern_meets(path, rule->path, rule->is_directory);
}

/* A rule that gives some of `access` on a path without '*': above it, for it, or under it. */
static const struct plan_rule *reach_path(const struct index *index, const char *path,
					  uint64_t access)
{
	size_t behind = search(index, path), at = behind;

	/* whatever is above the path is above the rule before it as well, or is that rule */
	for (; at; at = index->above[at - 1])
		if (gives(index->rules[at - 1], access, path))
			return index->rules[at - 1];
	for (at = behind; at < index->n && path_is_under(path, index->rules[at]->path); at++)
		if (index->rules[at]->access & access)
			return index->rules[at];
	return NULL;
}

static const struct plan_rule *reach_pattern(const struct plan *plan, const char *pattern,
					     uint64_t access)
{
	for (size_t i = 0; i < plan->n_rules; i++)
		if (gives(&plan->rules[i], access, pattern))
			return &plan->rules[i];
	return NULL;
}

/* Where a denied name leads, with the rest of a pattern behind it. NULL: no memory. */
static const char *resolved(struct plan *plan, const struct plan_input *input, size_t i)
{
	const char *path = plan->profile->denials[i].path;
	const char *real = input->denied ? input->denied[i] : NULL;
	size_t fixed = pattern_fixed(path);

	if (!real && !path[fixed])
		return path;
	if (!real)
		return arena_strndup(&plan->arena, path,
				     strchr(path, '*') ? strlen(path)
				     : fixed           ? fixed
						       : 1);
	return arena_printf(&plan->arena, "%s%s", strcmp(real, "/") ? real : "",
			    strchr(path, '*')   ? path + fixed
			    : strcmp(real, "/") ? ""
						: "/");
}

int plan_denials(struct plan *plan, const struct plan_input *input, struct croft_error *err)
{
	size_t n = plan->profile->n_denials;
	struct index index;

	if (n == 0)
		return 0;
	plan->denials = arena_calloc(&plan->arena, n, sizeof(*plan->denials));
	if (!plan->denials || index_rules(plan, &index) < 0)
		return fail(err, CROFT_STAGE_PLAN, ENOMEM, "make room for %zu denials", n);
	for (size_t i = 0; i < n; i++) {
		const struct denial *denial = &plan->profile->denials[i];
		struct plan_denial *planned = &plan->denials[plan->n_denials++];
		uint64_t access = denied_access(denial);

		planned->denial = denial;
		planned->path = resolved(plan, input, i);
		if (!planned->path)
			return fail(err, CROFT_STAGE_PLAN, ENOMEM, "plan a denial");
		planned->rule = strchr(planned->path, '*')
					? reach_pattern(plan, planned->path, access)
					: reach_path(&index, planned->path, access);
	}
	return 0;
}

bool denial_is_kept(const struct plan *plan, const struct plan_denial *denial)
{
	return plan->handled_fs && !denial->rule && denial->denial->kind != DENY_HIDE &&
	       denial->denial->kind != DENY_PRIVATE;
}

const char *denial_says(const struct plan *plan, const struct plan_denial *denial)
{
	if (!plan->handled_fs)
		return "not kept, nothing limits files";
	if (denial->rule)
		return "not kept, given by";
	if (denial->denial->kind == DENY_HIDE)
		return "cannot be opened, but seen";
	if (denial->denial->kind == DENY_PRIVATE)
		return "refused, no directory of its own is in its place";
	return "kept, nothing grants it";
}

static size_t count(const struct plan *plan, enum denial_kind kind, bool is_reached)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n_denials; i++)
		n += plan->denials[i].denial->kind == kind &&
		     (!is_reached || plan->denials[i].rule);
	return n;
}

/* "'/srv/.env', '/srv/key' and 3 more": denials of a kind, all or those that a rule reaches. */
static void name_denials(struct buf *buf, const struct plan *plan, enum denial_kind kind,
			 bool is_reached)
{
	size_t n = count(plan, kind, is_reached), shown = 0;

	for (size_t i = 0; i < plan->n_denials && shown < SHOWN_MAX; i++) {
		const struct plan_denial *denial = &plan->denials[i];

		if (denial->denial->kind != kind || (is_reached && !denial->rule))
			continue;
		if (shown++)
			buf_puts(buf, shown == n ? " and " : ", ");
		text_quote(buf, denial->denial->path);
	}
	if (n > shown)
		buf_printf(buf, " and %zu more", n - shown);
}

/* What a rule gives on the denied names of a kind: "read", or less. */
static const char *what_is_given(const struct plan *plan, enum denial_kind kind)
{
	bool reads = false, changes = false;

	if (kind == DENY_WRITE)
		return "written";
	for (size_t i = 0; i < plan->n_denials; i++) {
		const struct plan_denial *denial = &plan->denials[i];

		if (denial->denial->kind != kind || !denial->rule)
			continue;
		reads |= denial->rule->access & FS_READ;
		changes |= denial->rule->access & FS_CHANGE;
	}
	return reads ? "read" : changes ? "written" : "used";
}

static const char *finish(struct arena *arena, const struct buf *buf)
{
	return buf_error(buf) < 0 ? NULL : arena_strdup(arena, buf_text(buf));
}

static bool has_no_files(const struct plan *plan, struct plan_row *row, const char *mend)
{
	if (plan->abi == 0)
		row_no_landlock(plan, row);
	else if (!plan->handled_fs)
		row_absent(row, "file protection is off, and this rests on it", mend);
	return plan->abi == 0 || !plan->handled_fs;
}

/* Nothing is granted on what is denied: that is all that Landlock needs, if it handles it. */
static void judge_kept(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	const char *missing = NULL;

	if (count(plan, DENY_ALL, false) && !(plan->handled_fs & ABI_LANDLOCK_FS_EXECUTE))
		missing = "what is denied can be executed: exec is off";
	else if (!(plan->handled_fs & ABI_LANDLOCK_FS_TRUNCATE) && !has_seccomp(plan))
		missing = "what is denied can be truncated";
	if (!missing) {
		row_enforced(row, row_landlock(plan, arena, " (nothing grants what is denied)"),
			     "");
		return;
	}
	row->state = STATE_PARTIAL;
	row->mechanisms = row_landlock(plan, arena, "");
	row->missing = missing;
	row->mend = "leave exec on; Linux 6.2 (Landlock ABI 3), or system call filters";
}

void judge_deny_inside(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	static const char mend[] =
		"grant the directories beside it one by one; mounts in a user namespace (not in this version)";
	static const char why[] = "Landlock has no deny rule inside a granted directory";
	static const enum denial_kind kinds[] = { DENY_ALL, DENY_WRITE };
	AUTO_BUF struct buf buf = BUF_INIT(ROW_BYTES);

	if (!count(plan, DENY_ALL, false) && !count(plan, DENY_WRITE, false)) {
		row_absent(row, why, mend);
		return;
	}
	if (has_no_files(plan, row, "leave files on, or say --off deny-inside too"))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!count(plan, kinds[i], true))
			continue;
		buf_puts(&buf, buf.len ? ", " : "");
		name_denials(&buf, plan, kinds[i], true);
		buf_printf(&buf, " can be %s", what_is_given(plan, kinds[i]));
	}
	if (!buf.len) {
		judge_kept(plan, arena, row);
		return;
	}
	buf_printf(&buf, ": %s", why);
	row_absent(row, finish(arena, &buf), mend);
}

void judge_hidden(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	static const char why[] =
		"stat, access, readlink, chdir, statfs and inotify pass everywhere: names, sizes and times can be seen";
	AUTO_BUF struct buf buf = BUF_INIT(ROW_BYTES);

	row_absent(row, why, "mounts in a user namespace (not in this version)");
	if (!count(plan, DENY_HIDE, false))
		return;
	if (!plan->handled_fs || count(plan, DENY_HIDE, true)) {
		name_denials(&buf, plan, DENY_HIDE, plan->handled_fs);
		buf_printf(&buf, " can be %s, and seen: ",
			   plan->handled_fs ? what_is_given(plan, DENY_HIDE) : "read");
	} else {
		name_denials(&buf, plan, DENY_HIDE, false);
		buf_puts(&buf, " cannot be opened, but seen: ");
	}
	buf_puts(&buf, why);
	row->missing = finish(arena, &buf);
}

void judge_private_tmp(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	AUTO_BUF struct buf buf = BUF_INIT(ROW_BYTES);

	if (has_no_files(plan, row, "leave files on, or say --off private-tmp too"))
		return;
	if (!plan->tmpdir) {
		row_absent(row, "no TMPDIR is planned", "");
	} else if (count(plan, DENY_PRIVATE, true)) {
		name_denials(&buf, plan, DENY_PRIVATE, true);
		buf_printf(&buf,
			   " can be %s, and what is in it is the host's: only mounts put an "
			   "own directory there",
			   what_is_given(plan, DENY_PRIVATE));
		row_absent(
			row, finish(arena, &buf),
			"do not grant it: then TMPDIR alone is there; mounts in a user namespace (not in this version)");
	} else if (count(plan, DENY_PRIVATE, false)) {
		name_denials(&buf, plan, DENY_PRIVATE, false);
		buf_puts(&buf, " is refused, not an own directory: programs must heed TMPDIR");
		row->state = STATE_PARTIAL;
		row->mechanisms = row_landlock(plan, arena, " + a fresh TMPDIR");
		row->missing = finish(arena, &buf);
		row->mend =
			"accept it with --prefer private-tmp; mounts in a user namespace (not in this version)";
	} else {
		row_enforced(row, row_landlock(plan, arena, " + a fresh TMPDIR"),
			     "/tmp itself is not granted by this");
	}
}
