/* SPDX-License-Identifier: MIT */
/*
 * case_plan.h - a case of the golden tests (cases.h), planned and printed.
 *
 * The profile comes from a built-in or from the file in the case, read by the product's own reader;
 * what the machine would tell (paths, patterns, where denials lead) comes from the case's facts.
 */
#ifndef CROFT_TESTS_PLAN_CASE_PLAN_H
#define CROFT_TESTS_PLAN_CASE_PLAN_H

#include "cases.h"
#include "plan/pattern.h"
#include "profile/load.h"
#include "profile/tighten.h"

/* Loads the profile of a file in the case, whose texts live until case_free. */
static inline int case_load_file(const struct plan_case *c, struct case_file *file,
				 const char *name, struct profile **ret_profile,
				 struct croft_error *err)
{
	const struct load_place place = {
		.home = c->home,
		.workdir = c->workdir,
		.project = c->workdir,
		.environ = c->environ,
	};
	struct document document;
	int r;

	arena_done(&file->arena);
	arena_init(&file->arena, CASE_MAX_BYTES);
	r = document_read(file->name, file->text, file->len, &file->arena, &document, err);
	return r < 0 ? r : load_document(&document, name, false, &place, ret_profile, err);
}

static inline int case_tighten(struct plan_case *c, struct profile *profile,
			       struct croft_error *err)
{
	struct profile *project = NULL;

	int r = case_load_file(c, &c->project, NULL, &project, err);

	if (r == 0)
		r = profile_tighten(profile, project, err);
	profile_free(project);
	return r;
}

/* The profile with the case's settings, or the error of the first that is refused. */
static inline int case_profile(struct plan_case *c, struct profile **ret_profile,
			       struct croft_error *err)
{
	struct profile *profile = NULL;
	int r = c->file.len ? case_load_file(c, &c->file, c->profile_name, &profile, err)
			    : profile_new(c->profile_name, c->home, c->workdir, &profile, err);

	if (r == 0 && c->project.len)
		r = case_tighten(c, profile, err);
	for (size_t i = 0; i < c->n_settings && r == 0; i++) {
		char *key = arena_strdup(&profile->arena, c->settings[i]);
		char *value = strchr(key, ' ');

		if (value)
			*value++ = '\0';
		r = profile_set(profile, key, value, arena_printf(&profile->arena, "--%s", key),
				err);
	}
	if (r == 0)
		*ret_profile = profile;
	else
		profile_free(profile);
	return r;
}

/* What launch/globs.c does on a machine: facts that fit take the place of a pattern. */
static inline size_t case_expand(const struct plan_case *c, struct grant *grants, size_t n,
				 struct plan_pattern *patterns, size_t *n_patterns,
				 struct grant ret_grants[CASE_MAX_FACTS])
{
	size_t n_out = 0;

	for (size_t i = 0; i < n; i++) {
		struct plan_pattern *pattern = &patterns[*n_patterns];

		case_require(n_out + c->n_facts < CASE_MAX_FACTS, "too many grants");
		if (!grants[i].is_pattern) {
			ret_grants[n_out++] = grants[i];
			continue;
		}
		(*n_patterns)++;
		pattern->grant = &grants[i];
		for (size_t j = 0; j < c->n_facts; j++) {
			char parent[256];

			(void)snprintf(parent, sizeof(parent), "%s", c->facts[j].path);
			*strrchr(parent, '/') = '\0';
			if (!pattern_covers(grants[i].path, c->facts[j].path) ||
			    pattern_covers(grants[i].path, parent))
				continue;
			ret_grants[n_out] = grants[i];
			ret_grants[n_out].is_pattern = false;
			ret_grants[n_out++].path = c->facts[j].path;
			pattern->n_names++;
		}
	}
	return n_out;
}

static inline struct path_fact case_fact_of(const struct plan_case *c, const char *path)
{
	struct path_fact fact = { .fd = -1, .errnum = ENOENT };

	for (size_t i = 0; i < c->n_facts; i++)
		if (!strcmp(c->facts[i].path, path))
			fact = c->facts[i].fact;
	return fact;
}

