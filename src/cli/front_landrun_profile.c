/* SPDX-License-Identifier: MIT */
/*
 * front_landrun_profile.c - what landrun's options mean in our words.
 *
 * landrun restricts three domains, each whole or not at all: files (with devices and path
 * sockets), TCP ports, and the two scopes. What it does not restrict is off here: who has used
 * it for UDP, rings or raw sockets must not notice the change. Closed, though it leaves them open,
 * are the ways by which Landlock's TCP rights are walked around (MPTCP, SMC, fast open).
 *
 * Paths are taken as the kernel would: relative to the working directory, with ".." where
 * links lead. "~" is a name like any other.
 */
#include "cli/front_landrun_profile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "host/paths.h"
#include "plan/print.h"
#include "sys/calls.h"
#include "sys/fd.h"

static const unsigned kinds_of[] = {
	[LANDRUN_RO] = GRANT_READ,
	[LANDRUN_ROX] = GRANT_READ | GRANT_EXECUTE,
	[LANDRUN_RW] = GRANT_READ | GRANT_WRITE | GRANT_DEVICE,
	[LANDRUN_RWX] = GRANT_READ | GRANT_WRITE | GRANT_DEVICE | GRANT_EXECUTE,
	[LANDRUN_UNIX] = GRANT_READ | GRANT_SOCKET,
};

static bool restricts_files(const struct landrun_options *options)
{
	return !options->has[LANDRUN_UNRESTRICTED_FILESYSTEM];
}

static bool restricts_network(const struct landrun_options *options)
{
	return !options->has[LANDRUN_UNRESTRICTED_NETWORK];
}

static bool restricts_scopes(const struct landrun_options *options)
{
	return !options->has[LANDRUN_UNRESTRICTED_SCOPED];
}

bool landrun_is_unrestricted(const struct landrun_options *options)
{
	return !restricts_files(options) && !restricts_network(options) &&
	       !restricts_scopes(options);
}

/*
 * What `abi` offers of what is asked for: the rights of the domains that are restricted, all of
 * them, since what is not handled is allowed; and the flags. So who leaves files alone needs no
 * ABI 9.
 */
static struct landlock_abi choose(const struct landrun_options *options, int abi)
{
	struct landlock_abi chosen = *landlock_abi_get(abi);
	uint32_t flags = 0;

	if (!restricts_files(options))
		chosen.fs = 0;
	if (!restricts_network(options))
		chosen.net = 0;
	if (!restricts_scopes(options))
		chosen.scoped = 0;
	if (options->has[LANDRUN_LOG_DISABLE_ORIGINATING])
		flags |= ABI_LANDLOCK_RESTRICT_LOG_SAME_EXEC_OFF;
	if (options->has[LANDRUN_LOG_ENABLE_SUBPROCESSES])
		flags |= ABI_LANDLOCK_RESTRICT_LOG_NEW_EXEC_ON;
	if (options->has[LANDRUN_LOG_DISABLE_SUBDOMAINS])
		flags |= ABI_LANDLOCK_RESTRICT_LOG_SUBDOMAINS_OFF;
	chosen.restrict_flags &= flags;
	return chosen;
}

/* The four ways of having none, and what mends each. */
static int no_landlock(const struct host *host, struct croft_error *err)
{
	const char *what = "an outer sandbox refuses Landlock";
	const char *hint = "let its filter allow landlock_create_ruleset, _add_rule and "
			   "_restrict_self";

	if (host->landlock.enforces == HOST_NO) {
		what = "this kernel takes Landlock rules and does not enforce them";
		hint = "a host whose kernel has Landlock (5.13), not an emulation of one";
	} else if (host->landlock.errnum == ENOSYS) {
		what = "this kernel has no Landlock (or an outer filter hides it)";
		hint = "Linux 5.13 with CONFIG_SECURITY_LANDLOCK; nothing is run without it, "
		       "--best-effort or not";
	} else if (host->landlock.errnum == EOPNOTSUPP) {
		what = "Landlock is in this kernel but was not switched on at boot";
		hint = "put landlock into the kernel's lsm= list and boot again";
	}
	(void)fail(err, CROFT_STAGE_PLAN, 0, "%s", what);
	fail_hint(err, "%s", hint);
	return -EOPNOTSUPP;
}

