/* SPDX-License-Identifier: MIT */
/*
 * fuzz_text.c - any bytes on their way to a terminal, to a shell, into JSON; and as a number.
 *
 * Beside memory errors, it looks for output that would move a cursor or forge a line, for
 * a quoted name that a shell would read otherwise, for JSON that does not decode to what
 * went in, and for a number that is not the one that was written.
 */
#include <errno.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/json.h"
#include "base/names.h"
#include "base/num.h"
#include "base/text.h"

#include "check.h"

#define OUT_MAX (8U << 20)
#define YEAR_MS (365ULL * 24 * 60 * 60 * 1000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_utf8(const char *text)
{
	size_t len = strlen(text), n;
	bool is_valid = true;
	uint32_t c;

	for (size_t i = 0; i < len; i += n ? n : 1) {
		n = decode(text + i, len - i, &c);
		assert(text_utf8_len(text + i, len - i) == n);
		is_valid = is_valid && n > 0;
	}
	assert(text_is_utf8(text, len) == is_valid);
}

/* What sh(1) makes of one word: quotes taken off. False if it is not exactly one word. */
static bool unquote(const char *word, struct buf *ret_text)
{
	while (*word) {
		if (word[0] == '\'') {
			size_t len = strcspn(word + 1, "'");

			if (!word[1 + len])
				return false;
			buf_add(ret_text, word + 1, len);
			word += len + 2;
		} else if (word[0] == '\\' && word[1] == '\'') {
			buf_putc(ret_text, '\'');
			word += 2;
		} else {
			return false;
		}
	}
	return true;
}

static void fuzz_terminal(const char *text)
{
	AUTO_BUF struct buf escaped = BUF_INIT(OUT_MAX), quoted = BUF_INIT(OUT_MAX);
	AUTO_BUF struct buf again = BUF_INIT(OUT_MAX), unquoted = BUF_INIT(OUT_MAX);

	text_escape(&escaped, text);
	text_escape(&again, buf_text(&escaped));
	text_quote(&quoted, text);
	assert(buf_error(&escaped) == 0 && buf_error(&quoted) == 0);
	assert(escaped.len == strlen(buf_text(&escaped)) && escaped.len <= 4 * strlen(text));
	assert(is_printable(buf_text(&escaped), "") && is_printable(buf_text(&quoted), ""));
	assert(strcmp(buf_text(&again), buf_text(&escaped)) == 0);
	if (is_printable(text, ""))
		assert(strcmp(buf_text(&escaped), text) == 0);
	assert(unquote(buf_text(&quoted), &unquoted));
	assert(strcmp(buf_text(&unquoted), buf_text(&escaped)) == 0);
}

static unsigned hex4(const char *at)
{
	char digits[5] = { at[0], at[1], at[2], at[3], '\0' };

	return (unsigned)strtoul(digits, NULL, 16);
}

/* One character of a JSON string that is well formed; returns what is behind it. */
static const char *next_char(const char *at, uint32_t *ret_char)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";

	if (at[0] != '\\')
		return at + decode(at, strlen(at), ret_char);
	if (at[1] == 'u') {
		*ret_char = hex4(at + 2);
		return at + 6;
	}
	*ret_char = (unsigned char)values[strchr(names, at[1]) - names];
	return at + 2;
}

static void fuzz_json(const char *text)
{
	AUTO_BUF struct buf out = BUF_INIT(OUT_MAX);
	size_t len = strlen(text), n;
	struct json json;
	const char *at;

	json_init(&json, &out);
	json_array_begin(&json);
	json_string(&json, text);
	json_object_begin(&json);
	json_key(&json, text);
	json_string(&json, text);
	json_object_end(&json);
	json_array_end(&json);
	assert(buf_error(&out) == 0 && is_json(buf_text(&out)));
	at = buf_text(&out) + 2;
	for (size_t i = 0; i < len; i += n ? n : 1) {
		uint32_t wanted = 0xfffd, c = 0;

		n = decode(text + i, len - i, &wanted);
		at = next_char(at, &c);
		assert(c == wanted);
	}
	assert(*at == '"');
}

struct digits {
	uint64_t value;
	bool is_huge; /* more than a uint64_t holds */
	const char *end; /* what follows them */
};

static struct digits read_digits(const char *text)
{
	struct digits digits = { 0 };

