/* SPDX-License-Identifier: MIT */
/*
 * unkept.c - what this host makes of the profile: promises that are not kept here, denials that
 * Landlock cannot give, rights that its Landlock does not know.
 *
 * A profile that requires what this host has not is right, and the host is not: croft run refuses
 * it here, with the same words, and the check warns. What is only preferred is a note.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "check/parts.h"
#include "host/paths.h"
#include "plan/print.h"

/* A row that promises nothing, where a profile that says nothing about it would. */
static bool is_put_off(const struct plan_row *row, const struct profile *usual)
{
	return row->requirement == REQUIRE_OFF && row->protection != PROTECT_SYSCALLS &&
	       usual->require[row->protection] == REQUIRE_REQUIRE;
}

static void judge_row(struct check *check, const struct plan_row *row)
{
	const char *name = protection_names[row->protection].name;
	struct spot spot = check_spot_of_key(check, KEY_REQUIRE, name);
	const struct words words = { .detail = name, .other = row->missing, .mend = row->mend };

	if (row->requirement == REQUIRE_REQUIRE && row->state != STATE_ENFORCED)
		check_tell(check, FINDING_NOT_KEPT, &spot, &words);
	else if (row->requirement == REQUIRE_PREFER && row->state != STATE_ENFORCED)
		check_tell(check, FINDING_NOT_KEPT_HERE, &spot, &words);
}

/* What the profile itself puts off, each at its line; what it has so from elsewhere, together. */
static void find_put_off(struct check *check, const struct profile *usual)
{
	const struct document *document = check->input->document;
	struct spot begin = check_spot(check);
	AUTO_BUF struct buf others = BUF_INIT(1024);
	const char *mend = NULL;

	for (int i = 0; i < PROTECT_MAX; i++) {
		const char *name = protection_names[i].name;
		struct spot spot = check_spot_of_key(check, KEY_REQUIRE, name);

		if (!is_put_off(&check->plan->rows[i], usual))
			continue;
		if (spot.line != begin.line)
			check_tell(check, FINDING_PUT_OFF, &spot,
				   &(struct words){ .detail = name,
						    .other = protection_names[i].help });
		else
			buf_printf(&others, "%s%s", others.len ? ", " : "", name);
	}
	if (document && document->version == 1)
		mend = "version 2 has words for them: croft profile show --yaml";
	if (others.len)
		check_tell(check, FINDING_NO_PROMISE, &begin,
			   &(struct words){ .detail = buf_text(&others), .mend = mend });
}

static void judge_rows(struct check *check)
{
	struct profile *usual;

	if (profile_new("empty", NULL, NULL, &usual, NULL) < 0) {
		check->findings->error = -ENOMEM;
		return;
	}
	find_put_off(check, usual);
	profile_free(usual);
	for (int i = 0; i < PROTECT_MAX; i++)
		judge_row(check, &check->plan->rows[i]);
	if (check->profile->require[PROTECT_SYSCALLS] == REQUIRE_OFF) {
		struct spot spot = check_spot_of_key(check, KEY_SYSCALLS_MODE, NULL);

		if (check->profile->syscall_mode != SYSCALLS_OFF)
			spot = check_spot_of_key(check, KEY_REQUIRE, "syscalls");
		check_tell(check, FINDING_SYSCALLS_OFF, &spot, &(struct words){ 0 });
	}
}

static void judge_age(struct check *check)
{
	struct spot spot = check_spot_of_key(check, KEY_REQUIRE, "landlock");
	int abi = check->plan->host.landlock.abi;
	char wanted[16], found[32];

	if ((int)check->profile->min_landlock <= abi)
		return;
	(void)snprintf(wanted, sizeof(wanted), "%u", check->profile->min_landlock);
	(void)snprintf(found, sizeof(found), abi ? "Landlock %d" : "none", abi);
	check_tell(check, FINDING_TOO_OLD, &spot,
		   &(struct words){ .detail = wanted, .other = found });
}

/* What comes of it where the kernel does not know a right. */
static const struct {
	uint64_t right;
	unsigned kinds; /* that ask for it, beside files.rights */
	const char *what;
} newer_rights[] = {
	{ ABI_LANDLOCK_FS_REFER, GRANT_WRITE,
	  "renaming and linking between directories is refused everywhere" },
	{ ABI_LANDLOCK_FS_TRUNCATE, GRANT_WRITE,
	  "files can be cut to nothing also where only reading is granted" },
	{ ABI_LANDLOCK_FS_IOCTL_DEV, GRANT_DEVICE,
	  "every device that can be opened takes any ioctl" },
	{ ABI_LANDLOCK_FS_RESOLVE_UNIX, GRANT_SOCKET, "it tells no socket from another" },
};

