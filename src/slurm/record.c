/* SPDX-License-Identifier: MIT */
/*
 * record.c - notes of containers, in a directory that nobody but their user can write.
 *
 * The directory lies in one that everybody can write (/tmp), so that no user needs a place made for
 * him: it is opened without following a link, and judged through the descriptor. The start of a
 * process is field 22 of /proc/PID/stat, counted from behind the name, which may hold anything.
 */
#include "slurm/record.h"

#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "launch/tmpdir.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define NOTE_MAX 64
#define STAT_MAX 4096
#define START_FIELD 20 /* of those behind the name, from 1 */
#define NOGROUP 65534

int record_become(uid_t uid, struct croft_error *err)
{
	uid_t own = sys_geteuid();
	long r;

	if (own == uid)
		return 0;
	if (own != 0)
		return fail(err, CROFT_STAGE_PRIVILEGES, EPERM, "be the user %u", (unsigned)uid);
	r = sys_raw(__NR_setgroups, 0, 0, 0, 0, 0, 0);
	if (r == 0)
		r = sys_raw(__NR_setresgid, NOGROUP, NOGROUP, NOGROUP, 0, 0, 0);
	if (r == 0)
		r = sys_raw(__NR_setresuid, uid, uid, uid, 0, 0, 0);
	if (r == 0 && (sys_geteuid() != uid || sys_getuid() != uid))
		r = -EPERM;
	return r < 0 ? fail(err, CROFT_STAGE_PRIVILEGES, (int)-r, "become the user %u",
			    (unsigned)uid)
		     : 0;
}

