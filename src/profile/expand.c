/* SPDX-License-Identifier: MIT */
/*
 * expand.c - what the texts in profile files stand for.
 *
 *	~  ~/x          the home directory
 *	.  ./x  x       the working directory, and below it
 *	${project}      the directory of the enclosing work tree, else the working directory
 *	${home}         as ~
 *	${XDG_...}      of the XDG Base Directory Specification, with its defaults
 *	${env:NAME}     a variable that the profile lists under environment.use
 *	$$              a '$'
 *
 * In a value of environment.set the last five are known, and the rest is literal.
 *
 * A pure function of the text and of struct load_place. Whatever cannot be expanded is an error: a
 * path that is not what was meant must not be granted, and a "$HOME" left as it is would be one.
 *
 * The value of a variable is the user's, but perhaps not of his choosing: that is why the profile
 * has to list it, and why a '..' that comes in that way is refused as any other.
 */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "profile/parts.h"

#define OPTIONAL "optional:"
#define MAX_VARIABLE 64 /* bytes of what stands between the braces, but for env:NAME */
#define MAX_VALUE 65536 /* of a variable that is set: half of what exec takes (MAX_ARG_STRLEN) */

enum variable {
	VAR_HOME,
	VAR_PROJECT,
	VAR_XDG_CONFIG_HOME,
	VAR_XDG_CACHE_HOME,
	VAR_XDG_DATA_HOME,
	VAR_XDG_STATE_HOME,
	VAR_XDG_RUNTIME_DIR,
	VAR_MAX
};

/* The help is what stands below the home where the variable is not set; NULL: nothing does. */
static const struct name variables[VAR_MAX] = {
	[VAR_HOME] = { "home", NULL },
	[VAR_PROJECT] = { "project", NULL },
	[VAR_XDG_CONFIG_HOME] = { "XDG_CONFIG_HOME", "/.config" },
	[VAR_XDG_CACHE_HOME] = { "XDG_CACHE_HOME", "/.cache" },
	[VAR_XDG_DATA_HOME] = { "XDG_DATA_HOME", "/.local/share" },
	[VAR_XDG_STATE_HOME] = { "XDG_STATE_HOME", "/.local/state" },
	[VAR_XDG_RUNTIME_DIR] = { "XDG_RUNTIME_DIR", NULL },
};

static const char *skip_optional(const char *text)
{
	return strncmp(text, OPTIONAL, strlen(OPTIONAL)) ? text : text + strlen(OPTIONAL);
}

static const char *find_env(const struct load_place *place, const char *name, size_t len)
{
	for (size_t i = 0; place->environ && place->environ[i]; i++)
		if (!strncmp(place->environ[i], name, len) && place->environ[i][len] == '=')
			return place->environ[i] + len + 1;
	return NULL;
}

/* An absolute value of a variable of the specification; it says to ignore the others. */
static const char *find_xdg(const struct load_place *place, enum variable variable)
{
	const char *name = variables[variable].name;
	const char *value = find_env(place, name, strlen(name));

	return value && value[0] == '/' ? value : NULL;
}

/* One text on its way. */
struct expansion {
	const struct profile *profile; /* what may be named */
	const struct load_place *place;
	const char *what; /* "path" or "value", for messages */
	const char *text; /* without its "optional:" */
	const char *at; /* what is left of it */
	struct buf *out;
	struct croft_error *err;
};

static int needs(const struct expansion *e, const char *what)
{
	return fail(e->err, CROFT_STAGE_PROFILE, 0, "the %s '%s' needs %s", e->what, e->text, what);
}

static int add_home(struct expansion *e)
{
	if (!e->place->home)
		return needs(e, "HOME, which is not set");
	buf_puts(e->out, e->place->home);
	return 0;
}

static int add_workdir(struct expansion *e)
{
	int r;

	if (!e->place->workdir) {
		r = fail(e->err, CROFT_STAGE_PROFILE, ENOENT,
			 "the %s '%s' needs the working directory", e->what, e->text);
		fail_hint(
			e->err,
			"it was removed, or cannot be reached from here: cd into a directory that exists");
		return r;
	}
	buf_puts(e->out, e->place->workdir);
	return 0;
}

