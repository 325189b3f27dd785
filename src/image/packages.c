/* SPDX-License-Identifier: MIT */
/*
 * packages.c - what the package is called that brings a command or a library, family by family.
 *
 * One row a command. A NULL says that the family has no one package of which that is sure; the mend
 * is then the family's own way to search. Where several packages bring the same command, the
 * one stands here that brings nothing else with it (gawk for awk, dash for sh).
 *
 * The rows are the names of the current stable releases: Debian 12 and 13, Alpine 3.20 and later,
 * Fedora 40 and later, Arch, nixpkgs 24.05 and later. tests/cli/test_image_check.py compares
 * Debian's with the packages of the machine that it runs on.
 */
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "image/family.h"

/* What a row has a column for. */
#define COLUMNS (FAMILY_ARCH + 1)

struct row {
	const char *name;
	const char *packages[COLUMNS];
	bool is_applet; /* busybox has it too, in its usual builds */
};

/* clang-format off */
#define ROW(command, nix, debian, alpine, fedora, arch, applet) \
	{ command, { [FAMILY_NIX] = nix, [FAMILY_DEBIAN] = debian, [FAMILY_ALPINE] = alpine, \
		     [FAMILY_FEDORA] = fedora, [FAMILY_ARCH] = arch }, applet }
#define COREUTILS(command) \
	ROW(command, "coreutils", "coreutils", "coreutils", "coreutils", "coreutils", true)
#define FINDUTILS(command) \
	ROW(command, "findutils", "findutils", "findutils", "findutils", "findutils", true)
#define SAME(command, applet) ROW(command, command, command, command, command, command, applet)

static const struct row commands[] = {
	ROW("sh", "bash", "dash", "busybox-binsh", "bash", "bash", true),
	SAME("bash", false),
	ROW("tar", "gnutar", "tar", "tar", "tar", "tar", true),
	FINDUTILS("find"), FINDUTILS("xargs"),
	COREUTILS("base64"), COREUTILS("basename"), COREUTILS("cat"), COREUTILS("chmod"),
	COREUTILS("chown"), COREUTILS("cp"), COREUTILS("cut"), COREUTILS("date"),
	COREUTILS("dd"), COREUTILS("df"), COREUTILS("dirname"), COREUTILS("du"),
	COREUTILS("echo"), COREUTILS("env"), COREUTILS("expr"), COREUTILS("false"),
	COREUTILS("head"), COREUTILS("id"), COREUTILS("install"), COREUTILS("ln"),
	COREUTILS("ls"), COREUTILS("md5sum"), COREUTILS("mkdir"), COREUTILS("mkfifo"),
	COREUTILS("mktemp"), COREUTILS("mv"), COREUTILS("nohup"), COREUTILS("nproc"),
	COREUTILS("od"), COREUTILS("printf"), COREUTILS("pwd"), COREUTILS("readlink"),
	COREUTILS("realpath"), COREUTILS("rm"), COREUTILS("rmdir"), COREUTILS("seq"),
	COREUTILS("sha256sum"), COREUTILS("sleep"), COREUTILS("sort"), COREUTILS("split"),
	COREUTILS("stat"), COREUTILS("tail"), COREUTILS("tee"), COREUTILS("test"),
	COREUTILS("timeout"), COREUTILS("touch"), COREUTILS("tr"), COREUTILS("true"),
	COREUTILS("truncate"), COREUTILS("tty"), COREUTILS("uname"), COREUTILS("uniq"),
	COREUTILS("wc"), COREUTILS("whoami"),
	ROW("grep", "gnugrep", "grep", "grep", "grep", "grep", true),
	ROW("egrep", "gnugrep", "grep", "grep", "grep", "grep", true),
	ROW("sed", "gnused", "sed", "sed", "sed", "sed", true),
	ROW("awk", "gawk", "gawk", "gawk", "gawk", "gawk", true),
	SAME("gawk", false),
	SAME("gzip", true), ROW("gunzip", "gzip", "gzip", "gzip", "gzip", "gzip", true),
	ROW("zcat", "gzip", "gzip", "gzip", "gzip", "gzip", true),
	SAME("bzip2", true), SAME("zstd", false), SAME("unzip", true), SAME("zip", false),
	ROW("xz", "xz", "xz-utils", "xz", "xz", "xz", false),
	ROW("unxz", "xz", "xz-utils", "xz", "xz", "xz", true),
	SAME("cpio", true),
	ROW("diff", "diffutils", "diffutils", "diffutils", "diffutils", "diffutils", true),
	ROW("cmp", "diffutils", "diffutils", "diffutils", "diffutils", "diffutils", true),
	ROW("patch", "gnupatch", "patch", "patch", "patch", "patch", true),
	SAME("git", false), SAME("curl", false), SAME("wget", true), SAME("jq", false),
	SAME("rsync", false), SAME("file", false), SAME("less", true), SAME("sudo", false),
	ROW("make", "gnumake", "make", "make", "make", "make", false),
	ROW("gcc", "gcc", "gcc", "gcc", "gcc", "gcc", false),
	ROW("cc", "gcc", "gcc", "gcc", "gcc", "gcc", false),
	ROW("g++", "gcc", "g++", "g++", "gcc-c++", "gcc", false),
	ROW("python3", "python3", "python3", "python3", "python3", "python", false),
	ROW("perl", "perl", "perl", "perl", "perl-interpreter", "perl", false),
	ROW("node", "nodejs", "nodejs", "nodejs", "nodejs", "nodejs", false),
	ROW("npm", "nodejs", "npm", "npm", "npm", "npm", false),
	ROW("ssh", "openssh", "openssh-client", "openssh-client", "openssh-clients", "openssh",
	    false),
	ROW("ps", "procps", "procps", "procps", "procps-ng", "procps-ng", true),
	ROW("which", "which", "debianutils", "which", "which", "which", true),
	ROW("ip", "iproute2", "iproute2", "iproute2", "iproute", "iproute2", true),
	ROW("gpg", "gnupg", "gnupg", "gnupg", "gnupg2", "gnupg", false),
	ROW("mount", "util-linux", "mount", NULL, "util-linux", "util-linux", true),
	ROW("setsid", "util-linux", "util-linux", NULL, "util-linux", "util-linux", true),
	ROW("busybox", "busybox", "busybox", "busybox", "busybox", "busybox", true),
};

