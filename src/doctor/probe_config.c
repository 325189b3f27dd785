/* SPDX-License-Identifier: MIT */
/*
 * probe_config.c - lines of sysctl.d(5) that do nothing here: keys that this kernel has not, and
 * values that are not in force.
 *
 * People set what a page of the net told them, and then take it for done, or for the cause. So each
 * line is compared with /proc/sys, by looking for its file and reading it; nothing is written.
 *
 * Order     As systemd-sysctl has it: of files with one name that in the first of the directories
 *           counts (a link to /dev/null hides the others), all are read in the order of their
 *           names, and a later line wins. /etc/sysctl.conf comes last, as procps reads it, if no
 *           link in a directory has it already.
 * Lines     "key = value"; "-" before it: it may fail; "-key" alone: patterns before it are not
 *           meant for it; * ? [ are patterns over /proc/sys. A key's first separator, "." or
 *           "/", is its separator; the other one means the first.
 * Bounds    The files are the host's, or an image's whose maker is nobody's friend. Only regular
 *           files are opened, of a size; every count has a limit; a key cannot climb ("..").
 */
#include "doctor/probe_config.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define ARENA_MAX (16U << 20)
#define VALUE_MAX 256
#define NAMES_SIZE 32768
#define DEPTH_MAX 12 /* of a key; the kernel's deepest have seven parts */

static const char *const directories[] = {
	"etc/sysctl.d",     "run/sysctl.d", "usr/local/lib/sysctl.d",
	"usr/lib/sysctl.d", "lib/sysctl.d", /* a link to the one before on most systems */
};

struct file {
	const char *name; /* without its directory: what the order is by */
	const char *path; /* from the root, without the first slash */
	dev_t device;
	ino_t inode;
};

struct line {
	const char *key; /* as a path below /proc/sys */
	const char *value; /* NULL: a pattern's exception */
	const struct file *file;
	unsigned number;
	bool may_fail, is_pattern;
};

struct look {
	const struct probe_context *context;
	int root, sys;
	struct arena arena;
	struct file files[CONFIG_FILES_MAX];
	size_t n_files;
	struct line lines[CONFIG_LINES_MAX];
	size_t n_lines, n_reports, n_matches;
	bool is_cut;
};

static void report(struct look *look, enum obs id, const char *subject, const char *step,
		   const char *text)
{
	const struct observation obs = { .id = id,
					 .outcome = OBS_NO,
					 .value = OBS_NO_VALUE,
					 .subject = subject,
					 .step = step,
					 .text = text };

	if (look->n_reports++ < CONFIG_REPORTS_MAX)
		probe_report(look->context, &obs);
	else
		look->is_cut = true;
}

static void fault(struct look *look, const char *path, const char *step)
{
	char text[PATH_MAX + 2];

	(void)snprintf(text, sizeof(text), "/%s", path);
	report(look, OBS_SYSCTL_FAULT, text, step, NULL);
}

/* Files */

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len > end_len && strcmp(text + len - end_len, end) == 0;
}

static bool has_name(const struct look *look, const char *name)
{
	for (size_t i = 0; i < look->n_files; i++) {
		if (strcmp(look->files[i].name, name) == 0)
			return true;
	}
	return false;
}

static void add_file(struct look *look, const char *directory, const char *name)
{
	struct file file = { 0 };
	struct stat st;

	if (look->n_files == CONFIG_FILES_MAX) {
		look->is_cut = true;
		return;
	}
	file.path = *directory ? arena_path(&look->arena, directory, name)
			       : arena_strdup(&look->arena, name);
	file.name = arena_strdup(&look->arena, name);
	if (!file.path || !file.name)
		return;
	if (sys_fstatat(look->root, file.path, &st, 0) == 0) {
		file.device = st.st_dev;
		file.inode = st.st_ino;
	}
	look->files[look->n_files++] = file;
}

