/* SPDX-License-Identifier: MIT */
/*
 * nix_conf.c - reads nix.conf and what it includes, keeps every assignment with its place.
 *
 * A line is cut at the first '#', wherever it stands, and then into words; the second must be "=",
 * but for "include FILE" and "!include FILE". Nix reads a whole file before it makes one
 * assignment of it, and an included file in the place of the line that names it. The order of
 * struct nix_conf's lines is that order, so the last line of a name decides.
 *
 * Nix passes over a file that is there and cannot be read, which hides the tokens or the keys that
 * stand in it: that is kept as a fault.
 */
#include "doctor/nix_conf.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "elf/root.h"
#include "sys/path.h"

#define BLANKS " \t\n\r"
#define EXTRA "extra-"

/* What is read now: one file within others. */
struct reading {
	struct nix_conf *conf;
	const char *file;
	const struct reading *outer; /* the file that includes it; NULL */
	unsigned depth;
	bool is_system;
	nix_conf_reader reader;
	void *context;
};

void nix_conf_init(struct nix_conf *conf)
{
	*conf = (struct nix_conf){ 0 };
	arena_init(&conf->arena, NIX_CONF_BYTES_MAX);
}

void nix_conf_done(struct nix_conf *conf)
{
	arena_done(&conf->arena);
	*conf = (struct nix_conf){ 0 };
}

static int add_fault(const struct reading *reading, enum nix_fault_kind kind, unsigned line,
		     const char *text, int errnum)
{
	struct nix_conf *conf = reading->conf;
	struct nix_fault *faults;
	const char *copy = arena_strdup(&conf->arena, text);

	if (conf->n_faults >= NIX_CONF_LINES_MAX)
		return 0;
	faults = arena_grow(&conf->arena, conf->faults, conf->n_faults, &conf->faults_capacity,
			    sizeof(*faults));
	if (!faults || !copy)
		return -ENOMEM;
	conf->faults = faults;
	faults[conf->n_faults++] = (struct nix_fault){ kind, reading->file, line, copy, errnum };
	return 0;
}

static int add_line(const struct reading *reading, unsigned number, const char *key,
		    const char *value)
{
	struct nix_conf *conf = reading->conf;
	struct nix_line *lines;

	if (conf->n_lines >= NIX_CONF_LINES_MAX)
		return add_fault(reading, NIX_FAULT_LIMIT, number, "too many lines", 0);
	lines = arena_grow(&conf->arena, conf->lines, conf->n_lines, &conf->lines_capacity,
			   sizeof(*lines));
	if (!lines)
		return -ENOMEM;
	conf->lines = lines;
	lines[conf->n_lines++] = (struct nix_line){
		.key = key,
		.value = value,
		.file = reading->file,
		.line = number,
		.is_system = reading->is_system,
	};
	return 0;
}

/* Takes the next word off the text and ends it; NULL at the end. */
static char *next_word(char **text)
{
	char *word = *text + strspn(*text, BLANKS);
	size_t len = strcspn(word, BLANKS);

	*text = word + len;
	if (**text)
		*(*text)++ = '\0';
	return len ? word : NULL;
}

/* The words with one space between them, moved together in place. */
static char *join_words(char *text)
{
	char *to = text, *word;

	for (char *rest = text; (word = next_word(&rest));) {
		size_t len = strlen(word);

		if (to != text)
			*to++ = ' ';
		memmove(to, word, len);
		to += len;
	}
	*to = '\0';
	return text;
}

static int read_text(const struct reading *reading, char *text, size_t len);

static bool is_in_circle(const struct reading *reading, const char *path)
{
	for (; reading; reading = reading->outer)
		if (!strcmp(reading->file, path))
			return true;
	return false;
}

/* Relative to the directory of the file in which it stands. */
static const char *include_path(const struct reading *reading, const char *name)
{
	const char *slash = strrchr(reading->file, '/');
	struct arena *arena = &reading->conf->arena;

	if (*name == '/')
		return arena_strdup(arena, name);
	if (!slash)
		return arena_path(arena, "/proc/self/cwd", name);
	return arena_printf(arena, "%.*s/%s", (int)(slash - reading->file), reading->file, name);
}

