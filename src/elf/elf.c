/* SPDX-License-Identifier: MIT */
/*
 * elf.c - what the kernel and a dynamic loader read of one ELF file.
 *
 *   header ─► program headers ─┬─► PT_INTERP    by its offset, as the kernel reads it
 *                              ├─► notes        (elf_notes.c)
 *                              ├─► PT_LOAD      what is loaded where
 *                              └─► PT_DYNAMIC   by its address, as loaders read it
 *                                     └─► names by their place in DT_STRTAB; versions
 *
 * Where kernel and loaders are strict, so is this; what they do not look at (section headers,
 * DT_VERNEEDNUM, the size of PT_DYNAMIC) is not looked at here either, so that no file that runs
 * is called corrupt, and none is understood otherwise than by its loader. Two exceptions: segments
 * behind the end of the file, which they leave to a signal, are refused; and class and byte order
 * are believed, of which the kernel only looks at the machine.
 *
 * Every number is the file's and may lie; elf_bytes.c checks it before a byte is read.
 * Work is bounded by the limits in elf.h: each loop counts what it makes.
 * Source: gABI chapters 4 and 5; fs/binfmt_elf.c; glibc's elf/dl-load.c and
 * elf/get-dynamic-info.h; musl's ldso/dynlink.c.
 */
#include "elf/elf.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "elf/elf_parts.h"

#define PAGE \
	4096U /* the smallest page of any machine: what the last one holds behind the end is 0 */
#define ADDRESSES_32 (1ULL << 32) /* of a program, at most */
#define ADDRESSES_64 (1ULL << 56) /* x86_64 with five levels of page tables has the most (4.14) */
#define INTERP_MIN 2U /* fs/binfmt_elf.c: a character and the NUL */

#ifndef PT_GNU_PROPERTY
#define PT_GNU_PROPERTY 0x6474e553U
#endif
#ifndef DF_1_PIE
#define DF_1_PIE 0x08000000U
#endif

struct segment {
	uint32_t type, flags;
	uint64_t offset, address, file_size, memory_size, align;
};

/* The entries of the dynamic section that matter, beside DT_NEEDED. */
enum entry {
	ENTRY_STRTAB,
	ENTRY_STRSZ,
	ENTRY_SONAME,
	ENTRY_RPATH,
	ENTRY_RUNPATH,
	ENTRY_FLAGS_1,
	ENTRY_VERNEED,
	ENTRY_VERDEF,
	ENTRY_MAX
};

static const uint32_t entry_tags[] = {
	[ENTRY_STRTAB] = DT_STRTAB,   [ENTRY_STRSZ] = DT_STRSZ,     [ENTRY_SONAME] = DT_SONAME,
	[ENTRY_RPATH] = DT_RPATH,     [ENTRY_RUNPATH] = DT_RUNPATH, [ENTRY_FLAGS_1] = DT_FLAGS_1,
	[ENTRY_VERNEED] = DT_VERNEED, [ENTRY_VERDEF] = DT_VERDEF,
};
_Static_assert(ARRAY_SIZE(entry_tags) == ENTRY_MAX, "one tag for each entry");

struct dynamic {
	uint64_t values[ENTRY_MAX];
	bool has[ENTRY_MAX];
	uint64_t *needed; /* places in the string table */
	size_t n_needed, needed_capacity;
};

/*
 * What is known is noted at once, and the length checked member by member: a file that is cut
 * off in its header can still be told to be of another machine.
 */
static int read_header(struct elf_reader *reader)
{
	const struct elf_window *head = &reader->head;
	const uint8_t *at = head->data;
	struct elf *elf = reader->elf;

	if (head->len < SELFMAG || memcmp(at, ELFMAG, SELFMAG) != 0) {
		reader->why = "it is no ELF file";
		return -ENOEXEC;
	}
	if (head->len < EI_NIDENT)
		return elf_bad(reader, "its header is cut off");
	if (at[EI_CLASS] != ELFCLASS32 && at[EI_CLASS] != ELFCLASS64)
		return elf_bad(reader, "its class is neither 32-bit nor 64-bit");
	elf->class = at[EI_CLASS];
	reader->is_64 = at[EI_CLASS] == ELFCLASS64;
	if (at[EI_DATA] != ELFDATA2LSB && at[EI_DATA] != ELFDATA2MSB)
		return elf_bad(reader, "its byte order is unknown");
	elf->is_big_endian = at[EI_DATA] == ELFDATA2MSB;
	reader->is_swapped = elf->is_big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	elf->osabi = at[EI_OSABI];
	if (head->len < EI_NIDENT + 4)
		return elf_bad(reader, "its header is cut off");
	elf->type = (uint16_t)ELF_FIELD(reader, at, Ehdr, e_type);
	elf->machine = (uint16_t)ELF_FIELD(reader, at, Ehdr, e_machine);
	if (head->len < ELF_SIZE(reader, Ehdr))
		return elf_bad(reader, "its header is cut off");
	elf->flags = (uint32_t)ELF_FIELD(reader, at, Ehdr, e_flags);
	return 0;
}

