/* SPDX-License-Identifier: MIT */
/*
 * front_ai_sandbox_print.c - rulesets, profiles and reports in the forms of ai-sandbox-landlock.
 *
 * The ruleset is printed from the plan and from the paths that were opened for it, not from the
 * file again: what stands there is what a start would do. A path is followed by "-> REAL" where a
 * symbolic link leads elsewhere; the rule is on what it leads to now, whatever becomes of the link.
 *
 * Texts of files and names of paths are somebody else's. In reports they are escaped for terminals;
 * in YAML they are quoted, so that they are one text again when read.
 */
#include "cli/front_ai_sandbox_print.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "profile/profile_print.h"
#include "sys/abi.h"

/* The names that the original prints, in its order, and behind them those that it has not. */
static const struct {
	uint64_t access;
	const char *name;
} right_names_shown[] = {
	{ ABI_LANDLOCK_FS_READ_FILE, "ReadFile" },
	{ ABI_LANDLOCK_FS_READ_DIR, "ReadDir" },
	{ ABI_LANDLOCK_FS_EXECUTE, "Execute" },
	{ ABI_LANDLOCK_FS_WRITE_FILE, "WriteFile" },
	{ ABI_LANDLOCK_FS_REMOVE_FILE, "RemoveFile" },
	{ ABI_LANDLOCK_FS_REMOVE_DIR, "RemoveDir" },
	{ ABI_LANDLOCK_FS_TRUNCATE, "Truncate" },
	{ ABI_LANDLOCK_FS_MAKE_REG, "MakeReg" },
	{ ABI_LANDLOCK_FS_MAKE_DIR, "MakeDir" },
	{ ABI_LANDLOCK_FS_MAKE_SYM, "MakeSym" },
	{ ABI_LANDLOCK_FS_MAKE_SOCK, "MakeSock" },
	{ ABI_LANDLOCK_FS_MAKE_FIFO, "MakeFifo" },
	{ ABI_LANDLOCK_FS_MAKE_CHAR, "MakeChar" },
	{ ABI_LANDLOCK_FS_MAKE_BLOCK, "MakeBlock" },
	{ ABI_LANDLOCK_FS_REFER, "Refer" },
	{ ABI_LANDLOCK_FS_IOCTL_DEV, "IoctlDev" },
	{ ABI_LANDLOCK_FS_RESOLVE_UNIX, "ResolveUnix" },
};

/* `indent` spaces and a list of names: handled = ["ReadFile", "ReadDir"] */
static void put_rights(struct buf *buf, unsigned indent, const char *what, uint64_t access)
{
	const char *separator = "";

	buf_printf(buf, "%*s%s [", (int)indent, "", what);
	for (size_t i = 0; i < ARRAY_SIZE(right_names_shown); i++) {
		if (!(access & right_names_shown[i].access))
			continue;
		buf_printf(buf, "%s\"%s\"", separator, right_names_shown[i].name);
		separator = ", ";
	}
	buf_puts(buf, "]\n");
}

/* As the original has it: no line where there is nothing to say. */
static void put_ignored(struct buf *buf, unsigned indent, uint64_t access)
{
	if (access)
		put_rights(buf, indent, "ignored (unsupported by ABI):", access);
}

/* "/usr/" leads to "/usr": a final slash asks for a directory, and leads nowhere else. */
static bool leads_elsewhere(const char *path, const char *real)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	return strncmp(path, real, len) != 0 || real[len];
}

/* A granted path, what it leads to, or why it is passed over. */
static void put_path(struct buf *buf, unsigned indent, const struct grant *grant,
		     const struct path_fact *fact)
{
	buf_printf(buf, "%*s- ", (int)indent, "");
	text_escape(buf, grant->path);
	if (fact->errnum) {
		buf_printf(buf, " (passed over: %s)", errno_text(fact->errnum));
	} else if (fact->real && leads_elsewhere(grant->path, fact->real)) {
		buf_puts(buf, " -> ");
		text_escape(buf, fact->real);
	}
	buf_putc(buf, '\n');
}

