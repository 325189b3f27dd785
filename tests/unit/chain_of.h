/* SPDX-License-Identifier: MIT */
/*
 * chain_of.h - programs for the tests of chain_follow: what is said of one, and what execve
 * then does with it.
 *
 * A row is a file that is looked at and then executed. So a trouble that
 * the kernel does not have, and one that it has and we do not see, both fail. "@" stands for the
 * scratch directory; programs are the tiny ones of tiny_elf.h, so that nothing rests on what is
 * installed but env.
 */
#ifndef CROFT_TESTS_UNIT_CHAIN_OF_H
#define CROFT_TESTS_UNIT_CHAIN_OF_H

#include "tiny_elf.h"

#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <sys/vfs.h>

#include "elf/build.h"
#include "elf/script.h"
#include "sys/fd.h"

#define NOTHING TROUBLE_MAX /* no trouble is expected */
#define ENV "/usr/bin/env"
#define KILLED(sig) (1000 + (sig))

struct row {
	const char *program;
	enum trouble_kind kind; /* of the first trouble */
	int status; /* of an execve: -errno, an exit status, KILLED(signal) */
	enum file_role role; /* of the trouble */
	const char *path, *detail; /* of the trouble; NULL: the program, ""; "*": any but that */
	const char *needed_by; /* NULL: "" */
	const char *end; /* path of the program at the end of the chain; NULL: none */
};

static inline const char *expand(char *text, size_t size, const char *pattern)
{
	size_t at = 0;

	for (; *pattern && at < size - 1; pattern++) {
		if (*pattern == '@')
			at += (size_t)snprintf(text + at, size - at, "%s", scratch);
		else
			text[at++] = *pattern;
	}
	assert_true(at < size);
	text[at] = '\0';
	return text;
}

static inline bool is_expanded(const char *text, const char *pattern)
{
	char want[2048];

	return strcmp(text, expand(want, sizeof(want), pattern)) == 0;
}

static inline void make_script(const char *name, const char *text)
{
	char expanded[2048];

	make_file(name, expand(expanded, sizeof(expanded), text), 0755);
}

/* A tiny program with that interpreter (NULL: static). */
static inline struct tiny make_tiny(const char *name, const char *interpreter)
{
	char expanded[512];
	struct tiny tiny =
		tiny_make(interpreter ? expand(expanded, sizeof(expanded), interpreter) : NULL);

	tiny_write(name, &tiny, sizeof(tiny), 0755);
	return tiny;
}

#define CHANGED(name, interpreter, ...)                          \
	do {                                                     \
		struct tiny tiny = make_tiny(name, interpreter); \
                                                                 \
		__VA_ARGS__;                                     \
		tiny_write(name, &tiny, sizeof(tiny), 0755);     \
	} while (0)

static inline void make_elf_files(void)
{
	struct tiny tiny = make_tiny("static", NULL);

	tiny_write("no-x", &tiny, sizeof(tiny), 0644);
	tiny_write("others-x", &tiny, sizeof(tiny), 0611);
	tiny_write("cut-header", &tiny, 40, 0755);
	tiny_write("cut-phdrs", &tiny, 100, 0755);
	tiny_write("bin/tool", &tiny, sizeof(tiny), 0755);
	tiny_write("static\r", &tiny, sizeof(tiny), 0755);
	tiny_write("set-uid", &tiny, sizeof(tiny), 04755);
	tiny_write("set-gid", &tiny, sizeof(tiny), 02755);
	tiny_write("set-gid-no-x", &tiny, sizeof(tiny), 02745);
	tiny_write("bin/no-x", &tiny, sizeof(tiny), 0644);
	tiny_write("bin2/both", &tiny, sizeof(tiny), 0755);
	tiny_write("bin/both", &tiny, sizeof(tiny), 0644);
	tiny = make_tiny("dynamic", "@/static");
	tiny_write("cut-name", &tiny, offsetof(struct tiny, name) + 3, 0755);
	(void)make_tiny("loader-missing", "@/none");
	(void)make_tiny("loader-no-dir", "@/none/ld");
	(void)make_tiny("loader-dir", "@/bin");
	(void)make_tiny("loader-no-x", "@/no-x");
	(void)make_tiny("loader-text", "@/long-text");
	(void)make_tiny("loader-short", "@/text");
	(void)make_tiny("loader-foreign", "@/foreign");
	(void)make_tiny("loader-object", "@/object");
	(void)make_tiny("loader-no-load", "@/no-load");
	(void)make_tiny("loader-phdr-size", "@/phdr-size");
	(void)make_tiny("loader-cut-phdrs", "@/cut-phdrs");
	(void)make_tiny("loader-cut-header", "@/cut-header");
	(void)make_tiny("loader-relative", "static");
	(void)make_tiny("loader-relative-missing", "none");
	(void)make_tiny("loader-dangling", "@/dangling");
}

