/* SPDX-License-Identifier: MIT */
/*
 * test_launch.c - what the parent makes ready: all of it, or nothing that is left behind.
 */
#include "ground.h"

#include "launch/launch.h"
#include "launch/sandbox.h"

static const char *const argv_true[] = { "/bin/true", NULL };

/* A profile of few words: pairs of key and value, ended by NULL. */
static struct profile *profile_of(const char *builtin, const char *const (*wishes)[2])
{
	struct profile *profile;
	struct croft_error err;

	if (profile_new(builtin, NULL, scratch, &profile, &err) < 0)
		fail_msg("%s", err.what);
	for (; wishes && (*wishes)[0]; wishes++)
		if (profile_set(profile, (*wishes)[0], (*wishes)[1], "--test", &err) < 0)
			fail_msg("%s", err.what);
	return profile;
}

static void sandbox_of(const struct profile *profile, struct sandbox *sandbox)
{
	char tmpdir[GROUND_PATH + 16];
	const char *const environment[] = { tmpdir, "PATH=/usr/bin:/bin", NULL };
	struct croft_error err;

	(void)snprintf(tmpdir, sizeof(tmpdir), "TMPDIR=%s", scratch);
	if (sandbox_plan(profile, NULL, argv_true, environment, sandbox, &err) < 0)
		fail_msg("%s", err.what);
}

static const char *const with_tmpdir[][2] = {
	{ "require", "private-tmp" }, { "execute", "/usr" }, { "read", "." }, { NULL, NULL }
};

static void an_empty_launch_owns_nothing(void **state)
{
	struct launch launch;

	(void)state;
	memset(&launch, 0x5a, sizeof(launch));
	launch_init(&launch);
	assert_int_equal(launch.ruleset, -1);
	assert_int_equal(launch.report, -1);
	assert_int_equal(launch.n_filter, 0);
	assert_int_equal(launch.cleaner, 0);
	assert_null(launch.plan);
	assert_false(launch.made_tmpdir || launch.restores_nofile || launch.restores_signals ||
		     launch.dies_with_parent || launch.ignores_sigchld || launch.defaults_sigpipe);
	launch_done(&launch);
}

static void everything_is_ready_and_is_given_back(void **state)
{
	struct profile *profile = profile_of("empty", with_tmpdir);
	int before = lowest_free();
	struct sandbox sandbox;
	struct launch launch;
	struct stat st;

	(void)state;
	sandbox_of(profile, &sandbox);
	launch_init(&launch);
	assert_int_equal(launch_prepare(&launch, sandbox.plan, sandbox.facts, NULL), 0);
	assert_ptr_equal(launch.plan, sandbox.plan);
	assert_true(launch.ruleset >= 0);
	assert_int_equal(fcntl(launch.ruleset, F_GETFD), FD_CLOEXEC);
	assert_true(launch.n_filter > 1);
	assert_true(launch.made_tmpdir);
	assert_return_code(stat(sandbox.plan->tmpdir, &st), errno);
	assert_int_equal(st.st_mode & 0777, 0700);
	launch_done(&launch);
	assert_int_equal(launch.ruleset, -1);
	/* it is removed by whoever sees the end of the command */
	assert_true(exists(sandbox.plan->tmpdir));
	assert_int_equal(tmpdir_remove(sandbox.plan->tmpdir), 0);
	sandbox_done(&sandbox);
	profile_free(profile);
	assert_int_equal(lowest_free(), before);
}

static void a_plan_that_wants_nothing_makes_nothing(void **state)
{
	struct bare bare;
	struct launch launch;
	int before = lowest_free();

	(void)state;
	bare_init(&bare, argv_true);
	launch_init(&launch);
	assert_int_equal(launch_prepare(&launch, &bare.plan, NULL, NULL), 0);
	assert_int_equal(launch.ruleset, -1);
	assert_int_equal(launch.n_filter, 0);
	assert_false(launch.made_tmpdir);
	assert_int_equal(lowest_free(), before);
}

static void a_required_protection_that_is_not_enforced_is_refused(void **state)
{
	static const struct {
		enum requirement requirement;
		enum state state;
		int want;
	} rows[] = {
		{ REQUIRE_REQUIRE, STATE_ENFORCED, 0 },
		{ REQUIRE_REQUIRE, STATE_PARTIAL, -EOPNOTSUPP },
		{ REQUIRE_REQUIRE, STATE_ABSENT, -EOPNOTSUPP },
		{ REQUIRE_PREFER, STATE_PARTIAL, 0 },
		{ REQUIRE_PREFER, STATE_ABSENT, 0 },
		{ REQUIRE_OFF, STATE_ABSENT, 0 },
	};

	(void)state;
	for (int row = 0; row < PROTECT_MAX; row++) {
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			struct croft_error err = { 0 };
			struct bare bare;
			struct launch launch;
			int r;

			bare_init(&bare, argv_true);
			bare.plan.rows[row].requirement = rows[i].requirement;
			bare.plan.rows[row].state = rows[i].state;
			launch_init(&launch);
			r = launch_prepare(&launch, &bare.plan, NULL, &err);
			assert_int_equal(r, rows[i].want);
			if (r < 0) {
				assert_int_equal(err.stage, CROFT_STAGE_PLAN);
				assert_non_null(strstr(err.what, protection_names[row].name));
			}
		}
	}
}