/* The facts in the order of the grants, and of the bounds behind them; freed by the caller. */
static inline struct path_fact *case_facts(const struct plan_case *c, const struct profile *profile)
{
	size_t n = profile->n_grants;
	struct path_fact *facts = calloc(n + profile->n_bounds + 1, sizeof(*facts));

	case_require(facts, "no memory");
	for (size_t i = 0; i < n; i++)
		facts[i] = case_fact_of(c, profile->grants[i].path);
	for (size_t i = 0; i < profile->n_bounds; i++)
		facts[n + i] = case_fact_of(c, profile->bounds[i].path);
	return facts;
}

/* Where each denial leads; freed by the caller. */
static inline const char **case_denied(const struct plan_case *c, const struct profile *profile)
{
	const char **denied = calloc(profile->n_denials + 1, sizeof(*denied));

	case_require(denied, "no memory");
	for (size_t i = 0; i < profile->n_denials; i++)
		for (size_t j = 0; j < c->n_denied; j++)
			if (!strcmp(c->denied[j].path, profile->denials[i].path))
				denied[i] = c->denied[j].fact.real;
	return denied;
}

/* The nearest directory above a path of which there is a fact; the path itself is cut up. */
static inline void case_find_above(const struct plan_case *c, char *path, struct denial_fact *fact)
{
	for (char *slash = strrchr(path, '/'); slash; slash = strrchr(path, '/')) {
		const struct case_fact *above;

		*slash = '\0';
		above = case_find_fact(c, *path ? path : "/");
		if (!above || above->fact.type != S_IFDIR)
			continue;
		fact->above = above->path;
		fact->above_ino = above->fact.ino;
		return;
	}
}

static inline void case_find_names(const struct plan_case *c, const char *pattern,
				   struct denial_fact *fact)
{
	struct denial_name *names = calloc(c->n_facts + 1, sizeof(*names));

	case_require(names, "no memory");
	for (size_t i = 0; i < c->n_facts; i++)
		if (pattern_covers(pattern, c->facts[i].path) && !c->facts[i].fact.real)
			names[fact->n_names++] =
				(struct denial_name){ .path = c->facts[i].path,
						      .type = c->facts[i].fact.type,
						      .ino = c->facts[i].fact.ino };
	fact->names = names;
}

/* What is found at each denied name; freed by case_free_denials. */
static inline struct denial_fact *case_denial_facts(const struct plan_case *c,
						    const struct profile *profile,
						    const char *const *denied)
{
	struct denial_fact *facts = calloc(profile->n_denials + 1, sizeof(*facts));

	case_require(facts, "no memory");
	for (size_t i = 0; i < profile->n_denials; i++) {
		const char *path = denied[i] ? denied[i] : profile->denials[i].path;
		const struct case_fact *found = case_find_fact(c, path);
		char above[1024];

		(void)snprintf(above, sizeof(above), "%s", path);
		facts[i].has_link = denied[i] != NULL;
		if (strchr(path, '*')) {
			case_find_names(c, path, &facts[i]);
		} else if (found) {
			facts[i].errnum = found->fact.errnum;
			facts[i].type = found->fact.type;
			facts[i].ino = found->fact.ino;
		} else {
			facts[i].errnum = ENOENT;
			case_find_above(c, above, &facts[i]);
		}
	}
	return facts;
}

static inline void case_free_denials(struct denial_fact *facts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free((void *)(uintptr_t)facts[i].names);
	free(facts);
}

static inline void case_print_error(struct buf *buf, int r, const struct croft_error *err)
{
	buf_printf(buf, "%s in stage %s: %s", errno_name(-r) ? errno_name(-r) : "error",
		   stage_name((enum croft_stage)err->stage), err->what);
	if (*err->hint)
		buf_printf(buf, " (%s)", err->hint);
	buf_putc(buf, '\n');
}

/* JSON as the product writes it is one long line: broken here, where a person will look at it. */
static inline void case_break_json(struct buf *buf, const char *json)
{
	unsigned depth = 0;
	bool is_text = false;

	for (const char *p = json; *p && *p != '\n'; p++) {
		bool opens = !is_text && (*p == '{' || *p == '[');
		bool closes = !is_text && (*p == '}' || *p == ']');
		bool breaks = depth < 2 || (depth == 2 && *p == ',' && p[1] == '{');

		if (closes && depth <= 2)
			buf_printf(buf, "\n%*s", (int)(depth - 1) * 2, "");
		depth += opens;
		depth -= closes;
		buf_putc(buf, *p);
		if (*p == '\\' && is_text)
			buf_putc(buf, *++p);
		else if (*p == '"')
			is_text = !is_text;
		if ((opens && depth <= 2) || (!is_text && *p == ',' && breaks))
			buf_printf(buf, "\n%*s", (int)depth * 2, "");
	}
	buf_putc(buf, '\n');
}

