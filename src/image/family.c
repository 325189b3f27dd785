/* SPDX-License-Identifier: MIT */
/*
 * family.c - the signs by which a family is told.
 *
 * Each sign is one file that is there, one word of os-release, or one link that leads somewhere; it
 * has a weight for one family. The family with the greatest sum is it. What decides is how
 * things are added to the image, so the database of a package manager weighs most, and
 * a family that is told by what is missing (distroless, scratch) needs the signs of what it was
 * made from.
 *
 * os-release is the image's own text: at most 4 KiB of it are read, and only whole words are
 * compared.
 */
#include "image/family.h"

#include <assert.h>
#include <string.h>

#include "base/cleanup.h"

#define RELEASE_MAX_BYTES 4096
#define ENOUGH 2 /* one weak sign tells nothing */

const struct name family_names[FAMILY_MAX] = {
	[FAMILY_UNKNOWN] = { "unknown", "of no family that is known" },
	[FAMILY_NIX] = { "nix", "built by Nix" },
	[FAMILY_DEBIAN] = { "debian", "Debian or Ubuntu" },
	[FAMILY_ALPINE] = { "alpine", "Alpine" },
	[FAMILY_FEDORA] = { "fedora", "Fedora or RHEL" },
	[FAMILY_ARCH] = { "arch", "Arch" },
	[FAMILY_DISTROLESS] = { "distroless", "distroless" },
	[FAMILY_BUSYBOX] = { "busybox", "busybox" },
	[FAMILY_SCRATCH] = { "scratch", "made from scratch" },
};

/* A name that is there; with a '/' at its end it is a directory that is not empty. */
static const struct {
	enum family family;
	int weight;
	const char *path;
} path_signs[] = {
	{ FAMILY_NIX, 2, "/nix/store" },
	{ FAMILY_DEBIAN, 3, "/var/lib/dpkg/status" },
	{ FAMILY_DEBIAN, 1, "/usr/bin/apt-get" },
	{ FAMILY_DEBIAN, 1, "/etc/debian_version" },
	{ FAMILY_DISTROLESS, 4, "/var/lib/dpkg/status.d" },
	{ FAMILY_ALPINE, 3, "/lib/apk/db/installed" },
	{ FAMILY_ALPINE, 3, "/usr/lib/apk/db/installed" },
	{ FAMILY_ALPINE, 1, "/etc/alpine-release" },
	{ FAMILY_FEDORA, 2, "/usr/lib/sysimage/rpm" },
	{ FAMILY_FEDORA, 2, "/var/lib/rpm" },
	{ FAMILY_FEDORA, 1, "/etc/redhat-release" },
	{ FAMILY_ARCH, 3, "/var/lib/pacman/local" },
	{ FAMILY_ARCH, 1, "/etc/arch-release" },
	{ FAMILY_BUSYBOX, 2, "/bin/busybox" },
};

/* What os-release says. */
static const struct {
	enum family family;
	int weight;
	const char *word, *sign;
} release_signs[] = {
	{ FAMILY_NIX, 3, "nixos", "os-release: nixos" },
	{ FAMILY_DEBIAN, 2, "debian", "os-release: debian" },
	{ FAMILY_DEBIAN, 2, "ubuntu", "os-release: ubuntu" },
	{ FAMILY_ALPINE, 2, "alpine", "os-release: alpine" },
	/* apk and glibc: its packages are not Alpine's */
	{ FAMILY_ALPINE, -8, "wolfi", "" },
	{ FAMILY_ALPINE, -8, "chainguard", "" },
	{ FAMILY_FEDORA, 2, "fedora", "os-release: fedora" },
	{ FAMILY_FEDORA, 2, "rhel", "os-release: rhel" },
	{ FAMILY_FEDORA, 2, "centos", "os-release: centos" },
	{ FAMILY_FEDORA, -8, "suse", "" },
	{ FAMILY_FEDORA, -8, "sles", "" },
	{ FAMILY_FEDORA, -8, "opensuse", "" },
	{ FAMILY_ARCH, 2, "arch", "os-release: arch" },
};

static bool is_there(const struct root *root, const char *path)
{
	struct root_walk walk;

	root_walk(root, NULL, path, &walk);
	return walk.errnum == 0;
}

/* Does the name lead below that directory, or to that file? */
static bool leads_to(const struct root *root, const char *path, const char *start)
{
	struct root_walk walk;

	root_walk(root, NULL, path, &walk);
	return walk.errnum == 0 && !strncmp(walk.real, start, strlen(start));
}

static void add(struct family_guess *guess, int weights[FAMILY_MAX], enum family family, int weight,
		const char *sign)
{
	weights[family] += weight;
	/* kept with the family's number before it is known which one it will be */
	if (weight > 0 && guess->n_signs < FAMILY_MAX_SIGNS)
		guess->signs[guess->n_signs++] = sign;
}

