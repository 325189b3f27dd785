/* SPDX-License-Identifier: MIT */
/*
 * test_gha_libc.c - what is lent to an image so that the runner's node starts in it.
 *
 * The host and the image are two trees of made ELF files below one scratch directory; that real
 * programs then start is tried in tests/gha/test_libc.py.
 */
#include "make_root.h"

#include "gha/libc.h"

#define HOST "/host"
#define JOB "/job"
#define LOADER_STRINGS \
	STRINGS("stable release version 2.39.\0/etc/ld.so.cache\0/lib/multi/\0/lib/\0-")

static struct root host = { .fd = -1 }, job = { .fd = -1 };
static struct arena arena;
static struct libc_plan plan;
static struct croft_error plan_error;

static void make_loader(const char *where)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s" ROOT_LOADER, where);
	make_object(path, &(struct object_spec){ .soname = "ld-linux-test.so.2", LOADER_STRINGS });
}

/* A node that needs the C library and one more, and all of it on the host. */
static int before(void **state)
{
	char path[GROUND_PATH];
	int r = root_before(state);

	make_dir("image/job");
	make_loader(HOST);
	make_object(HOST "/lib/multi/libc.so.6",
		    &(struct object_spec){ .soname = "libc.so.6", .verdef = "GLIBC_2.28" });
	make_object(HOST "/lib/multi/libmore.so.1",
		    &(struct object_spec){ .needs = { "libc.so.6" } });
	make_object(HOST "/ext/node20/bin/node",
		    &(struct object_spec){ .interp = ROOT_LOADER,
					   .is_program = true,
					   .needs = { "libmore.so.1", "libc.so.6" },
					   .verneed = "GLIBC_2.28",
					   .verneed_file = "libc.so.6" });
	arena_init(&arena, 1U << 20);
	r = r < 0 ? r : root_open(in_scratch(path, "image/host"), &host, &root_error);
	return r;
}

static int after(void **state)
{
	arena_done(&arena);
	root_done(&host);
	root_done(&job);
	return root_after(state);
}

#define LIBC_TEST(test) cmocka_unit_test_setup_teardown(test, before, after)

static int make_plan(void)
{
	char host_path[GROUND_PATH], job_path[GROUND_PATH];
	struct libc_input input = { .image = &job, .host = &host, .externals = "/ext" };

	host.path = in_scratch(host_path, "image/host");
	root_done(&job);
	assert_int_equal(root_open(in_scratch(job_path, "image/job"), &job, &root_error), 0);
	return libc_plan(&input, &arena, &plan, &plan_error);
}

/* "PATH<HOST PATH<HOST" */
static void assert_loans(const char *wanted)
{
	AUTO_BUF struct buf buf = BUF_INIT(4096);

	assert_int_equal(make_plan(), 0);
	for (size_t i = 0; i < plan.n_loans; i++)
		buf_printf(&buf, "%s%s<%s", i ? " " : "", plan.loans[i].path, plan.loans[i].host);
	assert_string_equal(buf_text(&buf), wanted);
}

static void assert_why(const char *part)
{
	assert_int_equal(make_plan(), 0);
	assert_false(plan.nodes[0].can_start);
	if (!strstr(plan.nodes[0].why, part))
		fail_msg("'%s' is not in '%s'", part, plan.nodes[0].why);
	assert_true(plan.nodes[0].mend[0]);
}

static void an_empty_image_gets_the_loader_and_every_library(void **state)
{
	(void)state;
	assert_loans(ROOT_LOADER "<" ROOT_LOADER " /lib/multi/libmore.so.1</lib/multi/libmore.so.1"
				 " /lib/multi/libc.so.6</lib/multi/libc.so.6");
	assert_true(plan.n_nodes == 1 && plan.nodes[0].can_start);
	assert_string_equal(plan.nodes[0].name, "node20");
}