/*
 * What the kernel and glibc demand of a PT_LOAD. Alignment is left to the caller, who knows the
 * page size that counts: load_align, load_skew.
 */
static int add_load(struct elf_reader *reader, const struct segment *segment)
{
	uint64_t end, left, offset = segment->offset;

	if (segment->file_size > segment->memory_size)
		return elf_bad(reader, "a segment is larger in the file than in memory");
	if (__builtin_add_overflow(segment->address, segment->memory_size, &end) ||
	    end > (reader->is_64 ? ADDRESSES_64 : ADDRESSES_32))
		return elf_bad(reader, "a segment lies beyond all addresses");
	if (__builtin_add_overflow(offset, segment->file_size, &end))
		return elf_bad(reader, "a segment lies beyond all files");
	/* Up to the last page's end zeros are mapped; behind it every access is a SIGBUS. */
	if (segment->file_size > 0 && (end - 1) / PAGE > (reader->size - 1) / PAGE)
		return elf_bad(reader, "it is cut off: a segment lies behind its end");
	if (segment->align > reader->elf->load_align)
		reader->elf->load_align = segment->align;
	reader->elf->load_skew |= segment->address ^ offset;
	if (__builtin_add_overflow(reader->elf->load_size, segment->memory_size,
				   &reader->elf->load_size))
		reader->elf->load_size = UINT64_MAX;
	left = offset < reader->size ? reader->size - offset : 0;
	reader->loads[reader->n_loads++] = (struct elf_segment){
		.address = segment->address,
		.offset = offset,
		.file_size = segment->file_size,
		.memory_size = segment->memory_size,
		.left = left < segment->file_size ? left : segment->file_size,
	};
	return 0;
}

/* Linux takes the first one, to its first NUL. */
static int read_interp(struct elf_reader *reader, const struct segment *segment)
{
	static const char outside[] = "its interpreter's name lies outside of the file";
	const uint8_t *at;
	int r;

	if (reader->elf->n_interp++ > 0)
		return 0;
	if (segment->file_size < INTERP_MIN)
		return elf_bad(reader, "its interpreter's name is empty");
	if (segment->file_size > ELF_MAX_STRING)
		return elf_bad(reader, "its interpreter's name is longer than 4095 bytes");
	r = elf_view(reader, segment->offset, (size_t)segment->file_size, outside, &at);
	if (r != 0)
		return r;
	if (at[segment->file_size - 1] != '\0')
		return elf_bad(reader, "its interpreter's name has no end");
	reader->elf->interp = arena_strdup(reader->arena, (const char *)at);
	return reader->elf->interp ? 0 : -ENOMEM;
}

/* Each kind by itself, in the file's order; PT_DYNAMIC has to wait till all PT_LOADs are known. */
static int read_segment(struct elf_reader *reader, const struct segment *segment,
			struct segment *dynamic)
{
	switch (segment->type) {
	case PT_LOAD:
		return add_load(reader, segment);
	case PT_INTERP:
		return read_interp(reader, segment);
	case PT_NOTE:
	case PT_GNU_PROPERTY:
		return elf_read_notes(reader, segment->offset, segment->file_size, segment->align);
	case PT_GNU_STACK:
		reader->elf->has_exec_stack = segment->flags & PF_X;
		return 0;
	case PT_DYNAMIC:
		/* Files with debug information only have an empty one: glibc takes it for none. */
		if (segment->file_size > 0)
			*dynamic = *segment;
		return 0;
	default:
		return 0;
	}
}

