/* SPDX-License-Identifier: MIT */
/*
 * cases.h - a case of the golden tests: read from its file, planned, printed.
 *
 * A case file says everything that a plan is made from, so that it gives the same
 * plan on any machine. Lines until "---" are the input, the rest is what must come out:
 *
 *   # One sentence: what the case shows.
 *   host: abi-07                  tests/plan/hosts/abi-07.host, as croft plan --save-host writes
 * it;
 *                                 several: one plan for each, under its name
 *   profile: default              a built-in; or which one of the file's
 *   | version: 2                  a line of a profile file, "x.yaml", in place of a built-in
 *   > version: 2                  a line of a project's file, ".croft.yaml", which may only take
 * away
 *   home: /home/ada               left out: there is none
 *   workdir: /home/ada/project    left out: it cannot be known
 *   include: debian.facts         more lines of this form, from tests/plan
 *   fact: dir /bin -> /usr/bin    a path: its type (dir file char sock fifo) and where it leads,
 *   fact: EACCES /srv/x           or the errno of opening it; a path without a fact is missing
 *                                 (a pattern among the grants finds the facts that fit it)
 *   denied: /srv/a -> /srv/b      where a denied path leads (a denied name without a fact is not
 *                                 there; what fits a pattern is found among the facts)
 *   list: /srv/a b c              what is in a directory, by names that have facts; ends in " ..."
 *                                 where there is more than may be listed
 *   link: /bin -> usr/bin         a symbolic link on the way to a grant, or in "/"
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
#define CASE_MAX_FILE 8192

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

/* A profile file in the case: its lines, and where its texts live when it is read. */
struct case_file {
	const char *name;
	char text[CASE_MAX_FILE];
	size_t len;
	struct arena arena;
};

/* A directory's entries, by the words of a line. */
struct case_list {
	struct directory_fact fact;
	struct entry_fact entries[16];
};

struct plan_case {
	char *texts[4]; /* the case file and what it includes, cut into words */
	size_t n_texts;
	const char *expected; /* behind the rule; "" when there is none yet */
	const char *sentence;
	char *host_names[4];
	size_t n_hosts;
	const char *profile_name;
	struct case_file file, project; /* empty: none */
	struct case_fact denied[8]; /* path and real */
	size_t n_denied;
	struct case_list lists[4];
	size_t n_lists;
	struct path_link links[16];
	size_t n_links;
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

static inline const struct case_fact *case_find_fact(const struct plan_case *c, const char *path)
{
	for (size_t i = 0; i < c->n_facts; i++)
		if (!strcmp(c->facts[i].path, path))
			return &c->facts[i];
	return NULL;
}

/* "/srv/a b c ..." */
static inline void case_parse_list(struct plan_case *c, char *text)
{
	struct case_list *list = &c->lists[c->n_lists++];
	char *save, *word = strtok_r(text, " ", &save);

	case_require(c->n_lists <= ARRAY_SIZE(c->lists) && word, "list: '%s'", text);
	list->fact.path = word;
	list->fact.entries = list->entries;
	while ((word = strtok_r(NULL, " ", &save))) {
		struct entry_fact *entry = &list->entries[list->fact.n_entries++];
		const struct case_fact *fact;
		char path[256];

		if (!strcmp(word, "...")) {
			list->fact.errnum = EFBIG;
			return;
		}
		case_require(list->fact.n_entries < ARRAY_SIZE(list->entries), "too long a list");
		(void)snprintf(path, sizeof(path), "%s/%s", list->fact.path, word);
		fact = case_find_fact(c, path);
		case_require(fact, "list: no fact for '%s'", path);
		*entry = (struct entry_fact){ .name = word,
					      .type = fact->fact.real ? S_IFLNK : fact->fact.type,
					      .ino = fact->fact.ino,
					      .fact = SIZE_MAX };
	}
}

static inline void case_parse_link(struct plan_case *c, char *text)
{
	char *arrow = strstr(text, " -> ");

	case_require(arrow && c->n_links < ARRAY_SIZE(c->links), "link: '%s'", text);
	*arrow = '\0';
	c->links[c->n_links++] = (struct path_link){ .path = text, .target = arrow + 4 };
}

static inline void case_parse(struct plan_case *c, char *text);

static inline void case_parse_line(struct plan_case *c, char *line)
{
	char *value = strstr(line, ": ");

	case_require(value, "'%s' is not of the form 'key: value'", line);
	*value = '\0';
	value += 2;
	if (!strcmp(line, "host")) {
		for (char *save, *word = strtok_r(value, " ", &save); word;
		     word = strtok_r(NULL, " ", &save)) {
			case_require(c->n_hosts < ARRAY_SIZE(c->host_names), "too many hosts");
			c->host_names[c->n_hosts++] = word;
		}
	} else if (!strcmp(line, "denied")) {
		char *arrow = strstr(value, " -> ");

		case_require(arrow && c->n_denied < ARRAY_SIZE(c->denied), "denied: '%s'", value);
		*arrow = '\0';
		c->denied[c->n_denied++] =
			(struct case_fact){ .path = value, .fact = { .real = arrow + 4 } };
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
		c->facts[c->n_facts] = case_parse_fact(value);
		c->facts[c->n_facts].fact.ino = c->n_facts + 1;
		c->n_facts++;
	} else if (!strcmp(line, "list")) {
		case_parse_list(c, value);
	} else if (!strcmp(line, "link")) {
		case_parse_link(c, value);
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

/* A line of a profile file: what stands behind "| ". */
static inline void case_add_line(struct case_file *file, const char *line)
{
	size_t len;

	line += line[1] == ' ' ? 2 : 1;
	len = strlen(line);
	case_require(file->len + len + 2 < sizeof(file->text), "too long a file");
	memcpy(file->text + file->len, line, len);
	file->len += len;
	file->text[file->len++] = '\n';
}

static inline void case_parse(struct plan_case *c, char *text)
{
	for (char *line = text; *line;) {
		char *end = strchr(line, '\n');

		case_require(end, "the last line does not end: '%s'", line);
		*end = '\0';
		if (line[0] == '#' && line[1] && !c->sentence)
			c->sentence = line + 2;
		if (line[0] == '|' || line[0] == '>')
			case_add_line(line[0] == '|' ? &c->file : &c->project, line);
		else if (line[0] != '#' && line[0] != '\0')
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
	case_require(c->sentence && c->n_hosts && (c->profile_name || c->file.len),
		     "%s: needs a sentence, a host and a profile", name);
	c->file.name = "x.yaml";
	c->project.name = ".croft.yaml";
	return c;
}

static inline void case_free(struct plan_case *c)
{
	for (size_t i = 0; i < c->n_texts; i++)
		free(c->texts[i]);
	arena_done(&c->file.arena);
	arena_done(&c->project.arena);
	free(c);
}

#endif
