/* SPDX-License-Identifier: MIT */
/*
 * pod_read.c - a pod's template to what of it counts on one machine.
 *
 * The template stands at `spec`, or in a PodTemplate at `template.spec`. Three sorts of keys:
 *
 *	followed   containers[$job].env and .volumeMounts, volumes, hostNetwork (a job has it)
 *	refused    without which the job would not be what its author wants: other containers,
 *	           rights that a sandbox takes away, values and volumes that only a cluster has
 *	warned of  all others: they say where and how a cluster is to run the pod
 *
 * The YAML is read by the one bounded reader (profile/yaml.h); each complaint names its place.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "gha/pod_parts.h"
#include "profile/yaml.h"

static const struct yaml_limits limits = {
	.depth = YAML_DEEPEST,
	.nodes = 20000,
	.scalar = 65536,
	.documents = 1,
};

#define TEXT_SHOWN 100

static int refuse(const struct pod_merging *merging, const struct yaml_node *node, const char *why)
{
	const char *what = node->key ? node->key : "an item";

	return yaml_fail(merging->input->source, node->key ? node->key_line : node->line,
			 node->key ? node->key_column : node->column, 0, merging->err, "%.*s: %s",
			 TEXT_SHOWN, what, why);
}

static int warn(struct pod_merging *merging, const struct yaml_node *node, const char *why)
{
	return pod_warn(merging, node->key_line, node->key_column, node->key, why);
}

static const struct yaml_node *get(const struct yaml_node *mapping, const char *key)
{
	if (!mapping || mapping->kind != YAML_MAPPING)
		return NULL;
	for (const struct yaml_node *child = mapping->child; child; child = child->next)
		if (!strcmp(child->key, key))
			return child;
	return NULL;
}

static bool is_null(const struct yaml_node *node)
{
	return node->kind == YAML_SCALAR && node->is_plain &&
	       (!*node->text || !strcmp(node->text, "~") || !strcmp(node->text, "null"));
}

static const char *get_text(const struct yaml_node *mapping, const char *key)
{
	const struct yaml_node *node = get(mapping, key);

	return node && node->kind == YAML_SCALAR && !is_null(node) ? node->text : "";
}

static bool is_true(const struct yaml_node *node)
{
	return node && node->kind == YAML_SCALAR && !strcmp(node->text, "true");
}

/* "pod.yaml:12:7": where it stands. NULL: no memory. */
static const char *place(const struct pod_merging *merging, const struct yaml_node *node)
{
	return arena_printf(merging->arena, "%s:%u:%u", merging->input->source, node->line,
			    node->column);
}

typedef int (*take_fn)(struct pod_merging *merging, const struct yaml_node *node);

/* Each item, which must be a mapping, of a list that may be missing. */
static int each_item(struct pod_merging *merging, const struct yaml_node *list, size_t max,
		     take_fn take)
{
	int r = 0;

	if (!list || is_null(list))
		return 0;
	if (list->kind != YAML_SEQUENCE)
		return refuse(merging, list, "a list was expected");
	if (list->n_children > max)
		return refuse(merging, list, "it has too many items");
	for (const struct yaml_node *item = list->child; item && r == 0; item = item->next)
		r = item->kind == YAML_MAPPING ? take(merging, item)
					       : refuse(merging, item, "a mapping was expected");
	return r;
}

/* What becomes of a key. */
struct rule {
	const char *key;
	const char *refusal; /* NULL: it is followed, or of no interest */
	bool only_true; /* it is refused where it says so, else it is as here */
};

/* Each key by its rule; one without a rule is warned of. */
static int apply_rules(struct pod_merging *merging, const struct yaml_node *mapping,
		       const struct rule *rules, size_t n_rules, const char *otherwise)
{
	int r = 0;

	for (const struct yaml_node *child = mapping->child; child && r == 0; child = child->next) {
		size_t i = 0;

		while (i < n_rules && strcmp(rules[i].key, child->key) != 0)
			i++;
		if (is_null(child))
			continue;
		if (i == n_rules)
			r = warn(merging, child, otherwise);
		else if (rules[i].refusal && (!rules[i].only_true || is_true(child)))
			r = refuse(merging, child, rules[i].refusal);
	}
	return r;
}

/* Variables */

