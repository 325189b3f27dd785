/* SPDX-License-Identifier: MIT */
/*
 * wrap.c - what is done to a bundle before the runtime below sees it, and to a process of exec.
 *
 *	create, run   settings and annotation ─► profile ─► BUNDLE/croft-profile.yaml
 *	              config.json ─► two mounts, some words ─► config.json
 *	exec          runtime state ID ─► bundle ─► its config.json ─► the words ─► process file
 *
 * The profile is loaded here, on the host, and what it has become is written into the bundle: what
 * it extends is the host's, and it stays what it was as long as the container lives. It
 * belongs to the container's user 0 where that is another one outside, for croft takes a
 * profile from user 0 or its own user alone.
 *
 * What exec starts gets the words of the container's own config.json, for only that tells what is
 * mounted there. Its bundle is asked of the runtime each time: nothing is kept beside it that
 * could be stale.
 */
#include "oci/wrap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/paths.h"
#include "oci/below.h"
#include "oci/bundle.h"
#include "oci/config.h"
#include "oci/words.h"
#include "profile/load.h"
#include "profile/profile_print.h"
#include "sys/calls.h"

#define CONFIG_NAME "config.json"
#define WORDS_ARENA (1U << 20)
#define PROFILE_MODE (S_IFREG | 0644)

/* "DIRECTORY/NAME" */
static int join(char ret[PATH_MAX], const char *directory, const char *name,
		struct croft_error *err)
{
	int n = snprintf(ret, PATH_MAX, "%s/%s", directory, name);

	if (n > 0 && n < PATH_MAX)
		return 0;
	return fail(err, CROFT_STAGE_PREPARE, ENAMETOOLONG, "open '%.100s...'", directory);
}

static int print_profile(const char *name, struct buf *text, struct croft_error *err)
{
	static const struct load_place nowhere;
	struct profile *profile;
	int r = load_profile(name, &nowhere, &profile, err);

	if (r < 0)
		return r;
	profile_print_resolved(text, profile, false);
	profile_free(profile);
	if (buf_error(text) < 0)
		return fail(err, CROFT_STAGE_PREPARE, -buf_error(text), "print the profile '%s'",
			    name);
	return 0;
}

static int write_profile(const struct config *config, const char *name, const char *path,
			 struct croft_error *err)
{
	AUTO_BUF struct buf text = BUF_INIT(CONFIG_MAX_BYTES);
	struct stat st = { .st_mode = PROFILE_MODE,
			   .st_uid = sys_geteuid(),
			   .st_gid = sys_getegid() };
	int64_t uid, gid;
	int r = print_profile(name, &text, err);

	if (r < 0)
		return r;
	config_root_ids(config, &uid, &gid);
	st.st_uid = uid >= 0 ? (uid_t)uid : st.st_uid;
	st.st_gid = gid >= 0 ? (gid_t)gid : st.st_gid;
	return bundle_write(path, &st, buf_text(&text), text.len, err);
}

/* The file that the runtime will read: crun's --config counts from here, not from the bundle. */
static int find_config(const struct call *call, const char *bundle, char ret[PATH_MAX],
		       struct croft_error *err)
{
	bool is_usual = !call->config || !strcmp(call->config, CONFIG_NAME);

	if (is_usual)
		return join(ret, bundle, CONFIG_NAME, err);
	return join(ret, call->config[0] == '/' ? "" : ".", call->config, err);
}

/* The whole of it, for a container that is to be confined. */
static int wrap_config(const struct call *call, const struct settings *settings,
		       const struct config *config, const char *profile, const char *bundle,
		       struct buf *out, struct croft_error *err)
{
	char program[PATH_MAX], profile_file[PATH_MAX];
	struct config_wrap wrap = { .program = program, .profile = profile_file };
	struct arena arena;
	int r = below_find_croft(settings, program, err);

	if (r == 0)
		r = join(profile_file, bundle, WRAP_PROFILE_FILE, err);
	if (r < 0)
		return r;
	arena_init(&arena, WORDS_ARENA);
	r = words_build(call, config, profile, &arena, &wrap, err);
	if (r == 0)
		r = write_profile(config, profile, profile_file, err);
	if (r == 0 && !config_is_wrapped(config, &wrap))
		r = config_write(config, &wrap, true, out, err);
	arena_done(&arena);
	return r;
}

/* SETTINGS_OFF, or the profile of the container; NULL: it has no program. */
static int choose_profile(const struct settings *settings, const struct config *config,
			  const char **ret_profile, struct croft_error *err)
{
	const char *wish = NULL;
	int r = config_annotation(config, CONFIG_ANNOTATION, &wish, err);

	return r < 0 ? r : settings_profile(settings, wish, ret_profile, err);
}

static int wrap_read(const struct call *call, const struct settings *settings,
		     const struct config *config, const char *bundle, struct buf *out,
		     struct croft_error *err)
{
	const char *profile = NULL;
	int r = choose_profile(settings, config, &profile, err);

	if (r < 0 || !config->has_args || !strcmp(profile, SETTINGS_OFF))
		return r;
	r = config_check_handler(config, err);
	return r < 0 ? r : wrap_config(call, settings, config, profile, bundle, out, err);
}