static inline void make_changed_files(void)
{
	CHANGED("foreign", NULL, tiny.header.e_machine = EM_S390);
	CHANGED("nameless", NULL, tiny.header.e_machine = 0x7777);
	CHANGED("object", NULL, tiny.header.e_type = ET_REL);
	CHANGED("core", NULL, tiny.header.e_type = ET_CORE);
	CHANGED("odd-type", NULL, tiny.header.e_type = 0x1234);
	CHANGED("no-class", NULL, tiny.header.e_ident[EI_CLASS] = 0);
	CHANGED("no-order", NULL, tiny.header.e_ident[EI_DATA] = 0);
	CHANGED("no-phdrs", NULL, tiny.header.e_phnum = 0);
	CHANGED("phdr-size", NULL, tiny.header.e_phentsize = 32);
	CHANGED("phdrs-outside", NULL, tiny.header.e_phoff = 5000);
	CHANGED("name-outside", "@/static", tiny.interp.p_offset = 5000);
	CHANGED("name-empty", "@/static", tiny.interp.p_filesz = 1);
	CHANGED("name-endless", "@/static", tiny.interp.p_filesz = 3);
	CHANGED("name-twice", "@/static", tiny.other[0] = tiny.interp, tiny.header.e_phnum = 3);
	CHANGED("skewed", NULL, tiny.load.p_offset = 16);
	CHANGED("no-load", NULL, tiny.load.p_type = PT_NULL);
	CHANGED("more-in-file", NULL, tiny.load.p_memsz = 16);
	CHANGED("cut-segment", NULL, tiny.load.p_filesz = tiny.load.p_memsz = 65536);
	CHANGED("align", NULL, tiny.load.p_align = 16);
}

static inline void make_script_files(void)
{
	char text[512];

	make_script("script", "#!@/static -x\n");
	make_script("no-end", "#!@/static");
	make_script("to-dynamic", "#!@/dynamic\n");
	make_script("relative", "#!static\n");
	make_script("relative-missing", "#!none\n");
	make_script("to-missing", "#!@/none -x\n");
	make_script("to-dir", "#!@/bin\n");
	make_script("to-no-x", "#!@/no-x\n");
	make_script("to-text", "#!@/text\n");
	make_script("to-loader-missing", "#!@/loader-missing\n");
	make_script("dos", "#!@/bin/tool\r\n");
	make_script("dos-there", "#!@/static\r\n");
	make_script("dos-argument", "#!@/static -x\r\n");
	make_script("cut", "#!@/static xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n");
	make_script("empty-line", "#! \n");
	make_script("bom", "\xef\xbb\xbf#!@/static\n");
	make_script("n1", "#!@/static\n");
	make_script("n2", "#!@/n1\n");
	make_script("n3", "#!@/n2\n");
	make_script("n4", "#!@/n3\n");
	make_script("n5", "#!@/n4\n");
	make_script("n6", "#!@/n5\n");
	make_script("loop-script", "#!@/loop-script\n");
	memset(text, 'a', sizeof(text));
	memcpy(text, "#!/", 3);
	text[sizeof(text) - 1] = '\0';
	make_file("too-long", text, 0755);
	make_file("script-no-x", "#!/bin/sh\n", 0644);
	make_file("empty", "", 0755);
	make_file("text", "echo hi\n", 0755);
	make_file("late", "\n#!/bin/sh\n", 0755);
	make_file("long-text", "a text that is longer than a header of an ELF file, which has 64\n",
		  0755);
	make_file("bytes", "\1\2\3", 0755);
	make_file("lfs", "version https://git-lfs.github.com/spec/v1\n", 0755);
}

