/* SPDX-License-Identifier: MIT */
/*
 * probe_nix_conf.c - what is set for Nix: signs of it, each setting that matters with the line that
 * decides it, lines that do nothing, and what cannot be read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "doctor/child.h"
#include "doctor/nix_probes.h"
#include "doctor/nix_run.h"
#include "sys/calls.h"
#include "sys/path.h"

#define LINES_TOLD 60 /* of a kind: a file of thousands of bad lines has been understood by then */
#define PLACE_SIZE (PATH_MAX + 16)

static const char *const told[] = {
	"sandbox",
	"sandbox-fallback",
	"sandbox-paths",
	"sandbox-dev-shm-size",
	"build-users-group",
	"auto-allocate-uids",
	"require-drop-supplementary-groups",
	"filter-syscalls",
	"substituters",
	"trusted-substituters",
	"builders",
	"max-jobs",
	"store",
	"plugin-files",
	"netrc-file",
	"ssl-cert-file",
};

static void put_place(char ret[PLACE_SIZE], const char *file, unsigned line)
{
	if (line)
		(void)snprintf(ret, PLACE_SIZE, "%s:%u", file, line);
	else
		(void)snprintf(ret, PLACE_SIZE, "%s", file);
}

static void report_settings(const struct probe_context *context, struct nix_world *world)
{
	char place[PLACE_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
		struct nix_value value = nix_world_get(world, told[i]);

		if (!value.value)
			continue;
		if (value.at)
			put_place(place, value.at->file, value.at->line);
		report_of(context, OBS_NIX_CONF, told[i], OBS_YES, value.at ? place : "default", 0,
			  OBS_NO_VALUE, value.value);
	}
}

/* How many settings the installed Nix lists; 0: none can be asked. */
static int64_t count_shown(const struct nix_world *world)
{
	int64_t n = 0;

	for (const char *at = buf_text(&world->shown); (at = strstr(at, " =")); at++)
		n++;
	return n;
}

static bool is_shown(const struct nix_world *world, const char *name)
{
	const char *at = buf_text(&world->shown);
	size_t len = strlen(name);

	for (const char *line = at; (at = strstr(line, name)); line = at + 1)
		if ((at == buf_text(&world->shown) || at[-1] == '\n') &&
		    !strncmp(at + len, " =", 2))
			return true;
	return false;
}

/* By another value: the same one twice misleads nobody. */
static bool is_overridden(const struct nix_world *world, const struct nix_line *line)
{
	const struct nix_line *other = nix_conf_overrides(&world->conf, line);

	return other && strcmp(other->value, line->value) != 0;
}

/* What is odd about a line: "" nothing. */
static const char *line_trouble(const struct nix_world *world, const struct nix_line *line)
{
	const char *name = nix_key_true_name(line->key);
	const struct nix_key *key = nix_key_find(line->key);
	bool is_asked = world->shown.len > 0;

	if (is_asked && is_shown(world, line->key))
		return is_overridden(world, line) ? "overridden" : "";
	if (!name)
		return "unknown";
	if (is_asked && !is_shown(world, name))
		return "other-version";
	if (is_overridden(world, line))
		return "overridden";
	return key && key->alias_of ? "alias" : "";
}

static void report_lines(const struct probe_context *context, const struct nix_world *world)
{
	char text[2 * PLACE_SIZE + 2], place[PLACE_SIZE];
	unsigned n = 0;

	for (size_t i = 0; i < world->conf.n_lines && n < LINES_TOLD; i++) {
		const struct nix_line *line = &world->conf.lines[i], *other;
		const char *trouble = line_trouble(world, line);

		if (!*trouble)
			continue;
		put_place(text, line->file, line->line);
		other = nix_conf_overrides(&world->conf, line);
		if (!strcmp(trouble, "overridden") && other) {
			put_place(place, other->file, other->line);
			(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "; %s",
				       place);
		}
		report_of(context, OBS_NIX_CONF_LINE, line->key, OBS_NO, trouble, 0, OBS_NO_VALUE,
			  text);
		n++;
	}
}

static void report_faults(const struct probe_context *context, const struct nix_conf *conf)
{
	static const char *const steps[NIX_FAULT_KIND_MAX] = {
		[NIX_FAULT_SYNTAX] = "syntax", [NIX_FAULT_NO_INCLUDE] = "no-include",
		[NIX_FAULT_LOOP] = "loop",     [NIX_FAULT_UNREAD] = "unread",
		[NIX_FAULT_LIMIT] = "limit",
	};
	char place[PLACE_SIZE];

	for (size_t i = 0; i < conf->n_faults && i < LINES_TOLD; i++) {
		const struct nix_fault *fault = &conf->faults[i];

		put_place(place, fault->file, fault->line);
		report_of(context, OBS_NIX_CONF_FAULT, place, OBS_NO, steps[fault->kind],
			  fault->errnum, OBS_NO_VALUE, fault->text);
	}
}

static void report_sign(const struct probe_context *context, const char *subject, const char *path)
{
	report_of(context, OBS_NIX_SIGN, subject, OBS_YES, "", 0, OBS_NO_VALUE, path);
}

static void report_signs(const struct probe_context *context, const struct nix_world *world)
{
	const char *store = nix_store_dir(&world->env);
	char path[PATH_MAX];
	const char *socket = nix_socket_path(&world->env, path);

	for (size_t i = 0; i < world->conf.n_files; i++)
		report_sign(context, "conf", world->conf.files[i]);
	/* what is there and cannot be read is a sign too */
	for (size_t i = 0; i < world->conf.n_faults && i < LINES_TOLD; i++)
		if (world->conf.faults[i].kind == NIX_FAULT_UNREAD)
			report_sign(context, "conf", world->conf.faults[i].text);
	if (sys_faccessat(AT_FDCWD, store, F_OK) == 0)
		report_sign(context, "store", store);
	if (sys_faccessat(AT_FDCWD, socket, F_OK) == 0)
		report_sign(context, "socket", socket);
	if (world->program[0])
		report_sign(context, "program", world->program);
}

void probe_nix_conf(const struct probe_context *context)
{
	static const char *const who[] = {
		[NIX_BUILDS_HERE] = "here",
		[NIX_BUILDS_DAEMON] = "daemon",
		[NIX_BUILDS_CHROOT] = "chroot-store",
		[NIX_BUILDS_ELSEWHERE] = "elsewhere",
	};
	struct nix_env env = nix_env_of(environ);
	struct nix_world world;

	if (!nix_is_here(&env))
		return;
	nix_world_load(&world, environ, probe_stretched(NIX_SHOW_MS, context->timeout_s));
	report_signs(context, &world);
	report_of(context, OBS_NIX_BUILDS, "", OBS_YES, world.builds_why, 0, world.uid,
		  who[world.builds]);
	report_settings(context, &world);
	report_faults(context, &world.conf);
	if (world.shown.len > 0)
		report_of(context, OBS_NIX_KEYS, world.program, OBS_YES, "", 0, count_shown(&world),
			  "");
	else
		report_of(context, OBS_NIX_KEYS, world.program, OBS_NO, "show-config", 0,
			  OBS_NO_VALUE, "");
	report_lines(context, &world);
	nix_world_done(&world);
}
