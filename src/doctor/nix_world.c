/* SPDX-License-Identifier: MIT */
/*
 * nix_world.c - the settings of Nix in force: the files say where, the installed Nix says what.
 *
 * `nix show-config` (since 2.0; `nix config show` since 2.20) knows the defaults that were compiled
 * in and the names that this version has; it does not say which line a value came from. The files
 * do. Where a daemon builds, it reads the system's file only, and what a user sets is his client's.
 *
 * Who builds is decided as Nix does it: NIX_REMOTE or `store`; else here if the state directory can
 * be written, else the daemon if its socket is there, else a store of the user's own in a chroot.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "doctor/nix_probes.h"
#include "doctor/nix_run.h"
#include "sys/calls.h"
#include "sys/path.h"

const char *nix_store_dir(const struct nix_env *env)
{
	return env->store_dir && *env->store_dir ? env->store_dir : "/nix/store";
}

const char *nix_state_dir(const struct nix_env *env)
{
	return env->state_dir && *env->state_dir ? env->state_dir : "/nix/var/nix";
}

const char *nix_socket_path(const struct nix_env *env, char ret[PATH_MAX])
{
	if (env->socket && *env->socket)
		return env->socket;
	return path_child(ret, nix_state_dir(env), "daemon-socket/socket") ? ret : "";
}

static bool is_there(const char *path)
{
	struct stat st;

	return sys_fstatat(AT_FDCWD, path, &st, 0) == 0;
}

bool nix_is_here(const struct nix_env *env)
{
	char path[PATH_MAX];

	return (path_child(path, nix_conf_dir(env), "nix.conf") && is_there(path)) ||
	       is_there(nix_store_dir(env)) || is_there(nix_socket_path(env, path)) ||
	       nix_find_program(env->path, "nix", path) ||
	       nix_find_program(env->path, "nix-store", path);
}

/* Both forms: the newer Nix warns of the older, the older does not know the newer. */
static void ask_nix(struct nix_world *world, char *const envp[], int64_t show_ms)
{
	char nix[] = "nix", option[] = "--extra-experimental-features", feature[] = "nix-command",
	     old[] = "show-config", config[] = "config", show[] = "show";
	char *const newer[] = { nix, option, feature, config, show, NULL };
	char *const older[] = { nix, option, feature, old, NULL };
	char *const *const forms[] = { newer, older };

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		AUTO_BUF struct buf err = BUF_INIT(NIX_SHOWN_MAX);
		const struct nix_run run = {
			.file = world->program, .argv = forms[i], .envp = envp, .limit_ms = show_ms
		};

		int r;

		buf_reset(&world->shown);
		r = nix_run(&run, &world->shown, &err);
		if (r == 0)
			return;
		/* it waits for something, a FIFO for nix.conf: it would wait again */
		if (r == -ETIMEDOUT)
			break;
	}
	buf_reset(&world->shown);
}

static void decide_builds(struct nix_world *world)
{
	const char *state = nix_state_dir(&world->env), *remote = world->env.remote;
	char path[PATH_MAX];

	world->builds = NIX_BUILDS_HERE;
	world->builds_why = "NIX_REMOTE";
	if (!remote || !*remote) {
		remote = nix_conf_get(&world->conf, "store", "auto", false).value;
		world->builds_why = "store";
	}
	if (!strncmp(remote, "daemon", strlen("daemon")) ||
	    !strncmp(remote, "unix://", strlen("unix://"))) {
		world->builds = NIX_BUILDS_DAEMON;
	} else if (!strncmp(remote, "local", strlen("local")) && !strchr(remote, '=')) {
		world->builds = NIX_BUILDS_HERE;
	} else if (*remote == '/' || !strncmp(remote, "local", strlen("local"))) {
		world->builds = NIX_BUILDS_CHROOT;
	} else if (strncmp(remote, "auto", strlen("auto")) != 0) {
		world->builds = NIX_BUILDS_ELSEWHERE;
	} else if (sys_faccessat(AT_FDCWD, state, R_OK | W_OK) == 0) {
		world->builds_why = "the state directory can be written";
	} else if (is_there(nix_socket_path(&world->env, path))) {
		world->builds = NIX_BUILDS_DAEMON;
		world->builds_why = "the daemon's socket is there";
	} else if (!is_there(state) && world->uid != 0 && !world->env.store_dir &&
		   !world->env.state_dir) {
		world->builds = NIX_BUILDS_CHROOT;
		world->builds_why = "no state directory";
	} else {
		world->builds_why = "no daemon";
	}
}

