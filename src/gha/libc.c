/* SPDX-License-Identifier: MIT */
/*
 * libc.c - what of this host a job's image lacks so that the runner's node starts in it.
 *
 * For each node of the externals, in turn:
 *
 *	closure of it in the image, with what is lent so far
 *	  └► its loader is missing    the host's, and every library that it needs on the host, in
 *	                              the first directory that this loader looks into
 *	  └► libraries are missing    those alone, for the image's own loader
 *	closure again ─► what is still wrong is why it cannot start
 *
 * All libraries come with a lent loader, since a directory behind may have namesakes for another C
 * library: Alpine's libstdc++.so.6 needs musl. A loader and its libc.so.6 are one build and talk
 * by a private interface, so one of the host's with one of the image's is refused.
 *
 * Nothing is lent where the image has a file by that name, whatever it is: what an image says of
 * itself is its own.
 */
#include "gha/libc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "elf/closure.h"
#include "elf/ldcache.h"
#include "gha/libc_view.h"
#include "sys/path.h"

#define RELEASE_MAX ((size_t)16 << 10)
#define LIBC_SONAME "libc.so.6"
#define LIBC_ROUNDS 4 /* a lent library may need another one */
#define NAMES_MAX 256 /* of the externals: the runner has some ten */
#define GLIBC_WITH_NSS 234 /* since 2.34 files and dns of NSS are in libc.so.6 */

struct lending {
	const struct libc_input *input;
	struct arena *arena;
	struct libc_plan *plan;
	struct libc_view view;
	struct closure here; /* of the node on this host */
	struct libc_node *node; /* that is looked at */
	char program[PATH_MAX]; /* in the job */
	bool has_lent_loader;
	struct croft_error *err;
};

/* isAlpine */

/* The value of "ID=" begins with alpine, as the runner's own test takes it. *ret_has_id. */
static bool is_alpine_id(const char *text, bool *ret_has_id)
{
	*ret_has_id = false;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncasecmp(line, "ID=", 3) != 0)
			continue;
		*ret_has_id = true;
		line += 3 + strspn(line + 3, "\"'");
		return !strncasecmp(line, "alpine", 6);
	}
	return false;
}

bool libc_is_alpine_image(const struct root *image)
{
	AUTO_FREE char *text = NULL;
	struct root_walk walk;
	bool has_id = false, is_alpine = false;
	ssize_t n = root_read_file(image, "/etc/os-release", RELEASE_MAX, &text);

	if (n == -ENOENT)
		n = root_read_file(image, "/usr/lib/os-release", RELEASE_MAX, &text);
	if (n < 0 && n != -ENOENT)
		return false;
	if (n >= 0)
		is_alpine = is_alpine_id(text, &has_id);
	if (has_id)
		return is_alpine;
	root_walk(image, NULL, "/etc/alpine-release", &walk);
	return walk.errnum == 0;
}

/* The nodes */

struct names {
	struct lending *lending;
	size_t n;
	bool wants_alpine; /* what is taken */
};

/* "node20", "node20_alpine": 1 and of which kind, or 0. */
static bool is_node_name(const char *name, bool *ret_is_alpine)
{
	size_t digits;

	if (strncmp(name, "node", 4) != 0 || strlen(name) > 32)
		return false;
	digits = strspn(name + 4, "0123456789");
	*ret_is_alpine = !strcmp(name + 4 + digits, "_alpine");
	return digits > 0 && (*ret_is_alpine || !name[4 + digits]);
}

static int take_name(void *context, const char *name)
{
	struct names *names = context;
	struct lending *lending = names->lending;
	struct libc_plan *plan = lending->plan;
	struct root_walk walk;
	char path[64];
	size_t at = 0;
	bool is_alpine;

	if (++names->n > NAMES_MAX)
		return -EFBIG;
	if (!is_node_name(name, &is_alpine) || is_alpine != names->wants_alpine ||
	    plan->n_nodes == LIBC_MAX_NODES)
		return 0;
	(void)snprintf(path, sizeof(path), "/%s/bin/node", name);
	root_walk(&lending->view.externals, NULL, path, &walk);
	if (walk.errnum)
		return 0;
	name = arena_strdup(lending->arena, name);
	if (!name)
		return -ENOMEM;
	while (at < plan->n_nodes && strcmp(plan->nodes[at].name, name) < 0)
		at++;
	memmove(&plan->nodes[at + 1], &plan->nodes[at],
		(plan->n_nodes - at) * sizeof(*plan->nodes));
	plan->nodes[at] = (struct libc_node){ .name = name, .why = "", .mend = "" };
	plan->n_nodes++;
	return 0;
}

