/* SPDX-License-Identifier: MIT */
/*
 * pod_rules.c - what is wrong with a pod before it meets an image.
 *
 * Kubernetes refuses a pod with two volumes of one name, or with two mounts of one container at one
 * path, with status 422 and a reason that the hook prints as JSON in JSON in one line. In an
 * extension both can come about by the merge: the hook has volumes and mounts of its own, which
 * differ by release. Those of 0.7 (the runner image's mode "kubernetes") are one volume with
 * several mounts, those of 0.8 (mode "kubernetes-novolume") three. An extension should fit both.
 *
 * Source: actions/runner-container-hooks, packages/k8s, releases 0.7.0 and 0.8.1: containerVolumes
 * and createJobPod.
 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "image/pod.h"
#include "sys/path.h"

#define BOTH "hook 0.7 and 0.8"
#define OLD "hook 0.7"
#define NEW "hook 0.8"

static const struct {
	const char *name, *releases;
} hook_volumes[] = { { "work", BOTH }, { "externals", NEW }, { "github", NEW } };

/* The longer paths first: the nearest above a path is the one that it lies in. */
static const struct {
	const char *path, *volume, *releases;
} hook_mounts[] = {
	{ "/github/home", "work", OLD }, { "/github/workflow", "work", OLD },
	{ "/github", "github", NEW },    { "/__w", "work", BOTH },
	{ "/__e", "externals", BOTH },
};

bool pod_is_hook_volume(const char *name, const char **ret_releases)
{
	for (size_t i = 0; i < ARRAY_SIZE(hook_volumes); i++) {
		if (strcmp(hook_volumes[i].name, name) != 0)
			continue;
		*ret_releases = hook_volumes[i].releases;
		return true;
	}
	return false;
}

const char *pod_hook_mount(const char *path, const char **ret_path, const char **ret_releases)
{
	for (size_t i = 0; i < ARRAY_SIZE(hook_mounts); i++) {
		if (!path_is_under(hook_mounts[i].path, path))
			continue;
		*ret_path = hook_mounts[i].path;
		*ret_releases = hook_mounts[i].releases;
		return hook_mounts[i].volume;
	}
	return NULL;
}

static bool is_job(const struct pod_container *container)
{
	return !strcmp(container->name, "$job");
}

static bool has_volume(const struct pod *pod, const char *name)
{
	for (size_t i = 0; i < pod->n_volumes; i++)
		if (!strcmp(pod->volumes[i].name, name))
			return true;
	return false;
}

/* By a mount or as a device, in any container. */
static bool is_used(const struct pod *pod, const char *volume)
{
	for (size_t i = 0; i < pod->n_containers; i++) {
		const struct pod_container *container = &pod->containers[i];
		const struct yaml_node *device =
			container->devices && container->devices->kind == YAML_SEQUENCE
				? container->devices->child
				: NULL;

		for (size_t k = 0; k < container->n_mounts; k++)
			if (!strcmp(container->mounts[k].volume, volume))
				return true;
		for (; device; device = device->next)
			for (const struct yaml_node *key =
				     device->kind == YAML_MAPPING ? device->child : NULL;
			     key; key = key->next)
				if (!strcmp(key->key, "name") && key->kind == YAML_SCALAR &&
				    !strcmp(key->text, volume))
					return true;
	}
	return false;
}

static void check_volumes(struct report *report, const struct pod *pod)
{
	for (size_t i = 0; i < pod->n_volumes; i++) {
		const struct pod_volume *volume = &pod->volumes[i];
		struct report_words words = { .subject = volume->name };
		const char *releases;
		char line[16];
		size_t first = 0;

		while (strcmp(pod->volumes[first].name, volume->name) != 0)
			first++;
		if (first < i) {
			(void)snprintf(line, sizeof(line), "%u", pod->volumes[first].spot.line);
			words.detail = line;
			report_add(report, REPORT_VOLUME_TWICE, &volume->spot, &words);
			continue;
		}
		if (pod->is_extension && pod_is_hook_volume(volume->name, &releases)) {
			words.detail = releases;
			report_add(report, REPORT_VOLUME_OF_HOOK, &volume->spot, &words);
		} else if (!is_used(pod, volume->name)) {
			report_add(report, REPORT_VOLUME_WITHOUT_MOUNT, &volume->spot, &words);
		}
	}
}

/* What the hook mounts itself into the job's container, at that path or around it. */
static void check_hook_mount(struct report *report, const struct pod_mount *mount)
{
	const char *path, *releases, *own, *volume = pod_hook_mount(mount->path, &path, &releases);
	struct report_words words = { .subject = mount->path };

	if (!volume)
		return;
	if (!strcmp(path, mount->path)) {
		words.detail = volume;
		words.other = releases;
		report_add(report, REPORT_MOUNT_OF_HOOK, &mount->spot, &words);
	} else if (!pod_is_hook_volume(mount->volume, &own)) {
		words.detail = path;
		words.other = releases;
		report_add(report, REPORT_MOUNT_IN_HOOK, &mount->spot, &words);
	}
}

static void check_mounts(struct report *report, const struct pod *pod,
			 const struct pod_container *container)
{
	for (size_t i = 0; i < container->n_mounts; i++) {
		const struct pod_mount *mount = &container->mounts[i];
		struct report_words words = { .subject = mount->path, .detail = container->name };
		const char *releases;
		char line[16];
		size_t first = 0;

		while (strcmp(container->mounts[first].path, mount->path) != 0)
			first++;
		if (first < i) {
			(void)snprintf(line, sizeof(line), "%u",
				       container->mounts[first].spot.line);
			words.other = line;
			report_add(report, REPORT_MOUNT_TWICE, &mount->spot, &words);
		}
		if (pod->is_extension && is_job(container))
			check_hook_mount(report, mount);
		if (has_volume(pod, mount->volume) ||
		    (pod->is_extension && pod_is_hook_volume(mount->volume, &releases)))
			continue;
		words = (struct report_words){ .subject = mount->volume, .other = container->name };
		report_add(report, REPORT_MOUNT_WITHOUT_VOLUME, &mount->spot, &words);
	}
}

/* The hook's own init container copies the runner's programs; another list replaces it. */
static void check_init(struct report *report, const struct pod *pod)
{
	static const struct report_words words = { .subject = "initContainers" };

	for (size_t i = 0; i < pod->n_containers; i++)
		for (size_t k = 0; pod->containers[i].is_init && k < pod->containers[i].n_mounts;
		     k++)
			if (!strcmp(pod->containers[i].mounts[k].volume, "externals"))
				return;
	report_add(report, REPORT_INIT_REPLACED, &pod->init_spot, &words);
}

void pod_check_rules(struct report *report, const struct pod *pod)
{
	check_volumes(report, pod);
	for (size_t i = 0; i < pod->n_containers; i++) {
		const struct pod_container *container = &pod->containers[i];

		check_mounts(report, pod, container);
		if (pod->is_extension && !strcmp(container->name, "job"))
			report_add(report, REPORT_NAME_OF_HOOK, &container->spot,
				   &(struct report_words){ .subject = container->name });
	}
	if (pod->is_extension && pod->has_init)
		check_init(report, pod);
}
