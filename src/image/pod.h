/* SPDX-License-Identifier: MIT */
/*
 * pod.h - the pods of a file: inside src/image only.
 *
 *   pod.c         the file to pods: where in a Deployment, a Job, an extension the pod stands
 *   pod_rules.c   what is wrong with a pod by itself, and merged into what the hook makes
 *   pod_hides.c   what its mounts hide of the image
 *
 * An extension is the partial template that GitHub's container hook merges into the pod of a job
 * (ACTIONS_RUNNER_CONTAINER_HOOK_TEMPLATE): its container "$job" is the job's. Lists are
 * appended without a look for duplicates, every other key of the pod replaces the hook's own
 * (actions/runner-container-hooks, ADR 0134; mergePodSpecWithOptions).
 */
#ifndef CROFT_IMAGE_POD_H
#define CROFT_IMAGE_POD_H

#include "image/check.h"
#include "profile/yaml.h"

#define POD_MAX_ITEMS 512 /* volumes of one pod, mounts of one container, containers */
#define POD_MAX_PODS 256 /* of one file */

struct pod_mount {
	const char *volume; /* "" if none is named */
	char path[PATH_MAX]; /* absolute, without repeated slashes and one at its end */
	struct report_spot spot;
};

struct pod_container {
	const char *name, *image, *program; /* "" where it is not said; program: command[0] */
	struct report_spot spot, program_spot;
	bool is_init;
	bool has_path; /* its environment may set another PATH than the image's */
	struct pod_mount *mounts;
	size_t n_mounts;
	const struct yaml_node *devices; /* volumeDevices, which use volumes too; NULL */
};

struct pod_volume {
	const char *name;
	struct report_spot spot;
};

struct pod {
	bool is_extension;
	struct pod_volume *volumes;
	size_t n_volumes;
	struct pod_container *containers; /* init ones first */
	size_t n_containers;
	bool has_init;
	struct report_spot init_spot; /* of the key initContainers */
};

/* A file's pods; texts and structs in the arena. Errors name file, line and column. */
int pods_load(struct arena *arena, const char *file, struct pod **ret_pods, size_t *ret_n,
	      struct croft_error *err);
/* The same of a text that was read; `source` is what messages call it. */
int pods_read(struct arena *arena, const char *source, const char *data, size_t len,
	      struct pod **ret_pods, size_t *ret_n, struct croft_error *err);

/* Duplicates, mounts without volumes and the other way round, what an extension replaces. */
void pod_check_rules(struct report *report, const struct pod *pod);

/* True if the hook has a volume of that name; then *ret_releases are those in which it does. */
bool pod_is_hook_volume(const char *name, const char **ret_releases);
/* The hook's own mount at `path` or above it; NULL. *ret_path: where it lies. */
const char *pod_hook_mount(const char *path, const char **ret_path, const char **ret_releases);

/*
 * What a pod's mounts hide of what the commands need, and what a container starts that is not
 * there. `mounts`: of --mount. 0 or an error.
 */
int pod_check_hides(const struct image_check *check, struct arena *arena, const struct pod *pod,
		    const char *const *needs, size_t n_needs, const struct image_mount *mounts,
		    size_t n_mounts);

#endif