	for (; is_digit(*text); text++) {
		uint64_t digit = (uint64_t)(*text - '0');

		digits.is_huge |= digits.value > (UINT64_MAX - digit) / 10;
		digits.value = digits.value * 10 + digit;
	}
	digits.end = text;
	return digits;
}

/* What num.h says about units; 0 for what is none. */
static uint64_t size_unit(const char *unit)
{
	static const char letters[] = "kKMGT";
	const char *letter = *unit ? strchr(letters, *unit) : NULL;
	unsigned power = !letter || *letter == 'k' ? 1 : (unsigned)(letter - letters);
	bool is_binary;
	uint64_t factor = 1;

	if (!*unit)
		return 1;
	is_binary = unit[0] != 'k' && (!unit[1] || !strcmp(unit + 1, "iB"));
	if (!letter || !(is_binary || (!strcmp(unit + 1, "B") && *unit != 'K')))
		return 0;
	while (power-- > 0)
		factor *= is_binary ? 1024 : 1000;
	return factor;
}

static uint64_t time_unit(const char *unit)
{
	return !*unit || !strcmp(unit, "s") ? 1000
	       : !strcmp(unit, "ms")        ? 1
	       : !strcmp(unit, "m")         ? 60000
	       : !strcmp(unit, "h")         ? 3600000
	       : !strcmp(unit, "d")         ? 86400000
					    : 0;
}

/* `r` and `value` came of a parser: they must be what the digits and the unit make. */
static void expect(int r, uint64_t value, struct digits digits, uint64_t factor, uint64_t max)
{
	if (factor == 0)
		assert(r == -EINVAL);
	else if (digits.is_huge || digits.value > max / factor)
		assert(r == -ERANGE);
	else
		assert(r == 0 && value == digits.value * factor);
}

static void fuzz_num(const char *text)
{
	struct digits digits = read_digits(text);
	bool is_number = digits.end != text, is_whole = is_number && !*digits.end;
	bool is_inside = !digits.is_huge && digits.value >= 3 && digits.value <= 300;
	uint64_t value = 0;
	int r;

	r = num_parse(text, 0, UINT64_MAX, &value);
	expect(r, value, digits, is_whole, UINT64_MAX);
	r = size_parse(text, &value);
	expect(r, value, digits, is_number ? size_unit(digits.end) : 0, UINT64_MAX);
	r = time_parse(text, &value);
	expect(r, value, digits, is_number ? time_unit(digits.end) : 0, YEAR_MS);
	r = num_parse(text, 3, 300, &value);
	assert((r == 0) == (is_whole && is_inside));
}

/* A buffer that is too small keeps what fitted, and says so ever after. */
static void fuzz_small(const char *text)
{
	struct croft_error err;
	size_t len = strlen(text);
	AUTO_BUF struct buf small = BUF_INIT(len / 2);

	buf_puts(&small, text);
	text_quote(&small, text);
	assert(buf_error(&small) == -EOVERFLOW && small.len <= small.max);
	buf_putc(&small, 'x');
	assert(buf_error(&small) == -EOVERFLOW && strlen(buf_text(&small)) == small.len);
	assert((fail)(&err, CROFT_STAGE_USAGE, ENOENT, "open '%s'", text) == -ENOENT);
	fail_hint(&err, "%s", text);
	assert(memchr(err.what, '\0', sizeof(err.what)) &&
	       memchr(err.hint, '\0', sizeof(err.hint)));
}

static void fuzz_names(const char *a, const char *b)
{
	const struct name table[] = { { "read", NULL }, { a, NULL }, { "write", NULL } };
	unsigned distance = names_distance(a, b, 3);
	const char *nearest = names_nearest(table, 3, b);
	int found = names_find(table, 3, b);

	assert(distance == names_distance(b, a, 3) && distance <= 4);
	if (strlen(a) <= 64 && strlen(b) <= 64)
		assert((distance == 0) == (strcmp(a, b) == 0));
	assert(found < 0 ? strcmp(a, b) != 0 : strcmp(table[found].name, b) == 0);
	if (nearest)
		assert(names_distance(nearest, b, 3) <= 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *newline;

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	fuzz_utf8(text);
	fuzz_terminal(text);
	fuzz_json(text);
	fuzz_num(text);
	fuzz_small(text);
	newline = strchr(text, '\n');
	if (newline) {
		*newline = '\0';
		fuzz_num(text);
		fuzz_num(newline + 1);
		fuzz_names(text, newline + 1);
	}
	free(text);
	return 0;
}
