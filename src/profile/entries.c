/* SPDX-License-Identifier: MIT */
/*
 * entries.c - what one profile of a file says, put through the doors.
 *
 * Three rounds over its entries. First what the others rest on, wherever it stands in the file:
 * which variables may be named, how much each protection is wanted, the program (its
 * arguments follow it). Then all else, in the order of the file.
 *
 * "Unless a requirement was named" (profile.h) means named in the same profile: a profile that
 * denies something shall not be weakened by what one that it extends has said of other things. So
 * what was named before is put aside, and joined again at the end.
 *
 * What a profile says of the working directory is one grant, whatever the lists in which it stands:
 * to write and to execute in it is what most profiles want, and one rule does it.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "profile/parts.h"

#define NOT_HERE 1 /* another function's key */

struct applying {
	struct profile *profile;
	const struct load_place *place;
	const struct document *document;
	const struct document_profile *from;
	bool is_builtin;
	struct croft_error *err;
	/* of the last entry: those that follow are often in the same line */
	const char *origin;
	unsigned origin_line;
	size_t project_grant; /* index + 1; 0: none yet */
	size_t n_inherited_fds;
};

/* What people see in the file, where that is not the key of the table. */
static const char *key_of_version1(enum schema_id key)
{
	switch (key) {
	case KEY_FILES_RIGHTS:
		return "access_roots";
	case KEY_COMMAND_PROGRAM:
		return "command.binary";
	case KEY_COMMAND_DIRECTORY:
		return "command.working_dir";
	case KEY_ENVIRONMENT_SET:
		return "command.env";
	default:
		return schema_keys[key].path;
	}
}

int entries_blame(const struct document *document, const struct entry *entry, int r,
		  struct croft_error *err)
{
	const char *key =
		document->version == 1 ? key_of_version1(entry->key) : schema_keys[entry->key].path;
	struct croft_error inner;

	if (!err)
		return r;
	inner = *err;
	(void)fail(err, CROFT_STAGE_PROFILE, inner.errnum, "%s:%u:%u: %s%s%s: %s", document->source,
		   entry->line, entry->column, key, entry->name ? "." : "",
		   entry->name ? entry->name : "", inner.what);
	memcpy(err->hint, inner.hint, sizeof(err->hint));
	return r;
}

/*
 * A number behind a text, without the weight of printf: there is one for each grant. None for line
 * 0: a document that no file holds (a front end's).
 */
static const char *make_origin(struct arena *arena, const char *before, const char *name,
			       unsigned line)
{
	size_t before_len = strlen(before), name_len = strlen(name), n = 0;
	char digits[16];
	char *origin;

	for (; line != 0; line /= 10)
		digits[n++] = (char)('0' + line % 10);
	origin = arena_alloc(arena, before_len + name_len + n + 2);
	if (!origin)
		return NULL;
	memcpy(origin, before, before_len);
	memcpy(origin + before_len, name, name_len);
	if (n)
		origin[before_len + name_len] = ':';
	for (size_t i = 0; i < n; i++)
		origin[before_len + name_len + 1 + i] = digits[n - 1 - i];
	return origin;
}

static const char *find_origin(struct applying *a, const struct entry *entry)
{
	if (!a->origin || a->origin_line != entry->line) {
		a->origin_line = entry->line;
		a->origin = a->is_builtin ? make_origin(&a->profile->arena, "profile ",
							a->from->name, entry->line)
					  : make_origin(&a->profile->arena, "", a->document->source,
							entry->line);
	}
	return a->origin;
}

static int expand_path(struct applying *a, const char *text, const char **ret_text)
{
	if (a->document->version == 1)
		return expand_version1(a->profile, a->place, text, true, ret_text, a->err);
	return load_expand(a->profile, a->place, text, ret_text, a->err);
}

/* Without a home what is optional below it has no meaning. */
static bool is_left_out(const struct applying *a, const char *text)
{
	return !a->place->home && !strncmp(text, "optional:", 9) &&
	       expand_needs_home(a->place, text);
}

static size_t count_stars(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '*';
	return n;
}

static bool is_project_text(const char *text)
{
	return !strcmp(text, ".") || !strcmp(text, "./") || !strcmp(text, "${project}") ||
	       !strcmp(text, "${project}/");
}

