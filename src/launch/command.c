/* SPDX-License-Identifier: MIT */
/*
 * command.c - finds the command and looks at it, before anything is confined.
 *
 * Afterwards it would be too late: a process that may not read a file cannot say what
 * is wrong with it, and the kernel's EACCES and ENOENT have many causes. So each
 * candidate is followed here as exec would follow it (src/elf), then judged by the plan's
 * own rules, and the message names the one thing that is missing and the grant
 * that would give it.
 *
 * What makes exec fail is an error. What makes the start fail later (a library, a
 * program that env looks up) is only a doubt: it is the loader's to decide, and a reader
 * of files that refused a program which works would be worse than one that says too much.
 *
 * What is found is executed by name. The name could be swapped in between; the
 * decision does not rest on it, since the kernel judges the file that is executed.
 */
#include "launch/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "elf/remedy.h"
#include "plan/pattern.h"
#include "sys/calls.h"

/* Of what the plan withholds nothing is missing. */
static const struct remedy no_remedy;

#define EXECUTE (ABI_LANDLOCK_FS_EXECUTE | ABI_LANDLOCK_FS_READ_FILE)

void command_search_env(struct command_search *search, const char *const *envp)
{
	static const char library_path[] = "LD_LIBRARY_PATH=", preload[] = "LD_PRELOAD=";

	for (; envp && *envp; envp++) {
		if (!search->path && !strncmp(*envp, "PATH=", 5))
			search->path = *envp + 5;
		if (!strncmp(*envp, library_path, sizeof(library_path) - 1))
			search->library_path = *envp + sizeof(library_path) - 1;
		if (!strncmp(*envp, preload, sizeof(preload) - 1))
			search->preload = *envp + sizeof(preload) - 1;
	}
}

/*
 * A directory of PATH (not terminated; empty means here) and a name, as seen from the command's
 * working directory.
 */
static int join(const char *workdir, const char *dir, size_t dir_len, const char *name,
		char ret_path[PATH_MAX])
{
	const char *base = workdir && dir[0] != '/' && name[0] != '/' ? workdir : "";
	int n;

	if (dir_len == 0 || name[0] == '/')
		dir_len = 0;
	n = snprintf(ret_path, PATH_MAX, "%s%s%.*s%s%s", base, *base ? "/" : "", (int)dir_len, dir,
		     dir_len ? "/" : "", name);
	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* With what is known of all that the program needs, unless that is longer than a hint may be. */
static void write_mend(struct buf *mend, const struct trouble *trouble, const struct remedy *remedy)
{
	remedy_mend(mend, remedy, trouble, NULL, NULL);
	if (buf_error(mend) || mend->len >= CROFT_HINT_SIZE) {
		buf_reset(mend);
		trouble_mend(mend, trouble);
	}
}

static int say(const struct trouble *trouble, const struct remedy *remedy, struct croft_error *err)
{
	AUTO_BUF struct buf what = BUF_INIT(CROFT_WHAT_SIZE), mend = BUF_INIT(CROFT_HINT_SIZE);
	int errnum = trouble_errnum(trouble);
	int r;

	/* where the command is there "no such file" would be the riddle that is solved here */
	if (errnum == ENOENT && (*trouble->needed_by || trouble->kind == TROUBLE_SCRIPT_CR))
		errnum = 0;
	trouble_what(&what, trouble);
	write_mend(&mend, trouble, remedy);
	r = fail(err, CROFT_STAGE_EXEC, errnum, "%s", buf_text(&what));
	fail_hint(err, "%s", buf_text(&mend));
	return r;
}

static const char *needing(const struct closure *closure, const struct closure_file *file)
{
	return file->needed_by == CLOSURE_NONE ? "" : closure->files[file->needed_by].path;
}

/* True if the tree that the command will see has the file, and lets it be executed if asked. */
static bool is_in_tree(const struct plan *plan, const char *path, bool is_executed)
{
	bool is_there = !plan->has_new_root;

	for (size_t i = 0; i < plan->n_mount_ops; i++) {
		const struct plan_mount_op *op = &plan->mount_ops[i];

		if (!path_is_under(op->path, path))
			continue;
		if (op->kind == MOUNT_BIND)
			is_there = !is_executed || !(op->flags & MOUNT_NOEXEC);
		else if (op->kind == MOUNT_TMPFS || op->kind == MOUNT_MASK_DIRECTORY ||
			 op->kind == MOUNT_MASK_FILE)
			is_there = false;
	}
	return is_there;
}

/* The denial that a mount keeps on the file; NULL: none. */
static const struct denial *find_denial(const struct plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->n_denials; i++) {
		const struct plan_denial *denial = &plan->denials[i];

		if (denial->means == DENIAL_MASKED && denial->denial->kind != DENY_WRITE &&
		    pattern_covers(denial->path, path))
			return denial->denial;
	}
	return NULL;
}

