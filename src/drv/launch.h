/* SPDX-License-Identifier: MIT */
/*
 * launch.h - `croft run` as a child: its options, its log, its signals, its word on how it ended.
 */
#ifndef CROFT_DRV_LAUNCH_H
#define CROFT_DRV_LAUNCH_H

#include <string.h>

#include "base/buf.h"
#include "drv/build.h"

/* croft run's options, each word ended by a NUL, as --options-fd takes them. */
#define LAUNCH_MAX_OPTIONS ((size_t)256 << 20)

static inline void launch_word(struct buf *options, const char *word)
{
	buf_add(options, word, strlen(word) + 1);
}

struct launch_call {
	const struct buf *options;
	const char *const *command; /* NULL-terminated */
	bool is_interactive; /* has our stdin, stdout and stderr */
	bool is_32_bit; /* told to be so by uname(2) */
	int log_fd; /* where the other kind's stdout and stderr go; borrowed */
};

/* 0, or why this process gets no user namespace: -errno. Asked by doing, in a child. */
int launch_probe_user_namespace(void);
/*
 * Starts it and stays until it has ended. `dir` is a directory of ours for a file that is gone
 * again before this returns. Returns 0 with *ret_result set from croft's own status object; where
 * there is none, or it says nothing, that is an error (stage supervise), whatever the exit status.
 */
int launch_call(const struct launch_call *call, int dir, struct build_result *ret_result,
		struct croft_error *err);

#endif
