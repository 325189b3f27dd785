/* SPDX-License-Identifier: MIT */
/*
 * err.c - describing a failure once, where it is known.
 *
 * fail() may run in a child that borrows its parent's memory: vsnprintf on a
 * fixed buffer takes no lock and, for the plain formats used here, no memory.
 * strerror() is not used, as it reads the locale and may allocate; the texts are
 * those of the C library in the C locale, so that they look familiar.
 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/cleanup.h"

static const char *const stage_names[] = {
	[CROFT_STAGE_NONE] = "none",
	[CROFT_STAGE_USAGE] = "usage",
	[CROFT_STAGE_PROFILE] = "profile",
	[CROFT_STAGE_HOST] = "host",
	[CROFT_STAGE_PLAN] = "plan",
	[CROFT_STAGE_PREPARE] = "prepare",
	[CROFT_STAGE_START] = "start",
	[CROFT_STAGE_LIMITS] = "limits",
	[CROFT_STAGE_WORKDIR] = "workdir",
	[CROFT_STAGE_PRIVILEGES] = "privileges",
	[CROFT_STAGE_LANDLOCK] = "landlock",
	[CROFT_STAGE_SECCOMP] = "seccomp",
	[CROFT_STAGE_DESCRIPTORS] = "descriptors",
	[CROFT_STAGE_EXEC] = "exec",
	[CROFT_STAGE_SUPERVISE] = "supervise",
	[CROFT_STAGE_NAMESPACES] = "namespaces",
	[CROFT_STAGE_MOUNTS] = "mounts",
	[CROFT_STAGE_SESSION] = "session",
};
_Static_assert(ARRAY_SIZE(stage_names) == CROFT_STAGE_MAX, "one name for each stage");

struct errno_row {
	int errnum;
	const char *name;
	const char *text;
};

/* clang-format off */
#define E(name, text) { name, #name, text }
static const struct errno_row errno_rows[] = {
	E(EPERM, "Operation not permitted"),
	E(ENOENT, "No such file or directory"),
	E(ESRCH, "No such process"),
	E(EINTR, "Interrupted system call"),
	E(EIO, "Input/output error"),
	E(ENXIO, "No such device or address"),
	E(E2BIG, "Argument list too long"),
	E(ENOEXEC, "Exec format error"),
	E(EBADF, "Bad file descriptor"),
	E(ECHILD, "No child processes"),
	E(EAGAIN, "Resource temporarily unavailable"),
	E(ENOMEM, "Cannot allocate memory"),
	E(EACCES, "Permission denied"),
	E(EFAULT, "Bad address"),
	E(ENOTBLK, "Block device required"),
	E(EBUSY, "Device or resource busy"),
	E(EEXIST, "File exists"),
	E(EXDEV, "Invalid cross-device link"),
	E(ENODEV, "No such device"),
	E(ENOTDIR, "Not a directory"),
	E(EISDIR, "Is a directory"),
	E(EINVAL, "Invalid argument"),
	E(ENFILE, "Too many open files in system"),
	E(EMFILE, "Too many open files"),
	E(ENOTTY, "Inappropriate ioctl for device"),
	E(ETXTBSY, "Text file busy"),
	E(EFBIG, "File too large"),
	E(ENOSPC, "No space left on device"),
	E(ESPIPE, "Illegal seek"),
	E(EROFS, "Read-only file system"),
	E(EMLINK, "Too many links"),
	E(EPIPE, "Broken pipe"),
	E(EDOM, "Numerical argument out of domain"),
	E(ERANGE, "Numerical result out of range"),
	E(EDEADLK, "Resource deadlock avoided"),
	E(ENAMETOOLONG, "File name too long"),
	E(ENOSYS, "Function not implemented"),
	E(ENOTEMPTY, "Directory not empty"),
	E(ELOOP, "Too many levels of symbolic links"),
	E(ENOMSG, "No message of desired type"),
	E(ENODATA, "No data available"),
	E(ETIME, "Timer expired"),
	E(ENOLINK, "Link has been severed"),
	E(EPROTO, "Protocol error"),
	E(EBADMSG, "Bad message"),
	E(EOVERFLOW, "Value too large for defined data type"),
	E(EBADFD, "File descriptor in bad state"),
	E(ELIBACC, "Can not access a needed shared library"),
	E(ELIBBAD, "Accessing a corrupted shared library"),
	E(EILSEQ, "Invalid or incomplete multibyte or wide character"),
	E(EUSERS, "Too many users"),
	E(ENOTSOCK, "Socket operation on non-socket"),
	E(EDESTADDRREQ, "Destination address required"),
	E(EMSGSIZE, "Message too long"),
	E(EPROTOTYPE, "Protocol wrong type for socket"),
	E(ENOPROTOOPT, "Protocol not available"),
	E(EPROTONOSUPPORT, "Protocol not supported"),
	E(ESOCKTNOSUPPORT, "Socket type not supported"),
	E(EOPNOTSUPP, "Operation not supported"),
	E(EPFNOSUPPORT, "Protocol family not supported"),
	E(EAFNOSUPPORT, "Address family not supported by protocol"),
	E(EADDRINUSE, "Address already in use"),
	E(EADDRNOTAVAIL, "Cannot assign requested address"),
	E(ENETDOWN, "Network is down"),
	E(ENETUNREACH, "Network is unreachable"),
	E(ECONNABORTED, "Software caused connection abort"),
	E(ECONNRESET, "Connection reset by peer"),
	E(ENOBUFS, "No buffer space available"),
	E(EISCONN, "Transport endpoint is already connected"),
	E(ENOTCONN, "Transport endpoint is not connected"),
	E(ETIMEDOUT, "Connection timed out"),
	E(ECONNREFUSED, "Connection refused"),
	E(EHOSTDOWN, "Host is down"),
	E(EHOSTUNREACH, "No route to host"),
	E(EALREADY, "Operation already in progress"),
	E(EINPROGRESS, "Operation now in progress"),
	E(ESTALE, "Stale file handle"),
	E(EDQUOT, "Disk quota exceeded"),
	E(ENOMEDIUM, "No medium found"),
	E(ECANCELED, "Operation canceled"),
	E(ENOKEY, "Required key not available"),
	E(EKEYEXPIRED, "Key has expired"),
	E(EKEYREVOKED, "Key has been revoked"),
	E(EKEYREJECTED, "Key was rejected by service"),
	E(ERFKILL, "Operation not possible due to RF-kill"),
	E(EHWPOISON, "Memory page has hardware error"),
};
#undef E
/* clang-format on */

