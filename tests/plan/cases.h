/* SPDX-License-Identifier: MIT */
/*
 * cases.h - a case of the golden tests: read from its file, planned, printed.
 *
 * A case file says everything that a plan is made from, so that it gives the same
 * plan on any machine. Lines until "---" are the input, the rest is what must come out:
 *
 *   # One sentence: what the case shows.
 *   host: abi-07                  tests/plan/hosts/abi-07.host, as croft plan --save-host writes it
 *   profile: default              a built-in
 *   home: /home/ada               left out: there is none
 *   workdir: /home/ada/project    left out: it cannot be known
 *   include: debian.facts         more lines of this form, from tests/plan
 *   fact: dir /bin -> /usr/bin    a path: its type (dir file char sock fifo) and where it leads,
 *   fact: EACCES /srv/x           or the errno of opening it; a path without a fact is missing
 *   set: connect 443              an option without its dashes
 *   variable: TERM=linux          one of the caller's variables
 *   command: make                 a word of the command; no such line: a plan to confine oneself
 *   program: /usr/bin/make        the file that was found for it
 *   tmpdir: /tmp/croft-0123       the name that was chosen for a fresh TMPDIR
 *   show: json                    the JSON form in place of the text (broken into lines here)
 */
#ifndef CROFT_TESTS_PLAN_CASES_H
#define CROFT_TESTS_PLAN_CASES_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "plan/plan.h"

#define CASE_MAX_FACTS 128
#define CASE_MAX_WORDS 32
#define CASE_MAX_BYTES (1 << 20)
#define CASE_RULE "---\n"

/* A mistake in a case file is the author's: the program ends. */
#define case_require(condition, ...)                        \
	do {                                                \
		if (!(condition)) {                         \
			(void)fprintf(stderr, __VA_ARGS__); \
			(void)fputc('\n', stderr);          \
			abort();                            \
		}                                           \
	} while (0)

struct case_fact {
	const char *path;
	struct path_fact fact;
};

struct plan_case {
	char *texts[4]; /* the case file and what it includes, cut into words */
	size_t n_texts;
	const char *expected; /* behind the rule; "" when there is none yet */
	const char *sentence;
	const char *host_name;
	const char *profile_name;
	const char *home, *workdir, *tmpdir, *program;
	struct case_fact facts[CASE_MAX_FACTS];
	size_t n_facts;
	char *settings[CASE_MAX_WORDS]; /* "connect 443" */
	size_t n_settings;
	const char *environ[CASE_MAX_WORDS];
	size_t n_environ;
	const char *argv[CASE_MAX_WORDS];
	size_t n_argv;
	bool shows_json;
};

/* tests/plan, or the copy of it that the runner names by TESTS. */
static inline void case_path(char *path, size_t size, const char *name)
{
	const char *tests = getenv("TESTS");
	int n = snprintf(path, size, "%s/plan/%s", tests ? tests : "tests", name);

	case_require(n > 0 && (size_t)n < size, "%s: too long a name", name);
}

/* The whole file, NUL-terminated; the caller's to free. */
static inline char *case_read_file(const char *name)
{
	char path[1024];
	char *text = malloc(CASE_MAX_BYTES);
	size_t n;
	FILE *file;

	case_path(path, sizeof(path), name);
	file = fopen(path, "rb");
	case_require(text && file, "%s: cannot be opened", path);
	n = fread(text, 1, CASE_MAX_BYTES - 1, file);
	case_require(!ferror(file) && feof(file), "%s: cannot be read", path);
	(void)fclose(file);
	text[n] = '\0';
	return text;
}

static inline struct host case_read_host(const char *name)
{
	struct croft_error err;
	struct host host;
	char path[256];
	char *text;

	(void)snprintf(path, sizeof(path), "hosts/%s.host", name);
	text = case_read_file(path);
	case_require(host_parse(text, strlen(text), &host, &err) == 0, "%s: %s", path, err.what);
	free(text);
	return host;
}

/* "dir /bin -> /usr/bin" or "EACCES /srv/x". The text is cut up and used. */
static inline struct case_fact case_parse_fact(char *text)
{
	static const struct {
		const char *word;
		mode_t type;
		int errnum;
	} words[] = {
		{ "dir", S_IFDIR, 0 },   { "file", S_IFREG, 0 },    { "char", S_IFCHR, 0 },
		{ "sock", S_IFSOCK, 0 }, { "fifo", S_IFIFO, 0 },    { "ENOENT", 0, ENOENT },
		{ "EACCES", 0, EACCES }, { "ENOTDIR", 0, ENOTDIR }, { "ELOOP", 0, ELOOP },
	};
	struct case_fact fact = { .fact = { .fd = -1 } };
	char *path = strchr(text, ' '), *arrow;
	size_t i = 0;

	case_require(path, "the fact '%s' has no path", text);
	*path++ = '\0';
	while (i < ARRAY_SIZE(words) && strcmp(words[i].word, text) != 0)
		i++;
	case_require(i < ARRAY_SIZE(words), "no kind of fact is '%s'", text);
	arrow = strstr(path, " -> ");
	if (arrow) {
		*arrow = '\0';
		fact.fact.real = arrow + 4;
	}
	fact.path = path;
	fact.fact.type = words[i].type;
	fact.fact.errnum = words[i].errnum;
	return fact;
}

static inline void case_parse(struct plan_case *c, char *text);

