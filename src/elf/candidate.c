/* SPDX-License-Identifier: MIT */
/*
 * candidate.c - one file that a loader has opened in search of a library.
 *
 * glibc reads the header of what it opened and decides:
 *
 *   other class or machine, or made for a newer kernel (before 2.36)  the search goes on
 *   no ELF, an unknown byte order or OS, no library                    the loader gives up
 *   already there, by device and inode                                 another name for it
 *
 * musl looks at nothing: the first file that opens is mapped, whatever it is. So what glibc passes
 * over ends a program of musl's.
 *
 * What is passed over is remembered: "only there for i386" says more than "missing". Each thing
 * that is wrong becomes one trouble, however many ask for it: edges tell who.
 *
 * Source: glibc's elf/dl-load.c (open_verify, open_path, _dl_map_object_from_fd); musl's
 * ldso/dynlink.c (load_library, map_library, path_open).
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "elf/linkage.h"
#include "elf/noexec.h"
#include "elf/script.h"
#include "sys/calls.h"

/* The file that the search is for: of what the caller named nobody. */
static size_t needed_by_of(const struct search *search)
{
	const struct object *objects = search->linkage->objects;

	if (search->rule == RULE_GIVEN)
		return CLOSURE_NONE;
	return objects[search->needer == OBJECT_NONE ? OBJECT_PROGRAM : search->needer].file;
}

/* Gives the name up, as the loader does; the trouble says why. */
static int give_up(struct search *search, enum trouble_kind kind, const char *path,
		   const char *detail)
{
	int r = 0;

	if (!search->is_optional && !builder_has_trouble(search->builder, kind, path, detail))
		r = builder_add_trouble(search->builder, kind, ROLE_LIBRARY, path,
					needed_by_of(search), detail);
	return r < 0 ? r : ATTEMPT_FATAL;
}

/* Passes a candidate over, and remembers the first: the trouble's detail. */
static int pass_over(struct search *search, enum trouble_kind kind, const char *detail)
{
	if (!search->passed_detail) {
		search->passed_kind = kind;
		search->passed_detail = arena_strdup(&search->builder->closure->arena, detail);
		if (!search->passed_detail)
			return builder_no_memory(search->builder);
	}
	return ATTEMPT_NEXT;
}

/* A library for another architecture: glibc goes on, musl has taken it already. */
static int judge_machine(struct search *search, const char *path, const struct elf *elf)
{
	const char *name = elf_machine_name(elf->class, elf->machine);
	char detail[PATH_MAX + 64], number[32];

	(void)snprintf(number, sizeof(number), "machine %u", (unsigned)elf->machine);
	(void)snprintf(detail, sizeof(detail), "%s (%s)", path, name ? name : number);
	if (!search->linkage->info.is_musl)
		return pass_over(search, TROUBLE_LIBRARY_MACHINE, detail);
	return give_up(search, TROUBLE_LIBRARY_MACHINE, search->name, detail);
}

/* After an open that failed: which of the errnos end what (open_path, path_open of musl). */
static int judge_errno(struct search *search, const char *path, int errnum)
{
	bool is_musl = search->linkage->info.is_musl;

	switch (errnum) {
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return fail(search->builder->err, CROFT_STAGE_EXEC, errnum, "opening '%s'", path);
	case ENOENT:
	case ENOTDIR:
		return ATTEMPT_NEXT;
	case EACCES:
		return pass_over(search, TROUBLE_LIBRARY_UNREADABLE, path);
	case EISDIR:
		return give_up(search, TROUBLE_LIBRARY_FORMAT, path, "a directory");
	case EINVAL:
		return give_up(search, TROUBLE_LIBRARY_FORMAT, path, "not a regular file");
	case ENAMETOOLONG:
		return is_musl ? ATTEMPT_NEXT : ATTEMPT_STOP;
	default: /* ELOOP, EIO, ... */
		return is_musl ? give_up(search, TROUBLE_READ_ERROR, path, errno_text(errnum))
			       : ATTEMPT_STOP;
	}
}

/* The next number of "6.1.0-9-amd64", 0 where there is none; *text is moved behind its dot. */
static unsigned next_number(const char **text)
{
	unsigned number = 0;

	while (**text >= '0' && **text <= '9' && number < 100000)
		number = number * 10 + (unsigned)(*(*text)++ - '0');
	if (**text == '.')
		(*text)++;
	else
		*text = "";
	return number;
}

/* The numbers of uname count, whoever made them up: a C library asks no other way. */
bool linkage_is_kernel_older(const struct elf *elf)
{
	struct utsname name;
	const char *release = name.release;

	if (!elf->has_abi_tag || sys_uname(&name) < 0)
		return false;
	for (size_t i = 0; i < 3; i++) {
		unsigned have = next_number(&release);

		if (have != elf->abi_version[i])
			return have < elf->abi_version[i];
	}
	return false;
}

