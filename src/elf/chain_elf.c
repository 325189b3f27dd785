/* SPDX-License-Identifier: MIT */
/*
 * chain_elf.c - one ELF program of exec's chain: whether this kernel loads it, and by what.
 *
 * In the kernel's order (load_elf_binary in fs/binfmt_elf.c): the type, the machine, the program
 * headers, the ELF interpreter. What it does not look at is no reason here either: Linux takes the
 * first of several PT_INTERP, and does not care for p_align, but only for offsets and
 * addresses that do not fit one page (then the program is killed, as exec is past its return).
 *
 * What the kernel has no format for may have a handler (binfmt_misc). Handlers are in fact
 * asked first; only here they are not, so that a plain program costs no look at them.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "elf/binfmt.h"
#include "elf/chain.h"
#include "sys/calls.h"

#ifndef EM_486
#define EM_486 6 /* the kernel takes it for i386 (arch/x86/include/asm/elf.h) */
#endif

/* A handler of the host's takes it: 1, and that is next (or is not followed: 0). */
static int follow_handler(struct chain *chain, const struct chain_found *found,
			  const struct binfmt_handler *handler)
{
	struct root_walk walk;

	/* in an image one cannot follow: with flag F the interpreter is the host's file */
	if (chain_is_image(chain))
		return 0;
	/* with F it runs even where its name is gone: in a container, mostly */
	root_walk(chain->builder->input->root, NULL, handler->interpreter, &walk);
	if (walk.errnum && handler->is_fixed)
		return 0;
	(void)snprintf(chain->detail, sizeof(chain->detail), "binfmt_misc");
	chain->depth++;
	(void)chain_set_next(chain, handler->interpreter, ROLE_INTERPRETER, RULE_SCRIPT,
			     found->index);
	return 1;
}

int chain_follow_foreign(struct chain *chain, struct chain_found *found, enum trouble_kind kind,
			 const char *detail)
{
	struct binfmt_handler handler;

	if (found->head_len == 0) {
		ssize_t n = sys_pread(found->file.fd, found->head, sizeof(found->head), 0);

		found->head_len = n < 0 ? 0 : (size_t)n;
	}
	if (binfmt_find(found->head, found->head_len, chain->name, &handler) > 0)
		return follow_handler(chain, found, &handler);
	return chain_note(chain, kind, chain->role, found, detail);
}

/* "aarch64", or a number where the machine has no name. */
static void write_machine(const struct elf *elf, char text[32])
{
	const char *name = elf_machine_name(elf->class, elf->machine);

	if (name)
		(void)snprintf(text, 32, "%s", name);
	else
		(void)snprintf(text, 32, "machine number %u", elf->machine);
}

/* Programs of the machine's 32-bit ancestor, which most 64-bit kernels run as well. */
static bool is_compat(const struct elf *elf)
{
	if (elf->class != ELFCLASS32 || elf_own_class() != ELFCLASS64)
		return false;
	if (elf_own_machine() == EM_X86_64)
		return elf->machine == EM_386 || elf->machine == EM_486 ||
		       elf->machine == EM_X86_64;
	return elf_own_machine() == EM_AARCH64 && elf->machine == EM_ARM;
}

/*
 * Known only for i386 on x86_64: the sysctl is made by the same option (CONFIG_IA32_EMULATION)
 * that runs these programs. Elsewhere, and where /proc/sys cannot be seen: no.
 */
static bool lacks_compat(const struct chain *chain, const struct elf *elf)
{
	struct stat st;

	return !chain_is_image(chain) && elf_own_machine() == EM_X86_64 && elf->machine == EM_386 &&
	       sys_fstatat(AT_FDCWD, "/proc/sys/abi/vsyscall32", &st, 0) == -ENOENT &&
	       sys_fstatat(AT_FDCWD, "/proc/sys/kernel", &st, 0) == 0;
}

static const char *type_text(uint16_t type)
{
	return type == ET_REL    ? "an object file"
	       : type == ET_CORE ? "a core file"
				 : "an ELF file of an unknown type";
}

/*
 * What keeps the kernel from loading the program; TROUBLE_MAX: nothing. `machine` has room for a
 * detail.
 */
static enum trouble_kind judge_program(const struct chain *chain, const struct chain_found *found,
				       char machine[32], const char **ret_detail)
{
	const struct elf *elf = &found->elf;
	bool is_native = elf->machine == elf_own_machine() && elf->class == elf_own_class();

	/* not even its machine could be read */
	*ret_detail = found->why;
	if (found->read < 0 && elf->machine == 0)
		return TROUBLE_ELF_CORRUPT;
	*ret_detail = type_text(elf->type);
	if (elf->type != ET_EXEC && elf->type != ET_DYN)
		return TROUBLE_ELF_TYPE;
	/* of a foreign program nothing else matters: this kernel reads no further */
	write_machine(elf, machine);
	*ret_detail = machine;
	if (!is_native && !is_compat(elf))
		return TROUBLE_WRONG_MACHINE;
	if (!is_native && lacks_compat(chain, elf))
		return TROUBLE_NO_32BIT;
	*ret_detail = found->why;
	return found->read < 0 ? TROUBLE_ELF_CORRUPT : TROUBLE_MAX;
}