/* A rule is the file's, not the name's: another hard link of a granted file is granted. */
static bool is_granted(const struct plan *plan, const struct path_fact *facts,
		       const struct closure_file *file, uint64_t access)
{
	if (!is_in_tree(plan, file->real, access & ABI_LANDLOCK_FS_EXECUTE))
		return false;
	if (plan_allows(plan, file->real, access))
		return true;
	for (size_t i = 0; facts && i < plan->n_rules; i++) {
		const struct path_fact *fact = &facts[plan->rules[i].fact];

		if (fact->ino == file->ino && fact->dev == file->dev &&
		    !(access & plan->handled_fs & ~plan->rules[i].access))
			return true;
	}
	return false;
}

int command_check_grants(struct command *command, const struct plan *plan,
			 const struct path_fact *facts, struct croft_error *err)
{
	const struct closure *closure = &command->closure;
	bool is_looked_up = false; /* by env: it goes on to the next on PATH */

	for (size_t i = 0; i < closure->n_files; i++) {
		const struct closure_file *file = &closure->files[i];
		bool is_read = file->role == ROLE_LIBRARY;
		const struct denial *denial = find_denial(plan, file->real);
		struct trouble trouble;

		is_looked_up |= file->rule == RULE_ENV;
		trouble = (struct trouble){ .kind = TROUBLE_NOT_GRANTED,
					    .role = file->role,
					    .path = file->real,
					    .needed_by = needing(closure, file),
					    .detail = is_read ? "read" : "execute",
					    .is_late = is_looked_up };

		/*
		 * without its cache or its list of preloads a loader does its work all the same;
		 * where a file lies that cannot be told the kernel alone judges
		 */
		if (file->role == ROLE_CONFIG || !*file->real ||
		    is_granted(plan, facts, file, is_read ? ABI_LANDLOCK_FS_READ_FILE : EXECUTE))
			continue;
		if (denial && !is_looked_up)
			return fail(err, CROFT_STAGE_EXEC, EACCES, "'%s' is denied by %s '%s'",
				    file->real, denial->origin, denial->path);
		if (!is_read && !is_looked_up)
			return say(&trouble, &no_remedy, err);
		if (!command->doubt.what[0])
			(void)say(&trouble, &no_remedy, &command->doubt);
	}
	return 0;
}

/* True if the loader could be kept from a library: by its own directory a plan is known. */
static bool may_withhold_libraries(const struct plan *plan, const struct closure *closure)
{
	for (size_t i = 0; plan && i < closure->n_files; i++) {
		const struct closure_file *file = &closure->files[i];
		char dir[PATH_MAX];

		if (file->role != ROLE_LOADER || !*file->real)
			continue;
		(void)snprintf(dir, sizeof(dir), "%.*s",
			       (int)(strrchr(file->real, '/') - file->real), file->real);
		return !plan_allows(plan, *dir ? dir : "/", ABI_LANDLOCK_FS_READ_FILE);
	}
	return false;
}

struct closure_input command_closure_input(const struct command_search *search, unsigned flags)
{
	static const struct root real_root = { .fd = -1, .path = "/" };

	return (struct closure_input){ .root = &real_root,
				       .workdir =
					       search->workdir ? search->workdir : "/proc/self/cwd",
				       .path = search->path,
				       .library_path = search->library_path,
				       .preload = search->preload,
				       .flags = flags };
}

static int look(const struct command_search *search, const char *path, unsigned flags,
		struct closure *closure, struct croft_error *err)
{
	const struct closure_input input = command_closure_input(search, flags);

	closure_init(closure);
	return closure_add_program(closure, &input, path, err);
}

