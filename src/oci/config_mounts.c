/* SPDX-License-Identifier: MIT */
/*
 * config_mounts.c - where croft's files can lie in a container.
 *
 * Mounts are made in the order of the list, and runtimes take a destination as one in the
 * container's root. Compared are texts: that a directory of the image is a link to another costs no
 * safety, for croft's own mounts are the last, and lie over whatever is there; at worst an empty
 * file stays behind.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "oci/config_parts.h"
#include "sys/path.h"

/* Looked at first, in this order; then every other tmpfs. */
static const char *const usual[] = { "/dev", "/run", "/dev/shm", "/tmp" };

/* "/a/b" of "//a/./b/". False: it does not fit, or has a "..". */
static bool clean_path(const char *path, char ret[PATH_MAX])
{
	char name[PATH_NAME_SIZE];
	size_t len = 0;
	int n;

	ret[0] = '/';
	ret[1] = '\0';
	while ((n = path_component(&path, name)) > 0) {
		if (len + (size_t)n + 2 > PATH_MAX)
			return false;
		ret[len++] = '/';
		memcpy(ret + len, name, (size_t)n + 1);
		len += (size_t)n;
	}
	return n == 0;
}

static bool has_option(const json_t *mount, const char *option)
{
	const json_t *value;
	size_t i;

	json_array_foreach(json_object_get(mount, "options"), i, value)
	{
		if (json_is_string(value) && !strcmp(json_string_value(value), option))
			return true;
	}
	return false;
}

/* A tmpfs that begins empty: podman's --tmpfs copies what the image has there. */
static bool is_fresh(const json_t *mount)
{
	const char *type = json_string_value(json_object_get(mount, "type"));

	return type && !strcmp(type, "tmpfs") && !has_option(mount, "tmpcopyup") &&
	       !has_option(mount, "bind") && !has_option(mount, "rbind");
}

/* The last mount that covers `place` is a fresh tmpfs at `place` itself. */
static int is_place(const struct config *config, const char *place)
{
	const json_t *mounts = json_object_get(config->root, "mounts"), *mount;
	char destination[PATH_MAX];
	int answer = 0;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)mounts, i, mount)
	{
		if (!clean_path(json_string_value(json_object_get(mount, "destination")),
				destination))
			return -EINVAL;
		if (path_is_under(destination, place))
			answer = !strcmp(destination, place) && is_fresh(mount);
	}
	return answer;
}

static int find_place(const struct config *config, char ret_place[PATH_MAX])
{
	const json_t *mounts = json_object_get(config->root, "mounts"), *mount;
	size_t i;
	int r = 0;

	for (i = 0; i < ARRAY_SIZE(usual) && r == 0; i++) {
		(void)snprintf(ret_place, PATH_MAX, "%s", usual[i]);
		r = is_place(config, usual[i]);
	}
	if (r != 0)
		return r;
	json_array_foreach((json_t *)(uintptr_t)mounts, i, mount)
	{
		if (!is_fresh(mount))
			continue;
		if (!clean_path(json_string_value(json_object_get(mount, "destination")),
				ret_place))
			return -EINVAL;
		r = is_place(config, ret_place);
		if (r != 0)
			return r;
	}
	return 0;
}

int config_place(const struct config *config, char ret_place[PATH_MAX], struct croft_error *err)
{
	int r = config->has_mounts ? find_place(config, ret_place) : 0;

	if (r > 0 && strlen(ret_place) + sizeof(CONFIG_PROFILE) < PATH_MAX)
		return 0;
	if (r < 0)
		return config_wrong(config, err, "a mount's destination has '..' in it");
	(void)fail(err, CROFT_STAGE_PREPARE, 0,
		   "%s: no tmpfs is mounted where croft could lie without a trace in the image",
		   config->name);
	fail_hint(err, "let /dev or /run be a tmpfs, for example with --mount type=tmpfs,dst=/run");
	return -ENOENT;
}

static bool is_mounted(const struct config *config, const char *source, const char *place,
		       const char *name)
{
	const json_t *mounts = json_object_get(config->root, "mounts"), *mount;
	char wanted[PATH_MAX];
	size_t i;

	if (!path_child(wanted, place, name))
		return false;
	json_array_foreach((json_t *)(uintptr_t)mounts, i, mount)
	{
		const char *to = json_string_value(json_object_get(mount, "destination"));
		const char *from = json_string_value(json_object_get(mount, "source"));

		if (from && !strcmp(to, wanted) && !strcmp(from, source) &&
		    has_option(mount, "bind") && has_option(mount, "ro"))
			return true;
	}
	return false;
}

static const json_t *args_of(const struct config *config)
{
	return json_object_get(json_object_get(config->root, "process"), "args");
}

bool config_is_wrapped(const struct config *config, const struct config_wrap *wrap)
{
	const json_t *args = args_of(config);

	if (!config->has_args || json_array_size(args) <= wrap->n_prefix)
		return false;
	for (size_t i = 0; i < wrap->n_prefix; i++) {
		if (strcmp(json_string_value(json_array_get(args, i)), wrap->prefix[i]) != 0)
			return false;
	}
	return is_mounted(config, wrap->program, wrap->place, CONFIG_PROGRAM) &&
	       is_mounted(config, wrap->profile, wrap->place, CONFIG_PROFILE);
}

ssize_t config_find_prefix(const struct config *config, const char *program, const char **ret_words,
			   size_t max)
{
	const json_t *args = args_of(config);
	const char *first = json_string_value(json_array_get(args, 0));
	char place[PATH_MAX];
	size_t n = json_array_size(args), len = first ? strlen(first) : 0;

	if (len < sizeof(CONFIG_PROGRAM) || len >= sizeof(place))
		return -ENOENT;
	memcpy(place, first, len + 1);
	len -= strlen("/" CONFIG_PROGRAM);
	if (strcmp(place + len, "/" CONFIG_PROGRAM) != 0)
		return -ENOENT;
	place[len] = '\0';
	if (!is_mounted(config, program, place, CONFIG_PROGRAM))
		return -ENOENT;
	for (size_t i = 0; i < n && i < max; i++) {
		ret_words[i] = json_string_value(json_array_get(args, i));
		if (i && !strcmp(ret_words[i], "--"))
			return (ssize_t)i + 1;
	}
	return -ENOENT;
}
