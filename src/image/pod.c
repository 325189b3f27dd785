/* SPDX-License-Identifier: MIT */
/*
 * pod.c - a file of Kubernetes' to the pods in it.
 *
 * YAML or JSON (which is YAML too), one document or several. A pod's specification stands in a Pod
 * at `spec`, in a Deployment, Job and their kin at `spec.template.spec`, in a CronJob two levels
 * deeper, in a PodTemplate at `template.spec`; a List has `items`. Whatever has `containers` or
 * `volumes` at one of these places is a pod; other documents are passed over.
 *
 * Only what the checks need is taken, and only where it has the right shape: a list of mappings,
 * texts. Anything else is an error with its place, as Kubernetes would refuse it too. What is
 * not known of is left alone.
 */
#include "image/pod.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define POD_ARENA (16U << 20)

/* A Deployment with its CustomResourceDefinitions in one file is deep and long. */
static const struct yaml_limits limits = {
	.depth = YAML_DEEPEST,
	.nodes = 100000,
	.scalar = YAML_MAX_BYTES,
	.documents = 256,
};

struct reading {
	struct arena *arena;
	const char *source;
	struct pod *pods;
	size_t n, capacity;
	struct croft_error *err;
};

static const struct yaml_node *get(const struct yaml_node *mapping, const char *key)
{
	if (!mapping || mapping->kind != YAML_MAPPING)
		return NULL;
	for (const struct yaml_node *child = mapping->child; child; child = child->next)
		if (!strcmp(child->key, key))
			return child;
	return NULL;
}

/* "", or the text at that key. */
static const char *get_text(const struct yaml_node *mapping, const char *key)
{
	const struct yaml_node *node = get(mapping, key);

	return node && node->kind == YAML_SCALAR ? node->text : "";
}

static bool is_null(const struct yaml_node *node)
{
	return node->kind == YAML_SCALAR && node->is_plain &&
	       (!*node->text || !strcmp(node->text, "~") || !strcmp(node->text, "null"));
}

static struct report_spot spot_of(const struct reading *reading, const struct yaml_node *node,
				  bool is_key)
{
	return (struct report_spot){ .file = reading->source,
				     .line = is_key ? node->key_line : node->line,
				     .column = is_key ? node->key_column : node->column };
}

static int expect(const struct reading *reading, const struct yaml_node *node, const char *what)
{
	return yaml_fail(reading->source, node->line, node->column, 0, reading->err,
			 "%s: %s was expected, %s was found", node->key ? node->key : "an item",
			 what, yaml_kind_name(node->kind));
}

static int no_memory(const struct reading *reading)
{
	return fail(reading->err, CROFT_STAGE_USAGE, ENOMEM, "read '%s'", reading->source);
}

/*
 * The list at that key, whose items are mappings: how many, *ret_first the first. A missing or
 * empty one has none.
 */
static int get_list(const struct reading *reading, const struct yaml_node *mapping, const char *key,
		    const struct yaml_node **ret_first)
{
	const struct yaml_node *list = get(mapping, key);

	*ret_first = NULL;
	if (!list || is_null(list))
		return 0;
	if (list->kind != YAML_SEQUENCE)
		return expect(reading, list, "a list");
	if (list->n_children > POD_MAX_ITEMS)
		return yaml_fail(reading->source, list->line, list->column, 0, reading->err,
				 "%s: more than %d items", key, POD_MAX_ITEMS);
	for (const struct yaml_node *item = list->child; item; item = item->next)
		if (item->kind != YAML_MAPPING)
			return expect(reading, item, "a mapping");
	*ret_first = list->child;
	return (int)list->n_children;
}

/* Kubernetes makes a relative path absolute; "/a//b/" is "/a/b" to the kernel. */
static int set_path(const struct reading *reading, const struct yaml_node *node,
		    struct pod_mount *mount)
{
	const char *text = node && node->kind == YAML_SCALAR ? node->text : "";
	size_t len = 0;

	if (strlen(text) + 2 > sizeof(mount->path))
		return yaml_fail(reading->source, node->line, node->column, 0, reading->err,
				 "mountPath: too long");
	mount->path[len++] = '/';
	for (; *text; text++)
		if (*text != '/' || mount->path[len - 1] != '/')
			mount->path[len++] = *text;
	if (len > 1 && mount->path[len - 1] == '/')
		len--;
	mount->path[len] = '\0';
	return 0;
}