static int include(const struct reading *reading, unsigned number, const char *name, bool must_be)
{
	const char *path = include_path(reading, name);
	struct nix_conf *conf = reading->conf;
	struct reading inner = *reading;
	AUTO_FREE char *data = NULL;
	long len;

	if (!path)
		return -ENOMEM;
	if (is_in_circle(reading, path))
		return add_fault(reading, NIX_FAULT_LOOP, number, path, ELOOP);
	if (reading->depth >= NIX_CONF_DEPTH_MAX || conf->n_files >= NIX_CONF_FILES_MAX)
		return add_fault(reading, NIX_FAULT_LIMIT, number, path, 0);
	len = reading->reader(reading->context, path, &data);
	if (len == -ENOMEM)
		return -ENOMEM;
	if (len == -ENOENT || len == -ENOTDIR)
		return must_be ? add_fault(reading, NIX_FAULT_NO_INCLUDE, number, path, (int)-len)
			       : 0;
	if (len < 0)
		return add_fault(reading, NIX_FAULT_UNREAD, number, path, (int)-len);
	conf->files[conf->n_files++] = path;
	inner.file = path;
	inner.outer = reading;
	inner.depth++;
	return read_text(&inner, data, (size_t)len);
}

static bool is_include(const char *word)
{
	return !strcmp(word, "include") || !strcmp(word, "!include");
}

/* Of a line that cannot be read, its setting alone is told: tokens stand in such files. */
static int add_syntax(const struct reading *reading, unsigned number, char *key)
{
	bool is_told;

	key[strcspn(key, "=")] = '\0';
	is_told = nix_key_true_name(key) || is_include(key);
	return add_fault(reading, NIX_FAULT_SYNTAX, number, is_told ? key : "", 0);
}

static int read_line(const struct reading *reading, unsigned number, char *line)
{
	char *rest = line, *key = next_word(&rest), *second;

	if (!key)
		return 0;
	second = next_word(&rest);
	if (second && is_include(key)) {
		if (next_word(&rest))
			return add_syntax(reading, number, key);
		return include(reading, number, second, *key != '!');
	}
	if (!second || strcmp(second, "=") != 0)
		return add_syntax(reading, number, key);
	key = arena_strdup(&reading->conf->arena, key);
	rest = arena_strdup(&reading->conf->arena, join_words(rest));
	return key && rest ? add_line(reading, number, key, rest) : -ENOMEM;
}

/* Cuts the text up. A NUL ends what is seen of its line. */
static int read_text(const struct reading *reading, char *text, size_t len)
{
	unsigned number = 0;
	int r = 0;

	for (size_t at = 0; at < len && r == 0;) {
		char *line = text + at, *end = memchr(line, '\n', len - at);
		size_t size = end ? (size_t)(end - line) : len - at;

		line[size] = '\0'; /* the text has room for it: a newline, or its own NUL */
		line[strcspn(line, "#")] = '\0';
		r = read_line(reading, ++number, line);
		at += size + 1;
	}
	return r;
}

int nix_conf_parse(struct nix_conf *conf, const char *source, const char *text, size_t len,
		   bool is_system, nix_conf_reader reader, void *context)
{
	AUTO_FREE char *copy = malloc(len + 1);
	struct reading reading = {
		.conf = conf,
		.file = arena_strdup(&conf->arena, source),
		.is_system = is_system,
		.reader = reader,
		.context = context,
	};

	if (!copy || !reading.file)
		return -ENOMEM;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return read_text(&reading, copy, len);
}

static long read_real(void *context, const char *path, char **ret_text)
{
	return root_read_file(context, path, NIX_CONF_FILE_MAX, ret_text);
}

static int load_file(struct nix_conf *conf, const char *path, bool is_system)
{
	struct root root = { .fd = -1, .path = "/" };
	const struct reading about = { .conf = conf, .file = path };
	AUTO_FREE char *data = NULL;
	ssize_t len;

	if (conf->n_files >= NIX_CONF_FILES_MAX)
		return add_fault(&about, NIX_FAULT_LIMIT, 0, path, 0);
	len = root_read_file(&root, path, NIX_CONF_FILE_MAX, &data);
	if (len == -ENOENT || len == -ENOTDIR)
		return 0;
	if (len == -ENOMEM)
		return -ENOMEM;
	if (len < 0)
		return add_fault(&about, NIX_FAULT_UNREAD, 0, path, (int)-len);
	conf->files[conf->n_files++] = path;
	return nix_conf_parse(conf, path, data, (size_t)len, is_system, read_real, &root);
}

/* The last name of a list first: its first has the last word. */
static int load_list(struct nix_conf *conf, const char *list, const char *suffix)
{
	size_t end = strlen(list), begin;
	const char *path;
	int r = 0;

	for (; r == 0 && end > 0; end = begin > 0 ? begin - 1 : 0) {
		for (begin = end; begin > 0 && list[begin - 1] != ':'; begin--)
			;
		if (begin == end)
			continue;
		path = arena_printf(&conf->arena, "%.*s%s", (int)(end - begin), list + begin,
				    suffix);
		r = path ? load_file(conf, path, false) : -ENOMEM;
	}
	return r;
}

