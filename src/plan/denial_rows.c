/* SPDX-License-Identifier: MIT */
/*
 * denial_rows.c - the rows on what is denied: deny-inside, hidden, private-tmp.
 *
 * Each says what can happen all the same, with names: two of them, and how many there are
 * besides.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "plan/pattern.h"
#include "plan/rows.h"
#include "plan/tree.h"

#define SHOWN_MAX 2 /* names in a row; the rest is counted */
#define ROW_BYTES (1U << 18) /* four names of PATH_MAX, each byte escaped */

bool denial_is_kept(const struct plan *plan, const struct plan_denial *denial)
{
	if (plan->has_tree || denial->means == DENIAL_BESIDE)
		return denial->means != DENIAL_UNKEPT && !denial->lacks;
	return plan->handled_fs && !denial->rule && denial->denial->kind != DENY_HIDE &&
	       denial->denial->kind != DENY_PRIVATE;
}

static const char *says_of_tree(const struct plan *plan, const struct plan_denial *denial)
{
	if (denial->lacks)
		return denial->means == DENIAL_UNKEPT ? "not kept: " : "kept in part: ";
	switch (denial->means) {
	case DENIAL_MASKED:
		return denial->denial->kind == DENY_WRITE ? "kept, read-only mounts"
							  : "kept, masked by a mount";
	case DENIAL_CLOSED:
		return "kept, its directory is closed to new names";
	case DENIAL_SEALED:
		return "kept, it is not there and nothing can be made there";
	case DENIAL_LEFT_OUT:
		return "kept, its directory is made anew without it";
	case DENIAL_PRIVATE:
		return "kept, an own directory is in its place";
	case DENIAL_UNREACHED:
		if (denial->denial->kind == DENY_HIDE && !plan->has_new_root)
			return "cannot be opened, but seen";
		return "kept, nothing grants it";
	default:
		return "not kept";
	}
}

const char *denial_says(const struct plan *plan, const struct plan_denial *denial)
{
	if (denial->means == DENIAL_BESIDE)
		return "kept, rules for what lies beside it";
	if (plan->has_tree)
		return says_of_tree(plan, denial);
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
		reads |= denial->rule->access & FS_READS;
		changes |= denial->rule->access & FS_CHANGES;
	}
	return reads ? "read" : changes ? "written" : "used";
}

static const char *finish(struct arena *arena, const struct buf *buf)
{
	return buf_error(buf) < 0 ? NULL : arena_strdup(arena, buf_text(buf));
}

static bool has_no_files(const struct plan *plan, struct arena *arena, struct plan_row *row,
			 const char *mend)
{
	if (plan->abi == 0)
		row_no_landlock(plan, arena, row);
	else if (!plan->handled_fs)
		row_absent(row, "file protection is off, and this rests on it", mend);
	return plan->abi == 0 || !plan->handled_fs;
}

/* Denials are for names: croft check looks for such others. */
static const char other_names[] =
	"another name of what is denied, by a hard link or a second mount, is not covered";

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
			     plan->n_denials ? other_names : "");
		return;
	}
	row->state = STATE_PARTIAL;
	row->mechanisms = row_landlock(plan, arena, "");
	row->missing = missing;
	row->mend = "leave exec on; Linux 6.2 (Landlock ABI 3), or system call filters";
}

/* Of one or two kinds: how many lack something with mounts, and how many are wholly unkept. */
struct tally {
	size_t n, n_lacking, n_unkept;
};

static struct tally tally(const struct plan *plan, enum denial_kind a, enum denial_kind b)
{
	struct tally tally = { 0 };

	for (size_t i = 0; i < plan->n_denials; i++) {
		const struct plan_denial *denial = &plan->denials[i];

		if (denial->denial->kind != a && denial->denial->kind != b)
			continue;
		tally.n++;
		if (!denial->lacks && denial->means != DENIAL_UNKEPT)
			continue;
		tally.n_lacking++;
		tally.n_unkept += denial->means == DENIAL_UNKEPT;
	}
	return tally;
}

/* "'/srv/.env' (it does not exist and can be made) and 3 more" */
static const char *say_lacking(const struct plan *plan, struct arena *arena, enum denial_kind a,
			       enum denial_kind b, const struct tally *tally)
{
	AUTO_BUF struct buf buf = BUF_INIT(ROW_BYTES);
	size_t shown = 0;

