/* SPDX-License-Identifier: MIT */
/*
 * pod_parts.h - what of a pod's template counts for a job on one machine: inside src/gha only.
 */
#ifndef CROFT_GHA_POD_PARTS_H
#define CROFT_GHA_POD_PARTS_H

#include "gha/pod.h"

enum pod_volume_kind {
	POD_VOLUME_HOST, /* hostPath */
	POD_VOLUME_FRESH, /* emptyDir */
	POD_VOLUME_OTHER, /* what only a cluster has */
};

struct pod_volume {
	enum pod_volume_kind kind;
	const char *name;
	const char *host; /* of hostPath: plain, absolute */
	const char *what; /* of the others: "secret", "configMap"; "" if it says nothing */
	const char *from;
	bool is_plain; /* an emptyDir without a word about it, as the hook's own are */
	unsigned line, column;
};

/* volumeMounts of "$job". */
struct pod_wish {
	const char *volume, *path, *from;
	bool is_read_only, has_sub;
	unsigned line, column;
};

struct pod_template {
	struct pod_volume *volumes; /* each name once */
	size_t n_volumes, volumes_capacity;
	struct pod_wish *wishes;
	size_t n_wishes, wishes_capacity;
	struct pod_variable *variables;
	size_t n_variables, variables_capacity;
};

struct pod_merging {
	const struct pod_input *input;
	struct arena *arena;
	struct pod_merged *to;
	size_t mounts_capacity, variables_capacity, warnings_capacity;
	struct pod_template template;
	struct croft_error *err;
};

int pod_no_memory(const struct pod_merging *merging);
/* One more warning; beyond POD_MAX_WARNINGS nothing. 0 or an error. */
int pod_warn(struct pod_merging *merging, unsigned line, unsigned column, const char *what,
	     const char *why);
/*
 * An absolute path without "." and "..", repeated slashes and one at its end, in the arena. NULL:
 * it is none, or too long.
 */
const char *pod_plain_path(struct arena *arena, const char *path);
/* input->data to merging->template, with warnings. 0 or an error. */
int pod_read(struct pod_merging *merging);

#endif
