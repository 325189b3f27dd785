/* SPDX-License-Identifier: MIT */
/*
 * ldcache.c - reading ld.so.cache.
 *
 * The file, all numbers in the byte order of the machine that wrote it:
 *
 *   old   "ld.so-1.7.0", number of entries, entries of 12 bytes, texts (to glibc 2.1)
 *   new   "glibc-ld.so.cache1.1", a header of 48 bytes, entries of 24 bytes, texts, extensions
 *
 * ldconfig writes the new one alone since glibc 2.32; before, the old one came first and the
 * new one began where the old one's texts do. A loader that knows the new one looks at no other.
 * Offsets of texts count from the new header (the old format's: from the end of its entries),
 * those of extensions from the start of the file.
 *
 * An entry is a library's name, its path, flags for the kind of machine, and a word of hardware
 * capabilities. That word is zero; or bits of a scheme that glibc 2.37 gave up (directories like
 * tls, sse2, haswell); or, since 2.33, an index into the names of glibc-hwcaps directories with
 * the ISA level that the library itself needs.
 *
 * Entries are sorted, greatest name first, numbers in names compared as numbers. A file with
 * another order is searched from its start to its end. An offset that leads out of the file makes
 * its entry invisible, not the file invalid: so do loaders.
 */
#include "elf/ldcache.h"

#include <assert.h>
#include <elf.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

/* Sizes and offsets in bytes. */
struct format {
	const char *magic;
	size_t header, count; /* the header's size; where the number of entries stands in it */
	size_t entry;
};

static const struct format old_format = { "ld.so-1.7.0", 16, 12, 12 };
static const struct format new_format = { "glibc-ld.so.cache1.1", 48, 20, 24 };

#define NEW_FLAGS 28 /* offsets in the new header; zero before 2.33 */
#define NEW_EXTENSION 32
#define ENDIAN_MASK 3 /* of the byte at NEW_FLAGS */

enum { ENDIAN_UNSET, ENDIAN_INVALID, ENDIAN_LITTLE, ENDIAN_BIG };

#define EXTENSION_MAGIC 0xeaa42174U
#define EXTENSION_SECTION 16 /* tag, flags, offset, size */
#define EXTENSION_HWCAPS 1 /* the tag of the names of glibc-hwcaps directories */

#define HWCAP_TLS (1ULL << 63) /* directories named tls: every kernel since 2.6 supports them */
#define HWCAP_EXTENSION (1U << 30) /* in the upper half: the lower half is an index */
#define HWCAP_LEVEL_MASK 0x3ffU /* in the upper half: ISA level less one */

#define FLAG_ELF 0x0001U /* a library of an unknown C library, for machines without a kind */
#define FLAG_LIBC6 0x0003U

/* Names of bits in e_flags that C libraries' <elf.h> do not all have. */
#define ARM_FLOAT_SOFT 0x200U
#define ARM_FLOAT_HARD 0x400U
#define MIPS_ABI2 0x20U /* n32 */
#define MIPS_NAN2008 0x400U
#define RISCV_FLOAT_MASK 6U
#define RISCV_FLOAT_DOUBLE 4U
#define MACHINE_LOONGARCH 258 /* EM_LOONGARCH */
#define LOONGARCH_FLOAT_MASK 7U
#define LOONGARCH_FLOAT_DOUBLE 3U

struct entry {
	uint32_t flags;
	const char *name, *path; /* NULL: out of the file */
	uint64_t hwcap;
};

static uint32_t read32(const struct ldcache *cache, const char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return cache->is_swapped ? __builtin_bswap32(value) : value;
}

static uint64_t read64(const struct ldcache *cache, const char *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return cache->is_swapped ? __builtin_bswap64(value) : value;
}

/* A text at an offset from `base`, NULL unless it begins and ends inside the file. */
static const char *text_at(const struct ldcache *cache, size_t base, uint32_t offset)
{
	if (base > cache->strings_end || offset >= cache->strings_end - base)
		return NULL;
	return cache->data + base + offset;
}

static size_t count_entries(const struct ldcache *cache)
{
	return cache->entries ? cache->n_entries : cache->n_old_entries;
}

