/* SPDX-License-Identifier: MIT */
/*
 * trouble.c - the words for everything that can be behind a failed exec.
 *
 * One table: what execve answers, what comes of it, what is wrong, what would mend it. The texts
 * are templates:
 *
 *   %f   the file at fault, with its role and whom it serves:
 *        the ELF interpreter '/lib64/ld-linux-x86-64.so.2' of '/srv/prog'
 *   %p %d   the bare path, the detail; %w %v   the same as a word for a shell
 *   %a   this program's own architecture
 *
 * A mend is a thing that can be done and that helps; where nothing does, it is empty. Each of
 * them that can be tried is tried in tests/cli/test_exec_explained.py: the test first sees the
 * failure, then does what the mend says.
 *
 * The errnos are the kernel's, measured on Linux 6.18 and read in fs/exec.c, fs/namei.c and
 * fs/binfmt_elf.c.
 */
#include "elf/trouble.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "elf/elf.h"

struct row {
	const char *name;
	int errnum;
	enum trouble_weight weight;
	const char *what, *mend;
};

#define SED_CR "take the carriage returns out: sed -i 's/\\r$//' %w"
#define EXEC WEIGHT_EXEC
#define START WEIGHT_START
#define NOTE WEIGHT_NOTE

/* clang-format off */
static const struct row rows[] = {
	/* the name: what fs/namei.c answers on the way */
	[TROUBLE_MISSING] = { "missing", ENOENT, EXEC,
		"%f is missing",
		"check the name; a relative one starts at the working directory" },
	[TROUBLE_DANGLING] = { "dangling-link", ENOENT, EXEC,
		"%f is missing, and the symbolic link '%d' leads to it",
		"mend the link, or install what it leads to" },
	[TROUBLE_NO_DIRECTORY] = { "no-directory", ENOENT, EXEC,
		"%f is missing: there is no directory '%d'",
		"check the name; a relative one starts at the working directory" },
	[TROUBLE_NOT_DIRECTORY] = { "not-directory", ENOTDIR, EXEC,
		"%f cannot be: '%d' is a file and no directory",
		"check the name" },
	[TROUBLE_LOOP] = { "link-loop", ELOOP, EXEC,
		"%f cannot be reached: symbolic links lead in a circle",
		"mend the links; ls -l shows where each of them leads" },
	[TROUBLE_NO_SEARCH] = { "no-search", EACCES, EXEC,
		"%f cannot be reached: you may not search the directory '%d'",
		"its owner can allow it: chmod a+x %v" },
	[TROUBLE_NAME_TOO_LONG] = { "name-too-long", ENAMETOOLONG, EXEC,
		"%f has too long a name",
		"a name has at most 255 bytes, a path 4095" },

	/* the file: may_open, before a byte is read. EISDIR is not among its answers to exec. */
	[TROUBLE_IS_DIRECTORY] = { "directory", EACCES, EXEC,
		"%f is a directory",
		"name a program in it" },
	[TROUBLE_NOT_REGULAR] = { "not-regular", EACCES, EXEC,
		"%f is %d",
		"only a regular file can be executed" },
	[TROUBLE_NO_EXEC_BIT] = { "no-exec-bit", EACCES, EXEC,
		"%f is not executable (mode %d)",
		"make it so: chmod +x %w" },
	[TROUBLE_NO_EXEC_FOR_YOU] = { "no-exec-for-you", EACCES, EXEC,
		"%f is executable for others only (mode %d)",
		"its owner can allow it: chmod a+x %w" },
	[TROUBLE_NOEXEC_MOUNT] = { "noexec-mount", EACCES, EXEC,
		"%f lies on a file system that is mounted noexec",
		"copy it to one that is not, or have that one mounted with exec" },
	[TROUBLE_UNREADABLE] = { "unreadable", 0, NOTE,
		"%f can be executed but not read, so that nothing is known of what it needs",
		"its owner can allow it: chmod a+r %w" },
	[TROUBLE_READ_ERROR] = { "read-error", EIO, EXEC,
		"%f cannot be read: %d",
		"" },

	/*
	 * Scripts. What env meets is no errno of exec: it has started by then, and ends with 126 or
	 * 127 and words of its own.
	 */
	[TROUBLE_SCRIPT_CR] = { "script-cr", ENOENT, EXEC,
		"%f has DOS line ends: it asks for the interpreter '%d' and a carriage return",
		SED_CR },
	[TROUBLE_SCRIPT_EMPTY] = { "script-empty", ENOEXEC, EXEC,
		"the first line of %f is '#!' and no interpreter",
		"name one: #!/bin/sh" },
	[TROUBLE_SCRIPT_TOO_LONG] = { "script-too-long", ENOEXEC, EXEC,
		"the first line of %f is too long: its interpreter's name does not end in 255 bytes",
		"shorten it, with a symbolic link or '#!/usr/bin/env NAME'" },
	[TROUBLE_SCRIPT_CUT] = { "script-cut", 0, NOTE,
		"the first line of %f has more than 127 bytes, where Linux before 5.1 and gVisor cut it",
		"shorten it, with a symbolic link or '#!/usr/bin/env NAME'" },
	[TROUBLE_SCRIPT_TOO_DEEP] = { "script-too-deep", ELOOP, EXEC,
		"%f is the interpreter of an interpreter, more than 5 deep",
		"let the first line of one of them name a program that is no script" },
	[TROUBLE_SCRIPT_BOM] = { "script-bom", ENOEXEC, EXEC,
		"%f starts with a byte order mark, so that its '#!' is not seen",
		"take the mark out: sed -i '1s/^\\xef\\xbb\\xbf//' %w" },
	[TROUBLE_ENV_SPLIT] = { "env-split", 0, START,
		"the first line of %f makes env look for one program named '%d'",
		"write '#!/usr/bin/env -S %d'" },
	[TROUBLE_ENV_CR] = { "env-cr", 0, START,
		"%f has DOS line ends: env will look for '%d' and a carriage return",
		SED_CR },
	[TROUBLE_ENV_NOT_FOUND] = { "env-not-found", 0, START,
		"env will not find '%d', which %f asks for, on PATH",
		"install it, or put its directory on PATH" },
	[TROUBLE_ENV_LOOP] = { "env-loop", 0, START,
		"the first line of %f leads env to the script itself, which then runs without end",
		"name the interpreter: #!/usr/bin/env sh" },
	[TROUBLE_ARGUMENT_CR] = { "argument-cr", 0, NOTE,
		"%f has DOS line ends: its interpreter gets '%d' and a carriage return",
		SED_CR },

	/* no program, or none for this kernel; after the return of exec the answer is a signal */
	[TROUBLE_EMPTY_FILE] = { "empty-file", ENOEXEC, EXEC,
		"%f is empty",
		"copy or build it again" },
	[TROUBLE_NO_FORMAT] = { "no-format", ENOEXEC, EXEC,
		"%f is neither an ELF program nor a script with '#!'",
		"see what it is: file %w" },
	[TROUBLE_ELF_CORRUPT] = { "elf-corrupt", ENOEXEC, EXEC,
		"%f is a damaged ELF file: %d",
		"copy or build it again" },
	[TROUBLE_ELF_TYPE] = { "elf-type", ENOEXEC, EXEC,
		"%f is %d and no program",
		"" },
	[TROUBLE_WRONG_MACHINE] = { "wrong-machine", ENOEXEC, EXEC,
		"%f is built for %d, and this machine is %a",
		"get it for %a, or install an emulator (Debian: qemu-user-static)" },
	[TROUBLE_NO_32BIT] = { "no-32bit", ENOEXEC, EXEC,
		"%f is a 32-bit program (%d), and this kernel runs none",
		"get it for %a" },
	[TROUBLE_ALIGNMENT] = { "alignment", 0, START,
		"%f is linked for smaller pages than the %d bytes of this kernel, and will be killed",
		"link it with -z max-page-size=65536" },
	[TROUBLE_INTERP_TWICE] = { "interp-twice", 0, NOTE,
		"%f names several ELF interpreters, of which Linux takes the first",
		"" },
	[TROUBLE_INTERP_RELATIVE] = { "interp-relative", 0, NOTE,
		"%f is a relative name, looked up from the working directory",
		"name it absolutely: patchelf --set-interpreter" },
	[TROUBLE_INTERP_FORMAT] = { "interp-format", ELIBBAD, EXEC,
		"%f is no loader: it is %d",
		"" },

	/* the loader's: exit status 127 and "error while loading shared libraries", or 1 */
	[TROUBLE_LIBRARY_MISSING] = { "library-missing", 0, START,
		"%f is in no directory where the loader looks",
		"install it, or name its directory in LD_LIBRARY_PATH" },
	[TROUBLE_LIBRARY_MACHINE] = { "library-machine", 0, START,
		"%f is only there for another architecture: %d",
		"install it for the program's own" },
	[TROUBLE_LIBRARY_UNREADABLE] = { "library-unreadable", 0, START,
		"%f may not be read: '%d'",
		"its owner can allow it: chmod a+r %v" },
	[TROUBLE_LIBRARY_FORMAT] = { "library-format", 0, START,
		"%f is no ELF library: %d",
		"put the library itself in its place" },
	[TROUBLE_VERSION_MISSING] = { "version-missing", 0, START,
		"%f lacks the version '%d'",
		"it is older than the one that was linked with: install a newer one, or build here" },
	[TROUBLE_ISA_LEVEL] = { "isa-level", 0, START,
		"%f is built for %d, and this CPU is older",
		"get it for an older level of CPU" },
	[TROUBLE_KERNEL_TOO_OLD] = { "kernel-too-old", 0, START,
		"%f needs Linux %d or newer",
		"run it on a newer kernel, or with an older build of its C library" },
	[TROUBLE_OTHER_LIBC] = { "other-libc", 0, NOTE,
		"%f is built for glibc, and the loader is musl's: it may need a symbol that is not found",
		"put musl's build of it in its place" },
	[TROUBLE_UNKNOWN_LOADER] = { "unknown-loader", 0, NOTE,
		"%f is neither glibc's nor musl's, so that no library is looked for",
		"" },

	/* PR_SET_NO_NEW_PRIVS, without which no sandbox is made by an ordinary user */
	[TROUBLE_SET_ID] = { "set-id", 0, NOTE,
		"%f is %d, which a sandbox leaves without effect",
		"" },
	[TROUBLE_SET_ID_NOSUID] = { "set-id-nosuid", 0, NOTE,
		"%f is %d, which its file system, mounted nosuid, leaves without effect, as a sandbox does",
		"" },

	/* Landlock answers as a mode does: only by the plan the one is told from the other */
	[TROUBLE_NOT_GRANTED] = { "not-granted", EACCES, EXEC,
		"no grant covers %f",
		"add --execute %w" },
};