/* Each right once, at the first grant that asks for it. */
static void judge_right(struct check *check, size_t row)
{
	const uint64_t right = newer_rights[row].right;
	char mend[64];
	int abi = 1;

	while (abi < ABI_LANDLOCK_NEWEST && !(landlock_abi_get(abi)->fs & right))
		abi++;
	(void)snprintf(mend, sizeof(mend), "Linux %s, Landlock %d, knows it",
		       landlock_abi_kernel(abi), abi);
	for (size_t i = 0; i < check->n_looks; i++) {
		const struct look *look = &check->looks[i];
		AUTO_BUF struct buf name = BUF_INIT(256);

		if (look->errnum || !((look->grant->kinds & newer_rights[row].kinds) ||
				      (look->grant->rights & right)))
			continue;
		print_fs_access(&name, right);
		check_tell(check, FINDING_IGNORED, &look->spot,
			   &(struct words){ .path = look->path,
					    .detail = buf_text(&name),
					    .other = newer_rights[row].what,
					    .mend = mend });
		return;
	}
}

/* What a pin (abi) of the profile leaves out is not this kernel's doing, and is not told. */
static void find_ignored(struct check *check)
{
	int abi = check->plan->host.landlock.abi;

	/* without any Landlock the rows have said all */
	for (size_t i = 0; abi && i < ARRAY_SIZE(newer_rights); i++)
		if (!(landlock_abi_get(abi)->fs & newer_rights[i].right))
			judge_right(check, i);
}

static bool is_kept(const struct check *check, const struct plan_denial *denial)
{
	static const enum protection promises[] = {
		[DENY_ALL] = PROTECT_DENY_INSIDE,
		[DENY_WRITE] = PROTECT_DENY_INSIDE,
		[DENY_HIDE] = PROTECT_HIDDEN,
		[DENY_PRIVATE] = PROTECT_PRIVATE_TMP,
	};

	/* what mounts or rules beside it keep in part is in the row, with what is missing */
	return !denial->rule || denial->means != DENIAL_UNKEPT || denial->denial->is_git ||
	       check->plan->rows[promises[denial->denial->kind]].state == STATE_ENFORCED;
}

/* Tells of the n denials in `list`, which one rule gives back, at the place of the first. */
static void tell_denials(struct check *check, const struct plan_denial *const *list, size_t n)
{
	const struct plan_rule *rule = list[0]->rule;
	struct spot spot = spot_of_origin(&check->arena, list[0]->denial->origin);
	const char **names = arena_calloc(&check->arena, n, sizeof(*names));

	for (size_t i = 0; names && i < n; i++) {
		names[i] = arena_printf(&check->arena, "'%s'", list[i]->denial->path);
		if (!names[i])
			names = NULL;
	}
	if (!names) {
		check->findings->error = -ENOMEM;
		return;
	}
	check_tell(check, FINDING_DENIAL, &spot,
		   &(struct words){ .path = rule->path,
				    .detail = look_examples(check, names, n),
				    .other = rule->origin,
				    .about = n == 1 ? list[0]->denial->path : NULL });
}

/* The denials from `first` on that are given back by one rule, and stand in one file. */
static size_t gather(struct check *check, size_t first, bool *is_done,
		     const struct plan_denial **ret_list)
{
	const struct plan_denial *all = check->plan->denials;
	const char *file = spot_of_origin(&check->arena, all[first].denial->origin).file;
	size_t n = 0;

	for (size_t i = first; i < check->plan->n_denials; i++) {
		const char *other = spot_of_origin(&check->arena, all[i].denial->origin).file;

		if (is_done[i] || is_kept(check, &all[i]) || all[i].rule != all[first].rule ||
		    strcmp(other, file) != 0)
			continue;
		is_done[i] = true;
		ret_list[n++] = &all[i];
	}
	return n;
}

/*
 * Each at its own line while they are few. Profiles for agents bring a hundred, for which one
 * line must do.
 */
static void find_denials(struct check *check)
{
	size_t n_denials = check->plan->n_denials, n;
	bool *is_done = arena_calloc(&check->arena, n_denials + 1, sizeof(*is_done));
	const struct plan_denial **list =
		arena_calloc(&check->arena, n_denials + 1, sizeof(const struct plan_denial *));

	if (!is_done || !list) {
		check->findings->error = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < n_denials; i++) {
		if (is_done[i] || is_kept(check, &check->plan->denials[i]))
			continue;
		n = gather(check, i, is_done, list);
		for (size_t k = 0; n <= EXAMPLES && k < n; k++)
			tell_denials(check, &list[k], 1);
		if (n > EXAMPLES)
			tell_denials(check, list, n);
	}
}

/*
 * Once, of a denial that is kept: it is easily taken for more than it is. Profiles of version 1
 * have no word for denials.
 */
static void find_seen(struct check *check)
{
	const struct document *document = check->input->document;
	struct spot begin = check_spot(check);

	if (check->plan->rows[PROTECT_HIDDEN].state == STATE_ENFORCED)
		return;
	if (document && document->version == 1)
		check_tell(check, FINDING_SEEN, &begin, &(struct words){ 0 });
	for (size_t i = 0; i < check->plan->n_denials; i++) {
		const struct plan_denial *denial = &check->plan->denials[i];
		struct spot spot = spot_of_origin(&check->arena, denial->denial->origin);

		if (denial->denial->kind != DENY_ALL || !is_kept(check, denial))
			continue;
		check_tell(check, FINDING_SEEN, &spot,
			   &(struct words){ .about = denial->denial->path });
		return;
	}
}

void find_unkept(struct check *check)
{
	judge_rows(check);
	judge_age(check);
	find_ignored(check);
	find_denials(check);
	find_seen(check);
}