int fail(struct croft_error *err, enum croft_stage stage, int errnum, const char *fmt, ...)
{
	va_list args;

	if (err) {
		err->stage = (int)stage;
		err->errnum = errnum;
		err->hint[0] = '\0';
		va_start(args, fmt);
		(void)vsnprintf(err->what, sizeof(err->what), fmt, args);
		va_end(args);
	}
	return errnum ? -errnum : -EINVAL;
}

void fail_hint(struct croft_error *err, const char *fmt, ...)
{
	va_list args;

	if (!err)
		return;
	va_start(args, fmt);
	(void)vsnprintf(err->hint, sizeof(err->hint), fmt, args);
	va_end(args);
}

const char *stage_name(enum croft_stage stage)
{
	size_t i = (size_t)stage;

	return i < ARRAY_SIZE(stage_names) ? stage_names[i] : "unknown";
}

static const struct errno_row *find_errno(int errnum)
{
	for (size_t i = 0; i < ARRAY_SIZE(errno_rows); i++)
		if (errno_rows[i].errnum == errnum)
			return &errno_rows[i];
	return NULL;
}

const char *errno_name(int errnum)
{
	const struct errno_row *row = find_errno(errnum);

	return row ? row->name : NULL;
}

const char *errno_text(int errnum)
{
	const struct errno_row *row = find_errno(errnum);

	return row ? row->text : "unknown error";
}