/* Where the mend depends on whose trouble it is: a script can go by its interpreter. */
static const struct {
	enum trouble_kind kind;
	enum file_role role;
	const char *mend;
} role_mends[] = {
	{ TROUBLE_MISSING, ROLE_INTERPRETER,
	  "the script itself is there; install '%p' or mend the script's first line" },
	{ TROUBLE_NO_DIRECTORY, ROLE_INTERPRETER,
	  "the script itself is there; install '%p' or mend the script's first line" },
	{ TROUBLE_IS_DIRECTORY, ROLE_INTERPRETER, "mend the script's first line" },
	{ TROUBLE_NO_EXEC_BIT, ROLE_SCRIPT,
	  "make it so: chmod +x %w; or name its interpreter before it" },
	{ TROUBLE_NO_EXEC_FOR_YOU, ROLE_SCRIPT,
	  "its owner can allow it: chmod a+x %w; or name its interpreter before it" },
	{ TROUBLE_NOEXEC_MOUNT, ROLE_SCRIPT,
	  "name its interpreter before it, or copy it elsewhere" },
	{ TROUBLE_NOT_GRANTED, ROLE_INTERPRETER,
	  "add --execute %w, or --with-deps for all that it needs" },
	{ TROUBLE_NOT_GRANTED, ROLE_LOADER,
	  "add --execute %w, or --with-deps for all that it needs" },
	{ TROUBLE_ISA_LEVEL, ROLE_LIBRARY, "install one for an older level of CPU" },
};

