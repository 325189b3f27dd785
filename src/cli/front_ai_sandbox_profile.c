/* SPDX-License-Identifier: MIT */
/*
 * front_ai_sandbox_profile.c - which profile is meant, and what it becomes.
 *
 *	--config, --profile ─► file ─► struct version1_profile ─┐
 *	--root, --read-only ────────►  struct version1_profile ─┴─► document ─► struct profile
 *
 * Root mode is a profile of one group, so there is one way to a sandbox, and what can be printed of
 * a file can be printed of it. Both go through the loader that `croft run --profile` uses.
 *
 * --read-only beside a profile is passed over by the original. Here it takes from every group what
 * is not reading: who asks for less must not get more.
 */
#include "cli/front_ai_sandbox_profile.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "host/paths.h"
#include "profile/store.h"

#define READING (1U << VERSION1_READ_FILE | 1U << VERSION1_READ_DIR | 1U << VERSION1_EXECUTE)
#define EVERYTHING ((1U << VERSION1_RIGHT_MAX) - 1)
#define PROJECTS "projects" /* the group whose first path is the root */
#define DEFAULT_NAME "project"

static int no_memory(struct croft_error *err)
{
	return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "make a profile");
}

/*
 * A directory of the command line as it can stand in a profile: "~/x" and absolute names as they
 * are, what is relative as the working directory has it.
 */
static int take_root(const char *text, struct arena *arena, const char **ret_root,
		     struct croft_error *err)
{
	char path[PATH_MAX];
	size_t len = strlen(text);
	int r;

	if (text[0] == '/' || !strncmp(text, "~/", 2)) {
		/* "/srv/" is "/srv" to whoever looks for its last component */
		while (len > 1 && text[len - 1] == '/')
			len--;
		*ret_root = arena_strndup(arena, text, len);
	} else {
		r = path_resolve(text, path, sizeof(path));
		if (r < 0)
			return fail(err, CROFT_STAGE_PROFILE, -r, "--root '%s'", text);
		*ret_root = arena_strdup(arena, path);
	}
	return *ret_root ? 0 : no_memory(err);
}

/* A list of one text. */
static const struct version1_text *one_text(struct arena *arena, const char *text)
{
	struct version1_text *made = arena_alloc(arena, sizeof(*made));

	if (made)
		made->text = text;
	return made;
}

/* Room for groups that are then filled in. */
static struct version1_group *make_groups(struct arena *arena, size_t n)
{
	return arena_calloc(arena, n, sizeof(struct version1_group));
}

/* Root mode: what is not said is granted in full, as by the original; --read-only says it. */
static int choose_root(const struct ai_options *options, struct arena *arena,
		       struct ai_choice *ret_choice, struct croft_error *err)
{
	const char *text = options->value[AI_ROOT], *root = NULL;
	struct version1_group *group = make_groups(arena, 1);
	int r;

	if (!text) {
		r = fail(err, CROFT_STAGE_USAGE, 0, "there is nothing to make a sandbox from");
		fail_hint(err, "say --config FILE --profile NAME, or --root DIRECTORY");
		return r;
	}
	r = take_root(text, arena, &root, err);
	if (r < 0)
		return r;
	if (!group)
		return no_memory(err);
	group->name = PROJECTS;
	group->paths = one_text(arena, root);
	group->n_paths = 1;
	group->rights = options->has[AI_READ_ONLY] ? READING : EVERYTHING;
	if (!group->paths)
		return no_memory(err);
	*ret_choice = (struct ai_choice){
		.source = "--root",
		.is_root_mode = true,
		.root = root,
		.profile = { .name = DEFAULT_NAME, .groups = group, .n_groups = 1 },
	};
	return 0;
}

/* The profile of that name, from a file that has been judged by its owner and mode. */
static int read_text(const char *source, const struct store_text *text, const char *name,
		     struct arena *arena, struct version1_profile *ret_profile,
		     struct croft_error *err)
{
	struct document document;
	struct yaml_node *root;
	/* the whole file has to be right, not only the profile that is asked for */
	int r = document_read(source, text->data, text->len, arena, &document, err);

	if (r < 0)
		return r;
	if (document.version != 1) {
		r = fail(err, CROFT_STAGE_PROFILE, 0,
			 "'%.200s' is a file of version %u, and this command line takes version 1",
			 source, document.version);
		fail_hint(err, "croft run --profile '%.150s:%.64s' takes it", source, name);
		return r;
	}
	r = yaml_read(source, text->data, text->len, arena, &root, err);
	if (r == 0)
		r = version1_read_profile(source, root, name, arena, ret_profile, err);
	return r;
}