/* All program headers; *ret_dynamic: the last PT_DYNAMIC, its file_size 0 if there is none. */
static int read_segments(struct elf_reader *reader, struct segment *ret_dynamic)
{
	static const char outside[] = "its program headers lie outside of the file";
	uint64_t start = ELF_FIELD(reader, reader->head.data, Ehdr, e_phoff);
	uint64_t n = ELF_FIELD(reader, reader->head.data, Ehdr, e_phnum);
	uint64_t size = ELF_FIELD(reader, reader->head.data, Ehdr, e_phentsize);

	if (n == 0)
		return elf_bad(reader, "it has no program headers");
	if (size != ELF_SIZE(reader, Phdr))
		return elf_bad(reader, "its program headers have a wrong size");
	if (n == PN_XNUM)
		return elf_bad(reader, "it counts its program headers as only core files do");
	if (n > ELF_MAX_PHDRS)
		return elf_too_big(reader, "it has more than 512 program headers");
	/* Before any is looked at, as the kernel reads them. */
	if (start > reader->size || n * size > reader->size - start)
		return elf_bad(reader, outside);
	for (uint64_t i = 0; i < n; i++) {
		struct segment segment;
		const uint8_t *at;
		int r = elf_view(reader, start + i * size, (size_t)size, outside, &at);

		if (r != 0)
			return r;
		segment = (struct segment){
			.type = (uint32_t)ELF_FIELD(reader, at, Phdr, p_type),
			.flags = (uint32_t)ELF_FIELD(reader, at, Phdr, p_flags),
			.offset = ELF_FIELD(reader, at, Phdr, p_offset),
			.address = ELF_FIELD(reader, at, Phdr, p_vaddr),
			.file_size = ELF_FIELD(reader, at, Phdr, p_filesz),
			.memory_size = ELF_FIELD(reader, at, Phdr, p_memsz),
			.align = ELF_FIELD(reader, at, Phdr, p_align),
		};
		r = read_segment(reader, &segment, ret_dynamic);
		if (r != 0)
			return r;
	}
	return reader->n_loads > 0 ? 0 : elf_bad(reader, "it has no segment to load");
}

/* Notes one entry. Only places are kept: the names are read when the string table is known. */
static int add_entry(struct elf_reader *reader, struct dynamic *dynamic, uint64_t tag,
		     uint64_t value)
{
	if (tag == DT_NEEDED) {
		if (dynamic->n_needed == ELF_MAX_NEEDED)
			return elf_too_big(reader, "it needs more than 4096 libraries");
		dynamic->needed = arena_grow(reader->arena, dynamic->needed, dynamic->n_needed,
					     &dynamic->needed_capacity, sizeof(*dynamic->needed));
		if (!dynamic->needed)
			return -ENOMEM;
		dynamic->needed[dynamic->n_needed++] = value;
	}
	/* Of several entries the last counts, as in both loaders. */
	for (size_t i = 0; i < ENTRY_MAX; i++) {
		if (tag == entry_tags[i]) {
			dynamic->values[i] = value;
			dynamic->has[i] = true;
		}
	}
	return 0;
}

/*
 * Loaders find the section by its address and go on to DT_NULL; p_offset and p_filesz are tools'
 * (readelf's). A file can so show one section to a tool and another to a loader.
 */
static int read_dynamic(struct elf_reader *reader, uint64_t address, struct dynamic *dynamic)
{
	size_t size = ELF_SIZE(reader, Dyn);
	uint64_t offset, left;
	bool has_zeros;
	int r = elf_locate(reader, address, "its dynamic section lies outside of its segments",
			   &offset, &left, &has_zeros);

	if (r != 0)
		return r;
	for (size_t n = 0; left >= size; n++, offset += size, left -= size) {
		const uint8_t *at;
		uint64_t tag;

		if (n == ELF_MAX_DYNAMIC)
			return elf_too_big(reader,
					   "its dynamic section has more than 65536 entries");
		r = elf_view(reader, offset, size, "its dynamic section lies outside of the file",
			     &at);
		if (r != 0)
			return r;
		tag = ELF_FIELD(reader, at, Dyn, d_tag);
		if (tag == DT_NULL)
			return 0;
		r = add_entry(reader, dynamic, tag, ELF_FIELD(reader, at, Dyn, d_un.d_val));
		if (r != 0)
			return r;
	}
	return has_zeros ? 0 : elf_bad(reader, "its dynamic section has no end");
}

