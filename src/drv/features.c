/* SPDX-License-Identifier: MIT */
/*
 * features.c - refuses what a build would miss, before it is missed in the middle of it.
 *
 * Nix offers "kvm" where /dev/kvm is and "uid-range" where it makes control groups, and gives its
 * own sandbox the device and a range of 65536 users for them. A room has neither. A builder would
 * fail without a word that says why, or, worse, test something else and succeed.
 *
 * With structured attributes the words stand in .attrs.json, which Nix has written. It is read for
 * this one list; anything else that may be wrong with it is not looked for.
 */
#include "drv/features.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define ATTRS_MAX_BYTES ((size_t)64 << 20) /* as of a specification */
#define BLANKS " \t\r\n"

static const char *const missing[] = { "kvm", "uid-range" };

static int check_word(const char *word, size_t len, struct croft_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(missing); i++) {
		if (strlen(missing[i]) != len || memcmp(missing[i], word, len) != 0)
			continue;
		(void)fail(err, CROFT_STAGE_PREPARE, 0,
			   "the derivation requires the feature '%s', which no room has",
			   missing[i]);
		fail_hint(err, "take it out of Nix's system-features, or build it elsewhere");
		return -EINVAL;
	}
	return 0;
}

static int check_words(const char *text, struct croft_error *err)
{
	int r = 0;

	while (r == 0 && *(text += strspn(text, BLANKS))) {
		size_t len = strcspn(text, BLANKS);

		r = check_word(text, len, err);
		text += len;
	}
	return r;
}

static int check_attrs(const json_t *root, struct croft_error *err)
{
	const json_t *list = json_object_get(root, "requiredSystemFeatures"), *word;
	size_t i;
	int r = 0;

	json_array_foreach(list, i, word) if (r == 0 && json_is_string(word)) r =
		check_word(json_string_value(word), json_string_length(word), err);
	return r;
}

int features_check(const struct build *build, struct croft_error *err)
{
	AUTO_FD int dir = -1, fd = -1;
	AUTO_FREE char *data = NULL;
	struct stat st;
	json_t *root;
	int r = 0;

	for (size_t i = 0; i < build->n_env && r == 0; i++)
		if (!strcmp(build->env[i].name, "requiredSystemFeatures"))
			r = check_words(build->env[i].value, err);
	if (r < 0)
		return r;
	dir = sys_openat(AT_FDCWD, build->tmp_dir, O_PATH | O_DIRECTORY, 0);
	if (dir >= 0)
		fd = sys_openat(dir, ".attrs.json", O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	if (fd < 0 || sys_fstatat(fd, "", &st, AT_EMPTY_PATH) < 0 || !S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_size >= ATTRS_MAX_BYTES)
		return 0;
	data = malloc((size_t)st.st_size + 2);
	if (!data || fd_read_text(fd, data, (size_t)st.st_size + 2) < 0)
		return fail(err, CROFT_STAGE_PREPARE, data ? EIO : ENOMEM, "read .attrs.json");
	root = json_loads(data, 0, NULL);
	r = check_attrs(root, err);
	json_decref(root);
	return r;
}
