/* SPDX-License-Identifier: MIT */
/*
 * test_denial_facts.c - what is found where something is denied, what lies beside it, and which
 * links are on the way of names, in a tree of this machine.
 */
#include "ground.h"

#include "launch/denial_facts.h"
#include "launch/links.h"
#include "host/paths.h"

static struct profile *profile;
static struct denial_facts facts;
static struct path_facts grants;
static const char *denied[16];

static void put(const char *name)
{
	char path[GROUND_PATH];

	(void)in_scratch(path, name);
	for (char *slash = strchr(path + strlen(scratch) + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0755);
		*slash = '/';
	}
	make_file(name, "", 0644);
}

static void grant(unsigned kinds, const char *name)
{
	char path[GROUND_PATH];

	assert_int_equal(profile_add_path(profile, kinds, in_scratch(path, name), "x:1", NULL), 0);
}

static void deny(enum denial_kind kind, const char *name)
{
	char path[GROUND_PATH];

	assert_int_equal(profile_add_denial(profile, kind, in_scratch(path, name), "x:2", NULL), 0);
}

static int open_all(void **state)
{
	if (ground_open(state) < 0 || profile_new("empty", NULL, NULL, &profile, NULL) < 0)
		return -1;
	denial_facts_init(&facts);
	return 0;
}

static int close_all(void **state)
{
	denial_facts_done(&facts);
	if (grants.list)
		paths_close(grants.list, grants.n);
	free(grants.list);
	grants = (struct path_facts){ 0 };
	profile_free(profile);
	memset(denied, 0, sizeof(denied));
	(void)ground_restore(state);
	return ground_close(state);
}

/* Opens what is granted, and looks. */
static void look(void)
{
	const char *names[8];

	for (size_t i = 0; i < profile->n_grants; i++)
		names[i] = profile->grants[i].path;
	grants.list = calloc(profile->n_grants + 1, sizeof(*grants.list));
	grants.n = profile->n_grants;
	assert_non_null(grants.list);
	assert_int_equal(paths_open(names, grants.n, grants.list), 0);
	assert_int_equal(denial_facts_find(&facts, profile, denied, &grants, NULL), 0);
}

/* The names below scratch that fit denial i, joined by blanks. */
static const char *names_of(size_t i)
{
	static char text[2048];
	const struct denial_fact *fact = &facts.list[i];

	text[0] = '\0';
	for (size_t j = 0; j < fact->n_names; j++) {
		size_t len = strlen(text);

		(void)snprintf(text + len, sizeof(text) - len, "%s%s", j ? " " : "",
			       fact->names[j].path + strlen(scratch) + 1);
	}
	return text;
}

static void a_name_is_what_it_is_or_what_is_nearest_above_it(void **state)
{
	char path[GROUND_PATH];
	struct stat st;

	(void)state;
	put("p/f");
	grant(GRANT_WRITE, "p");
	deny(DENY_ALL, "p/f");
	deny(DENY_ALL, "p/x/y/z");
	deny(DENY_ALL, "p/f/x");
	look();
	assert_return_code(stat(in_scratch(path, "p/f"), &st), errno);
	assert_int_equal(facts.list[0].errnum, 0);
	assert_true(S_ISREG(facts.list[0].type));
	assert_int_equal(facts.list[0].ino, st.st_ino);
	assert_null(facts.list[0].above);
	assert_return_code(stat(in_scratch(path, "p"), &st), errno);
	for (size_t i = 1; i < 3; i++) {
		assert_int_equal(facts.list[i].errnum, ENOENT);
		assert_string_equal(facts.list[i].above, path);
		assert_int_equal(facts.list[i].above_ino, st.st_ino);
	}
}