int records_open(const char *base, struct records *ret_records, struct croft_error *err)
{
	struct records records = { .fd = -1 };
	AUTO_FD int fd = -1;
	struct stat st;
	int n = snprintf(records.path, sizeof(records.path), "%s/croft-slurm-%u", base,
			 (unsigned)sys_geteuid()),
	    r;

	if (base[0] != '/' || n < 0 || (size_t)n >= sizeof(records.path))
		return fail(err, CROFT_STAGE_USAGE, 0,
			    "--state: not an absolute path of a usual length");
	r = sys_mkdirat(AT_FDCWD, records.path, 0700);
	if (r < 0 && r != -EEXIST)
		return fail(err, CROFT_STAGE_PREPARE, -r, "make '%s'", records.path);
	fd = sys_openat(AT_FDCWD, records.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	r = fd < 0 ? fd : sys_fstatat(fd, "", &st, AT_EMPTY_PATH);
	if (r < 0)
		return fail(err, CROFT_STAGE_PREPARE, -r, "open '%s'", records.path);
	if (st.st_uid != sys_geteuid() || st.st_mode & 077) {
		r = fail(err, CROFT_STAGE_PREPARE, EPERM, "'%s' is not this user's alone",
			 records.path);
		fail_hint(err, "remove it, or say another place: --state DIR in oci.conf");
		return r;
	}
	records.fd = fd_take(&fd);
	*ret_records = records;
	return 0;
}

void records_done(struct records *records)
{
	fd_close(&records->fd);
}

int record_check_id(const char *id, struct croft_error *err)
{
	size_t len = strlen(id);

	if (len && len <= RECORD_ID_MAX && id[0] != '.' &&
	    strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == len)
		return 0;
	return fail(err, CROFT_STAGE_USAGE, 0, "'%.100s' is no name for a container", id);
}

/* 0 and the start; *ret_state is 'R', 'S', 'Z' and so on. */
static int find_start(pid_t pid, uint64_t *ret_start, char *ret_state)
{
	char path[40], text[STAT_MAX], *at, *end;
	ssize_t len;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	len = fd_read_now(AT_FDCWD, path, text, sizeof(text));
	at = len > 0 ? strrchr(text, ')') : NULL;
	if (!at || at[1] != ' ' || !at[2])
		return len < 0 ? (int)len : -EINVAL;
	*ret_state = at[2];
	for (int field = 0; at && field < START_FIELD; field++)
		at = strchr(at + 1, ' ');
	end = at ? strchr(at + 1, ' ') : NULL;
	if (!end)
		return -EINVAL;
	*end = '\0';
	return num_parse(at + 1, 0, UINT64_MAX, ret_start);
}

bool record_is_alive(const struct record *record)
{
	uint64_t start;
	char state;

	return find_start(record->pid, &start, &state) == 0 && start == record->start &&
	       state != 'Z' && state != 'X';
}

int record_load(const struct records *records, const char *id, struct record *ret_record,
		struct croft_error *err)
{
	char text[NOTE_MAX], *blank, *line;
	uint64_t pid, start;
	ssize_t len = fd_read_now(records->fd, id, text, sizeof(text));

	if (len == -ENOENT)
		return fail(err, CROFT_STAGE_USAGE, ENOENT, "the container '%s'", id);
	if (len < 0)
		return fail(err, CROFT_STAGE_PREPARE, (int)-len, "read '%s/%s'", records->path, id);
	blank = strchr(text, ' ');
	line = blank ? strchr(blank, '\n') : NULL;
	if (line) {
		*blank = *line = '\0';
		if (num_parse(text, 2, INT_MAX, &pid) == 0 &&
		    num_parse(blank + 1, 0, UINT64_MAX, &start) == 0) {
			*ret_record = (struct record){ .pid = (pid_t)pid, .start = start };
			return 0;
		}
	}
	return fail(err, CROFT_STAGE_PREPARE, 0, "'%s/%s' is no note of a container", records->path,
		    id);
}

static int write_note(const struct records *records, const char *id, struct croft_error *err)
{
	pid_t pid = sys_getpid();
	uint64_t start = 0;
	char note[NOTE_MAX], state;
	int r = find_start(pid, &start, &state), n;
	AUTO_FD int fd = -1;

	if (r < 0)
		return fail(err, CROFT_STAGE_PREPARE, -r, "find out when process %d began",
			    (int)pid);
	n = snprintf(note, sizeof(note), "%d %llu\n", (int)pid, (unsigned long long)start);
	fd = sys_openat(records->fd, id, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0600);
	r = fd < 0 ? fd : fd_write_all(fd, note, (size_t)n);
	return r < 0 ? fail(err, CROFT_STAGE_PREPARE, -r, "write '%s/%s'", records->path, id) : 0;
}

int record_begin(const struct records *records, const char *id, char *ret_scratch, size_t size,
		 struct croft_error *err)
{
	struct record old = { 0 };
	int r, n = snprintf(ret_scratch, size, "%s/%s.d", records->path, id);

	if (n < 0 || (size_t)n >= size)
		return fail(err, CROFT_STAGE_PREPARE, ENAMETOOLONG, "'%s'", records->path);
	if (record_load(records, id, &old, NULL) == 0 && record_is_alive(&old))
		return fail(err, CROFT_STAGE_USAGE, EEXIST, "the container '%s' is running", id);
	r = record_remove(records, id, err);
	if (r < 0)
		return r;
	r = sys_mkdirat(AT_FDCWD, ret_scratch, 0700);
	if (r < 0)
		return fail(err, CROFT_STAGE_PREPARE, -r, "make '%s'", ret_scratch);
	return write_note(records, id, err);
}

int record_kill(const struct record *record, int sig, struct croft_error *err)
{
	AUTO_FD int fd = sys_pidfd_open(record->pid, 0);
	int r;

	/* through a descriptor: the number may have gone to another process since then */
	if (!record_is_alive(record))
		return 0;
	r = fd < 0 ? fd : sys_pidfd_send_signal(fd, sig);
	if (r == -ENOSYS) /* before 5.3 */
		r = sys_kill(record->pid, sig);
	if (r == 0 || r == -ESRCH)
		return 0;
	return fail(err, CROFT_STAGE_SUPERVISE, -r, "signal process %d", (int)record->pid);
}

int record_remove(const struct records *records, const char *id, struct croft_error *err)
{
	char scratch[PATH_MAX];
	int r = snprintf(scratch, sizeof(scratch), "%s/%s.d", records->path, id);

	if (r < 0 || (size_t)r >= sizeof(scratch))
		return fail(err, CROFT_STAGE_PREPARE, ENAMETOOLONG, "'%s'", records->path);
	r = tmpdir_remove(scratch);
	if (r < 0)
		return fail(err, CROFT_STAGE_SUPERVISE, -r, "remove '%s'", scratch);
	r = sys_unlinkat(records->fd, id, 0);
	if (r < 0 && r != -ENOENT)
		return fail(err, CROFT_STAGE_SUPERVISE, -r, "remove '%s/%s'", records->path, id);
	return 0;
}
