/* SPDX-License-Identifier: MIT */
/*
 * version1_make.c - what a profile of version 1 comes to, in the keys of version 2.
 *
 * Where the original is wrong, and what is done instead:
 *
 *	it handles only what some group grants, so that a profile for reading restricts no writing
 *	at all; here everything is handled, always, and control_access has nothing left to add
 *
 *	its write_file does not cover making files, which it never handles; here it does
 *
 * What version 1 has no words for (sockets, signals, system calls) stays as open as it is there: a
 * profile that says nothing of the network was not written to be without one. But what looks
 * like a secret is taken out of the environment, and descriptors are closed: what is inherited by
 * accident is no part of what a file says.
 *
 * The same bytes give the same entries everywhere: nothing is looked up, nothing expanded.
 */
#include "profile/version1.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "profile/protection.h"
#include "sys/abi.h"

#define OPTIONAL "optional:" /* what is not there is passed over */
#define KEY_SHOWN 160 /* bytes of a key in a message */

/*
 * write_file: with all that an ordinary user can make, and ioctl on the devices that may be
 * written. No device nodes: who can make those has privileges, and the original lets him.
 */
static const uint64_t accesses[VERSION1_RIGHT_MAX] = {
	[VERSION1_READ_FILE] = ABI_LANDLOCK_FS_READ_FILE,
	[VERSION1_READ_DIR] = ABI_LANDLOCK_FS_READ_DIR,
	[VERSION1_EXECUTE] = ABI_LANDLOCK_FS_EXECUTE,
	[VERSION1_WRITE_FILE] = ABI_LANDLOCK_FS_WRITE_FILE | ABI_LANDLOCK_FS_MAKE_REG |
				ABI_LANDLOCK_FS_MAKE_DIR | ABI_LANDLOCK_FS_MAKE_SYM |
				ABI_LANDLOCK_FS_MAKE_SOCK | ABI_LANDLOCK_FS_MAKE_FIFO |
				ABI_LANDLOCK_FS_IOCTL_DEV,
	[VERSION1_REMOVE_FILE] = ABI_LANDLOCK_FS_REMOVE_FILE,
	[VERSION1_REMOVE_DIR] = ABI_LANDLOCK_FS_REMOVE_DIR,
	[VERSION1_TRUNCATE] = ABI_LANDLOCK_FS_TRUNCATE,
};

/* What the original leaves alone: what it does not name stays as the user has it. */
static const enum protection left_open[] = {
	PROTECT_TCP,     PROTECT_UDP, PROTECT_OTHER_NET, PROTECT_UNIX_ABSTRACT, PROTECT_UNIX_PATH,
	PROTECT_SIGNALS, PROTECT_IPC, PROTECT_TERMINAL,  PROTECT_SYSCALLS,      PROTECT_PRIVILEGES,
};

uint64_t version1_access(unsigned rights)
{
	/*
	 * Moving is making there and removing here: who may do both may do it in one step. Landlock
	 * sees to it that nothing gets more rights by being moved (since 5.19, ABI 2).
	 */
	const unsigned moves = 1U << VERSION1_WRITE_FILE | 1U << VERSION1_REMOVE_FILE;
	uint64_t access = (rights & moves) == moves ? ABI_LANDLOCK_FS_REFER : 0;

	for (int i = 0; i < VERSION1_RIGHT_MAX; i++)
		if (rights & (1U << i))
			access |= accesses[i];
	return access;
}

/* Entries on their way into a document. */
struct maker {
	const char *source;
	struct arena *arena;
	struct croft_error *err;
	struct entry *entries;
	size_t n, capacity;
};

static int add(struct maker *maker, enum schema_id key, const char *name, const char *value,
	       uint64_t rights, const struct version1_text *at)
{
	struct entry *grown = arena_grow(maker->arena, maker->entries, maker->n, &maker->capacity,
					 sizeof(*grown));

	if (!grown || !value)
		return fail(maker->err, CROFT_STAGE_PROFILE, ENOMEM, "read '%.200s'",
			    maker->source);
	maker->entries = grown;
	maker->entries[maker->n++] = (struct entry){ .key = key,
						     .name = name,
						     .value = value,
						     .rights = rights,
						     .line = at->line,
						     .column = at->column };
	return 0;
}

