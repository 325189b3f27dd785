/* SPDX-License-Identifier: MIT */
/*
 * test_trust.c - approvals: digests as the standard has them, entries by content, and a directory
 * that others can write, or that others made, decides nothing.
 *
 * The digests are those of FIPS 180-4's examples and of NIST's test vectors.
 */
#include "ground.h"

#include "profile/trust.h"

#define ENTRY_PATH (GROUND_PATH + TRUST_DIGEST_SIZE + 2)

static char dir[GROUND_PATH]; /* the directory of approvals; made anew by each test */

static int new_dir(void **state)
{
	static unsigned n;

	(void)state;
	(void)snprintf(dir, sizeof(dir), "%s/%u/deep/croft/trust", scratch, n++);
	return 0;
}

/* dir/name; the buffer is the caller's. */
static const char *in_dir(char path[ENTRY_PATH], const char *name)
{
	(void)snprintf(path, ENTRY_PATH, "%s/%.66s", dir, name);
	return path;
}

/* A part of `dir`, as many levels up. */
static const char *up(char path[GROUND_PATH], int levels)
{
	(void)snprintf(path, GROUND_PATH, "%s", dir);
	while (levels-- > 0)
		*strrchr(path, '/') = '\0';
	return path;
}

static const char *digest_of(const char *text)
{
	static char digests[4][TRUST_DIGEST_SIZE];
	static unsigned next;
	char *digest = digests[next++ % 4];

	trust_digest(text, strlen(text), digest);
	return digest;
}

static bool is_approved(const char *text)
{
	struct croft_error err = { 0 };
	int r = trust_has(dir, digest_of(text), &err);

	if (r < 0)
		fail_msg("%s", err.what);
	return r == 1;
}

static void approve(const char *text, const char *path)
{
	struct croft_error err = { 0 };

	if (trust_add(dir, digest_of(text), path, &err) < 0)
		fail_msg("%s", err.what);
}

/* Looking up fails with that errno, and so do adding, taking back and listing. */
static int count_entry(void *context, const char *digest, const char *path)
{
	(void)digest, (void)path;
	return ++*(int *)context, 0;
}

static void assert_refused(int errnum, const char *what)
{
	struct croft_error err = { 0 };
	int n = 0;

	assert_int_equal(trust_has(dir, digest_of("a"), &err), -errnum);
	assert_int_equal(err.stage, CROFT_STAGE_PROFILE);
	assert_non_null(strstr(err.what, what));
	assert_non_null(strstr(err.what, dir));
	assert_int_equal(trust_add(dir, digest_of("a"), "/srv/p/.croft.yaml", &err), -errnum);
	assert_int_equal(trust_remove(dir, digest_of("a"), &err), -errnum);
	assert_int_equal(trust_list(dir, count_entry, &n, &err), -errnum);
	assert_int_equal(n, 0);
}

/* Digests */

