/* SPDX-License-Identifier: MIT */
/*
 * payload - the program that the tests run inside the sandbox.
 *
 *	payload OPERATION [ARGUMENT...]
 *
 * It does one thing and prints one line: `ok`, or the name of the errno that the
 * kernel gave. Exit status 0 for ok, 1 for an errno, 2 when the test itself is
 * wrong (an unknown operation, a bad number). So a test asks "what did the
 * kernel say" without a shell, an interpreter, or any file: the program is static
 * and needs no root file system.
 *
 *	payload each OP A B , OP C , ...	several operations, one line each
 *	payload fork|thread|exec OP A B		the same in a child, a thread, after an exec
 *	payload list				the operations
 *
 * Operations that report state (fds, env, status, ...) print lines of their own.
 * Nothing here tries to be careful: it is the adversary. What it must be is
 * plain, so that an answer can only come from the kernel.
 */
#include "payload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *payload_program;

/* clang-format off */
static const struct word errno_words[] = {
#define E(name) { #name, name }
	E(EPERM), E(ENOENT), E(ESRCH), E(EINTR), E(EIO), E(ENXIO), E(E2BIG), E(ENOEXEC),
	E(EBADF), E(ECHILD), E(EAGAIN), E(ENOMEM), E(EACCES), E(EFAULT), E(ENOTBLK), E(EBUSY),
	E(EEXIST), E(EXDEV), E(ENODEV), E(ENOTDIR), E(EISDIR), E(EINVAL), E(ENFILE), E(EMFILE),
	E(ENOTTY), E(ETXTBSY), E(EFBIG), E(ENOSPC), E(ESPIPE), E(EROFS), E(EMLINK), E(EPIPE),
	E(EDOM), E(ERANGE), E(EDEADLK), E(ENAMETOOLONG), E(ENOSYS), E(ENOTEMPTY), E(ELOOP),
	E(EOVERFLOW), E(ENOMSG), E(EBADFD), E(ENOTSOCK), E(EDESTADDRREQ), E(EMSGSIZE),
	E(EPROTOTYPE), E(ENOPROTOOPT), E(EPROTONOSUPPORT), E(ESOCKTNOSUPPORT), E(EOPNOTSUPP),
	E(EPFNOSUPPORT), E(EAFNOSUPPORT), E(EADDRINUSE), E(EADDRNOTAVAIL), E(ENETDOWN),
	E(ENETUNREACH), E(ECONNABORTED), E(ECONNRESET), E(ENOBUFS), E(EISCONN), E(ENOTCONN),
	E(ETIMEDOUT), E(ECONNREFUSED), E(EHOSTUNREACH), E(EALREADY), E(EINPROGRESS), E(ESTALE),
	E(EUSERS), E(ENODATA), E(ENOKEY), E(EKEYEXPIRED), E(EKEYREVOKED), E(EDQUOT), E(EPROTO),
	E(ENOPKG), E(ENOTUNIQ),
#undef E
};
/* clang-format on */

static const struct {
	const struct op *ops;
	const size_t *n;
} tables[] = {
	{ file_ops, &n_file_ops },     { metadata_ops, &n_metadata_ops },
	{ net_ops, &n_net_ops },       { process_ops, &n_process_ops },
	{ kernel_ops, &n_kernel_ops }, { state_ops, &n_state_ops },
};

noreturn void payload_misuse(const char *what, const char *text)
{
	dprintf(2, "payload: %s: '%s'\n", what, text);
	_exit(2);
}

const char *payload_errno_name(int errnum)
{
	for (size_t i = 0; i < PAYLOAD_ENTRIES(errno_words); i++)
		if (errno_words[i].value == (unsigned long)errnum)
			return errno_words[i].name;
	return NULL;
}

unsigned long payload_number(const char *text)
{
	char *end;
	unsigned long number = strtoul(text, &end, 0);

	if (end == text || *end)
		payload_misuse("not a number", text);
	return number;
}

int payload_int(const char *text)
{
	unsigned long number = payload_number(text);

	if (number > INT32_MAX)
		payload_misuse("number too big", text);
	return (int)number;
}

unsigned long payload_word(const struct word *words, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(words[i].name, text))
			return words[i].value;
	return payload_number(text);
}

static const struct op *find(const char *name)
{
	for (size_t t = 0; t < PAYLOAD_ENTRIES(tables); t++)
		for (size_t i = 0; i < *tables[t].n; i++)
			if (!strcmp(tables[t].ops[i].name, name))
				return &tables[t].ops[i];
	return NULL;
}

int payload_run(int argc, char **argv)
{
	const struct op *op = find(argv[0]);
	const char *name;
	int r;

	if (!op)
		payload_misuse("no such operation", argv[0]);
	if (argc - 1 < op->min_args || (argc - 1 > op->max_args && op->max_args != PAYLOAD_NO_MAX))
		payload_misuse("wrong number of arguments", argv[0]);
	r = op->run(argc - 1, argv + 1);
	if (r == PAYLOAD_PRINTED)
		return 0;
	if (r >= 0) {
		dprintf(1, "ok\n");
		return 0;
	}
	name = payload_errno_name(-r);
	if (name)
		dprintf(1, "%s\n", name);
	else
		dprintf(1, "errno-%d\n", -r);
	return 1;
}

static int run_each(int argc, char **argv)
{
	int first = 0;

	for (int i = 0; i <= argc; i++) {
		if (i < argc && strcmp(argv[i], ","))
			continue;
		argv[i] = NULL; /* what is executed gets the vector as it is */
		if (i > first)
			(void)payload_run(i - first, argv + first);
		first = i + 1;
	}
	return 0;
}

static int list_all(void)
{
	for (size_t t = 0; t < PAYLOAD_ENTRIES(tables); t++)
		for (size_t i = 0; i < *tables[t].n; i++)
			dprintf(1, "%s %s\n", tables[t].ops[i].name, tables[t].ops[i].args);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		payload_misuse("no operation", "");
	payload_program = argv[0];
	if (!strcmp(argv[1], "each"))
		return run_each(argc - 2, argv + 2);
	if (!strcmp(argv[1], "list"))
		return list_all();
	return payload_run(argc - 1, argv + 1);
}