static void list_directory(struct look *look, const char *directory)
{
	AUTO_FD int fd = sys_openat(look->root, directory, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0);
	AUTO_FREE char *names = malloc(NAMES_SIZE);
	size_t n_names = 0;
	ssize_t n;

	if (fd < 0 && fd != -ENOENT)
		fault(look, directory, "unread");
	while (fd >= 0 && names && (n = sys_getdents64(fd, names, NAMES_SIZE)) > 0) {
		for (ssize_t at = 0; at < n;) {
			struct sys_dirent *entry = (struct sys_dirent *)(void *)(names + at);

			at += entry->length;
			if (++n_names > CONFIG_NAMES_MAX) {
				look->is_cut = true;
				return;
			}
			if (ends_with(entry->name, ".conf") && !has_name(look, entry->name))
				add_file(look, directory, entry->name);
		}
	}
}

static int by_name(const void *a, const void *b)
{
	const struct file *one = a, *other = b;

	return strcmp(one->name, other->name);
}

static void list_files(struct look *look)
{
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		list_directory(look, directories[i]);
	qsort(look->files, look->n_files, sizeof(look->files[0]), by_name);
	if (sys_fstatat(look->root, "etc/sysctl.conf", &st, 0) < 0)
		return;
	for (size_t i = 0; i < look->n_files; i++) {
		if (look->files[i].inode == st.st_ino && look->files[i].device == st.st_dev)
			return;
	}
	add_file(look, "etc", "sysctl.conf");
}

/* Lines */

static char *trim(char *text)
{
	size_t len;

	text += strspn(text, " \t\r");
	len = strlen(text);
	while (len && strchr(" \t\r", text[len - 1]))
		text[--len] = '\0';
	return text;
}

/* "net.ipv4.conf.eth0/1.x" to "net/ipv4/conf/eth0.1/x"; false: it names nothing below /proc/sys. */
static bool make_path(char *key)
{
	size_t first = strcspn(key, "./");
	bool has_dots = key[first] == '.';
	size_t depth = 1;

	for (char *at = key; *at && has_dots; at++)
		*at = *at == '.' ? '/' : *at == '/' ? '.' : *at;
	for (char *part = key;; depth++) {
		size_t len = strcspn(part, "/");

		if (len == 0 || (len == 1 && *part == '.') ||
		    (len == 2 && part[0] == '.' && part[1] == '.') || len > NAME_MAX)
			return false;
		if (!part[len])
			return depth <= DEPTH_MAX;
		part += len + 1;
	}
}

static void add_line(struct look *look, const struct file *file, unsigned number, char *text)
{
	struct line line = { .file = file, .number = number };
	char *value;

	text = trim(text);
	if (!*text || *text == '#' || *text == ';')
		return;
	if (look->n_lines == CONFIG_LINES_MAX) {
		look->is_cut = true;
		return;
	}
	line.may_fail = *text == '-';
	if (line.may_fail)
		text++;
	value = strchr(text, '=');
	if (value)
		*value++ = '\0';
	text = trim(text);
	if ((!value && !line.may_fail) || !make_path(text)) {
		char where[PATH_MAX + 32];

		(void)snprintf(where, sizeof(where), "/%s:%u", file->path, number);
		report(look, OBS_SYSCTL_FAULT, where, "syntax", NULL);
		return;
	}
	line.is_pattern = strpbrk(text, "*?[") != NULL;
	line.key = arena_strdup(&look->arena, text);
	line.value = value ? arena_strdup(&look->arena, trim(value)) : NULL;
	if (line.key && (line.value || !value))
		look->lines[look->n_lines++] = line;
}