	for (size_t i = 0; i < plan->n_denials && shown < SHOWN_MAX; i++) {
		const struct plan_denial *denial = &plan->denials[i];

		if ((denial->denial->kind != a && denial->denial->kind != b) ||
		    (!denial->lacks && denial->means != DENIAL_UNKEPT))
			continue;
		if (shown++)
			buf_puts(&buf, shown == tally->n_lacking ? " and " : ", ");
		text_quote(&buf, denial->denial->path);
		buf_printf(&buf, " (%s)", denial->lacks ? denial->lacks : "nothing keeps it");
	}
	if (tally->n_lacking > shown)
		buf_printf(&buf, " and %zu more", tally->n_lacking - shown);
	return finish(arena, &buf);
}

static void row_lacking(const struct plan *plan, struct arena *arena, struct plan_row *row,
			enum denial_kind a, enum denial_kind b, const struct tally *tally,
			const char *mend)
{
	const char *missing = say_lacking(plan, arena, a, b, tally);

	if (tally->n_unkept == tally->n) {
		row_absent(row, missing, mend);
		return;
	}
	row->state = STATE_PARTIAL;
	row->mechanisms = "mounts";
	row->missing = missing;
	row->mend = mend;
}

static bool has_means(const struct plan *plan, enum denial_means means)
{
	for (size_t i = 0; i < plan->n_denials; i++)
		if (plan->denials[i].means == means)
			return true;
	return false;
}

/*
 * In a mount namespace of its own a process can drop the mounts of its copy, and then rename what
 * they were on: the kernel looks for mount points in the caller's namespace alone. A Landlock
 * domain refuses the dropping, and the filter that there are such namespaces.
 */
static bool may_undo_mounts(const struct plan *plan)
{
	const struct syscall_policy *policy = &plan->syscalls;

	return !plan->handled_fs && (policy->is_off || !has_seccomp(plan) ||
				     policy->allows_group[GROUP_USER_NAMESPACES]);
}

static void judge_deny_inside_by_mounts(const struct plan *plan, struct arena *arena,
					struct plan_row *row)
{
	const struct tally of = tally(plan, DENY_ALL, DENY_WRITE);
	const char *note = "";

	if (of.n_lacking) {
		row_lacking(plan, arena, row, DENY_ALL, DENY_WRITE, &of,
			    "deny names that exist, in directories that need no new names; or "
			    "accept it with --prefer deny-inside");
		return;
	}
	if (has_means(plan, DENIAL_MASKED) && may_undo_mounts(plan)) {
		row->state = STATE_PARTIAL;
		row->mechanisms = "mounts";
		row->missing = "without Landlock a command that may make namespaces of its own "
			       "can move a denied name away from under its mount";
		row->mend = "drop --allow user-namespaces, or a host with Landlock (Linux "
			    "5.13)";
		return;
	}
	if (has_means(plan, DENIAL_CLOSED))
		note = "nothing new can be made directly in the directories of denied names that "
		       "are not there";
	else if (has_means(plan, DENIAL_MASKED))
		note = "the directories above a denied name cannot be renamed";
	row_enforced(row, plan->handled_fs ? row_landlock(plan, arena, " + mounts") : "mounts",
		     row_join(arena, note, of.n ? other_names : ""));
}

void judge_deny_inside(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	static const char why[] = "Landlock has no deny rule inside a granted directory";
	static const enum denial_kind kinds[] = { DENY_ALL, DENY_WRITE };
	AUTO_BUF struct buf buf = BUF_INIT(ROW_BYTES);

	if (plan->has_tree) {
		judge_deny_inside_by_mounts(plan, arena, row);
		return;
	}
	if (!has_denial(plan, DENY_ALL) && !has_denial(plan, DENY_WRITE) &&
	    row->requirement == REQUIRE_OFF) {
		row_by_namespaces(plan, arena, row, HOST_NS_MOUNT, why);
		return;
	}
	if (has_no_files(plan, arena, row, "leave files on, or say --off deny-inside too"))
		return;
	if (has_means(plan, DENIAL_BESIDE)) {
		row_enforced(
			row, row_landlock(plan, arena, " (rules for what lies beside)"),
			"in the directories of denied names, up to what is granted, nothing can be made or removed, or listed where reading is denied; what others make there later is refused");
		return;
	}
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
	row_by_namespaces(plan, arena, row, HOST_NS_MOUNT, finish(arena, &buf));
	if (row->mend)
		row->mend = arena_printf(arena, "%s; or grant the directories beside it one by one",
					 row->mend);
}

static void judge_hidden_by_mounts(const struct plan *plan, struct arena *arena,
				   struct plan_row *row)
{
	const struct tally of = tally(plan, DENY_HIDE, DENY_HIDE);