/* --read-only: on a copy, since what was read belongs to the reader. */
static void take_writing(struct version1_profile *profile, struct version1_group *groups)
{
	for (size_t i = 0; i < profile->n_groups; i++) {
		groups[i] = profile->groups[i];
		groups[i].rights &= READING;
	}
	profile->groups = groups;
}

/* Profile mode. --root changes what is called the root, and nothing that is granted. */
static int choose_file(const struct ai_options *options, struct arena *arena,
		       struct ai_choice *ret_choice, struct croft_error *err)
{
	struct ai_choice choice = { .source = options->value[AI_CONFIG] };
	struct version1_group *groups;
	struct store_text text = { 0 };
	int r = store_read(choice.source, &text, err);

	if (r < 0)
		return r;
	r = read_text(choice.source, &text, options->value[AI_PROFILE], arena, &choice.profile,
		      err);
	store_text_done(&text);
	if (r == 0 && options->has[AI_ROOT])
		r = take_root(options->value[AI_ROOT], arena, &choice.root, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < choice.profile.n_groups && !choice.root; i++)
		if (!strcmp(choice.profile.groups[i].name, PROJECTS) &&
		    choice.profile.groups[i].n_paths)
			choice.root = choice.profile.groups[i].paths[0].text;
	if (options->has[AI_READ_ONLY]) {
		groups = make_groups(arena, choice.profile.n_groups + 1);
		if (!groups)
			return no_memory(err);
		take_writing(&choice.profile, groups);
	}
	*ret_choice = choice;
	return 0;
}

/* Without a home "~/" is nothing; the loader passes over what may be missing. */
static int check_home(const struct version1_profile *profile, const struct load_place *place,
		      struct croft_error *err)
{
	for (size_t i = 0; i < profile->n_groups && !place->home; i++)
		for (size_t j = 0; j < profile->groups[i].n_paths; j++)
			if (!strncmp(profile->groups[i].paths[j].text, "~/", 2))
				return fail(err, CROFT_STAGE_PROFILE, 0,
					    "the path '%.200s' needs HOME, which is not set",
					    profile->groups[i].paths[j].text);
	return 0;
}

int ai_choose(const struct ai_options *options, struct arena *arena, struct ai_choice *ret_choice,
	      struct croft_error *err)
{
	return options->has[AI_CONFIG] ? choose_file(options, arena, ret_choice, err)
				       : choose_root(options, arena, ret_choice, err);
}

/* The directory's last component, as far as it can be a profile's name. */
static const char *name_of(struct arena *arena, const char *root)
{
	const char *slash = strrchr(root, '/');
	char *name = arena_strdup(arena, slash ? slash + 1 : root);

	if (!name)
		return NULL;
	if (strlen(name) > DOCUMENT_MAX_NAME)
		name[DOCUMENT_MAX_NAME] = '\0';
	for (char *c = name; *c; c++) {
		char one[2] = { *c, '\0' };

		/* each by itself: a first '.' and the like are no letters of a name */
		if (!document_is_name(one) && (c == name || !strchr("-.", *c)))
			*c = '_';
	}
	/* what is left: nothing at all, or "x.yaml" */
	return document_is_name(name) ? name : DEFAULT_NAME;
}

/* A name that is given is taken as it is or not at all; one that is made is made to fit. */
static int generate_name(const struct ai_options *options, const char *root, struct arena *arena,
			 const char **ret_name, struct croft_error *err)
{
	const char *name = options->value[AI_GEN_NAME];
	int r;

	if (!name) {
		*ret_name = name_of(arena, root);
		return *ret_name ? 0 : no_memory(err);
	}
	if (document_is_name(name)) {
		*ret_name = name;
		return 0;
	}
	r = fail(err, CROFT_STAGE_USAGE, 0, "--gen-name: '%.64s' is no name of a profile", name);
	fail_hint(err, "a name has letters, digits, '_', '-' and '.', at most %d",
		  DOCUMENT_MAX_NAME);
	return r;
}

/* What can stand in a file (yaml.h). */
static bool is_writable_text(const char *text)
{
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return false;
	return text_is_utf8(text, strlen(text));
}