static void patterns_become_names_the_topmost_ones_with_dots_in_them(void **state)
{
	static const char *const files[] = { "p/.env",     "p/a/.env", "p/.b/.env", "p/a/env",
					     "p/x/.env/y", "p/k.pem",  "p/a/l.pem", "q/.env" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		put(files[i]);
	deny(DENY_ALL, "p/**/.env");
	deny(DENY_ALL, "p/*.pem");
	deny(DENY_WRITE, "p/*/.env/*");
	deny(DENY_ALL, "none/**/x");
	look();
	assert_string_equal(names_of(0), "p/.b/.env p/.env p/a/.env p/x/.env");
	assert_string_equal(names_of(1), "p/k.pem");
	assert_string_equal(names_of(2), "p/x/.env/y");
	assert_string_equal(names_of(3), "");
	for (size_t i = 0; i < 4; i++)
		assert_false(facts.list[i].is_cut);
}

static void a_link_that_fits_stands_for_what_it_leads_to(void **state)
{
	char path[GROUND_PATH];

	(void)state;
	put("p/a/real");
	put("out/x");
	assert_return_code(symlink("a/real", in_scratch(path, "p/l.env")), errno);
	assert_return_code(symlink("../out", in_scratch(path, "p/dir")), errno);
	grant(GRANT_WRITE, "p");
	deny(DENY_ALL, "p/*.env");
	deny(DENY_ALL, "p/**/x");
	look();
	assert_string_equal(names_of(0), "p/a/real");
	assert_true(facts.list[0].has_link);
	/* no directory is entered by a link */
	assert_string_equal(names_of(1), "");
}

static void only_a_link_that_can_be_replaced_is_told(void **state)
{
	char path[GROUND_PATH], real[GROUND_PATH];

	(void)state;
	put("p/f");
	put("fixed/x");
	assert_return_code(symlink("f", in_scratch(path, "p/link")), errno);
	assert_return_code(symlink("../p", in_scratch(path, "fixed/to")), errno);
	grant(GRANT_WRITE, "p");
	deny(DENY_ALL, "p/link");
	deny(DENY_ALL, "fixed/to/f");
	denied[0] = denied[1] = in_scratch(real, "p/f");
	look();
	assert_string_equal(facts.list[0].link, in_scratch(path, "p/link"));
	assert_true(facts.list[0].has_link);
	assert_false(facts.list[1].has_link);
	assert_int_equal(facts.list[1].errnum, 0);
}

static void directories_are_listed_where_a_missing_name_could_be_made(void **state)
{
	char path[GROUND_PATH];

	(void)state;
	put("p/d/one");
	put("p/d/two");
	put("r/x");
	assert_return_code(symlink("one", in_scratch(path, "p/d/link")), errno);
	grant(GRANT_WRITE, "p");
	grant(GRANT_READ, "r");
	deny(DENY_ALL, "p/d/.env");
	deny(DENY_ALL, "r/.env");
	deny(DENY_ALL, "p/d/one");
	deny(DENY_ALL, "p/left");
	profile->denials[3].stays_open = true;
	look();
	assert_int_equal(denial_facts_list_closed(&facts, profile, &grants, NULL), 0);
	assert_int_equal(facts.n_directories, 1);
	assert_string_equal(facts.directories[0].path, in_scratch(path, "p/d"));
	assert_int_equal(facts.directories[0].n_entries, 3);
	assert_string_equal(facts.directories[0].entries[0].name, "link");
	assert_true(S_ISLNK(facts.directories[0].entries[0].type));
	assert_string_equal(facts.directories[0].entries[2].name, "two");
	assert_true(facts.directories[0].entries[2].fact == SIZE_MAX);
}

static void a_directory_with_too_many_entries_has_no_list(void **state)
{
	(void)state;
	for (int i = 0; i <= DIRECTORY_ENTRIES_MAX; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "p/%d", i);
		put(name);
	}
	grant(GRANT_WRITE, "p");
	deny(DENY_ALL, "p/.env");
	look();
	assert_int_equal(denial_facts_list_closed(&facts, profile, &grants, NULL), 0);
	assert_int_equal(facts.directories[0].errnum, EFBIG);
	assert_int_equal(facts.directories[0].n_entries, 0);
}

static void beside_a_denied_name_all_entries_on_the_way_are_opened(void **state)
{
	int before = lowest_free();

	(void)state;
	put("p/d/e/key");
	put("p/d/e/open");
	put("p/d/other");
	grant(GRANT_WRITE, "p");
	deny(DENY_ALL, "p/d/e/key");
	look();
	assert_int_equal(denial_facts_list_beside(&facts, profile, denied, &grants, NULL), 0);
	assert_true(facts.has_beside);
	assert_int_equal(facts.n_directories, 3);
	for (size_t i = 0; i < facts.n_directories; i++)
		for (size_t j = 0; j < facts.directories[i].n_entries; j++) {
			const struct entry_fact *entry = &facts.directories[i].entries[j];

			assert_true(entry->fact > 0 && entry->fact < grants.n);
			assert_int_equal(grants.list[entry->fact].ino, entry->ino);
		}
	assert_int_equal(grants.n, 1 + 5);
	paths_close(grants.list, grants.n);
	assert_int_equal(lowest_free(), before);
}

static void a_lack_of_descriptors_is_an_error(void **state)
{
	struct croft_error err;

	(void)state;
	put("p/f");
	deny(DENY_ALL, "p/f");
	ground_replace(SYS_CALL_openat2, -EMFILE);
	assert_int_equal(denial_facts_find(&facts, profile, denied, &grants, &err), -EMFILE);
	assert_non_null(strstr(err.what, "denials"));
}

static void links_on_the_way_are_told_each_once_with_those_of_the_root(void **state)
{
	char path[GROUND_PATH], other[GROUND_PATH];
	const char *real = NULL;
	struct links links;

	(void)state;
	put("p/bin/tool-1");
	assert_return_code(symlink("tool-1", in_scratch(path, "p/bin/tool")), errno);
	assert_return_code(symlink("p", in_scratch(path, "to")), errno);
	links_init(&links);
	for (int i = 0; i < 2; i++)
		assert_int_equal(links_add(&links, in_scratch(path, "to/bin/tool"), &real, NULL),
				 0);
	assert_string_equal(real, in_scratch(other, "p/bin/tool-1"));
	assert_int_equal(links_add(&links, in_scratch(path, "to/none/x"), &real, NULL), 0);
	links_finish(&links);
	assert_int_equal(links.n, 2);
	assert_string_equal(links.list[0].path, in_scratch(path, "p/bin/tool"));
	assert_string_equal(links.list[0].target, "tool-1");
	assert_string_equal(links.list[1].path, in_scratch(path, "to"));
	assert_true(links.list[0].is_on_way && links.list[1].is_on_way);
	assert_int_equal(links_add_root(&links, NULL), 0);
	for (size_t i = 2; i < links.n; i++) {
		assert_int_equal(strrchr(links.list[i].path, '/') - links.list[i].path, 0);
		assert_false(links.list[i].is_on_way);
	}
	links_done(&links);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)
		CASE(a_name_is_what_it_is_or_what_is_nearest_above_it),
		CASE(patterns_become_names_the_topmost_ones_with_dots_in_them),
		CASE(a_link_that_fits_stands_for_what_it_leads_to),
		CASE(only_a_link_that_can_be_replaced_is_told),
		CASE(directories_are_listed_where_a_missing_name_could_be_made),
		CASE(a_directory_with_too_many_entries_has_no_list),
		CASE(beside_a_denied_name_all_entries_on_the_way_are_opened),
		CASE(a_lack_of_descriptors_is_an_error),
		CASE(links_on_the_way_are_told_each_once_with_those_of_the_root),
#undef CASE
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