/* The parts of a header that glibc's loader insists on, past class and machine. */
static const char *find_glibc_objection(const struct elf *elf, const struct elf *program)
{
	bool is_pc =
		elf->machine == EM_X86_64 || elf->machine == EM_386 || elf->machine == EM_AARCH64;

	if (elf->is_big_endian != program->is_big_endian)
		return "the other byte order";
	if (is_pc && elf->osabi != ELFOSABI_SYSV && elf->osabi != ELFOSABI_GNU)
		return "made for another operating system";
	if (elf->type == ET_EXEC || elf->is_pie)
		return "a program, not a library";
	if (elf->type != ET_DYN)
		return "neither a library nor a program";
	return elf->is_dynamic ? NULL : "no dynamic section";
}

/* Made for a newer kernel, or another one: 2.36 stopped looking at that. */
static int judge_abi_tag(struct search *search, const struct elf *elf)
{
	struct linkage *linkage = search->linkage;
	const uint32_t *version = elf->abi_version;
	char text[48];
	int r = linkage_ask_loader(search->builder, linkage);

	if (r < 0)
		return r;
	if (linkage->info.glibc_version == 0 || linkage->info.glibc_version >= 236)
		return ATTEMPT_FOUND;
	(void)snprintf(text, sizeof(text), "%u.%u.%u", version[0], version[1], version[2]);
	return pass_over(search, TROUBLE_KERNEL_TOO_OLD, text);
}

/* What the loader makes of a file that it has opened: ATTEMPT_FOUND if it takes it. */
static int judge_file(struct search *search, const char *path, const struct elf *elf, int errnum,
		      const char *why)
{
	struct linkage *linkage = search->linkage;
	const struct elf *program = &linkage->objects[OBJECT_PROGRAM].elf;
	char size[24];

	if (errnum == ENOEXEC)
		return give_up(search, TROUBLE_LIBRARY_FORMAT, path, why);
	if (errnum && errnum != EBADMSG && errnum != EFBIG)
		return give_up(search, TROUBLE_READ_ERROR, path, errno_text(errnum));
	/* a header that ends before the machine is no header */
	if (errnum && elf->class == program->class && elf->machine == EM_NONE)
		return give_up(search, TROUBLE_LIBRARY_FORMAT, path, why);
	if (elf->class != program->class || elf->machine != program->machine)
		return judge_machine(search, path, elf);
	if (errnum)
		return give_up(search, TROUBLE_LIBRARY_FORMAT, path, why);
	if (linkage->info.is_musl)
		return elf->is_dynamic ? (int)ATTEMPT_FOUND
				       : give_up(search, TROUBLE_LIBRARY_FORMAT, path,
						 "no dynamic section");
	why = find_glibc_objection(elf, program);
	if (why)
		return give_up(search, TROUBLE_LIBRARY_FORMAT, path, why);
	if (elf->load_skew & (uint64_t)(sysconf(_SC_PAGESIZE) - 1)) {
		(void)snprintf(size, sizeof(size), "%ld", sysconf(_SC_PAGESIZE));
		return give_up(search, TROUBLE_ALIGNMENT, path, size);
	}
	if (elf->has_abi_tag && (elf->abi_os != 0 || linkage_is_kernel_older(elf)))
		return judge_abi_tag(search, elf);
	return ATTEMPT_FOUND;
}

/* Takes the file: a file of the closure, an object, and what will still be wrong with it. */
static int take_file(struct search *search, const char *path, const char *full,
		     enum closure_rule rule, const char *detail, const struct root_file *file,
		     const struct elf *elf)
{
	struct builder *builder = search->builder;
	struct linkage *linkage = search->linkage;
	size_t needed_by = needed_by_of(search);
	const struct closure_file added = {
		.role = ROLE_LIBRARY,
		.rule = search->rule == RULE_MAX ? rule : search->rule,
		.name = search->name,
		.path = full,
		.real = file->real,
		.detail = detail,
		.needed_by = needed_by,
		.dev = file->dev,
		.ino = file->ino,
		.is_elf = true,
		.class = elf->class,
		.machine = elf->machine,
		.load_size = elf->load_size,
	};
	struct object object = { .needer = search->needer, .elf = *elf };
	int r = builder_add_file(builder, &added, &object.file);

	if (r < 0)
		return r;
	object.path = arena_strdup(&builder->closure->arena, path);
	if (!object.path)
		return builder_no_memory(builder);
	search->object = linkage->n_objects;
	search->is_new = true;
	r = linkage_add_object(builder, linkage, &object);
	if (r == 0 && !search->is_optional)
		r = linkage_check_isa(builder, linkage, search->object);
	if (r == 0 && !search->is_optional && file->is_noexec && noexec_is_held(file->fd))
		r = builder_add_trouble(builder, TROUBLE_NOEXEC_MOUNT, ROLE_LIBRARY, full,
					needed_by, "");
	return r < 0 ? r : ATTEMPT_FOUND;
}