static inline void case_parse_line(struct plan_case *c, char *line)
{
	char *value = strstr(line, ": ");

	case_require(value, "'%s' is not of the form 'key: value'", line);
	*value = '\0';
	value += 2;
	if (!strcmp(line, "host")) {
		c->host_name = value;
	} else if (!strcmp(line, "profile")) {
		c->profile_name = value;
	} else if (!strcmp(line, "home")) {
		c->home = value;
	} else if (!strcmp(line, "workdir")) {
		c->workdir = value;
	} else if (!strcmp(line, "tmpdir")) {
		c->tmpdir = value;
	} else if (!strcmp(line, "program")) {
		c->program = value;
	} else if (!strcmp(line, "fact")) {
		case_require(c->n_facts < CASE_MAX_FACTS, "too many facts");
		c->facts[c->n_facts++] = case_parse_fact(value);
	} else if (!strcmp(line, "include")) {
		case_require(c->n_texts < ARRAY_SIZE(c->texts), "too many includes");
		c->texts[c->n_texts] = case_read_file(value);
		case_parse(c, c->texts[c->n_texts++]);
	} else if (!strcmp(line, "show")) {
		c->shows_json = !strcmp(value, "json");
		case_require(c->shows_json, "nothing is shown as '%s'", value);
	} else {
		bool is_set = !strcmp(line, "set"), is_word = !strcmp(line, "command");
		size_t *n = is_set ? &c->n_settings : is_word ? &c->n_argv : &c->n_environ;

		case_require(is_set || is_word || !strcmp(line, "variable"), "no key '%s'", line);
		case_require(*n < CASE_MAX_WORDS - 1, "too many lines '%s'", line);
		if (is_set)
			c->settings[*n] = value;
		else
			(is_word ? c->argv : c->environ)[*n] = value;
		(*n)++;
	}
}

static inline void case_parse(struct plan_case *c, char *text)
{
	for (char *line = text; *line;) {
		char *end = strchr(line, '\n');

		case_require(end, "the last line does not end: '%s'", line);
		*end = '\0';
		if (line[0] == '#' && line[1] && !c->sentence)
			c->sentence = line + 2;
		if (line[0] != '#' && line[0] != '\0')
			case_parse_line(c, line);
		line = end + 1;
	}
}

static inline struct plan_case *case_load(const char *name)
{
	struct plan_case *c = calloc(1, sizeof(*c));
	char *rule;

	case_require(c, "no memory");
	c->texts[c->n_texts++] = case_read_file(name);
	rule = strstr(c->texts[0], "\n" CASE_RULE);
	c->expected = rule ? rule + 1 + strlen(CASE_RULE) : "";
	if (rule)
		rule[1] = '\0';
	case_parse(c, c->texts[0]);
	case_require(c->sentence && c->host_name && c->profile_name,
		     "%s: needs a sentence, a host and a profile", name);
	return c;
}

static inline void case_free(struct plan_case *c)
{
	for (size_t i = 0; i < c->n_texts; i++)
		free(c->texts[i]);
	free(c);
}

/* The profile with the case's settings, or the error of the first that is refused. */
static inline int case_profile(const struct plan_case *c, struct profile **ret_profile,
			       struct croft_error *err)
{
	struct profile *profile;
	int r = profile_new(c->profile_name, c->home, c->workdir, &profile, err);

	for (size_t i = 0; i < c->n_settings && r == 0; i++) {
		char *key = arena_strdup(&profile->arena, c->settings[i]);
		char *value = strchr(key, ' ');

		if (value)
			*value++ = '\0';
		r = profile_set(profile, key, value, arena_printf(&profile->arena, "--%s", key),
				err);
		if (r < 0)
			profile_free(profile);
	}
	if (r == 0)
		*ret_profile = profile;
	return r;
}

/* The facts in the order of the grants; freed by the caller. */
static inline struct path_fact *case_facts(const struct plan_case *c, const struct profile *profile)
{
	struct path_fact *facts = calloc(profile->n_grants + 1, sizeof(*facts));

	case_require(facts, "no memory");
	for (size_t i = 0; i < profile->n_grants; i++) {
		facts[i] = (struct path_fact){ .fd = -1, .errnum = ENOENT };
		for (size_t j = 0; j < c->n_facts; j++)
			if (!strcmp(c->facts[j].path, profile->grants[i].path))
				facts[i] = c->facts[j].fact;
	}
	return facts;
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

/* What the case gives: the plan and what is said of it, or the error. */
static inline void case_print(const struct plan_case *c, struct buf *buf)
{
	struct host host = case_read_host(c->host_name);
	struct plan_input input = { .host = &host, .environ = c->environ, .tmpdir = c->tmpdir };
	struct path_fact *facts = NULL;
	struct profile *profile = NULL;
	struct croft_error err;
	struct plan *plan;
	int r = case_profile(c, &profile, &err);

	if (r == 0) {
		facts = case_facts(c, profile);
		input.profile = profile;
		input.facts = facts;
		input.argv = c->n_argv ? c->argv : NULL;
		input.command_path = c->program;
		r = plan_build(&input, &plan, &err);
	}
	if (r == 0) {
		case_print_plan(c, plan, buf);
		plan_free(plan);
	} else {
		buf_puts(buf, "Error: ");
		case_print_error(buf, r, &err);
	}
	free(facts);
	profile_free(profile);
}

#endif