static void a_whole_image_gets_nothing(void **state)
{
	(void)state;
	make_loader(JOB);
	make_object(JOB "/lib/libc.so.6",
		    &(struct object_spec){ .soname = "libc.so.6", .verdef = "GLIBC_2.28" });
	make_library(JOB "/lib/libmore.so.1", "libc.so.6");
	assert_loans("");
	assert_true(plan.nodes[0].can_start);
}

static void a_library_that_is_missing_comes_alone(void **state)
{
	(void)state;
	make_loader(JOB);
	make_object(JOB "/lib/libc.so.6",
		    &(struct object_spec){ .soname = "libc.so.6", .verdef = "GLIBC_2.28" });
	assert_loans("/lib/multi/libmore.so.1</lib/multi/libmore.so.1");
	assert_true(plan.nodes[0].can_start);
}

static void what_lies_at_the_place_stays(void **state)
{
	(void)state;
	make_library(JOB "/lib/multi/libmore.so.1", NULL);
	assert_loans(ROOT_LOADER "<" ROOT_LOADER " /lib/multi/libc.so.6</lib/multi/libc.so.6");
	assert_true(plan.nodes[0].can_start);
}

static void a_namesake_in_a_later_directory_is_not_taken(void **state)
{
	(void)state;
	make_library(JOB "/lib/libmore.so.1", "libc.musl-test.so.1");
	assert_loans(ROOT_LOADER "<" ROOT_LOADER " /lib/multi/libmore.so.1</lib/multi/libmore.so.1"
				 " /lib/multi/libc.so.6</lib/multi/libc.so.6");
	assert_true(plan.nodes[0].can_start);
}

static void half_a_c_library_is_refused(void **state)
{
	(void)state;
	make_object(JOB "/lib/multi/libc.so.6",
		    &(struct object_spec){ .soname = "libc.so.6", .verdef = "GLIBC_2.28" });
	assert_why("the image has '/lib/multi/libc.so.6' but not the '" ROOT_LOADER
		   "' that belongs to it");
}

static void an_older_c_library_is_refused_by_the_version(void **state)
{
	(void)state;
	make_loader(JOB);
	make_object(JOB "/lib/libc.so.6",
		    &(struct object_spec){ .soname = "libc.so.6", .verdef = "GLIBC_2.17" });
	make_library(JOB "/lib/libmore.so.1", "libc.so.6");
	assert_why("GLIBC_2.28");
	assert_int_equal(plan.n_loans, 0);
}

static void a_loader_that_this_host_has_not_is_said(void **state)
{
	(void)state;
	make_object(HOST "/ext/node20/bin/node",
		    &(struct object_spec){ .interp = "/lib/ld-linux-other.so.1",
					   .is_program = true });
	assert_why("/lib/ld-linux-other.so.1");
	assert_int_equal(plan.n_loans, 0);
}

static void externals_without_a_node_are_an_error(void **state)
{
	char path[GROUND_PATH];

	(void)state;
	assert_int_equal(unlink(in_scratch(path, "image/host/ext/node20/bin/node")), 0);
	assert_true(make_plan() < 0);
	assert_non_null(strstr(plan_error.what, "'/ext' have no node*/bin/node"));
	assert_true(plan_error.hint[0]);
}

static void links_of_the_image_do_not_lead_out(void **state)
{
	char link_path[GROUND_PATH], to[GROUND_PATH];

	(void)state;
	(void)in_scratch(to, "image/host/lib");
	assert_int_equal(symlink(to, in_scratch(link_path, "image/job/lib")), 0);
	assert_int_equal(make_plan(), 0);
	/* the link's target is not in the image, so nothing is found through it */
	assert_true(plan.n_loans > 0 || !plan.nodes[0].can_start);
}

static void behind_a_link_to_nothing_nothing_is_lent(void **state)
{
	char path[GROUND_PATH];

	(void)state;
	assert_int_equal(symlink("/gone", in_scratch(path, "image/job/lib")), 0);
	assert_why(ROOT_LOADER);
	assert_int_equal(plan.n_loans, 0);
}