static int find_nodes(struct lending *lending, bool wants_alpine)
{
	struct names names = { .lending = lending, .wants_alpine = wants_alpine };
	struct root_dir dir;
	int r = root_open_dir(&lending->view.externals, "/", &dir);

	if (r == 0) {
		r = root_dir_list(&dir, take_name, &names);
		root_dir_done(&dir);
	}
	return r < 0 ? fail(lending->err, CROFT_STAGE_PREPARE, -r, "read the externals '%s'",
			    lending->input->externals)
		     : 0;
}

/* Of the kind that will be started. On other machines there is no node of Alpine's. */
static int choose_nodes(struct lending *lending)
{
	int r = 0;

#if defined(__x86_64__)
	if (libc_is_alpine_image(lending->input->image))
		r = find_nodes(lending, true);
	lending->plan->is_alpine = lending->plan->n_nodes > 0;
#endif
	if (r == 0 && !lending->plan->is_alpine)
		r = find_nodes(lending, false);
	if (r < 0 || lending->plan->n_nodes)
		return r;
	r = fail(lending->err, CROFT_STAGE_PREPARE, 0,
		 "the externals '%s' have no node*/bin/node: JavaScript actions cannot start",
		 lending->input->externals);
	fail_hint(lending->err, "unpack the runner again, or look at what is mounted over them");
	return r;
}

/* Loans */

static int no_memory(const struct lending *lending)
{
	return fail(lending->err, CROFT_STAGE_PREPARE, ENOMEM, "look at what %s needs",
		    lending->node->name);
}

/* Does the way there lead over a link of the image's to nothing? No mount could lie behind it. */
static bool is_dangling(const struct root *root, const char *path)
{
	char part[PATH_MAX], parent[PATH_MAX];
	struct root_walk walk;
	struct root_dir dir;

	for (const char *at = path; at; at = strchr(at + 1, '/')) {
		const char *end = at + 1 + strcspn(at + 1, "/");
		bool is_link;

		(void)snprintf(part, sizeof(part), "%.*s", (int)(end - path), path);
		(void)snprintf(parent, sizeof(parent), "%.*s", at == path ? 1 : (int)(at - path),
			       path);
		root_walk(root, NULL, part, &walk);
		if (walk.errnum == 0)
			continue;
		if (root_open_dir(root, parent, &dir) < 0)
			return true;
		is_link = root_dir_has(&dir, strrchr(part, '/') + 1);
		root_dir_done(&dir);
		return is_link;
	}
	return false;
}

/* 1: it is lent, 0: the image has something there. */
static int lend(struct lending *lending, const char *host, const char *path)
{
	struct libc_plan *plan = lending->plan;
	struct libc_loan *loan = &plan->loans[plan->n_loans];
	struct root_walk walk;

	root_walk(&lending->view.root, NULL, path, &walk);
	if (walk.errnum == 0 || is_dangling(lending->input->image, path))
		return 0;
	if (plan->n_loans == LIBC_MAX_LOANS)
		return fail(lending->err, CROFT_STAGE_PREPARE, 0, "%s needs more than %d files",
			    lending->node->name, LIBC_MAX_LOANS);
	loan->host = arena_strdup(lending->arena, host);
	loan->path = arena_strdup(lending->arena, path);
	if (!loan->host || !loan->path)
		return no_memory(lending);
	plan->n_loans++;
	return 1;
}

/* The file that goes by that name on this host; NULL. */
static const char *find_here(const struct lending *lending, const char *name)
{
	const struct closure *here = &lending->here;

	for (size_t i = 0; i < here->n_edges; i++)
		if (here->edges[i].to != CLOSURE_NONE && !strcmp(here->edges[i].name, name))
			return here->files[here->edges[i].to].real;
	return NULL;
}

static const struct closure_file *find_loader(const struct closure *closure)
{
	for (size_t i = 0; i < closure->n_files; i++)
		if (closure->files[i].role == ROLE_LOADER)
			return &closure->files[i];
	return NULL;
}

/* Below the first directory of that loader. False: it has none. */
static bool place_library(const struct loader_info *info, const char *name, char path[PATH_MAX])
{
	const char *dir = info->n_dirs ? info->dirs[0] : info->is_musl ? "/lib" : "";
	size_t len = strlen(dir);
	int n;

	while (len > 1 && dir[len - 1] == '/')
		len--;
	n = snprintf(path, PATH_MAX, "%.*s/%s", (int)len, dir, name);
	return len > 0 && !strchr(name, '/') && n > 0 && n < PATH_MAX;
}

