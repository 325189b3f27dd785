/* SPDX-License-Identifier: MIT */
/*
 * check.c - the way from a word to findings.
 *
 * A file's profiles are looked at one by one, each as if it were run from here and now: with this
 * home, this working directory, this environment, this kernel. What stops a start is an error.
 * The plan is what says whether a promise is kept, so there is one, of a copy of the
 * profile that lacks what is missing; that is told already, and the rest shall be told too.
 *
 * What a profile has from others (extends) is told at the line of that file, and once:
 * the profiles of one file mostly share their base.
 */
#include "check/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "check/parts.h"
#include "launch/deps.h"
#include "launch/sandbox.h"
#include "profile/project.h"
#include "profile/store.h"
#include "sys/fd.h"

#define CHECK_MAX_BYTES (64U << 20)

/*
 * How well an entry fits what is told: the length of its text, or of the end that stays as it is
 * when its variable is expanded ("/x" of "~/x", "./x", "${project}/x"); 0: not at all.
 */
static size_t likeness(const struct entry *entry, const struct words *words)
{
	const char *value = entry->value, *path = words->about ? words->about : words->path;
	size_t len, path_len;

	if (words->detail && !strcmp(entry->name ? entry->name : value, words->detail))
		return strlen(words->detail);
	if (!path)
		return 0;
	path_len = strlen(path);
	if (!strncmp(value, "optional:", 9))
		value += 9;
	if (!strcmp(value, path))
		return path_len;
	if (value[0] == '$' && strchr(value, '}'))
		value = strchr(value, '}') + 1;
	else if (value[0] == '~' || value[0] == '.')
		value += strcspn(value, "/");
	len = strlen(value);
	if (!len || len >= path_len || strcmp(path + path_len - len, value) != 0)
		return 0;
	/* whole components only */
	return value[0] == '/' || path[path_len - len - 1] == '/' ? len : 0;
}

/*
 * Origins know lines. Where one thing stands on a line, that is where it begins; of several the
 * one that fits best, if one does; else 0.
 */
static unsigned find_column(const struct document *document, unsigned line,
			    const struct words *words)
{
	unsigned only = 0, best = 0, n = 0, n_best = 0;
	size_t most = 0;

	for (size_t i = 0; i < document->n_profiles; i++)
		for (size_t k = 0; k < document->profiles[i].n_entries; k++) {
			const struct entry *entry = &document->profiles[i].entries[k];
			size_t fits = entry->line == line ? likeness(entry, words) : 0;

			if (entry->line != line)
				continue;
			only = entry->column;
			n++;
			if (fits > most) {
				most = fits;
				best = entry->column;
				n_best = 0;
			}
			n_best += fits == most;
		}
	if (most && n_best == 1)
		return best;
	return n == 1 ? only : 0;
}

/* What messages call a document: the reader says "built-in NAME", grants say "profile NAME". */
static const char *file_of(struct findings *findings, const struct document *document)
{
	const char *text = document->source;

	if (findings->is_own)
		text = arena_printf(&findings->arena, "profile %s", document->profiles[0].name);
	if (!text)
		findings->error = -ENOMEM;
	return text ? text : "";
}

void check_tell(struct check *check, enum finding_kind kind, const struct spot *spot,
		const struct words *words)
{
	const struct document *document = check->input->document;
	struct spot exact = *spot;

	if (document && exact.line && !exact.column &&
	    !strcmp(file_of(check->findings, document), exact.file))
		exact.column = find_column(document, exact.line, words);
	findings_add(check->findings, kind, &exact, check->input->name, words);
}

static const struct document_profile *own_part(const struct check *check)
{
	const struct document *document = check->input->document;

	return document ? document_find(document, check->input->name) : NULL;
}

struct spot check_spot(const struct check *check)
{
	const struct document_profile *part = own_part(check);
	struct spot spot = { .file = check->input->name };

	if (!part)
		return spot;
	return (struct spot){ .file = file_of(check->findings, check->input->document),
			      .line = part->line,
			      .column = part->column,
			      .is_builtin = check->findings->is_own };
}

struct spot check_spot_of_key(const struct check *check, enum schema_id key, const char *name)
{
	const struct document_profile *part = own_part(check);
	struct spot spot = check_spot(check);

	for (size_t i = 0; part && i < part->n_entries; i++) {
		const struct entry *entry = &part->entries[i];

		if (entry->key != key ||
		    (name && strcmp(entry->name ? entry->name : entry->value, name) != 0))
			continue;
		spot.line = entry->line;
		spot.column = entry->column;
	}
	return spot;
}

