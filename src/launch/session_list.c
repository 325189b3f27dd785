/* SPDX-License-Identifier: MIT */
/*
 * session_list.c - the sessions that there are, from the kernel's list of sockets.
 *
 * /proc/net/unix has the sockets of everybody in this network namespace, and anybody may give his
 * any name, line ends included. So what stands there is a hint and no more: a name counts when
 * it has the form of a session's of this user; who holds it is asked of the kernel later.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "launch/session.h"
#include "launch/session_parts.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define LINE_SIZE 512 /* the longest that counts has under 130 bytes */
#define MAX_BYTES (16U << 20) /* some 150,000 sockets; what comes after them is not listed */

struct list {
	char (*ids)[SESSION_ID_MAX + 1]; /* owned */
	size_t n;
};

const char *session_in_line(const char *line)
{
	char prefix[SESSION_PREFIX_SIZE];
	size_t len = session_prefix(prefix);
	const char *at = strstr(line, " @");

	if (!at || strncmp(at + 2, prefix, len) != 0)
		return NULL;
	at += 2 + len;
	return session_check_id(at, NULL) == 0 ? at : NULL;
}

static void add(struct list *list, const char *id)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->ids[i], id))
			return;
	if (list->n < SESSION_LIST_MAX)
		memcpy(list->ids[list->n++], id, strlen(id) + 1);
}

/* Lines that are too long lose their middle: they are nobody's here. */
static int read_lines(int fd, struct list *list)
{
	char line[LINE_SIZE], chunk[8192];
	size_t len = 0, total = 0;

	while (total < MAX_BYTES) {
		ssize_t n = sys_read(fd, chunk, sizeof(chunk));

		if (n == -EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		total += (size_t)n;
		for (ssize_t i = 0; i < n; i++) {
			const char *id;

			if (chunk[i] != '\n') {
				line[len] = chunk[i];
				len += len < sizeof(line) - 1;
				continue;
			}
			line[len] = '\0';
			id = session_in_line(line);
			if (id)
				add(list, id);
			len = 0;
		}
	}
	return 0;
}

int session_list(char (**ret_ids)[SESSION_ID_MAX + 1], size_t *ret_n, struct croft_error *err)
{
	AUTO_FD int fd = sys_openat(AT_FDCWD, "/proc/net/unix", O_RDONLY, 0);
	struct list list = { .ids = calloc(SESSION_LIST_MAX, sizeof(*list.ids)) };
	int r = list.ids ? fd : -ENOMEM;

	if (r >= 0)
		r = read_lines(fd, &list);
	if (r < 0) {
		free(list.ids);
		r = fail(err, CROFT_STAGE_SESSION, -r, "read '/proc/net/unix'");
		fail_hint(err, "sessions are found there; those whose name is known can be joined "
			       "and stopped without");
		return r;
	}
	*ret_ids = list.ids;
	*ret_n = list.n;
	return 0;
}
