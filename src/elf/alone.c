/* SPDX-License-Identifier: MIT */
/*
 * alone.c - a library by itself, without the program that would load it.
 *
 * A library names no loader. In a program it gets the program's; by itself it is looked at as the
 * loader would that a program of its kind has: glibc's or musl's of its machine, by the
 * names that every distribution keeps for them. Which C library it was linked with its own
 * needs tell: musl's is "libc.so" or "libc.musl-ARCH.so.1", glibc's "libc.so.6".
 *
 * Source: glibc's shlib-versions files and musl's configure for the names of loaders.
 */
#include <elf.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "elf/build.h"
#include "elf/search_path.h"
#include "sys/fd.h"

static const struct {
	uint8_t class;
	uint16_t machine;
	const char *glibc, *musl;
} loaders[] = {
	{ ELFCLASS64, EM_X86_64, "/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1" },
	{ ELFCLASS64, EM_AARCH64, "/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-aarch64.so.1" },
	{ ELFCLASS32, EM_386, "/lib/ld-linux.so.2", "/lib/ld-musl-i386.so.1" },
	{ ELFCLASS32, EM_ARM, "/lib/ld-linux-armhf.so.3", "/lib/ld-musl-armhf.so.1" },
	{ ELFCLASS64, EM_RISCV, "/lib/ld-linux-riscv64-lp64d.so.1", "/lib/ld-musl-riscv64.so.1" },
	{ ELFCLASS64, EM_PPC64, "/lib64/ld64.so.2", "/lib/ld-musl-powerpc64le.so.1" },
	{ ELFCLASS64, EM_S390, "/lib/ld64.so.1", "/lib/ld-musl-s390x.so.1" },
};

static bool wants_musl(const struct elf *elf)
{
	for (size_t i = 0; i < elf->n_needed; i++)
		if (strcmp(elf->needed[i], "libc.so") == 0 ||
		    strncmp(elf->needed[i], "libc.musl-", 10) == 0)
			return true;
	return false;
}

static bool is_there(const struct builder *builder, const char *path)
{
	struct root_file file;

	if (root_open_file(builder->input->root, NULL, path, &file) < 0)
		return false;
	root_file_done(&file);
	return true;
}

/* The loader that is there, if one of them is; NULL: a machine's that nobody has told us. */
static const char *find_loader(const struct builder *builder, const struct elf *elf)
{
	for (size_t i = 0; i < ARRAY_SIZE(loaders); i++) {
		const char *glibc = loaders[i].glibc, *musl = loaders[i].musl;

		if (loaders[i].class != elf->class || loaders[i].machine != elf->machine)
			continue;
		if (wants_musl(elf))
			return musl;
		return !is_there(builder, glibc) && is_there(builder, musl) ? musl : glibc;
	}
	return NULL;
}

/* Opens a name from the working directory on. 0, or an errno of opening it. */
static int open_named(const struct builder *builder, const char *name, char full[PATH_MAX],
		      struct root_file *ret_file)
{
	int r = path_join(full, builder_workdir(builder), name, "");

	return r < 0 ? r : root_open_file(builder->input->root, NULL, full, ret_file);
}

/* What stands for itself here: a library that the caller gave, or the loader that it would have. */
struct wanted {
	enum file_role role;
	enum closure_rule rule;
	const char *name;
	size_t needed_by;
};

/* Reads and adds an open file. 1; 0 if there is a trouble with it; or an error, described. */
static int take_opened(struct builder *builder, const struct wanted *wanted, const char *full,
		       const struct root_file *opened, struct elf *ret_elf, size_t *ret_index)
{
	unsigned flags = builder->input->flags & CLOSURE_VERSIONS ? ELF_VERSIONS : 0;
	const char *why = "";
	int r = elf_read(opened->fd, opened->size, flags, &builder->closure->arena, ret_elf, &why);
	const struct closure_file file = {
		.role = wanted->role,
		.rule = wanted->rule,
		.name = wanted->name,
		.path = full,
		.real = opened->real,
		.detail = "",
		.needed_by = wanted->needed_by,
		.dev = opened->dev,
		.ino = opened->ino,
		.is_elf = true,
		.class = ret_elf->class,
		.machine = ret_elf->machine,
	};

	if (r == -ENOMEM)
		return builder_no_memory(builder);
	if (r < 0)
		return builder_add_trouble(builder, TROUBLE_LIBRARY_FORMAT, wanted->role, full,
					   wanted->needed_by,
					   r == -ENOEXEC ? "no ELF header" : why);
	r = builder_add_file(builder, &file, ret_index);
	return r < 0 ? r : 1;
}

/* The same from the name on. */
static int take(struct builder *builder, const struct wanted *wanted, struct elf *ret_elf,
		size_t *ret_index)
{
	struct root_file opened;
	char full[PATH_MAX];
	int r = open_named(builder, wanted->name, full, &opened);

	if (fd_is_shortage(r))
		return fail(builder->err, CROFT_STAGE_EXEC, -r, "opening '%s'", wanted->name);
	if (r < 0)
		return builder_add_walk_trouble(builder, wanted->role, wanted->name,
						wanted->needed_by, -r);
	r = take_opened(builder, wanted, full, &opened, ret_elf, ret_index);
	root_file_done(&opened);
	return r;
}

int alone_follow(struct builder *builder, const char *library, struct chain_end *ret_end)
{
	const struct wanted wanted = { ROLE_LIBRARY, RULE_GIVEN, library, CLOSURE_NONE };
	struct wanted loader = { .role = ROLE_LOADER, .rule = RULE_INTERP };
	int r = take(builder, &wanted, &ret_end->elf, &ret_end->program);

	if (r != 1 || !ret_end->elf.is_dynamic || !ret_end->elf.n_needed)
		return r < 0 ? r : 0;
	loader.name = find_loader(builder, &ret_end->elf);
	loader.needed_by = ret_end->program;
	if (!loader.name)
		return builder_add_trouble(builder, TROUBLE_UNKNOWN_LOADER, ROLE_LIBRARY, library,
					   CLOSURE_NONE, "");
	r = take(builder, &loader, &ret_end->loader_elf, &ret_end->loader);
	if (r == 1) {
		ret_end->elf.interp = loader.name;
		ret_end->is_dynamic = true;
	}
	return r < 0 ? r : 0;
}

int alone_add(struct builder *builder, const char *library)
{
	struct closure_file file = {
		.role = ROLE_LIBRARY,
		.rule = RULE_GIVEN,
		.name = library,
		.detail = "",
		.needed_by = CLOSURE_NONE,
	};
	struct root_file opened;
	char full[PATH_MAX];
	size_t index;
	int r;

	if (!strchr(library, '/'))
		return builder_add_missing(builder, 0, library);
	r = open_named(builder, library, full, &opened);
	if (fd_is_shortage(r))
		return fail(builder->err, CROFT_STAGE_EXEC, -r, "opening '%s'", library);
	if (r < 0)
		return builder_add_missing(builder, 0, library);
	file.path = full;
	file.real = opened.real;
	file.dev = opened.dev;
	file.ino = opened.ino;
	r = builder_add_file(builder, &file, &index);
	root_file_done(&opened);
	return r < 0 ? r : 0;
}
