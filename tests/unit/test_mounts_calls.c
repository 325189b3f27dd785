/* SPDX-License-Identifier: MIT */
/*
 * test_mounts_calls.c - the kernel says no: calls that are missing, and calls that fail.
 */
#include "mounts_ground.h"
#include "mounts_run.h"

#include <sys/prctl.h>

#include "enforce/landlock.h"

static const enum sys_call newer[] = { SYS_CALL_open_tree, SYS_CALL_move_mount,
				       SYS_CALL_mount_setattr, SYS_CALL_fsopen, SYS_CALL_fsmount };

static void some_of_everything(struct ops *ops)
{
	(void)add(ops, MOUNT_BIND, "work", 0);
	(void)add(ops, MOUNT_BIND, "work/hooks", MOUNT_RDONLY);
	(void)add(ops, MOUNT_MASK_FILE, "work/secret", 0);
	(void)add(ops, MOUNT_TMPFS, "work/hidden", 0);
	(void)add(ops, MOUNT_DIRECTORY, "work/hidden/place", 0);
}

static bool is_as_planned(void)
{
	return can_write("work/own") == 0 && can_write("work/hooks/one") == EROFS &&
	       can_read("work/secret") == EACCES && can_read("work/hidden/inside") == ENOENT &&
	       can_create("work/hidden/place/made") == 0;
}

struct missing {
	enum sys_call call;
	int errnum;
};

static int one_is_missing(void *data)
{
	const struct missing *missing = data;
	static struct ops ops;

	EXPECT(enter_namespaces(0));
	ops_init(&ops, NEW_ROOT);
	some_of_everything(&ops);
	ground_replace(missing->call, -missing->errnum);
	EXPECT(apply(&ops) == 0 && drop_capabilities() && is_as_planned());
	return 0;
}

static int one_is_missing_in_place(void *data)
{
	const struct missing *missing = data;
	static struct ops ops;

	EXPECT(enter_namespaces(0));
	ops_init(&ops, IN_PLACE);
	some_of_everything(&ops);
	ground_replace(missing->call, -missing->errnum);
	EXPECT(apply(&ops) == -ENOSYS && strstr(ops.err.hint, "5.12"));
	return 0;
}

static int fresh_things_in_place(void *data)
{
	const struct missing *missing = data;
	static struct ops ops;

	EXPECT(enter_namespaces(0));
	ops_init(&ops, IN_PLACE);
	ops.n = 0;
	(void)add(&ops, MOUNT_TMPFS, "work/hidden", 0);
	(void)add(&ops, MOUNT_MASK_FILE, "work/secret", 0);
	(void)add(&ops, MOUNT_MASK_DIRECTORY, "tools", 0);
	ground_replace(missing->call, -missing->errnum);
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	EXPECT(can_read("work/hidden/inside") == ENOENT && can_create("work/hidden/made") == 0);
	EXPECT(can_read("work/secret") == EACCES && can_read("tools/run") == EACCES);
	EXPECT(can_read("/tmp") == 0 && can_read("work/own") == 0);
	return 0;
}

static void the_older_calls_stand_in_for_any_newer_one(void **state)
{
	static const int errnums[] = { ENOSYS, EPERM, EINVAL };

	(void)state;
	need_namespaces();
	for (size_t i = 0; i < ARRAY_SIZE(newer); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(errnums); j++) {
			struct missing missing = { newer[i], errnums[j] };

			assert_int_equal(in_child(one_is_missing, &missing), 0);
			assert_int_equal(in_child(one_is_missing_in_place, &missing), 0);
			assert_int_equal(in_child(fresh_things_in_place, &missing), 0);
		}
	}
}

static int names_are_walked_without_openat2(void *data)
{
	static struct ops ops;

	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	some_of_everything(&ops);
	ground_replace(SYS_CALL_openat2, -EPERM);
	EXPECT(apply(&ops) == 0 && drop_capabilities() && is_as_planned());
	return 0;
}

/* Nothing to do is not a failure, whatever is missing. */
static int nothing_asked_is_nothing_done(void *data)
{
	static struct ops ops;
	int n;

	EXPECT(enter_namespaces(0));
	n = count_mounts();
	ops_init(&ops, IN_PLACE);
	ops.n = 0;
	if (*(enum way *)data == NEW_ROOT_OLD_CALLS)
		ground_replace(SYS_CALL_mount_setattr, -ENOSYS);
	EXPECT(apply(&ops) == 0 && count_mounts() == n);
	return 0;
}

/* One use of one call fails: it is an error with words, or everything is in force. */

struct fault {
	enum way way;
	enum sys_call call;
	int errnum;
	int use; /* from 1 */
};

static struct fault fault;
static int n_uses;

static long fails_once(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	bool fails = ++n_uses == fault.use;

	/* the number is free even when close fails */
	if (!fails || call == SYS_CALL_close) {
		long r = sys_real(call, a, b, c, d, e, f);

		return fails ? -fault.errnum : r;
	}
	return -fault.errnum;
}

enum { NEVER_USED = -1 };