/* What a file without a format looks like (script_guess), and what is to be done then. */
static const struct {
	const char *detail, *mend;
} guess_mends[] = {
	{ "a Git LFS pointer", "fetch the file itself: git lfs pull" },
	{ "a Windows program", "get it for Linux, or run it with Wine" },
	{ "a Mach-O program (macOS)", "get it for Linux" },
	{ "a Java class", "run it with java" },
	{ "a WebAssembly module", "run it with a WebAssembly runtime" },
	{ "a gzip archive", "unpack it first" },
	{ "a zip archive", "unpack it first; a .jar is run with java -jar" },
	{ "an xz archive", "unpack it first" },
	{ "a bzip2 archive", "unpack it first" },
	{ "a zstd archive", "unpack it first" },
	{ "an ar archive", "it is a static library or a package: link or install it" },
	{ "a shell archive", "unpack it first: sh %w" },
	{ "UTF-16 text", "save it as UTF-8 without a byte order mark" },
	{ "an HTML page", "a download gave a web page in place of the file: fetch it again" },
	{ "zeros", "its content was lost: copy or build it again" },
	{ "text with a '#!' that is not at its start", "let the file start with the '#!' line" },
	{ "text",
	  "shells run such a file themselves, exec does not: let it start with a line #!/bin/sh" },
};