/* The names of the rights and flags, joined by spaces. */
static void name_rights(struct buf *buf, const struct landlock_abi *rights)
{
	if (rights->fs)
		print_fs_access(buf, rights->fs);
	if (rights->net && buf->len)
		buf_putc(buf, ' ');
	if (rights->net)
		print_net_access(buf, rights->net);
	if (rights->scoped && buf->len)
		buf_putc(buf, ' ');
	if (rights->scoped)
		print_scoped(buf, rights->scoped);
	if (rights->restrict_flags)
		buf_printf(buf, "%saudit flags", buf->len ? " " : "");
}

int landrun_check_host(const struct landrun_options *options, const struct host *host,
		       char *ret_missing, size_t size, struct croft_error *err)
{
	AUTO_BUF struct buf names = BUF_INIT(1024);
	bool has_none = host->landlock.enforces == HOST_NO || host->landlock.abi == 0;
	struct landlock_abi wanted = choose(options, LANDRUN_ABI);
	struct landlock_abi known = choose(options, has_none ? 0 : host->landlock.abi);
	struct landlock_abi missing = { .fs = wanted.fs & ~known.fs,
					.net = wanted.net & ~known.net,
					.scoped = wanted.scoped & ~known.scoped,
					.restrict_flags =
						wanted.restrict_flags & ~known.restrict_flags };

	if (landrun_is_unrestricted(options))
		missing = (struct landlock_abi){ 0 };
	else if (has_none)
		return no_landlock(host, err);
	name_rights(&names, &missing);
	if (names.len && !options->has[LANDRUN_BEST_EFFORT]) {
		(void)fail(
			err, CROFT_STAGE_PLAN, 0,
			"this kernel's Landlock is ABI %d, and ABI %d is wanted: it does not know: %s",
			host->landlock.abi, LANDRUN_ABI, buf_text(&names));
		fail_hint(err, "--best-effort goes on with what the kernel knows");
		return -EOPNOTSUPP;
	}
	if (names.len && !(known.fs | known.net | known.scoped)) {
		(void)fail(
			err, CROFT_STAGE_PLAN, 0,
			"nothing that is to be restricted is known to this kernel's Landlock, ABI %d",
			host->landlock.abi);
		fail_hint(err, "even with --best-effort nothing is run without Landlock");
		return -EOPNOTSUPP;
	}
	(void)snprintf(ret_missing, size, "%s", buf_text(&names));
	return 0;
}

/* True if one of the components is "..". */
static bool has_dotdot(const char *path)
{
	for (const char *p = path; *p; p += strspn(p, "/")) {
		size_t len = strcspn(p, "/");

		if (len == 2 && p[0] == '.' && p[1] == '.')
			return true;
		p += len;
	}
	return false;
}

/* What the kernel makes of a path: absolute text without "..". -errno where there is nothing. */
static int make_absolute(const char *workdir, const char *text, char ret_path[PATH_MAX])
{
	char path[PATH_MAX];
	AUTO_FD int fd = -1;
	int n;

	if (!*text || (text[0] != '/' && !workdir))
		return -ENOENT;
	n = snprintf(path, sizeof(path), "%s%s%s", text[0] == '/' ? "" : workdir,
		     text[0] == '/' ? "" : "/", text);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	if (!has_dotdot(path)) {
		memcpy(ret_path, path, (size_t)n + 1);
		return 0;
	}
	/* "missing/.." leads nowhere, though the text could be shortened */
	fd = sys_openat(AT_FDCWD, path, O_PATH, 0);
	return fd < 0 ? fd : path_resolve(path, ret_path, PATH_MAX);
}

/*
 * "/dev/stdin" may lead to a pipe, which is in no tree of files: Landlock lets it be opened
 * again by everybody, and takes no rule for it (EBADFD; seen on 6.18). landrun fails there, so
 * that wrappers leave the name out in pipelines.
 */
static bool needs_no_grant(const char *path)
{
	AUTO_FD int fd = -1;
	struct statfs fs;

	if (strncmp(path, "/dev/", 5) != 0 && strncmp(path, "/proc/", 6) != 0)
		return false;
	fd = sys_openat(AT_FDCWD, path, O_PATH, 0);
	return fd >= 0 && sys_fstatfs(fd, &fs) == 0 &&
	       (fs.f_type == PIPEFS_MAGIC || fs.f_type == SOCKFS_MAGIC ||
		fs.f_type == ANON_INODE_FS_MAGIC);
}