/* It runs, and as nobody else. */
static int note_set_id(struct chain *chain, const struct chain_found *found)
{
	mode_t mode = found->file.mode;
	struct statfs fs;
	bool is_nosuid;

	/* set-group-ID without the group's x bit means mandatory locking (bprm_fill_uid) */
	if (!(mode & S_ISUID) && (!(mode & S_ISGID) || !(mode & S_IXGRP)))
		return 0;
	is_nosuid = !chain_is_image(chain) && sys_fstatfs(found->file.fd, &fs) == 0 &&
		    fs.f_flags & ST_NOSUID;
	return chain_note(chain, is_nosuid ? TROUBLE_SET_ID_NOSUID : TROUBLE_SET_ID, chain->role,
			  found, mode & S_ISUID ? "set-user-ID" : "set-group-ID");
}

/* What does not keep exec from its work. */
static int note_oddities(struct chain *chain, const struct chain_found *found)
{
	const struct elf *elf = &found->elf;
	long page = sysconf(_SC_PAGESIZE);
	char size[24];
	int r = 0;

	/* mmap wants offsets of whole pages (elf_map in fs/binfmt_elf.c): then SIGSEGV as well */
	if (elf->load_skew & (uint64_t)(page - 1)) {
		(void)snprintf(size, sizeof(size), "%ld", page);
		r = chain_note(chain, TROUBLE_ALIGNMENT, chain->role, found, size);
	}
	if (r == 0 && elf->n_interp > 1)
		r = chain_note(chain, TROUBLE_INTERP_TWICE, chain->role, found, "");
	return r < 0 ? r : note_set_id(chain, found);
}

/*
 * What is wrong with the file as a loader of that program; TROUBLE_MAX: nothing. `text` has room
 * for a detail.
 */
static enum trouble_kind judge_loader(const struct chain_found *loader, const struct elf *program,
				      char text[48], const char **ret_detail)
{
	size_t header = program->class == ELFCLASS64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	const struct elf *elf = &loader->elf;
	char machine[32];

	/* the kernel reads a header's bytes before it looks at them: EIO if there are less */
	if (loader->file.size < header) {
		*ret_detail = TROUBLE_SHORT;
		return TROUBLE_INTERP_FORMAT;
	}
	if (loader->read == -ENOEXEC) {
		*ret_detail = script_guess(loader->head, loader->head_len);
		if (!**ret_detail)
			*ret_detail = "no ELF file";
		return TROUBLE_INTERP_FORMAT;
	}
	if (elf->machine != 0 && elf->machine != program->machine) {
		write_machine(elf, machine);
		(void)snprintf(text, 48, "for %s", machine);
		*ret_detail = text;
		return TROUBLE_INTERP_FORMAT;
	}
	/* mapped when exec is past its return: the program is killed by SIGSEGV then */
	*ret_detail = type_text(elf->type);
	if (elf->machine != 0 && elf->type != ET_EXEC && elf->type != ET_DYN)
		return TROUBLE_ELF_TYPE;
	*ret_detail = loader->why;
	return loader->read < 0 ? TROUBLE_ELF_CORRUPT : TROUBLE_MAX;
}

static int follow_loader(struct chain *chain, const struct chain_found *program)
{
	struct chain_end *end = chain->end;
	struct chain_found loader = { .file.fd = -1 };
	enum trouble_kind kind;
	const char *detail;
	char text[48];
	int r;

	chain->detail[0] = '\0';
	if (chain_set_next(chain, program->elf.interp, ROLE_LOADER, RULE_INTERP, program->index) <
	    0)
		return builder_add_walk_trouble(chain->builder, ROLE_LOADER, program->elf.interp,
						program->index, ENAMETOOLONG);
	r = 0;
	if (chain->name[0] != '/')
		r = builder_add_trouble(chain->builder, TROUBLE_INTERP_RELATIVE, ROLE_LOADER,
					chain->name, program->index, "");
	if (r == 0)
		r = chain_take(chain, &loader);
	if (r == 1) {
		kind = judge_loader(&loader, &program->elf, text, &detail);
		if (kind != TROUBLE_MAX) {
			r = chain_note(chain, kind, ROLE_LOADER, &loader, detail);
		} else {
			end->loader = loader.index;
			end->loader_elf = loader.elf;
			end->is_dynamic = true;
		}
	}
	root_file_done(&loader.file);
	return r;
}

int chain_follow_elf(struct chain *chain, struct chain_found *found)
{
	const char *detail;
	char machine[32];
	enum trouble_kind kind = judge_program(chain, found, machine, &detail);
	int r;

	if (kind == TROUBLE_WRONG_MACHINE)
		return chain_follow_foreign(chain, found, kind, detail);
	if (kind != TROUBLE_MAX)
		return chain_note(chain, kind, chain->role, found, detail);
	r = note_oddities(chain, found);
	if (r < 0)
		return r;
	chain->end->program = found->index;
	chain->end->elf = found->elf;
	if (!found->elf.interp)
		return 0;
	r = follow_loader(chain, found);
	/* without its loader it is not what will run */
	if (r == 0)
		chain->end->program = CLOSURE_NONE;
	return r < 0 ? r : 0;
}