/* Modules that glibc before 2.34 opens when a name is looked up. */
static int lend_modules(struct lending *lending, const struct loader_info *info)
{
	static const char *const modules[] = { "libnss_files.so.2", "libnss_dns.so.2",
					       "libresolv.so.2" };
	const char *libc = find_here(lending, LIBC_SONAME), *slash = libc ? strrchr(libc, '/') : 0;
	int r = 0;

	if (!slash || !info->glibc_version || info->glibc_version >= GLIBC_WITH_NSS)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(modules) && r >= 0; i++) {
		char host[PATH_MAX], path[PATH_MAX];
		struct root_walk walk;
		int n = snprintf(host, sizeof(host), "%.*s/%s", (int)(slash - libc), libc,
				 modules[i]);

		if (n < 0 || (size_t)n >= sizeof(host) || !place_library(info, modules[i], path))
			continue;
		root_walk(lending->input->host, NULL, host, &walk);
		if (walk.errnum == 0)
			r = lend(lending, walk.real, path);
	}
	return r < 0 ? r : 0;
}

/* The host's loader at that name, and all that the program needs with it. */
static int lend_loader(struct lending *lending, const char *interp)
{
	const struct closure *here = &lending->here;
	const struct closure_file *loader = find_loader(here);
	struct loader_info info;
	int r;

	if (!loader || strcmp(loader->path, interp) != 0)
		return 0;
	r = loader_read(lending->input->host, loader->real, true, lending->arena, &info);
	if (r == 0)
		r = lend(lending, loader->real, interp);
	if (r <= 0)
		return r == -ENOMEM ? no_memory(lending) : r < 0 ? 0 : r;
	lending->has_lent_loader = true;
	for (size_t i = 0; i < here->n_edges && r >= 0; i++) {
		const struct closure_edge *edge = &here->edges[i];
		char path[PATH_MAX];

		if (edge->to != CLOSURE_NONE && here->files[edge->to].role == ROLE_LIBRARY &&
		    place_library(&info, edge->name, path))
			r = lend(lending, here->files[edge->to].real, path);
	}
	r = r < 0 ? r : lend_modules(lending, &info);
	return r < 0 ? r : 1;
}

static int lend_library(struct lending *lending, const struct closure *there, const char *name)
{
	const struct closure_file *loader = find_loader(there);
	const char *host = find_here(lending, name);
	struct loader_info info;
	char path[PATH_MAX];

	if (!host || !loader ||
	    loader_read(&lending->view.root, loader->path, true, lending->arena, &info) < 0 ||
	    !place_library(&info, name, path))
		return 0;
	return lend(lending, host, path);
}

/* What is missing in the job, as far as this host has it: how many loans were added. */
static int lend_missing(struct lending *lending, const struct closure *there)
{
	int n = 0;

	for (size_t i = 0; i < there->n_troubles; i++) {
		const struct trouble *trouble = &there->troubles[i];
		int r = 0;

		if (trouble->role == ROLE_LOADER &&
		    (trouble->kind == TROUBLE_MISSING || trouble->kind == TROUBLE_NO_DIRECTORY))
			r = lend_loader(lending, trouble->path);
		else if (trouble->kind == TROUBLE_LIBRARY_MISSING)
			r = lend_library(lending, there, trouble->path);
		if (r < 0)
			return r;
		n += r;
	}
	return n;
}

/* Verdicts */

static int say(struct lending *lending, const struct trouble *trouble)
{
	AUTO_BUF struct buf what = BUF_INIT(8192), mend = BUF_INIT(8192);
	const char *family = trouble->role == ROLE_LOADER ? loader_family(trouble->path) : NULL;

	trouble_what(&what, trouble);
	if (trouble->kind == TROUBLE_VERSION_MISSING)
		buf_puts(&mend, "take an image with a newer C library, or one that has none: then "
				"this host's is lent");
	else if (trouble->kind == TROUBLE_MISSING && family)
		buf_printf(&mend, "install %s in the image, or on this host: then it is lent",
			   family);
	else
		trouble_mend(&mend, trouble);
	lending->node->why = arena_strdup(lending->arena, buf_text(&what));
	lending->node->mend = arena_strdup(lending->arena, buf_text(&mend));
	return lending->node->why && lending->node->mend ? 0 : no_memory(lending);
}

