/* SPDX-License-Identifier: MIT */
/*
 * fuzz_closure.c - programs and libraries that need each other in every way.
 *
 * The input says line by line what there is in an image:
 *
 *   file d/liba.so        one of the names below: an ELF file, which the next lines describe
 *   needs X   soname X   rpath X   runpath X   interp X   nodeflib   machine   class   exec
 *   text X                instead: a file with that text, also of the loader's configuration
 *   path X   preload X   workdir X   library X      how it is called, and what is opened later
 *
 * The bytes of ELF files and caches have fuzzers of their own; this one is about the search. Beside
 * memory errors and endless searches it looks for an index out of its list, a file that is
 * there twice or not where it is said to be, an open descriptor, and two answers that differ.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "unit/make_elf.h"

#include "elf/closure.h"
#include "elf/elf.h"

#define ENTRIES_MAX 50 /* of one file: what make_elf.h has room for */
#define TEXT_MAX 900

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const dirs[] = { "d", "d/tls", "d/glibc-hwcaps", "d/glibc-hwcaps/x86-64-v2",
				    "e", "lib",   "lib/multi",      "etc" };
static const char *const names[] = {
	"prog",
	"d/liba.so",
	"d/libb.so",
	"d/libc2.so",
	"d/tls/liba.so",
	"d/glibc-hwcaps/x86-64-v2/libb.so",
	"e/liba.so",
	"e/libb.so",
	"lib/liba.so",
	"lib/libc2.so",
	"lib/multi/libb.so",
	"etc/ld.so.preload",
	"etc/ld.so.conf",
	"etc/ld-musl-test.path",
	"etc/ld.so.cache",
};
#define N_DIRS (sizeof(dirs) / sizeof(dirs[0]))
#define N_NAMES (sizeof(names) / sizeof(names[0]))

/* The file that is being described. */
struct draft {
	const char *name; /* NULL: none */
	struct image image;
	unsigned n_entries, flags;
};

static char place[512];
static struct root root;

static void remove_place(void)
{
	for (size_t i = 0; i < N_NAMES; i++)
		(void)unlinkat(root.fd, names[i], 0);
	(void)unlinkat(root.fd, "lib/ld-linux-test.so.2", 0);
	(void)unlinkat(root.fd, "lib/ld-musl-test.so.1", 0);
	(void)unlinkat(root.fd, "e/libl.so", 0);
	(void)unlinkat(root.fd, "e/loop.so", 0);
	for (size_t i = N_DIRS; i-- > 0;)
		(void)unlinkat(root.fd, dirs[i], AT_REMOVEDIR);
	(void)rmdir(place);
}

