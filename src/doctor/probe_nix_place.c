/* SPDX-License-Identifier: MIT */
/*
 * probe_nix_place.c - what else a build of Nix needs beside namespaces: the build users, a store
 * that can be written, a daemon that listens, and a shell in the sandbox.
 *
 * Accounts are looked for in /etc/group and /etc/passwd, and where they are not there with
 * getent(1), which knows the other places that glibc asks. A shell that Nix binds at /bin/sh needs
 * its loader and its libraries bound as well, unless it is static or lies in the store, whose
 * references Nix adds.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "doctor/child.h"
#include "doctor/nix_probes.h"
#include "doctor/nix_run.h"
#include "elf/closure.h"
#include "sys/calls.h"
#include "sys/fd.h"
#include "sys/path.h"

#define ACCOUNTS_MAX ((size_t)4 << 20) /* bytes of /etc/group: sites have thousands of users */
#define LINE_MAX_BYTES 4096 /* of one group that is looked at */
#define GETENT_LIMIT_MS 300
#define EMBEDDED_SHELL "__embedded_sandbox_shell__" /* a shell that is part of nix itself */

/* The line of an account, without its end, or false. */
static bool find_line(const char *text, const char *name, char ret[LINE_MAX_BYTES])
{
	size_t len = strlen(name);

	while (*text) {
		size_t size = strcspn(text, "\n");

		if (size > len && size < LINE_MAX_BYTES && !memcmp(text, name, len) &&
		    text[len] == ':') {
			memcpy(ret, text, size);
			ret[size] = '\0';
			return true;
		}
		text += size + (text[size] != '\0');
	}
	return false;
}

static bool ask_getent(const struct nix_env *env, int64_t limit_ms, const char *database,
		       const char *name, char ret[LINE_MAX_BYTES])
{
	AUTO_BUF struct buf out = BUF_INIT(LINE_MAX_BYTES - 1);
	AUTO_BUF struct buf err = BUF_INIT(LINE_MAX_BYTES - 1);
	AUTO_FREE char *word = strdup(name), *kind = strdup(database);
	char file[PATH_MAX], self[] = "getent", end[] = "--";
	char *const argv[] = { self, kind, end, word, NULL };
	const struct nix_run run = {
		.file = file, .argv = argv, .envp = environ, .limit_ms = limit_ms
	};

	return word && kind && nix_find_program(env->path, "getent", file) &&
	       nix_run(&run, &out, &err) == 0 && find_line(buf_text(&out), name, ret);
}

static bool find_account(const struct nix_env *env, int64_t limit_ms, const char *database,
			 const char *name, char ret[LINE_MAX_BYTES])
{
	const struct root root = { .fd = -1, .path = "/" };
	AUTO_FREE char *text = NULL;
	char path[PATH_MAX];

	if (!path_child(path, "/etc", database))
		return false;
	if (root_read_file(&root, path, ACCOUNTS_MAX, &text) >= 0 && find_line(text, name, ret))
		return true;
	return ask_getent(env, limit_ms, database, name, ret);
}

/* NAME:PASSWORD:0:... */
static bool is_root(const char *line)
{
	const char *id = strchr(line, ':');

	id = id ? strchr(id + 1, ':') : NULL;
	return id && !strncmp(id, ":0:", 3);
}

static void look_at_group(const struct probe_context *context, const struct nix_env *env,
			  const char *group)
{
	const int64_t limit_ms = probe_stretched(GETENT_LIMIT_MS, context->timeout_s);
	char line[LINE_MAX_BYTES], user[LINE_MAX_BYTES];
	int64_t members = 0;
	char *next, *name;

	if (!find_account(env, limit_ms, "group", group, line)) {
		report_of(context, OBS_NIX_GROUP, group, OBS_NO, "group", 0, OBS_NO_VALUE, "");
		return;
	}
	name = strrchr(line, ':') + 1;
	for (; *name; name = next) {
		next = name + strcspn(name, ",");
		if (*next)
			*next++ = '\0';
		if (*name && !find_account(env, limit_ms, "passwd", name, user)) {
			report_of(context, OBS_NIX_GROUP, group, OBS_NO, "user", 0, OBS_NO_VALUE,
				  name);
			return;
		}
		if (*name && is_root(user)) {
			report_of(context, OBS_NIX_GROUP, group, OBS_NO, "root", 0, OBS_NO_VALUE,
				  name);
			return;
		}
		members += *name != '\0';
	}
	report_of(context, OBS_NIX_GROUP, group, members ? OBS_YES : OBS_NO,
		  members ? "" : "members", 0, members, "");
}

void probe_nix_group(const struct probe_context *context)
{
	struct nix_env env = nix_env_of(environ);
	struct nix_world world;
	const char *group;

	if (!nix_is_here(&env))
		return;
	nix_world_load(&world, environ, 0);
	group = nix_world_get(&world, "build-users-group").value;
	/* Build users are root's: whoever cannot change his user builds as himself. */
	if (group && *group && (world.uid == 0 || world.builds == NIX_BUILDS_DAEMON))
		look_at_group(context, &env, group);
	nix_world_done(&world);
}

/* Whether the store can be written, or made where it is missing. */
static int try_store(const char *path)
{
	char name[PATH_MAX];
	char *slash;
	int r = sys_faccessat(AT_FDCWD, path, W_OK);

	if (r != -ENOENT || strlen(path) >= sizeof(name))
		return r;
	memcpy(name, path, strlen(path) + 1);
	while (r == -ENOENT && (slash = strrchr(name, '/')) && slash != name) {
		*slash = '\0';
		r = sys_faccessat(AT_FDCWD, name, W_OK);
	}
	return r == -ENOENT ? sys_faccessat(AT_FDCWD, "/", W_OK) : r;
}