/* A grant. Whether a path is there is found out when it is opened, but for the kinds above. */
static int add_path(struct profile *profile, const struct landrun_options *options,
		    const char *workdir, unsigned kinds, const char *text, const char *origin,
		    struct croft_error *err)
{
	bool ignores_missing = options->has[LANDRUN_IGNORE_MISSING];
	char path[PATH_MAX];
	int r = make_absolute(workdir, text, path);

	if (r == -ENOENT && ignores_missing)
		return 0;
	if (r < 0) {
		r = fail(err, CROFT_STAGE_PLAN, -r, "%s '%s'", origin, text);
		if (!*text)
			fail_hint(err, "a path is empty: a comma too many?");
		else if (text[0] != '/' && !workdir)
			fail_hint(err, "the working directory was removed, or is out of reach");
		else if (r == -ENOENT)
			fail_hint(err, "create it, or say --ignore-missing");
		return r;
	}
	if (needs_no_grant(path))
		return 0;
	r = profile_add_path(profile, kinds, path, origin, err);
	if (r < 0)
		return r;
	profile->grants[profile->n_grants - 1].is_optional = ignores_missing;
	return 0;
}

/*
 * landrun takes white space around a number, and any number: it keeps the low 16 bits, so that
 * 65616 opens port 80.
 */
static int add_port(struct profile *profile, enum landrun_option option, const char *text,
		    struct croft_error *err)
{
	enum port_use use = option == LANDRUN_BIND_TCP ? PORT_LISTEN : PORT_CONNECT;
	const char *origin = landrun_origins[option];
	char bare[16] = "";
	size_t len;
	uint64_t port;

	text += strspn(text, " \t");
	len = strcspn(text, " \t");
	if (len < sizeof(bare) && !text[len + strspn(text + len, " \t")])
		memcpy(bare, text, len);
	if (num_parse(bare, 0, UINT16_MAX, &port) < 0) {
		int r = fail(err, CROFT_STAGE_PROFILE, 0, "%s: '%.64s' is not a port", origin,
			     text);

		fail_hint(err, "a port is a whole number up to 65535");
		return r;
	}
	/* no connection to it exists: landrun makes a rule that nothing can use */
	if (port == 0 && use == PORT_CONNECT)
		return 0;
	return profile_add_port(profile, use, bare, origin, err);
}

/* A value of a list: text up to the next comma. */
static int add_item(struct profile *profile, const struct landrun_options *options,
		    enum landrun_option option, const char *text, const char *workdir,
		    struct croft_error *err)
{
	switch (option) {
	case LANDRUN_BIND_TCP:
	case LANDRUN_CONNECT_TCP:
		return restricts_network(options) ? add_port(profile, option, text, err) : 0;
	case LANDRUN_KEEP_FD:
		return profile_add_fd(profile, text, err);
	default:
		return add_path(profile, options, workdir, kinds_of[option], text,
				landrun_origins[option], err);
	}
}

static int add_list(struct profile *profile, const struct landrun_options *options,
		    const struct landrun_word *word, const char *workdir, struct croft_error *err)
{
	const char *text = word->value;

	for (;;) {
		size_t len = strcspn(text, ",");
		char *item = arena_strndup(&profile->arena, text, len);
		int r;

		if (!item)
			return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "read %s",
				    landrun_origins[word->option]);
		r = add_item(profile, options, word->option, item, workdir, err);
		if (r < 0 || !text[len])
			return r;
		text += len + 1;
	}
}

/*
 * Always as KEY=VALUE: a name that ends in '*' is a prefix to us, and a name to landrun. The
 * value is the caller's at this moment; without one the variable is left out.
 */
static int add_env(struct profile *profile, const char *text, const char *const *envp,
		   struct croft_error *err)
{
	size_t len = strlen(text);

	if (strchr(text, '='))
		return profile_add_env(profile, text, landrun_origins[LANDRUN_ENV], err);
	for (size_t i = 0; len && envp && envp[i]; i++)
		if (!strncmp(envp[i], text, len) && envp[i][len] == '=')
			return profile_add_env(profile, envp[i], landrun_origins[LANDRUN_ENV], err);
	return 0;
}

