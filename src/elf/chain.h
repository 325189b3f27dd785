/* SPDX-License-Identifier: MIT */
/*
 * chain.h - what the parts of exec's chain share: inside src/elf only.
 *
 *   chain.c        which file comes next: "#!" lines, env
 *   chain_file.c   one file: opened, read, judged by mode and mount
 *   chain_elf.c    one ELF program: whether this kernel loads it; its ELF interpreter; handlers
 */
#ifndef CROFT_ELF_CHAIN_H
#define CROFT_ELF_CHAIN_H

#include "elf/build.h"
#include "elf/script.h"

#define CHAIN_DETAIL_MAX (2 * SCRIPT_HEAD + 8) /* both parts of a "#!" line */

/* The place in the chain: which file is next, and why. */
struct chain {
	struct builder *builder;
	struct chain_end *end;
	char name[PATH_MAX];
	char detail[CHAIN_DETAIL_MAX];
	enum file_role role;
	enum closure_rule rule;
	size_t needed_by;
	unsigned depth; /* interpreters so far in this exec */
	unsigned n_envs; /* programs that env has started */
	bool has_env; /* what comes is env, which is told `env` */
	struct script_env env;
	char env_argument[SCRIPT_HEAD];
	size_t env_script; /* who tells it */
};

/* One file that was opened and read. */
struct chain_found {
	struct root_file file;
	size_t index; /* in the closure's files */
	struct elf elf;
	int read; /* what elf_read gave, or another error of reading */
	const char *why;
	char head[SCRIPT_HEAD]; /* unless it is ELF */
	size_t head_len;
};

static inline bool chain_is_image(const struct chain *chain)
{
	return root_is_image(chain->builder->input->root);
}

/* Says what is next, without "//" and "/./" in its name. 0 or -ENAMETOOLONG. */
int chain_set_next(struct chain *chain, const char *name, enum file_role role,
		   enum closure_rule rule, size_t needed_by);
/* A trouble with a file that was found. 0 or an error, described. */
int chain_note(struct chain *chain, enum trouble_kind kind, enum file_role role,
	       const struct chain_found *found, const char *detail);
/*
 * Opens, reads and adds the next file: 1 if exec would go on with it, 0 if that is the end (the
 * trouble is noted), or an error. root_file_done(&found->file) in any case.
 */
int chain_take(struct chain *chain, struct chain_found *found);
/* Whether its mode lets this user execute a file; `path` is its real name. */
bool chain_may_execute(const struct chain *chain, mode_t mode, const char *path);
/* An ELF file. 1: another is next (a handler's interpreter); 0: the end of this exec. */
int chain_follow_elf(struct chain *chain, struct chain_found *found);
/*
 * Exec says ENOEXEC, for this reason; but a handler may be registered for the file. 1: that is
 * next.
 */
int chain_follow_foreign(struct chain *chain, struct chain_found *found, enum trouble_kind kind,
			 const char *detail);

#endif