static int take_variable(struct pod_merging *merging, const struct yaml_node *item)
{
	struct pod_template *to = &merging->template;
	const struct yaml_node *value = get(item, "value");
	const char *name = get_text(item, "name");
	struct pod_variable *all;

	if (!*name || strchr(name, '='))
		return refuse(merging, item, "a variable of env has no name, or one with '='");
	if (get(item, "valueFrom"))
		return refuse(
			merging, get(item, "valueFrom"),
			"only a cluster has that value; say it in the workflow, or as a value");
	if (value && value->kind != YAML_SCALAR)
		return refuse(merging, value, "a text was expected");
	all = arena_grow(merging->arena, to->variables, to->n_variables, &to->variables_capacity,
			 sizeof(*all));
	if (!all)
		return pod_no_memory(merging);
	to->variables = all;
	all[to->n_variables] = (struct pod_variable){ .name = name,
						      .value = get_text(item, "value"),
						      .from = place(merging, item) };
	if (!all[to->n_variables++].from)
		return pod_no_memory(merging);
	if (value && strstr(value->text, "$("))
		return warn(merging, value, "$(...) is taken as it stands, not replaced");
	return 0;
}

/* Mounts */

static int take_wish(struct pod_merging *merging, const struct yaml_node *item)
{
	struct pod_template *to = &merging->template;
	const char *path = pod_plain_path(merging->arena, get_text(item, "mountPath"));
	struct pod_wish *all;

	if (!*get_text(item, "name"))
		return refuse(merging, item, "a mount without the name of a volume");
	if (!path)
		return refuse(merging, item,
			      "mountPath: an absolute path without '..' was expected");
	all = arena_grow(merging->arena, to->wishes, to->n_wishes, &to->wishes_capacity,
			 sizeof(*all));
	if (!all)
		return pod_no_memory(merging);
	to->wishes = all;
	all[to->n_wishes] = (struct pod_wish){
		.volume = get_text(item, "name"),
		.path = path,
		.from = place(merging, item),
		.is_read_only = is_true(get(item, "readOnly")),
		.has_sub = *get_text(item, "subPath") || get(item, "subPathExpr"),
		.line = item->line,
		.column = item->column,
	};
	return all[to->n_wishes++].from ? 0 : pod_no_memory(merging);
}

/* Volumes */