static inline void make_env_files(void)
{
	make_script("env-tool", "#!" ENV " tool\n");
	make_script("env-path", "#!" ENV " @/static\n");
	make_script("env-both", "#!" ENV " both\n");
	make_script("env-no-x", "#!" ENV " no-x\n");
	make_script("env-missing", "#!" ENV " no-such-tool\n");
	make_script("env-path-missing", "#!" ENV " @/none\n");
	make_script("to-env-missing", "#!@/env-missing\n");
	make_script("env-mode", "#!" ENV " mode-tool\n");
	make_script("env-closed", "#!" ENV " closed-tool\n");
	make_script("env-two", "#!" ENV " tool -x\n");
	make_script("env-path-two", "#!" ENV " @/static -x\n");
	make_script("env-split", "#!" ENV " -S tool -x\n");
	make_script("env-dos", "#!" ENV " tool\r\n");
	make_script("env-path-dos", "#!" ENV " @/static\r\n");
	make_script("env-split-dos", "#!" ENV " -S tool\r\n");
	make_script("env-other-path", "#!" ENV " -S PATH=@/bin2 both\n");
	make_script("env-i", "#!" ENV " -S -i tool\n");
	make_script("env-text", "#!" ENV " text\n");
	make_script("env-script", "#!" ENV " inner\n");
	make_script("bin/inner", "#!" ENV " tool\n");
	make_script("bin/text", "exit 0\n");
	make_script("env-unknown", "#!" ENV " -S ${HOME}/tool\n");
	make_script("env-nothing", "#!" ENV "\n");
	make_script("env-assigned", "#!" ENV " A=1 tool\n");
	make_script("bin/circle", "#!" ENV " circle\n");
}