static void over_a_link_of_the_image_it_is_lent_as_ever(void **state)
{
	char path[GROUND_PATH];

	(void)state;
	make_dir("image/job/usr");
	make_dir("image/job/usr/lib");
	assert_int_equal(symlink("usr/lib", in_scratch(path, "image/job/lib")), 0);
	assert_int_equal(make_plan(), 0);
	assert_int_equal(plan.n_loans, 3);
	assert_true(plan.nodes[0].can_start);
}

static void the_alpine_node_is_for_alpine_on_this_machine(void **state)
{
	(void)state;
	make_dir("image/job/etc");
	make_file("image/job/etc/os-release", "NAME=x\nID=\"Alpine\"\n", 0644);
	assert_int_equal(make_plan(), 0);
	assert_false(plan.is_alpine); /* the externals have none */
	make_object(HOST "/ext/node20_alpine/bin/node",
		    &(struct object_spec){ .interp = ROOT_MUSL, .is_program = true });
	make_object(HOST ROOT_MUSL, &(struct object_spec){ STRINGS("/etc/ld-musl-test.path") });
#if defined(__x86_64__)
	assert_loans(ROOT_MUSL "<" ROOT_MUSL);
	assert_true(plan.is_alpine && plan.nodes[0].can_start);
	assert_string_equal(plan.nodes[0].name, "node20_alpine");
#else
	assert_int_equal(make_plan(), 0);
	assert_false(plan.is_alpine);
#endif
}

static void alpine_is_told_by_the_id(void **state)
{
	static const struct {
		const char *release;
		bool has_alpine_release, is_alpine;
	} cases[] = {
		{ "ID=alpine\n", false, true },
		{ "NAME=\"x\"\nID=\"alpine\"\nID=debian\n", false, true },
		{ "ID='ALPINE'", false, true },
		{ "ID=debian\n", true, false },
		{ "ID_LIKE=alpine\nID=wolfi\n", false, false },
		{ "NAME=alpine\nVERSION_ID=alpine\n", false, false },
		{ "NAME=x\n", true, true },
		{ NULL, true, true },
		{ NULL, false, false },
	};

	(void)state;
	make_dir("image/job/etc");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char path[GROUND_PATH], job_path[GROUND_PATH];

		(void)unlink(in_scratch(path, "image/job/etc/os-release"));
		(void)unlink(in_scratch(path, "image/job/etc/alpine-release"));
		if (cases[i].release)
			make_file("image/job/etc/os-release", cases[i].release, 0644);
		if (cases[i].has_alpine_release)
			make_file("image/job/etc/alpine-release", "3.20\n", 0644);
		root_done(&job);
		assert_int_equal(root_open(in_scratch(job_path, "image/job"), &job, &root_error),
				 0);
		if (libc_is_alpine_image(&job) != cases[i].is_alpine)
			fail_msg("case %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIBC_TEST(an_empty_image_gets_the_loader_and_every_library),
		LIBC_TEST(a_whole_image_gets_nothing),
		LIBC_TEST(a_library_that_is_missing_comes_alone),
		LIBC_TEST(what_lies_at_the_place_stays),
		LIBC_TEST(a_namesake_in_a_later_directory_is_not_taken),
		LIBC_TEST(half_a_c_library_is_refused),
		LIBC_TEST(an_older_c_library_is_refused_by_the_version),
		LIBC_TEST(a_loader_that_this_host_has_not_is_said),
		LIBC_TEST(externals_without_a_node_are_an_error),
		LIBC_TEST(links_of_the_image_do_not_lead_out),
		LIBC_TEST(behind_a_link_to_nothing_nothing_is_lent),
		LIBC_TEST(over_a_link_of_the_image_it_is_lent_as_ever),
		LIBC_TEST(the_alpine_node_is_for_alpine_on_this_machine),
		LIBC_TEST(alpine_is_told_by_the_id),
	};

	return cmocka_run_group_tests(tests, ground_open, ground_close);
}
