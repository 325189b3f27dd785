/* SPDX-License-Identifier: MIT */
/*
 * cmd_profile_new.c - croft profile new: a first profile for a project.
 *
 * Which presets fit is told by the names of files at the project's top and in its src directory.
 * Nothing is opened but these two directories, and nothing is run. The names may be a stranger's:
 * none of them comes into the file, only those of the table below that they are equal to. So all
 * that a project can choose is which presets are named, and the file is not approved by having
 * been written here.
 *
 * A file that is there is never overwritten, and a symbolic link in its place is not followed.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/cmd_profile.h"
#include "cli/place.h"
#include "profile/project.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define MAX_NAMES 10000 /* of one directory; a project's top has few */

enum preset {
	PRESET_PYTHON,
	PRESET_NODE,
	PRESET_RUST,
	PRESET_GO,
	PRESET_JAVA,
	PRESET_NIX,
	PRESET_MAKE_C,
	PRESET_MAX
};

static const char *const preset_names[PRESET_MAX] = {
	[PRESET_PYTHON] = "python", [PRESET_NODE] = "node", [PRESET_RUST] = "rust",
	[PRESET_GO] = "go",         [PRESET_JAVA] = "java", [PRESET_NIX] = "nix",
	[PRESET_MAKE_C] = "make-c",
};

/* What tells that a preset fits: a whole name, or with a '*' before it the end of one. */
static const struct sign {
	enum preset preset;
	const char *name;
} signs[] = {
	{ PRESET_PYTHON, "pyproject.toml" },
	{ PRESET_PYTHON, "setup.py" },
	{ PRESET_PYTHON, "setup.cfg" },
	{ PRESET_PYTHON, "requirements.txt" },
	{ PRESET_PYTHON, "Pipfile" },
	{ PRESET_PYTHON, "uv.lock" },
	{ PRESET_PYTHON, "tox.ini" },
	{ PRESET_PYTHON, "*.py" },
	{ PRESET_NODE, "package.json" },
	{ PRESET_NODE, "deno.json" },
	{ PRESET_NODE, "tsconfig.json" },
	{ PRESET_RUST, "Cargo.toml" },
	{ PRESET_GO, "go.mod" },
	{ PRESET_GO, "go.work" },
	{ PRESET_JAVA, "pom.xml" },
	{ PRESET_JAVA, "build.gradle" },
	{ PRESET_JAVA, "build.gradle.kts" },
	{ PRESET_JAVA, "settings.gradle" },
	{ PRESET_JAVA, "settings.gradle.kts" },
	{ PRESET_NIX, "flake.nix" },
	{ PRESET_NIX, "default.nix" },
	{ PRESET_NIX, "shell.nix" },
	{ PRESET_MAKE_C, "Makefile" },
	{ PRESET_MAKE_C, "makefile" },
	{ PRESET_MAKE_C, "GNUmakefile" },
	{ PRESET_MAKE_C, "CMakeLists.txt" },
	{ PRESET_MAKE_C, "meson.build" },
	{ PRESET_MAKE_C, "configure.ac" },
	{ PRESET_MAKE_C, "*.c" },
	{ PRESET_MAKE_C, "*.cc" },
	{ PRESET_MAKE_C, "*.cpp" },
};

/* What was found: for each preset its first sign in the order of the table, or NULL. */
struct findings {
	const struct sign *signs[PRESET_MAX];
	bool is_git;
};

static bool fits(const struct sign *sign, const char *name)
{
	size_t len = strlen(name), wanted = strlen(sign->name) - 1;

	if (sign->name[0] != '*')
		return !strcmp(sign->name, name);
	return name[0] != '.' && len > wanted && !strcmp(name + len - wanted, sign->name + 1);
}

static void look_at(struct findings *findings, const char *name)
{
	for (size_t i = ARRAY_SIZE(signs); i > 0; i--) {
		const struct sign *sign = &signs[i - 1], **found = &findings->signs[sign->preset];

		if (fits(sign, name) && (!*found || sign < *found))
			*found = sign;
	}
}

/* Names beyond the limit are not looked at. -ENOENT and the like: not there, nothing found. */
static int scan(struct findings *findings, const char *dir)
{
	_Alignas(struct sys_dirent) char data[8192];
	AUTO_FD int fd = sys_openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, 0);
	unsigned n_names = 0;
	ssize_t n = fd;

	while (fd >= 0 && n_names < MAX_NAMES) {
		n = sys_getdents64(fd, data, sizeof(data));
		if (n <= 0)
			break;
		for (ssize_t at = 0; at < n; n_names++) {
			const struct sys_dirent *entry = (const void *)(data + at);

			look_at(findings, entry->name);
			at += entry->length;
		}
	}
	return n < 0 ? (int)n : 0;
}

static int look_around(struct findings *findings, const char *dir, struct croft_error *err)
{
	char src[PATH_MAX + 8];
	int r = scan(findings, dir);

	if (r < 0)
		return fail(err, CROFT_STAGE_PROFILE, -r, "look at the project '%s'", dir);
	(void)snprintf(src, sizeof(src), "%s/src", dir);
	/* most projects have none */
	(void)scan(findings, src);
	return 0;
}

/* The text */

static void write_extends(struct buf *buf, const struct findings *findings)
{
	size_t n = 0;

	buf_puts(buf, "    extends:\n");
	for (int i = 0; i < PRESET_MAX; i++) {
		if (!findings->signs[i])
			continue;
		buf_printf(buf, "      - %s # because of %s\n", preset_names[i],
			   findings->signs[i]->name);
		n++;
	}
	if (n == 0)
		buf_puts(buf, findings->is_git ? "      - git # because of .git\n"
					       : "      - default\n");
}

