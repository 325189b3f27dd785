/* SPDX-License-Identifier: MIT */
/*
 * pid_unit.c - the unit of systemd that a process is of, and what its files take away.
 *
 * The name is the last part of the path of its control group, which anybody may have made who may
 * make groups: it is taken for a name of a file only if it looks like a unit's. The files are
 * read as systemd does it (systemd.unit(5)): the first directory that has one by that name, then
 * the drop-ins of all of them; a template's file stands for its instances. What is in force is
 * told by the process itself (probe_pid.c); this only says who set it, with file and line.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "doctor/child.h"
#include "doctor/probe_pid.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define UNIT_FILE_MAX (64U << 10)
#define DROP_INS_MAX 50 /* files of one directory */
#define DIRECTIVES_MAX 60
#define NAMES_SIZE 16384

/* systemd.exec(5), systemd.resource-control(5): what a service has less than a shell. */
static const char *const directives[] = {
	"AmbientCapabilities",
	"AppArmorProfile",
	"CapabilityBoundingSet",
	"DynamicUser",
	"InaccessiblePaths",
	"LimitAS",
	"LimitMEMLOCK",
	"LimitNOFILE",
	"LimitNPROC",
	"LockPersonality",
	"MemoryDenyWriteExecute",
	"MemoryMax",
	"NoExecPaths",
	"NoNewPrivileges",
	"PrivateDevices",
	"PrivateNetwork",
	"PrivateTmp",
	"PrivateUsers",
	"ProcSubset",
	"ProtectControlGroups",
	"ProtectHome",
	"ProtectHostname",
	"ProtectKernelTunables",
	"ProtectProc",
	"ProtectSystem",
	"ReadOnlyPaths",
	"RestrictAddressFamilies",
	"RestrictNamespaces",
	"RestrictSUIDSGID",
	"RootDirectory",
	"RootImage",
	"SELinuxContext",
	"SystemCallArchitectures",
	"SystemCallFilter",
	"TasksMax",
	"User",
};

static const char *const folders[] = {
	"etc/systemd/system",     "run/systemd/system",
	"run/systemd/transient",  "usr/local/lib/systemd/system",
	"usr/lib/systemd/system", "lib/systemd/system",
	"etc/systemd/user",       "usr/lib/systemd/user",
};

struct unit_look {
	const struct probe_context *context;
	int root;
	unsigned n_reports;
	char *data; /* UNIT_FILE_MAX */
};

static bool is_unit(const char *name, size_t len)
{
	static const char *const ends[] = { ".service", ".scope" };

	if (len == 0 || len > NAME_MAX || name[0] == '.' || name[0] == '-')
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = name[i];

		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@",
			    c))
			return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		size_t end = strlen(ends[i]);

		if (len > end && memcmp(name + len - end, ends[i], end) == 0)
			return true;
	}
	return false;
}

/* Below a unit's group there may be others: of a container, or of a delegated service. */
void pid_unit_name(const char *cgroup, char *ret, size_t size)
{
	ret[0] = '\0';
	while (*cgroup) {
		size_t len;

		cgroup += strspn(cgroup, "/");
		len = strcspn(cgroup, "/");
		if (is_unit(cgroup, len) && len < size) {
			memcpy(ret, cgroup, len);
			ret[len] = '\0';
		}
		cgroup += len;
	}
}

static bool takes_away(const char *value)
{
	static const char *const nothing[] = { "", "no", "false", "off", "0", "infinity" };

	for (size_t i = 0; i < ARRAY_SIZE(nothing); i++)
		if (strcmp(value, nothing[i]) == 0)
			return false;
	return true;
}