static inline void make_node(const char *name, mode_t type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char path[GROUND_PATH];
	int fd;

	if (type == S_IFIFO) {
		assert_return_code(mkfifo(in_scratch(path, name), 0755), errno);
		return;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", name);
	assert_return_code(bind(fd, (struct sockaddr *)&address, sizeof(address)), errno);
	(void)close(fd);
	assert_return_code(chmod(name, 0755), errno);
}

static inline int make_tree(void **state)
{
	char path[GROUND_PATH];

	if (ground_open(state) < 0 || chmod(scratch, 0755) < 0 || chdir(scratch) < 0)
		return -1;
	make_dir("bin");
	make_dir("bin2");
	make_dir("closed");
	make_elf_files();
	make_changed_files();
	make_script_files();
	make_env_files();
	make_node("fifo", S_IFIFO);
	make_node("socket", S_IFSOCK);
	if (symlink("none", in_scratch(path, "dangling")) < 0 ||
	    symlink("circle", in_scratch(path, "circle")) < 0 ||
	    symlink("bin/tool", in_scratch(path, "link")) < 0)
		return -1;
	return 0;
}

/* The environment that the programs get: a PATH, and a variable for a name. */
static inline const char *path_of_programs(void)
{
	static char path[GROUND_PATH * 4];

	return expand(path, sizeof(path), "@/none:@/bin:@/bin2:@/closed");
}

/* What execve makes of it: -errno, an exit status, KILLED(signal). */
static inline int execute(const char *program)
{
	char name[2048], path[4096];
	char *argv[] = { name, NULL }, *envp[] = { path, NULL };
	int ends[2], status, errnum = 0;
	pid_t child;

	(void)snprintf(name, sizeof(name), "%s", program);
	(void)snprintf(path, sizeof(path), "PATH=%s", path_of_programs());
	assert_return_code(pipe2(ends, O_CLOEXEC), errno);
	child = fork();
	if (child == 0) {
		int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

		(void)dup2(nowhere, 2);
		(void)alarm(30);
		(void)execve(name, argv, envp);
		errnum = errno;
		(void)!write(ends[1], &errnum, sizeof(errnum));
		_exit(0);
	}
	(void)close(ends[1]);
	assert_true(read(ends[0], &errnum, sizeof(errnum)) >= 0);
	(void)close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (errnum)
		return -errnum;
	return WIFSIGNALED(status) ? KILLED(WTERMSIG(status)) : WEXITSTATUS(status);
}

/* One look at a program, in the closure `ret_closure`. */
static inline int look(const char *program, const struct closure_input *input,
		       struct closure *closure, struct chain_end *ret_end)
{
	struct croft_error err;
	struct builder builder = { .closure = closure, .input = input, .err = &err };

	*closure = (struct closure){ 0 };
	closure_init(closure);
	return chain_follow(&builder, program, ret_end);
}

static const struct root host = { .fd = -1, .path = "/" };

static inline struct closure_input make_input(void)
{
	return (struct closure_input){ .root = &host,
				       .workdir = scratch,
				       .path = path_of_programs() };
}

/* 0, or the line of what was wrong: also in a process of another user. */
static inline int judge_trouble(const struct row *row, const char *program,
				const struct closure *closure)
{
	const struct trouble *trouble = closure->troubles;

	if (row->kind == NOTHING) {
		EXPECT(closure->n_troubles == 0);
		return 0;
	}
	EXPECT(closure->n_troubles > 0);
	EXPECT(trouble->kind == row->kind);
	EXPECT(trouble->role == row->role);
	EXPECT(is_expanded(trouble->path, row->path ? row->path : program));
	if (row->detail && !strcmp(row->detail, "*"))
		EXPECT(*trouble->detail);
	else
		EXPECT(is_expanded(trouble->detail, row->detail ? row->detail : ""));
	EXPECT(is_expanded(trouble->needed_by, row->needed_by ? row->needed_by : ""));
	return 0;
}

static inline int judge(const struct row *row)
{
	struct closure_input input = make_input();
	struct closure closure;
	struct chain_end end;
	const struct trouble *cause;
	char program[2048];
	int line, free_before = lowest_free();

	EXPECT(look(expand(program, sizeof(program), row->program), &input, &closure, &end) == 0);
	EXPECT(lowest_free() == free_before);
	line = judge_trouble(row, program, &closure);
	if (line)
		return line;
	if (row->end)
		EXPECT(end.program != CLOSURE_NONE &&
		       is_expanded(closure.files[end.program].path, row->end));
	else
		EXPECT(end.program == CLOSURE_NONE);
	/* what the kernel says */
	cause = closure_find_trouble(&closure, WEIGHT_EXEC);
	if (row->status != -EINPROGRESS) {
		int status = execute(program);

		EXPECT(status == row->status);
		EXPECT((cause ? -trouble_errnum(cause) : 0) == (status < 0 ? status : 0));
	}
	if (!cause && row->status > 0)
		EXPECT(closure_find_trouble(&closure, WEIGHT_START));
	closure_done(&closure);
	return 0;
}

static inline void judge_all(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int line = judge(&rows[i]);

		if (line)
			fail_msg("%s: line %d", rows[i].program, line);
	}
}

#define PROGRAM ROLE_PROGRAM
#define SCRIPT ROLE_SCRIPT
#define INTERPRETER ROLE_INTERPRETER
#define LOADER ROLE_LOADER

#endif