static void look_at_socket(const struct probe_context *context, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	AUTO_FD int fd = -1;
	int r;

	if (strlen(path) >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, strlen(path) + 1);
	/* non-blocking: a daemon that takes no connections any more is EAGAIN */
	fd = sys_socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	r = fd < 0 ? fd : sys_connect(fd, (const struct sockaddr *)&address, sizeof(address));
	report_of(context, OBS_NIX_SOCKET, path, r < 0 ? OBS_NO : OBS_YES, r < 0 ? "connect" : "",
		  r < 0 ? -r : 0, OBS_NO_VALUE, "");
}

void probe_nix_store(const struct probe_context *context)
{
	struct nix_env env = nix_env_of(environ);
	struct nix_world world;
	char path[PATH_MAX];
	const char *store = nix_store_dir(&env), *socket = nix_socket_path(&env, path);
	int r;

	if (!nix_is_here(&env))
		return;
	nix_world_load(&world, environ, 0);
	if (world.builds == NIX_BUILDS_HERE) {
		r = try_store(store);
		/* root's Nix takes the read-only mount of NixOS off, in a namespace of its own */
		if (r == -EROFS && world.uid == 0)
			r = 0;
		report_of(context, OBS_NIX_STORE, store, r < 0 ? OBS_NO : OBS_YES,
			  r < 0 ? "write" : "", r < 0 ? -r : 0, OBS_NO_VALUE, "");
	}
	if (world.builds == NIX_BUILDS_DAEMON)
		look_at_socket(context, socket);
	nix_world_done(&world);
}

/* One entry of sandbox-paths, "TARGET=SOURCE?"; the word is cut up. */
struct entry {
	const char *target, *source;
};

static struct entry parse_entry(char *word)
{
	size_t len = strlen(word);
	char *equals;

	if (len && word[len - 1] == '?')
		word[len - 1] = '\0';
	equals = strchr(word, '=');
	if (equals)
		*equals++ = '\0';
	return (struct entry){ word, equals ? equals : word };
}

/* Whether a name is bound, under itself or a directory above it. */
static bool is_bound(const char *paths, const char *name)
{
	char word[PATH_MAX];

	for (size_t len; *paths; paths += len + (paths[len] != '\0')) {
		len = strcspn(paths, " ");
		if (!len || len >= sizeof(word))
			continue;
		memcpy(word, paths, len);
		word[len] = '\0';
		if (path_is_under(parse_entry(word).target, name))
			return true;
	}
	return false;
}

/* What the shell needs and nobody binds: its name in ret, or "". */
static int find_unbound(const char *paths, const char *shell, const char *store, const char **ret,
			struct closure *closure)
{
	struct root root = { .fd = -1, .path = "/" };
	const struct closure_input input = { .root = &root, .flags = CLOSURE_LIBRARIES };
	const struct trouble *trouble;
	int r = closure_add_program(closure, &input, shell, NULL);

	*ret = "";
	if (r < 0)
		return r;
	trouble = closure_find_trouble(closure, WEIGHT_START);
	if (trouble)
		*ret = trouble->path;
	for (size_t i = 1; i < closure->n_files && !**ret; i++) {
		const struct closure_file *file = &closure->files[i];

		if (file->role == ROLE_CONFIG || path_is_under(store, file->real) ||
		    is_bound(paths, file->path))
			continue;
		*ret = file->path;
	}
	return 0;
}

static void look_at_shell(const struct probe_context *context, const char *paths, const char *shell,
			  const char *store)
{
	struct closure closure = { 0 };
	const char *missing;
	int r;

	if (!strcmp(shell, EMBEDDED_SHELL)) {
		report_of(context, OBS_NIX_SHELL, shell, OBS_YES, "", 0, OBS_NO_VALUE, "");
		return;
	}
	r = sys_faccessat(AT_FDCWD, shell, X_OK);
	if (r < 0) {
		report_of(context, OBS_NIX_SHELL, shell, OBS_NO, "missing", -r, OBS_NO_VALUE, "");
		return;
	}
	closure_init(&closure);
	r = find_unbound(paths, shell, store, &missing, &closure);
	if (r == 0)
		report_of(context, OBS_NIX_SHELL, shell, *missing ? OBS_NO : OBS_YES,
			  *missing ? "libraries" : "", 0, OBS_NO_VALUE, missing);
	closure_done(&closure);
}

void probe_nix_shell(const struct probe_context *context)
{
	struct nix_env env = nix_env_of(environ);
	struct nix_world world;
	struct nix_value paths;
	AUTO_FREE char *copy = NULL;
	const char *shell = NULL;

	if (!nix_is_here(&env))
		return;
	nix_world_load(&world, environ, probe_stretched(NIX_SHOW_MS, context->timeout_s));
	paths = nix_world_get(&world, "sandbox-paths");
	/* what was compiled in, only Nix itself can tell */
	copy = paths.value ? strdup(paths.value) : NULL;
	if (copy) {
		char *next;

		for (char *word = copy; *word && !shell; word = next) {
			struct entry entry;

			next = word + strcspn(word, " ");
			if (*next)
				*next++ = '\0';
			entry = parse_entry(word);
			if (!strcmp(entry.target, "/bin/sh") || !strcmp(entry.target, "/bin"))
				shell = !strcmp(entry.target, "/bin") ? "/bin/sh" : entry.source;
		}
		if (shell)
			look_at_shell(context, paths.value, shell, nix_store_dir(&env));
		else
			report_of(context, OBS_NIX_SHELL, "/bin/sh", OBS_NO, "entry", 0,
				  OBS_NO_VALUE, "");
	}
	nix_world_done(&world);
}