/* True if `word` is the value of that key, or one of the words of it. */
static bool has_word(const char *text, const char *key, const char *word)
{
	size_t key_len = strlen(key), word_len = strlen(word);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		const char *value, *end;

		line += *line == '\n';
		if (strncmp(line, key, key_len) != 0 || line[key_len] != '=')
			continue;
		value = line + key_len + 1;
		end = value + strcspn(value, "\n");
		while (value < end) {
			size_t len;

			value += strspn(value, "\"' ");
			len = strcspn(value, "\"' \n-");
			if (value < end && len == word_len && !strncmp(value, word, len))
				return true;
			value += len + (len == 0 || value[len] == '-');
		}
	}
	return false;
}

static void read_release(const struct root *root, struct family_guess *guess,
			 int weights[FAMILY_MAX], enum family owners[FAMILY_MAX_SIGNS])
{
	static const char *const names[] = { "/etc/os-release", "/usr/lib/os-release" };
	AUTO_FREE char *text = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(names) && !text; i++)
		if (root_read_file(root, names[i], RELEASE_MAX_BYTES, &text) < 0)
			text = NULL;
	for (size_t i = 0; text && i < ARRAY_SIZE(release_signs); i++) {
		size_t n = guess->n_signs;

		if (!has_word(text, "ID", release_signs[i].word) &&
		    !has_word(text, "ID_LIKE", release_signs[i].word))
			continue;
		add(guess, weights, release_signs[i].family, release_signs[i].weight,
		    release_signs[i].sign);
		if (guess->n_signs > n)
			owners[n] = release_signs[i].family;
	}
}

static void look_at_paths(const struct root *root, struct family_guess *guess,
			  int weights[FAMILY_MAX], enum family owners[FAMILY_MAX_SIGNS])
{
	for (size_t i = 0; i < ARRAY_SIZE(path_signs); i++) {
		size_t n = guess->n_signs;

		if (!is_there(root, path_signs[i].path))
			continue;
		add(guess, weights, path_signs[i].family, path_signs[i].weight, path_signs[i].path);
		if (guess->n_signs > n)
			owners[n] = path_signs[i].family;
	}
}

/* Where the shell comes from, and what is told by what is not there. */
static void look_at_shell(const struct root *root, struct family_guess *guess,
			  int weights[FAMILY_MAX], enum family owners[FAMILY_MAX_SIGNS])
{
	bool has_shell = is_there(root, "/bin/sh") || is_there(root, "/usr/bin/sh") ||
			 is_there(root, "/bin/bash");
	bool has_manager = weights[FAMILY_DEBIAN] >= 4 || weights[FAMILY_ALPINE] >= 3 ||
			   weights[FAMILY_FEDORA] >= 3 || weights[FAMILY_ARCH] >= 3;
	enum family family = FAMILY_MAX;
	size_t n = guess->n_signs;

	if (leads_to(root, "/bin/sh", "/nix/store/") || leads_to(root, "/bin/bash", "/nix/store/"))
		add(guess, weights, family = FAMILY_NIX, 4, "/bin/sh leads into /nix/store");
	else if (leads_to(root, "/bin/sh", "/bin/busybox") && !has_manager)
		add(guess, weights, family = FAMILY_BUSYBOX, 2, "/bin/sh leads to /bin/busybox");
	if (guess->n_signs > n)
		owners[n] = family;
	n = guess->n_signs;
	if (!has_shell && weights[FAMILY_DISTROLESS] > 0)
		add(guess, weights, family = FAMILY_DISTROLESS, 3, "no shell");
	else if (!has_shell && !has_manager && weights[FAMILY_NIX] < ENOUGH &&
		 weights[FAMILY_BUSYBOX] < ENOUGH)
		add(guess, weights, family = FAMILY_SCRATCH, 2, "no shell and no packages");
	if (guess->n_signs > n)
		owners[n] = family;
}

/* Of Fedora's kin small images have a small one. */
static const char *find_manager(const struct root *root, enum family family)
{
	static const struct {
		const char *name, *path;
	} managers[] = {
		{ "dnf", "/usr/bin/dnf" },
		{ "microdnf", "/usr/bin/microdnf" },
		{ "yum", "/usr/bin/yum" },
	};

	for (size_t i = 0; family == FAMILY_FEDORA && i < ARRAY_SIZE(managers); i++) {
		if (is_there(root, managers[i].path))
			return managers[i].name;
	}
	return NULL;
}

void family_detect(const struct root *root, struct family_guess *ret_guess)
{
	int weights[FAMILY_MAX] = { 0 };
	enum family owners[FAMILY_MAX_SIGNS];
	enum family best = FAMILY_UNKNOWN;
	size_t n = 0;

	*ret_guess = (struct family_guess){ 0 };
	look_at_paths(root, ret_guess, weights, owners);
	read_release(root, ret_guess, weights, owners);
	look_at_shell(root, ret_guess, weights, owners);
	/* the order of the families decides where two are equal: who adds packages comes first */
	for (enum family family = FAMILY_NIX; family < FAMILY_MAX; family++)
		if (weights[family] >= ENOUGH && weights[family] > weights[best])
			best = family;
	for (size_t i = 0; i < ret_guess->n_signs; i++)
		if (owners[i] == best)
			ret_guess->signs[n++] = ret_guess->signs[i];
	ret_guess->n_signs = n;
	ret_guess->family = best;
	ret_guess->manager = find_manager(root, best);
}