static int read_mounts(struct reading *reading, const struct yaml_node *node,
		       struct pod_container *container)
{
	const struct yaml_node *item;
	int n = get_list(reading, node, "volumeMounts", &item);

	if (n <= 0)
		return n;
	container->mounts = arena_calloc(reading->arena, (size_t)n, sizeof(*container->mounts));
	if (!container->mounts)
		return no_memory(reading);
	for (; item; item = item->next) {
		struct pod_mount *mount = &container->mounts[container->n_mounts++];
		const struct yaml_node *path = get(item, "mountPath");
		int r;

		mount->volume = get_text(item, "name");
		mount->spot = spot_of(reading, path ? path : item, false);
		r = set_path(reading, path, mount);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Is there a PATH in it, or what nobody sees from here? */
static bool sets_path(const struct yaml_node *node)
{
	const struct yaml_node *list = get(node, "env");

	if (get(node, "envFrom"))
		return true;
	for (const struct yaml_node *item = list && list->kind == YAML_SEQUENCE ? list->child
										: NULL;
	     item; item = item->next)
		if (!strcmp(get_text(item, "name"), "PATH"))
			return true;
	return false;
}

/* The first word of a list of texts: what the container starts. */
static void read_command(const struct reading *reading, const struct yaml_node *node,
			 struct pod_container *container)
{
	const struct yaml_node *command = get(node, "command");

	container->program = "";
	container->has_path = sets_path(node);
	if (!command || command->kind != YAML_SEQUENCE || !command->child ||
	    command->child->kind != YAML_SCALAR)
		return;
	container->program = command->child->text;
	container->program_spot = spot_of(reading, command->child, false);
}

static int read_containers(struct reading *reading, const struct yaml_node *spec, const char *key,
			   bool are_init, struct pod *pod)
{
	const struct yaml_node *item;
	int n = get_list(reading, spec, key, &item);
	struct pod_container *all;

	if (n <= 0)
		return n;
	all = arena_calloc(reading->arena, pod->n_containers + (size_t)n, sizeof(*all));
	if (!all)
		return no_memory(reading);
	if (pod->n_containers)
		memcpy(all, pod->containers, pod->n_containers * sizeof(*all));
	pod->containers = all;
	for (; item; item = item->next) {
		struct pod_container *container = &all[pod->n_containers++];
		const struct yaml_node *name = get(item, "name");
		int r;

		container->name = get_text(item, "name");
		container->image = get_text(item, "image");
		container->is_init = are_init;
		container->spot = spot_of(reading, name ? name : item, false);
		container->devices = get(item, "volumeDevices");
		read_command(reading, item, container);
		r = read_mounts(reading, item, container);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_volumes(struct reading *reading, const struct yaml_node *spec, struct pod *pod)
{
	const struct yaml_node *item;
	int n = get_list(reading, spec, "volumes", &item);

	if (n <= 0)
		return n;
	pod->volumes = arena_calloc(reading->arena, (size_t)n, sizeof(*pod->volumes));
	if (!pod->volumes)
		return no_memory(reading);
	for (; item; item = item->next) {
		const struct yaml_node *name = get(item, "name");

		pod->volumes[pod->n_volumes++] = (struct pod_volume){
			.name = get_text(item, "name"),
			.spot = spot_of(reading, name ? name : item, false),
		};
	}
	return 0;
}

/*
 * A partial template: it is no object of Kubernetes' (no kind, or a PodTemplate with the pod where
 * that has none), or it extends a container by "$".
 */
static bool is_extension(const struct yaml_node *document, const struct pod *pod)
{
	const char *kind = get_text(document, "kind");

	for (size_t i = 0; i < pod->n_containers; i++)
		if (pod->containers[i].name[0] == '$')
			return true;
	return get(document, "spec") && (!*kind || !strcmp(kind, "PodTemplate"));
}

static int read_pod(struct reading *reading, const struct yaml_node *document,
		    const struct yaml_node *spec)
{
	const struct yaml_node *init = get(spec, "initContainers");
	struct pod pod = { 0 }, *pods;
	int r;

	if (reading->n == POD_MAX_PODS)
		return yaml_fail(reading->source, spec->line, spec->column, 0, reading->err,
				 "more than %d pods", POD_MAX_PODS);
	pods = arena_grow(reading->arena, reading->pods, reading->n, &reading->capacity,
			  sizeof(*pods));
	if (!pods)
		return no_memory(reading);
	reading->pods = pods;
	r = read_volumes(reading, spec, &pod);
	if (r >= 0)
		r = read_containers(reading, spec, "initContainers", true, &pod);
	if (r >= 0)
		r = read_containers(reading, spec, "containers", false, &pod);
	if (r < 0)
		return r;
	if (init) {
		pod.has_init = true;
		pod.init_spot = spot_of(reading, init, true);
	}
	pod.is_extension = is_extension(document, &pod);
	pods[reading->n++] = pod;
	return 0;
}

/* Where a pod may stand, from the document down. */
static const char *const places[][6] = {
	{ "spec", NULL },
	{ "spec", "template", "spec", NULL },
	{ "template", "spec", NULL },
	{ "spec", "jobTemplate", "spec", "template", "spec", NULL },
};

static int read_document(struct reading *reading, const struct yaml_node *document)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const struct yaml_node *spec = document;
		int r;

		for (size_t k = 0; places[i][k]; k++)
			spec = get(spec, places[i][k]);
		if (!get(spec, "containers") && !get(spec, "volumes") &&
		    !get(spec, "initContainers"))
			continue;
		r = read_pod(reading, document, spec);
		if (r < 0)
			return r;
	}
	return 0;
}

int pods_read(struct arena *arena, const char *source, const char *data, size_t len,
	      struct pod **ret_pods, size_t *ret_n, struct croft_error *err)
{
	struct reading reading = { .arena = arena, .source = source, .err = err };
	struct yaml_node *root = NULL;
	int r = yaml_read_all(source, data, len, &limits, arena, &root, err);

	for (const struct yaml_node *document = root; document && r >= 0;
	     document = document->next) {
		const struct yaml_node *items = get(document, "items");

		r = read_document(&reading, document);
		if (r < 0 || !items || items->kind != YAML_SEQUENCE)
			continue;
		for (const struct yaml_node *item = items->child; item && r >= 0; item = item->next)
			r = read_document(&reading, item);
	}
	if (r < 0)
		return r;
	if (!reading.n) {
		r = fail(err, CROFT_STAGE_USAGE, 0, "%s: no pod is in it", source);
		fail_hint(err, "a pod has 'containers' or 'volumes' below 'spec'");
		return r;
	}
	*ret_pods = reading.pods;
	*ret_n = reading.n;
	return 0;
}

/* A regular file and nothing that could make us wait: as those of an image are opened. */
int pods_load(struct arena *arena, const char *file, struct pod **ret_pods, size_t *ret_n,
	      struct croft_error *err)
{
	static const struct root here = { .fd = -1, .path = "/" };
	AUTO_FREE char *data = NULL;
	char path[PATH_MAX];
	ssize_t len = -ENAMETOOLONG;
	int n = snprintf(path, sizeof(path), "%s%s", file[0] == '/' ? "" : "/proc/self/cwd/", file);

	if (n > 0 && n < PATH_MAX)
		len = root_read_file(&here, path, YAML_MAX_BYTES + 1, &data);
	if (len < 0)
		return fail(err, CROFT_STAGE_USAGE, (int)-len, "read '%s'", file);
	return pods_read(arena, file, data, (size_t)len, ret_pods, ret_n, err);
}

int check_pod(const struct image_check *check, const char *file, const char *const *needs,
	      size_t n_needs, const struct image_mount *mounts, size_t n_mounts)
{
	struct arena arena;
	struct pod *pods = NULL;
	size_t n = 0;
	int r;

	arena_init(&arena, POD_ARENA);
	r = pods_load(&arena, file, &pods, &n, check->err);
	for (size_t i = 0; i < n && r == 0; i++) {
		pod_check_rules(check->report, &pods[i]);
		r = pod_check_hides(check, &arena, &pods[i], needs, n_needs, mounts, n_mounts);
	}
	arena_done(&arena);
	return r;
}