void nix_world_load(struct nix_world *world, char *const envp[], int64_t show_ms)
{
	*world = (struct nix_world){ .env = nix_env_of(envp), .uid = sys_geteuid() };
	buf_init(&world->shown, NIX_SHOWN_MAX);
	if (nix_conf_load(&world->conf, &world->env) < 0)
		nix_conf_init(&world->conf);
	if (!nix_find_program(world->env.path, "nix", world->program))
		world->program[0] = '\0';
	else if (show_ms)
		ask_nix(world, envp, show_ms);
	decide_builds(world);
}

void nix_world_done(struct nix_world *world)
{
	nix_conf_done(&world->conf);
	buf_done(&world->shown);
}

/* "name = value" of what Nix has shown: the value in the arena, or NULL. */
static const char *find_shown(struct nix_world *world, const char *name)
{
	const char *line = buf_text(&world->shown);
	size_t len = strlen(name);

	while (*line) {
		size_t size = strcspn(line, "\n");

		if (size >= len + 2 && !memcmp(line, name, len) && !memcmp(line + len, " =", 2)) {
			const char *value = line + len + 2;

			value += *value == ' ';
			return arena_strndup(&world->conf.arena, value,
					     (size_t)(line + size - value));
		}
		line += size + (line[size] != '\0');
	}
	return NULL;
}

static const char *default_of(struct nix_world *world, const char *name)
{
	static const struct {
		const char *name, *value;
	} defaults[] = {
		{ "sandbox", "true" },
		{ "sandbox-fallback", "true" },
		{ "auto-allocate-uids", "false" },
		{ "substituters", "https://cache.nixos.org/" },
		{ "trusted-substituters", "" },
		{ "sandbox-dev-shm-size", "50%" },
		{ "filter-syscalls", "true" },
	};
	bool is_root = world->uid == 0 || world->builds == NIX_BUILDS_DAEMON;

	if (!strcmp(name, "build-users-group"))
		return is_root ? "nixbld" : "";
	if (!strcmp(name, "require-drop-supplementary-groups"))
		return is_root ? "true" : "false";
	if (!strcmp(name, "builders"))
		return arena_printf(&world->conf.arena, "@%s/machines", nix_conf_dir(&world->env));
	if (!strcmp(name, "netrc-file"))
		return arena_path(&world->conf.arena, nix_conf_dir(&world->env), "netrc");
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		if (!strcmp(name, defaults[i].name))
			return defaults[i].value;
	return NULL;
}

struct nix_value nix_world_get(struct nix_world *world, const char *name)
{
	const char *shown = find_shown(world, name), *initial = default_of(world, name);
	struct nix_value own = nix_conf_get(&world->conf, name, initial, false);

	if (world->builds != NIX_BUILDS_DAEMON) {
		if (shown)
			own.value = shown;
		return own;
	}
	/* What is shown is the client's: it tells a default where nobody has set anything. */
	if (!own.at && shown && strcmp(name, "build-users-group") != 0 &&
	    strcmp(name, "require-drop-supplementary-groups") != 0)
		initial = shown;
	return nix_conf_get(&world->conf, name, initial, true);
}

bool nix_world_is_true(struct nix_world *world, const char *name)
{
	const char *value = nix_world_get(world, name).value;

	return value && (!strcmp(value, "true") || !strcmp(value, "yes") || !strcmp(value, "1"));
}