	if (of.n_lacking)
		row_lacking(plan, arena, row, DENY_HIDE, DENY_HIDE, &of,
			    "grant the directories beside it one by one, or accept it with "
			    "--prefer hidden");
	else
		row_enforced(
			row, "mounts",
			has_means(plan, DENIAL_LEFT_OUT)
				? "directories on the way to what is granted are seen; what is "
				  "made on the host later beside a hidden name is not"
				: "directories on the way to what is granted are seen");
	/* whatever is inside of the grants, what is outside of them is hidden */
	if (row->state == STATE_ABSENT) {
		row->state = STATE_PARTIAL;
		row->mechanisms = "mounts";
	}
}

void judge_hidden(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	static const char why[] =
		"stat, access, readlink, chdir, statfs and inotify pass everywhere: names, sizes and times can be seen";
	AUTO_BUF struct buf buf = BUF_INIT(ROW_BYTES);

	if (plan->has_new_root) {
		judge_hidden_by_mounts(plan, arena, row);
		return;
	}
	if (!count(plan, DENY_HIDE, false)) {
		row_by_namespaces(plan, arena, row, HOST_NS_MOUNT, why);
		if (!is_wanted(plan, PROTECT_FILES))
			row->mend = "leave files on: this rests on it";
		return;
	}
	if (!plan->handled_fs || count(plan, DENY_HIDE, true)) {
		name_denials(&buf, plan, DENY_HIDE, plan->handled_fs);
		buf_printf(&buf, " can be %s, and seen: ",
			   plan->handled_fs ? what_is_given(plan, DENY_HIDE) : "read");
	} else {
		name_denials(&buf, plan, DENY_HIDE, false);
		buf_puts(&buf, " cannot be opened, but seen: ");
	}
	buf_puts(&buf, why);
	row_by_namespaces(plan, arena, row, HOST_NS_MOUNT, finish(arena, &buf));
	if (!is_wanted(plan, PROTECT_FILES))
		row->mend = "leave files on: this rests on it";
}

static void judge_private_tmp_by_mounts(const struct plan *plan, struct arena *arena,
					struct plan_row *row)
{
	const struct tally of = tally(plan, DENY_PRIVATE, DENY_PRIVATE);
	const char *files = plan->handled_fs ? row_landlock(plan, arena, " + mounts") : "mounts";

	if (of.n_lacking)
		row_lacking(plan, arena, row, DENY_PRIVATE, DENY_PRIVATE, &of,
			    "name a directory that is there; or accept it with --prefer "
			    "private-tmp");
	else if (of.n)
		row_enforced(row, files, plan->tmpdir_value ? "" : "no TMPDIR is planned");
	else if (plan->tmpdir_value)
		row_enforced(row, arena_printf(arena, "%s + a fresh TMPDIR", files ? files : ""),
			     "/tmp itself is not granted by this");
	else
		row_absent(row, "no TMPDIR is planned", "");
}

/* Refused by Landlock, and no directory is in its place. */
static void judge_refused_private(const struct plan *plan, struct arena *arena,
				  struct plan_row *row)
{
	AUTO_BUF struct buf buf = BUF_INIT(ROW_BYTES);

	name_denials(&buf, plan, DENY_PRIVATE, false);
	buf_puts(&buf, " is refused, not an own directory: programs must heed TMPDIR");
	row_by_namespaces(plan, arena, row, HOST_NS_MOUNT, finish(arena, &buf));
	row->state = STATE_PARTIAL;
	row->mechanisms = row_landlock(plan, arena, " + a fresh TMPDIR");
}

void judge_private_tmp(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	AUTO_BUF struct buf buf = BUF_INIT(ROW_BYTES);

	if (plan->has_tree && tree_limits_files(plan)) {
		judge_private_tmp_by_mounts(plan, arena, row);
		return;
	}
	if (has_no_files(plan, arena, row, "leave files on, or say --off private-tmp too"))
		return;
	if (!plan->tmpdir) {
		row_absent(row, "no TMPDIR is planned", "");
	} else if (count(plan, DENY_PRIVATE, true)) {
		name_denials(&buf, plan, DENY_PRIVATE, true);
		buf_printf(&buf,
			   " can be %s, and what is in it is the host's: only mounts put an "
			   "own directory there",
			   what_is_given(plan, DENY_PRIVATE));
		row_by_namespaces(plan, arena, row, HOST_NS_MOUNT, finish(arena, &buf));
	} else if (count(plan, DENY_PRIVATE, false)) {
		judge_refused_private(plan, arena, row);
	} else {
		row_enforced(row, row_landlock(plan, arena, " + a fresh TMPDIR"),
			     "/tmp itself is not granted by this");
	}
}
