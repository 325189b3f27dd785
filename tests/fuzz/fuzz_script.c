/* SPDX-License-Identifier: MIT */
/*
 * fuzz_script.c - the first bytes of a file that is to be executed: a "#!" line, env's argument, a
 * guess; and the text of a handler of binfmt_misc.
 *
 * Beside memory errors, it looks for a line that is read otherwise than by the second reader here,
 * which goes through the kernel's buffer a byte at a time; for words of env that do not come
 * from its argument; for a handler that does not take its own magic.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "elf/binfmt.h"
#include "elf/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The kernel's buffer: zeros behind the file's end. */
struct buffer {
	char bytes[SCRIPT_HEAD];
	size_t end; /* of the line, not counted itself */
	bool is_cut;
};

static void find_end(struct buffer *buffer)
{
	for (buffer->end = 2; buffer->end < SCRIPT_HEAD; buffer->end++) {
		char c = buffer->bytes[buffer->end];

		if (c == '\n') {
			while (buffer->end > 2 && is_blank(buffer->bytes[buffer->end - 1]))
				buffer->end--;
			return;
		}
		/* the last byte is never part of the line, whatever it is */
		if (c == '\0' && buffer->end < SCRIPT_HEAD - 1)
			return;
	}
	buffer->is_cut = true;
	buffer->end = SCRIPT_HEAD - 1;
}

/* One word from `at` on, or to the line's end; where it ends. */
static size_t take(const struct buffer *buffer, size_t at, bool is_word, char *ret_text)
{
	size_t len = 0;

	while (at < buffer->end && !(is_word && is_blank(buffer->bytes[at])))
		ret_text[len++] = buffer->bytes[at++];
	ret_text[len] = '\0';
	return at;
}

static enum script_kind read_line(struct buffer *buffer, char *ret_name, char *ret_argument)
{
	size_t at = 2, end;

	ret_name[0] = ret_argument[0] = '\0';
	if (buffer->bytes[0] != '#' || buffer->bytes[1] != '!')
		return SCRIPT_NONE;
	find_end(buffer);
	while (at < SCRIPT_HEAD && is_blank(buffer->bytes[at]))
		at++;
	if (at == SCRIPT_HEAD || at > buffer->end || !buffer->bytes[at] ||
	    (at == buffer->end && !buffer->is_cut))
		return SCRIPT_EMPTY;
	if (buffer->is_cut) {
		for (end = at; end < SCRIPT_HEAD; end++)
			if (is_blank(buffer->bytes[end]) || !buffer->bytes[end])
				break;
		if (end == SCRIPT_HEAD)
			return SCRIPT_TOO_LONG;
		while (is_blank(buffer->bytes[buffer->end - 1]))
			buffer->end--;
	}
	at = take(buffer, at, true, ret_name);
	while (at < buffer->end && is_blank(buffer->bytes[at]))
		at++;
	(void)take(buffer, at, false, ret_argument);
	return SCRIPT_OK;
}

static void fuzz_env(const char *argument)
{
	struct script_env env;

	script_parse_env(argument, &env);
	assert(memchr(env.program, '\0', sizeof(env.program)));
	assert(memchr(env.path, '\0', sizeof(env.path)));
	assert(strlen(env.program) <= strlen(argument));
	assert(!env.needs_split || strpbrk(argument, " \t"));
	assert(!env.needs_split || !env.is_unknown);
	if (env.is_unknown)
		return;
	/* without options and assignments it is one name */
	if (argument[0] != '-' && !strchr(argument, '='))
		assert(strcmp(env.program, argument) == 0 && !env.path[0]);
	if (argument[0] != '-' && strchr(argument, '='))
		assert(!env.program[0]);
}

static void fuzz_line(const char *head, size_t size)
{
	char name[SCRIPT_HEAD], argument[SCRIPT_HEAD];
	struct buffer buffer = { .end = 0 };
	struct script_line line;
	const char *guess = script_guess(head, size);
	size_t n = 0;

	memcpy(buffer.bytes, head, size < SCRIPT_HEAD ? size : SCRIPT_HEAD);
	script_parse(head, size, &line);
	assert(line.kind == read_line(&buffer, name, argument));
	assert(strcmp(line.interpreter, name) == 0);
	assert(strcmp(line.argument, argument) == 0);
	assert(!line.has_cr || strchr(*argument ? argument : name, '\r'));
	assert(!line.has_bom || line.kind == SCRIPT_NONE);
	if (line.kind == SCRIPT_OK) {
		assert(name[0] && !strpbrk(name, " \t\n"));
		fuzz_env(argument);
	}
	while (script_guesses[n] && strcmp(script_guesses[n], guess) != 0)
		n++;
	assert(script_guesses[n] || !*guess);
}

static void fuzz_handler(const char *text, size_t size)
{
	struct binfmt_handler handler;
	char head[BINFMT_HEAD] = { 0 };
	int r = binfmt_parse(text, &handler);

	assert(r == 0 || r == -EBADMSG);
	if (r < 0)
		return;
	assert(handler.interpreter[0]);
	assert((handler.len > 0) != (handler.extension[0] != '\0'));
	assert(handler.offset + handler.len <= BINFMT_HEAD);
	(void)binfmt_matches(&handler, text, size, text);
	memcpy(head + handler.offset, handler.magic, handler.len);
	if (handler.len > 0)
		assert(binfmt_matches(&handler, head, sizeof(head), ""));
	else
		assert(!binfmt_matches(&handler, head, sizeof(head), handler.extension) ||
		       strchr(handler.extension, '.'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	fuzz_env(text);
	fuzz_handler(text, size);
	/* without the NUL, so that reading one byte too far is seen */
	text = realloc(text, size ? size : 1);
	if (text)
		fuzz_line(text, size);
	free(text);
	return 0;
}