static void digests_are_those_of_the_standard(void **state)
{
	static const struct {
		const char *text;
		const char *digest;
	} vectors[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
		{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopq"
		  "klmnopqrlmnopqrsmnopqrstnopqrstu",
		  "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		assert_string_equal(digest_of(vectors[i].text), vectors[i].digest);
}

static void a_million_bytes_have_the_known_digest(void **state)
{
	char digest[TRUST_DIGEST_SIZE], *text = malloc(1000000);

	(void)state;
	assert_non_null(text);
	memset(text, 'a', 1000000);
	trust_digest(text, 1000000, digest);
	free(text);
	assert_string_equal(digest,
			    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* Around the block of 64 bytes and the 9 bytes of padding; computed with coreutils' sha256sum. */
static void lengths_at_the_border_of_a_block_have_their_digests(void **state)
{
	static const struct {
		size_t len;
		const char *digest;
	} vectors[] = {
		{ 1, "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" },
		{ 54, "45f316e10b2c99abf374b22bda893cf3300d77263f1e272349ed414680522952" },
		{ 55, "d5e285683cd4efc02d021a5c62014694958901005d6f71e89e0989fac77e4072" },
		{ 56, "04c26261370ee7541549d16dee320c723e3fd14671e66a099afe0a377c16888e" },
		{ 57, "ae14a2563ccf969d99aca69ce6bb74981f734bbf9f655f73b8f06db68cab5217" },
		{ 63, "75220b47218278e656f2013bb8f0c455a25eaf01e86c64924e9d48d89776d6f2" },
		{ 64, "7ce100971f64e7001e8fe5a51973ecdfe1ced42befe7ee8d5fd6219506b5393c" },
		{ 65, "9537c5fdf120482f7d58d25e9ed583f52c02b4e304ea814db1633ad565aed7e9" },
		{ 119, "000b48d4edf0fa7bee3c6236ecd2785baa5db4eeb8bb54341b029e0d9fa5fb0c" },
		{ 120, "13f05a0b594787f5ecd315edc96141bd3243203d1b7d4f0836f37308b276ba98" },
		{ 127, "70156a14adbabf98cff3a71c7084b417abf057a8efd27329ca36b7202c87d81f" },
		{ 128, "24da1b81d0b16df6428eee73c69fcb2a93c76bc6df706f0c6670fe6bfe800464" },
		{ 129, "0ec9eb33e74510bcdd1f2ea55206e82f21649c5c2becbf2b433eb475b34c01bd" },
	};
	char text[256], digest[TRUST_DIGEST_SIZE];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		trust_digest(text, vectors[i].len, digest);
		assert_string_equal(digest, vectors[i].digest);
	}
}

static void a_nul_byte_counts_as_every_other(void **state)
{
	char one[TRUST_DIGEST_SIZE], other[TRUST_DIGEST_SIZE];

	(void)state;
	trust_digest("a\0b", 3, one);
	trust_digest("a\0c", 3, other);
	assert_string_not_equal(one, other);
}

/* Where */

static void the_directory_follows_the_state_home_and_else_the_home(void **state)
{
	static const char *const set[] = { "XDG_STATE_HOMER=/no", "XDG_STATE_HOME=/srv/state",
					   NULL };
	static const char *const relative[] = { "XDG_STATE_HOME=state", NULL };
	static const char *const empty[] = { "XDG_STATE_HOME=", NULL };
	struct arena arena;

	(void)state;
	arena_init(&arena, 65536);
	assert_string_equal(trust_dir(&arena, "/home/ada", set), "/srv/state/croft/trust");
	assert_string_equal(trust_dir(&arena, NULL, set), "/srv/state/croft/trust");
	assert_string_equal(trust_dir(&arena, "/home/ada", relative),
			    "/home/ada/.local/state/croft/trust");
	assert_string_equal(trust_dir(&arena, "/home/ada", empty),
			    "/home/ada/.local/state/croft/trust");
	assert_string_equal(trust_dir(&arena, "/home/ada", NULL),
			    "/home/ada/.local/state/croft/trust");
	assert_null(trust_dir(&arena, NULL, empty));
	arena_done(&arena);
}

/* Entries */

static void a_content_is_approved_once_it_was_added_and_no_other(void **state)
{
	(void)state;
	assert_false(is_approved("one"));
	approve("one", "/srv/p/.croft.yaml");
	assert_true(is_approved("one"));
	assert_false(is_approved("one\n"));
	assert_false(is_approved("two"));
	approve("one", "/srv/q/.croft.yaml");
	assert_true(is_approved("one"));
}

static void what_is_taken_back_is_not_approved_any_more(void **state)
{
	struct croft_error err = { 0 };

	(void)state;
	assert_int_equal(trust_remove(dir, digest_of("one"), &err), -ENOENT);
	approve("one", "/srv/p/.croft.yaml");
	approve("two", "/srv/q/.croft.yaml");
	assert_int_equal(trust_remove(dir, digest_of("one"), &err), 0);
	assert_false(is_approved("one"));
	assert_true(is_approved("two"));
	assert_int_equal(trust_remove(dir, digest_of("one"), &err), -ENOENT);
	assert_non_null(strstr(err.what, digest_of("one")));
}

static void directories_and_entries_are_the_users_alone(void **state)
{
	char path[GROUND_PATH], entry[ENTRY_PATH];
	struct stat st;
	mode_t before = umask(0);

	(void)state;
	approve("one", "/srv/p/.croft.yaml");
	(void)umask(before);
	for (int levels = 0; levels < 4; levels++) {
		assert_int_equal(stat(up(path, levels), &st), 0);
		assert_int_equal(st.st_mode & 07777, 0700);
	}
	assert_int_equal(stat(in_dir(entry, digest_of("one")), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, (long)strlen("/srv/p/.croft.yaml\n"));
}

struct listed {
	char text[1024];
	int answer;
};

static int list_entry(void *context, const char *digest, const char *path)
{
	struct listed *listed = context;
	size_t len = strlen(listed->text);

	(void)snprintf(listed->text + len, sizeof(listed->text) - len, "%.8s %s\n", digest, path);
	return listed->answer;
}

static void the_list_has_every_entry_in_order_and_nothing_else(void **state)
{
	struct croft_error err = { 0 };
	struct listed listed = { 0 };
	char path[ENTRY_PATH];
	FILE *other;

	(void)state;
	assert_int_equal(trust_list(dir, list_entry, &listed, &err), 0);
	assert_string_equal(listed.text, "");
	approve("abc", "/srv/p/.croft.yaml"); /* ba78... */
	approve("", "/srv/a line\nbreak"); /* e3b0... */
	approve("one", "/srv/q"); /* 7692... */
	/* what an interrupted approval leaves, and what is nothing of ours */
	other = fopen(in_dir(path, ".0123456789abcdef0123456789abcdef"), "w");
	assert_non_null(other);
	(void)fclose(other);
	assert_int_equal(trust_list(dir, list_entry, &listed, &err), 0);
	assert_string_equal(listed.text, "7692c3ad /srv/q\n"
					 "ba7816bf /srv/p/.croft.yaml\n"
					 "e3b0c442 /srv/a line\nbreak\n");
	listed = (struct listed){ .answer = -EINTR };
	assert_int_equal(trust_list(dir, list_entry, &listed, &err), -EINTR);
	assert_string_equal(listed.text, "7692c3ad /srv/q\n");
}

static void more_approvals_than_anybody_gives_are_refused(void **state)
{
	struct croft_error err = { 0 };
	char name[TRUST_DIGEST_SIZE], path[ENTRY_PATH];
	int n = 0;

	(void)state;
	approve("a", "/srv/p");
	for (int i = 1; i <= 4096; i++) {
		(void)snprintf(name, sizeof(name), "%064d", i);
		if (i == 4096) {
			assert_int_equal(trust_list(dir, count_entry, &n, &err), 0);
			assert_int_equal(n, 4096);
		}
		assert_int_equal(close(creat(in_dir(path, name), 0600)), 0);
	}
	assert_int_equal(trust_list(dir, count_entry, &n, &err), -EOVERFLOW);
	assert_non_null(strstr(err.what, "list the directory"));
	assert_true(is_approved("a"));
}

static void nothing_of_an_interrupted_write_is_an_approval(void **state)
{
	struct croft_error err = { 0 };
	int fd_before;

	(void)state;
	approve("first", "/srv/p");
	fd_before = lowest_free();
	ground_replace(SYS_CALL_renameat2, -ENOSPC);
	assert_int_equal(trust_add(dir, digest_of("one"), "/srv/p", &err), -ENOSPC);
	(void)ground_restore(NULL);
	ground_replace(SYS_CALL_write, -EIO);
	assert_int_equal(trust_add(dir, digest_of("one"), "/srv/p", &err), -EIO);
	(void)ground_restore(NULL);
	ground_replace(SYS_CALL_getrandom, -ENOSYS);
	assert_int_equal(trust_add(dir, digest_of("one"), "/srv/p", &err), -ENOSYS);
	(void)ground_restore(NULL);
	assert_int_equal(lowest_free(), fd_before);
	assert_false(is_approved("one"));
	assert_true(is_approved("first"));
	/* the temporary files are gone too */
	assert_int_equal(count_names(dir + strlen(scratch) + 1), 1);
	approve("one", "/srv/p");
	assert_true(is_approved("one"));
}

/* Others */

static void a_directory_that_others_may_write_decides_nothing(void **state)
{
	static const mode_t bits[] = { 0020, 0002, 01002 };
	char path[GROUND_PATH];

	(void)state;
	approve("a", "/srv/p/.croft.yaml");
	for (int levels = 0; levels < 2; levels++)
		for (size_t i = 0; i < ARRAY_SIZE(bits); i++) {
			assert_int_equal(chmod(up(path, levels), 0700 | bits[i]), 0);
			assert_refused(EPERM, "others may write");
			assert_int_equal(chmod(path, 0755), 0);
			assert_true(is_approved("a"));
		}
}

static void what_lies_above_croft_may_have_any_mode(void **state)
{
	char path[GROUND_PATH];

	(void)state;
	approve("a", "/srv/p/.croft.yaml");
	assert_int_equal(chmod(up(path, 2), 0775), 0);
	assert_true(is_approved("a"));
}

static void an_entry_that_others_may_write_approves_nothing(void **state)
{
	struct croft_error err = { 0 };
	char path[ENTRY_PATH];

	(void)state;
	approve("a", "/srv/p/.croft.yaml");
	(void)in_dir(path, digest_of("a"));
	assert_int_equal(chmod(path, 0622), 0);
	assert_int_equal(trust_has(dir, digest_of("a"), &err), -EPERM);
	assert_int_equal(chmod(path, 0644), 0);
	assert_true(is_approved("a"));
}

static void a_directory_of_somebody_else_decides_nothing(void **state)
{
	char path[GROUND_PATH];

	(void)state;
	if (geteuid() != 0)
		skip();
	approve("a", "/srv/p/.croft.yaml");
	for (int levels = 0; levels < 2; levels++) {
		assert_int_equal(chown(up(path, levels), 12345, (gid_t)-1), 0);
		assert_refused(EPERM, "user 12345 owns it");
		assert_int_equal(chown(path, 0, (gid_t)-1), 0);
		assert_true(is_approved("a"));
	}
}

static void links_in_the_place_of_the_directories_are_not_followed(void **state)
{
	char path[GROUND_PATH], moved[GROUND_PATH + 8];

	(void)state;
	approve("a", "/srv/p/.croft.yaml");
	for (int levels = 0; levels < 2; levels++) {
		(void)snprintf(moved, sizeof(moved), "%s.moved", up(path, levels));
		assert_int_equal(rename(path, moved), 0);
		assert_int_equal(symlink(moved, path), 0);
		assert_refused(ENOTDIR, "look up what is approved");
		assert_int_equal(unlink(path), 0);
		assert_int_equal(rename(moved, path), 0);
		assert_true(is_approved("a"));
	}
	/* the way to the state directory is the user's own affair */
	(void)snprintf(moved, sizeof(moved), "%s.moved", up(path, 2));
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(symlink(moved, path), 0);
	assert_true(is_approved("a"));
}

static void an_entry_that_is_no_file_approves_nothing(void **state)
{
	struct croft_error err = { 0 };
	char path[ENTRY_PATH];

	(void)state;
	approve("one", "/srv/p/.croft.yaml");
	(void)in_dir(path, digest_of("a"));
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(trust_has(dir, digest_of("a"), &err), -EINVAL);
	assert_non_null(strstr(err.what, "it is no file"));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(symlink("/srv", path), 0);
	assert_true(trust_has(dir, digest_of("a"), &err) < 0);
}

static void failures_of_the_kernel_are_told_and_approve_nothing(void **state)
{
	static const enum sys_call calls[] = { SYS_CALL_openat, SYS_CALL_newfstatat };
	struct croft_error err = { 0 };

	(void)state;
	approve("a", "/srv/p/.croft.yaml");
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		ground_replace(calls[i], -EIO);
		assert_int_equal(trust_has(dir, digest_of("a"), &err), -EIO);
		assert_int_equal(err.errnum, EIO);
		(void)ground_restore(NULL);
	}
	assert_true(is_approved("a"));
}

static void a_name_that_is_too_long_is_refused(void **state)
{
	char name[PATH_MAX + 16], digest[TRUST_DIGEST_SIZE];
	struct croft_error err = { 0 };

	(void)state;
	trust_digest("a", 1, digest);
	memset(name, '/', sizeof(name));
	(void)snprintf(name + PATH_MAX, 13, "/croft/trust");
	assert_int_equal(trust_has(name, digest, &err), -ENAMETOOLONG);
	assert_int_equal(trust_add(name, digest, "/srv/p", &err), -ENAMETOOLONG);
}

int main(void)
{
#define ON_DIR(test) cmocka_unit_test_setup_teardown(test, new_dir, ground_restore)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_are_those_of_the_standard),
		cmocka_unit_test(a_million_bytes_have_the_known_digest),
		cmocka_unit_test(lengths_at_the_border_of_a_block_have_their_digests),
		cmocka_unit_test(a_nul_byte_counts_as_every_other),
		cmocka_unit_test(the_directory_follows_the_state_home_and_else_the_home),
		ON_DIR(a_content_is_approved_once_it_was_added_and_no_other),
		ON_DIR(what_is_taken_back_is_not_approved_any_more),
		ON_DIR(directories_and_entries_are_the_users_alone),
		ON_DIR(the_list_has_every_entry_in_order_and_nothing_else),
		ON_DIR(more_approvals_than_anybody_gives_are_refused),
		ON_DIR(nothing_of_an_interrupted_write_is_an_approval),
		ON_DIR(a_directory_that_others_may_write_decides_nothing),
		ON_DIR(what_lies_above_croft_may_have_any_mode),
		ON_DIR(an_entry_that_others_may_write_approves_nothing),
		ON_DIR(a_directory_of_somebody_else_decides_nothing),
		ON_DIR(links_in_the_place_of_the_directories_are_not_followed),
		ON_DIR(an_entry_that_is_no_file_approves_nothing),
		ON_DIR(failures_of_the_kernel_are_told_and_approve_nothing),
		ON_DIR(a_name_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, ground_open, ground_close);
}