static bool is_lent(const struct lending *lending, const char *path)
{
	for (size_t i = 0; i < lending->plan->n_loans; i++)
		if (!strcmp(lending->plan->loans[i].path, path))
			return true;
	return false;
}

/* A loader and its libc.so.6: both the image's, or both this host's. */
static int check_pair(struct lending *lending, const struct closure *there)
{
	const struct closure_file *loader = find_loader(there), *libc = NULL;

	for (size_t i = 0; i < there->n_files && !libc; i++)
		if (!strcmp(there->files[i].name, LIBC_SONAME))
			libc = &there->files[i];
	if (!loader || !libc || is_lent(lending, loader->path) == is_lent(lending, libc->path)) {
		lending->node->can_start = true;
		return 0;
	}
	lending->node->why =
		arena_printf(lending->arena,
			     "the image has '%s' but not the '%s' that belongs to it",
			     is_lent(lending, loader->path) ? libc->path : loader->path,
			     is_lent(lending, loader->path) ? loader->path : LIBC_SONAME);
	lending->node->mend = "take an image with a whole C library, or with none";
	return lending->node->why ? 0 : no_memory(lending);
}

static int look_there(struct lending *lending, struct closure *there)
{
	const struct closure_input input = { .root = &lending->view.root,
					     .library_path = lending->input->library_path,
					     .preload = lending->input->preload,
					     .flags = CLOSURE_LIBRARIES | CLOSURE_VERSIONS };

	closure_init(there);
	return closure_add_program(there, &input, lending->program, lending->err);
}

/* Adds loans until nothing more can be had, then judges. */
static int lend_for_node(struct lending *lending)
{
	for (int round = 0;; round++) {
		const struct trouble *trouble;
		struct closure there;
		int r = look_there(lending, &there);

		trouble = r == 0 ? closure_find_trouble(&there, WEIGHT_START) : NULL;
		if (trouble && round < LIBC_ROUNDS) {
			r = lend_missing(lending, &there);
			if (r > 0) {
				closure_done(&there);
				continue;
			}
		}
		if (r == 0)
			r = trouble ? say(lending, trouble) : check_pair(lending, &there);
		closure_done(&there);
		return r;
	}
}

static int look_at_node(struct lending *lending)
{
	const struct closure_input input = { .root = lending->input->host,
					     .flags = CLOSURE_LIBRARIES };
	char host[PATH_MAX];
	int r, n = snprintf(host, sizeof(host), "%s/%s/bin/node", lending->input->externals,
			    lending->node->name);

	if (n < 0 || (size_t)n >= sizeof(host))
		return fail(lending->err, CROFT_STAGE_PREPARE, ENAMETOOLONG, "look at %s",
			    lending->node->name);
	n = snprintf(lending->program, sizeof(lending->program), "%s/%s/bin/node", lending->view.at,
		     lending->node->name);
	if (n < 0 || (size_t)n >= sizeof(lending->program))
		return fail(lending->err, CROFT_STAGE_PREPARE, ENAMETOOLONG, "look at %s",
			    lending->node->name);
	closure_init(&lending->here);
	r = closure_add_program(&lending->here, &input, host, lending->err);
	if (r == 0)
		r = lend_for_node(lending);
	closure_done(&lending->here);
	return r;
}

int libc_plan(const struct libc_input *input, struct arena *arena, struct libc_plan *ret_plan,
	      struct croft_error *err)
{
	struct libc_plan plan = { .is_alpine = false };
	struct lending lending = { .input = input, .arena = arena, .plan = &plan, .err = err };
	int r;

	plan.loans = arena_calloc(arena, LIBC_MAX_LOANS + 1, sizeof(*plan.loans));
	plan.nodes = arena_calloc(arena, LIBC_MAX_NODES + 1, sizeof(*plan.nodes));
	if (!plan.loans || !plan.nodes)
		return fail(err, CROFT_STAGE_PREPARE, ENOMEM, "look at what the image lacks");
	r = libc_view_init(&lending.view, input, &plan, err);
	if (r == 0)
		r = choose_nodes(&lending);
	for (size_t i = 0; i < plan.n_nodes && r == 0; i++) {
		lending.node = &plan.nodes[i];
		r = look_at_node(&lending);
	}
	libc_view_done(&lending.view);
	if (r == 0)
		*ret_plan = plan;
	return r;
}
