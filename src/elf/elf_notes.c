/* SPDX-License-Identifier: MIT */
/*
 * elf_notes.c - the two notes of an ELF file that decide whether it starts.
 *
 *   NT_GNU_ABI_TAG           the oldest kernel; glibc before 2.36 refuses libraries by it
 *   NT_GNU_PROPERTY_TYPE_0   the level of x86-64 that the code was built for; glibc
 *                            since 2.33 refuses program and libraries by it
 *
 * A note is a header of three words (sizes of name and content, type), the name and the
 * content, each padded to the segment's alignment. Kernel and loaders skip what is not well formed
 * or not there, so that is no error here either.
 * Source: gABI chapter 5 "Note Section"; the LSB's "ABI note tag"; the x86-64 psABI's and the
 * "Linux Extensions to gABI" on program properties.
 */
#include <string.h>

#include "elf/elf_parts.h"

#define NOTE_HEADER 12U
#define NOTE_NAME "GNU" /* with its NUL four bytes */
#define NOTE_ABI_TAG 1U
#define NOTE_PROPERTY 5U
#define ABI_TAG_SIZE 16U
#define PROPERTY_HEADER 8U
#define PROPERTY_X86_ISA_1_NEEDED 0xc0008002U /* binutils 2.36; before it had another number */

static const char outside[] = "its notes lie outside of the file";

struct note {
	uint32_t type;
	uint64_t content, content_size;
};

static uint64_t align_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) / align * align;
}

static int read_abi_tag(struct elf_reader *reader, const struct note *note)
{
	struct elf *elf = reader->elf;
	const uint8_t *at;
	int r;

	if (note->content_size != ABI_TAG_SIZE)
		return 0;
	r = elf_view(reader, note->content, ABI_TAG_SIZE, outside, &at);
	if (r != 0)
		return r;
	elf->has_abi_tag = true;
	elf->abi_os = (uint32_t)elf_number(reader, at, 4);
	for (size_t i = 0; i < 3; i++)
		elf->abi_version[i] = (uint32_t)elf_number(reader, at + 4 * (i + 1), 4);
	return 0;
}

/* Properties are sorted by type; each is padded to the size of an address. */
static int read_properties(struct elf_reader *reader, const struct note *note)
{
	uint64_t align = reader->is_64 ? 8 : 4;
	uint64_t at = 0, size = note->content_size;
	const uint8_t *header;
	int r;

	while (at < size && size - at >= PROPERTY_HEADER) {
		uint32_t type, data_size;

		r = elf_view(reader, note->content + at, PROPERTY_HEADER, outside, &header);
		if (r != 0)
			return r;
		type = (uint32_t)elf_number(reader, header, 4);
		data_size = (uint32_t)elf_number(reader, header + 4, 4);
		at += PROPERTY_HEADER;
		if (data_size > size - at)
			return 0;
		if (type == PROPERTY_X86_ISA_1_NEEDED && data_size == 4) {
			r = elf_view(reader, note->content + at, 4, outside, &header);
			if (r != 0)
				return r;
			reader->elf->isa_needed = (uint32_t)elf_number(reader, header, 4);
			return 0;
		}
		at += align_up(data_size, align);
	}
	return 0;
}

static int read_note(struct elf_reader *reader, const struct note *note, uint64_t align)
{
	uint16_t machine = reader->elf->machine;

	if (note->type == NOTE_ABI_TAG)
		return read_abi_tag(reader, note);
	/* As glibc: properties are looked for only where the alignment is an address's. */
	if (note->type == NOTE_PROPERTY && align == (reader->is_64 ? 8U : 4U) &&
	    (machine == EM_X86_64 || machine == EM_386))
		return read_properties(reader, note);
	return 0;
}

/*
 * What lies behind the file's end or the limit is passed over. The sizes in a header are 32 bits
 * wide and added up in 64: nothing wraps.
 */
int elf_read_notes(struct elf_reader *reader, uint64_t offset, uint64_t size, uint64_t align)
{
	uint64_t at = 0;
	const uint8_t *header;
	int r = 0;

	if (offset > reader->size)
		return 0;
	if (size > reader->size - offset)
		size = reader->size - offset;
	if (size > ELF_MAX_NOTES)
		size = ELF_MAX_NOTES;
	align = align == 8 ? 8 : 4;
	while (r == 0 && at < size && size - at >= NOTE_HEADER + sizeof(NOTE_NAME)) {
		struct note note;
		uint64_t name_size;
		bool is_gnu;

		r = elf_view(reader, offset + at, NOTE_HEADER + sizeof(NOTE_NAME), outside,
			     &header);
		if (r != 0)
			return r;
		name_size = elf_number(reader, header, 4);
		is_gnu = name_size == sizeof(NOTE_NAME) &&
			 !memcmp(header + NOTE_HEADER, NOTE_NAME, sizeof(NOTE_NAME));
		note = (struct note){ .type = (uint32_t)elf_number(reader, header + 8, 4),
				      .content_size = elf_number(reader, header + 4, 4) };
		at += align_up(NOTE_HEADER + name_size, align);
		if (at > size || note.content_size > size - at)
			return 0;
		note.content = offset + at;
		at += align_up(note.content_size, align);
		if (is_gnu)
			r = read_note(reader, &note, align);
	}
	return r;
}