#define GLIBC(soname) ROW(soname, "glibc", "libc6", "gcompat", "glibc", "glibc", false)
static const struct row libraries[] = {
	GLIBC("ld-linux-x86-64.so.2"), GLIBC("ld-linux-aarch64.so.1"), GLIBC("libc.so.6"),
	GLIBC("libm.so.6"), GLIBC("libpthread.so.0"), GLIBC("libdl.so.2"), GLIBC("librt.so.1"),
	GLIBC("libresolv.so.2"), GLIBC("libutil.so.1"),
	ROW("ld-linux.so.2", "pkgsi686Linux.glibc", "libc6-i386", NULL, "glibc.i686", "lib32-glibc",
	    false),
	ROW("ld-musl-x86_64.so.1", "musl", "musl", "musl", "musl-libc", "musl", false),
	ROW("ld-musl-aarch64.so.1", "musl", "musl", "musl", "musl-libc", "musl", false),
	ROW("libc.musl-x86_64.so.1", NULL, NULL, "musl", NULL, NULL, false),
	ROW("libc.musl-aarch64.so.1", NULL, NULL, "musl", NULL, NULL, false),
	ROW("libstdc++.so.6", "stdenv.cc.cc.lib", "libstdc++6", "libstdc++", "libstdc++",
	    "gcc-libs", false),
	ROW("libgcc_s.so.1", "stdenv.cc.cc.lib", "libgcc-s1", "libgcc", "libgcc", "gcc-libs",
	    false),
	ROW("libatomic.so.1", "stdenv.cc.cc.lib", "libatomic1", "libatomic", "libatomic",
	    "gcc-libs", false),
	ROW("libgomp.so.1", "stdenv.cc.cc.lib", "libgomp1", "libgomp", "libgomp", "gcc-libs",
	    false),
	ROW("libz.so.1", "zlib", "zlib1g", "zlib", "zlib", "zlib", false),
	ROW("libssl.so.3", "openssl", "libssl3", "libssl3", "openssl-libs", "openssl", false),
	ROW("libcrypto.so.3", "openssl", "libssl3", "libcrypto3", "openssl-libs", "openssl", false),
	ROW("libcurl.so.4", "curl", "libcurl4", "libcurl", "libcurl", "curl", false),
	ROW("libtinfo.so.6", "ncurses", "libtinfo6", NULL, "ncurses-libs", "ncurses", false),
	ROW("libncursesw.so.6", "ncurses", "libncursesw6", "libncursesw", "ncurses-libs", "ncurses",
	    false),
	ROW("libselinux.so.1", "libselinux", "libselinux1", "libselinux", "libselinux", NULL,
	    false),
	ROW("libacl.so.1", "acl", "libacl1", "acl-libs", "libacl", "acl", false),
	ROW("libattr.so.1", "attr", "libattr1", "attr", "libattr", "attr", false),
	ROW("libpcre2-8.so.0", "pcre2", "libpcre2-8-0", "pcre2", "pcre2", "pcre2", false),
	ROW("libexpat.so.1", "expat", "libexpat1", "libexpat", "expat", "expat", false),
	ROW("libffi.so.8", "libffi", "libffi8", "libffi", "libffi", "libffi", false),
	ROW("libbz2.so.1.0", "bzip2", "libbz2-1.0", NULL, "bzip2-libs", "bzip2", false),
	ROW("liblzma.so.5", "xz", "liblzma5", "xz-libs", "xz-libs", "xz", false),
	ROW("libzstd.so.1", "zstd", "libzstd1", "zstd-libs", "libzstd", "zstd", false),
};
/* clang-format on */