static int refuse_path(struct maker *maker, const struct version1_text *path, const char *key,
		       const char *hint)
{
	int r = yaml_fail(maker->source, path->line, path->column, 0, maker->err,
			  "%s: a path was expected, '%.64s' was found", key, path->text);

	fail_hint(maker->err, "%s", hint);
	return r;
}

/*
 * A path as the loader takes it: "~/x" is below the home. What means something to it and nothing to
 * version 1, "~x" and "optional:x", is a name in the working directory.
 */
static int add_path(struct maker *maker, enum schema_id id, const char *name, const char *key,
		    const char *prefix, uint64_t rights, const struct version1_text *path)
{
	const char *text = path->text;
	bool is_name =
		(text[0] == '~' && text[1] != '/') || !strncmp(text, OPTIONAL, strlen(OPTIONAL));

	if (!*text)
		return refuse_path(maker, path, key, "leave the item out");
	if (!strcmp(text, "~"))
		return refuse_path(maker, path, key, "the home directory is '~/'");
	return add(maker, id, name,
		   arena_printf(maker->arena, "%s%s%s", prefix, is_name ? "./" : "", text), rights,
		   path);
}

static int make_groups(struct maker *maker, const struct version1_profile *profile)
{
	for (size_t i = 0; i < profile->n_groups; i++) {
		const struct version1_group *group = &profile->groups[i];
		char key[KEY_SHOWN];

		(void)snprintf(key, sizeof(key), "access_roots.%s.paths", group->name);
		for (size_t j = 0; j < group->n_paths && group->rights; j++) {
			int r = add_path(maker, KEY_FILES_RIGHTS, group->name, key, OPTIONAL,
					 version1_access(group->rights), &group->paths[j]);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int make_command(struct maker *maker, const struct version1_profile *profile)
{
	int r = 0;

	if (profile->program.text)
		r = add(maker, KEY_COMMAND_PROGRAM, NULL, profile->program.text, 0,
			&profile->program);
	for (size_t i = 0; r == 0 && i < profile->n_args; i++)
		r = add(maker, KEY_COMMAND_ARGS, NULL, profile->args[i].text, 0, &profile->args[i]);
	if (r == 0 && profile->directory.text)
		r = add_path(maker, KEY_COMMAND_DIRECTORY, NULL, "command.working_dir", "", 0,
			     &profile->directory);
	for (size_t i = 0; r == 0 && i < profile->n_env; i++)
		r = add(maker, KEY_ENVIRONMENT_SET, profile->env[i].name, profile->env[i].text, 0,
			&profile->env[i]);
	return r;
}

int version1_entries(const char *source, const struct version1_profile *profile,
		     struct arena *arena, struct document_profile *ret_profile,
		     struct croft_error *err)
{
	const struct version1_text at = { .line = profile->line, .column = profile->column };
	struct maker maker = { .source = source, .arena = arena, .err = err };
	int r = 0;

	if (profile->description.text)
		r = add(&maker, KEY_DESCRIPTION, NULL, profile->description.text, 0,
			&profile->description);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(left_open); i++)
		r = add(&maker, KEY_REQUIRE, protection_names[left_open[i]].name,
			requirement_names[REQUIRE_OFF].name, 0, &at);
	if (r == 0)
		r = add(&maker, KEY_ENVIRONMENT_ALL, NULL, "true", 0, &at);
	if (r == 0)
		r = make_groups(&maker, profile);
	if (r == 0)
		r = make_command(&maker, profile);
	if (r < 0)
		return r;
	*ret_profile = (struct document_profile){ .name = profile->name,
						  .line = profile->line,
						  .column = profile->column,
						  .entries = maker.entries,
						  .n_entries = maker.n };
	return 0;
}

int version1_make(const char *source, const struct version1_profile *profile, struct arena *arena,
		  struct document *ret_document, struct croft_error *err)
{
	struct document_profile *made = arena_alloc(arena, sizeof(*made));
	const char *copy = arena_strdup(arena, source);
	int r;

	if (!made || !copy)
		return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "read '%.200s'", source);
	r = version1_entries(source, profile, arena, made, err);
	if (r < 0)
		return r;
	*ret_document = (struct document){
		.source = copy, .version = 1, .profiles = made, .n_profiles = 1
	};
	return 0;
}