static bool is_null_device(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

static void read_lines(struct look *look, const struct file *file, char *data)
{
	AUTO_FD int fd = -1;
	struct stat st;
	unsigned number = 0;
	ssize_t n;
	int r = sys_fstatat(look->root, file->path, &st, 0);

	if (r == 0 && is_null_device(&st))
		return;
	if (r == 0 && S_ISREG(st.st_mode))
		fd = sys_openat(look->root, file->path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	n = fd < 0 ? fd : fd_read_text(fd, data, CONFIG_FILE_MAX);
	if (fd < 0 || n < 0) {
		fault(look, file->path, n == -EFBIG ? "limit" : "unread");
		return;
	}
	for (char *line = data, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		add_line(look, file, ++number, line);
	}
}

/* Comparing */

/* Blanks squeezed: the kernel puts tabs between numbers. */
static void squeeze(char *text)
{
	char *to = text;

	for (const char *at = text; *at; at++) {
		bool is_blank = strchr(" \t\n", *at) != NULL;

		if (!is_blank)
			*to++ = *at;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	}
	while (to > text && to[-1] == ' ')
		to--;
	*to = '\0';
}

static bool read_value(const struct look *look, const char *key, char ret[VALUE_MAX])
{
	AUTO_FD int fd = sys_openat(look->sys, key, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	struct stat st;
	ssize_t n;

	if (fd < 0 || sys_fstatat(fd, "", &st, AT_EMPTY_PATH) < 0 || !S_ISREG(st.st_mode))
		return false;
	n = fd_read_full(fd, ret, VALUE_MAX - 1);
	ret[n < 0 ? 0 : n] = '\0';
	squeeze(ret);
	return n > 0;
}

/* The kernel takes 0x10 and 020 for 16 (proc_get_long), and prints 16. */
static bool parse_number(const char *text, size_t len, uint64_t *ret)
{
	uint64_t number = 0;
	unsigned base = 10;
	size_t at = 0;

	if (len > 2 && text[0] == '0' && (text[1] | 32) == 'x') {
		base = 16;
		at = 2;
	} else if (len > 1 && text[0] == '0') {
		base = 8;
	}
	for (; at < len; at++) {
		int c = text[at] | 32;
		unsigned digit = c >= 'a' ? (unsigned)(c - 'a') + 10 : (unsigned)(text[at] - '0');

		if ((c < 'a' && (text[at] < '0' || text[at] > '9')) || digit >= base ||
		    number > (UINT64_MAX - digit) / base)
			return false;
		number = number * base + digit;
	}
	*ret = number;
	return len > 0;
}

static bool is_same(const char *wanted, const char *have)
{
	char text[VALUE_MAX];

	(void)snprintf(text, sizeof(text), "%s", wanted);
	squeeze(text);
	for (const char *a = text, *b = have;;) {
		size_t len_a = strcspn(a, " "), len_b = strcspn(b, " ");
		uint64_t one, other;

		if ((len_a != len_b || memcmp(a, b, len_a) != 0) &&
		    !(parse_number(a, len_a, &one) && parse_number(b, len_b, &other) &&
		      one == other))
			return false;
		if (!a[len_a] || !b[len_b])
			return !a[len_a] && !b[len_b];
		a += len_a + 1;
		b += len_b + 1;
	}
}

/* How many names below /proc/sys fit the rest of a pattern. */
static void count_matches(struct look *look, int dirfd, const char *pattern)
{
	size_t len = strcspn(pattern, "/");
	char part[NAME_MAX + 1];
	AUTO_FREE char *names = malloc(NAMES_SIZE);
	AUTO_FD int fd = sys_openat(dirfd, ".", O_RDONLY | O_DIRECTORY, 0);
	ssize_t n;

	memcpy(part, pattern, len);
	part[len] = '\0';
	while (fd >= 0 && names && (n = sys_getdents64(fd, names, NAMES_SIZE)) > 0) {
		for (ssize_t at = 0; at < n && look->n_matches < CONFIG_MATCHES_MAX;) {
			struct sys_dirent *entry = (struct sys_dirent *)(void *)(names + at);
			AUTO_FD int inner = -1;

			at += entry->length;
			if (entry->name[0] == '.' || fnmatch(part, entry->name, FNM_PERIOD) != 0)
				continue;
			if (!pattern[len]) {
				look->n_matches++;
				continue;
			}
			inner = sys_openat(fd, entry->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
			if (inner >= 0)
				count_matches(look, inner, pattern + len + 1);
		}
	}
}

static bool exists(struct look *look, const struct line *line)
{
	struct stat st;

	if (!line->is_pattern)
		return sys_fstatat(look->sys, line->key, &st, AT_SYMLINK_NOFOLLOW) == 0;
	look->n_matches = 0;
	count_matches(look, look->sys, line->key);
	return look->n_matches > 0;
}

/* The line that decides about the key of line `i`: the last that names it. */
static const struct line *last_of(const struct look *look, size_t i)
{
	const struct line *last = &look->lines[i];

	for (size_t k = i + 1; k < look->n_lines; k++) {
		if (look->lines[k].value && strcmp(look->lines[k].key, last->key) == 0)
			last = &look->lines[k];
	}
	return last;
}

static void compare(struct look *look, size_t i)
{
	const struct line *line = &look->lines[i], *last = last_of(look, i);
	char key[PATH_MAX], text[2 * PATH_MAX + 2 * VALUE_MAX], have[VALUE_MAX];

	if (!line->value)
		return;
	(void)snprintf(key, sizeof(key), "%s", line->key);
	for (char *at = key; *at; at++)
		*at = *at == '/' ? '.' : *at == '.' ? '/' : *at;
	if (!exists(look, line)) {
		(void)snprintf(text, sizeof(text), "/%s:%u", line->file->path, line->number);
		report(look, OBS_SYSCTL_LINE, key, line->may_fail ? "no-key-optional" : "no-key",
		       text);
	} else if (line->is_pattern) {
		return; /* of several values none is the one in force */
	} else if (last != line) {
		if (is_same(line->value, last->value))
			return;
		(void)snprintf(text, sizeof(text), "/%s:%u sets %.200s, /%s:%u sets %.200s",
			       line->file->path, line->number, line->value, last->file->path,
			       last->number, last->value);
		report(look, OBS_SYSCTL_LINE, key, "overridden", text);
	} else if (read_value(look, line->key, have) && !is_same(line->value, have)) {
		(void)snprintf(text, sizeof(text), "/%s:%u sets %.200s, in force is %.200s",
			       line->file->path, line->number, line->value, have);
		report(look, OBS_SYSCTL_LINE, key, "differs", text);
	}
}

void config_look(const struct probe_context *context, int root, int sys)
{
	AUTO_FREE struct look *look = calloc(1, sizeof(*look));
	AUTO_FREE char *data = malloc(CONFIG_FILE_MAX);

	if (!look || !data) {
		probe_report(context, &(struct observation){ .id = OBS_SYSCTL_FILES,
							     .outcome = OBS_BROKEN,
							     .errnum = ENOMEM,
							     .value = OBS_NO_VALUE });
		return;
	}
	look->context = context;
	look->root = root;
	look->sys = sys;
	arena_init(&look->arena, ARENA_MAX);
	list_files(look);
	for (size_t i = 0; i < look->n_files; i++)
		read_lines(look, &look->files[i], data);
	probe_value(context, OBS_SYSCTL_FILES, (int64_t)look->n_lines, NULL);
	for (size_t i = 0; i < look->n_lines; i++)
		compare(look, i);
	if (look->is_cut)
		probe_no(context, OBS_SYSCTL_FAULT, "limit", 0, "not all of it was looked at");
	arena_done(&look->arena);
}

static void ask(const struct probe_context *context)
{
	AUTO_FD int root = sys_openat(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0);
	AUTO_FD int sys = sys_openat(AT_FDCWD, "/proc/sys", O_RDONLY | O_DIRECTORY, 0);

	if (root < 0 || sys < 0)
		probe_no(context, OBS_SYSCTL_FILES, root < 0 ? "root" : "proc",
			 root < 0 ? -root : -sys, NULL);
	else
		config_look(context, root, sys);
}

static const struct probe probes[] = { { .id = OBS_SYSCTL_FILES, .run = ask, .limit_ms = 1200 } };

const struct probe_table probes_config = { probes, ARRAY_SIZE(probes) };
