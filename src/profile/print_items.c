/* SPDX-License-Identifier: MIT */
/*
 * print_items.c - what a file would say: the items of a document or of a finished profile.
 *
 * Both become the same flat list of keys and texts, so that one printer does for both and
 * for each form.
 *
 * A finished profile is turned back with the doors of add.c and choose.c read backwards: the
 * texts here are those that these doors turn into the same fields. Three things keep that
 * true:
 *
 *	a '$' in a path or variable is written "$$", since what is read is expanded
 *	a grant that two lists gave (write and execute) stands in both of them again
 *	of the requirements only those that differ from an empty profile's are written
 *
 * A profile of version 1 has texts that mean something else in version 2: there a leading
 * "~/" is the home directory in arguments and variables too. Variables have "${home}" for
 * it; arguments have nothing, and get a note.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "profile/parts.h"
#include "profile/print_parts.h"

struct unit {
	const char *name;
	uint64_t factor;
};

void print_list_init(struct print_list *list)
{
	*list = (struct print_list){ 0 };
	arena_init(&list->arena, PROFILE_MAX_BYTES);
}

void print_list_done(struct print_list *list)
{
	arena_done(&list->arena);
}

/* A text that could not be made is NULL here: one place that notices it is enough. */
static void add(struct print_list *list, const struct print_item *item)
{
	struct print_item *grown =
		arena_grow(&list->arena, list->items, list->n, &list->capacity, sizeof(*grown));

	if (!grown || !item->value) {
		list->error = -ENOMEM;
		return;
	}
	list->items = grown;
	list->items[list->n++] = *item;
}

static void add_text(struct print_list *list, enum schema_id key, const char *value,
		     const char *origin)
{
	add(list, &(struct print_item){ .key = key, .value = value, .origin = origin });
}

static void add_number(struct print_list *list, enum schema_id key, uint64_t value)
{
	add_text(list, key, arena_printf(&list->arena, "%" PRIu64, value), NULL);
}

/* Only what is set: all of these are off where nothing is said. */
static void add_flag(struct print_list *list, enum schema_id key, bool value)
{
	if (value)
		add_text(list, key, "true", NULL);
}

/* Each word of a table whose flag is set. */
static void add_words(struct print_list *list, enum schema_id key, const struct name *words,
		      const bool *flags, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (flags[i])
			add_text(list, key, words[i].name, NULL);
}

/* With the greatest unit that leaves a whole number. */
static void add_amount(struct print_list *list, enum schema_id key, uint64_t value,
		       const struct unit *units, size_t n)
{
	size_t i = n;

	while (i > 1 && value % units[i - 1].factor)
		i--;
	add_text(list, key,
		 arena_printf(&list->arena, "%" PRIu64 "%s", value / units[i - 1].factor,
			      units[i - 1].name),
		 NULL);
}

static void add_size(struct print_list *list, enum schema_id key, uint64_t bytes)
{
	static const struct unit units[] = {
		{ "", 1 }, { "KiB", 1ULL << 10 }, { "MiB", 1ULL << 20 }, { "GiB", 1ULL << 30 }
	};

	add_amount(list, key, bytes, units, ARRAY_SIZE(units));
}

static void add_time(struct print_list *list, enum schema_id key, uint64_t ms)
{
	static const struct unit units[] = {
		{ "ms", 1 }, { "s", 1000 }, { "m", 60ULL * 1000 }, { "h", 60ULL * 60 * 1000 }
	};

	add_amount(list, key, ms, units, ARRAY_SIZE(units));
}

/* Each '$' twice. */
static const char *write_text(struct arena *arena, const char *text)
{
	size_t n_dollars = 0;
	char *copy, *out;

	for (const char *p = text; *p; p++)
		n_dollars += *p == '$';
	copy = out = arena_alloc(arena, strlen(text) + n_dollars + 1);
	for (; copy && *text; text++) {
		if (*text == '$')
			*out++ = '$';
		*out++ = *text;
	}
	return copy;
}

/*
 * What read and write give together has a word of its own; a socket is no file that is read. Where
 * one grant has several lists' kinds, each of these lists names it.
 */
static void add_grant(struct print_list *list, const struct grant *grant)
{
	const char *path = write_text(&list->arena, grant->path);

	if (path && grant->is_optional)
		path = arena_printf(&list->arena, "optional:%s", path);
	if (!grant->kinds)
		add(list, &(struct print_item){ .key = KEY_FILES_RIGHTS,
						.value = path,
						.rights = grant->rights,
						.origin = grant->origin });
	if (grant->kinds & GRANT_DEVICE)
		add_text(list, KEY_FILES_DEVICE, path, grant->origin);
	else if (grant->kinds & GRANT_WRITE)
		add_text(list, KEY_FILES_WRITE, path, grant->origin);
	if (grant->kinds & GRANT_EXECUTE)
		add_text(list, KEY_FILES_EXECUTE, path, grant->origin);
	if (grant->kinds == GRANT_READ)
		add_text(list, KEY_FILES_READ, path, grant->origin);
	if (grant->kinds & GRANT_SOCKET)
		add_text(list, KEY_SOCKETS, path, grant->origin);
}