static int add_known(struct expansion *e, enum variable variable)
{
	const char *value;

	if (variable == VAR_HOME)
		return add_home(e);
	if (variable == VAR_PROJECT) {
		if (!e->place->project)
			return add_workdir(e);
		buf_puts(e->out, e->place->project);
		return 0;
	}
	value = find_xdg(e->place, variable);
	if (!value && !variables[variable].help)
		return needs(e, "XDG_RUNTIME_DIR, which is not set");
	if (value) {
		buf_puts(e->out, value);
		return 0;
	}
	buf_puts(e->out, e->place->home ? e->place->home : "");
	buf_puts(e->out, variables[variable].help);
	return e->place->home ? 0 : needs(e, "HOME, which is not set");
}

static int add_env(struct expansion *e, const char *name, size_t len)
{
	const char *value = find_env(e->place, name, len);
	bool is_listed = false;
	int r;

	for (size_t i = 0; i < e->profile->n_usable_env && !is_listed; i++)
		is_listed = strlen(e->profile->usable_env[i]) == len &&
			    !strncmp(e->profile->usable_env[i], name, len);
	if (!is_listed) {
		r = fail(e->err, CROFT_STAGE_PROFILE, 0, "the variable '%.*s' may not be used",
			 (int)len, name);
		fail_hint(e->err, "list it: environment: { use: [%.*s] }", (int)len, name);
		return r;
	}
	if (!value || !*value)
		return fail(e->err, CROFT_STAGE_PROFILE, 0, "the variable '%.*s' is not set",
			    (int)len, name);
	buf_puts(e->out, value);
	return 0;
}

static int no_variable(const struct expansion *e, const char *name)
{
	const char *nearest = names_nearest(variables, VAR_MAX, name);
	int r = fail(e->err, CROFT_STAGE_PROFILE, 0, "there is no variable '${%s}'", name);

	if (nearest)
		fail_hint(e->err, "did you mean '${%s}'?", nearest);
	else
		fail_hint(e->err, "one of the environment's is written '${env:%s}'", name);
	return r;
}

/* What begins with the '$' that comes next. */
static int add_dollar(struct expansion *e)
{
	const char *begin = e->at + 2, *end = strchr(e->at, '}');
	char name[MAX_VARIABLE];
	size_t len;
	int variable, r;

	if (e->at[1] == '$') {
		buf_putc(e->out, '$');
		e->at += 2;
		return 0;
	}
	if (e->at[1] != '{' || !end || end == begin) {
		r = fail(e->err, CROFT_STAGE_PROFILE, 0,
			 "the %s '%s' has a '$' that names no variable", e->what, e->text);
		fail_hint(e->err, "write '${home}', or '$$' for the character");
		return r;
	}
	e->at = end + 1;
	len = (size_t)(end - begin);
	if (len > 4 && !strncmp(begin, "env:", 4))
		return add_env(e, begin + 4, len - 4);
	if (len >= sizeof(name))
		return fail(e->err, CROFT_STAGE_PROFILE, 0, "there is no variable '${%.*s}'",
			    (int)len, begin);
	memcpy(name, begin, len);
	name[len] = '\0';
	variable = names_find(variables, VAR_MAX, name);
	return variable < 0 ? no_variable(e, name) : add_known(e, (enum variable)variable);
}

static int add_all(struct expansion *e)
{
	int r = 0;

	while (r == 0 && *e->at) {
		size_t plain = strcspn(e->at, "$");

		buf_add(e->out, e->at, plain);
		e->at += plain;
		if (*e->at)
			r = add_dollar(e);
	}
	return r;
}

/* What the first characters say about where the path begins. */
static int add_base(struct expansion *e)
{
	const char *p = e->at;
	int r;

	if (p[0] == '/' || (p[0] == '$' && p[1] == '{'))
		return 0;
	if (p[0] == '~' && (p[1] == '/' || !p[1])) {
		e->at = p + 1;
		return add_home(e);
	}
	if (p[0] == '~') {
		r = fail(e->err, CROFT_STAGE_PROFILE, 0,
			 "the path '%s' names the home of somebody else", e->text);
		fail_hint(e->err, "write it out; or './%.150s' if it is in the working directory",
			  p);
		return r;
	}
	if (p[0] == '.' && (p[1] == '/' || !p[1])) {
		e->at = p + 1;
		return add_workdir(e);
	}
	r = add_workdir(e);
	buf_putc(e->out, '/');
	return r;
}