static inline void case_print_plan(const struct plan_case *c, const struct plan *plan,
				   struct buf *buf)
{
	AUTO_BUF struct buf json = BUF_INIT(CASE_MAX_BYTES), warning = BUF_INIT(CASE_MAX_BYTES);
	struct croft_error err;
	int r = plan_check(plan, &err);

	if (c->shows_json) {
		plan_print_json(&json, plan);
		case_require(buf_error(&json) == 0, "the plan is too long");
		case_break_json(buf, buf_text(&json));
		return;
	}
	plan_print(buf, plan);
	plan_warn(&warning, plan);
	buf_puts(buf, "Check: ");
	if (r < 0)
		case_print_error(buf, r, &err);
	else
		buf_puts(buf, "it may start\n");
	buf_printf(buf, "Warning: %s\n", warning.len ? buf_text(&warning) : "none");
}

/* The command of the case, or the profile's own. */
static inline const char *const *case_argv(const struct plan_case *c, struct profile *profile)
{
	const char *const *argv = NULL;

	if (c->n_argv)
		return c->argv;
	case_require(profile_command(profile, &argv, NULL) == 0, "no memory");
	return argv;
}

static inline void case_plan(struct plan_case *c, const struct host *host, struct profile *profile,
			     struct buf *buf)
{
	struct grant grants[CASE_MAX_FACTS], bounds[CASE_MAX_FACTS];
	struct plan_pattern patterns[16] = { 0 };
	struct plan_input input = { .profile = profile,
				    .host = host,
				    .argv = case_argv(c, profile),
				    .command_path = c->program,
				    .environ = c->environ,
				    .tmpdir = c->tmpdir,
				    .patterns = patterns };
	struct croft_error err;
	struct plan *plan;
	const char **denied = case_denied(c, profile);
	struct denial_fact *denials = case_denial_facts(c, profile, denied);
	struct directory_fact directories[ARRAY_SIZE(c->lists)];
	struct path_fact *facts;
	int r;

	for (size_t i = 0; i < c->n_lists; i++)
		directories[i] = c->lists[i].fact;
	input.directories = directories;
	input.n_directories = c->n_lists;
	input.links = c->links;
	input.n_links = c->n_links;
	input.denial_facts = denials;
	input.denied = denied;
	profile->n_grants = case_expand(c, profile->grants, profile->n_grants, patterns,
					&input.n_patterns, grants);
	profile->grants = grants;
	profile->n_bounds = case_expand(c, profile->bounds, profile->n_bounds, patterns,
					&input.n_patterns, bounds);
	profile->bounds = bounds;
	facts = case_facts(c, profile);
	input.facts = facts;
	r = plan_build(&input, &plan, &err);
	if (r == 0) {
		case_print_plan(c, plan, buf);
		plan_free(plan);
	} else {
		buf_puts(buf, "Error: ");
		case_print_error(buf, r, &err);
	}
	free(facts);
	case_free_denials(denials, profile->n_denials);
	free(denied);
}

/* What the case gives: the plan on each host and what is said of it, or the error. */
static inline void case_print(struct plan_case *c, struct buf *buf)
{
	for (size_t i = 0; i < c->n_hosts; i++) {
		struct host host = case_read_host(c->host_names[i]);
		struct profile *profile = NULL;
		struct croft_error err;
		int r = case_profile(c, &profile, &err);

		if (c->n_hosts > 1)
			buf_printf(buf, "%s=== %s\n", i ? "\n" : "", c->host_names[i]);
		if (r == 0) {
			case_plan(c, &host, profile, buf);
		} else {
			buf_puts(buf, "Error: ");
			case_print_error(buf, r, &err);
		}
		profile_free(profile);
	}
}

#endif