static void judge_line(struct unit_look *look, const char *path, unsigned number, char *line)
{
	char where[PATH_MAX + 32], said[OBS_TEXT_MAX];
	size_t len = strlen(line), word;
	const char *value;

	while (len && strchr(" \t\r", line[len - 1]))
		line[--len] = '\0';
	line += strspn(line, " \t");
	value = strchr(line, '=');
	if (!value)
		return;
	value += 1 + strspn(value + 1, " \t");
	word = strcspn(line, " \t=");
	for (size_t i = 0; i < ARRAY_SIZE(directives); i++) {
		if (strlen(directives[i]) != word || memcmp(line, directives[i], word) != 0)
			continue;
		if (!takes_away(value) || look->n_reports++ >= DIRECTIVES_MAX)
			return;
		(void)snprintf(where, sizeof(where), "/%s:%u", path, number);
		(void)snprintf(said, sizeof(said), "%s=%s", directives[i], value);
		report_of(look->context, OBS_PID_DIRECTIVE, said, OBS_YES, "", 0, OBS_NO_VALUE,
			  where);
	}
}

/* False: there is no such file. One that is no regular file, or too large, is none. */
static bool read_unit(struct unit_look *look, const char *path)
{
	AUTO_FD int fd = -1;
	struct stat st;
	unsigned number = 0;

	if (sys_fstatat(look->root, path, &st, 0) < 0 || !S_ISREG(st.st_mode))
		return false;
	fd = sys_openat(look->root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0 || fd_read_text(fd, look->data, UNIT_FILE_MAX) < 0)
		return false;
	for (char *line = look->data, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		judge_line(look, path, ++number, line);
	}
	return true;
}

static void read_drop_ins(struct unit_look *look, const char *folder, const char *unit)
{
	char path[PATH_MAX], file[2 * PATH_MAX];
	AUTO_FREE char *names = malloc(NAMES_SIZE);
	AUTO_FD int fd = -1;
	unsigned n_files = 0;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%s/%s.d", folder, unit);
	fd = sys_openat(look->root, path, O_RDONLY | O_DIRECTORY, 0);
	while (fd >= 0 && names && (n = sys_getdents64(fd, names, NAMES_SIZE)) > 0) {
		for (ssize_t at = 0; at < n;) {
			struct sys_dirent *entry = (struct sys_dirent *)(void *)(names + at);
			size_t len = strlen(entry->name);

			at += entry->length;
			if (++n_files > DROP_INS_MAX)
				return;
			if (len < 6 || strcmp(entry->name + len - 5, ".conf") != 0)
				continue;
			(void)snprintf(file, sizeof(file), "%s/%s", path, entry->name);
			(void)read_unit(look, file);
		}
	}
}

/* "x@y.service" to "x@.service"; "" if it is no instance. */
static void template_of(const char *unit, char ret[NAME_MAX + 1])
{
	const char *at = strchr(unit, '@'), *end = strrchr(unit, '.');

	ret[0] = '\0';
	if (at && end && end > at + 1)
		(void)snprintf(ret, NAME_MAX + 1, "%.*s@%s", (int)(at - unit), unit, end);
}

void pid_unit_look(const struct probe_context *context, int root, const char *unit)
{
	AUTO_FREE char *data = malloc(UNIT_FILE_MAX);
	struct unit_look look = { .context = context, .root = root, .data = data };
	char template[NAME_MAX + 1], path[PATH_MAX], found[PATH_MAX + 2] = "";
	const char *const names[] = { unit, template };

	if (!data)
		return;
	template_of(unit, template);
	for (size_t k = 0; k < ARRAY_SIZE(names) && !*found; k++) {
		for (size_t i = 0; i < ARRAY_SIZE(folders) && !*found && *names[k]; i++) {
			(void)snprintf(path, sizeof(path), "%s/%s", folders[i], names[k]);
			if (read_unit(&look, path))
				(void)snprintf(found, sizeof(found), "/%s", path);
		}
	}
	report_of(context, OBS_PID_UNIT, unit, OBS_YES, "", 0, OBS_NO_VALUE, found);
	for (size_t k = 0; k < ARRAY_SIZE(names); k++)
		for (size_t i = 0; i < ARRAY_SIZE(folders) && *names[k]; i++)
			read_drop_ins(&look, folders[i], names[k]);
}