/* The finished text into the profile's arena, with the "optional:" that stood before it. */
static int keep(struct profile *profile, const char *text, const struct buf *out,
		const char **ret_text, struct croft_error *err)
{
	const char *path = buf_text(out);
	const char *kept;
	int r;

	if (buf_error(out) == -EOVERFLOW)
		return fail(err, CROFT_STAGE_PROFILE, ENAMETOOLONG, "expand the path '%.80s'",
			    text);
	if (path[0] != '/' && buf_error(out) == 0) {
		r = fail(err, CROFT_STAGE_PROFILE, 0, "the path '%s' becomes '%s'", text, path);
		fail_hint(err, "the variable at its beginning has to hold an absolute path");
		return r;
	}
	if (profile_has_dotdot(path)) {
		r = fail(err, CROFT_STAGE_PROFILE, 0, "the path '%s' becomes '%s'", text, path);
		fail_hint(err, "what a '..' names depends on symbolic links");
		return r;
	}
	kept = skip_optional(text) == text ? arena_strdup(&profile->arena, path)
					   : arena_printf(&profile->arena, OPTIONAL "%s", path);
	if (!kept || buf_error(out) < 0)
		return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "expand a path");
	*ret_text = kept;
	return 0;
}

/* The checks that a text has to pass whatever is in it; 1: there is nothing to expand. */
static int check_text(const char *text, struct croft_error *err)
{
	const char *path = skip_optional(text);
	int r;

	if (!*path)
		return fail(err, CROFT_STAGE_PROFILE, 0, "a path is empty");
	if (profile_has_dotdot(path)) {
		r = fail(err, CROFT_STAGE_PROFILE, 0, "the path '%s' has a '..' in it", path);
		fail_hint(err,
			  "what it names depends on symbolic links: write the directory itself");
		return r;
	}
	return path[0] == '/';
}

bool expand_needs_home(const struct load_place *place, const char *text)
{
	const char *path = skip_optional(text);

	if ((path[0] == '~' && (path[1] == '/' || !path[1])) || strstr(path, "${home}"))
		return true;
	for (int i = VAR_XDG_CONFIG_HOME; i <= VAR_XDG_STATE_HOME; i++) {
		const char *found = strstr(path, variables[i].name);

		/* "${XDG_CACHE_HOME}", and no value to take in its place */
		if (found && found - path >= 2 && found[-1] == '{' && found[-2] == '$' &&
		    !find_xdg(place, (enum variable)i))
			return true;
	}
	return false;
}

int load_expand(struct profile *profile, const struct load_place *place, const char *text,
		const char **ret_text, struct croft_error *err)
{
	AUTO_BUF struct buf out = BUF_INIT(PROFILE_MAX_PATH - 1);
	const char *path = skip_optional(text);
	struct expansion e = { profile, place, "path", path, path, &out, err };
	int r = check_text(text, err);

	if (r < 0)
		return r;
	if (r > 0 && !strchr(path, '$')) {
		*ret_text = text;
		return 0;
	}
	r = add_base(&e);
	if (r == 0)
		r = add_all(&e);
	return r < 0 ? r : keep(profile, text, &out, ret_text, err);
}

int load_expand_value(struct profile *profile, const struct load_place *place, const char *text,
		      const char **ret_text, struct croft_error *err)
{
	AUTO_BUF struct buf out = BUF_INIT(MAX_VALUE);
	struct expansion e = { profile, place, "value", text, text, &out, err };
	const char *kept;
	int r;

	if (!strchr(text, '$')) {
		*ret_text = text;
		return 0;
	}
	r = add_all(&e);
	if (r < 0)
		return r;
	if (buf_error(&out) == -EOVERFLOW)
		return fail(err, CROFT_STAGE_PROFILE, 0, "the value '%.80s' becomes too long",
			    text);
	kept = buf_error(&out) ? NULL : arena_strdup(&profile->arena, buf_text(&out));
	if (!kept)
		return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "expand a value");
	*ret_text = kept;
	return 0;
}

int expand_version1(struct profile *profile, const struct load_place *place, const char *text,
		    bool is_path, const char **ret_text, struct croft_error *err)
{
	AUTO_BUF struct buf out = BUF_INIT(PROFILE_MAX_PATH - 1);
	const char *path = skip_optional(text);
	struct expansion e = { profile, place, is_path ? "path" : "value", path, path, &out, err };
	int r = is_path ? check_text(text, err) : strncmp(text, "~/", 2) != 0;

	if (r < 0)
		return r;
	if (r > 0) {
		*ret_text = text;
		return 0;
	}
	r = add_base(&e);
	buf_puts(&out, e.at);
	return r < 0 ? r : keep(profile, text, &out, ret_text, err);
}
