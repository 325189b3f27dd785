/* SPDX-License-Identifier: MIT */
/*
 * test_tighten.c - the meet of two profiles: never more than either, and not less than both want.
 *
 * The first tests take random pairs of profiles and ask the result about every port, variable,
 * descriptor and so on of a small world. What a profile lets a variable be is asked of plan/env.h,
 * which decides it in a start. The others have one case each, with its twin.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "plan/env.h"
#include "profile/tighten.h"

#define N_PAIRS 3000

/* Random profiles, the same on every machine */

static uint64_t random_state;

static unsigned below(unsigned n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)((random_state >> 11) % n);
}

static bool once_in(unsigned n)
{
	return below(n) == 0;
}

static const char *const port_texts[] = { "80", "443", "udp:53", "udp:443", "8080" };
static const char *const env_texts[] = {
	"A",        "AB",   "ABC",     "A*",       "AB*",       "*",      "B",
	"MY_TOKEN", "MY_*", "A=base1", "A=value2", "AB=value3", "LC_ALL", "LC_*",
};
static const char *const env_names[] = { "A",        "AB",   "ABC",    "ABCD",   "B",
					 "MY_TOKEN", "MY_B", "LC_ALL", "LC_KEY", "C" };
static const char *const call_texts[] = { "ptrace", "mincore", "kcmp" };
static const char *const path_texts[] = { "/srv/a", "/srv/b", "~/x", ".", "optional:/srv/c" };

#define PICK(texts) texts[below(ARRAY_SIZE(texts))]

static struct profile *new_profile(void)
{
	struct croft_error err = { 0 };
	struct profile *profile;

	if (profile_new("empty", "/home/ada", "/srv/p", &profile, &err) < 0)
		fail_msg("%s", err.what);
	return profile;
}

#define DO(call)                                  \
	do {                                      \
		struct croft_error err = { 0 };   \
		if ((call) < 0)                   \
			fail_msg("%s", err.what); \
	} while (0)

static void add_lists(struct profile *profile, const char *origin)
{
	for (unsigned n = below(5); n > 0; n--)
		DO(profile_add_port(profile, PORT_CONNECT, PICK(port_texts), origin, &err));
	for (unsigned n = below(4); n > 0; n--)
		DO(profile_add_port(profile, PORT_LISTEN, PICK(port_texts), origin, &err));
	for (unsigned n = below(6); n > 0; n--)
		DO(profile_add_env(profile, PICK(env_texts), origin, &err));
	for (unsigned n = below(4); n > 0; n--)
		DO(profile_add_path(profile, (unsigned)GRANT_READ << below(3), PICK(path_texts),
				    origin, &err));
	for (unsigned n = below(3); n > 0; n--)
		DO(profile_add_denial(profile, (enum denial_kind)below(DENY_MAX), "/srv/a/secret",
				      origin, &err));
	for (unsigned n = below(3); n > 0; n--)
		DO(profile_refuse_call(profile, PICK(call_texts), &err));
	for (int fd = 3; fd < 7; fd++) {
		char text[8] = { (char)('0' + fd) };

		if (once_in(2))
			DO(profile_add_fd(profile, text, &err));
	}
}

static void add_choices(struct profile *profile)
{
	for (int i = 0; i < GROUP_MAX; i++)
		profile->allows_group[i] = once_in(2);
	for (int i = 0; i < SET_MAX; i++)
		profile->wants_set[i] = once_in(2);
	for (int i = 0; i < ISOLATE_MAX; i++)
		profile->isolates[i] = once_in(3);
	profile->protects_git = once_in(3);
	for (int i = 0; i < LIMIT_MAX; i++) {
		profile->has_limit[i] = once_in(2);
		profile->limits[i] = profile->has_limit[i] ? 1 + below(5) : 0;
	}
	for (int i = 0; i < PROTECT_MAX; i++)
		if (once_in(3))
			DO(profile_set_requirement(profile, protection_names[i].name,
						   (enum requirement)below(REQUIRE_MAX), &err));
	profile->syscall_mode = (enum syscall_mode)below(SYSCALLS_MODE_MAX);
	profile->abi = below(4);
	profile->min_landlock = below(4);
	profile->time_ms = below(4);
	profile->grace_ms = 1 + below(4);
	profile->wants_env_all = once_in(4);
	profile->wants_deps = once_in(2);
	profile->wants_audit = once_in(2);
	profile->wants_supervisor = once_in(2);
	profile->leaves_tcp_to_landlock = once_in(2);
	profile->may_write_root = once_in(2);
}

