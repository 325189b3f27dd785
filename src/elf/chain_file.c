/* SPDX-License-Identifier: MIT */
/*
 * chain_file.c - one file of exec's chain: opened, read, and judged by its mode and its mount.
 *
 * As exec does (do_open_execat in fs/exec.c, may_open in fs/namei.c): the name has to lead to a
 * regular file, on a mount without noexec, with an x bit that counts for this user; all before
 * a byte of it is looked at. In an image only the bits are judged: who will run it is not known.
 *
 * A file that may be executed and not read (mode 0711) is no failure: exec needs no more. But
 * then nothing can be said of what it needs.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf/chain.h"
#include "sys/calls.h"
#include "sys/fd.h"

/* Takes "//" and "/./" out of a name, in place; it still leads to the same. */
static void clean(char *name)
{
	char *to = name;

	for (const char *from = name; *from; from++) {
		bool is_dot = from[0] == '/' && from[1] == '.' && from[2] == '/';

		if (is_dot)
			from++;
		else if (from[0] != '/' || from[1] != '/')
			*to++ = *from;
	}
	*to = '\0';
}

int chain_set_next(struct chain *chain, const char *name, enum file_role role,
		   enum closure_rule rule, size_t needed_by)
{
	size_t len = strlen(name);

	if (len >= sizeof(chain->name))
		return -ENAMETOOLONG;
	memmove(chain->name, name, len + 1);
	clean(chain->name);
	chain->role = role;
	chain->rule = rule;
	chain->needed_by = needed_by;
	return 0;
}

int chain_note(struct chain *chain, enum trouble_kind kind, enum file_role role,
	       const struct chain_found *found, const char *detail)
{
	const struct closure_file *file = &chain->builder->closure->files[found->index];
	const char *path = chain->needed_by == CLOSURE_NONE ? chain->name : file->path;

	return builder_add_trouble(chain->builder, kind, role, path, chain->needed_by, detail);
}

/* The name as an absolute one inside the root: "./x" in "/srv" is "/srv/x". */
static void write_absolute(const struct chain *chain, char path[PATH_MAX])
{
	const char *workdir = chain->builder->input->workdir, *name = chain->name;
	int n;

	if (!strncmp(name, "./", 2))
		name += 2;
	if (name[0] == '/' || !workdir)
		workdir = "";
	n = snprintf(path, PATH_MAX, "%s%s%s", workdir, name[0] == '/' ? "" : "/", name);
	assert(n > 0 && n < PATH_MAX); /* it could be opened */
	clean(path);
}

static void write_mode(mode_t mode, char text[8])
{
	(void)snprintf(text, 8, "%04o", mode & 07777U);
}

bool chain_may_execute(const struct chain *chain, mode_t mode, const char *path)
{
	if (chain_is_image(chain) || (mode & 0111) == 0)
		return mode & 0111;
	/* only a refusal counts: without a real name, or when it is gone by now, exec will tell */
	return sys_faccessat(AT_FDCWD, path, X_OK) != -EACCES;
}

static enum trouble_kind mode_trouble(mode_t mode)
{
	return mode & 0111 ? TROUBLE_NO_EXEC_FOR_YOU : TROUBLE_NO_EXEC_BIT;
}

/* Of a file that cannot be opened: in the closure it is wanted all the same. */
static int add_unread(struct chain *chain, const struct root_walk *walk)
{
	struct closure_file file = { .role = chain->role, .rule = chain->rule };
	char path[PATH_MAX];
	struct stat st;
	size_t index;
	int r;

	if (chain_is_image(chain) || sys_fstatat(AT_FDCWD, walk->real, &st, 0) < 0)
		return 0;
	write_absolute(chain, path);
	file.name = chain->name;
	file.path = path;
	file.real = walk->real;
	file.detail = chain->detail;
	file.needed_by = chain->needed_by;
	file.dev = st.st_dev;
	file.ino = st.st_ino;
	r = builder_add_file(chain->builder, &file, &index);
	return r < 0 ? r : 0;
}

/*
 * It is there, and this user may not read it. It may still run: exec asks for execution only
 * (may_open with MAY_EXEC).
 */
static int note_unreadable(struct chain *chain, const struct root_walk *walk)
{
	enum trouble_kind kind = TROUBLE_UNREADABLE;
	char mode[8] = "";
	int r = add_unread(chain, walk);

	if (!chain_may_execute(chain, walk->mode, walk->real)) {
		kind = mode_trouble(walk->mode);
		write_mode(walk->mode, mode);
	}
	if (r < 0)
		return r;
	return builder_add_trouble(chain->builder, kind, chain->role, chain->name, chain->needed_by,
				   mode);
}

/*
 * The name that a first line asks for is not there, and the line is to blame. 1 if that was
 * noted.
 */
