/* SPDX-License-Identifier: MIT */
/*
 * pod.h - the partial template of a pod (ACTIONS_RUNNER_CONTAINER_HOOK_TEMPLATE, --pod FILE),
 * merged with what the hook mounts.
 *
 * Of such a template a job on one machine can have: of the container "$job" its `env` and
 * `volumeMounts`, and the `volumes` that these name, hostPath and emptyDir. GitHub's own hook
 * appends these lists to its own, and a cluster refuses what is in both. Here they are
 * merged by name and by path: the same twice is one, two that differ are an error that names both
 * places. What a job here cannot have is refused where it would be missed (initContainers,
 * privileged, a secret), and warned of where it only says how a cluster should run it.
 *
 * pod_merge is a pure function: no file is looked at. pod_check_source looks.
 *
 *   pod_read.c     the template's bytes to what of it counts; what is refused, what is warned of
 *   pod.c          merged with the hook's
 *   pod_source.c   is the source of a mount there
 */
#ifndef CROFT_GHA_POD_H
#define CROFT_GHA_POD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "elf/root.h"

#define POD_MAX_MOUNTS 512 /* of the hook and the template together */
#define POD_MAX_VARIABLES 1024
#define POD_MAX_WARNINGS 64

/* One mount of the job: the hook's own, or of the template. */
struct pod_mount {
	const char *path; /* absolute in the job, no "." or "..", no repeated or final slash */
	const char *host; /* absolute on the host; NULL: a fresh directory, see `fresh` */
	/*
	 * With host NULL: the volume's name, of letters, digits, '-' and '.', not beginning with
	 * '.': one fresh empty directory of the job's for each name, whatever mounts it.
	 */
	const char *fresh;
	bool is_read_only;
	const char *from; /* for messages: "systemMountVolumes", "pod.yaml:12:7" */
};

struct pod_variable {
	const char *name, *value;
	const char *from; /* "container.env", "pod.yaml:9:9" */
};

struct pod_input {
	const char *source; /* what messages call the template: its path */
	const char *data; /* its bytes */
	size_t len;
	const struct pod_mount *mounts; /* the hook's: host and path set, paths as they came */
	size_t n_mounts;
	const struct pod_variable *variables; /* the job's environmentVariables */
	size_t n_variables;
};

struct pod_merged {
	struct pod_mount *mounts; /* the hook's in their order, then the template's */
	size_t n_mounts;
	struct pod_variable *variables; /* likewise */
	size_t n_variables;
	const char **warnings; /* one line each: "pod.yaml:3:5: nodeSelector: ..." */
	size_t n_warnings;
};

/*
 * Merges; data NULL: there is no template, and only the hook's own mounts are held against each
 * other. Errors: one line, with "source:line:column: " where it is the template's.
 * Texts live in the arena or are the input's.
 */
int pod_merge(const struct pod_input *input, struct arena *arena, struct pod_merged *ret_merged,
	      struct croft_error *err);

/* Reads a template as a regular file of bounded size, then as above; input->data is not used. */
int pod_merge_file(const struct pod_input *input, struct arena *arena,
		   struct pod_merged *ret_merged, struct croft_error *err);

/*
 * Is the source of a mount there? 0, or an error of stage prepare: "mount: /var/lib/docker-host
 * does not exist on this host; /var/lib/docker does". `host`: the host's root.
 */
int pod_check_source(const struct root *host, const char *path, struct croft_error *err);

#endif