static void put_group(struct buf *buf, const struct version1_group *group, const struct plan *plan,
		      const struct path_fact *facts, size_t first)
{
	uint64_t access = version1_access(group->rights);
	uint64_t known = landlock_abi_get(plan->abi)->fs;

	buf_puts(buf, "    - ");
	text_escape(buf, group->name);
	buf_puts(buf, ":\n");
	put_rights(buf, 6, "allowed =", access);
	put_ignored(buf, 6, access & ~known);
	buf_puts(buf, "      paths:\n");
	for (size_t i = 0; i < group->n_paths; i++) {
		if (group->rights) {
			put_path(buf, 8, &plan->profile->grants[first + i], &facts[first + i]);
			continue;
		}
		/* nothing is granted on them: they were not looked at */
		buf_puts(buf, "        - ");
		text_escape(buf, group->paths[i].text);
		buf_putc(buf, '\n');
	}
}

static void put_groups(struct buf *buf, const struct version1_profile *profile,
		       const struct sandbox *sandbox)
{
	size_t first = 0;

	/* a group that grants nothing has no grants: its paths do not count */
	buf_puts(buf, "  groups:\n");
	for (size_t i = 0; i < profile->n_groups; i++) {
		put_group(buf, &profile->groups[i], sandbox->plan, sandbox->facts, first);
		if (profile->groups[i].rights)
			first += profile->groups[i].n_paths;
	}
	assert(first == sandbox->plan->profile->n_grants);
}

/* In root mode there is one path, and its rights stand below it. */
static void put_root(struct buf *buf, const struct version1_profile *profile,
		     const struct sandbox *sandbox)
{
	uint64_t access = version1_access(profile->groups[0].rights);
	uint64_t known = landlock_abi_get(sandbox->plan->abi)->fs;

	buf_puts(buf, "  paths:\n");
	put_path(buf, 4, &sandbox->plan->profile->grants[0], &sandbox->facts[0]);
	put_rights(buf, 6, "allowed =", access);
	put_ignored(buf, 6, access & ~known);
}

/*
 * What version 1 has no words for, from the plan's own rows: who reads a ruleset of files only
 * shall not take it for all that there is. Two of the promises are about what this command line
 * cannot ask for.
 */
static void put_unrestricted(struct buf *buf, const struct plan *plan)
{
	const char *separator = "  not restricted: ";

	for (int i = 0; i < PROTECT_MAX; i++) {
		const struct plan_row *row = &plan->rows[i];

		if (row->requirement != REQUIRE_OFF || row->state == STATE_ENFORCED ||
		    i == PROTECT_DENY_INSIDE || i == PROTECT_PRIVATE_TMP)
			continue;
		buf_printf(buf, "%s%s", separator, protection_names[i].name);
		separator = ", ";
	}
	buf_putc(buf, '\n');
}

void ai_print_ruleset(struct buf *buf, const struct version1_profile *profile,
		      const struct sandbox *sandbox, bool is_root_mode)
{
	const struct plan *plan = sandbox->plan;
	/* sockets are left alone as all of the network is: that right is not asked for */
	uint64_t wanted = landlock_abi_get(ABI_LANDLOCK_NEWEST)->fs & ~ABI_LANDLOCK_FS_RESOLVE_UNIX;

	buf_printf(buf, "Ruleset (%s mode):\n", is_root_mode ? "root" : "profile");
	put_rights(buf, 2, "handled =", plan->handled_fs);
	put_ignored(buf, 2, wanted & ~landlock_abi_get(plan->abi)->fs);
	if (is_root_mode)
		put_root(buf, profile, sandbox);
	else
		put_groups(buf, profile, sandbox);
	put_unrestricted(buf, plan);
}

/* True for a text that every reader of YAML takes for itself, without quotes. */
static bool is_plain(const char *text)
{
	static const char *const words[] = { "null", "true", "false", "yes", "no",
					     "on",   "off",  "y",     "n",   "~" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcasecmp(text, words[i]))
			return false;
	/* readers differ in what they take for a number or a date: what begins as one is quoted */
	if (!*text || strchr("-.+0123456789", text[0]))
		return false;
	return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
			    "/_.~+-") == strlen(text);
}

static void put_text(struct buf *buf, const char *text)
{
	if (is_plain(text))
		buf_puts(buf, text);
	else
		profile_print_quoted(buf, text);
}

/* "key: text", or "key: null" */
static void put_key(struct buf *buf, unsigned indent, const char *key, const char *text)
{
	buf_printf(buf, "%*s", (int)indent, "");
	put_text(buf, key);
	buf_puts(buf, ": ");
	if (text)
		put_text(buf, text);
	else
		buf_puts(buf, "null");
	buf_putc(buf, '\n');
}

/* A key with a list or mapping below it. */
static void put_open(struct buf *buf, unsigned indent, const char *key)
{
	buf_printf(buf, "%*s", (int)indent, "");
	put_text(buf, key);
	buf_puts(buf, ":\n");
}