/* The grant that was just added: joined to the first of the working directory, if it is of it. */
static void settle_project(struct applying *a, const struct entry *entry)
{
	struct profile *profile = a->profile;
	struct grant *grant = &profile->grants[profile->n_grants - 1];
	struct grant *first = a->project_grant ? &profile->grants[a->project_grant - 1] : NULL;

	if (!is_project_text(entry->value) || !grant->kinds)
		return;
	if (first && !strcmp(first->path, grant->path)) {
		first->kinds |= grant->kinds;
		profile->n_grants--;
		grant = first;
	} else if (!first) {
		a->project_grant = profile->n_grants;
	}
	grant->is_project |= (grant->kinds & GRANT_WRITE) != 0;
}

static int add_grant(struct applying *a, const struct entry *entry, unsigned kinds)
{
	const char *origin = find_origin(a, entry), *text;
	size_t n_stars = a->document->version == 1 ? 0 : count_stars(entry->value);
	struct grant *grant;
	int r;

	if (!origin)
		return fail(a->err, CROFT_STAGE_PROFILE, ENOMEM, "store a grant");
	if (is_left_out(a, entry->value))
		return 0;
	r = expand_path(a, entry->value, &text);
	if (r < 0)
		return r;
	/* a '*' in the name of a directory must not become a pattern */
	if (n_stars && count_stars(text) != n_stars)
		return fail(a->err, CROFT_STAGE_PROFILE, 0,
			    "the pattern '%s' becomes '%s', with a '*' that is not its own",
			    entry->value, text);
	r = kinds ? profile_add_path(a->profile, kinds, text, origin, a->err)
		  : profile_add_rights(a->profile, entry->rights, text, origin, a->err);
	if (r < 0)
		return r;
	grant = &a->profile->grants[a->profile->n_grants - 1];
	grant->is_pattern = n_stars > 0;
	settle_project(a, entry);
	return 0;
}

static int add_denial(struct applying *a, const struct entry *entry, enum denial_kind kind)
{
	const char *origin = find_origin(a, entry), *text;
	int r;

	if (!origin)
		return fail(a->err, CROFT_STAGE_PROFILE, ENOMEM, "store a denial");
	if (is_left_out(a, entry->value))
		return 0;
	r = expand_path(a, entry->value, &text);
	return r < 0 ? r : profile_add_denial(a->profile, kind, text, origin, a->err);
}

static int pass_variable(struct applying *a, const struct entry *entry)
{
	const char *origin = find_origin(a, entry);
	int r;

	if (!origin)
		return fail(a->err, CROFT_STAGE_PROFILE, ENOMEM, "store a variable");
	if (strchr(entry->value, '=')) {
		r = fail(a->err, CROFT_STAGE_PROFILE, 0, "the variable '%s' has a '=' in its name",
			 entry->value);
		fail_hint(a->err, "what a variable is set to stands under environment.set");
		return r;
	}
	return profile_add_env(a->profile, entry->value, origin, a->err);
}

static int set_variable(struct applying *a, const struct entry *entry)
{
	const char *origin = find_origin(a, entry), *value, *text;
	int r;

	/* a built-in profile has to start without a home; a user's own words are taken as said */
	if (a->is_builtin && !a->place->home && expand_needs_home(a->place, entry->value))
		return 0;
	if (strpbrk(entry->name, "=*"))
		return fail(a->err, CROFT_STAGE_PROFILE, 0, "'%s' is not the name of a variable",
			    entry->name);
	if (a->document->version == 1)
		r = expand_version1(a->profile, a->place, entry->value, false, &value, a->err);
	else
		r = load_expand_value(a->profile, a->place, entry->value, &value, a->err);
	if (r < 0)
		return r;
	text = arena_printf(&a->profile->arena, "%s=%s", entry->name, value);
	if (!origin || !text)
		return fail(a->err, CROFT_STAGE_PROFILE, ENOMEM, "store a variable");
	return profile_add_env(a->profile, text, origin, a->err);
}

static int add_port(struct applying *a, const struct entry *entry, enum port_use use)
{
	const char *origin = find_origin(a, entry);

	if (!origin)
		return fail(a->err, CROFT_STAGE_PROFILE, ENOMEM, "store a port");
	return profile_add_port(a->profile, use, entry->value, origin, a->err);
}