static int fails_or_holds(void *data)
{
	static struct ops ops;
	unsigned n_fds;
	int r;

	fault = *(const struct fault *)data;
	n_fds = count_fds();
	EXPECT(enter_namespaces(0));
	ops_init(&ops, fault.way);
	some_of_everything(&ops);
	n_uses = 0;
	sys_replace(fault.call, fails_once);
	r = apply(&ops);
	ground_restore(NULL);
	if (n_uses < fault.use)
		return NEVER_USED;
	EXPECT(count_fds() == n_fds);
	if (r == 0) {
		EXPECT(drop_capabilities() && is_as_planned());
		return 0;
	}
	EXPECT(r == -fault.errnum || r == -ENOTSUP || r == -ESTALE || r == -ENOSYS);
	EXPECT(ops.err.stage == CROFT_STAGE_MOUNTS && ops.err.what[0] && ops.err.errnum == -r);
	return 0;
}

static void each_call_may_fail(void **state)
{
	static const struct {
		enum sys_call call;
		int errnums[2];
	} calls[] = {
		{ SYS_CALL_openat, { EMFILE, EACCES } },
		{ SYS_CALL_openat2, { EMFILE, EAGAIN } },
		{ SYS_CALL_close, { EIO, EINTR } },
		{ SYS_CALL_newfstatat, { ENOMEM } },
		{ SYS_CALL_fstatfs, { EIO } },
		{ SYS_CALL_mount, { EPERM, ENOMEM } },
		{ SYS_CALL_umount2, { EBUSY, EPERM } },
		{ SYS_CALL_pivot_root, { EINVAL, EBUSY } },
		{ SYS_CALL_open_tree, { EMFILE, EPERM } },
		{ SYS_CALL_move_mount, { ENOSPC, EPERM } },
		{ SYS_CALL_mount_setattr, { EPERM } },
		{ SYS_CALL_fsopen, { EMFILE, ENODEV } },
		{ SYS_CALL_fsconfig, { EINVAL, ENOMEM } },
		{ SYS_CALL_fsmount, { EPERM, EMFILE } },
		{ SYS_CALL_mkdirat, { ENOSPC } },
		{ SYS_CALL_fchdir, { EACCES } },
		{ SYS_CALL_chdir, { EACCES } },
		{ SYS_CALL_read, { EIO, EINTR } },
		{ SYS_CALL_fchmodat, { EPERM } },
		{ SYS_CALL_unlinkat, { EBUSY } },
	};

	(void)state;
	need_namespaces();
	for (int way = 0; way < WAY_MAX; way++) {
		for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
			for (size_t j = 0; j < 2 && calls[i].errnums[j]; j++) {
				int line = 0;

				for (int use = 1; line == 0 && use < 200; use++) {
					struct fault one = { (enum way)way, calls[i].call,
							     calls[i].errnums[j], use };

					line = in_child(fails_or_holds, &one);
					if (line && line != NEVER_USED)
						fail_msg("%s: %s %d, use %d: line %d",
							 way_names[way], sys_name(one.call),
							 one.errnum, use, line);
				}
			}
		}
	}
}

/* Landlock on top */

/* Rules that were made of the host's files hold for the binds, and only what is granted. */
static int rules_hold_for_what_is_bound(void *data)
{
	static struct ops ops;
	const struct abi_landlock_ruleset_attr attr = {
		.handled_access_fs = ABI_LANDLOCK_FS_READ_FILE | ABI_LANDLOCK_FS_WRITE_FILE
	};
	char path[GROUND_PATH];
	int ruleset = sys_landlock_create_ruleset(&attr, sizeof(attr), 0);
	int granted = open(in_scratch(path, "work"), O_PATH | O_CLOEXEC);

	if (ruleset == -ENOSYS || ruleset == -EOPNOTSUPP)
		return 0;
	EXPECT(ruleset >= 0 && granted >= 0);
	EXPECT(ruleset_add_directory(ruleset, granted, attr.handled_access_fs, "work", NULL) == 0);
	(void)close(granted);
	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "work", 0);
	(void)add(&ops, MOUNT_BIND, "work/hooks", MOUNT_RDONLY);
	(void)add(&ops, MOUNT_MASK_FILE, "work/secret", 0);
	(void)add(&ops, MOUNT_BIND, "beside", 0);
	add(&ops, MOUNT_TMPFS, "tools", 0)->access = attr.handled_access_fs;
	(void)add(&ops, MOUNT_TMPFS, "work/hidden", 0);
	ops.bare.plan.n_mount_ops = ops.n;
	EXPECT(mounts_apply(&ops.bare.plan, ruleset, &ops.err) == 0 && drop_capabilities());
	EXPECT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	EXPECT(sys_landlock_restrict_self(ruleset, 0) == 0);
	EXPECT(can_read("work/own") == 0 && can_write("work/own") == 0);
	EXPECT(can_read("work/hooks/one") == 0 && can_write("work/hooks/one") == EROFS);
	EXPECT(can_read("work/secret") == EACCES && can_read("work/sub/deep") == 0);
	EXPECT(can_read("beside/own") == EACCES && can_write("beside/own") == EACCES);
	EXPECT(can_create("tools/made") == 0 && can_read("tools/made") == 0);
	EXPECT(can_create("work/hidden/made") == 0);
	return 0;
}

#define CASES(X)                            \
	X(names_are_walked_without_openat2) \
	X(nothing_asked_is_nothing_done)    \
	X(rules_hold_for_what_is_bound)

CASES(RUN_CASE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASES(LIST_CASE) cmocka_unit_test(the_older_calls_stand_in_for_any_newer_one),
		cmocka_unit_test(each_call_may_fail),
	};

	return cmocka_run_group_tests(tests, make_world, ground_close);
}
