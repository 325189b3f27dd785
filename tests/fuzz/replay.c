/* SPDX-License-Identifier: MIT */
/*
 * replay.c - main for a fuzz harness without libFuzzer: gives it every file of a
 * directory once, and the empty input. TAP, one test a file; an input that breaks
 * the harness ends the program, which the runner sees.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define INPUT_MAX (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int is_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Gives a copy of exactly that size, so that a sanitizer sees a read behind its end. */
static int give(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1);

	if (!exact)
		return -1;
	memcpy(exact, data, size);
	(void)LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return 0;
}

/* Gives one file to the harness: 0, or -1 when it cannot be read whole. */
static int replay(const char *directory, const char *name, uint8_t *data)
{
	char path[4096];
	size_t size;
	FILE *file;

	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
		return -1;
	file = fopen(path, "rb");
	if (!file)
		return -1;
	size = fread(data, 1, INPUT_MAX, file);
	if (ferror(file) || !feof(file)) {
		fclose(file);
		return -1;
	}
	fclose(file);
	return give(data, size);
}

int main(int argc, char **argv)
{
	struct dirent **entries = NULL;
	uint8_t *data = malloc(INPUT_MAX);
	int n = argc == 2 ? scandir(argv[1], &entries, is_file, alphasort) : -1;
	int failed = 0;

	if (n < 1 || !data) {
		fprintf(stderr, "usage: replay DIRECTORY   (with files in it)\n");
		return 2;
	}
	printf("1..%d\n", n + 1);
	for (int i = 0; i < n; i++) {
		int r = replay(argv[1], entries[i]->d_name, data);

		printf("%s %d - takes %s\n", r ? "not ok" : "ok", i + 1, entries[i]->d_name);
		fflush(stdout);
		failed += r != 0;
		free(entries[i]);
	}
	failed += give(data, 0) != 0;
	printf("ok %d - takes an empty input\n", n + 1);
	free(entries);
	free(data);
	return failed != 0;
}