/* A name stays a name, to be looked for on the command's PATH. */
static int set_program(struct applying *a, const struct entry *entry)
{
	const char *text = entry->value;
	bool is_path = strchr(text, '/') || text[0] == '~' || text[0] == '.';
	int r = is_path ? expand_path(a, text, &text) : 0;

	return r < 0 ? r : profile_set_program(a->profile, text, a->err);
}

static int add_arg(struct applying *a, const struct entry *entry)
{
	const char *text = entry->value;
	int r = 0;

	if (a->document->version == 1)
		r = expand_version1(a->profile, a->place, text, false, &text, a->err);
	return r < 0 ? r : profile_add_arg(a->profile, text, a->err);
}

static int set_directory(struct applying *a, const struct entry *entry)
{
	const char *text;
	int r = expand_path(a, entry->value, &text);

	return r < 0 ? r : profile_set_chdir(a->profile, text, a->err);
}

static int set_requirement(struct applying *a, const struct entry *entry)
{
	int requirement;

	if (!strcmp(entry->name, "landlock"))
		return profile_set_min_landlock(a->profile, entry->value, a->err);
	requirement = profile_find_word(requirement_names, REQUIRE_MAX, "requirement", entry->value,
					a->err);
	if (requirement < 0)
		return requirement;
	return profile_set_requirement(a->profile, entry->name, (enum requirement)requirement,
				       a->err);
}

/* Twice in one list is a slip; once in two profiles of which one extends the other is none. */
static int keep_descriptor(struct applying *a, const struct entry *entry)
{
	uint64_t fd;

	if (num_parse(entry->value, 0, 1048575, &fd) == 0)
		for (size_t i = 0; i < a->n_inherited_fds; i++)
			if (a->profile->keep_fds[i] == (int)fd)
				return 0;
	return profile_add_fd(a->profile, entry->value, a->err);
}

static int set_description(struct applying *a, const struct entry *entry)
{
	a->profile->description = arena_strdup(&a->profile->arena, entry->value);
	return a->profile->description
		       ? 0
		       : fail(a->err, CROFT_STAGE_PROFILE, ENOMEM, "store a description");
}

/* The first round. */
static int apply_base(struct applying *a, const struct entry *entry)
{
	switch (entry->key) {
	case KEY_ENVIRONMENT_USE:
		return profile_use_env(a->profile, entry->value, a->err);
	case KEY_REQUIRE:
		return set_requirement(a, entry);
	case KEY_COMMAND_PROGRAM:
		return set_program(a, entry);
	default:
		return 0;
	}
}

static int apply_files(struct applying *a, const struct entry *entry)
{
	switch (entry->key) {
	case KEY_FILES_READ:
		return add_grant(a, entry, GRANT_READ);
	case KEY_FILES_EXECUTE:
		return add_grant(a, entry, GRANT_READ | GRANT_EXECUTE);
	case KEY_FILES_WRITE:
		return add_grant(a, entry, GRANT_READ | GRANT_WRITE);
	case KEY_FILES_DEVICE:
		return add_grant(a, entry, GRANT_READ | GRANT_WRITE | GRANT_DEVICE);
	case KEY_SOCKETS:
		return add_grant(a, entry, GRANT_SOCKET);
	case KEY_FILES_RIGHTS:
		return add_grant(a, entry, 0);
	case KEY_FILES_DENY:
		return add_denial(a, entry, DENY_ALL);
	case KEY_FILES_DENY_WRITE:
		return add_denial(a, entry, DENY_WRITE);
	case KEY_FILES_HIDE:
		return add_denial(a, entry, DENY_HIDE);
	case KEY_FILES_PRIVATE:
		return add_denial(a, entry, DENY_PRIVATE);
	default:
		return NOT_HERE;
	}
}

static int apply_limits(struct applying *a, const struct entry *entry)
{
	switch (entry->key) {
	case KEY_LIMITS_MEMORY:
		return profile_set_limit(a->profile, LIMIT_MEMORY, entry->value, a->err);
	case KEY_LIMITS_PROCESSES:
		return profile_set_limit(a->profile, LIMIT_PROCESSES, entry->value, a->err);
	case KEY_LIMITS_OPEN_FILES:
		return profile_set_limit(a->profile, LIMIT_OPEN_FILES, entry->value, a->err);
	case KEY_LIMITS_FILE_SIZE:
		return profile_set_limit(a->profile, LIMIT_FILE_SIZE, entry->value, a->err);
	case KEY_LIMITS_CPU:
		return profile_set_limit(a->profile, LIMIT_CPU, entry->value, a->err);
	case KEY_LIMITS_CPU_PERCENT:
		return profile_set_limit(a->profile, LIMIT_CPU_PERCENT, entry->value, a->err);
	case KEY_LIMITS_TIME:
		return profile_set(a->profile, "time", entry->value, NULL, a->err);
	case KEY_LIMITS_GRACE:
		return profile_set(a->profile, "grace", entry->value, NULL, a->err);
	default:
		return NOT_HERE;
	}
}