static int load_user_files(struct nix_conf *conf, const struct nix_env *env)
{
	const char *dirs = env->xdg_dirs && *env->xdg_dirs ? env->xdg_dirs : "/etc/xdg", *path;
	int r;

	if (env->user_files)
		return load_list(conf, env->user_files, "");
	r = load_list(conf, dirs, "/nix/nix.conf");
	if (r < 0 || (!env->home && !env->xdg_home))
		return r;
	path = env->xdg_home ? arena_path(&conf->arena, env->xdg_home, "nix/nix.conf")
			     : arena_path(&conf->arena, env->home, ".config/nix/nix.conf");
	return path ? load_file(conf, path, false) : -ENOMEM;
}

const char *nix_conf_dir(const struct nix_env *env)
{
	return env->conf_dir && *env->conf_dir ? env->conf_dir : "/etc/nix";
}

int nix_conf_load(struct nix_conf *conf, const struct nix_env *env)
{
	struct root root = { .fd = -1, .path = "/" };
	const char *path;
	int r;

	nix_conf_init(conf);
	path = arena_path(&conf->arena, nix_conf_dir(env), "nix.conf");
	r = path ? load_file(conf, path, true) : -ENOMEM;
	if (r == 0)
		r = load_user_files(conf, env);
	if (r == 0 && env->config)
		r = nix_conf_parse(conf, "NIX_CONFIG", env->config,
				   strnlen(env->config, NIX_CONF_FILE_MAX), false, read_real,
				   &root);
	if (r < 0)
		nix_conf_done(conf);
	return r;
}

/* Whether the line is about the setting; adds: "extra-" stands before it. */
static bool is_about(const struct nix_line *line, const char *name, bool *ret_adds)
{
	const char *known = nix_key_true_name(line->key);

	*ret_adds = !strncmp(line->key, EXTRA, strlen(EXTRA)) ||
		    !strncmp(line->key, "build-" EXTRA, strlen("build-" EXTRA));
	return known && !strcmp(known, name);
}

struct nix_value nix_conf_get(struct nix_conf *conf, const char *name, const char *initial,
			      bool system_only)
{
	struct nix_value found = { initial, NULL };
	bool adds;

	for (size_t i = 0; i < conf->n_lines; i++) {
		const struct nix_line *line = &conf->lines[i];

		if ((system_only && !line->is_system) || !is_about(line, name, &adds))
			continue;
		found.value =
			adds && found.value && *found.value
				? arena_printf(&conf->arena, "%s %s", found.value, line->value)
				: line->value;
		if (!found.value)
			found.value = line->value;
		found.at = line;
	}
	return found;
}

const struct nix_line *nix_conf_overrides(const struct nix_conf *conf, const struct nix_line *line)
{
	const char *name = nix_key_true_name(line->key);
	const struct nix_line *last = NULL;
	bool adds;

	for (size_t i = (size_t)(line - conf->lines) + 1; name && i < conf->n_lines; i++)
		if (is_about(&conf->lines[i], name, &adds) && !adds)
			last = &conf->lines[i];
	return last;
}

const char *nix_env_find(char *const envp[], const char *name)
{
	size_t len = strlen(name);

	for (; *envp; envp++)
		if (!strncmp(*envp, name, len) && (*envp)[len] == '=')
			return *envp + len + 1;
	return NULL;
}

struct nix_env nix_env_of(char *const envp[])
{
	return (struct nix_env){
		.conf_dir = nix_env_find(envp, "NIX_CONF_DIR"),
		.user_files = nix_env_find(envp, "NIX_USER_CONF_FILES"),
		.config = nix_env_find(envp, "NIX_CONFIG"),
		.home = nix_env_find(envp, "HOME"),
		.xdg_home = nix_env_find(envp, "XDG_CONFIG_HOME"),
		.xdg_dirs = nix_env_find(envp, "XDG_CONFIG_DIRS"),
		.remote = nix_env_find(envp, "NIX_REMOTE"),
		.store_dir = nix_env_find(envp, "NIX_STORE_DIR"),
		.state_dir = nix_env_find(envp, "NIX_STATE_DIR"),
		.socket = nix_env_find(envp, "NIX_DAEMON_SOCKET_PATH"),
		.remote_systems = nix_env_find(envp, "NIX_REMOTE_SYSTEMS"),
		.path = nix_env_find(envp, "PATH"),
	};
}
