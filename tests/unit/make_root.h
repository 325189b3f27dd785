/* SPDX-License-Identifier: MIT */
/*
 * make_root.h - an image below the scratch directory for the tests of closures: programs, libraries
 * and loaders of this machine, as small as a loader's reader takes them.
 *
 * A loader here is an ELF file with the strings that the true one has (loader.c reads them); no
 * file is ever executed. The image's paths start with "/", as a program inside would see them.
 */
#ifndef CROFT_TESTS_UNIT_MAKE_ROOT_H
#define CROFT_TESTS_UNIT_MAKE_ROOT_H

#include "ground.h"
#include "make_elf.h"

#include "elf/closure.h"
#include "elf/elf.h"

#define MAKE_NEEDS 8
#define ROOT_LOADER "/lib/ld-linux-test.so.2"
#define ROOT_MUSL "/lib/ld-musl-test.so.1"

/* What a file says of itself; NULL and 0: nothing. */
struct object_spec {
	const char *interp, *soname, *rpath, *runpath;
	const char *needs[MAKE_NEEDS];
	const char *strings; /* behind the rest, `n_strings` bytes */
	size_t n_strings;
	const char *verneed, *verneed_file, *verdef;
	bool is_program, is_nodeflib, is_other_machine, is_other_class, is_kernel_new;
	uint32_t isa_needed;
};

static struct root root;
static struct closure closure;
static struct croft_error root_error;

static inline void add_text(struct image *image, uint64_t tag, const char *text)
{
	if (text)
		(void)add_dynamic(image, tag, add_name(image, text));
}

/* One version that is needed of, or defined for, a file. */
static inline void add_version(struct image *image, const struct object_spec *spec)
{
	size_t at = image->free;

	if (spec->verneed) {
		PUT(image, at, Verneed, vn_version, 1);
		PUT(image, at, Verneed, vn_cnt, 1);
		PUT(image, at, Verneed, vn_file, add_name(image, spec->verneed_file));
		PUT(image, at, Verneed, vn_aux, sizeof(Elf64_Verneed));
		PUT(image, at + sizeof(Elf64_Verneed), Vernaux, vna_name,
		    add_name(image, spec->verneed));
		(void)add_dynamic(image, DT_VERNEED, IMAGE_BASE + at);
		(void)add_dynamic(image, DT_VERNEEDNUM, 1);
		image->free += 64;
	}
	at = image->free;
	if (spec->verdef) {
		PUT(image, at, Verdef, vd_version, 1);
		PUT(image, at, Verdef, vd_ndx, 2);
		PUT(image, at, Verdef, vd_cnt, 1);
		PUT(image, at, Verdef, vd_aux, sizeof(Elf64_Verdef));
		PUT(image, at + sizeof(Elf64_Verdef), Verdaux, vda_name,
		    add_name(image, spec->verdef));
		(void)add_dynamic(image, DT_VERDEF, IMAGE_BASE + at);
		(void)add_dynamic(image, DT_VERDEFNUM, 1);
		image->free += 64;
	}
}

static inline void add_notes(struct image *image, const struct object_spec *spec)
{
	const uint32_t tag[] = { 0, 99, 0, 0 };
	/* GNU_PROPERTY_X86_ISA_1_NEEDED, four bytes of it, and padding */
	const uint32_t isa[] = { 0xc0008002, 4, spec->isa_needed, 0 };
	size_t at;

	if (spec->is_kernel_new) {
		at = add_note(image, "GNU", NT_GNU_ABI_TAG, tag, ARRAY_SIZE(tag));
		(void)add_phdr(image, PT_NOTE, at, 32);
	}
	if (spec->isa_needed) {
		at = add_note(image, "GNU", 5, isa, ARRAY_SIZE(isa));
		PUT(image, phdr_at(image, add_phdr(image, PT_NOTE, at, 32)), Phdr, p_align, 8);
	}
}