/* What stands in the place of a library, in words. */
static const char *guess_format(const struct root_file *file)
{
	static const char linker_script[] = "/* GNU ld script";
	char head[SCRIPT_HEAD];
	ssize_t n = sys_pread(file->fd, head, sizeof(head), 0);
	const char *guess;

	if (n <= 0)
		return n == 0 ? "an empty file" : "not readable";
	if ((size_t)n >= strlen(linker_script) &&
	    memcmp(head, linker_script, strlen(linker_script)) == 0)
		return "a linker script";
	if (n >= 2 && head[0] == '#' && head[1] == '!')
		return "a script";
	guess = script_guess(head, (size_t)n);
	return *guess ? guess : "no ELF header";
}

struct inode_wanted {
	const struct builder *builder;
	uint64_t dev, ino;
};

static bool is_inode(const void *context, size_t value, const void *wanted)
{
	const struct inode_wanted *inode = wanted;
	const struct linkage *linkage = context;
	const struct closure_file *file =
		&inode->builder->closure->files[linkage->objects[value].file];

	return file->ino == inode->ino && file->dev == inode->dev;
}

/* The same for a file that is open, which the caller closes. */
static int try_open(struct search *search, const char *path, const char *full,
		    enum closure_rule rule, const char *detail, const struct root_file *file)
{
	struct builder *builder = search->builder;
	struct linkage *linkage = search->linkage;
	const struct inode_wanted wanted = { builder, file->dev, file->ino };
	size_t known = index_find(&linkage->inodes, index_hash_inode(file->dev, file->ino),
				  is_inode, linkage, &wanted);
	const char *why = "";
	struct elf elf;
	int r;

	if (known != INDEX_NONE) {
		search->object = known;
		return ATTEMPT_FOUND;
	}
	r = elf_read(file->fd, file->size,
		     builder->input->flags & CLOSURE_VERSIONS ? ELF_VERSIONS : 0,
		     &builder->closure->arena, &elf, &why);
	if (r == -ENOMEM)
		return builder_no_memory(builder);
	if (r == -ENOEXEC)
		why = guess_format(file);
	r = judge_file(search, full, &elf, -r, why);
	if (r != ATTEMPT_FOUND)
		return r;
	return take_file(search, path, full, rule, detail, file, &elf);
}

int linkage_try(struct search *search, const char *path, enum closure_rule rule, const char *detail)
{
	const struct root *root = search->builder->input->root;
	struct root_file file;
	char full[PATH_MAX];
	int r = path_join(full, builder_workdir(search->builder), path, "");

	if (r < 0)
		return judge_errno(search, path, -r);
	r = root_open_file(root, NULL, full, &file);
	if (r < 0)
		return judge_errno(search, full, -r);
	r = try_open(search, path, full, rule, detail, &file);
	root_file_done(&file);
	return r;
}

/* Nothing was found: the candidate that was passed over says why, or else the name itself. */
static int add_missing_trouble(struct search *search, size_t from)
{
	struct builder *builder = search->builder;
	const char *detail = search->passed_detail ? search->passed_detail : "";
	enum trouble_kind kind =
		search->passed_detail ? search->passed_kind : TROUBLE_LIBRARY_MISSING;

	/* a path was not searched for: it has the reasons that paths have */
	if (!search->passed_detail && strchr(search->name, '/')) {
		if (builder_has_trouble(builder, TROUBLE_MISSING, search->name, ""))
			return 0;
		return builder_add_walk_trouble(builder, ROLE_LIBRARY, search->name, from, ENOENT);
	}
	if (builder_has_trouble(builder, kind, search->name, detail))
		return 0;
	return builder_add_trouble(builder, kind, ROLE_LIBRARY, search->name, from, detail);
}

int linkage_settle(struct search *search, enum attempt attempt)
{
	struct builder *builder = search->builder;
	struct linkage *linkage = search->linkage;
	size_t from = needed_by_of(search);
	int r = 0;

	if (attempt == ATTEMPT_FOUND) {
		if (linkage_find_name(linkage, search->name) == OBJECT_NONE)
			r = linkage_add_name(builder, linkage, search->object, search->name);
		if (r < 0 || search->is_new || from == CLOSURE_NONE)
			return r;
		return builder_add_edge(builder, from, linkage->objects[search->object].file,
					search->name);
	}
	if (attempt != ATTEMPT_FATAL && !search->is_optional)
		r = add_missing_trouble(search, from);
	if (r < 0)
		return r;
	/* what the caller named is needed by the program, if by anybody */
	return builder_add_missing(
		builder, from == CLOSURE_NONE ? linkage->objects[OBJECT_PROGRAM].file : from,
		search->name);
}