static struct entry read_entry(const struct ldcache *cache, size_t i)
{
	const char *at = cache->entries ? (const char *)cache->entries + i * new_format.entry
					: (const char *)cache->old_entries + i * old_format.entry;
	size_t base = cache->entries ? cache->strings : cache->old_strings;

	return (struct entry){
		.flags = read32(cache, at),
		.name = text_at(cache, base, read32(cache, at + 4)),
		.path = text_at(cache, base, read32(cache, at + 8)),
		.hwcap = cache->entries ? read64(cache, at + 16) : 0,
	};
}

/* Order */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t count_digits(const char *text)
{
	size_t n = 0;

	while (is_digit(text[n]))
		n++;
	return n;
}

/*
 * By value, whatever their length, and steps over both. Loaders take 32 bits and let the rest
 * wrap: a file that is sorted so is not sorted for us, and searched from start to end.
 */
static int compare_numbers(const char **a, const char **b)
{
	size_t a_len, b_len;
	int diff;

	while (**a == '0')
		(*a)++;
	while (**b == '0')
		(*b)++;
	a_len = count_digits(*a);
	b_len = count_digits(*b);
	diff = a_len == b_len ? memcmp(*a, *b, a_len) : a_len < b_len ? -1 : 1;
	*a += a_len;
	*b += b_len;
	return diff;
}

/* glibc's order: numbers by value and above all else. "x.01" and "x.1" are equal. */
static int compare_names(const char *a, const char *b)
{
	while (*a) {
		if (is_digit(*a) && is_digit(*b)) {
			int diff = compare_numbers(&a, &b);

			if (diff)
				return diff;
		} else if (is_digit(*a) || is_digit(*b)) {
			return is_digit(*a) ? 1 : -1;
		} else if (*a != *b) {
			return *a < *b ? -1 : 1;
		} else {
			a++;
			b++;
		}
	}
	return *b ? (*b > 0 ? -1 : 1) : 0;
}

static bool is_descending(const struct ldcache *cache)
{
	const char *before = NULL;

	for (size_t i = 0; i < count_entries(cache); i++) {
		struct entry entry = read_entry(cache, i);

		if (!entry.name || (before && compare_names(before, entry.name) < 0))
			return false;
		before = entry.name;
	}
	return true;
}

/* Reading */

/* Finds the array of names of glibc-hwcaps directories. What is wrong with it hides them all. */
static void read_extension(struct ldcache *cache, size_t header)
{
	size_t at = read32(cache, cache->data + header + NEW_EXTENSION), count;

	if (at == 0 || at % 4 || at > cache->size || cache->size - at < 8 ||
	    read32(cache, cache->data + at) != EXTENSION_MAGIC)
		return;
	count = read32(cache, cache->data + at + 4);
	at += 8;
	for (; count > 0 && cache->size - at >= EXTENSION_SECTION; count--) {
		const char *section = cache->data + at;
		size_t offset = read32(cache, section + 8), size = read32(cache, section + 12);

		at += EXTENSION_SECTION;
		if (read32(cache, section) != EXTENSION_HWCAPS)
			continue; /* who made the file (tag 0), or what is not known yet */
		if (offset % 4 || size % 4 || offset > cache->size || size > cache->size - offset)
			return;
		cache->hwcaps = (const void *)(cache->data + offset);
		cache->n_hwcaps = size / 4;
		return;
	}
}

/* The number of entries behind the header at `at`, if the file has room for so many. */
static bool read_count(const struct ldcache *cache, const struct format *format, size_t at,
		       size_t *ret_n)
{
	size_t n;

	if (at > cache->size || cache->size - at < format->header)
		return false;
	n = read32(cache, cache->data + at + format->count);
	if ((cache->size - at - format->header) / format->entry < n)
		return false;
	*ret_n = n;
	return true;
}

/* The other byte order is taken where only it makes sense of the number of entries. */
static bool guess_order(struct ldcache *cache, const struct format *format, size_t *ret_n)
{
	cache->is_swapped = false;
	if (read_count(cache, format, 0, ret_n))
		return true;
	cache->is_swapped = true;
	return read_count(cache, format, 0, ret_n);
}

