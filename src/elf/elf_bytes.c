/* SPDX-License-Identifier: MIT */
/*
 * elf_bytes.c - the bytes of an ELF file, a window at a time.
 *
 * Nothing else of the reader calls pread, and nothing here trusts a number of the file.
 * Three windows of one page: the file's start, which holds the headers, the interpreter's
 * name and the notes of nearly every file; one that is moved to whatever structure is
 * asked for; and one for names, which are asked for in between. Two or three calls read
 * a usual library. A file that is shorter than its size said
 * is one that is being changed: an error, as is everything that lies outside.
 *
 * Addresses become offsets by the program headers alone: loaders know nothing else,
 * and stripped files have no section headers.
 */
#include <errno.h>
#include <string.h>

#include "elf/elf_parts.h"
#include "sys/calls.h"

int elf_bad(struct elf_reader *reader, const char *why)
{
	reader->why = why;
	return -EBADMSG;
}

int elf_too_big(struct elf_reader *reader, const char *why)
{
	reader->why = why;
	return -EFBIG;
}

/* Copied out: nothing in the file need be aligned. */
uint64_t elf_number(const struct elf_reader *reader, const uint8_t *at, size_t size)
{
	uint16_t half;
	uint32_t word;
	uint64_t wide;

	switch (size) {
	case sizeof(half):
		memcpy(&half, at, sizeof(half));
		return reader->is_swapped ? __builtin_bswap16(half) : half;
	case sizeof(word):
		memcpy(&word, at, sizeof(word));
		return reader->is_swapped ? __builtin_bswap32(word) : word;
	case sizeof(wide):
		memcpy(&wide, at, sizeof(wide));
		return reader->is_swapped ? __builtin_bswap64(wide) : wide;
	default:
		return *at;
	}
}

/* Fills the window from `offset` on, which lies in the file; fewer bytes if that got shorter. */
static int load(struct elf_reader *reader, struct elf_window *window, uint64_t offset)
{
	uint64_t left = reader->size - offset;
	size_t wanted = left < ELF_WINDOW ? (size_t)left : ELF_WINDOW;

	window->start = offset;
	window->len = 0;
	while (window->len < wanted) {
		ssize_t n = sys_pread(reader->fd, window->data + window->len, wanted - window->len,
				      offset + window->len);

		if (n == -EINTR)
			continue;
		if (n < 0) {
			reader->why = "it cannot be read";
			return (int)n;
		}
		if (n == 0)
			break;
		window->len += (size_t)n;
	}
	return 0;
}

int elf_load_head(struct elf_reader *reader)
{
	return load(reader, &reader->head, 0);
}

/* How many bytes from `offset` on the window holds. */
static size_t held(const struct elf_window *window, uint64_t offset)
{
	if (offset < window->start || offset - window->start >= window->len)
		return 0;
	return window->len - (size_t)(offset - window->start);
}

/* Moves the window to `offset`; it must hold `len` bytes then. */
static int move(struct elf_reader *reader, struct elf_window *window, uint64_t offset, size_t len)
{
	int r = load(reader, window, offset);

	if (r == 0 && window->len < len)
		r = elf_bad(reader, "it became shorter while it was read");
	return r;
}

/* The sum offset + len is never made: it could wrap. */
int elf_view(struct elf_reader *reader, uint64_t offset, size_t len, const char *why,
	     const uint8_t **ret_at)
{
	const struct elf_window *window = &reader->head;
	int r;

	if (offset > reader->size || len > reader->size - offset)
		return elf_bad(reader, why);
	if (held(window, offset) < len)
		window = &reader->other;
	if (held(window, offset) < len) {
		r = move(reader, &reader->other, offset, len);
		if (r != 0)
			return r;
	}
	*ret_at = window->data + (offset - window->start);
	return 0;
}

int elf_locate(struct elf_reader *reader, uint64_t address, const char *why, uint64_t *ret_offset,
	       uint64_t *ret_left, bool *ret_has_zeros)
{
	/* The last one: where segments overlap, it is mapped over those before. */
	for (size_t i = reader->n_loads; i-- > 0;) {
		const struct elf_segment *load = &reader->loads[i];
		uint64_t in = address - load->address;

		if (address < load->address || in >= load->file_size)
			continue;
		if (in >= load->left)
			return elf_bad(reader, "it is cut off: a part lies behind its end");
		*ret_offset = load->offset + in;
		*ret_left = load->left - in;
		*ret_has_zeros = load->memory_size > load->file_size;
		return 0;
	}
	return elf_bad(reader, why);
}

/* The string's bytes within `left` of the table, as far as one of the windows holds them. */
static const uint8_t *find_string(const struct elf_reader *reader, uint64_t offset, uint64_t left,
				  size_t *ret_len)
{
	const struct elf_window *windows[] = { &reader->head, &reader->names };

	for (size_t i = 0; i < 2; i++) {
		size_t len = held(windows[i], offset);
		const uint8_t *at, *end;

		if (len == 0)
			continue;
		at = windows[i]->data + (offset - windows[i]->start);
		end = memchr(at, '\0', len < left ? len : (size_t)left);
		if (end) {
			*ret_len = (size_t)(end - at);
			return at;
		}
	}
	return NULL;
}

/*
 * Looked for in the windows first: linkers put names that are added together beside each other, so
 * one read often brings all. A name that a window cuts is read again from its start.
 */
int elf_string(struct elf_reader *reader, uint64_t index, const char **ret_text)
{
	uint64_t offset = reader->strings + index, left;
	const uint8_t *at;
	size_t len;
	int r;

	if (index >= reader->strings_size)
		return elf_bad(reader, "a name lies outside of its string table");
	left = reader->strings_size - index;
	at = find_string(reader, offset, left, &len);
	if (!at) {
		r = move(reader, &reader->names, offset, 1);
		if (r != 0)
			return r;
		at = find_string(reader, offset, left, &len);
	}
	if (!at && left > ELF_WINDOW && reader->names.len == ELF_WINDOW)
		return elf_too_big(reader, "a name in it is longer than 4095 bytes");
	if (!at)
		return elf_bad(reader, "a name has no end in its string table");
	*ret_text = arena_strndup(reader->arena, (const char *)at, len);
	return *ret_text ? 0 : -ENOMEM;
}
