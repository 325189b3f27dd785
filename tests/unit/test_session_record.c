/* SPDX-License-Identifier: MIT */
/*
 * test_session_record.c - what a session's holder tells comes out as it went in, and nothing else
 * is taken for it; two trees have the same bytes only if they are one.
 */
#include "ground.h"

#include "launch/session_record.h"

/* Where in the head the answers of the host begin, the tree's length, and where the texts do. */
#define TOLD (32 + 8 * HOST_NS_MAX)
#define TREE (TOLD + 4 * (HOST_NS_MAX + 4))
#define TEXTS (TREE + 4 + 6)

static const char *const words[] = { "--profile=default", "--env=TEXT=a\nb", "", NULL };

static void fill(struct session_record *record)
{
	memset(record, 0, sizeof(*record));
	memcpy(record->id, "work", 5);
	record->workdir = "/srv/project";
	record->started_ms = 1234567890123;
	record->namespaces = 1U << HOST_NS_USER | 1U << HOST_NS_MOUNT;
	record->inodes[HOST_NS_USER] = 4026531837;
	record->inodes[HOST_NS_MOUNT] = UINT64_MAX;
	record->tree = "a\0tree";
	record->tree_len = 6;
	record->host.ns[HOST_NS_USER].works = HOST_YES;
	record->host.ns[HOST_NS_NET].works = HOST_NO;
	record->host.ns[HOST_NS_NET].errnum = EPERM;
	record->host.ns_step = NS_STEP_GID_MAP;
	record->host.has_ns_by_capability = true;
	record->host.mount.has_new_api = HOST_NO;
	record->host.mount.can_proc = HOST_NO;
	record->host.mount.proc_errnum = 4095;
}

static void comes_out_as_it_went_in(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(SESSION_MAX_RECORD);
	struct session_record in, out;

	(void)state;
	fill(&in);
	session_record_write(&buf, &in, words);
	assert_int_equal(buf_error(&buf), 0);
	assert_int_equal(session_record_read(buf.data, buf.len, &out, NULL), 0);
	assert_string_equal(out.id, "work");
	assert_string_equal(out.workdir, "/srv/project");
	assert_int_equal(out.started_ms, in.started_ms);
	assert_int_equal(out.namespaces, in.namespaces);
	assert_memory_equal(out.inodes, in.inodes, sizeof(in.inodes));
	assert_int_equal(out.tree_len, in.tree_len);
	assert_memory_equal(out.tree, in.tree, in.tree_len);
	assert_memory_equal(out.host.ns, in.host.ns, sizeof(in.host.ns));
	assert_int_equal(out.host.ns_step, NS_STEP_GID_MAP);
	assert_true(out.host.has_ns_by_capability);
	assert_int_equal(out.host.mount.has_new_api, HOST_NO);
	assert_int_equal(out.host.mount.can_proc, HOST_NO);
	assert_int_equal(out.host.mount.proc_errnum, 4095);
	assert_int_equal(out.n_words, 3);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(out.words[i], words[i]);
	assert_null(out.words[3]);
	session_record_done(&out);
}

/* Every prefix of it, and it with one byte more. */
static void another_length_is_refused(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(SESSION_MAX_RECORD);
	struct croft_error err;
	struct session_record in, out;

	(void)state;
	fill(&in);
	session_record_write(&buf, &in, words);
	for (size_t len = 0; len < buf.len; len++) {
		/* of its own, so that a byte too many is seen by the sanitizer */
		char *copy = malloc(len ? len : 1);

		assert_non_null(copy);
		memcpy(copy, buf.data, len);
		assert_int_equal(session_record_read(copy, len, &out, &err), -EPROTO);
		assert_int_equal(err.stage, CROFT_STAGE_SESSION);
		free(copy);
	}
	buf_putc(&buf, '\0');
	assert_int_equal(session_record_read(buf.data, buf.len, &out, &err), -EPROTO);
}

static void refuses(size_t offset, const void *bytes, size_t len)
{
	AUTO_BUF struct buf buf = BUF_INIT(SESSION_MAX_RECORD);
	struct session_record in, out;

	fill(&in);
	session_record_write(&buf, &in, words);
	memcpy(buf.data + offset, bytes, len);
	assert_int_equal(session_record_read(buf.data, buf.len, &out, NULL), -EPROTO);
}

static void wrong_heads_are_refused(void **state)
{
	const uint32_t numbers[] = { 0, 2, 4, SESSION_MAX_WORDS + 1, UINT32_MAX };
	const uint64_t kinds = 1ULL << HOST_NS_MAX;

	(void)state;
	refuses(0, "crofts02", 8);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		refuses(8, &numbers[i], sizeof(numbers[i])); /* its size */
		refuses(12, &numbers[i], sizeof(numbers[i])); /* how many words */
	}
	refuses(24, &kinds, sizeof(kinds)); /* a kind that there is not */
	refuses(TOLD, "\x03", 1); /* an answer that there is not */
	refuses(TOLD + 3, "\x10", 1); /* an errno that there is not */
	refuses(TOLD + 4 * HOST_NS_MAX + 2, "\x01", 1); /* an errno of what has none */
	refuses(TREE, "\x0b", 1); /* a tree that takes the name too */
	refuses(TREE + 3, "\xff", 1); /* a tree that has no end */
	refuses(TEXTS, "", 1); /* an empty name */
	refuses(TEXTS + 5, "s", 1); /* a directory that is not absolute */
}

