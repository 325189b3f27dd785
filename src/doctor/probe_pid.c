/* SPDX-License-Identifier: MIT */
/*
 * probe_pid.c - what the process of --pid has otherwise than the doctor, and so than the shell that
 * it was called from.
 *
 * All of it is read through the descriptor of its directory, so none of it can be another
 * process's that got its number. Its name is what it has chosen to be called, and the names of its
 * mounts and groups are whatever they are: texts, bounded, escaped where they are printed.
 *
 * Nothing here decides: that a file differs says where to look. What works there and what does not
 * is told by the probes that are made what that process is (pid_enter.c).
 */
#include "doctor/probe_pid.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "doctor/child.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define TABLE_MAX (2U << 20) /* of a mountinfo: some ten thousand mounts */
#define COVERS_MAX 20
#define GROUP_DEPTH 16
#define SHORT 300 /* of a value in a record of two */

static void differs(const struct probe_context *context, const char *subject, int64_t value,
		    const char *here, const char *there)
{
	char text[OBS_TEXT_MAX];

	(void)snprintf(text, sizeof(text), "here %.*s, there %.*s", SHORT, *here ? here : "nothing",
		       SHORT, *there ? there : "nothing");
	report_of(context, OBS_PID_DIFFERS, subject, OBS_YES, "", 0, value, text);
}

static void unseen(const struct probe_context *context, const char *subject, int errnum)
{
	report_of(context, OBS_PID_UNSEEN, subject, OBS_NO, "read", errnum, OBS_NO_VALUE, NULL);
}

static void compare_status(const struct probe_context *context, const char *ours)
{
	static const struct {
		const char *subject, *line;
		unsigned base;
	} lines[] = {
		{ "seccomp", "Seccomp:", 10 },         { "filters", "Seccomp_filters:", 10 },
		{ "no-new-privs", "NoNewPrivs:", 10 }, { "cap-bounding", "CapBnd:", 16 },
		{ "cap-effective", "CapEff:", 16 },    { "ids", "Uid:", 10 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		char here[128], there[128];
		uint64_t number = 0;

		if (!text_line(context->target->status, lines[i].line, there, sizeof(there)) ||
		    !text_line(ours, lines[i].line, here, sizeof(here)) || strcmp(here, there) == 0)
			continue;
		(void)text_number(there, lines[i].base, &number);
		differs(context, lines[i].subject, (int64_t)number, here, there);
	}
}

/* A file of some lines, in one line. */
static ssize_t read_flat(int dirfd, const char *path, char *ret, size_t size)
{
	ssize_t n = text_read(dirfd, path, ret, size);

	for (char *at = ret; *at; at++)
		*at = *at == '\n' ? (at[1] ? ';' : '\0') : *at == '\t' ? ' ' : *at;
	return n;
}

static void compare_files(const struct probe_context *context)
{
	static const struct {
		const char *subject, *path;
	} files[] = {
		{ "uid-map", "uid_map" },   { "gid-map", "gid_map" }, { "label", "attr/current" },
		{ "oom", "oom_score_adj" }, { "cgroup", "cgroup" },
	};
	AUTO_FD int self = sys_openat(AT_FDCWD, "/proc/self", O_PATH | O_DIRECTORY, 0);

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char here[2048], there[2048];
		ssize_t a = read_flat(self, files[i].path, here, sizeof(here));
		ssize_t b = read_flat(context->proc_fd, files[i].path, there, sizeof(there));

		if (b < 0 && b != a)
			unseen(context, files[i].subject, (int)-b);
		else if (a >= 0 && b >= 0 && strcmp(here, there) != 0)
			differs(context, files[i].subject, OBS_NO_VALUE, here, there);
	}
}

static void compare_namespaces(const struct probe_context *context)
{
	for (size_t i = 0; i < PID_NS_KINDS; i++) {
		const struct pid_ns *ns = &context->target->ns[i];
		char subject[16], path[32], here[64] = "", there[64] = "";

		(void)snprintf(subject, sizeof(subject), "ns-%s", ns->name);
		(void)snprintf(path, sizeof(path), "ns/%s", ns->name);
		if (ns->errnum) {
			unseen(context, subject, ns->errnum);
		} else if (!ns->is_ours) {
			char self[48];

			(void)snprintf(self, sizeof(self), "/proc/self/%s", path);
			(void)sys_readlinkat(AT_FDCWD, self, here, sizeof(here) - 1);
			(void)sys_readlinkat(context->proc_fd, path, there, sizeof(there) - 1);
			differs(context, subject, OBS_NO_VALUE, here, there);
		}
	}
}

