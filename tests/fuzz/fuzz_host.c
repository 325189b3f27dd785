/* SPDX-License-Identifier: MIT */
/*
 * fuzz_host.c - the readers of a saved host and of /proc/self/cgroup.
 *
 * Beside memory errors, it looks for a host that is accepted but does not come
 * out of the printer as it went in, and for a cgroup path that leads out.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_host(const char *text, size_t size)
{
	AUTO_BUF struct buf first = BUF_INIT(HOST_FILE_MAX), second = BUF_INIT(HOST_FILE_MAX);
	struct croft_error err;
	struct host host, again;

	if (host_parse(text, size, &host, &err) != 0) {
		assert(err.stage == CROFT_STAGE_HOST);
		assert(memchr(err.what, '\0', sizeof(err.what)));
		return;
	}
	host_print(&first, &host);
	assert(host_parse(buf_text(&first), first.len, &again, &err) == 0);
	host_print(&second, &again);
	assert(buf_error(&first) == 0 && buf_error(&second) == 0);
	assert(strcmp(buf_text(&first), buf_text(&second)) == 0);
}

static void fuzz_cgroup(const char *text)
{
	char path[256];
	int version = cgroup_parse(text, path, sizeof(path));

	assert(version >= 0 && version <= 2);
	if (version == 2) {
		assert(strlen(path) < sizeof(path));
		assert(path[0] == '\0' || path[0] == '/');
		assert(strncmp(path, "/../", 4) != 0 && strcmp(path, "/..") != 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	fuzz_cgroup(text);
	/* without the NUL, so that reading one byte too far is seen */
	text = realloc(text, size ? size : 1);
	if (text)
		fuzz_host(text, size);
	free(text);
	return 0;
}
