/* SPDX-License-Identifier: MIT */
/*
 * pod_source.c - is the source of a mount there, and what was meant if not.
 *
 * "/var/lib/docker-host" in one place and "/var/lib/docker" in another cost one report days: the
 * mount was made, empty. So a source that is missing is an error, which names the nearest name
 * beside the part that is missing; and the template itself is read here, as a regular file.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "gha/pod.h"
#include "profile/yaml.h"
#include "sys/path.h"

#define NAMES_MAX 4096 /* of one directory that are compared */
#define DISTANCE_MAX 8
#define SCORE_BEGIN 16U
#define SCORE_NEAR 32U

struct search {
	const char *wanted;
	char best[PATH_NAME_SIZE]; /* "": none */
	unsigned score;
	unsigned n;
};

/* 0 is nothing in common. */
static unsigned score_of(const char *wanted, const char *name)
{
	size_t a = strlen(wanted), b = strlen(name), shorter = a < b ? a : b;
	size_t distance = names_distance(wanted, name, DISTANCE_MAX), apart = a + b - 2 * shorter;

	if (distance <= DISTANCE_MAX && distance * 3 <= a)
		return (unsigned)(SCORE_NEAR - distance);
	/* one is how the other begins: "docker" and "docker-host" */
	if (shorter >= 3 && !strncmp(wanted, name, shorter))
		return apart < SCORE_BEGIN ? (unsigned)(SCORE_BEGIN - apart) : 1;
	return 0;
}

static int look(void *context, const char *name)
{
	struct search *search = context;
	unsigned score = score_of(search->wanted, name);

	if (++search->n > NAMES_MAX)
		return -EFBIG;
	if (score == 0 || strlen(name) >= sizeof(search->best) || score < search->score ||
	    (score == search->score && strcmp(name, search->best) > 0))
		return 0;
	search->score = score;
	memcpy(search->best, name, strlen(name) + 1);
	return 0;
}

/* What is there in place of the missing part `at`, with `rest` behind it if that is there too. */
static void find_near(const struct root *host, const char *at, const char *rest,
		      char ret_near[PATH_MAX])
{
	const char *slash = strrchr(at, '/');
	struct search search = { .wanted = slash + 1 };
	char parent[PATH_MAX], whole[PATH_MAX];
	struct root_walk walk;
	struct root_dir dir;
	int n;

	(void)snprintf(parent, sizeof(parent), "%.*s", slash == at ? 1 : (int)(slash - at), at);
	if (root_open_dir(host, parent, &dir) == 0) {
		(void)root_dir_list(&dir, look, &search);
		root_dir_done(&dir);
	}
	memcpy(ret_near, parent, strlen(parent) + 1);
	if (!search.best[0] || !path_child(ret_near, parent, search.best))
		return;
	n = snprintf(whole, sizeof(whole), "%s%s", ret_near, rest);
	if (n < 0 || (size_t)n >= sizeof(whole))
		return;
	root_walk(host, NULL, whole, &walk);
	if (walk.errnum == 0)
		memcpy(ret_near, whole, (size_t)n + 1);
}

int pod_check_source(const struct root *host, const char *path, struct croft_error *err)
{
	char near[PATH_MAX];
	struct root_walk walk;
	const char *rest = "";

	root_walk(host, NULL, path, &walk);
	if (walk.errnum == 0)
		return 0;
	if (walk.errnum != ENOENT)
		return fail(err, CROFT_STAGE_PREPARE, walk.errnum, "mount: %s", path);
	/* through a link the rest is another path's */
	if (path_is_under(walk.at, path))
		rest = path + strlen(walk.at);
	find_near(host, walk.at, rest, near);
	(void)fail(err, CROFT_STAGE_PREPARE, 0, "mount: %s does not exist on this host; %s does",
		   path, near);
	return -ENOENT;
}

/* A regular file and nothing that could make us wait. */
int pod_merge_file(const struct pod_input *input, struct arena *arena,
		   struct pod_merged *ret_merged, struct croft_error *err)
{
	static const struct root here = { .fd = -1, .path = "/" };
	struct pod_input whole = *input;
	AUTO_FREE char *data = NULL;
	char path[PATH_MAX];
	ssize_t len = -ENAMETOOLONG;
	int n = snprintf(path, sizeof(path), "%s%s",
			 input->source[0] == '/' ? "" : "/proc/self/cwd/", input->source);

	if (n > 0 && n < PATH_MAX)
		len = root_read_file(&here, path, YAML_MAX_BYTES + 1, &data);
	if (len < 0)
		return fail(err, CROFT_STAGE_USAGE, (int)-len, "--pod: read '%s'", input->source);
	whole.data = data;
	whole.len = (size_t)len;
	return pod_merge(&whole, arena, ret_merged, err);
}