static int apply_words(struct applying *a, const struct entry *entry)
{
	switch (entry->key) {
	case KEY_NETWORK_CONNECT:
		return add_port(a, entry, PORT_CONNECT);
	case KEY_NETWORK_LISTEN:
		return add_port(a, entry, PORT_LISTEN);
	case KEY_ENVIRONMENT_PASS:
		return pass_variable(a, entry);
	case KEY_ENVIRONMENT_SET:
		return set_variable(a, entry);
	case KEY_SYSCALLS_MODE:
		return profile_set_syscall_mode(a->profile, entry->value, a->err);
	case KEY_SYSCALLS_ALLOW:
		return profile_allow_group(a->profile, entry->value, a->err);
	case KEY_SYSCALLS_REFUSE:
		return profile_refuse_call(a->profile, entry->value, a->err);
	case KEY_GIT:
		return profile_set_git(a->profile, entry->value, a->err);
	case KEY_ISOLATE:
		return profile_add_isolation(a->profile, entry->value, a->err);
	case KEY_WITH:
		return profile_add_set(a->profile, entry->value, a->err);
	case KEY_ABI:
		return profile_set_abi(a->profile, entry->value, a->err);
	case KEY_DESCRIPTORS:
		return keep_descriptor(a, entry);
	case KEY_DESCRIPTION:
		return set_description(a, entry);
	case KEY_COMMAND_ARGS:
		return add_arg(a, entry);
	case KEY_COMMAND_DIRECTORY:
		return set_directory(a, entry);
	default:
		return NOT_HERE;
	}
}

static int apply_switch(struct profile *profile, const struct entry *entry)
{
	bool is_on = !strcmp(entry->value, "true");

	switch (entry->key) {
	case KEY_ENVIRONMENT_ALL:
		profile->wants_env_all = is_on;
		return 0;
	case KEY_WITH_DEPS:
		profile->wants_deps = is_on;
		return 0;
	case KEY_SUPERVISE:
		profile->wants_supervisor = is_on;
		return 0;
	case KEY_PTY:
		profile->wants_pty = is_on;
		return 0;
	case KEY_AUDIT:
		profile->wants_audit = is_on;
		return 0;
	default:
		return NOT_HERE;
	}
}

/* The second round: all that is not the first's or the loader's (extends). */
static int apply_rest(struct applying *a, const struct entry *entry)
{
	int r = apply_files(a, entry);

	if (r == NOT_HERE)
		r = apply_limits(a, entry);
	if (r == NOT_HERE)
		r = apply_words(a, entry);
	if (r == NOT_HERE)
		r = apply_switch(a->profile, entry);
	return r == NOT_HERE ? 0 : r;
}

int entries_apply(struct profile *profile, const struct load_place *place,
		  const struct document *document, const struct document_profile *from,
		  bool is_builtin, struct croft_error *err)
{
	struct applying a = { .profile = profile,
			      .place = place,
			      .document = document,
			      .from = from,
			      .is_builtin = is_builtin,
			      .n_inherited_fds = profile->n_keep_fds,
			      .err = err };
	bool was_named[PROTECT_MAX];
	int r;

	memcpy(was_named, profile->is_named, sizeof(was_named));
	memset(profile->is_named, 0, sizeof(profile->is_named));
	profile->description = NULL; /* of one that this one extends: it is not this one's */
	for (size_t i = 0; i < from->n_entries; i++) {
		r = apply_base(&a, &from->entries[i]);
		if (r < 0)
			return entries_blame(document, &from->entries[i], r, err);
	}
	for (size_t i = 0; i < from->n_entries; i++) {
		r = apply_rest(&a, &from->entries[i]);
		if (r < 0)
			return entries_blame(document, &from->entries[i], r, err);
	}
	for (size_t i = 0; i < PROTECT_MAX; i++)
		profile->is_named[i] |= was_named[i];
	return 0;
}
