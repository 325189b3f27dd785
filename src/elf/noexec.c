/* SPDX-License-Identifier: MIT */
/*
 * noexec.c - whether a file lies on a mount without execution.
 *
 * statfs tells the flags of the mount on every Linux that croft knows. gVisor's leaves them out and
 * holds programs to them all the same, so that its EACCES would be a riddle: there the mount is
 * found by its name. The last line for a mount point is the one on top. Against mappings it does
 * not hold the flag, as Linux does (do_mmap in mm/mmap.c): that is tried.
 *
 * Source: proc(5), "/proc/pid/mountinfo".
 */
#include "elf/noexec.h"

#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "base/cleanup.h"
#include "sys/calls.h"
#include "sys/fd.h"
#include "sys/path.h"

#define FILE_VALID 0x20 /* ST_VALID in f_flags: the kernel has filled them (since 2.6.36) */
#define MOUNTINFO_MAX_BYTES (1U << 20)

/* The field at *text, unescaped ("\\040" is a space), as far as it fits; *text: the next one. */
static void take_field(const char **text, char field[PATH_MAX])
{
	size_t len = 0;

	while (**text && **text != ' ' && **text != '\n') {
		char c = *(*text)++;

		if (c == '\\' && strspn(*text, "01234567") >= 3) {
			c = (char)(((*text)[0] - '0') * 64 + ((*text)[1] - '0') * 8 + (*text)[2] -
				   '0');
			*text += 3;
		}
		if (len + 1 < PATH_MAX)
			field[len++] = c;
	}
	field[len] = '\0';
	if (**text == ' ')
		(*text)++;
}

static bool has_option(const char *options, const char *option)
{
	size_t len = strlen(option);

	for (const char *at = options; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (!strncmp(at, option, len) && (at[len] == ',' || !at[len]))
			return true;
	}
	return false;
}

bool noexec_by_text(const char *mountinfo, const char *real)
{
	char field[PATH_MAX], point[PATH_MAX];
	bool is_noexec = false;
	size_t longest = 0;

	for (const char *line = mountinfo; *line; line += *line == '\n') {
		/* number, parent's number, device, root of the mount */
		for (int i = 0; i < 4; i++)
			take_field(&line, field);
		take_field(&line, point);
		take_field(&line, field);
		if (point[0] == '/' && path_is_under(point, real) && strlen(point) >= longest) {
			longest = strlen(point);
			is_noexec = has_option(field, "noexec");
		}
		line += strcspn(line, "\n");
	}
	return is_noexec;
}

bool noexec_is_on(int fd, const char *real)
{
	AUTO_FREE char *text = NULL;
	struct statfs fs;

	if (sys_fstatfs(fd, &fs) < 0)
		return false;
	if (fs.f_flags & FILE_VALID)
		return fs.f_flags & ST_NOEXEC;
	if (!*real)
		return false;
	text = malloc(MOUNTINFO_MAX_BYTES);
	return text &&
	       fd_read_file(AT_FDCWD, "/proc/self/mountinfo", text, MOUNTINFO_MAX_BYTES) > 0 &&
	       noexec_by_text(text, real);
}

bool noexec_is_held(int fd)
{
	long at = sys_raw(__NR_mmap, 0, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);

	if (at == -EPERM)
		return true;
	if (at > 0 || at < -4095)
		(void)sys_raw(__NR_munmap, at, 1, 0, 0, 0, 0);
	return false;
}