static struct profile *random_profile(uint64_t seed, const char *origin)
{
	struct profile *profile = new_profile();

	random_state = seed * 0x9e3779b97f4a7c15U + 1;
	for (int i = 0; i < 8; i++)
		(void)below(2);
	add_lists(profile, origin);
	add_choices(profile);
	if (once_in(3))
		DO(profile_set_program(profile, origin, &err));
	if (once_in(3))
		DO(profile_set_chdir(profile, once_in(2) ? "/srv/a" : "/srv/b", &err));
	return profile;
}

/* A pair, and what it becomes. `bound` is freed and made anew, so that nothing may lean on it. */
struct triple {
	struct profile *base, *bound, *met;
};

static void meet(struct triple *triple, uint64_t seed)
{
	struct profile *bound = random_profile(2 * seed + 1, "bound");

	triple->base = random_profile(2 * seed, "base");
	triple->met = random_profile(2 * seed, "base");
	DO(profile_tighten(triple->met, bound, &err));
	profile_free(bound);
	triple->bound = random_profile(2 * seed + 1, "bound");
}

static void triple_done(struct triple *triple)
{
	profile_free(triple->base);
	profile_free(triple->bound);
	profile_free(triple->met);
}

static void for_pairs(void (*check)(const struct triple *triple))
{
	for (uint64_t seed = 1; seed <= N_PAIRS; seed++) {
		struct triple triple;

		meet(&triple, seed);
		check(&triple);
		triple_done(&triple);
	}
}

/* Lists */

static bool lets_port(const struct profile *profile, const char *text, enum port_use use)
{
	struct profile *wanted = new_profile();
	bool is_udp = !strncmp(text, "udp:", 4), found;

	DO(profile_add_port(wanted, use, text, "test", &err));
	found = profile->require[is_udp ? PROTECT_UDP : PROTECT_TCP] == REQUIRE_OFF;
	for (size_t i = 0; i < profile->n_ports; i++)
		found |= profile->ports[i].port == wanted->ports[0].port &&
			 profile->ports[i].is_udp == is_udp && profile->ports[i].use == use;
	profile_free(wanted);
	return found;
}

static void check_ports(const struct triple *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(port_texts); i++)
		for (int use = PORT_CONNECT; use <= PORT_LISTEN; use++)
			assert_int_equal(lets_port(t->met, port_texts[i], (enum port_use)use),
					 lets_port(t->base, port_texts[i], (enum port_use)use) &&
						 lets_port(t->bound, port_texts[i],
							   (enum port_use)use));
}

static void a_port_is_open_where_both_open_it(void **state)
{
	(void)state;
	for_pairs(check_ports);
}

static bool lets_fd(const struct profile *profile, int fd)
{
	bool found = profile->require[PROTECT_DESCRIPTORS] == REQUIRE_OFF;

	for (size_t i = 0; i < profile->n_keep_fds; i++)
		found |= profile->keep_fds[i] == fd;
	return found;
}

static void check_fds(const struct triple *t)
{
	for (int fd = 3; fd < 8; fd++)
		assert_int_equal(lets_fd(t->met, fd),
				 lets_fd(t->base, fd) && lets_fd(t->bound, fd));
}

static void a_descriptor_stays_where_both_keep_it(void **state)
{
	(void)state;
	for_pairs(check_fds);
}

/* True if a list entry without a value stands for the name. */
static bool lists(const struct profile *profile, const char *name)
{
	bool found = profile->require[PROTECT_ENVIRONMENT] == REQUIRE_OFF;

	for (size_t i = 0; i < profile->n_env; i++) {
		const char *entry = profile->env[i].name;
		size_t len = strcspn(entry, "*");

		if (!profile->env[i].value)
			found |= entry[len] ? !strncmp(entry, name, len) : !strcmp(entry, name);
	}
	return found;
}

static void check_env(const struct triple *t)
{
	static const char *const environ_texts[] = {
		"A=caller",      "AB=caller",       "ABC=caller",  "ABCD=caller",
		"B=caller",      "MY_TOKEN=caller", "MY_B=caller", "LC_ALL=caller",
		"LC_KEY=caller", "C=caller",        NULL
	};

	for (size_t i = 0; i < ARRAY_SIZE(env_names); i++) {
		const char *name = env_names[i];
		const char *base = env_value(t->base, environ_texts, name);
		const char *bound = env_value(t->bound, environ_texts, name);
		const char *met = env_value(t->met, environ_texts, name);

		if (met) {
			assert_non_null(base);
			assert_non_null(bound);
			assert_string_equal(met, base);
		}
		/* the twin: what both list, or set, comes through */
		if (lists(t->base, name) && lists(t->bound, name))
			assert_non_null(met);
		if (base && bound && strcmp(base, "caller") != 0)
			assert_non_null(met);
	}
}

