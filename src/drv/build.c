/* SPDX-License-Identifier: MIT */
/*
 * build.c - one build: the room it gets, in the words of `croft run --root`.
 *
 * What Nix's own sandbox gives a builder on Linux, and nothing else:
 *
 *	the store	its inputs, each read-only, and room for what it makes (skeleton.c)
 *	/build		its own directory; /tmp as well
 *	/bin/sh		a static shell, where there is one or is named one
 *	/etc		passwd, group, hosts: made; read-only
 *	/dev, /proc	the room's
 *	network		none; of a fixed-output derivation the host's, with resolv.conf, hosts,
 *			services, certificates and an nsswitch.conf that wants no plugin
 *	user		1000:100, whoever that is outside
 *	environment	what the derivation says and not a variable more
 *
 * Differences that are meant: inputs are read-only by mount and not by their owner alone; "/" and
 * /sys cannot be written. Whatever the room cannot give is for croft run to refuse: there is no
 * second way from here to a builder.
 */
#include "drv/build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "drv/launch.h"
#include "drv/skeleton.h"
#include "drv/spec.h"
#include "elf/elf.h"
#include "sys/calls.h"
#include "sys/fd.h"
#include "sys/path.h"

#define ELF_ARENA ((size_t)16 << 20)
#define SHELL_INSIDE "/bin/sh"
#define MOUNT_TEXT (2 * PATH_MAX + 8)
#define WRITABLE ""
#define READ_ONLY ":ro"

/* Where distributions put a static shell. */
static const char *const shells[] = { "/bin/busybox",         "/usr/bin/busybox",
				      "/bin/busybox.static",  "/sbin/busybox.static",
				      "/usr/bin/bash-static", "/bin/bash-static",
				      "/usr/bin/static-sh" };
/* What it takes to find somebody in the network: the host's, and where the builder looks for it. */
static const struct {
	const char *host, *inside;
} network_files[] = {
	{ "/etc/resolv.conf", "/etc/resolv.conf" },
	{ "/etc/hosts", "/etc/hosts" },
	{ "/etc/services", "/etc/services" },
};
#define CERTIFICATES "/etc/ssl/certs/ca-certificates.crt"
static const char *const certificates[] = { CERTIFICATES, "/etc/ssl/ca-bundle.pem",
					    "/etc/pki/tls/certs/ca-bundle.crt",
					    "/etc/ssl/cert.pem" };

struct room {
	const struct build *build;
	const struct build_options *options;
	struct skeleton skeleton;
	struct buf words;
	struct croft_error *err;
};

static int add_mount(struct room *room, const char *host, const char *inside, const char *mode)
{
	char text[MOUNT_TEXT];
	int len = snprintf(text, sizeof(text), "%s:%s%s", host, inside, mode);
	int r;

	if (strchr(host, ':') || strchr(inside, ':')) {
		r = fail(room->err, CROFT_STAGE_PREPARE, 0,
			 "'%s' has a ':', and so cannot be named to --mount", host);
		fail_hint(room->err, "build in a store and a directory without one");
		return r;
	}
	if (len < 0 || (size_t)len >= sizeof(text))
		return fail(room->err, CROFT_STAGE_PREPARE, ENAMETOOLONG, "mount '%s'", host);
	launch_word(&room->words, "--mount");
	launch_word(&room->words, text);
	return 0;
}

/* A part of the skeleton, by its whole name. */
static int add_part(struct room *room, const char *part, const char *inside)
{
	char host[PATH_MAX];

	if (!path_child(host, room->skeleton.path, part))
		return fail(room->err, CROFT_STAGE_PREPARE, ENAMETOOLONG, "mount '%s'", part);
	return add_mount(room, host, inside, WRITABLE);
}

/* Something of the host, read-only, with a mount point in the room's root. */
static int add_outside(struct room *room, const char *host, const char *inside)
{
	struct stat st;
	int r = sys_fstatat(AT_FDCWD, host, &st, 0);

	if (r < 0)
		return fail(room->err, CROFT_STAGE_PREPARE, -r, "mount '%s'", host);
	r = skeleton_add_point(&room->skeleton, inside, S_ISDIR(st.st_mode), room->err);
	return r == 0 ? add_mount(room, host, inside, READ_ONLY) : r;
}

static bool is_there(const char *path)
{
	struct stat st;

	return sys_fstatat(AT_FDCWD, path, &st, 0) == 0 && S_ISREG(st.st_mode);
}