/* `name`: what the file is called on the command line; NULL: it is found by itself. */
static void write_head(struct buf *buf, const char *name)
{
	if (name) {
		buf_puts(buf, "# What a command may do: croft run --profile ");
		text_word(buf, name);
		buf_puts(buf, " -- COMMAND\n#\n");
	} else {
		buf_puts(
			buf,
			"# What a command may do in this project: croft run -- COMMAND finds this file.\n"
			"#\n"
			"# Until its content is approved it can only take away from the profile default. To\n"
			"# let it grant what it says, read it, then: croft profile trust\n"
			"#\n");
	}
	buf_puts(buf, "# All keys are told in croft-profile(5); croft check finds weak points.\n");
}

static void write_text(struct buf *buf, const struct findings *findings, const char *name)
{
	write_head(buf, name);
	buf_puts(buf, "version: 2\n"
		      "profiles:\n"
		      "  project:\n"
		      "    description: work on this project\n");
	write_extends(buf, findings);
	buf_puts(buf,
		 "    # More, where it is needed: without the '#' these are as they would be.\n"
		 "    #files:\n"
		 "    #  read: [~/Documents/data]\n"
		 "    #  write: [\"${project}/out\"]\n"
		 "    #network:\n"
		 "    #  connect: [443]\n"
		 "    #environment:\n"
		 "    #  pass: [MY_SETTING]\n"
		 "    #limits:\n"
		 "    #  time: 30m\n");
}

/* Where it goes */

static int write_new(const char *path, const struct buf *text, struct croft_error *err)
{
	/* no bits for the group whatever the umask says: such a file would not be read */
	AUTO_FD int fd = sys_openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);
	int r = fd;

	if (r >= 0)
		r = fd_write_all(fd, text->data, text->len);
	if (r >= 0)
		return 0;
	if (fd >= 0)
		(void)sys_unlinkat(AT_FDCWD, path, 0);
	(void)fail(err, CROFT_STAGE_PROFILE, -r, "write '%s'", path);
	if (r == -EEXIST)
		fail_hint(err, "it is not overwritten; '-' in its place prints the profile");
	return r;
}

static void tell(struct buf *buf, const struct findings *findings, const char *path, bool is_own)
{
	size_t n = 0;

	buf_puts(buf, "written: ");
	text_escape(buf, path);
	buf_puts(buf, "\n  extends ");
	for (int i = 0; i < PRESET_MAX; i++)
		if (findings->signs[i])
			buf_printf(buf, "%s%s (%s)", n++ ? ", " : "", preset_names[i],
				   findings->signs[i]->name);
	if (n == 0)
		buf_puts(buf, findings->is_git ? "git" : "default");
	if (is_own)
		buf_puts(buf,
			 "\n  until it is approved (croft profile trust) it can only take away\n");
	else
		buf_puts(buf, "\n  name it with --profile\n");
}

/* The directory whose file it is to be; a home is none. */
static int find_dir(const struct load_place *at, const char **ret_dir, struct croft_error *err)
{
	const char *dir = at->project ? at->project : at->workdir;
	size_t len = dir ? strlen(dir) : 0;
	int r;

	if (!dir)
		return fail(err, CROFT_STAGE_PROFILE, ENOENT, "find the working directory");
	if (!strcmp(dir, "/") || (at->home && !strncmp(dir, at->home, len) &&
				  (at->home[len] == '/' || !at->home[len]))) {
		r = fail(err, CROFT_STAGE_PROFILE, 0, "'%s' is no project", dir);
		fail_hint(err, "it is or holds your home directory: go into a project first");
		return r;
	}
	*ret_dir = dir;
	return 0;
}

static int make(const char *word, struct buf *out, struct croft_error *err)
{
	AUTO_BUF struct buf text = BUF_INIT(65536);
	struct findings findings = { 0 };
	char own[PATH_MAX + sizeof(PROJECT_FILE) + 1];
	struct place place;
	const char *dir = NULL;
	int r;

	place_init(&place);
	r = find_dir(&place.at, &dir, err);
	if (r == 0)
		r = look_around(&findings, dir, err);
	if (r < 0)
		return r;
	findings.is_git = place.at.project != NULL;
	write_text(&text, &findings, word && strcmp(word, "-") != 0 ? word : NULL);
	if (buf_error(&text) < 0)
		return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "write a profile");
	if (word && !strcmp(word, "-")) {
		buf_add(out, text.data, text.len);
		return 0;
	}
	(void)snprintf(own, sizeof(own), "%s/%s", dir, PROJECT_FILE);
	r = write_new(word ? word : own, &text, err);
	if (r == 0)
		tell(out, &findings, word ? word : own, !word);
	return r;
}

int cmd_profile_new(const struct option_list *list, const char *const *words)
{
	AUTO_BUF struct buf out = BUF_INIT(TEXT_MAX);
	struct croft_error err = { 0 };

	(void)list;
	if (words[0] && words[1]) {
		(void)fail(&err, CROFT_STAGE_USAGE, 0, "one file at a time: '%s' is a second",
			   words[1]);
		return cli_fail(&err);
	}
	if (make(words[0], &out, &err) < 0)
		return cli_fail(&err);
	return cli_print(&out);
}