static void a_variable_comes_through_where_both_want_it_with_the_bases_value(void **state)
{
	(void)state;
	for_pairs(check_env);
}

static bool lets_group(const struct profile *profile, int group)
{
	return profile->allows_group[group] || profile->syscall_mode == SYSCALLS_OFF ||
	       profile->require[PROTECT_SYSCALLS] == REQUIRE_OFF;
}

static unsigned strictness(const struct profile *profile)
{
	return profile->require[PROTECT_SYSCALLS] == REQUIRE_OFF ||
			       profile->syscall_mode == SYSCALLS_OFF
		       ? 0
		       : 1 + (profile->syscall_mode == SYSCALLS_STRICT);
}

static bool refuses(const struct profile *profile, const char *name)
{
	for (size_t i = 0; i < profile->n_refused_calls; i++)
		if (!strcmp(profile->refused_calls[i], name))
			return true;
	return false;
}

static void check_calls(const struct triple *t)
{
	for (int i = 0; i < GROUP_MAX; i++)
		assert_int_equal(lets_group(t->met, i),
				 lets_group(t->base, i) && lets_group(t->bound, i));
	assert_true(strictness(t->met) >= strictness(t->base));
	assert_true(strictness(t->met) >= strictness(t->bound));
	for (size_t i = 0; i < ARRAY_SIZE(call_texts); i++)
		assert_int_equal(refuses(t->met, call_texts[i]),
				 refuses(t->base, call_texts[i]) ||
					 refuses(t->bound, call_texts[i]));
}

static void a_system_call_is_allowed_where_both_allow_it(void **state)
{
	(void)state;
	for_pairs(check_calls);
}

/* Choices */

static void check_limit(uint64_t met, bool has_met, uint64_t a, bool has_a, uint64_t b, bool has_b)
{
	assert_int_equal(has_met, has_a || has_b);
	if (has_a)
		assert_true(met <= a);
	if (has_b)
		assert_true(met <= b);
	if (has_met)
		assert_true((has_a && met == a) || (has_b && met == b));
}

static void check_limits(const struct triple *t)
{
	for (int i = 0; i < LIMIT_MAX; i++)
		check_limit(t->met->limits[i], t->met->has_limit[i], t->base->limits[i],
			    t->base->has_limit[i], t->bound->limits[i], t->bound->has_limit[i]);
	check_limit(t->met->time_ms, t->met->time_ms != 0, t->base->time_ms, t->base->time_ms != 0,
		    t->bound->time_ms, t->bound->time_ms != 0);
	check_limit(t->met->grace_ms, true, t->base->grace_ms, true, t->bound->grace_ms, true);
}

static void the_smaller_limit_and_time_holds(void **state)
{
	(void)state;
	for_pairs(check_limits);
}

static void check_requirements(const struct triple *t)
{
	for (int i = 0; i < PROTECT_MAX; i++) {
		assert_true(t->met->require[i] >= t->base->require[i]);
		/* a promise about a directory that is not made is preferred by nobody */
		if (i != PROTECT_PRIVATE_TMP || t->bound->require[i] == REQUIRE_REQUIRE)
			assert_true(t->met->require[i] >= t->bound->require[i]);
		assert_true(t->met->require[i] == t->base->require[i] ||
			    t->met->require[i] == t->bound->require[i]);
	}
	assert_true(t->met->min_landlock >= t->base->min_landlock);
	assert_true(t->met->min_landlock >= t->bound->min_landlock);
	for (int i = 0; i < ISOLATE_MAX; i++)
		assert_int_equal(t->met->isolates[i],
				 t->base->isolates[i] || t->bound->isolates[i]);
	assert_int_equal(t->met->protects_git, t->base->protects_git || t->bound->protects_git);
	/* 0 handles every right there is, else N those of ABI N */
	assert_true((t->met->abi ? t->met->abi : ~0U) >= (t->base->abi ? t->base->abi : ~0U));
	assert_true((t->met->abi ? t->met->abi : ~0U) >= (t->bound->abi ? t->bound->abi : ~0U));
}