/* Writes one ELF file of this machine into the image, its directories too. */
static inline void make_object(const char *name, const struct object_spec *spec)
{
	struct image image;
	char path[GROUND_PATH];
	size_t at;
	int fd;

	image_init_dynamic(&image, true, false);
	PUT(&image, 0, Ehdr, e_machine, spec->is_other_machine ? EM_SPARCV9 : elf_own_machine());
	for (size_t i = 0; i < MAKE_NEEDS; i++)
		add_text(&image, DT_NEEDED, spec->needs[i]);
	add_text(&image, DT_SONAME, spec->soname);
	add_text(&image, DT_RPATH, spec->rpath);
	add_text(&image, DT_RUNPATH, spec->runpath);
	if (spec->is_nodeflib || spec->is_program)
		(void)add_dynamic(&image, DT_FLAGS_1,
				  (spec->is_nodeflib ? DF_1_NODEFLIB : 0U) |
					  (spec->is_program ? DF_1_PIE : 0U));
	add_version(&image, spec);
	add_notes(&image, spec);
	if (spec->interp) {
		at = add_bytes(&image, spec->interp, strlen(spec->interp) + 1);
		(void)add_phdr(&image, PT_INTERP, at, strlen(spec->interp) + 1);
	}
	if (spec->strings)
		(void)add_bytes(&image, spec->strings, spec->n_strings);
	if (spec->is_other_class)
		image.bytes[EI_CLASS] = ELFCLASS32;
	(void)snprintf(path, sizeof(path), "%s/image%s", scratch, name);
	for (char *p = strchr(path + strlen(scratch) + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		assert_true(mkdir(path, 0755) == 0 || errno == EEXIST);
		*p = '/';
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	assert_return_code(fd, errno);
	assert_int_equal(write(fd, image.bytes, image.size), (long)image.size);
	(void)close(fd);
	image_done(&image);
}

static inline void make_library(const char *name, const char *need)
{
	make_object(name, &(struct object_spec){ .needs = { need } });
}

/* A program of glibc's loader that needs one library. */
static inline void make_dynamic(const char *name, const char *need, const char *rpath,
				const char *runpath)
{
	make_object(name, &(struct object_spec){ .interp = ROOT_LOADER,
						 .is_program = true,
						 .rpath = rpath,
						 .runpath = runpath,
						 .needs = { need } });
}

/* A text of several parts with NUL between them. */
#define STRINGS(text) .strings = (text), .n_strings = sizeof(text)

/* The loaders; glibc's of that version ("2.36"), with /lib/multi and /lib as its directories. */
static inline void make_loaders(const char *version)
{
	char strings[256];
	int n = snprintf(strings, sizeof(strings),
			 "stable release version %s.%c/etc/ld.so.cache%c/lib/multi/%c/lib/%c-",
			 version, 0, 0, 0, 0);

	make_object(ROOT_LOADER, &(struct object_spec){ .soname = "ld-linux-test.so.2",
							.strings = strings,
							.n_strings = (size_t)n + 1 });
	make_object(ROOT_MUSL, &(struct object_spec){ STRINGS("/etc/ld-musl-test.path") });
}

/* An empty image with loaders, for each test. */
static inline int root_before(void **state)
{
	char path[GROUND_PATH];

	(void)state;
	(void)tmpdir_remove(in_scratch(path, "image"));
	make_dir("image");
	make_dir("image/etc");
	make_loaders("2.39");
	closure_init(&closure);
	return root_open(in_scratch(path, "image"), &root, &root_error);
}

static inline int root_after(void **state)
{
	closure_done(&closure);
	root_done(&root);
	return ground_restore(state);
}

#define ROOT_TEST(test) cmocka_unit_test_setup_teardown(test, root_before, root_after)

static inline struct closure_input root_input(void)
{
	return (struct closure_input){ .root = &root,
				       .workdir = "/srv",
				       .flags = CLOSURE_LIBRARIES | CLOSURE_VERSIONS };
}

/* A new closure of one program, as it is called inside. */
static inline void close_over(const struct closure_input *input, const char *program)
{
	closure_done(&closure);
	closure_init(&closure);
	assert_int_equal(closure_add_program(&closure, input, program, &root_error), 0);
}

static inline void close_over_plain(const char *program)
{
	const struct closure_input input = root_input();

	close_over(&input, program);
}

/* The file that a name led to; NULL: it is missing, or nobody asked. */
static inline const struct closure_file *found(const char *name)
{
	for (size_t i = 0; i < closure.n_edges; i++)
		if (!strcmp(closure.edges[i].name, name))
			return closure.edges[i].to == CLOSURE_NONE
				       ? NULL
				       : &closure.files[closure.edges[i].to];
	return NULL;
}

#define assert_found(name, wanted_path, wanted_rule)                                 \
	do {                                                                         \
		const struct closure_file *file_ = found(name);                      \
		assert_non_null(file_);                                              \
		assert_string_equal(file_->path, wanted_path);                       \
		assert_string_equal(rule_name(file_->rule), rule_name(wanted_rule)); \
	} while (0)

/* The first trouble that weighs something. */
#define assert_trouble(wanted_kind, wanted_path)                                               \
	do {                                                                                   \
		const struct trouble *trouble_ = closure_find_trouble(&closure, WEIGHT_START); \
		assert_non_null(trouble_);                                                     \
		assert_string_equal(trouble_name(trouble_->kind), trouble_name(wanted_kind));  \
		assert_string_equal(trouble_->path, wanted_path);                              \
	} while (0)

#define assert_no_trouble() assert_null(closure_find_trouble(&closure, WEIGHT_START))

#endif