static void add_denials(struct print_list *list, const struct profile *profile)
{
	static const enum schema_id keys[DENY_MAX] = { [DENY_ALL] = KEY_FILES_DENY,
						       [DENY_WRITE] = KEY_FILES_DENY_WRITE,
						       [DENY_HIDE] = KEY_FILES_HIDE,
						       [DENY_PRIVATE] = KEY_FILES_PRIVATE };

	for (size_t i = 0; i < profile->n_denials; i++) {
		const struct denial *denial = &profile->denials[i];

		add_text(list, keys[denial->kind], write_text(&list->arena, denial->path),
			 denial->origin);
	}
}

static void add_ports(struct print_list *list, const struct profile *profile)
{
	for (size_t i = 0; i < profile->n_ports; i++) {
		const struct port_grant *port = &profile->ports[i];

		add_text(list, port->use == PORT_CONNECT ? KEY_NETWORK_CONNECT : KEY_NETWORK_LISTEN,
			 arena_printf(&list->arena, "%s%u", port->is_udp ? "udp:" : "", port->port),
			 port->origin);
	}
}

/* A mapping has each name once: the value that was said last holds (plan/env.c). */
static bool is_set_again(const struct profile *profile, size_t from, const char *name)
{
	for (size_t i = from; i < profile->n_env; i++)
		if (profile->env[i].value && !strcmp(profile->env[i].name, name))
			return true;
	return false;
}

static void add_environment(struct print_list *list, const struct profile *profile)
{
	for (size_t i = 0; i < profile->n_env; i++) {
		const struct env_grant *env = &profile->env[i];

		if (!env->value)
			add_text(list, KEY_ENVIRONMENT_PASS, env->name, env->origin);
		else if (!is_set_again(profile, i + 1, env->name))
			add(list,
			    &(struct print_item){ .key = KEY_ENVIRONMENT_SET,
						  .name = env->name,
						  .value = write_text(&list->arena, env->value),
						  .origin = env->origin });
	}
	add_flag(list, KEY_ENVIRONMENT_ALL, profile->wants_env_all);
	for (size_t i = 0; i < profile->n_usable_env; i++)
		add_text(list, KEY_ENVIRONMENT_USE, profile->usable_env[i], NULL);
}

/* Amounts as people write them: what is a whole number of GiB is not printed in bytes. */
static void add_limits(struct print_list *list, const struct profile *profile)
{
	uint64_t usual_grace = 0;

	if (profile->has_limit[LIMIT_MEMORY])
		add_size(list, KEY_LIMITS_MEMORY, profile->limits[LIMIT_MEMORY]);
	if (profile->has_limit[LIMIT_PROCESSES])
		add_number(list, KEY_LIMITS_PROCESSES, profile->limits[LIMIT_PROCESSES]);
	if (profile->has_limit[LIMIT_OPEN_FILES])
		add_number(list, KEY_LIMITS_OPEN_FILES, profile->limits[LIMIT_OPEN_FILES]);
	if (profile->has_limit[LIMIT_FILE_SIZE])
		add_size(list, KEY_LIMITS_FILE_SIZE, profile->limits[LIMIT_FILE_SIZE]);
	if (profile->has_limit[LIMIT_CPU])
		add_time(list, KEY_LIMITS_CPU, profile->limits[LIMIT_CPU] * 1000);
	if (profile->has_limit[LIMIT_CPU_PERCENT])
		add_number(list, KEY_LIMITS_CPU_PERCENT, profile->limits[LIMIT_CPU_PERCENT]);
	if (profile->time_ms)
		add_time(list, KEY_LIMITS_TIME, profile->time_ms);
	(void)time_parse(schema_keys[KEY_LIMITS_GRACE].fallback, &usual_grace);
	if (profile->grace_ms != usual_grace)
		add_time(list, KEY_LIMITS_GRACE, profile->grace_ms);
}

/*
 * Not what was named: what a denial or `isolate` has raised is shown too, since it is what decides
 * whether the command starts.
 */
static void add_requirements(struct print_list *list, const struct profile *profile)
{
	struct profile *empty = NULL;

	if (profile_new("empty", NULL, NULL, &empty, NULL) < 0) {
		list->error = -ENOMEM;
		return;
	}
	if (profile->min_landlock)
		add(list, &(struct print_item){ .key = KEY_REQUIRE,
						.name = "landlock",
						.value = arena_printf(&list->arena, "%u",
								      profile->min_landlock) });
	for (size_t i = 0; i < PROTECT_MAX; i++)
		if (profile->require[i] != empty->require[i])
			add(list, &(struct print_item){
					  .key = KEY_REQUIRE,
					  .name = protection_names[i].name,
					  .value = requirement_names[profile->require[i]].name });
	profile_free(empty);
}