static int note_line(struct chain *chain)
{
	const struct closure_file *script;
	char *cr = strchr(chain->name, '\r');
	enum trouble_kind kind = TROUBLE_ENV_SPLIT;
	int r;

	if (chain->rule != RULE_SCRIPT && chain->rule != RULE_ENV)
		return 0;
	if (!cr && (chain->rule != RULE_ENV || !chain->env.needs_split))
		return 0;
	script = &chain->builder->closure->files[chain->needed_by];
	if (cr) {
		kind = chain->rule == RULE_ENV ? TROUBLE_ENV_CR : TROUBLE_SCRIPT_CR;
		*cr = '\0';
	}
	r = builder_add_trouble(chain->builder, kind, ROLE_SCRIPT, script->path, CLOSURE_NONE,
				chain->name);
	return r < 0 ? r : 1;
}

/* Why the name cannot be opened. */
static int note_failure(struct chain *chain, int errnum)
{
	const struct closure_input *input = chain->builder->input;
	struct root_walk walk;
	int r = 0;

	if (errnum == EACCES) {
		root_walk(input->root, input->workdir, chain->name, &walk);
		if (walk.errnum == 0 && S_ISREG(walk.mode))
			return note_unreadable(chain, &walk);
	}
	if (chain->needed_by != CLOSURE_NONE)
		r = builder_add_missing(chain->builder, chain->needed_by, chain->name);
	if (r == 0 && errnum == ENOENT)
		r = note_line(chain);
	if (r != 0)
		return r < 0 ? r : 0;
	return builder_add_walk_trouble(chain->builder, chain->role, chain->name, chain->needed_by,
					errnum);
}

/* What is in it: *found's elf, or its head. */
static int read_found(struct chain *chain, struct chain_found *found)
{
	struct croft_error *err = chain->builder->err;
	ssize_t n = 0;

	found->read = elf_read(found->file.fd, found->file.size,
			       chain->builder->input->flags & CLOSURE_VERSIONS ? ELF_VERSIONS : 0,
			       &chain->builder->closure->arena, &found->elf, &found->why);
	if (found->read == -ENOMEM)
		return fail(err, CROFT_STAGE_EXEC, ENOMEM, "read '%s'", chain->name);
	found->head_len = 0;
	if (found->read == -ENOEXEC) {
		n = sys_pread(found->file.fd, found->head, sizeof(found->head), 0);
		found->head_len = n < 0 ? 0 : (size_t)n;
	}
	if (n < 0)
		found->read = (int)n;
	return 0;
}

static int add_found(struct chain *chain, struct chain_found *found)
{
	struct closure_file file = { .rule = chain->rule, .name = chain->name };
	char path[PATH_MAX];
	int r;

	write_absolute(chain, path);
	/* known only now, and told by the words of its troubles */
	if (chain->role != ROLE_LOADER && found->head_len >= 2 && !memcmp(found->head, "#!", 2))
		chain->role = ROLE_SCRIPT;
	file.role = chain->role;
	file.path = path;
	file.real = found->file.real;
	file.detail = chain->detail;
	file.needed_by = chain->needed_by;
	file.dev = found->file.dev;
	file.ino = found->file.ino;
	file.is_elf = found->elf.class != 0;
	file.class = found->elf.class;
	file.machine = found->elf.machine;
	file.load_size = found->elf.load_size;
	r = builder_add_file(chain->builder, &file, &found->index);
	return r < 0 ? r : 0;
}

/* 1 if it may be executed; else the troubles are noted. */
static int check_mode(struct chain *chain, const struct chain_found *found)
{
	const struct root_file *file = &found->file;
	char mode[8];
	int r = 0;

	/* The bits say yes to everybody: no question more. (An ACL may say no: left to exec.) */
	if (!file->is_noexec && (file->mode & 0111) == 0111)
		return 1;
	if (file->is_noexec)
		r = chain_note(chain, TROUBLE_NOEXEC_MOUNT, chain->role, found, "");
	if (r < 0)
		return r;
	/* on such a mount faccessat refuses whatever the mode says */
	if (file->is_noexec ? file->mode & 0111 : chain_may_execute(chain, file->mode, file->real))
		return !file->is_noexec;
	write_mode(file->mode, mode);
	return chain_note(chain, mode_trouble(file->mode), chain->role, found, mode);
}

int chain_take(struct chain *chain, struct chain_found *found)
{
	const struct closure_input *input = chain->builder->input;
	int r = root_open_file(input->root, input->workdir, chain->name, &found->file);

	if (fd_is_shortage(r))
		return fail(chain->builder->err, CROFT_STAGE_EXEC, -r, "open '%s'", chain->name);
	if (r < 0) {
		found->file.fd = -1;
		return note_failure(chain, -r);
	}
	r = read_found(chain, found);
	if (r == 0)
		r = add_found(chain, found);
	if (r == 0)
		r = check_mode(chain, found);
	if (r != 1 || found->read >= 0 || found->read == -ENOEXEC || found->read == -EBADMSG ||
	    found->read == -EFBIG)
		return r;
	return chain_note(chain, TROUBLE_READ_ERROR, chain->role, found, errno_text(-found->read));
}