static void a_failure_leaves_nothing_behind(void **state)
{
	static const struct {
		enum sys_call call;
		const char *what; /* of the message */
	} rows[] = {
		{ SYS_CALL_landlock_create_ruleset, "ruleset" },
		{ SYS_CALL_landlock_add_rule, "rule" },
		{ SYS_CALL_mkdirat, "temporary directory" },
		{ SYS_CALL_newfstatat, "temporary directory" },
	};
	struct profile *profile = profile_of("empty", with_tmpdir);
	struct sandbox sandbox;

	(void)state;
	sandbox_of(profile, &sandbox);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int before = lowest_free();
		struct croft_error err = { 0 };
		struct launch launch;

		launch_init(&launch);
		launch.cleaner = 12345;
		launch.restores_nofile = true;
		launch.nofile.rlim_cur = 77;
		ground_replace(rows[i].call, -ENOSPC);
		assert_int_equal(launch_prepare(&launch, sandbox.plan, sandbox.facts, &err),
				 -ENOSPC);
		ground_restore(NULL);
		assert_int_equal(err.stage, CROFT_STAGE_PREPARE);
		assert_non_null(strstr(err.what, rows[i].what));
		assert_false(launch.made_tmpdir);
		assert_false(exists(sandbox.plan->tmpdir));
		assert_int_equal(launch.ruleset, -1);
		assert_int_equal(lowest_free(), before);
		assert_int_equal(count_names(""), 0);
		/* what the caller has set is the caller's */
		assert_int_equal(launch.cleaner, 12345);
		assert_true(launch.restores_nofile);
		assert_int_equal(launch.nofile.rlim_cur, 77);
	}
	sandbox_done(&sandbox);
	profile_free(profile);
}

/* Fails for the second rule on, which is the TMPDIR's when there is one grant. */
static int n_rules, n_pass;

static long fails_late(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	return n_rules++ < n_pass ? sys_real(call, a, b, c, d, e, f) : -EBADFD;
}

static void a_tmpdir_whose_rule_is_refused_is_removed_again(void **state)
{
	struct profile *profile = profile_of("empty", with_tmpdir);
	struct sandbox sandbox;
	struct launch launch;
	int before;

	(void)state;
	sandbox_of(profile, &sandbox);
	before = lowest_free();
	n_rules = 0;
	n_pass = (int)sandbox.plan->n_rules;
	launch_init(&launch);
	sys_replace(SYS_CALL_landlock_add_rule, fails_late);
	assert_int_equal(launch_prepare(&launch, sandbox.plan, sandbox.facts, NULL), -EBADFD);
	assert_int_equal(n_rules, n_pass + 1);
	assert_int_equal(count_names(""), 0);
	assert_false(launch.made_tmpdir);
	assert_int_equal(lowest_free(), before);
	sandbox_done(&sandbox);
	profile_free(profile);
}

/* With "/" readable no open can prove the restriction: it is acted out in a child. */
static void a_kernel_that_does_not_enforce_is_found_out_before_the_command(void **state)
{
	static const char *const everything[][2] = { { "read", "/" }, { NULL, NULL } };
	struct profile *profile = profile_of("empty", everything);
	struct croft_error err = { 0 };
	struct sandbox sandbox;
	struct launch launch;

	(void)state;
	sandbox_of(profile, &sandbox);
	assert_false(sandbox.plan->can_verify);
	launch_init(&launch);
	ground_replace(SYS_CALL_landlock_restrict_self, 0);
	assert_int_equal(launch_prepare(&launch, sandbox.plan, sandbox.facts, &err), -EOPNOTSUPP);
	assert_int_equal(err.stage, CROFT_STAGE_HOST);
	assert_int_equal(launch.ruleset, -1);
	ground_restore(NULL);
	assert_int_equal(launch_prepare(&launch, sandbox.plan, sandbox.facts, &err), 0);
	launch_done(&launch);
	sandbox_done(&sandbox);
	profile_free(profile);
	assert_true(has_no_children());
}

static bool is_probed;

static long refuses_root(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	if (!strcmp((const char *)(uintptr_t)b, "/"))
		return -EACCES;
	return sys_real(call, a, b, c, d, e, f);
}

static long sees_clone(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	is_probed = true;
	return sys_real(call, a, b, c, d, e, f);
}

/* Where file modes forbid it anyway, a refused open of "/" says nothing of Landlock. */
static void a_proof_that_proves_nothing_is_replaced_by_a_child(void **state)
{
	static const char *const little[][2] = { { "read", "/usr" }, { NULL, NULL } };
	struct profile *profile = profile_of("empty", little);
	struct sandbox sandbox;

	(void)state;
	sandbox_of(profile, &sandbox);
	assert_true(sandbox.plan->can_verify);
	for (int refused = 0; refused < 2; refused++) {
		struct launch launch;

		is_probed = false;
		launch_init(&launch);
		sys_replace(SYS_CALL_clone, sees_clone);
		if (refused)
			sys_replace(SYS_CALL_openat, refuses_root);
		assert_int_equal(launch_prepare(&launch, sandbox.plan, sandbox.facts, NULL), 0);
		assert_int_equal(is_probed, refused);
		ground_restore(NULL);
		launch_done(&launch);
	}
	sandbox_done(&sandbox);
	profile_free(profile);
}

#define T(test) cmocka_unit_test_teardown(test, ground_restore)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_empty_launch_owns_nothing),
		T(everything_is_ready_and_is_given_back),
		T(a_plan_that_wants_nothing_makes_nothing),
		T(a_required_protection_that_is_not_enforced_is_refused),
		T(a_failure_leaves_nothing_behind),
		T(a_tmpdir_whose_rule_is_refused_is_removed_again),
		T(a_kernel_that_does_not_enforce_is_found_out_before_the_command),
		T(a_proof_that_proves_nothing_is_replaced_by_a_child),
	};

	return cmocka_run_group_tests(tests, ground_open, ground_close);
}