static void the_stronger_requirement_holds(void **state)
{
	(void)state;
	for_pairs(check_requirements);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static void check_own(const struct triple *t)
{
	assert_true(same_text(t->met->program, t->base->program));
	assert_true(same_text(t->met->chdir, t->base->chdir));
	assert_int_equal(t->met->n_args, t->base->n_args);
	assert_int_equal(t->met->wants_tmpdir, t->base->wants_tmpdir);
	assert_int_equal(t->met->wants_audit, t->base->wants_audit);
	assert_int_equal(t->met->may_write_root, t->base->may_write_root);
	assert_int_equal(t->met->wants_deps, t->base->wants_deps && t->bound->wants_deps);
	assert_int_equal(t->met->leaves_tcp_to_landlock,
			 t->base->leaves_tcp_to_landlock && t->bound->leaves_tcp_to_landlock);
	assert_int_equal(t->met->wants_supervisor,
			 t->base->wants_supervisor || t->bound->wants_supervisor);
	for (int i = 0; i < SET_MAX; i++)
		assert_int_equal(t->met->wants_set[i],
				 t->base->wants_set[i] && t->bound->wants_set[i]);
	for (size_t i = 0; i < t->met->n_env; i++)
		assert_true(!t->met->env[i].value || !strcmp(t->met->env[i].origin, "base"));
}

static void command_directory_and_values_are_the_bases_own(void **state)
{
	(void)state;
	for_pairs(check_own);
}

/* Paths */

static void assert_same_grants(const struct grant *got, const struct grant *want, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(got[i].path, want[i].path);
		assert_string_equal(got[i].origin, want[i].origin);
		assert_int_equal(got[i].kinds, want[i].kinds);
		assert_int_equal(got[i].rights, want[i].rights);
		assert_int_equal(got[i].is_optional, want[i].is_optional);
		assert_int_equal(got[i].is_pattern, want[i].is_pattern);
	}
}

static void check_paths(const struct triple *t)
{
	assert_int_equal(t->met->n_grants, t->base->n_grants);
	assert_same_grants(t->met->grants, t->base->grants, t->base->n_grants);
	assert_int_equal(t->met->n_bounds, t->bound->n_grants);
	assert_same_grants(t->met->bounds, t->bound->grants, t->bound->n_grants);
	assert_int_equal(t->met->n_bounded, t->base->n_grants);
	assert_string_equal(t->met->bound_name, t->bound->name);
	assert_int_equal(t->met->n_denials, t->base->n_denials + t->bound->n_denials);
	for (size_t i = 0; i < t->met->n_denials; i++) {
		bool is_own = i < t->base->n_denials;
		const struct denial *want =
			is_own ? &t->base->denials[i] : &t->bound->denials[i - t->base->n_denials];

		assert_int_equal(t->met->denials[i].kind, want->kind);
		assert_string_equal(t->met->denials[i].path, want->path);
		assert_string_equal(t->met->denials[i].origin, want->origin);
	}
}

static void grants_of_paths_stand_side_by_side_and_denials_of_both_hold(void **state)
{
	(void)state;
	for_pairs(check_paths);
}

static void what_is_added_afterwards_is_not_bound(void **state)
{
	struct profile *profile = new_profile(), *bound = new_profile();

	(void)state;
	DO(profile_add_path(profile, GRANT_READ, "/srv/a", "base", &err));
	DO(profile_tighten(profile, bound, &err));
	DO(profile_add_path(profile, GRANT_READ, "/srv/b", "--read", &err));
	DO(profile_add_port(profile, PORT_CONNECT, "443", "--connect", &err));
	DO(profile_add_env(profile, "A", "--env", &err));
	DO(profile_add_fd(profile, "3", &err));
	DO(profile_add_denial(profile, DENY_ALL, "/srv/a/x", "test", &err));
	assert_int_equal(profile->n_bounded, 1);
	assert_int_equal(profile->n_grants, 2);
	assert_int_equal(profile->n_ports, 1);
	assert_int_equal(profile->n_env, 1);
	assert_int_equal(profile->n_keep_fds, 1);
	assert_int_equal(profile->n_denials, 1);
	profile_free(profile);
	profile_free(bound);
}

/* Too much */

