/* SPDX-License-Identifier: MIT */
/*
 * doubt.c - what ends a command that exec itself takes, seen beforehand.
 *
 * Each of these dies without a word, or with its loader's misleading one:
 *
 *   memory     under too small a limit on the address space (RLIMIT_AS) the kernel cannot map the
 *              program, and kills it when exec is past its return; or the loader "failed to map
 *              segment" of a library. It is certain where the segments that are known, which are
 *              less than what it will take, are more than the limit
 *   noexec     ld.so PROGRAM, by which people get around a mount without execution. It is no way:
 *              the kernel does not map pages of such a file for execution either (since 2.6.0)
 *   32 bits    such a program's system calls are another architecture's to a filter, which kills
 *
 * Source: load_elf_binary in fs/binfmt_elf.c, may_expand_vm in mm/mmap.c; "--help" of glibc's
 * loader (elf/rtld.c) and of musl's (ldso/dynlink.c).
 */
#include "launch/doubt.h"

#include <elf.h>
#include <string.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "elf/elf.h"
#include "elf/noexec.h"
#include "sys/calls.h"

#define ENOUGH (64ULL << 20) /* for a small program of the C library's */

/* The limit as it will be (enforce/process.c), of that which croft has; RLIM_INFINITY: none. */
static rlim_t find_limit(const struct plan *plan, struct rlimit old, bool *ret_is_own)
{
	const struct profile *profile = plan->profile;

	*ret_is_own = false;
	if (!profile->has_limit[LIMIT_MEMORY] ||
	    (plan->cgroup_controllers & 1U << CONTROLLER_MEMORY))
		return old.rlim_cur;
	*ret_is_own = profile->limits[LIMIT_MEMORY] <= old.rlim_max;
	return *ret_is_own ? profile->limits[LIMIT_MEMORY] : old.rlim_max;
}

/* What exec and the loader map at least. What env starts is another exec's. */
static uint64_t find_need(const struct closure *closure)
{
	size_t program = CLOSURE_NONE;
	bool has_env = false;
	uint64_t need = 0;

	for (size_t i = 0; i < closure->n_files; i++) {
		const struct closure_file *file = &closure->files[i];
		bool is_program = program == CLOSURE_NONE && file->is_elf;
		bool is_library = file->role == ROLE_LIBRARY && !has_env;

		has_env |= file->rule == RULE_ENV;
		if (is_program)
			program = i;
		if ((is_program || is_library ||
		     (file->role == ROLE_LOADER && file->needed_by == program)) &&
		    __builtin_add_overflow(need, file->load_size, &need))
			need = UINT64_MAX;
	}
	return need;
}

static void doubt_memory(struct command *command, const struct plan *plan, struct rlimit limit)
{
	bool is_own;
	rlim_t may = find_limit(plan, limit, &is_own);
	uint64_t need, enough;

	if (may == RLIM_INFINITY)
		return;
	need = find_need(&command->closure);
	if (need <= may)
		return;
	(void)fail(&command->doubt, CROFT_STAGE_EXEC, 0,
		   "'%s' takes %llu KiB of memory to be loaded, and may have %llu KiB",
		   command->path, (unsigned long long)(need / 1024),
		   (unsigned long long)(may / 1024));
	enough = need < UINT64_MAX - ENOUGH ? need + ENOUGH : need;
	if (is_own)
		fail_hint(&command->doubt, "let it have more: --limit memory=%lluMiB",
			  (unsigned long long)(enough >> 20));
	else
		fail_hint(&command->doubt, "raise the limit of who starts croft: ulimit -v %llu",
			  (unsigned long long)(enough / 1024));
}

/* The program's name among the words; NULL: nothing is run, or what is cannot be told. */
static const char *find_program(const char *const *argv)
{
	static const char *const with_value[] = { "--library-path", "--preload", "--argv0",
						  "--audit", "--inhibit-rpath" };

	for (argv++; *argv && !strncmp(*argv, "--", 2); argv++) {
		bool has_value = false;

		for (size_t i = 0; i < ARRAY_SIZE(with_value); i++)
			has_value |= !strcmp(*argv, with_value[i]);
		if (has_value && argv[1])
			argv++;
		else if (strcmp(*argv, "--inhibit-cache") != 0)
			return NULL;
	}
	/* without a slash it is looked for as a library is */
	return *argv && strchr(*argv, '/') ? *argv : NULL;
}

static void doubt_mapping(struct command *command, const struct plan *plan)
{
	const struct command_search search = { .workdir = plan->workdir };
	const struct closure_input input = command_closure_input(&search, 0);
	const struct closure *closure = &command->closure;
	const char *program;
	struct root_file file;

	if (closure->n_files == 0 || closure->files[0].role != ROLE_PROGRAM ||
	    !loader_family(closure->files[0].real))
		return;
	program = find_program(plan->command.argv);
	if (!program || root_open_file(input.root, input.workdir, program, &file) < 0)
		return;
	if (file.is_noexec && noexec_is_held(file.fd)) {
		(void)fail(&command->doubt, CROFT_STAGE_EXEC, 0,
			   "'%s' lies on a file system that is mounted noexec, from which its "
			   "loader cannot map it either",
			   program);
		fail_hint(&command->doubt,
			  "copy it to one that is not, or have that one mounted with exec");
	}
	root_file_done(&file);
}

static void doubt_calls(struct command *command, const struct plan *plan)
{
	const struct closure *closure = &command->closure;
	const char *machine = elf_machine_name(elf_own_class(), elf_own_machine());

	for (size_t i = 0; i < closure->n_files && !plan->syscalls.is_off; i++) {
		const struct closure_file *file = &closure->files[i];

		if (!file->is_elf || file->class != ELFCLASS32 || elf_own_class() != ELFCLASS64)
			continue;
		(void)fail(&command->doubt, CROFT_STAGE_EXEC, 0,
			   "'%s' is a 32-bit program, which the filter of system calls kills",
			   file->path);
		fail_hint(&command->doubt, "get it for %s", machine ? machine : "this machine");
		return;
	}
}

int doubt_command(struct command *command, const struct plan *plan, struct croft_error *err)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	int r = sys_prlimit(RLIMIT_AS, NULL, &limit);

	/* a filter may refuse the call: that matters where limits are to be set */
	for (int i = 0; r < 0 && i < LIMIT_MAX; i++)
		if (plan->profile->has_limit[i])
			return fail(err, CROFT_STAGE_LIMITS, -r, "read the limit on memory");
	if (!command->doubt.what[0])
		doubt_memory(command, plan, limit);
	if (!command->doubt.what[0])
		doubt_mapping(command, plan);
	if (!command->doubt.what[0])
		doubt_calls(command, plan);
	return 0;
}
