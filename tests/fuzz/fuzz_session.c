/* SPDX-License-Identifier: MIT */
/*
 * fuzz_session.c - the readers of a session's record and of a line of /proc/net/unix.
 *
 * Beside memory errors, it looks for a record that is accepted but does not come out of the
 * writer as it went in, for texts that lie outside of what was read, and for a name that no
 * session could have.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "launch/session.h"
#include "launch/session_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_record(const char *data, size_t size)
{
	AUTO_BUF struct buf again = BUF_INIT(SESSION_MAX_RECORD);
	struct croft_error err = { 0 };
	struct session_record record;

	if (session_record_read(data, size, &record, &err) < 0) {
		assert(err.stage == CROFT_STAGE_SESSION && err.what[0]);
		return;
	}
	assert(record.id[0] && strlen(record.id) <= SESSION_ID_MAX && record.workdir[0] == '/');
	assert(record.n_words <= SESSION_MAX_WORDS && !record.words[record.n_words]);
	session_record_write(&again, &record, (const char *const *)record.words);
	assert(buf_error(&again) == 0 && again.len == size);
	assert(memcmp(again.data, data, size) == 0);
	session_record_done(&record);
}

static void fuzz_line(const char *line)
{
	const char *id = session_in_line(line);

	if (!id)
		return;
	assert(id > line && id < line + strlen(line));
	assert(strlen(id) <= SESSION_ID_MAX && id[strcspn(id, " \t\n/@")] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1);

	if (!copy)
		return 0;
	if (size)
		memcpy(copy, data, size);
	copy[size] = '\0';
	fuzz_line(copy);
	/* without the NUL, so that reading one byte too far is seen */
	copy = realloc(copy, size ? size : 1);
	if (copy)
		fuzz_record(copy, size);
	free(copy);
	return 0;
}