/* It becomes the name of a directory. */
static bool is_volume_name(const char *name)
{
	static const char ok[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";

	return *name && *name != '.' && strlen(name) <= 63 && strspn(name, ok) == strlen(name);
}

static int fill_volume(struct pod_merging *merging, const struct yaml_node *item,
		       struct pod_volume *volume)
{
	const struct yaml_node *host = get(item, "hostPath"), *fresh = get(item, "emptyDir");

	volume->kind = host ? POD_VOLUME_HOST : fresh ? POD_VOLUME_FRESH : POD_VOLUME_OTHER;
	if (host) {
		volume->host = pod_plain_path(merging->arena, get_text(host, "path"));
		if (!volume->host)
			return refuse(merging, host,
				      "path: an absolute path without '..' was expected");
	} else if (fresh) {
		volume->is_plain = !fresh->child;
		if (get(fresh, "sizeLimit"))
			return warn(merging, get(fresh, "sizeLimit"), "it is not enforced here");
		if (*get_text(fresh, "medium"))
			return warn(merging, get(fresh, "medium"),
				    "it is a directory on the disk here");
	} else {
		for (const struct yaml_node *key = item->child; key; key = key->next)
			if (strcmp(key->key, "name") != 0)
				volume->what = key->key;
	}
	return 0;
}

static bool is_same_volume(const struct pod_volume *a, const struct pod_volume *b)
{
	return a->kind == b->kind && a->is_plain == b->is_plain && !strcmp(a->what, b->what) &&
	       a->kind != POD_VOLUME_OTHER &&
	       !strcmp(a->host ? a->host : "", b->host ? b->host : "");
}

static int take_volume(struct pod_merging *merging, const struct yaml_node *item)
{
	struct pod_template *to = &merging->template;
	struct pod_volume volume = { .name = get_text(item, "name"),
				     .what = "",
				     .from = place(merging, item),
				     .line = item->line,
				     .column = item->column },
			  *all;
	int r;

	if (!volume.from)
		return pod_no_memory(merging);
	if (!is_volume_name(volume.name))
		return refuse(merging, item,
			      "a volume without a name, or with one that none may have");
	r = fill_volume(merging, item, &volume);
	if (r < 0)
		return r;
	for (size_t i = 0; i < to->n_volumes; i++) {
		if (strcmp(to->volumes[i].name, volume.name) != 0)
			continue;
		if (is_same_volume(&to->volumes[i], &volume))
			return 0;
		return yaml_fail(merging->input->source, item->line, item->column, 0, merging->err,
				 "volume '%s' is another one in line %u: remove one of them",
				 volume.name, to->volumes[i].line);
	}
	all = arena_grow(merging->arena, to->volumes, to->n_volumes, &to->volumes_capacity,
			 sizeof(*all));
	if (!all)
		return pod_no_memory(merging);
	to->volumes = all;
	all[to->n_volumes++] = volume;
	return 0;
}

/* Containers */

static int check_security(struct pod_merging *merging, const struct yaml_node *container)
{
	static const struct rule rules[] = {
		{ "privileged", "a job in a sandbox cannot be privileged", true },
		{ "allowPrivilegeEscalation", "a job in a sandbox never gains privileges", true },
		{ "procMount", NULL, false },
	};
	const struct yaml_node *context = get(container, "securityContext"), *add;

	if (!context || context->kind != YAML_MAPPING)
		return 0;
	add = get(get(context, "capabilities"), "add");
	if (add && add->child)
		return refuse(merging, add, "a job in a sandbox has no capabilities of this host");
	return apply_rules(merging, context, rules, ARRAY_SIZE(rules),
			   "a job on this host runs as the runner's user, without privileges");
}

static int take_job(struct pod_merging *merging, const struct yaml_node *job)
{
	static const struct rule rules[] = {
		{ "name", NULL, false },
		{ "env", NULL, false },
		{ "volumeMounts", NULL, false },
		{ "securityContext", NULL, false },
		{ "envFrom", "only a cluster has these values; write them as env", false },
		{ "volumeDevices", "a job in a sandbox has no devices of this host", false },
		{ "lifecycle", "nothing but the steps is run in a job on this host", false },
	};
	int r = apply_rules(merging, job, rules, ARRAY_SIZE(rules),
			    "of '$job' only env and volumeMounts are followed on this host");

	if (r == 0)
		r = check_security(merging, job);
	if (r == 0)
		r = each_item(merging, get(job, "env"), POD_MAX_VARIABLES, take_variable);
	if (r == 0)
		r = each_item(merging, get(job, "volumeMounts"), POD_MAX_MOUNTS, take_wish);
	return r;
}

static int take_container(struct pod_merging *merging, const struct yaml_node *item)
{
	const char *name = get_text(item, "name");

	if (!strcmp(name, "$job"))
		return take_job(merging, item);
	return yaml_fail(merging->input->source, item->line, item->column, 0, merging->err,
			 "container '%.*s': beside '$job' no container is started on this host: "
			 "remove it from the template",
			 TEXT_SHOWN, name);
}

static const char not_here[] = "nothing but the job itself is started on this host";

static int take_spec(struct pod_merging *merging, const struct yaml_node *spec)
{
	static const struct rule rules[] = {
		{ "containers", NULL, false },
		{ "volumes", NULL, false },
		{ "hostNetwork", NULL, false },
		{ "initContainers", not_here, false },
		{ "ephemeralContainers", not_here, false },
		{ "hostPID", "a job in a sandbox does not see other processes", true },
		{ "hostIPC", "a job in a sandbox has IPC of its own", true },
	};
	int r;

	if (spec->kind != YAML_MAPPING)
		return refuse(merging, spec, "a mapping was expected");
	r = apply_rules(merging, spec, rules, ARRAY_SIZE(rules),
			"it says how a cluster is to run the pod: not followed on this host");
	if (r == 0)
		r = each_item(merging, get(spec, "volumes"), POD_MAX_MOUNTS, take_volume);
	if (r == 0)
		r = each_item(merging, get(spec, "containers"), POD_MAX_MOUNTS, take_container);
	return r;
}

int pod_read(struct pod_merging *merging)
{
	const struct pod_input *input = merging->input;
	struct yaml_node *root = NULL;
	const struct yaml_node *spec;
	int r = yaml_read_all(input->source, input->data, input->len, &limits, merging->arena,
			      &root, merging->err);

	if (r < 0 || !root)
		return r < 0 ? r
			     : fail(merging->err, CROFT_STAGE_USAGE, 0, "%s: nothing in it",
				    input->source);
	spec = get(root, "spec") ? get(root, "spec") : get(get(root, "template"), "spec");
	if (!spec)
		return yaml_fail(input->source, root->line, root->column, 0, merging->err,
				 "no pod's template is in it: a 'spec' was expected");
	return take_spec(merging, spec);
}