/* An error of croft's own in the words of a finding. */
static void tell_error(struct check *check, enum finding_kind kind, const struct spot *spot,
		       const struct croft_error *err)
{
	const char *why = err->errnum ? errno_text(err->errnum) : NULL;
	char text[sizeof(err->what) + 128];

	(void)snprintf(text, sizeof(text), "%s%s%s", err->what, why ? ": " : "", why ? why : "");
	check_tell(check, kind, spot, &(struct words){ .detail = text, .mend = err->hint });
}

/* A copy without what is missing, and without the descriptors that a caller of croft run passes. */
static int copy_profile(struct check *check, struct profile **ret_copy, struct croft_error *err)
{
	int r = deps_copy_profile(check->profile, ret_copy, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < (*ret_copy)->n_grants; i++)
		(*ret_copy)->grants[i].is_optional = true;
	(*ret_copy)->n_keep_fds = 0;
	return 0;
}

static const char *const *command_of(struct check *check)
{
	const struct profile *profile = check->profile;
	const char **argv;

	if (!profile->program)
		return sandbox_any_command;
	argv = arena_calloc(&check->arena, profile->n_args + 2, sizeof(*argv));
	if (!argv) {
		check->findings->error = -ENOMEM;
		return sandbox_any_command;
	}
	argv[0] = profile->program;
	for (size_t i = 0; i < profile->n_args; i++)
		argv[i + 1] = profile->args[i];
	return argv;
}

static void judge_command(struct check *check, struct sandbox *sandbox, const struct spot *spot)
{
	struct croft_error why = { 0 };

	if (sandbox_find_command(sandbox, &why) < 0)
		tell_error(check, FINDING_COMMAND, spot, &why);
	else if (sandbox->command.doubt.what[0])
		tell_error(check, FINDING_COMMAND, spot, &sandbox->command.doubt);
}

/* A plan of the copy; a command that cannot start is told, and the plan is for any other. */
static int make_plan(struct check *check, struct profile *copy, const char *const **argv,
		     struct sandbox *ret_sandbox, struct croft_error *err)
{
	const struct check_input *input = check->input;
	struct spot spot = check_spot_of_key(check, KEY_COMMAND_PROGRAM, NULL);
	int r;

	*argv = command_of(check);
	/* with_deps means a command */
	if (*argv == sandbox_any_command)
		copy->wants_deps = false;
	r = sandbox_plan(copy, input->host, *argv, input->environ, ret_sandbox, err);
	if (r == 0 || err->stage != CROFT_STAGE_EXEC)
		return r;
	tell_error(check, FINDING_COMMAND, &spot, err);
	*argv = sandbox_any_command;
	copy->wants_deps = false;
	return sandbox_plan(copy, input->host, *argv, input->environ, ret_sandbox, err);
}

/* What the plan says, and what it says of the command. */
static int look_at_plan(struct check *check, struct croft_error *err)
{
	struct spot begin = check_spot(check),
		    spot = check_spot_of_key(check, KEY_COMMAND_PROGRAM, NULL);
	struct croft_error why = { 0 };
	struct sandbox sandbox = { 0 };
	const char *const *argv;
	struct profile *copy;
	int r = copy_profile(check, &copy, err);

	if (r < 0)
		return r;
	r = make_plan(check, copy, &argv, &sandbox, &why);
	if (r == 0) {
		check->plan = sandbox.plan;
		find_unkept(check);
		check->plan = NULL;
		if (argv != sandbox_any_command)
			judge_command(check, &sandbox, &spot);
		sandbox_done(&sandbox);
	} else if (fd_is_shortage(r)) {
		*err = why;
	} else {
		tell_error(check, FINDING_REFUSED, &begin, &why);
		r = 0;
	}
	profile_free(copy);
	return r;
}

static int run_finders(struct check *check, struct croft_error *err)
{
	int r = look_at_grants(check, err);

	if (r < 0)
		return r;
	find_paths(check);
	find_wide(check);
	find_policy(check);
	find_authority(check);
	find_in_trees(check);
	find_mounts(check);
	find_in_environment(check);
	r = look_at_plan(check, err);
	if (r == 0 && check->findings->error)
		r = fail(err, CROFT_STAGE_PROFILE, -check->findings->error, "check a profile");
	return r;
}

int check_profile(const struct check_input *input, struct findings *findings,
		  struct croft_error *err)
{
	struct check check = {
		.input = input,
		.profile = input->profile,
		.findings = findings,
	};
	int r;

	arena_init(&check.arena, CHECK_MAX_BYTES);
	r = run_finders(&check, err);
	arena_done(&check.arena);
	return r;
}