static void write_bytes(const char *name, const void *bytes, size_t size)
{
	int fd = openat(root.fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

	assert(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	(void)close(fd);
}

static void start_image(struct image *image)
{
	image_init_dynamic(image, true, false);
	PUT(image, 0, Ehdr, e_machine, elf_own_machine());
}

static void write_loader(const char *name, const char *strings, size_t size)
{
	struct image image;

	start_image(&image);
	(void)add_dynamic(&image, DT_SONAME, add_name(&image, strrchr(name, '/') + 1));
	(void)add_bytes(&image, strings, size);
	write_bytes(name, image.bytes, image.size);
	image_done(&image);
}

static bool make_place(void)
{
	static const char glibc[] = "release version 2.36.\0/etc/ld.so.cache\0/lib/multi/\0/lib/\0";
	static const char musl[] = "/etc/ld-musl-test.path";
	const char *parent = getenv("TMPDIR");
	struct croft_error err;

	if (root.path)
		return true;
	(void)snprintf(place, sizeof(place), "%s/croft-fuzz-XXXXXX", parent ? parent : "/tmp");
	if (!mkdtemp(place) || root_open(place, &root, &err) != 0)
		return false;
	for (size_t i = 0; i < N_DIRS; i++)
		if (mkdirat(root.fd, dirs[i], 0700) != 0)
			return false;
	write_loader("lib/ld-linux-test.so.2", glibc, sizeof(glibc));
	write_loader("lib/ld-musl-test.so.1", musl, sizeof(musl));
	if (symlinkat("../d/libb.so", root.fd, "e/libl.so") != 0 ||
	    symlinkat("loop.so", root.fd, "e/loop.so") != 0)
		return false;
	return atexit(remove_place) == 0;
}

static void end_draft(struct draft *draft)
{
	if (!draft->name)
		return;
	if (draft->flags)
		(void)add_dynamic(&draft->image, DT_FLAGS_1, draft->flags);
	write_bytes(draft->name, draft->image.bytes, draft->image.size);
	image_done(&draft->image);
	draft->name = NULL;
}

static void start_draft(struct draft *draft, const char *name)
{
	end_draft(draft);
	for (size_t i = 0; i < N_NAMES; i++) {
		if (strcmp(names[i], name) != 0)
			continue;
		*draft = (struct draft){ .name = names[i] };
		start_image(&draft->image);
	}
}

static void add_entry(struct draft *draft, uint64_t tag, const char *text)
{
	size_t left = IMAGE_DYNAMIC - draft->image.names_end;

	if (draft->n_entries++ < ENTRIES_MAX && strlen(text) + 1 < left)
		(void)add_dynamic(&draft->image, tag, add_name(&draft->image, text));
}

static void describe(struct draft *draft, const char *key, const char *value)
{
	struct image *image = &draft->image;

	if (!strcmp(key, "needs"))
		add_entry(draft, DT_NEEDED, value);
	else if (!strcmp(key, "soname"))
		add_entry(draft, DT_SONAME, value);
	else if (!strcmp(key, "rpath"))
		add_entry(draft, DT_RPATH, value);
	else if (!strcmp(key, "runpath"))
		add_entry(draft, DT_RUNPATH, value);
	else if (!strcmp(key, "nodeflib"))
		draft->flags |= DF_1_NODEFLIB;
	else if (!strcmp(key, "machine"))
		PUT(image, 0, Ehdr, e_machine, EM_SPARCV9);
	else if (!strcmp(key, "class"))
		image->bytes[EI_CLASS] = ELFCLASS32;
	else if (!strcmp(key, "exec"))
		PUT(image, 0, Ehdr, e_type, ET_EXEC);
	else if (!strcmp(key, "interp") && image->n_phdrs < 4 && strlen(value) < TEXT_MAX)
		(void)add_phdr(image, PT_INTERP, add_bytes(image, value, strlen(value) + 1),
			       strlen(value) + 1);
}

/* Makes the image; *ret_library: what is opened later, or NULL. */
static void make_world(struct lines *lines, struct closure_input *input, const char **ret_library)
{
	struct draft draft = { .name = NULL };

	for (size_t i = 0; i < N_NAMES; i++)
		(void)unlinkat(root.fd, names[i], 0);
	for (size_t i = 0; i < lines->n; i++) {
		char *key = lines->words[i], *value = cut_key(key);

		if (!value)
			value = key + strlen(key);
		if (!strcmp(key, "file")) {
			start_draft(&draft, value);
		} else if (!strcmp(key, "path")) {
			input->library_path = value;
		} else if (!strcmp(key, "preload")) {
			input->preload = value;
		} else if (!strcmp(key, "workdir") && *value == '/') {
			input->workdir = value;
		} else if (!strcmp(key, "library") && *value) {
			*ret_library = value;
		} else if (draft.name && !strcmp(key, "text")) {
			write_bytes(draft.name, value, strlen(value));
			image_done(&draft.image);
			draft.name = NULL;
		} else if (draft.name) {
			describe(&draft, key, value);
		}
	}
	end_draft(&draft);
}

static void check_file(const struct closure *closure, size_t index)
{
	const struct closure_file *file = &closure->files[index];
	struct stat st;

	assert(file->name && file->path && file->real && file->detail);
	assert(file->role < ROLE_MAX && file->rule < RULE_MAX);
	assert(file->path[0] == '/' && file->real[0] == '/');
	assert(file->needed_by == CLOSURE_NONE || file->needed_by < closure->n_files);
	/* `real` has no links left, so that nothing leads out of the image */
	assert(fstatat(root.fd, file->real + 1, &st, AT_SYMLINK_NOFOLLOW) == 0);
	assert(S_ISREG(st.st_mode) && st.st_ino == file->ino && st.st_dev == file->dev);
	for (size_t i = 0; i < index; i++)
		assert(closure->files[i].ino != file->ino || closure->files[i].dev != file->dev);
}

static void check_closure(const struct closure *closure)
{
	for (size_t i = 0; i < closure->n_files; i++)
		check_file(closure, i);
	for (size_t i = 0; i < closure->n_edges; i++) {
		const struct closure_edge *edge = &closure->edges[i];

		assert(edge->name && edge->from < closure->n_files);
		assert(edge->to == CLOSURE_NONE || edge->to < closure->n_files);
	}
	for (size_t i = 0; i < closure->n_troubles; i++) {
		const struct trouble *trouble = &closure->troubles[i];

		assert(trouble->path && trouble->needed_by && trouble->detail);
		assert(trouble->kind < TROUBLE_MAX && trouble->role < ROLE_MAX);
	}
}

static void build(const struct closure_input *input, const char *library, struct closure *closure)
{
	struct croft_error err;
	size_t n;
	int r;

	closure_init(closure);
	r = closure_add_program(closure, input, "/prog", &err);
	assert(r == 0 || r == -EFBIG);
	if (r < 0 || !library || closure->n_files == 0)
		return;
	r = closure_add_library(closure, input, library, &err);
	assert(r == 0 || r == -EFBIG);
	n = closure->n_files;
	if (r == 0) /* once more: it is there already */
		assert(closure_add_library(closure, input, library, &err) == 0 &&
		       closure->n_files == n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct closure_input input = { .flags = CLOSURE_LIBRARIES | CLOSURE_VERSIONS };
	struct closure closure, again;
	const char *library = NULL;
	struct lines lines;
	int before, after;

	if (!make_place() || !lines_init(&lines, data, size))
		return 0;
	input.root = &root;
	make_world(&lines, &input, &library);
	before = dup(root.fd);
	build(&input, library, &closure);
	build(&input, library, &again);
	after = dup(root.fd);
	assert(after == before + 1);
	(void)close(before);
	(void)close(after);
	check_closure(&closure);
	assert(closure.n_files == again.n_files && closure.n_edges == again.n_edges);
	for (size_t i = 0; i < closure.n_files; i++)
		assert(!strcmp(closure.files[i].path, again.files[i].path));
	closure_done(&closure);
	closure_done(&again);
	lines_done(&lines);
	return 0;
}