static bool has_magic(const struct ldcache *cache, const struct format *format, size_t at)
{
	size_t len = strlen(format->magic);

	return at <= cache->size && cache->size - at >= len &&
	       memcmp(cache->data + at, format->magic, len) == 0;
}

/*
 * Which order of bytes: the new header says it since glibc 2.33, before that the number of entries
 * must tell. Behind the old format, whose numbers have told it already, both must agree.
 */
static bool find_order(struct ldcache *cache, size_t at, bool is_alone)
{
	const unsigned own = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ENDIAN_LITTLE : ENDIAN_BIG;
	unsigned order = (unsigned char)cache->data[at + NEW_FLAGS] & ENDIAN_MASK;
	size_t n;

	if (order == ENDIAN_UNSET)
		return !is_alone || guess_order(cache, &new_format, &n);
	if (is_alone)
		cache->is_swapped = order != own;
	return order != ENDIAN_INVALID && cache->is_swapped == (order != own);
}

static int read_new(struct ldcache *cache, size_t at, bool is_alone)
{
	size_t n;

	if (cache->size - at < new_format.header || !find_order(cache, at, is_alone) ||
	    !read_count(cache, &new_format, at, &n))
		return -EBADMSG;
	cache->entries = cache->data + at + new_format.header;
	cache->n_entries = n;
	cache->strings = at;
	read_extension(cache, at);
	return 0;
}

/* The new format is looked for behind the old one, where a struct with a uint64_t may begin. */
static int read_old(struct ldcache *cache)
{
	size_t n, end;

	if (!guess_order(cache, &old_format, &n))
		return -EBADMSG;
	end = old_format.header + n * old_format.entry;
	/* on 8 bytes; on 4 where i386 wrote it */
	if (has_magic(cache, &new_format, (end + 7) / 8 * 8))
		return read_new(cache, (end + 7) / 8 * 8, false);
	if (has_magic(cache, &new_format, end))
		return read_new(cache, end, false);
	cache->old_entries = cache->data + old_format.header;
	cache->n_old_entries = n;
	cache->old_strings = end;
	return 0;
}

int ldcache_parse(char *data, size_t size, struct ldcache *ret_cache)
{
	struct ldcache cache = { .data = data, .size = size };
	const char *last = memrchr(data, '\0', size);
	int r = -EBADMSG;

	/* the last NUL of the file ends all texts before it: one comparison checks an offset */
	cache.strings_end = last ? (size_t)(last - data) + 1 : 0;
	if (has_magic(&cache, &new_format, 0))
		r = read_new(&cache, 0, true);
	else if (has_magic(&cache, &old_format, 0))
		r = read_old(&cache);
	if (r < 0)
		return r;
	cache.is_sorted = is_descending(&cache);
	*ret_cache = cache;
	return 0;
}

int ldcache_load(const struct root *root, const char *path, struct ldcache *ret_cache)
{
	AUTO_FREE char *data = NULL;
	ssize_t n = root_read_file(root, path, LDCACHE_MAX_BYTES, &data);
	int r = n < 0 ? (int)n : ldcache_parse(data, (size_t)n, ret_cache);

	if (r == 0)
		data = NULL; /* the cache's now */
	return r;
}

void ldcache_done(struct ldcache *cache)
{
	free(cache->data);
	*cache = (struct ldcache){ 0 };
}

/* Looking up */

/* The bits that tell kinds of one machine apart; 0 for machines of one kind. */
static uint32_t machine_bits(const struct ldcache_target *target)
{
	bool is_64 = target->class == ELFCLASS64;
	bool is_nan2008 = target->elf_flags & MIPS_NAN2008;

	switch (target->machine) {
	case EM_SPARCV9:
		return is_64 ? 0x0100 : 0;
	case EM_IA_64:
		return is_64 ? 0x0200 : 0;
	case EM_X86_64:
		return is_64 ? 0x0300 : 0x0800; /* x32 */
	case EM_S390:
		return is_64 ? 0x0400 : 0;
	case EM_PPC64:
		return is_64 ? 0x0500 : 0;
	case EM_MIPS:
		if (is_64)
			return is_nan2008 ? 0x0e00 : 0x0700;
		if (target->elf_flags & MIPS_ABI2)
			return is_nan2008 ? 0x0d00 : 0x0600;
		return is_nan2008 ? 0x0c00 : 0;
	case EM_ARM:
		if (target->elf_flags & ARM_FLOAT_HARD)
			return 0x0900;
		return target->elf_flags & ARM_FLOAT_SOFT ? 0x0b00 : 0;
	case EM_AARCH64:
		return is_64 ? 0x0a00 : 0;
	case EM_RISCV:
		return (target->elf_flags & RISCV_FLOAT_MASK) == RISCV_FLOAT_DOUBLE ? 0x1000
										    : 0x0f00;
	case MACHINE_LOONGARCH:
		return (target->elf_flags & LOONGARCH_FLOAT_MASK) == LOONGARCH_FLOAT_DOUBLE
			       ? 0x1200
			       : 0x1100;
	default:
		return 0;
	}
}

