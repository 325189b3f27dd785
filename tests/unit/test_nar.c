/* SPDX-License-Identifier: MIT */
/*
 * test_nar.c - spellings of hashes, the search for references, an archive's bytes.
 *
 * That whole trees have the bytes that Nix gives them is compared with Nix: nix/test_drv.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "drv/digest.h"
#include "drv/nar.h"

#define STORE "/nix/store"
#define ONE "0123456789abcdfghijklmnpqrsvwxyz"
#define TWO "zyxwvsrqpnmlkjihgfdcba9876543210"

/* Known values: FIPS 180's of "abc", RFC 1321's; base 32 and SRI as nix-hash prints them. */
static const struct {
	const char *kind, *hex, *base32, *sri;
} digests[] = {
	{ "md5", "900150983cd24fb0d6963f7d28e17f72", "3jgzhjhz9zjvbb0kyj7jc500ch",
	  "md5-kAFQmDzST7DWlj99KOF/cg==" },
	{ "sha1", "a9993e364706816aba3e25717850c26c9cd0d89d", "kpcd173cq987hw957sx6m0868wv3x6d9",
	  "sha1-qZk+NkcGgWq6PiVxeFDCbJzQ2J0=" },
	{ "sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	  "1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s",
	  "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=" },
	{ "sha512",
	  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
	  "2gs8k559z4rlahfx0y688s49m2vvszylcikrfinm30ly9rak69236nkam5ydvly1ai7xac99vxfc4ii84hawjbk"
	  "876blyk1jfhkbbyx",
	  "sha512-3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslP"
	  "pUyknw==" },
};

static void hashes_are_spelled_as_nix_spells_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(digests); i++) {
		int kind = digest_find(digests[i].kind);
		unsigned char bytes[DIGEST_MAX_BYTES], again[DIGEST_MAX_BYTES];
		char text[DIGEST_TEXT_SIZE];
		struct digest digest;
		size_t size;

		assert_true(kind >= 0);
		size = digest_size((enum digest_kind)kind);
		digest_init(&digest, (enum digest_kind)kind);
		digest_add(&digest, "ab", 2);
		digest_add(&digest, "c", 1);
		digest_take(&digest, bytes);
		digest_hex(bytes, size, text);
		assert_string_equal(text, digests[i].hex);
		assert_int_equal(digest_parse_hex(text, size, again), 0);
		assert_memory_equal(bytes, again, size);
		digest_base32(bytes, size, text);
		assert_string_equal(text, digests[i].base32);
		digest_sri((enum digest_kind)kind, bytes, text);
		assert_string_equal(text, digests[i].sri);
	}
	assert_true(digest_find("sha3") < 0);
}

static void a_hash_of_another_length_or_letter_is_refused(void **state)
{
	unsigned char bytes[DIGEST_MAX_BYTES];

	(void)state;
	assert_true(digest_parse_hex("00", 2, bytes) < 0);
	assert_true(digest_parse_hex("000000", 2, bytes) < 0);
	assert_true(digest_parse_hex("00g0", 2, bytes) < 0);
	assert_true(digest_parse_hex("00A0", 2, bytes) < 0);
}

/* With the text in pieces of `step` bytes. */
static void search(const char *text, size_t step, bool *ret_one, bool *ret_two)
{
	static const char *const paths[] = { STORE "/" ONE "-one", STORE "/" TWO "-two",
					     STORE "/" ONE "-other" };
	struct arena arena;
	struct refs refs;

	arena_init(&arena, 1 << 16);
	assert_true(refs_init(&refs, &arena, STORE, paths, ARRAY_SIZE(paths)));
	for (size_t at = 0, len = strlen(text); at < len; at += step)
		refs_add(&refs, text + at, at + step < len ? step : len - at);
	*ret_one = refs_has(&refs, STORE, paths[0]);
	*ret_two = refs_has(&refs, STORE, paths[1]);
	assert_int_equal(refs_has(&refs, STORE, paths[2]), *ret_one);
	arena_done(&arena);
}

static const struct {
	const char *text;
	bool one, two;
} texts[] = {
	{ "", false, false },
	{ ONE, true, false },
	{ "/nix/store/" ONE "-one/lib:" TWO, true, true },
	{ ONE TWO, true, true },
	{ "000" ONE "000", true, false },
	{ "0123456789abcdfghijklmnpqrsvwxy", false, false },
	{ "0123456789abcdfg-hijklmnpqrsvwxyz", false, false },
	{ "0123456789ABCDFGHIJKLMNPQRSVWXYZ", false, false },
	{ "0123456789abcdfghijklmnpqrsvwxyyz" TWO "-", false, true },
};

static void a_reference_is_found_wherever_the_pieces_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		for (size_t step = 1; step < 80; step++) {
			bool one, two;

			search(texts[i].text, step, &one, &two);
			assert_int_equal(one, texts[i].one);
			assert_int_equal(two, texts[i].two);
		}
}

static void take(void *context, const void *data, size_t len)
{
	buf_add(context, data, len);
}

static void the_archive_of_a_file_is_known_byte_for_byte(void **state)
{
#define ITEM(n, text) n "\0\0\0\0\0\0\0" text
	static const char wanted[] =
		ITEM("\x0d", "nix-archive-1\0\0\0") ITEM("\x01", "(\0\0\0\0\0\0\0")
			ITEM("\x04", "type\0\0\0\0") ITEM("\x07", "regular\0")
				ITEM("\x0a", "executable\0\0\0\0\0\0") ITEM("\x00", "")
					ITEM("\x08", "contents") ITEM("\x03", "abc\0\0\0\0\0")
						ITEM("\x01", ")\0\0\0\0\0\0\0");
	struct buf got = BUF_INIT(4096);
	char dir[] = "/tmp/croft-nar-XXXXXX";
	int fd, file;

	(void)state;
	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	file = openat(fd, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	assert_int_equal(write(file, "abc", 3), 3);
	close(file);
	assert_int_equal(nar_write(fd, "file", take, &got, NULL), 0);
	assert_int_equal(got.len, sizeof(wanted) - 1);
	assert_memory_equal(buf_text(&got), wanted, got.len);
	unlinkat(fd, "file", 0);
	close(fd);
	rmdir(dir);
	buf_done(&got);
}

static void what_no_archive_holds_is_an_error(void **state)
{
	struct croft_error err = { 0 };
	struct buf got = BUF_INIT(1 << 20);
	char dir[] = "/tmp/croft-nar-XXXXXX";
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(nar_write(fd, "gone", take, &got, &err) < 0);
	assert_int_equal(mkfifoat(fd, "fifo", 0600), 0);
	assert_true(nar_write(fd, ".", take, &got, &err) < 0);
	assert_non_null(strstr(err.what, "'fifo'"));
	unlinkat(fd, "fifo", 0);
	close(fd);
	rmdir(dir);
	buf_done(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_are_spelled_as_nix_spells_them),
		cmocka_unit_test(a_hash_of_another_length_or_letter_is_refused),
		cmocka_unit_test(a_reference_is_found_wherever_the_pieces_end),
		cmocka_unit_test(the_archive_of_a_file_is_known_byte_for_byte),
		cmocka_unit_test(what_no_archive_holds_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
