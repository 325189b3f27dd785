/* SPDX-License-Identifier: MIT */
/*
 * compile_profiles.c - makes the built-in profiles: files of profiles/ to tables in C.
 *
 *	compile_profiles OUT.c FILE.yaml...
 *
 * It links the very reader that croft has (profile/document.h), so a file that compiles is a file
 * that croft would read, and croft itself reads no YAML to start with a built-in profile. What is
 * written is what document_read gives: texts unexpanded, lines and columns kept, so that a plan can
 * name the line of the file that a grant comes from.
 *
 * Runs while croft is built, on the building machine. Wants of each file what keeps names simple:
 * one profile, called as the file is, of version 2, which extends none but others of these. A
 * wrong file is a line on stderr, exit status 1, and no output.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "profile/document.h"

#define MAX_FILE_BYTES ((size_t)1 << 20) /* YAML_MAX_BYTES: the reader refuses more */
#define MAX_ARENA_BYTES ((size_t)16 << 20)

struct input {
	const char *path;
	char *data; /* owned */
	size_t len;
	struct arena arena;
	struct document document;
};

static int complain(const char *path, const char *what)
{
	(void)fprintf(stderr, "compile_profiles: %s: %s\n", path, what);
	return -EINVAL;
}

static int read_file(struct input *input)
{
	FILE *file = fopen(input->path, "rbe");

	if (!file)
		return complain(input->path, "cannot be opened");
	input->data = malloc(MAX_FILE_BYTES + 1);
	if (input->data)
		input->len = fread(input->data, 1, MAX_FILE_BYTES + 1, file);
	(void)fclose(file);
	return input->data && input->len ? 0 : complain(input->path, "cannot be read");
}

/* The file's name without directory and suffix is the profile's. */
static bool is_called(const struct input *input, const char *name)
{
	const char *slash = strrchr(input->path, '/');
	const char *file = slash ? slash + 1 : input->path;
	size_t len = strlen(name);

	return !strncmp(file, name, len) && !strcmp(file + len, ".yaml");
}

static int parse(struct input *input)
{
	struct croft_error err = { 0 };
	int r;

	arena_init(&input->arena, MAX_ARENA_BYTES);
	r = document_read(input->path, input->data, input->len, &input->arena, &input->document,
			  &err);
	if (r < 0) {
		(void)fprintf(stderr, "compile_profiles: %s%s%s%s\n", err.what,
			      err.hint[0] ? " (" : "", err.hint, err.hint[0] ? ")" : "");
		return r;
	}
	if (input->document.version != 2)
		return complain(input->path, "is not of version 2");
	if (input->document.n_profiles != 1 || !is_called(input, input->document.profiles[0].name))
		return complain(input->path, "has not one profile that is called as the file");
	return 0;
}

static bool is_built_in(const struct input *inputs, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(inputs[i].document.profiles[0].name, name))
			return true;
	return false;
}

static int check_extends(const struct input *inputs, size_t n, const struct input *input)
{
	const struct document_profile *profile = &input->document.profiles[0];

	for (size_t i = 0; i < profile->n_entries; i++)
		if (profile->entries[i].key == KEY_EXTENDS &&
		    (!strcmp(profile->entries[i].value, profile->name) ||
		     !is_built_in(inputs, n, profile->entries[i].value)))
			return complain(input->path, "extends what is no other built-in profile");
	return 0;
}

/* In a string of C; octal, as three digits end by themselves. */
static void write_text(FILE *out, const char *text)
{
	if (!text) {
		(void)fputs("NULL", out);
		return;
	}
	(void)fputc('"', out);
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (*p < ' ' || *p > '~' || *p == '"' || *p == '\\' || *p == '?')
			(void)fprintf(out, "\\%03o", *p);
		else
			(void)fputc(*p, out);
	(void)fputc('"', out);
}