/* Always a list, also of one: the reader takes nothing else. */
static void put_list(struct buf *buf, unsigned indent, const char *key,
		     const struct version1_text *texts, size_t n)
{
	if (n == 0) {
		buf_printf(buf, "%*s%s: []\n", (int)indent, "", key);
		return;
	}
	put_open(buf, indent, key);
	for (size_t i = 0; i < n; i++) {
		buf_printf(buf, "%*s- ", (int)indent + 2, "");
		put_text(buf, texts[i].text);
		buf_putc(buf, '\n');
	}
}

/* All seven, said or not: what is not granted can be seen, and is one word to change. */
static void put_booleans(struct buf *buf, unsigned indent, const char *key, unsigned rights)
{
	put_open(buf, indent, key);
	for (int i = 0; i < VERSION1_RIGHT_MAX; i++)
		buf_printf(buf, "%*s%s: %s\n", (int)indent + 2, "", version1_right_names[i].name,
			   rights & (1U << i) ? "true" : "false");
}

/* A command is nothing without its program. */
static void put_command(struct buf *buf, unsigned indent, const struct version1_profile *profile)
{
	if (!profile->program.text) {
		put_key(buf, indent, "command", NULL);
		return;
	}
	put_open(buf, indent, "command");
	put_key(buf, indent + 2, "binary", profile->program.text);
	put_list(buf, indent + 2, "args", profile->args, profile->n_args);
	put_key(buf, indent + 2, "working_dir", profile->directory.text);
	if (profile->n_env)
		put_open(buf, indent + 2, "env");
	else
		put_key(buf, indent + 2, "env", NULL);
	for (size_t i = 0; i < profile->n_env; i++)
		put_key(buf, indent + 4, profile->env[i].name, profile->env[i].text);
}

void ai_print_profile(struct buf *buf, const struct version1_profile *profile, unsigned indent)
{
	put_key(buf, indent, "description", profile->description.text);
	if (profile->n_groups)
		put_open(buf, indent, "access_roots");
	else
		buf_printf(buf, "%*saccess_roots: {}\n", (int)indent, "");
	for (size_t i = 0; i < profile->n_groups; i++) {
		const struct version1_group *group = &profile->groups[i];

		put_open(buf, indent + 2, group->name);
		put_list(buf, indent + 4, "paths", group->paths, group->n_paths);
		put_booleans(buf, indent + 4, "permissions", group->rights);
	}
	put_booleans(buf, indent, "control_access", profile->control_access);
	put_command(buf, indent, profile);
	put_key(buf, indent, "log_level", profile->log_level);
	buf_printf(buf, "%*sdry_run: %s\n", (int)indent, "",
		   profile->is_dry_run ? "true" : "false");
}

void ai_print_file(struct buf *buf, const struct version1_profile *profile)
{
	buf_puts(buf, "version: 1\nprofiles:\n");
	put_open(buf, 2, profile->name);
	ai_print_profile(buf, profile, 4);
}

/* Why there is none, in the words of the error that a start would be. */
static const char *verdict(const struct host *host)
{
	if (host->landlock.abi == 0)
		return "Landlock is not available";
	if (host->landlock.enforces == HOST_NO)
		return "Landlock takes rules here and does not enforce them";
	return "Landlock is available and usable";
}

void ai_print_check(struct buf *buf, const struct host *host, const char *lsm_list,
		    const char *why_not)
{
	static const char *const answers[HOST_ANSWER_MAX] = {
		[HOST_UNKNOWN] = "could not be tried",
		[HOST_YES] = "yes: what was not granted was refused",
		[HOST_NO] = "no: what was not granted was let through",
	};

	buf_puts(buf, "Kernel release: ");
	text_escape(buf, host->kernel_release);
	if (host->landlock.abi)
		buf_printf(buf, "\nLandlock ABI: %d\n", host->landlock.abi);
	else
		buf_printf(buf, "\nLandlock ABI: none (%s)\n", errno_text(host->landlock.errnum));
	buf_puts(buf, "LSM list: ");
	if (lsm_list)
		text_escape(buf, lsm_list);
	else
		buf_printf(buf, "cannot be read (%s)", why_not);
	buf_printf(buf, "\nEnforced: %s\n", answers[host->landlock.enforces]);
	buf_puts(buf, "Hidden: no: Landlock refuses, but names, sizes and times stay visible\n");
	buf_printf(buf, "Result: %s\n", verdict(host));
}