/* What is known of a file that is there. */
static int judge(const struct command_search *search, const char *path, struct command *command,
		 struct croft_error *err)
{
	const unsigned all = CLOSURE_LIBRARIES | CLOSURE_VERSIONS;
	struct closure *closure = &command->closure;
	const struct trouble *trouble;
	int r = look(search, path, search->wants_libraries ? all : 0, closure, err);

	if (r == 0 && !search->wants_libraries && may_withhold_libraries(search->plan, closure)) {
		closure_done(closure);
		r = look(search, path, all, closure, err);
	}
	if (r < 0)
		return r;
	trouble = closure_find_trouble(closure, WEIGHT_EXEC);
	if (!trouble)
		trouble = closure_find_trouble(closure, WEIGHT_START);
	if (trouble) {
		const struct closure_input input = command_closure_input(search, 0);
		struct remedy remedy;

		r = remedy_find(closure, &input, &remedy);
		if (r < 0)
			return fail(err, CROFT_STAGE_EXEC, -r, "look for what '%s' lacks", path);
		if (trouble_weight(trouble) == WEIGHT_EXEC)
			return say(trouble, &remedy, err);
		(void)say(trouble, &remedy, &command->doubt);
	}
	return search->plan ? command_check_grants(command, search->plan, search->facts, err) : 0;
}

/* command->path is a candidate: 0 if it can be executed. */
static int try_path(const struct command_search *search, struct command *command,
		    struct croft_error *err)
{
	struct stat st;
	int r = sys_fstatat(AT_FDCWD, command->path, &st, 0);

	if (r == -ENOENT || r == -ENOTDIR) {
		/* not there at all, or a link that leads nowhere: that is worth its own words */
		if (sys_fstatat(AT_FDCWD, command->path, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return fail(err, CROFT_STAGE_EXEC, ENOENT, "find '%s'", search->name);
	} else if (r == 0 && S_ISDIR(st.st_mode)) {
		return fail(err, CROFT_STAGE_EXEC, EISDIR, "execute '%s'", search->name);
	}
	command->doubt.what[0] = '\0';
	r = judge(search, command->path, command, err);
	if (r < 0)
		closure_done(&command->closure);
	return r;
}

/*
 * The first candidate on PATH that can be executed; else what was wrong with the best of the
 * others.
 */
static int search_path(const struct command_search *search, struct command *command,
		       struct croft_error *err)
{
	struct croft_error best;
	int r = fail(&best, CROFT_STAGE_EXEC, ENOENT, "find '%s' on PATH", search->name);

	for (const char *entry = search->path;; entry++) {
		size_t len = strcspn(entry, ":");
		struct croft_error error;
		int verdict;

		/* each candidate in turn; what fits nowhere is no candidate */
		if (len < PATH_MAX &&
		    join(search->workdir, entry, len, search->name, command->path) == 0) {
			verdict = try_path(search, command, &error);
			if (verdict == 0)
				return 0;
			if (r == -ENOENT && verdict != -ENOENT && verdict != -EISDIR) {
				best = error;
				r = verdict;
			}
		}
		entry += len;
		if (!*entry)
			break;
	}
	if (err)
		*err = best;
	return r;
}

int command_find(const struct command_search *search, struct command *ret_command,
		 struct croft_error *err)
{
	const char *name = search->name;
	int r;

	memset(ret_command, 0, sizeof(*ret_command));
	if (!*name)
		return fail(err, CROFT_STAGE_EXEC, ENOENT, "find a command with an empty name");
	if (strlen(name) >= sizeof(ret_command->path))
		return fail(err, CROFT_STAGE_EXEC, ENAMETOOLONG, "find a command of %zu bytes",
			    strlen(name));
	if (strchr(name, '/')) {
		r = join(search->workdir, "", 0, name, ret_command->path);
		if (r < 0)
			return fail(err, CROFT_STAGE_EXEC, -r, "find '%s'", name);
		r = try_path(search, ret_command, err);
		/* executed after the change of directory: under the name that was given */
		if (r == 0)
			memcpy(ret_command->path, name, strlen(name) + 1);
		return r;
	}
	if (!search->path) {
		r = fail(err, CROFT_STAGE_EXEC, ENOENT, "find '%s': the command has no PATH", name);
		fail_hint(err, "write the program's full name, or pass PATH with --env PATH");
		return r;
	}
	return search_path(search, ret_command, err);
}

void command_done(struct command *command)
{
	closure_done(&command->closure);
}