int wrap_bundle(const struct call *call, const struct settings *settings, struct croft_error *err)
{
	AUTO_BUF struct buf out = BUF_INIT((size_t)2 * CONFIG_MAX_BYTES);
	char bundle[PATH_MAX], path[PATH_MAX];
	struct bundle_file file = { 0 };
	struct config config;
	int r = path_resolve(call->bundle ? call->bundle : ".", bundle, sizeof(bundle));

	if (r < 0)
		return fail(err, CROFT_STAGE_PREPARE, -r, "find the bundle '%s'",
			    call->bundle ? call->bundle : ".");
	r = find_config(call, bundle, path, err);
	if (r == 0)
		r = bundle_read(&file, path, CONFIG_MAX_BYTES, err);
	if (r < 0)
		return r;
	r = config_read(&config, path, file.data, file.len, false, err);
	if (r == 0)
		r = wrap_read(call, settings, &config, bundle, &out, err);
	config_done(&config);
	if (r == 0 && out.len)
		r = bundle_write(path, &file.st, buf_text(&out), out.len, err);
	bundle_file_done(&file);
	return r;
}

/* Writes the process file anew, with these words. */
static int wrap_process(const struct call *call, const struct config_wrap *wrap,
			struct croft_error *err)
{
	AUTO_BUF struct buf out = BUF_INIT((size_t)2 * CONFIG_MAX_BYTES);
	struct bundle_file file = { 0 };
	struct config process;
	int r = bundle_read(&file, call->process, CONFIG_MAX_BYTES, err);

	if (r < 0)
		return r;
	r = config_read(&process, call->process, file.data, file.len, true, err);
	if (r == 0 && !process.has_args)
		r = fail(err, CROFT_STAGE_PREPARE, 0, "%s: no program", call->process);
	if (r == 0)
		r = config_write(&process, wrap, false, &out, err);
	config_done(&process);
	if (r == 0)
		r = bundle_write(call->process, &file.st, buf_text(&out), out.len, err);
	bundle_file_done(&file);
	return r;
}

/* The call with these words behind the ID; they live as long as the process. */
static int wrap_words(const struct call *call, const struct config_wrap *wrap, char ***ret_words,
		      int *ret_n, struct croft_error *err)
{
	char **words = calloc((size_t)call->argc + wrap->n_prefix + 1, sizeof(*words));
	int n = 0;

	if (!words)
		return fail(err, CROFT_STAGE_PREPARE, ENOMEM, "make the words of exec");
	for (int i = 0; i <= call->id; i++)
		words[n++] = call->argv[i];
	for (size_t i = 0; i < wrap->n_prefix; i++)
		words[n++] = strdup(wrap->prefix[i]);
	for (int i = call->id + 1; i < call->argc; i++)
		words[n++] = call->argv[i];
	*ret_words = words;
	*ret_n = n;
	for (int i = 0; i < n; i++) {
		if (!words[i])
			return fail(err, CROFT_STAGE_PREPARE, ENOMEM, "make the words of exec");
	}
	return 0;
}

static int wrap_with(const struct call *call, const struct settings *settings,
		     const struct config *config, char ***ret_words, int *ret_n,
		     struct croft_error *err)
{
	struct config_wrap wrap = { .n_prefix = 0 };
	const char *own[CONFIG_MAX_PREFIX], *profile = NULL;
	char program[PATH_MAX];
	struct arena arena;
	ssize_t n;
	int r = choose_profile(settings, config, &profile, err);

	if (r < 0 || !strcmp(profile, SETTINGS_OFF))
		return r;
	r = below_find_croft(settings, program, err);
	if (r < 0)
		return r;
	n = config_find_prefix(config, program, own, ARRAY_SIZE(own));
	if (n < 0) {
		r = fail(err, CROFT_STAGE_PREPARE, 0,
			 "the container '%.100s' was not started by this croft-oci",
			 call->argv[call->id]);
		fail_hint(err, "what is started in it would not be confined: start it anew");
		return r;
	}
	arena_init(&arena, WORDS_ARENA);
	r = words_for_exec(call, own, (size_t)n, &arena, &wrap, err);
	if (r == 0)
		r = call->process ? wrap_process(call, &wrap, err)
				  : wrap_words(call, &wrap, ret_words, ret_n, err);
	arena_done(&arena);
	return r;
}

int wrap_exec(const struct call *call, const struct settings *settings, const char *runtime,
	      char ***ret_words, int *ret_n, struct croft_error *err)
{
	char bundle[PATH_MAX], path[PATH_MAX];
	struct bundle_file file = { 0 };
	struct config config;
	int r;

	*ret_words = NULL;
	/* the runtime says what is missing */
	if (call->id >= call->argc || (!call->process && call->id + 1 >= call->argc))
		return 0;
	r = below_ask_bundle(runtime, call, bundle, err);
	if (r == 0)
		r = join(path, bundle, CONFIG_NAME, err);
	if (r == 0)
		r = bundle_read(&file, path, CONFIG_MAX_BYTES, err);
	if (r < 0)
		return r;
	r = config_read(&config, path, file.data, file.len, false, err);
	if (r == 0)
		r = wrap_with(call, settings, &config, ret_words, ret_n, err);
	config_done(&config);
	bundle_file_done(&file);
	return r;
}