/*
 * How a package is added, and how it is found when its name is not known: %p the package, %n the
 * command or library; %m the package manager.
 */
static const struct {
	const char *add, *find_command, *find_library;
} ways[FAMILY_MAX] = {
	[FAMILY_NIX] = { "Nixery: append '/%p' to the image's name; dockerTools: contents = "
			 "[ pkgs.%p ]",
			 "find its package: nix-locate --whole-name --at-root /bin/%n",
			 "find its package: nix-locate --whole-name --at-root /lib/%n" },
	[FAMILY_DEBIAN] = { "apt-get install -y %p",
			    "find its package: apt-file search -x '/bin/%n$'",
			    "find its package: apt-file search %n" },
	[FAMILY_ALPINE] = { "apk add %p", "find its package: apk search cmd:%n",
			    "find its package: apk search so:%n" },
	[FAMILY_FEDORA] = { "%m install -y %p", "find its package: dnf provides '*/bin/%n'",
			    "find its package: dnf provides '*/%n'" },
	[FAMILY_ARCH] = { "pacman -S --noconfirm %p", "find its package: pacman -Fy %n",
			  "find its package: pacman -Fy %n" },
	[FAMILY_DISTROLESS] = { NULL,
				"distroless has no packages to add: copy it in with its libraries, "
				"or build on an image with a package manager (debian:stable-slim)",
				"distroless has no packages to add: copy the library in, or build on "
				"an image with a package manager (debian:stable-slim)" },
	[FAMILY_BUSYBOX] = { NULL,
			     "busybox has no packages to add: copy a static %n in, or build on an "
			     "image with a package manager (alpine)",
			     "busybox has no packages to add: copy the library in, or build on an "
			     "image with a package manager" },
	[FAMILY_SCRATCH] = { NULL,
			     "the image has no packages to add: copy a static %n in, or build on an "
			     "image with a package manager",
			     "the image has no packages to add: copy the library in, or link the "
			     "program statically" },
	[FAMILY_UNKNOWN] = { NULL, "add the package that brings '%n'",
			     "add the package that brings '%n'" },
};

/* What images without packages can be given for the small commands. */
static const char *const applet_ways[FAMILY_MAX] = {
	[FAMILY_DISTROLESS] = "take the image's variant ':debug', which has busybox with %n",
	[FAMILY_BUSYBOX] = "if 'busybox --list' has it: ln -s busybox /bin/%n; else take a fuller "
			   "build: COPY --from=busybox:musl /bin/busybox /bin/%n",
	[FAMILY_SCRATCH] = "a static busybox does for it: COPY --from=busybox:musl /bin/busybox "
			   "/bin/%n",
};

static const struct row *find_row(const struct row *rows, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	return NULL;
}

static const char *package_of(const struct row *row, enum family family)
{
	return row && family < COLUMNS ? row->packages[family] : NULL;
}

const char *family_command_package(enum family family, const char *command)
{
	return package_of(find_row(commands, ARRAY_SIZE(commands), command), family);
}

const char *family_library_package(enum family family, const char *soname)
{
	const char *slash = strrchr(soname, '/');

	return package_of(find_row(libraries, ARRAY_SIZE(libraries), slash ? slash + 1 : soname),
			  family);
}

static void expand(struct buf *buf, const char *way, const struct family_guess *guess,
		   const char *package, const char *name)
{
	for (; *way; way++) {
		if (*way != '%') {
			buf_putc(buf, *way);
			continue;
		}
		switch (*++way) {
		case 'p':
			buf_puts(buf, package);
			break;
		case 'm':
			buf_puts(buf, guess->manager ? guess->manager : "dnf");
			break;
		default:
			buf_puts(buf, name);
		}
	}
}

void family_mend_command(struct buf *buf, const struct family_guess *guess, const char *command)
{
	const struct row *row = find_row(commands, ARRAY_SIZE(commands), command);
	const char *package = package_of(row, guess->family);
	const char *way = ways[guess->family].find_command;

	if (package)
		way = ways[guess->family].add;
	else if (row && row->is_applet && applet_ways[guess->family])
		way = applet_ways[guess->family];
	expand(buf, way, guess, package, command);
}

void family_mend_library(struct buf *buf, const struct family_guess *guess, const char *soname)
{
	const char *package = family_library_package(guess->family, soname);
	const char *slash = strrchr(soname, '/');

	expand(buf, package ? ways[guess->family].add : ways[guess->family].find_library, guess,
	       package, slash ? slash + 1 : soname);
}