static void more_than_a_profile_may_hold_is_refused(void **state)
{
	struct profile *profile = new_profile(), *bound = new_profile();
	struct croft_error refusal = { 0 };
	char name[32];

	(void)state;
	for (int i = 0; i < PROFILE_MAX_DENIALS; i++) {
		(void)snprintf(name, sizeof(name), "/srv/%d", i);
		DO(profile_add_denial(i % 2 ? profile : bound, DENY_ALL, name, "test", &err));
	}
	DO(profile_tighten(profile, bound, &err));
	assert_int_equal(profile->n_denials, PROFILE_MAX_DENIALS);
	profile_free(profile);
	profile = new_profile();
	for (int i = 0; i <= PROFILE_MAX_DENIALS / 2; i++)
		DO(profile_add_denial(profile, DENY_ALL, "/srv/x", "test", &err));
	assert_true(profile_tighten(profile, bound, &refusal) < 0);
	assert_non_null(strstr(refusal.what, "more than 1024 denials"));
	profile_free(profile);
	profile_free(bound);
}

static void variables_beyond_the_limit_are_refused(void **state)
{
	struct profile *profile = new_profile(), *bound = new_profile();
	struct croft_error refusal = { 0 };
	char name[32];

	(void)state;
	/* every name of each is one that the other wants too */
	DO(profile_add_env(profile, "A*", "base", &err));
	DO(profile_add_env(bound, "B*", "bound", &err));
	for (int i = 0; i < PROFILE_MAX_ENV - 1; i++) {
		(void)snprintf(name, sizeof(name), "B%d", i);
		DO(profile_add_env(profile, name, "base", &err));
		(void)snprintf(name, sizeof(name), "A%d", i);
		DO(profile_add_env(bound, name, "bound", &err));
	}
	assert_true(profile_tighten(profile, bound, &refusal) < 0);
	assert_non_null(strstr(refusal.what, "more than 512 variables"));
	profile_free(profile);
	profile_free(bound);
}

static void ports_and_descriptors_beyond_the_limit_are_refused(void **state)
{
	struct profile *profile = new_profile(), *bound = new_profile();
	struct croft_error refusal = { 0 };
	char text[32];

	(void)state;
	/* what each lists, the other lets through as it has that protection off */
	DO(profile_set_requirement(profile, "tcp", REQUIRE_OFF, &err));
	DO(profile_set_requirement(bound, "udp", REQUIRE_OFF, &err));
	for (int i = 1; i <= PROFILE_MAX_PORTS; i++) {
		(void)snprintf(text, sizeof(text), "udp:%d", i);
		DO(profile_add_port(profile, PORT_CONNECT, text, "base", &err));
		(void)snprintf(text, sizeof(text), "%d", i);
		DO(profile_add_port(bound, PORT_CONNECT, text, "bound", &err));
	}
	assert_true(profile_tighten(profile, bound, &refusal) < 0);
	assert_non_null(strstr(refusal.what, "more than 256 ports"));
	profile_free(profile);
	profile_free(bound);
	profile = new_profile();
	bound = new_profile();
	DO(profile_set_requirement(profile, "descriptors", REQUIRE_OFF, &err));
	DO(profile_set_requirement(bound, "descriptors", REQUIRE_OFF, &err));
	for (int i = 3; i < 3 + PROFILE_MAX_FDS; i++) {
		(void)snprintf(text, sizeof(text), "%d", i);
		DO(profile_add_fd(profile, text, &err));
		(void)snprintf(text, sizeof(text), "%d", i + PROFILE_MAX_FDS);
		DO(profile_add_fd(bound, text, &err));
	}
	assert_true(profile_tighten(profile, bound, &refusal) < 0);
	assert_non_null(strstr(refusal.what, "more than 256 descriptors"));
	profile_free(profile);
	profile_free(bound);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_is_open_where_both_open_it),
		cmocka_unit_test(a_descriptor_stays_where_both_keep_it),
		cmocka_unit_test(a_variable_comes_through_where_both_want_it_with_the_bases_value),
		cmocka_unit_test(a_system_call_is_allowed_where_both_allow_it),
		cmocka_unit_test(the_smaller_limit_and_time_holds),
		cmocka_unit_test(the_stronger_requirement_holds),
		cmocka_unit_test(command_directory_and_values_are_the_bases_own),
		cmocka_unit_test(grants_of_paths_stand_side_by_side_and_denials_of_both_hold),
		cmocka_unit_test(what_is_added_afterwards_is_not_bound),
		cmocka_unit_test(more_than_a_profile_may_hold_is_refused),
		cmocka_unit_test(variables_beyond_the_limit_are_refused),
		cmocka_unit_test(ports_and_descriptors_beyond_the_limit_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