/*
 * The directory that the profile is for, which need not be there: it may be made later. NULL with
 * *ret_error.
 */
static const char *generate_root(const struct ai_options *options, const struct load_place *place,
				 struct arena *arena, int *ret_error, struct croft_error *err)
{
	const char *root = place->project ? place->project : place->workdir;

	if (options->has[AI_ROOT]) {
		*ret_error = take_root(options->value[AI_ROOT], arena, &root, err);
		if (*ret_error < 0)
			return NULL;
	}
	if (!root) {
		*ret_error = fail(err, CROFT_STAGE_PROFILE, ENOENT, "find the working directory");
		return NULL;
	}
	if (!is_writable_text(root)) {
		*ret_error = fail(err, CROFT_STAGE_PROFILE, 0,
				  "'%.200s' is no text: a profile cannot name it", root);
		fail_hint(err, "a profile is UTF-8 without control characters");
		return NULL;
	}
	return root;
}

/* The three groups; no writing in the project until somebody says so. */
static struct version1_group *generate_groups(struct arena *arena, const char *root)
{
	static const struct version1_text system[] = { { .text = "/usr" },
						       { .text = "/lib" },
						       { .text = "/lib64" } };
	static const struct version1_text cache[] = { { .text = "~/.ai-sandbox/cache" } };
	const unsigned listing = 1U << VERSION1_READ_FILE | 1U << VERSION1_READ_DIR;
	struct version1_group *groups = make_groups(arena, 3);

	if (!groups)
		return NULL;
	groups[0] = (struct version1_group){ "system", system, ARRAY_SIZE(system), READING };
	groups[1] = (struct version1_group){ "cache", cache, ARRAY_SIZE(cache),
					     EVERYTHING & ~(1U << VERSION1_EXECUTE) };
	groups[2] = (struct version1_group){ PROJECTS, one_text(arena, root), 1, listing };
	return groups[2].paths ? groups : NULL;
}

int ai_generate(const struct ai_options *options, const struct load_place *place,
		struct arena *arena, struct version1_profile *ret_profile, struct croft_error *err)
{
	struct version1_profile profile = {
		.description = { .text = "The project to read, the system to execute, a cache to "
					 "write" },
		.n_groups = 3,
		.control_access = EVERYTHING,
		.program = { .text = "/bin/bash" },
		.log_level = "info",
	};
	int r = 0;
	const char *root = generate_root(options, place, arena, &r, err);

	if (!root)
		return r;
	r = generate_name(options, root, arena, &profile.name, err);
	if (r < 0)
		return r;
	profile.directory.text = root;
	profile.groups = generate_groups(arena, root);
	if (!profile.groups)
		return no_memory(err);
	*ret_profile = profile;
	return 0;
}

/* Ours: variables that look like a secret, and descriptors, that the command is to have. */
static int add_words(struct profile *profile, const struct ai_options *options,
		     struct croft_error *err)
{
	int r = 0;

	for (size_t i = 0; i < options->n && r == 0; i++) {
		const struct ai_word *word = &options->words[i];

		r = word->option == AI_ENV
			    ? profile_add_env(profile, word->value, ai_option_names[AI_ENV], err)
			    : profile_add_fd(profile, word->value, err);
	}
	return r;
}

int ai_profile_new(const struct ai_options *options, const struct ai_choice *choice,
		   const struct load_place *place, bool is_open, struct arena *arena,
		   struct profile **ret_profile, struct croft_error *err)
{
	static const enum protection by_landlock[] = { PROTECT_FILES, PROTECT_EXEC, PROTECT_DEVICES,
						       PROTECT_PTRACE };
	struct profile *profile;
	struct document document;
	int r = check_home(&choice->profile, place, err);

	if (r == 0)
		r = version1_make(choice->source, &choice->profile, arena, &document, err);
	if (r < 0)
		return r;
	r = load_document(&document, choice->profile.name, true, place, &profile, err);
	if (r < 0)
		return r;
	/* "--root /" and "paths: [/]" are words of the user's */
	profile->may_write_root = true;
	for (size_t i = 0; is_open && i < ARRAY_SIZE(by_landlock); i++)
		profile->require[by_landlock[i]] = REQUIRE_OFF;
	r = add_words(profile, options, err);
	if (r < 0) {
		profile_free(profile);
		return r;
	}
	*ret_profile = profile;
	return 0;
}
