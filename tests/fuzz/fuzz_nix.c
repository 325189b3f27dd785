/* SPDX-License-Identifier: MIT */
/*
 * fuzz_nix.c - nix.conf with what it includes, lines of remote builders, and what ssh says of them.
 *
 * An input is a text of files: a line "=NAME" begins the file /srv/nix/NAME, what comes before the
 * first is nix.conf itself; and the whole is read as builders, and as ssh's text, as well.
 *
 * Beside memory errors it looks for assignments that are not as Nix makes them (a key with white
 * space, a value with two spaces together), for lines that do not exist, for words that ssh could
 * take for an option, and for evidence of more than a line.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "doctor/nix_conf.h"
#include "nix/machines.h"
#include "nix/said.h"

#define FOLDER "/srv/nix/"
#define LOOKED_AT 50 /* lines: each is compared with all */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static long read_part(void *context, const char *path, char **ret_text)
{
	const char *text = context;

	if (strncmp(path, FOLDER, strlen(FOLDER)) != 0)
		return *path == '@' ? -EACCES : -ENOENT;
	path += strlen(FOLDER);
	while ((text = strstr(text, "\n="))) {
		size_t len = strcspn(text += 2, "\n");

		if (strlen(path) == len && !strncmp(text, path, len)) {
			const char *end = strstr(text, "\n=");

			*ret_text = strndup(text + len,
					    end ? (size_t)(end - text) - len : SIZE_MAX / 2);
			return *ret_text ? (long)strlen(*ret_text) : -ENOMEM;
		}
	}
	return -ENOENT;
}

static unsigned count_lines(const char *text, size_t size)
{
	unsigned n = 1;

	for (size_t i = 0; i < size; i++)
		n += text[i] == '\n';
	return n;
}

static void fuzz_conf(char *text, size_t size)
{
	struct nix_conf conf;

	nix_conf_init(&conf);
	if (nix_conf_parse(&conf, FOLDER "nix.conf", text, size, true, read_part, text) == 0) {
		for (size_t i = 0; i < conf.n_lines && i < LOOKED_AT; i++) {
			const struct nix_line *line = &conf.lines[i];
			const char *name = nix_key_true_name(line->key);

			assert(*line->key && !strpbrk(line->key, " \t\r\n#"));
			assert(!strpbrk(line->value, "\t\r\n#") && !strstr(line->value, "  "));
			assert(line->value[0] != ' ' && line->line >= 1);
			assert(line->line <= count_lines(text, size));
			if (name)
				assert(nix_conf_get(&conf, name, NULL, false).value);
			(void)nix_conf_overrides(&conf, line);
			(void)nix_key_nearest(line->key);
		}
		assert(conf.n_lines <= NIX_CONF_LINES_MAX && conf.n_files <= NIX_CONF_FILES_MAX);
	}
	nix_conf_done(&conf);
}

static void fuzz_machines(char *text)
{
	struct nix_machine *machines = NULL;
	struct arena arena;
	size_t n = 0;
	int r;

	arena_init(&arena, 8U << 20);
	r = machines_parse(&arena, text, read_part, text, &machines, &n);
	assert(r == 0 || r == -E2BIG || r == -ENOMEM);
	for (size_t i = 0; i < n; i++) {
		if (*machines[i].fault || !machines[i].is_ssh)
			continue;
		assert(*machines[i].host && machines[i].host[0] != '-' &&
		       machines[i].user[0] != '-');
		assert(!strpbrk(machines[i].host, " \t\r\n'\"$`;&|<>"));
		assert(!strpbrk(machines[i].user, " \t\r\n'\"$`;&|<>"));
		assert(strspn(machines[i].port, "0123456789") == strlen(machines[i].port));
	}
	arena_done(&arena);
}

static void fuzz_said(const char *text)
{
	static const int statuses[] = { 255, 127, 1, -ETIMEDOUT };

	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		struct ssh_said said;

		said_read(text, statuses[i], &said);
		assert(*said.step && !strpbrk(said.line, "\r\n") && !strpbrk(said.file, "\r\n"));
		assert(!strpbrk(said.name, " \t\r\n") && !strpbrk(said.fingerprint, " \t\r\n"));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), decoded[256];

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	fuzz_conf(text, size);
	fuzz_machines(text);
	fuzz_said(text);
	(void)base64_decode(text, decoded, sizeof(decoded));
	free(text);
	return 0;
}