/* A name is looked up on the PATH and stays as it is; a path would be expanded. */
static const char *write_program(struct arena *arena, const char *program)
{
	return strchr(program, '/') ? write_text(arena, program) : program;
}

static void add_command(struct print_list *list, const struct profile *profile)
{
	if (profile->program)
		add_text(list, KEY_COMMAND_PROGRAM, write_program(&list->arena, profile->program),
			 NULL);
	for (size_t i = 0; i < profile->n_args; i++)
		add_text(list, KEY_COMMAND_ARGS, profile->args[i], NULL);
	if (profile->chdir)
		add_text(list, KEY_COMMAND_DIRECTORY, write_text(&list->arena, profile->chdir),
			 NULL);
}

void print_list_profile(struct print_list *list, const struct profile *profile)
{
	if (profile->description)
		add_text(list, KEY_DESCRIPTION, profile->description, NULL);
	if (profile->abi)
		add_number(list, KEY_ABI, profile->abi);
	for (size_t i = 0; i < profile->n_grants; i++)
		add_grant(list, &profile->grants[i]);
	add_denials(list, profile);
	add_ports(list, profile);
	add_environment(list, profile);
	add_limits(list, profile);
	if (profile->syscall_mode != SYSCALLS_STANDARD)
		add_text(list, KEY_SYSCALLS_MODE, syscall_mode_names[profile->syscall_mode].name,
			 NULL);
	add_words(list, KEY_SYSCALLS_ALLOW, syscall_group_names, profile->allows_group, GROUP_MAX);
	for (size_t i = 0; i < profile->n_refused_calls; i++)
		add_text(list, KEY_SYSCALLS_REFUSE, profile->refused_calls[i], NULL);
	add_words(list, KEY_ISOLATE, isolation_names, profile->isolates, ISOLATE_MAX);
	if (profile->protects_git)
		add_text(list, KEY_GIT, git_choice_names[GIT_PROTECT].name, NULL);
	add_requirements(list, profile);
	add_words(list, KEY_WITH, set_names, profile->wants_set, SET_MAX);
	add_flag(list, KEY_WITH_DEPS, profile->wants_deps);
	add_command(list, profile);
	for (size_t i = 0; i < profile->n_keep_fds; i++)
		add_number(list, KEY_DESCRIPTORS, (uint64_t)profile->keep_fds[i]);
	add_flag(list, KEY_SUPERVISE, profile->wants_supervisor);
	add_flag(list, KEY_PTY, profile->wants_pty);
	add_flag(list, KEY_AUDIT, profile->wants_audit);
}

void print_list_bounds(struct print_list *list, const struct profile *profile)
{
	for (size_t i = 0; i < profile->n_bounds; i++)
		add_grant(list, &profile->bounds[i]);
}

/* True for what a file of version 2 has expanded. */
static bool is_path(const struct entry *entry)
{
	return entry->key == KEY_FILES_RIGHTS || entry->key == KEY_COMMAND_DIRECTORY ||
	       (entry->key == KEY_COMMAND_PROGRAM && strchr(entry->value, '/'));
}

/* What a text of version 1 is in version 2. */
static void translate(struct arena *arena, struct print_item *item, bool is_expanded)
{
	bool is_home = !strncmp(item->value, "~/", 2);

	if (is_expanded && strchr(item->value, '*'))
		item->note = "in version 1 the name itself, here a pattern";
	else if (item->key == KEY_COMMAND_ARGS && is_home)
		item->note = "in version 1 in the home directory, here the text itself";
	if (item->key == KEY_ENVIRONMENT_SET)
		item->value = arena_printf(arena, "%s%s", is_home ? "${home}" : "",
					   write_text(arena, item->value + is_home));
	else if (is_expanded)
		item->value = write_text(arena, item->value);
}

void print_list_document(struct print_list *list, const struct document *document,
			 const struct document_profile *profile)
{
	for (size_t i = 0; i < profile->n_entries; i++) {
		const struct entry *entry = &profile->entries[i];
		struct print_item item = { .key = entry->key,
					   .name = entry->name,
					   .value = entry->value,
					   .rights = entry->rights };

		item.origin = arena_printf(&list->arena, "%s:%u", document->source, entry->line);
		if (document->version == 1)
			translate(&list->arena, &item, is_path(entry));
		add(list, &item);
	}
}

const struct print_item *print_list_next(const struct print_list *list, enum schema_id key,
					 const struct print_item *at)
{
	for (size_t i = at ? (size_t)(at - list->items) + 1 : 0; i < list->n; i++)
		if (list->items[i].key == key)
			return &list->items[i];
	return NULL;
}
