/* SPDX-License-Identifier: MIT */
/*
 * image_print.c - prints what is read of an image, a line of JSON for each name; for tests.
 *
 *	image_print [--sums] [--mount HOST:PATH] [--tag T] [--arch A] IMAGE [NAME...]
 *
 * Without names the whole tree, from the root down. --sums: the SHA-256 of each file's content
 * too, so that every one is opened. Last comes a line with the kind, the configuration, the
 * notes and the greatest memory in use. Exit status 1 and one line on stderr: the image could
 * not be opened.
 */
#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "image/image.h"
#include "image/layer.h"

static bool wants_sums;

static void print_sum(struct json *json, const struct root *root, const char *path)
{
	char hex[SHA256_DIGEST_STRING_LENGTH], block[65536];
	struct root_file file;
	SHA2_CTX sum;
	ssize_t n;
	int r = root_open_file(root, NULL, path, &file);

	json_key(json, "sum");
	if (r < 0) {
		json_string(json, strerror(-r));
		return;
	}
	SHA256Init(&sum);
	while ((n = read(file.fd, block, sizeof(block))) > 0)
		SHA256Update(&sum, (uint8_t *)block, (size_t)n);
	json_string(json, SHA256End(&sum, hex));
	root_file_done(&file);
}

static void print_name(const struct image *image, const char *path)
{
	struct buf buf = BUF_INIT(1 << 20);
	char text[PATH_MAX];
	struct image_stat st;
	struct json json;
	int r = image_stat(image, path, true, &st);

	json_init(&json, &buf);
	json_object_begin(&json);
	json_key(&json, "name");
	json_string(&json, path);
	if (r < 0) {
		json_key(&json, "error");
		json_string(&json, strerror(-r));
	} else {
		json_key(&json, "mode");
		json_uint(&json, st.mode);
		json_key(&json, "uid");
		json_uint(&json, st.uid);
		json_key(&json, "gid");
		json_uint(&json, st.gid);
		json_key(&json, "size");
		json_uint(&json, st.size);
		json_key(&json, "origin");
		json_string(&json, st.origin);
		if (image_read_link(image, path, text) == 0) {
			json_key(&json, "link");
			json_string(&json, text);
		}
		if (S_ISREG(st.mode) && wants_sums)
			print_sum(&json, image_root(image), path);
	}
	json_object_end(&json);
	(void)puts(buf_text(&buf));
	buf_done(&buf);
}

struct walk {
	const struct image *image;
	const char *dir;
};

static void print_tree(const struct image *image, const char *dir);

static int take(void *context, const char *name)
{
	const struct walk *walk = context;
	struct image_stat st;
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", walk->dir, name) >= PATH_MAX)
		return -ENAMETOOLONG;
	print_name(walk->image, path);
	if (image_stat(walk->image, path, true, &st) == 0 && S_ISDIR(st.mode))
		print_tree(walk->image, path);
	return 0;
}

static void print_tree(const struct image *image, const char *dir)
{
	struct walk walk = { image, dir };
	struct root_dir opened;

	if (root_open_dir(image_root(image), *dir ? dir : "/", &opened) < 0)
		return;
	(void)root_dir_list(&opened, take, &walk);
	root_dir_done(&opened);
}

static void print_texts(struct json *json, const char *key, const char *const *texts, size_t n)
{
	json_key(json, key);
	json_array_begin(json);
	for (size_t i = 0; i < n; i++)
		json_string(json, texts[i]);
	json_array_end(json);
}

static void print_last(const struct image *image)
{
	const struct image_config *config = image_config(image);
	struct buf buf = BUF_INIT(1 << 20);
	struct rusage usage;
	struct json json;
	const char *note;

	(void)getrusage(RUSAGE_SELF, &usage);
	json_init(&json, &buf);
	json_object_begin(&json);
	json_key(&json, "kind");
	json_string(&json, image_kind_name(image_kind(image)));
	json_key(&json, "text");
	json_string(&json, image_kind_text(image_kind(image)));
	json_key(&json, "layers");
	json_uint(&json, image_count_layers(image));
	json_key(&json, "user");
	json_string(&json, config->user);
	json_key(&json, "workdir");
	json_string(&json, config->workdir);
	json_key(&json, "path");
	json_string(&json, config->path);
	json_key(&json, "architecture");
	json_string(&json, config->architecture);
	json_key(&json, "os");
	json_string(&json, config->os);
	print_texts(&json, "env", config->env, config->n_env);
	print_texts(&json, "entrypoint", config->entrypoint, config->n_entrypoint);
	print_texts(&json, "cmd", config->cmd, config->n_cmd);
	json_key(&json, "notes");
	json_array_begin(&json);
	for (size_t i = 0; (note = image_note(image, i)) != NULL; i++)
		json_string(&json, note);
	json_array_end(&json);
	json_key(&json, "peak_kib");
	json_int(&json, usage.ru_maxrss);
	json_object_end(&json);
	(void)puts(buf_text(&buf));
	buf_done(&buf);
}

int main(int argc, char *argv[])
{
	struct image_mount mounts[IMAGE_MAX_MOUNTS + 1];
	struct image_options options = { .mounts = mounts };
	struct croft_error err = { 0 };
	struct image *image;
	struct arena arena;
	int i = 1, r = 0;

	arena_init(&arena, 1 << 20);
	for (; i < argc && !strncmp(argv[i], "--", 2) && r == 0; i++) {
		if (!strcmp(argv[i], "--sums"))
			wants_sums = true;
		else if (i + 1 == argc)
			return 2;
		else if (!strcmp(argv[i], "--mount"))
			r = image_parse_mount(&arena, argv[++i], &mounts[options.n_mounts++], &err);
		else if (!strcmp(argv[i], "--tag"))
			options.tag = argv[++i];
		else if (!strcmp(argv[i], "--arch"))
			options.architecture = argv[++i];
		if (options.n_mounts > IMAGE_MAX_MOUNTS)
			return 2;
	}
	if (i == argc)
		return 2;
	if (r == 0)
		r = image_open(argv[i], &options, &image, &err);
	if (r < 0) {
		(void)fprintf(stderr, "%s%s%s\n", err.what, err.errnum ? ": " : "",
			      err.errnum ? strerror(err.errnum) : "");
		return 1;
	}
	for (int k = i + 1; k < argc; k++)
		print_name(image, argv[k]);
	if (i + 1 == argc)
		print_tree(image, "");
	print_last(image);
	image_done(image);
	arena_done(&arena);
	return 0;
}