/*
 * Every protection that landrun does not give is off, the privileges too: a service that was
 * started with a capability keeps it. What --best-effort lets go is what newer ABIs brought; that
 * files are protected at all is never let go.
 */
static void set_requirements(struct profile *profile, const struct landrun_options *options,
			     int abi)
{
	enum requirement how = options->has[LANDRUN_BEST_EFFORT] ? REQUIRE_PREFER : REQUIRE_REQUIRE;

	for (int i = 0; i < PROTECT_MAX; i++)
		profile->require[i] = REQUIRE_OFF;
	profile->require[PROTECT_DESCRIPTORS] = REQUIRE_REQUIRE;
	profile->require[PROTECT_ENVIRONMENT] = REQUIRE_REQUIRE;
	if (restricts_files(options)) {
		profile->require[PROTECT_FILES] = REQUIRE_REQUIRE;
		profile->require[PROTECT_EXEC] = REQUIRE_REQUIRE;
		profile->require[PROTECT_DEVICES] = how;
		/* below ABI 9 a filter would have to take all unix sockets away */
		if (abi >= LANDRUN_ABI)
			profile->require[PROTECT_UNIX_PATH] = how;
	}
	/* a ring goes around the filter: that part of the promise is never all kept */
	if (restricts_network(options))
		profile->require[PROTECT_TCP] = REQUIRE_PREFER;
	if (restricts_scopes(options)) {
		profile->require[PROTECT_UNIX_ABSTRACT] = how;
		profile->require[PROTECT_SIGNALS] = how;
	}
	/* below ABI 3 the promise on files rests on what the filter sees of truncation */
	profile->allows_group[GROUP_IO_URING] = !restricts_files(options) || abi >= 3;
	profile->leaves_tcp_to_landlock = true;
	profile->may_write_root = true;
	profile->wants_no_own_audit = options->has[LANDRUN_LOG_DISABLE_ORIGINATING];
	profile->wants_audit = options->has[LANDRUN_LOG_ENABLE_SUBPROCESSES];
	profile->wants_no_nested_audit = options->has[LANDRUN_LOG_DISABLE_SUBDOMAINS];
}

/* The words in their order. What belongs to a domain that is left alone is not looked at. */
static int fill(struct profile *profile, const struct landrun_options *options, const char *workdir,
		const char *const *envp, struct croft_error *err)
{
	for (size_t i = 0; i < options->n; i++) {
		const struct landrun_word *word = &options->words[i];
		int r = 0;

		if (word->option == LANDRUN_ENV)
			r = add_env(profile, word->value, envp, err);
		else if (word->option <= LANDRUN_UNIX)
			r = restricts_files(options)
				    ? add_list(profile, options, word, workdir, err)
				    : 0;
		else if (word->option != LANDRUN_LOG_LEVEL)
			r = add_list(profile, options, word, workdir, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int landrun_profile_new(const struct landrun_options *options, const struct host *host,
			const char *workdir, const char *const *envp, struct profile **ret_profile,
			struct croft_error *err)
{
	struct profile *profile;
	/* neither home nor working directory: both are text that landrun does not know */
	int r = profile_new("empty", NULL, NULL, &profile, err);

	if (r < 0)
		return r;
	set_requirements(profile, options, host->landlock.abi);
	r = fill(profile, options, workdir, envp, err);
	if (r < 0) {
		profile_free(profile);
		return r;
	}
	*ret_profile = profile;
	return 0;
}

int landrun_grant_command(const struct landrun_options *options, const struct command *command,
			  const char *workdir, struct profile *profile, struct croft_error *err)
{
	const struct closure *closure = &command->closure;
	int r = 0;

	if (!restricts_files(options))
		return 0;
	if (options->has[LANDRUN_ADD_EXEC])
		r = add_path(profile, options, workdir, kinds_of[LANDRUN_ROX], command->path,
			     landrun_origins[LANDRUN_ADD_EXEC], err);
	/*
	 * the first file is the command itself, which is --add-exec's; the interpreter is always
	 * among the others: without it the kernel's answer is EACCES, on the command's name
	 */
	for (size_t i = 1; r == 0 && options->has[LANDRUN_LDD] && i < closure->n_files; i++)
		r = add_path(profile, options, workdir, kinds_of[LANDRUN_ROX],
			     closure->files[i].real, landrun_origins[LANDRUN_LDD], err);
	return r;
}