/* The string table, cut at the end of its segment. */
static int find_strings(struct elf_reader *reader, const struct dynamic *dynamic)
{
	uint64_t left;
	bool has_zeros;
	int r;

	if (!dynamic->has[ENTRY_STRTAB])
		return 0;
	r = elf_locate(reader, dynamic->values[ENTRY_STRTAB],
		       "its string table lies outside of its segments", &reader->strings, &left,
		       &has_zeros);
	if (r != 0)
		return r;
	/* The gABI demands DT_STRSZ; neither loader looks at it. */
	if (dynamic->has[ENTRY_STRSZ] && dynamic->values[ENTRY_STRSZ] < left)
		left = dynamic->values[ENTRY_STRSZ];
	reader->strings_size = left;
	return 0;
}

/* The names that the entries stand for, each read once; the window moves with them. */
static int read_names(struct elf_reader *reader, const struct dynamic *dynamic)
{
	struct elf *elf = reader->elf;
	const struct {
		enum entry entry;
		const char **ret_text;
	} texts[] = {
		{ ENTRY_SONAME, &elf->soname },
		{ ENTRY_RPATH, &elf->rpath },
		{ ENTRY_RUNPATH, &elf->runpath },
	};
	int r = 0;

	elf->needed = arena_calloc(reader->arena, dynamic->n_needed, sizeof(*elf->needed));
	if (!elf->needed)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < dynamic->n_needed; i++)
		r = elf_string(reader, dynamic->needed[i], &elf->needed[i]);
	elf->n_needed = dynamic->n_needed;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(texts); i++)
		if (dynamic->has[texts[i].entry])
			r = elf_string(reader, dynamic->values[texts[i].entry], texts[i].ret_text);
	return r;
}

/*
 * Objects and core files end with the header: they have other tables, and nobody starts them. A
 * file without PT_DYNAMIC is a static program.
 */
static int read_file(struct elf_reader *reader, unsigned flags)
{
	struct elf *elf = reader->elf;
	struct segment segment = { 0 };
	struct dynamic dynamic = { 0 };
	int r = read_header(reader);

	if (r != 0 || (elf->type != ET_EXEC && elf->type != ET_DYN))
		return r;
	r = read_segments(reader, &segment);
	if (r != 0 || segment.file_size == 0)
		return r;
	r = read_dynamic(reader, segment.address, &dynamic);
	if (r == 0)
		r = find_strings(reader, &dynamic);
	if (r == 0)
		r = read_names(reader, &dynamic);
	elf->is_dynamic = true;
	elf->is_nodeflib = dynamic.values[ENTRY_FLAGS_1] & DF_1_NODEFLIB;
	elf->is_pie = dynamic.values[ENTRY_FLAGS_1] & DF_1_PIE;
	elf->has_verdefs = dynamic.has[ENTRY_VERDEF];
	if (r == 0 && (flags & ELF_VERSIONS) && dynamic.has[ENTRY_VERNEED])
		r = elf_read_verneeds(reader, dynamic.values[ENTRY_VERNEED]);
	if (r == 0 && (flags & ELF_VERSIONS) && dynamic.has[ENTRY_VERDEF])
		r = elf_read_verdefs(reader, dynamic.values[ENTRY_VERDEF]);
	return r;
}

int elf_read(int fd, uint64_t size, unsigned flags, struct arena *arena, struct elf *ret_elf,
	     const char **ret_why)
{
	struct elf_reader reader; /* not zeroed: its windows are three pages */
	int r;

	*ret_elf = (struct elf){ 0 };
	reader.fd = fd;
	reader.size = size;
	reader.is_64 = false;
	reader.is_swapped = false;
	reader.why = "out of memory";
	reader.arena = arena;
	reader.elf = ret_elf;
	reader.strings = 0;
	reader.strings_size = 0;
	reader.n_loads = 0;
	reader.other.start = 0;
	reader.other.len = 0;
	reader.names.start = 0;
	reader.names.len = 0;
	r = elf_load_head(&reader);
	if (r == 0)
		r = read_file(&reader, flags);
	if (r != 0) {
		*ret_elf = (struct elf){ .class = ret_elf->class,
					 .type = ret_elf->type,
					 .machine = ret_elf->machine };
		*ret_why = reader.why;
	}
	return r;
}