static void a_record_that_is_too_large_is_not_written(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(SESSION_MAX_RECORD);
	AUTO_FREE char *large = malloc(SESSION_MAX_RECORD);
	const char *const large_words[] = { large, NULL };
	struct session_record in;

	(void)state;
	assert_non_null(large);
	memset(large, 'x', SESSION_MAX_RECORD - 1);
	large[SESSION_MAX_RECORD - 1] = '\0';
	fill(&in);
	session_record_write(&buf, &in, large_words);
	assert_int_equal(buf_error(&buf), -EOVERFLOW);
}

static bool is_same(const struct plan *plan, const struct session_record *record)
{
	AUTO_BUF struct buf tree = BUF_INIT(PLAN_MAX_BYTES);

	assert_int_equal(session_tree(plan, &tree), 0);
	return tree.len == record->tree_len && !memcmp(tree.data, record->tree, tree.len);
}

/* Each change of a plan that makes another tree or other namespaces, and where it is told to be. */
static void another_tree_has_other_bytes(void **state)
{
	struct plan_mount_op ops[2] = {
		{ .kind = MOUNT_BIND, .path = "/srv/a", .dev = 1, .ino = 2 },
		{ .kind = MOUNT_TMPFS, .path = "/tmp", .size = 5, .access = 1 },
	};
	struct plan plan = { .tier = TIER_NAMESPACES, .mount_ops = ops, .n_mount_ops = 2 };
	const struct plan_mount_op op = ops[0];
	AUTO_BUF struct buf first = BUF_INIT(PLAN_MAX_BYTES);
	struct session_record record = { 0 };

	(void)state;
	assert_int_equal(session_tree(&plan, &first), 0);
	record.tree = first.data;
	record.tree_len = first.len;
#define DIFFERS(change, undo, at)                                           \
	do {                                                                \
		change;                                                     \
		assert_false(is_same(&plan, &record));                      \
		assert_ptr_equal(session_tree_differs(&record, &plan), at); \
		undo;                                                       \
		assert_true(is_same(&plan, &record));                       \
	} while (0)
	DIFFERS(plan.namespaces = 4, plan.namespaces = 0, NULL);
	DIFFERS(plan.tier = TIER_LANDLOCK, plan.tier = TIER_NAMESPACES, NULL);
	DIFFERS(plan.has_new_root = true, plan.has_new_root = false, NULL);
	DIFFERS(plan.n_mount_ops = 1, plan.n_mount_ops = 2, NULL);
	DIFFERS(ops[0].kind = MOUNT_MASK_FILE, ops[0] = op, &ops[0]);
	DIFFERS(ops[0].flags = MOUNT_RDONLY, ops[0] = op, &ops[0]);
	DIFFERS(ops[0].path = "/srv/b", ops[0] = op, &ops[0]);
	DIFFERS(ops[0].source = "", ops[0] = op, &ops[0]);
	DIFFERS(ops[0].source = "/srv/a", ops[0] = op, &ops[0]);
	DIFFERS(ops[0].dev = 2, ops[0] = op, &ops[0]);
	DIFFERS(ops[0].ino = 3, ops[0] = op, &ops[0]);
	DIFFERS(ops[0].is_directory = true, ops[0] = op, &ops[0]);
	DIFFERS(ops[1].size = 6, ops[1].size = 5, &ops[1]);
	/* Landlock's rights are each command's own */
	ops[1].access = 2;
	assert_true(is_same(&plan, &record));
}

/* One byte of it makes a difference too, and it is small. */
static void a_large_tree_is_told_by_its_digest(void **state)
{
	enum { MANY = 2000 };
	AUTO_FREE struct plan_mount_op *ops = calloc(MANY, sizeof(*ops));
	struct plan plan = { .tier = TIER_NAMESPACES, .mount_ops = ops, .n_mount_ops = MANY };
	AUTO_BUF struct buf first = BUF_INIT(PLAN_MAX_BYTES);
	struct session_record record = { 0 };

	(void)state;
	assert_non_null(ops);
	for (size_t i = 0; i < MANY; i++)
		ops[i].path = "/srv/somewhere";
	assert_int_equal(session_tree(&plan, &first), 0);
	assert_int_equal(first.len, 32);
	record.tree = first.data;
	record.tree_len = first.len;
	assert_true(is_same(&plan, &record));
	ops[MANY - 1].path = "/srv/somewherf";
	assert_false(is_same(&plan, &record));
	assert_null(session_tree_differs(&record, &plan));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_out_as_it_went_in),
		cmocka_unit_test(another_length_is_refused),
		cmocka_unit_test(wrong_heads_are_refused),
		cmocka_unit_test(a_record_that_is_too_large_is_not_written),
		cmocka_unit_test(another_tree_has_other_bytes),
		cmocka_unit_test(a_large_tree_is_told_by_its_digest),
	};

	return cmocka_run_group_tests(tests, ground_open, ground_close);
}
