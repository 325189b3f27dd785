/* SPDX-License-Identifier: MIT */
/*
 * need.c - the commands that somebody counts on in an image, each found and each able to start.
 *
 * A name alone is no proof: /bin/tar may be a link that leads nowhere, a program without its
 * libraries, or a link to a busybox that was built without tar. So each is followed to its
 * libraries. One file behind many names (busybox) picks what it does by the name: it is
 * asked whether it has that one, in its own list of names.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "image/check.h"

#define BUSYBOX_MAX_BYTES (16U << 20) /* one is 1 to 2 MiB */

/*
 * What GitHub's container hooks start in a job's image, in the mode of Kubernetes without a shared
 * volume (0.8), which needs the most: actions/runner-container-hooks, packages/k8s. With
 * docker and with the shared volume (0.7) it is a part of these.
 */
static const char *const github_hooks[] = {
	"tail", /* keeps the job's container alive */
	"sh", /* every step, and every copy */
	"env", /* steps with variables */
	"tar", /* copies, both ways */
	"find",  "stat", "chmod", /* after each copy, and its check */
	"cat", /* is it Alpine? */
	"mkdir", "cp",   "dirname", "rm", /* merging the temporary directory, before each step */
	"mv", /* container steps */
};
/* Where it is missing an Alpine image counts as none, and gets a node that needs glibc. */
static const char *const github_hooks_alpine[] = { "grep" };

static const struct name sets[] = { { "@github-hooks", "what GitHub's container hooks need" } };

static int add_name(struct arena *arena, const char ***names, size_t *n, size_t *capacity,
		    const char *name, size_t len, struct croft_error *err)
{
	char *copy = arena_strndup(arena, name, len);
	const char **more;

	if (*n == NEED_MAX_NAMES)
		return fail(err, CROFT_STAGE_USAGE, 0, "--need: more than %d commands",
			    NEED_MAX_NAMES);
	more = arena_grow(arena, (void *)*names, *n, capacity, sizeof(*more));
	if (!copy || !more)
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "--need");
	*names = more;
	for (size_t i = 0; i < *n; i++)
		if (!strcmp(more[i], copy))
			return 0;
	more[(*n)++] = copy;
	return 0;
}

static int unknown_set(const char *name, size_t len, struct croft_error *err)
{
	int r = fail(err, CROFT_STAGE_USAGE, 0, "--need: there is no set '%.*s'", (int)len, name);

	fail_hint(err, "one of: %s", sets[0].name);
	return r;
}

int need_list(struct arena *arena, const char *list, bool is_alpine, const char ***ret_names,
	      size_t *ret_n, struct croft_error *err)
{
	size_t capacity = 0, n = 0;
	const char **names = NULL;

	for (const char *at = list;; at++) {
		size_t len = strcspn(at, ",");
		size_t n_set = ARRAY_SIZE(github_hooks);
		int r = 0;

		if (len == 0)
			return fail(err, CROFT_STAGE_USAGE, 0, "--need: a name in '%s' is empty",
				    list);
		if (at[0] != '@') {
			r = add_name(arena, &names, &n, &capacity, at, len, err);
		} else {
			if (len != strlen(sets[0].name) || strncmp(at, sets[0].name, len) != 0)
				return unknown_set(at, len, err);
			for (size_t i = 0; i < n_set && r == 0; i++)
				r = add_name(arena, &names, &n, &capacity, github_hooks[i],
					     strlen(github_hooks[i]), err);
			for (size_t i = 0; is_alpine && i < ARRAY_SIZE(github_hooks_alpine) && !r;
			     i++)
				r = add_name(arena, &names, &n, &capacity, github_hooks_alpine[i],
					     strlen(github_hooks_alpine[i]), err);
		}
		if (r < 0)
			return r;
		at += len;
		if (!*at)
			break;
	}
	*ret_names = names;
	*ret_n = n;
	return 0;
}

/*
 * Is that name in the list that a busybox has in itself? It is one text with a NUL behind each name
 * (applet_names in its applet_tables.h). Where the file cannot be read it counts as there.
 */
static bool has_applet(const struct image_check *check, const char *path, const char *name)
{
	AUTO_FREE char *data = NULL;
	AUTO_BUF struct buf wanted = BUF_INIT(PATH_MAX);
	ssize_t n = root_read_file(check->root, path, BUSYBOX_MAX_BYTES, &data);

	buf_putc(&wanted, '\0');
	buf_puts(&wanted, name);
	buf_putc(&wanted, '\0');
	return n < 0 || buf_error(&wanted) || memmem(data, (size_t)n, wanted.data, wanted.len);
}

bool check_applet(const struct image_check *check, const char *subject, const char *path)
{
	static const struct report_spot image = { NULL, 0, 0 };
	AUTO_BUF struct buf mend = BUF_INIT(16U << 10);
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	struct root_walk walk;

	root_walk(check->root, NULL, path, &walk);
	slash = walk.errnum ? NULL : strrchr(walk.real, '/');
	if (!slash || strcmp(slash + 1, "busybox") != 0 || !strcmp(name, "busybox") ||
	    has_applet(check, path, name))
		return true;
	family_mend_command(&mend, &check->family, name);
	report_add(check->report, REPORT_NO_APPLET, &image,
		   &(struct report_words){
			   .subject = subject, .detail = path, .mend = buf_text(&mend) });
	return false;
}

int check_need(const struct image_check *check, const char *list)
{
	struct arena arena;
	const char **names = NULL;
	size_t n = 0;
	int r;

	arena_init(&arena, 1U << 20);
	r = need_list(&arena, list, check->family.family == FAMILY_ALPINE, &names, &n, check->err);
	for (size_t i = 0; i < n && r == 0; i++)
		r = check_run(check, names[i]);
	arena_done(&arena);
	return r;
}