/* As the loaders of glibc judge an entry's flags. */
static bool is_for(uint32_t flags, const struct ldcache_target *target)
{
	uint32_t bits = machine_bits(target);

	if (flags == (bits | FLAG_LIBC6))
		return true;
	/* libraries of arm that do not say how they pass floats suit both kinds of program */
	if (target->machine == EM_ARM)
		return flags == FLAG_LIBC6;
	return bits == 0 && flags == FLAG_ELF;
}

/* "x86-64-v3": 3; 0 for names of other machines and what this CPU cannot run. */
static unsigned hwcaps_level(const struct ldcache *cache, uint32_t index, unsigned cpu_level)
{
	static const char prefix[] = "x86-64-v";
	const char *name;
	unsigned level;

	if (index >= cache->n_hwcaps)
		return 0;
	name = text_at(cache, 0, read32(cache, (const char *)cache->hwcaps + (size_t)index * 4));
	if (!name || strncmp(name, prefix, sizeof(prefix) - 1) != 0)
		return 0;
	name += sizeof(prefix) - 1;
	if (name[0] < '2' || name[0] > '4' || name[1])
		return 0;
	level = (unsigned)(name[0] - '0');
	return level <= cpu_level ? level : 0;
}

/* How good an entry is: 0 not usable, 1 plain, 2 to 4 by glibc-hwcaps directory. */
static unsigned rank_entry(const struct ldcache *cache, const struct entry *entry,
			   const struct ldcache_target *target)
{
	uint32_t high = (uint32_t)(entry->hwcap >> 32);

	if (!entry->path || !is_for(entry->flags, target))
		return 0;
	/* a library may need more than its directory's name promises: then loaders pass it by */
	if ((high & ~HWCAP_LEVEL_MASK) == HWCAP_EXTENSION) {
		if ((high & HWCAP_LEVEL_MASK) >= target->cpu_level)
			return 0;
		return hwcaps_level(cache, (uint32_t)entry->hwcap, target->cpu_level);
	}
	/* platform and instruction bits mean another thing on each machine and version */
	return entry->hwcap & ~HWCAP_TLS ? 0 : 1;
}

/*
 * The first entry whose name is not greater than `name`. glibc stops at any entry of that name and
 * goes back from there (search_cache); to start at the first one is the same.
 */
static size_t find_first(const struct ldcache *cache, const char *name)
{
	size_t low = 0, high = count_entries(cache);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct entry entry = read_entry(cache, middle);

		assert(entry.name); /* else the file would not count as sorted */
		if (compare_names(name, entry.name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * ldconfig writes entries of glibc-hwcaps directories before plain ones, and the greater flags
 * first, so that the first of the best is what loaders take.
 */
const char *ldcache_find(const struct ldcache *cache, const char *name,
			 const struct ldcache_target *target)
{
	const char *best = NULL;
	unsigned best_rank = 0;
	size_t n = count_entries(cache);

	for (size_t i = cache->is_sorted ? find_first(cache, name) : 0; i < n; i++) {
		struct entry entry = read_entry(cache, i);
		unsigned rank;

		if (!entry.name || compare_names(name, entry.name) != 0) {
			if (cache->is_sorted)
				break;
			continue;
		}
		rank = rank_entry(cache, &entry, target);
		if (rank > best_rank) {
			best = entry.path;
			best_rank = rank;
		}
	}
	return best;
}