/* By what stands in PT_INTERP. The first that fits counts, so the longer names come first. */
static const struct {
	const char *start, *family; /* of the base name; of the whole path where it has a slash */
} loaders[] = {
	{ "/nix/store/",
	  "a Nix store, which has to be there whole: copy the program's closure (nix-store -qR)" },
	{ "/gnu/store/",
	  "a Guix store, which has to be there whole: copy the program's closure (guix gc -R)" },
	{ "/system/", "Android (bionic), and with nothing else" },
	{ "/apex/", "Android (bionic), and with nothing else" },
	{ "/libexec/ld-elf", "FreeBSD, and the program is FreeBSD's" },
	{ "ld-musl-", "musl (Debian, Arch: musl; Alpine has it)" },
	{ "ld-uClibc", "uClibc (systems made with Buildroot or OpenWrt)" },
	{ "ld64-uClibc", "uClibc (systems made with Buildroot or OpenWrt)" },
	{ "ld-lsb", "the Linux Standard Base: a link to glibc's loader" },
	{ "ld-linux.so.2", "32-bit glibc (Debian: libc6-i386 or libc6:i386; Fedora: glibc.i686)" },
	{ "ld-linux", "glibc (Debian: libc6; Fedora: glibc; Alpine: gcompat)" },
	{ "ld64.so", "glibc (Debian: libc6; Fedora: glibc)" },
	{ "ld.so.1", "glibc (Debian: libc6; Fedora: glibc)" },
};

static const char *const roles[] = {
	[ROLE_PROGRAM] = "program",   [ROLE_SCRIPT] = "script",
	[ROLE_INTERPRETER] = "interpreter", [ROLE_LOADER] = "loader",
	[ROLE_LIBRARY] = "library",   [ROLE_CONFIG] = "configuration",
};
/* clang-format on */

static_assert(ARRAY_SIZE(rows) == TROUBLE_MAX, "each trouble has a row");
static_assert(ARRAY_SIZE(roles) == ROLE_MAX, "each role has a name");

const char *trouble_name(enum trouble_kind kind)
{
	return rows[kind].name;
}

const char *role_name(enum file_role role)
{
	return roles[role];
}

const char *loader_family(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;

	for (size_t i = 0; i < ARRAY_SIZE(loaders); i++) {
		const char *start = loaders[i].start;

		if (!strncmp(*start == '/' ? path : base, start, strlen(start)))
			return loaders[i].family;
	}
	return NULL;
}

/*
 * What elf_read finds wrong and the kernel stumbles over as well. The rest (the class, segments
 * behind the file's end, the dynamic section) it does not look at.
 */
static bool is_kernels(const char *why)
{
	static const char *const starts[] = { "its header", "its program headers",
					      "it has no program headers",
					      "it counts its program headers",
					      "its interpreter's name" };

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (!strncmp(why, starts[i], strlen(starts[i])))
			return true;
	return false;
}

/* It is met when exec is past its return: by env, the loader, or the kernel as it maps that. */
static bool is_after_exec(const struct trouble *trouble)
{
	if (trouble->kind == TROUBLE_ELF_CORRUPT && !is_kernels(trouble->detail))
		return true;
	if (trouble->kind == TROUBLE_ELF_TYPE && trouble->role == ROLE_LOADER)
		return true;
	return trouble->is_late || trouble->role == ROLE_LIBRARY || trouble->role == ROLE_CONFIG;
}

enum trouble_weight trouble_weight(const struct trouble *trouble)
{
	enum trouble_weight weight = rows[trouble->kind].weight;

	return weight == EXEC && is_after_exec(trouble) ? START : weight;
}

int trouble_errnum(const struct trouble *trouble)
{
	static const char cut_name[] = "its interpreter's name lies outside of the file";

	if (is_after_exec(trouble))
		return 0;
	if (trouble->kind == TROUBLE_INTERP_FORMAT && !strcmp(trouble->detail, TROUBLE_SHORT))
		return EIO;
	if (trouble->kind == TROUBLE_ELF_CORRUPT && !strcmp(trouble->detail, cut_name))
		return EIO;
	if (trouble->kind == TROUBLE_ELF_CORRUPT && trouble->role == ROLE_LOADER)
		return ELIBBAD;
	return rows[trouble->kind].errnum;
}

