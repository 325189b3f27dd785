/* SPDX-License-Identifier: MIT */
/*
 * check.c - would a program start in an image, and if not, why, and what would mend it there?
 *
 * The reading is src/elf's, the words for what is wrong are trouble.c's, and what would do for all
 * that the program needs is remedy.c's. What is added here is the image's family: which package
 * brings the library or the loader.
 */
#include "image/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

#define TEXT_MAX_BYTES 65536

struct closure_input check_input(const struct image_check *check)
{
	return (struct closure_input){ .root = check->root,
				       .workdir = check->config->workdir,
				       .path = check->config->path,
				       .library_path = check->config->library_path,
				       .preload = check->config->preload,
				       .flags = CLOSURE_LIBRARIES | CLOSURE_VERSIONS };
}

bool check_next_candidate(const struct image_check *check, const char *name, const char **rest,
			  char ret_path[PATH_MAX])
{
	while (*rest) {
		const char *entry = *rest, *workdir = "";
		size_t len = strcspn(entry, ":");
		bool is_name = strchr(name, '/') != NULL;
		int n;

		*rest = entry[len] && !is_name ? entry + len + 1 : NULL;
		/* an empty entry is the working directory */
		if (is_name ? name[0] != '/' : entry[0] != '/')
			workdir = check->config->workdir;
		if (is_name)
			n = snprintf(ret_path, PATH_MAX, "%s%s%s", workdir, *workdir ? "/" : "",
				     name);
		else
			n = snprintf(ret_path, PATH_MAX, "%s%s%.*s/%s", workdir,
				     *workdir ? "/" : "", (int)len, entry, name);
		if (n > 0 && n < PATH_MAX)
			return true;
	}
	return false;
}

/*
 * Does the file that is not there have its name there all the same? A link that leads nowhere, or
 * in a circle; or what nobody can tell, since the directory may not be searched. That says more
 * than "missing". A link on the way to the directory (/bin to usr/bin) is none of these.
 */
static bool is_broken(const struct image_check *check, const char *path,
		      const struct root_walk *walk)
{
	const char *slash = strrchr(path, '/');
	char parent[PATH_MAX];
	struct root_dir dir;
	bool is_there;

	if (walk->errnum != ENOENT || !walk->link[0])
		return walk->errnum == ELOOP || walk->errnum == EACCES;
	(void)snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path) + 1, path);
	if (root_open_dir(check->root, parent, &dir) < 0)
		return false;
	is_there = root_dir_has(&dir, slash + 1);
	root_dir_done(&dir);
	return is_there;
}

bool check_find(const struct image_check *check, const char *name, char ret_path[PATH_MAX])
{
	const char *rest = check->config->path;
	char path[PATH_MAX];
	bool has_found = false;

	while (check_next_candidate(check, name, &rest, path)) {
		struct root_walk walk;
		bool is_executable;

		root_walk(check->root, NULL, path, &walk);
		if (walk.errnum && (has_found || !is_broken(check, path, &walk)))
			continue;
		is_executable = walk.errnum == 0 && S_ISREG(walk.mode) && (walk.mode & 0111);
		if (is_executable || !has_found)
			memcpy(ret_path, path, strlen(path) + 1);
		has_found = true;
		if (is_executable)
			return true;
	}
	return has_found;
}

/* remedy_package_fn */
static void add_package(void *context, struct buf *buf, const char *soname)
{
	const struct image_check *check = context;

	family_mend_library(buf, &check->family, soname);
}

static void add_trouble(const struct image_check *check, const char *subject,
			const struct trouble *trouble, const struct remedy *remedy)
{
	AUTO_BUF struct buf what = BUF_INIT(TEXT_MAX_BYTES), mend = BUF_INIT(TEXT_MAX_BYTES);
	static const struct report_spot image = { NULL, 0, 0 };
	struct image_check context = *check;

	if (strcmp(subject, trouble->path) != 0 && strcmp(subject, trouble->needed_by) != 0)
		buf_printf(&what, "%s: ", subject);
	trouble_what(&what, trouble);
	remedy_mend(&mend, remedy, trouble, add_package, &context);
	report_add(check->report, REPORT_CANNOT_START, &image,
		   &(struct report_words){
			   .subject = subject, .what = buf_text(&what), .mend = buf_text(&mend) });
}

/* What is about the image's own libraries comes after what keeps exec from its work. */
static void add_troubles(const struct image_check *check, const char *subject,
			 const struct closure *closure, const struct remedy *remedy)
{
	const struct trouble *cause = closure_find_trouble(closure, WEIGHT_EXEC);

	if (cause)
		add_trouble(check, subject, cause, remedy);
	for (size_t i = 0; i < closure->n_troubles; i++)
		if (&closure->troubles[i] != cause &&
		    trouble_weight(&closure->troubles[i]) >= WEIGHT_START)
			add_trouble(check, subject, &closure->troubles[i], remedy);
}

int check_program(const struct image_check *check, const char *subject, const char *path)
{
	const struct closure_input input = check_input(check);
	struct closure closure;
	struct remedy remedy;
	int r;

	closure_init(&closure);
	r = closure_add_program(&closure, &input, path, check->err);
	if (r == 0) {
		r = remedy_find(&closure, &input, &remedy);
		if (r < 0)
			(void)fail(check->err, CROFT_STAGE_EXEC, -r, "look for what '%s' lacks",
				   path);
	}
	if (r == 0)
		add_troubles(check, subject, &closure, &remedy);
	closure_done(&closure);
	return r;
}

int check_run(const struct image_check *check, const char *program)
{
	static const struct report_spot image = { NULL, 0, 0 };
	AUTO_BUF struct buf mend = BUF_INIT(TEXT_MAX_BYTES);
	char path[PATH_MAX];

	if (check_find(check, program, path))
		return check_applet(check, program, path) ? check_program(check, program, path) : 0;
	/* a path says more of itself: which directory of it is missing */
	if (strchr(program, '/')) {
		const char *rest = check->config->path;

		if (check_next_candidate(check, program, &rest, path))
			return check_program(check, program, path);
	}
	family_mend_command(&mend, &check->family, program);
	report_add(check->report, REPORT_NOT_FOUND, &image,
		   &(struct report_words){ .subject = program,
					   .detail = check->config->path,
					   .mend = buf_text(&mend) });
	return 0;
}
