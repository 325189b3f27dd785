/* SPDX-License-Identifier: MIT */
/*
 * test_elf_bytes.c - files that are cut off, spoiled, or change while they are read; memory that
 * ends; and how often a file is read.
 */
#include "read_elf.h"

static void a_file_cut_off_anywhere_is_read_or_refused(void **state)
{
	(void)state;
	for (int kind = 0; kind < N_KINDS; kind++) {
		struct image image;
		size_t whole = 0;

		make_library(&image, kind);
		for (size_t size = SELFMAG; size <= image.size; size++) {
			int r = read_cut(&image, size);

			assert_true(r == 0 || (r == -EBADMSG && why));
			if (r != 0 && size > IMAGE_NAMES)
				assert_true(strstr(why, "it is cut off") || strstr(why, "outside"));
			if (r == 0 && whole == 0)
				whole = size;
			assert_int_equal(r == 0,
					 whole != 0); /* once enough is there, more does no harm */
		}
		assert_int_equal((whole + 7) / 8 * 8, image.free);
		arena_done(&arena);
		image_done(&image);
	}
}

static void no_single_byte_of_a_file_does_harm(void **state)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };

	(void)state;
	for (int kind = 0; kind < N_KINDS; kind++) {
		struct image image;

		make_library(&image, kind);
		for (size_t at = SELFMAG; at < image.free; at++) {
			uint8_t old = image.bytes[at];

			for (size_t i = 0; i < sizeof(values); i++) {
				int r;

				image.bytes[at] = values[i];
				r = read_image(&image);
				assert_true(r == 0 || ((r == -EBADMSG || r == -EFBIG) && why));
			}
			image.bytes[at] = old;
			arena_done(&arena);
		}
		image_done(&image);
	}
}

static unsigned n_calls, fail_from; /* of pread; from that call on it fails */
static long answer; /* what then comes */

static long fake_pread(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	if (++n_calls >= fail_from && fail_from > 0)
		return answer;
	return sys_real(call, a, b, c, d, e, f);
}

static uint64_t told; /* how long the file is said to be */

static long strict_pread(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	assert_in_range(d, 0, told);
	assert_in_range(c, 1, told - (uint64_t)d);
	return sys_real(call, a, b, c, d, e, f);
}

/* One byte, or EINTR, in turn. */
static long slow_pread(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)c;
	return n_calls++ % 2 == 0 ? -EINTR : sys_real(call, a, b, 1, d, e, f);
}

/* A library whose parts lie far from each other. */
static void make_large_library(struct image *image)
{
	make_library(image, 1);
	image_grow(image, 0x40000);
	memcpy(image->bytes + 0x20000, image->bytes + IMAGE_DYNAMIC, 0x400);
	memcpy(image->bytes + 0x10000, image->bytes + IMAGE_NAMES, 0x400);
	PUT(image, 0x20000, Dyn, d_un.d_val, IMAGE_BASE + 0x10000);
	PUT(image, phdr_at(image, 1), Phdr, p_vaddr, IMAGE_BASE + 0x20000);
}

static void a_file_that_gets_shorter_or_breaks_while_it_is_read_is_an_error(void **state)
{
	static const long answers[] = { 0, -EIO, -EISDIR };
	struct image image;
	unsigned total;

	(void)state;
	make_large_library(&image);
	sys_replace(SYS_CALL_pread64, fake_pread);
	fail_from = n_calls = 0;
	ASSERT_READ(&image);
	total = n_calls;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		answer = answers[i];
		for (fail_from = 2; fail_from <= total; fail_from++) {
			n_calls = 0;
			assert_int_equal(read_image(&image), answer ? (int)answer : -EBADMSG);
			assert_string_equal(why, answer ? "it cannot be read"
							: "it became shorter while it was read");
			assert_only_kind(&image);
		}
	}
	image_done(&image);
}

static void a_file_that_cannot_be_read_at_all_is_an_error(void **state)
{
	struct image image;

	(void)state;
	image_init(&image, true, false);
	sys_replace(SYS_CALL_pread64, fake_pread);
	fail_from = 1;
	n_calls = 0;
	answer = -EIO;
	assert_int_equal(read_image(&image), -EIO);
	answer = 0;
	assert_int_equal(read_image(&image), -ENOEXEC);
	image_done(&image);
}

static void interrupted_and_short_reads_are_gone_on_with(void **state)
{
	struct image image;

	(void)state;
	make_large_library(&image);
	sys_replace(SYS_CALL_pread64, slow_pread);
	n_calls = 0;
	ASSERT_READ(&image);
	assert_true(n_calls > 0x1000);
	assert_string_equal(elf.needed[1], "libc.so.6");
	assert_string_equal(elf.verdefs[0], "X_1");
	image_done(&image);
}

static void a_file_that_has_grown_is_read_to_the_size_that_was_told(void **state)
{
	struct image image;
	AUTO_FD int fd = -1;

	(void)state;
	make_library(&image, 1);
	sys_replace(SYS_CALL_pread64, strict_pread);
	fd = image_open(&image, image.size);
	for (told = SELFMAG; told <= image.size; told++) {
		int r = elf_read(fd, told, ELF_VERSIONS, &arena, &elf, &why);

		assert_int_equal(r, read_cut(&image, told));
	}
	image_done(&image);
}

static void a_small_file_takes_one_read_and_a_large_one_few(void **state)
{
	struct image image;

	(void)state;
	sys_replace(SYS_CALL_pread64, fake_pread);
	fail_from = n_calls = 0;
	make_library(&image, 1);
	ASSERT_READ(&image);
	assert_int_equal(n_calls, 1);
	image_done(&image);
	n_calls = 0;
	make_large_library(&image);
	ASSERT_READ(&image);
	assert_int_equal(n_calls, 3);
	image_done(&image);
}

static void memory_may_end_anywhere(void **state)
{
	struct image image;
	size_t needs;

	(void)state;
	make_library(&image, 1);
	ASSERT_READ(&image);
	needs = arena.used;
	for (size_t max = 0; max < needs; max += _Alignof(max_align_t)) {
		arena_done(&arena);
		arena_init(&arena, max);
		assert_int_equal(read_image(&image), -ENOMEM);
		assert_only_kind(&image);
	}
	arena_done(&arena);
	arena_init(&arena, needs);
	ASSERT_READ(&image);
	image_done(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_cut_off_anywhere_is_read_or_refused),
		TEST(no_single_byte_of_a_file_does_harm),
		TEST(a_file_that_gets_shorter_or_breaks_while_it_is_read_is_an_error),
		TEST(a_file_that_cannot_be_read_at_all_is_an_error),
		TEST(interrupted_and_short_reads_are_gone_on_with),
		TEST(a_file_that_has_grown_is_read_to_the_size_that_was_told),
		TEST(a_small_file_takes_one_read_and_a_large_one_few),
		TEST(memory_may_end_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