/* "the ELF interpreter 'X' of 'Y'"; a program is called by its name alone */
static void add_file(struct buf *buf, const struct trouble *trouble)
{
	static const char *const words[] = {
		[ROLE_PROGRAM] = "",
		[ROLE_SCRIPT] = "",
		[ROLE_INTERPRETER] = "the interpreter ",
		[ROLE_LOADER] = "the ELF interpreter ",
		[ROLE_LIBRARY] = "the library ",
		[ROLE_CONFIG] = "the loader's file ",
	};

	static_assert(ARRAY_SIZE(words) == ROLE_MAX, "each role has its words");
	buf_printf(buf, "%s'%s'", words[trouble->role], trouble->path);
	if (*trouble->needed_by)
		buf_printf(buf, " of '%s'", trouble->needed_by);
}

static void expand(struct buf *buf, const char *template, const struct trouble *trouble)
{
	const char *machine = elf_machine_name(elf_own_class(), elf_own_machine());

	for (; *template; template ++) {
		if (*template != '%') {
			buf_putc(buf, *template);
			continue;
		}
		switch (*++template) {
		case 'f':
			add_file(buf, trouble);
			break;
		case 'p':
			buf_puts(buf, trouble->path);
			break;
		case 'd':
			buf_puts(buf, trouble->detail);
			break;
		case 'w':
			text_word(buf, trouble->path);
			break;
		case 'v':
			text_word(buf, trouble->detail);
			break;
		default:
			assert(*template == 'a');
			buf_puts(buf, machine ? machine : "another");
		}
	}
}

void trouble_what(struct buf *buf, const struct trouble *trouble)
{
	expand(buf, rows[trouble->kind].what, trouble);
	if (trouble->kind == TROUBLE_NO_FORMAT && *trouble->detail)
		buf_printf(buf, "; it looks like %s", trouble->detail);
}

/* No loader: the most puzzling of all, as the file that was named is there. */
static void add_loader_mend(struct buf *buf, const struct trouble *trouble)
{
	const char *family = loader_family(trouble->path);

	buf_puts(buf, "the program itself is there; ");
	if (trouble->path[0] != '/')
		buf_puts(buf,
			 "give it an absolute name for its loader: patchelf --set-interpreter");
	else if (family)
		buf_printf(buf, "its loader comes with %s", family);
	else
		buf_puts(buf, "it was built for another system: get it for this one");
}

/* The template for a mend; a literal. */
static const char *find_mend(const struct trouble *trouble)
{
	bool has_detail = *trouble->detail != '\0';

	if (trouble->kind == TROUBLE_NO_FORMAT)
		for (size_t i = 0; i < ARRAY_SIZE(guess_mends); i++)
			if (!strcmp(trouble->detail, guess_mends[i].detail))
				return guess_mends[i].mend;
	if (trouble->kind == TROUBLE_MISSING && trouble->role == ROLE_INTERPRETER &&
	    trouble->path[0] != '/')
		return "a '#!' line takes an absolute name, or '#!/usr/bin/env %p'";
	if (trouble->kind == TROUBLE_ENV_LOOP && has_detail)
		return rows[TROUBLE_ENV_SPLIT].mend;
	if (trouble->kind == TROUBLE_NOT_GRANTED && !strcmp(trouble->detail, "read"))
		return "add --read %w, or --with-deps for all that it needs";
	for (size_t i = 0; i < ARRAY_SIZE(role_mends); i++)
		if (role_mends[i].kind == trouble->kind && role_mends[i].role == trouble->role)
			return role_mends[i].mend;
	return rows[trouble->kind].mend;
}

void trouble_mend(struct buf *buf, const struct trouble *trouble)
{
	switch (trouble->kind) {
	case TROUBLE_MISSING:
	case TROUBLE_NO_DIRECTORY:
	case TROUBLE_NOT_DIRECTORY:
	case TROUBLE_IS_DIRECTORY:
	case TROUBLE_NOT_REGULAR:
	case TROUBLE_ELF_CORRUPT:
	case TROUBLE_ELF_TYPE:
	case TROUBLE_INTERP_FORMAT:
		if (trouble->role == ROLE_LOADER) {
			add_loader_mend(buf, trouble);
			return;
		}
		break;
	default:
		break;
	}
	expand(buf, find_mend(trouble), trouble);
}