/* "files.read" as KEY_FILES_READ. */
static void write_key(FILE *out, enum schema_id key)
{
	(void)fputs("KEY_", out);
	for (const char *p = schema_keys[key].path; *p; p++)
		(void)fputc(*p == '.' ? '_' : *p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p, out);
}

static void write_document(FILE *out, const struct document *document, size_t number)
{
	const struct document_profile *profile = &document->profiles[0];

	if (profile->n_entries)
		(void)fprintf(out, "static const struct entry entries_%zu[] = {\n", number);
	for (size_t i = 0; i < profile->n_entries; i++) {
		const struct entry *entry = &profile->entries[i];

		(void)fputs("\t{ ", out);
		write_key(out, entry->key);
		(void)fputs(", ", out);
		write_text(out, entry->name);
		(void)fputs(", ", out);
		write_text(out, entry->value);
		(void)fprintf(out, ", 0x%llx, %u, %u },\n", (unsigned long long)entry->rights,
			      entry->line, entry->column);
	}
	if (profile->n_entries)
		(void)fputs("};\n", out);
	(void)fprintf(out, "static const struct document_profile profile_%zu = { ", number);
	write_text(out, profile->name);
	(void)fprintf(out, ", %u, %u, ", profile->line, profile->column);
	if (profile->n_entries)
		(void)fprintf(out, "entries_%zu", number);
	else
		(void)fputs("NULL", out);
	(void)fprintf(out, ", %zu };\n", profile->n_entries);
	(void)fprintf(out, "static const struct document document_%zu = { \"built-in ", number);
	(void)fprintf(out, "%s\", %u, &profile_%zu, 1 };\n\n", profile->name, document->version,
		      number);
}

static int write_all(const char *path, const struct input *inputs, size_t n)
{
	FILE *out = fopen(path, "wbe");
	bool is_bad;

	if (!out)
		return complain(path, "cannot be opened");
	(void)fputs("/* Made by tools/compile_profiles.c from profiles/. */\n"
		    "#include \"profile/store.h\"\n\n",
		    out);
	for (size_t i = 0; i < n; i++)
		write_document(out, &inputs[i].document, i);
	(void)fputs("const struct document *const builtin_documents[] = {\n", out);
	for (size_t i = 0; i < n; i++)
		(void)fprintf(out, "\t&document_%zu,\n", i);
	(void)fprintf(out, "};\nconst size_t n_builtin_documents = %zu;\n", n);
	is_bad = ferror(out) != 0;
	is_bad |= fclose(out) != 0;
	if (is_bad) {
		(void)remove(path);
		return complain(path, "cannot be written");
	}
	return 0;
}

static int compare_inputs(const void *a, const void *b)
{
	const struct input *x = a, *y = b;

	return strcmp(x->document.profiles[0].name, y->document.profiles[0].name);
}

static int compile(const char *out, struct input *inputs, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		r = read_file(&inputs[i]);
		if (r == 0)
			r = parse(&inputs[i]);
	}
	for (size_t i = 0; i < n && r == 0; i++)
		r = check_extends(inputs, n, &inputs[i]);
	if (r < 0)
		return r;
	qsort(inputs, n, sizeof(*inputs), compare_inputs);
	return write_all(out, inputs, n);
}

int main(int argc, char *argv[])
{
	size_t n = argc > 2 ? (size_t)argc - 2 : 0;
	struct input *inputs = n ? calloc(n, sizeof(*inputs)) : NULL;
	int r;

	if (!inputs) {
		(void)fputs("usage: compile_profiles OUT.c FILE.yaml...\n", stderr);
		return 1;
	}
	for (size_t i = 0; i < n; i++)
		inputs[i].path = argv[i + 2];
	r = compile(argv[1], inputs, n);
	for (size_t i = 0; i < n; i++) {
		arena_done(&inputs[i].arena);
		free(inputs[i].data);
	}
	free(inputs);
	return r < 0;
}