/* 0, or why it is no shell that starts where there is nothing else. */
static int check_static(const char *path, struct croft_error *err)
{
	AUTO_FD int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0);
	struct arena arena;
	struct elf elf = { 0 };
	const char *why = "";
	struct stat st;
	int r = fd < 0 ? fd : sys_fstatat(fd, "", &st, AT_EMPTY_PATH);

	if (r < 0)
		return fail(err, CROFT_STAGE_PREPARE, -r, "read the shell '%s'", path);
	arena_init(&arena, ELF_ARENA);
	r = elf_read(fd, (uint64_t)st.st_size, 0, &arena, &elf, &why);
	if (r < 0 || elf.machine != elf_own_machine()) {
		r = fail(err, CROFT_STAGE_PREPARE, 0, "'%s' is no program of this machine", path);
	} else if (elf.interp) {
		r = fail(err, CROFT_STAGE_PREPARE, 0, "the shell '%s' needs '%s', a loader", path,
			 elf.interp);
		fail_hint(err, "name a static one: --sh /bin/busybox");
	}
	arena_done(&arena);
	return r;
}

static int add_shell(struct room *room)
{
	const char *shell = room->options->shell;
	int r = shell ? check_static(shell, room->err) : 0;

	for (size_t i = 0; i < ARRAY_SIZE(shells) && !shell; i++)
		if (is_there(shells[i]) && check_static(shells[i], NULL) == 0)
			shell = shells[i];
	if (r == 0 && !shell && !strcmp(room->build->builder, SHELL_INSIDE)) {
		r = fail(room->err, CROFT_STAGE_PREPARE, 0,
			 "the builder is /bin/sh, and there is no static shell on this machine");
		fail_hint(room->err, "install busybox-static, or name one: --sh PATH");
	}
	return r == 0 && shell ? add_outside(room, shell, SHELL_INSIDE) : r;
}

static int add_network(struct room *room)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(network_files) && r == 0; i++)
		if (is_there(network_files[i].host))
			r = add_outside(room, network_files[i].host, network_files[i].inside);
	for (size_t i = 0; i < ARRAY_SIZE(certificates) && r == 0; i++)
		if (is_there(certificates[i]))
			return add_outside(room, certificates[i], CERTIFICATES);
	return r;
}

static int add_inputs(struct room *room)
{
	const struct build *build = room->build;
	char host[PATH_MAX];
	struct stat st;
	int r = 0;

	for (size_t i = 0; i < build->n_inputs && r == 0; i++) {
		const char *name = store_name(build->store_dir, build->inputs[i]);

		if (!path_child(host, build->real_store_dir, name))
			return fail(room->err, CROFT_STAGE_PREPARE, ENAMETOOLONG, "mount '%s'",
				    name);
		/* a link lies there already, as itself */
		if (sys_fstatat(AT_FDCWD, host, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISLNK(st.st_mode))
			continue;
		r = add_mount(room, host, build->inputs[i], READ_ONLY);
	}
	return r;
}

/* HOST:PATH of --mount: not where the build has something else. */
static int add_own(struct room *room, const char *word)
{
	const struct build *build = room->build;
	const char *colon = strchr(word, ':'), *inside = colon ? colon + 1 : "";
	char host[PATH_MAX];
	int r;

	(void)snprintf(host, sizeof(host), "%.*s", colon ? (int)(colon - word) : 0, word);
	if (!path_is_normal(host) || !path_is_normal(inside) || strchr(inside, ':')) {
		r = fail(room->err, CROFT_STAGE_USAGE, 0,
			 "--mount: '%s' is no HOST:PATH of two absolute names", word);
		fail_hint(room->err, "it is read-only without a word; no '.', '..' or '//'");
		return r;
	}
	if (path_is_under(build->store_dir, inside) || path_is_under(build->tmp_inside, inside) ||
	    path_is_under("/tmp", inside) || path_is_under("/proc", inside) ||
	    path_is_under("/dev", inside) || path_is_under("/sys", inside))
		return fail(room->err, CROFT_STAGE_USAGE, 0,
			    "--mount: '%s' lies where the build has its own", inside);
	return add_outside(room, host, inside);
}

static int check_directory(const struct room *room, const char *path)
{
	AUTO_FD int fd = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0);

	return fd < 0 ? fail(room->err, CROFT_STAGE_PREPARE, -fd, "open '%s'", path) : 0;
}

