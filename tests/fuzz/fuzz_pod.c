/* SPDX-License-Identifier: MIT */
/*
 * fuzz_pod.c - the bytes of a pod file: several documents, any shape.
 *
 * Beside memory errors and endless reading it looks for a mount path that is not plain, for a
 * pod beyond the bounds, for a finding without a place, and for an error that does not name the
 * file.
 */
#include <errno.h>

#include "base/buf.h"
#include "image/pod.h"

#include "check.h"

#define SOURCE "fuzz.yaml"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_pods(const struct pod *pods, size_t n)
{
	assert(n > 0 && n <= POD_MAX_PODS);
	for (size_t i = 0; i < n; i++) {
		assert(pods[i].n_volumes <= POD_MAX_ITEMS);
		assert(pods[i].n_containers <= 2 * (size_t)POD_MAX_ITEMS);
		for (size_t k = 0; k < pods[i].n_containers; k++) {
			const struct pod_container *container = &pods[i].containers[k];

			assert(container->name && container->image && container->program);
			for (size_t m = 0; m < container->n_mounts; m++) {
				const char *path = container->mounts[m].path;
				size_t len = strlen(path);

				assert(path[0] == '/' && !strstr(path, "//"));
				assert(len == 1 || path[len - 1] != '/');
			}
		}
	}
}

static void check_report(const struct pod *pods, size_t n)
{
	struct buf buf = BUF_INIT(64U << 20);
	struct report report;

	report_init(&report);
	for (size_t i = 0; i < n; i++)
		pod_check_rules(&report, &pods[i]);
	for (size_t i = 0; i < report.n; i++)
		assert(report.items[i].spot.line > 0 && report.items[i].spot.column > 0);
	report_print(&buf, &report, "image");
	for (size_t i = 0; i < buf.len; i++)
		assert(buf.data[i] == '\n' || (unsigned char)buf.data[i] >= 0x20);
	buf_done(&buf);
	report_done(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct croft_error err = { 0 };
	struct pod *pods = NULL;
	struct arena arena;
	size_t n = 0;
	int r;

	arena_init(&arena, 16U << 20);
	r = pods_read(&arena, SOURCE, (const char *)data, size, &pods, &n, &err);
	if (r == 0) {
		check_pods(pods, n);
		check_report(pods, n);
	} else {
		assert(r == -ENOMEM || strstr(err.what, SOURCE));
	}
	arena_done(&arena);
	return 0;
}