static void compare_root(const struct probe_context *context)
{
	char there[PATH_MAX] = "";
	ssize_t n = sys_readlinkat(context->proc_fd, "root", there, sizeof(there) - 1);

	if (n < 0)
		unseen(context, "root", (int)-n);
	else if (strcmp(there, "/") != 0)
		differs(context, "root", OBS_NO_VALUE, "/", there);
}

static void compare_limits(const struct probe_context *context)
{
	static const struct {
		const char *subject;
		int resource;
	} limits[] = {
		{ "limit-nproc", RLIMIT_NPROC },     { "limit-nofile", RLIMIT_NOFILE },
		{ "limit-memlock", RLIMIT_MEMLOCK }, { "limit-as", RLIMIT_AS },
		{ "limit-fsize", RLIMIT_FSIZE },     { "limit-stack", RLIMIT_STACK },
		{ "limit-core", RLIMIT_CORE },       { "limit-cpu", RLIMIT_CPU },
	};

	if (context->target->limits_errnum) {
		unseen(context, "limits", context->target->limits_errnum);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		const struct rlimit *limit = &context->target->limits[limits[i].resource];
		struct rlimit ours;
		char here[32], there[32];

		if (sys_prlimit(limits[i].resource, NULL, &ours) < 0 ||
		    ours.rlim_cur == limit->rlim_cur)
			continue;
		(void)snprintf(here, sizeof(here), "%lld",
			       ours.rlim_cur == RLIM_INFINITY ? -1LL : (long long)ours.rlim_cur);
		(void)snprintf(there, sizeof(there), "%lld",
			       limit->rlim_cur == RLIM_INFINITY ? -1LL
								: (long long)limit->rlim_cur);
		differs(context, limits[i].subject,
			limit->rlim_cur == RLIM_INFINITY ? -1 : (int64_t)limit->rlim_cur,
			strcmp(here, "-1") == 0 ? "no limit" : here,
			strcmp(there, "-1") == 0 ? "no limit" : there);
	}
}

static void ask_status(const struct probe_context *context)
{
	char ours[8192], name[64], state[64];

	(void)text_line(context->target->status, "Name:", name, sizeof(name));
	(void)text_line(context->target->status, "State:", state, sizeof(state));
	report_of(context, OBS_PID_TARGET, name, OBS_YES, "", 0, context->target->pid, state);
	if (text_read(AT_FDCWD, "/proc/self/status", ours, sizeof(ours)) > 0)
		compare_status(context, ours);
	compare_files(context);
	compare_namespaces(context);
	compare_root(context);
	compare_limits(context);
}

/* Mounts */

/* One line of a mountinfo, cut where it lies; names keep their escapes (proc(5)). */
struct row {
	char *root, *point, *options, *type;
};

static bool cut_row(char *line, struct row *ret)
{
	char *fields[6] = { 0 }, *rest = strstr(line, " - ");

	if (!rest)
		return false;
	*rest = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		fields[i] = strsep(&line, " ");
	if (!fields[5])
		return false;
	rest += 3;
	*ret = (struct row){ fields[3], fields[4], fields[5], strsep(&rest, " ") };
	return true;
}

static bool has_option(const char *options, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = options; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, word, len) == 0 && (at[len] == ',' || !at[len]))
			return true;
	}
	return false;
}

/* Places whose mounts people stumble over, and what is looked for at each. */
static const char *const places[] = { "/",        "/usr",     "/etc", "/home", "/root", "/tmp",
				      "/var",     "/run",     "/dev", "/sys",  "/proc", "/opt",
				      "/var/tmp", "/dev/shm", "/nix", "/srv" };
static const char *const flags[] = { "ro", "noexec" };

struct table {
	char options[ARRAY_SIZE(places)][256];
	char types[ARRAY_SIZE(places)][64];
	size_t reach[ARRAY_SIZE(places)]; /* of the mount point that was the nearest so far */
};

static void note_row(struct table *table, const struct row *row)
{
	size_t len = strcmp(row->point, "/") == 0 ? 0 : strlen(row->point);

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		bool is_at = strncmp(places[i], row->point, len) == 0 &&
			     (places[i][len] == '\0' || places[i][len] == '/');

		/* a later one lies over an earlier one */
		if (!is_at || len + 1 < table->reach[i])
			continue;
		table->reach[i] = len + 1;
		(void)snprintf(table->options[i], sizeof(table->options[i]), "%s", row->options);
		(void)snprintf(table->types[i], sizeof(table->types[i]), "%s", row->type);
	}
}