static int add_mounts(struct room *room)
{
	const struct build *build = room->build;
	/* first what the others may lie in */
	int r = add_part(room, SKELETON_TMP, "/tmp");

	if (r == 0)
		r = add_part(room, SKELETON_STORE, build->store_dir);
	if (r == 0)
		r = check_directory(room, build->tmp_dir);
	if (r == 0)
		r = add_mount(room, build->tmp_dir, build->tmp_inside, WRITABLE);
	if (r == 0)
		r = add_inputs(room);
	if (r == 0)
		r = add_shell(room);
	if (r == 0 && build->is_fixed_output)
		r = add_network(room);
	for (size_t i = 0; i < room->options->n_mounts && r == 0; i++)
		r = add_own(room, room->options->mounts[i]);
	return r;
}

static void add_env(struct room *room)
{
	for (size_t i = 0; i < room->build->n_env; i++) {
		const struct build_variable *variable = &room->build->env[i];

		launch_word(&room->words, "--env");
		buf_puts(&room->words, variable->name);
		buf_putc(&room->words, '=');
		launch_word(&room->words, variable->value);
	}
}

/*
 * Inside, the builder is 1000:100: what it unpacks as user 0 it would want to give away, and may
 * not. That takes a user namespace. A root who gets none (in a chroot, under a filter) builds as
 * user 0 without capabilities, as Nix itself does without its sandbox; it is said in the log.
 */
static void add_user(struct room *room)
{
	char ids[32], line[256];
	int r = launch_probe_user_namespace(), len;

	if (r < 0 && sys_geteuid() == 0) {
		len = snprintf(line, sizeof(line),
			       "croft: note: there is no user namespace here (%s): the builder is "
			       "user 0, without capabilities\n",
			       errno_text(-r));
		(void)fd_write_all(room->options->log_fd, line, (size_t)len);
		return;
	}
	(void)snprintf(ids, sizeof(ids), "%d:%d", BUILD_UID, BUILD_GID);
	launch_word(&room->words, "--user");
	launch_word(&room->words, ids);
}

static int add_options(struct room *room)
{
	char root[PATH_MAX];
	int r;

	if (!path_child(root, room->skeleton.path, SKELETON_ROOT))
		return fail(room->err, CROFT_STAGE_PREPARE, ENAMETOOLONG, "build in '%s'",
			    room->skeleton.path);
	launch_word(&room->words, "--root");
	launch_word(&room->words, root);
	launch_word(&room->words, "--profile");
	launch_word(&room->words, room->build->is_fixed_output ? "job" : "build");
	add_user(room);
	r = add_mounts(room);
	if (r < 0)
		return r;
	launch_word(&room->words, "--chdir");
	launch_word(&room->words, room->build->tmp_inside);
	add_env(room);
	for (size_t i = 0; i < room->options->n_run_options; i++)
		launch_word(&room->words, room->options->run_options[i]);
	return 0;
}

static int start(struct room *room, struct build_result *ret_result)
{
	const struct build *build = room->build;
	AUTO_FREE const char **own = calloc(build->n_args + 2, sizeof(*own));
	const struct launch_call call = {
		.options = &room->words,
		.command = room->options->command ? room->options->command : own,
		.is_interactive = room->options->command != NULL,
		.is_32_bit = !strncmp(build->system, "i686-", 5) ||
			     !strncmp(build->system, "armv7l-", 7),
		.log_fd = room->options->log_fd,
	};
	int r = 0;

	if (!own)
		return fail(room->err, CROFT_STAGE_PREPARE, ENOMEM, "prepare the build");
	own[0] = build->builder;
	for (size_t i = 0; i < build->n_args; i++)
		own[i + 1] = build->args[i];
	r = launch_call(&call, room->skeleton.fd, ret_result, room->err);
	if (r == 0 && !room->options->command && ret_result->is_started && !ret_result->signal &&
	    ret_result->status == 0)
		r = skeleton_take_outputs(&room->skeleton, build, room->options->result_dir,
					  room->err);
	return r;
}

int build_run(const struct build *build, const struct build_options *options,
	      struct build_result *ret_result, struct croft_error *err)
{
	struct build_result result = { 0 };
	struct room room = { .build = build,
			     .options = options,
			     .skeleton = SKELETON_INIT,
			     .words = BUF_INIT(LAUNCH_MAX_OPTIONS),
			     .err = err };
	int r = skeleton_make(build, options->result_dir, &room.skeleton, err), left;

	if (r == 0)
		r = add_options(&room);
	if (r == 0)
		r = start(&room, &result);
	buf_done(&room.words);
	left = skeleton_done(&room.skeleton, r == 0 ? err : NULL);
	if (r < 0 || left < 0)
		return r < 0 ? r : left;
	*ret_result = result;
	return 0;
}
