/* SPDX-License-Identifier: MIT */
/*
 * elf_versions.c - which symbol versions a file needs, and which it defines.
 *
 *   DT_VERNEED ─► Verneed (file) ─► Verneed ─► ...        each has a chain of its own:
 *                    └─► Vernaux (version) ─► Vernaux ─► ...
 *
 * glibc follows the chains to the link that is zero and never looks at the counts beside
 * them (elf/dl-version.c), so the counts are not read here. A link is an unsigned
 * distance forward: a chain cannot come back, but links of a byte, and chains that share
 * their links, can be long. The number of versions ends them.
 * Source: LSB core, "Symbol Versioning"; glibc's elf/dl-version.c. The structures are the
 * same in both classes.
 */
#include <errno.h>

#include "elf/elf_parts.h"

static const char outside[] = "its symbol versions lie outside of its segments";

/* One chain's place: where it is in the file, and how many bytes of the segment are left. */
struct place {
	uint64_t offset, left;
};

/* Forward by a link. What is left only shrinks: no chain can leave its segment or come back. */
static int move(struct elf_reader *reader, struct place *place, uint64_t distance)
{
	if (distance > place->left)
		return elf_bad(reader, outside);
	place->offset += distance;
	place->left -= distance;
	return 0;
}

static int view(struct elf_reader *reader, const struct place *place, size_t size,
		const uint8_t **ret_at)
{
	if (size > place->left)
		return elf_bad(reader, outside);
	return elf_view(reader, place->offset, size, outside, ret_at);
}

static int start(struct elf_reader *reader, uint64_t address, struct place *ret_place)
{
	bool has_zeros;

	return elf_locate(reader, address, outside, &ret_place->offset, &ret_place->left,
			  &has_zeros);
}

/* Adds the versions that are needed of one file. */
static int read_vernauxs(struct elf_reader *reader, struct place place, const char *file,
			 size_t *capacity)
{
	struct elf *elf = reader->elf;
	uint64_t next;

	do {
		struct elf_verneed *need;
		uint64_t name;
		const uint8_t *at = NULL;
		int r = view(reader, &place, sizeof(Elf64_Vernaux), &at);

		if (r != 0)
			return r;
		if (elf->n_verneeds == ELF_MAX_VERSIONS)
			return elf_too_big(reader, "it needs more than 16384 symbol versions");
		elf->verneeds = arena_grow(reader->arena, elf->verneeds, elf->n_verneeds, capacity,
					   sizeof(*elf->verneeds));
		if (!elf->verneeds)
			return -ENOMEM;
		need = &elf->verneeds[elf->n_verneeds];
		need->file = file;
		need->is_weak = ELF_FIELD(reader, at, Vernaux, vna_flags) & VER_FLG_WEAK;
		name = ELF_FIELD(reader, at, Vernaux, vna_name);
		next = ELF_FIELD(reader, at, Vernaux, vna_next);
		r = elf_string(reader, name, &need->version);
		if (r == 0)
			r = move(reader, &place, next);
		if (r != 0)
			return r;
		elf->n_verneeds++;
	} while (next != 0);
	return 0;
}

/* Files may share versions: they are counted for each, so that the work stays bounded. */
int elf_read_verneeds(struct elf_reader *reader, uint64_t address)
{
	struct place place, aux;
	size_t capacity = 0;
	uint64_t next;
	int r = start(reader, address, &place);

	if (r != 0)
		return r;
	do {
		uint64_t name, distance;
		const char *file;
		const uint8_t *at = NULL;

		r = view(reader, &place, sizeof(Elf64_Verneed), &at);
		if (r != 0)
			return r;
		if (ELF_FIELD(reader, at, Verneed, vn_version) != VER_NEED_CURRENT)
			return elf_bad(reader, "its needed versions have an unknown format");
		name = ELF_FIELD(reader, at, Verneed, vn_file);
		distance = ELF_FIELD(reader, at, Verneed, vn_aux);
		next = ELF_FIELD(reader, at, Verneed, vn_next);
		aux = place;
		r = elf_string(reader, name, &file);
		if (r == 0)
			r = move(reader, &aux, distance);
		if (r == 0)
			r = read_vernauxs(reader, aux, file, &capacity);
		if (r == 0)
			r = move(reader, &place, next);
		if (r != 0)
			return r;
	} while (next != 0);
	return 0;
}

/* The version's name stands in the first Verdaux; others name the versions it follows. */
static int add_verdef(struct elf_reader *reader, struct place place, uint64_t distance,
		      size_t *capacity)
{
	struct elf *elf = reader->elf;
	const uint8_t *at = NULL;
	int r = move(reader, &place, distance);

	if (r == 0)
		r = view(reader, &place, sizeof(Elf64_Verdaux), &at);
	if (r != 0)
		return r;
	elf->verdefs = arena_grow(reader->arena, elf->verdefs, elf->n_verdefs, capacity,
				  sizeof(*elf->verdefs));
	if (!elf->verdefs)
		return -ENOMEM;
	r = elf_string(reader, ELF_FIELD(reader, at, Verdaux, vda_name),
		       &elf->verdefs[elf->n_verdefs]);
	if (r == 0)
		elf->n_verdefs++;
	return r;
}

/* Every definition counts against the limit, the base name too. */
int elf_read_verdefs(struct elf_reader *reader, uint64_t address)
{
	struct place place;
	size_t capacity = 0;
	uint64_t next;
	int r = start(reader, address, &place);

	if (r != 0)
		return r;
	for (size_t n = 0;; n++) {
		uint64_t flags, distance;
		const uint8_t *at = NULL;

		r = view(reader, &place, sizeof(Elf64_Verdef), &at);
		if (r != 0)
			return r;
		if (n == ELF_MAX_VERSIONS)
			return elf_too_big(reader, "it defines more than 16384 symbol versions");
		if (ELF_FIELD(reader, at, Verdef, vd_version) != VER_DEF_CURRENT)
			return elf_bad(reader, "its defined versions have an unknown format");
		flags = ELF_FIELD(reader, at, Verdef, vd_flags);
		distance = ELF_FIELD(reader, at, Verdef, vd_aux);
		next = ELF_FIELD(reader, at, Verdef, vd_next);
		if (!(flags & VER_FLG_BASE))
			r = add_verdef(reader, place, distance, &capacity);
		if (r != 0 || next == 0)
			return r;
		r = move(reader, &place, next);
		if (r != 0)
			return r;
	}
}