static void note_cover(const struct probe_context *context, const struct row *row, unsigned *n)
{
	static const char *const harmless[] = { "binfmt_misc", "autofs" };
	char text[OBS_TEXT_MAX];

	if (strncmp(row->point, "/proc/", 6) != 0 || *n >= COVERS_MAX)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++)
		if (strcmp(row->type, harmless[i]) == 0)
			return;
	++*n;
	(void)snprintf(text, sizeof(text), "%.60s of %.200s, %.200s", row->type, row->root,
		       row->options);
	report_of(context, OBS_PID_MOUNT, row->point, OBS_YES, "covers-proc", 0, OBS_NO_VALUE,
		  text);
}

/* False: it cannot be read. context NULL: nothing is reported. */
static int read_table(const struct probe_context *context, int dirfd, struct table *table)
{
	AUTO_FREE char *data = malloc(TABLE_MAX);
	unsigned n_covers = 0;
	ssize_t n = data ? text_read(dirfd, "mountinfo", data, TABLE_MAX) : -ENOMEM;

	if (n < 0)
		return (int)n;
	for (char *line = data, *next; line; line = next) {
		struct row row;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (!cut_row(line, &row))
			continue;
		note_row(table, &row);
		if (context)
			note_cover(context, &row, &n_covers);
	}
	return 0;
}

static void ask_mounts(const struct probe_context *context)
{
	AUTO_FREE struct table *here = calloc(2, sizeof(*here));
	AUTO_FD int self = sys_openat(AT_FDCWD, "/proc/self", O_PATH | O_DIRECTORY, 0);
	struct table *there = here ? here + 1 : NULL;
	int r;

	if (!here || self < 0 || read_table(NULL, self, here) < 0)
		return;
	r = read_table(context, context->proc_fd, there);
	if (r < 0) {
		unseen(context, "mounts", -r);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(flags); k++) {
			char text[OBS_TEXT_MAX];

			if (!has_option(there->options[i], flags[k]) ||
			    has_option(here->options[i], flags[k]))
				continue;
			(void)snprintf(text, sizeof(text), "%s, %s", there->types[i],
				       there->options[i]);
			report_of(context, OBS_PID_MOUNT, places[i], OBS_YES,
				  k == 0 ? "read-only" : "noexec", 0, OBS_NO_VALUE, text);
		}
	}
}

/* Groups and units */

/* The path of its group: of the second version, else where systemd keeps it (name=systemd). */
static bool group_of(const struct probe_context *context, char ret[PATH_MAX])
{
	char text[8192];
	const char *line = text;

	if (text_read(context->proc_fd, "cgroup", text, sizeof(text)) <= 0)
		return false;
	return text_line(line, "0::", ret, PATH_MAX) ||
	       text_line(line, "1:name=systemd:", ret, PATH_MAX);
}

static void ask_limits_of(const struct probe_context *context, const char *group)
{
	static const char *const files[] = { "pids.max", "memory.max", "cpu.max" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char path[PATH_MAX + 64], value[64];
		uint64_t number = 0;

		(void)snprintf(path, sizeof(path), "/sys/fs/cgroup%s/%s", group, files[i]);
		if (read_flat(AT_FDCWD, path, value, sizeof(value)) <= 0 ||
		    strncmp(value, "max", 3) == 0)
			continue;
		(void)text_number(value, 10, &number);
		report_of(context, OBS_PID_GROUP, files[i], OBS_YES, "", 0, (int64_t)number, group);
	}
}

static void ask_group(const struct probe_context *context)
{
	char group[PATH_MAX], unit[NAME_MAX + 1];
	AUTO_FD int root = sys_openat(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0);

	if (!group_of(context, group) || group[0] != '/' || strstr(group, ".."))
		return;
	pid_unit_name(group, unit, sizeof(unit));
	if (*unit && root >= 0)
		pid_unit_look(context, root, unit);
	for (int depth = 0; depth < GROUP_DEPTH && *group && strcmp(group, "/") != 0; depth++) {
		ask_limits_of(context, group);
		*strrchr(group, '/') = '\0';
	}
}

static void ask_enter(const struct probe_context *context)
{
	pid_try(context);
}

static const struct probe probes[] = {
	{ .id = OBS_PID_TARGET, .run = ask_status, .stays = true, .wants_target = true },
	{ .id = OBS_PID_MOUNT, .run = ask_mounts, .stays = true, .wants_target = true },
	{ .id = OBS_PID_UNIT, .run = ask_group, .stays = true, .wants_target = true },
	{ .id = OBS_PID_ENTERED, .run = ask_enter, .stays = true, .wants_target = true },
};

const struct probe_table probes_pid = { probes, ARRAY_SIZE(probes) };
