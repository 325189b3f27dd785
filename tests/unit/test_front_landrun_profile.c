/* SPDX-License-Identifier: MIT */
/*
 * test_front_landrun_profile.c - the profile and the plan that come of landrun's words, on
 * every ABI.
 */
#include "ground.h"

#include "cli/front_landrun_profile.h"
#include "make_plan.h"

#define MAX_WORDS 16

#define READ_FILE ABI_LANDLOCK_FS_READ_FILE
#define READ_DIR ABI_LANDLOCK_FS_READ_DIR
#define EXECUTE ABI_LANDLOCK_FS_EXECUTE
#define ON_FILE (ABI_LANDLOCK_FS_WRITE_FILE | ABI_LANDLOCK_FS_TRUNCATE | ABI_LANDLOCK_FS_IOCTL_DEV)
/* all MAKE_* but the two of device nodes */
#define IN_DIRECTORY                                                                           \
	(ABI_LANDLOCK_FS_REMOVE_DIR | ABI_LANDLOCK_FS_REMOVE_FILE | ABI_LANDLOCK_FS_MAKE_DIR | \
	 ABI_LANDLOCK_FS_MAKE_REG | ABI_LANDLOCK_FS_MAKE_SOCK | ABI_LANDLOCK_FS_MAKE_FIFO |    \
	 ABI_LANDLOCK_FS_MAKE_SYM | ABI_LANDLOCK_FS_REFER)
#define TCP (ABI_LANDLOCK_NET_BIND_TCP | ABI_LANDLOCK_NET_CONNECT_TCP)
#define SCOPES (ABI_LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | ABI_LANDLOCK_SCOPE_SIGNAL)

#define FREE_FILES "--unrestricted-filesystem"
#define FREE_NET "--unrestricted-network"
#define FREE_SCOPES "--unrestricted-scoped"

static const char *const environment[] = { "HOME=/home/ada", "STAR*=s", "STARRY=x",
					   "EMPTY=", NULL };

/* Words, ended by NULL, to options; the number of words before the first that is none. */
static int parse(const char *const *words, struct landrun_options *options, struct croft_error *err)
{
	char *argv[MAX_WORDS + 1] = { (char *)(uintptr_t) "landrun" };
	int argc = 1;

	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	return landrun_options_parse(argc, argv, 1, options, err);
}

/* A whole start as far as the plan, from words, on a host. */
struct trial {
	struct landrun_options options;
	struct host host;
	struct profile *profile;
	struct plan *plan;
	struct croft_error err;
	char missing[256];
	int result;
};

static void try_words(struct trial *trial, const char *const *words, int abi, mode_t type)
{
	static const char *const argv[] = { "job", NULL };
	struct path_fact facts[MAX_WORDS] = { 0 };
	struct plan_input input = {
		.host = &trial->host, .facts = facts, .environ = environment, .argv = argv
	};
	struct host host = make_host(abi);

	host.seccomp.errnum = trial->host.seccomp.errnum;
	trial->host = host;
	assert_int_equal(parse(words, &trial->options, &trial->err), 0);
	trial->result = landrun_check_host(&trial->options, &trial->host, trial->missing,
					   sizeof(trial->missing), &trial->err);
	if (trial->result == 0)
		trial->result = landrun_profile_new(&trial->options, &trial->host, scratch,
						    environment, &trial->profile, &trial->err);
	if (trial->result < 0)
		return;
	for (size_t i = 0; i < MAX_WORDS; i++)
		facts[i].type = type;
	input.profile = trial->profile;
	trial->result = plan_build(&input, &trial->plan, &trial->err);
}

static void trial_done(struct trial *trial)
{
	plan_free(trial->plan);
	profile_free(trial->profile);
	landrun_options_done(&trial->options);
	*trial = (struct trial){ 0 };
}

static void each_grant_gives_the_rights_of_the_table_on_files_and_directories(void **state)
{
	static const struct {
		const char *option;
		uint64_t file, directory;
	} rows[] = {
		{ "--ro", READ_FILE, READ_FILE | READ_DIR },
		{ "--rox", READ_FILE | EXECUTE, READ_FILE | READ_DIR | EXECUTE },
		{ "--rw", READ_FILE | ON_FILE, READ_FILE | READ_DIR | ON_FILE | IN_DIRECTORY },
		{ "--rwx", READ_FILE | ON_FILE | EXECUTE,
		  READ_FILE | READ_DIR | ON_FILE | IN_DIRECTORY | EXECUTE },
		{ "--unix", READ_FILE | ABI_LANDLOCK_FS_RESOLVE_UNIX,
		  READ_FILE | READ_DIR | ABI_LANDLOCK_FS_RESOLVE_UNIX },
	};

	(void)state;
	for (int abi = 1; abi <= ABI_LANDLOCK_NEWEST; abi++) {
		uint64_t known = landlock_abi_get(abi)->fs;

		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			const char *words[] = { "--best-effort", rows[i].option, "/x", NULL };
			struct trial file = { 0 }, directory = { 0 };

			try_words(&file, words, abi, S_IFREG);
			try_words(&directory, words, abi, S_IFDIR);
			assert_int_equal(file.plan->n_rules, 1);
			assert_int_equal(file.plan->rules[0].access, rows[i].file & known);
			assert_int_equal(directory.plan->rules[0].access,
					 rows[i].directory & known);
			/* whatever is granted, all that is known is handled */
			assert_int_equal(directory.plan->handled_fs, known);
			trial_done(&file);
			trial_done(&directory);
		}
	}
}

static void the_root_itself_may_be_granted_to_write(void **state)
{
	static const char *const words[] = { "--best-effort", "--rw", "/", NULL };
	struct trial trial = { 0 };

	(void)state;
	try_words(&trial, words, 7, S_IFDIR);
	assert_int_equal(trial.result, 0);
	assert_string_equal(trial.plan->rules[0].path, "/");
	trial_done(&trial);
}

static void a_domain_that_is_left_alone_is_not_handled(void **state)
{
	static const struct {
		const char *words[5];
		bool has_fs, has_net, has_scopes, has_filter;
	} rows[] = {
		{ { NULL }, true, true, true, true },
		{ { FREE_FILES, NULL }, false, true, true, true },
		{ { FREE_NET, NULL }, true, false, true, false },
		{ { FREE_SCOPES, NULL }, true, true, false, true },
		{ { FREE_FILES, FREE_NET, NULL }, false, false, true, false },
		{ { FREE_FILES, FREE_SCOPES, NULL }, false, true, false, true },
		{ { FREE_NET, FREE_SCOPES, NULL }, true, false, false, false },
		{ { FREE_FILES, FREE_NET, FREE_SCOPES, NULL }, false, false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct trial trial = { 0 };

		try_words(&trial, rows[i].words, 9, S_IFDIR);
		assert_int_equal(trial.result, 0);
		assert_int_equal(trial.plan->handled_fs,
				 rows[i].has_fs ? landlock_abi_get(9)->fs : 0);
		assert_int_equal(trial.plan->handled_net, rows[i].has_net ? TCP : 0);
		assert_int_equal(trial.plan->scoped, rows[i].has_scopes ? SCOPES : 0);
		assert_int_equal(trial.plan->syscalls.is_off, !rows[i].has_filter);
		assert_int_equal(plan_check(trial.plan, &trial.err), 0);
		trial_done(&trial);
	}
}

static void grants_of_a_domain_that_is_left_alone_are_not_looked_at(void **state)
{
	static const char *const words[] = { FREE_FILES,   "--ro",    "",
					     "--unix",     "nowhere", FREE_NET,
					     "--bind-tcp", "x,70000", NULL };
	struct trial trial = { 0 };

	(void)state;
	try_words(&trial, words, 9, S_IFDIR);
	assert_int_equal(trial.result, 0);
	assert_int_equal(trial.profile->n_grants + trial.profile->n_ports, 0);
	trial_done(&trial);
}

static void what_landrun_leaves_open_stays_open_but_ways_around_its_ports(void **state)
{
	static const char *const words[] = { "--best-effort", "--connect-tcp", "443", NULL };
	struct trial trial = { 0 };

	(void)state;
	for (int abi = 4; abi <= 9; abi++) {
		AUTO_BUF struct buf text = BUF_INIT(64U << 10);
		const struct syscall_policy *policy;

		try_words(&trial, words, abi, S_IFDIR);
		policy = &trial.plan->syscalls;
		assert_false(policy->is_off || policy->refuses_listen || policy->refuses_ptrace ||
			     policy->refuses_other_net || policy->refuses_path_truncate);
		assert_true(policy->allows_inet_stream && policy->allows_inet_dgram &&
			    policy->allows_unix);
		assert_true(policy->refuses_tcp_kin && policy->refuses_fastopen &&
			    policy->refuses_tcp_ulp);
		for (int group = 0; group < GROUP_MAX; group++)
			assert_true(policy->allows_group[group]);
		plan_print(&text, trial.plan);
		assert_non_null(strstr(buf_text(&text), "others pass, but mptcp and smc"));
		trial_done(&trial);
	}
}

static void below_the_abi_of_ports_no_tcp_socket_is_made_unless_a_port_is_granted(void **state)
{
	static const char *const none[] = { "--best-effort", NULL };
	static const char *const one[] = { "--best-effort", "--bind-tcp", "80", NULL };
	struct trial trial = { 0 };

	(void)state;
	try_words(&trial, none, 3, S_IFDIR);
	assert_false(trial.plan->syscalls.allows_inet_stream);
	assert_int_equal(plan_check(trial.plan, &trial.err), 0);
	trial_done(&trial);
	try_words(&trial, one, 3, S_IFDIR);
	assert_true(trial.plan->syscalls.allows_inet_stream);
	assert_int_equal(trial.plan->rows[PROTECT_TCP].state, STATE_ABSENT);
	assert_int_equal(plan_check(trial.plan, &trial.err), 0);
	trial_done(&trial);
}

static void the_row_of_tcp_says_what_is_left_open(void **state)
{
	static const struct {
		int abi, seccomp;
		const char *port; /* NULL: none */
		enum state state;
		const char *missing, *mechanisms;
	} rows[] = {
		{ 9, 0, "80", STATE_PARTIAL, "io_uring", "Landlock 9 + seccomp" },
		{ 9, 0, NULL, STATE_PARTIAL, "io_uring", "Landlock 9 + seccomp" },
		{ 4, ENOSYS, "80", STATE_PARTIAL, "MPTCP", "Landlock 4" },
		{ 3, 0, NULL, STATE_PARTIAL, "io_uring", "seccomp" },
		{ 3, 0, "80", STATE_ABSENT, "everywhere", "" },
		{ 3, ENOSYS, NULL, STATE_ABSENT, "everywhere", "" },
		/* there no rings pass: truncation rests on the filter */
		{ 2, 0, NULL, STATE_ENFORCED, "", "seccomp" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *words[] = { "--best-effort", rows[i].port ? "--connect-tcp" : NULL,
					rows[i].port, NULL };
		struct trial trial = { .host.seccomp.errnum = rows[i].seccomp };
		const struct plan_row *row;

		try_words(&trial, words, rows[i].abi, S_IFDIR);
		row = &trial.plan->rows[PROTECT_TCP];
		assert_int_equal(row->state, rows[i].state);
		assert_non_null(strstr(row->missing, rows[i].missing));
		assert_string_equal(row->mechanisms, rows[i].mechanisms);
		trial_done(&trial);
	}
}

static void below_the_abi_of_truncation_a_filter_takes_its_place(void **state)
{
	static const char *const words[] = { "--best-effort", "--rw", "/x", FREE_NET, NULL };
	struct trial trial = { 0 };

	(void)state;
	for (int abi = 1; abi <= 4; abi++) {
		try_words(&trial, words, abi, S_IFDIR);
		assert_int_equal(trial.plan->syscalls.refuses_path_truncate, abi < 3);
		assert_int_equal(!trial.plan->syscalls.allows_group[GROUP_IO_URING], abi < 3);
		assert_int_equal(trial.plan->rows[PROTECT_FILES].state, STATE_ENFORCED);
		assert_int_equal(plan_check(trial.plan, &trial.err), 0);
		trial_done(&trial);
	}
}

static void an_older_abi_is_an_error_that_best_effort_mends(void **state)
{
	static const struct {
		const char *words[5]; /* besides --best-effort */
		int needs; /* the first ABI that knows it all */
		int least; /* with --best-effort */
		const char *missing; /* named just below `needs` */
	} rows[] = {
		{ { NULL }, 9, 1, "resolve_unix" },
		{ { FREE_FILES, NULL }, 6, 4, "signal" },
		{ { FREE_FILES, FREE_SCOPES, NULL }, 4, 4, "bind_tcp" },
		{ { FREE_FILES, FREE_NET, NULL }, 6, 6, "abstract" },
		{ { FREE_FILES, "--log-enable-subprocesses", NULL }, 7, 4, "audit" },
		{ { FREE_FILES, FREE_NET, FREE_SCOPES, NULL }, 0, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (int abi = 0; abi <= ABI_LANDLOCK_NEWEST; abi++) {
			const char *words[MAX_WORDS] = { "--best-effort" };
			struct trial strict = { 0 }, best = { 0 };

			memcpy(words + 1, rows[i].words, sizeof(rows[i].words));
			try_words(&strict, words + 1, abi, S_IFDIR);
			try_words(&best, words, abi, S_IFDIR);
			assert_int_equal(strict.result, abi >= rows[i].needs ? 0 : -EOPNOTSUPP);
			assert_int_equal(best.result, abi >= rows[i].least ? 0 : -EOPNOTSUPP);
			if (best.result == 0)
				assert_int_equal(!*best.missing, abi >= rows[i].needs);
			if (abi > 0 && abi == rows[i].needs - 1) {
				assert_non_null(strstr(strict.err.what, rows[i].missing));
				assert_non_null(strstr(strict.err.hint, "--best-effort"));
			}
			trial_done(&strict);
			trial_done(&best);
		}
	}
}

static void without_landlock_the_cause_is_told(void **state)
{
	static const struct {
		int errnum;
		enum host_answer enforces;
		const char *says;
	} rows[] = {
		{ ENOSYS, HOST_UNKNOWN, "has no Landlock" },
		{ EOPNOTSUPP, HOST_UNKNOWN, "boot" },
		{ EPERM, HOST_UNKNOWN, "outer sandbox" },
		{ 0, HOST_NO, "does not enforce" },
	};
	static const char *const words[] = { "--best-effort", NULL };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct host host = make_host(rows[i].errnum ? 0 : 7);
		struct landrun_options options;
		struct croft_error err;
		char missing[64];

		host.landlock.errnum = rows[i].errnum;
		host.landlock.enforces = rows[i].enforces;
		assert_int_equal(parse(words, &options, &err), 0);
		assert_int_equal(landrun_check_host(&options, &host, missing, sizeof(missing),
						    &err),
				 -EOPNOTSUPP);
		assert_non_null(strstr(err.what, rows[i].says));
		landrun_options_done(&options);
	}
}

static void audit_flags_are_those_of_landlock(void **state)
{
	static const struct {
		const char *words[4];
		uint32_t flags;
	} rows[] = {
		{ { NULL }, 0 },
		{ { "--log-disable-originating", NULL }, ABI_LANDLOCK_RESTRICT_LOG_SAME_EXEC_OFF },
		{ { "--log-enable-subprocesses", NULL }, ABI_LANDLOCK_RESTRICT_LOG_NEW_EXEC_ON },
		{ { "--log-disable-subdomains", NULL }, ABI_LANDLOCK_RESTRICT_LOG_SUBDOMAINS_OFF },
		{ { "--log-disable-subdomains", "--log-disable-originating", NULL },
		  ABI_LANDLOCK_RESTRICT_LOG_SUBDOMAINS_OFF |
			  ABI_LANDLOCK_RESTRICT_LOG_SAME_EXEC_OFF },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *words[MAX_WORDS] = { "--best-effort" };
		struct trial trial = { 0 }, old = { 0 };

		memcpy(words + 1, rows[i].words, sizeof(rows[i].words));
		try_words(&trial, words, 7, S_IFDIR);
		try_words(&old, words, 6, S_IFDIR);
		assert_int_equal(trial.plan->restrict_flags, rows[i].flags);
		assert_int_equal(old.plan->restrict_flags, 0);
		trial_done(&trial);
		trial_done(&old);
	}
}

static void ports_are_whole_numbers_of_sixteen_bits_split_at_commas(void **state)
{
	static const struct {
		const char *option, *value;
		int n; /* rules; -1: an error that names the port */
	} rows[] = {
		{ "--bind-tcp", "80", 1 },       { "--bind-tcp", "80,443,0", 3 },
		{ "--connect-tcp", "65535", 1 }, { "--connect-tcp", " 80, 81 ", 2 },
		{ "--connect-tcp", "0", 0 },     { "--bind-tcp", "65536", -1 },
		{ "--bind-tcp", "65616", -1 },   { "--bind-tcp", "80,", -1 },
		{ "--bind-tcp", "-1", -1 },      { "--bind-tcp", "udp:53", -1 },
		{ "--bind-tcp", "8 0", -1 },     { "--connect-tcp", "http", -1 },
		{ "--connect-tcp", "80.5", -1 }, { "--connect-tcp", "00000000000000080", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *words[] = { rows[i].option, rows[i].value, NULL };
		struct trial trial = { 0 };

		try_words(&trial, words, 9, S_IFDIR);
		if (rows[i].n < 0) {
			assert_int_equal(trial.result, -EINVAL);
			assert_non_null(strstr(trial.err.what, "is not a port"));
		} else {
			assert_int_equal(trial.result, 0);
			assert_int_equal(trial.plan->n_ports, rows[i].n);
		}
		trial_done(&trial);
	}
}

static void variables_are_set_or_passed_and_never_split(void **state)
{
	static const struct {
		const char *word;
		const char *entry; /* in the environment; NULL: none */
	} rows[] = {
		{ "HOME", "HOME=/home/ada" }, { "FOO=a,b", "FOO=a,b" }, { "FOO=", "FOO=" },
		{ "EMPTY", "EMPTY=" },        { "NOT_SET", NULL },      { "", NULL },
		{ "STAR*", "STAR*=s" },       { "HOM", NULL },          { "A=b=c", "A=b=c" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *words[] = { "--env", rows[i].word, NULL };
		struct trial trial = { 0 };
		const char *const *envp;

		try_words(&trial, words, 9, S_IFDIR);
		assert_int_equal(trial.result, 0);
		envp = trial.plan->command.envp;
		if (rows[i].entry) {
			assert_string_equal(envp[0], rows[i].entry);
			assert_null(envp[1]);
		} else {
			assert_null(envp[0]);
		}
		trial_done(&trial);
	}
}

static void paths_are_taken_as_the_kernel_takes_them(void **state)
{
	static const struct {
		const char *text;
		const char *path; /* below the scratch directory, or absolute; NULL: not there */
	} rows[] = {
		{ "/usr", "/usr" }, { "x", "x" },
		{ "./x", "x" },     { ".", "" },
		{ "~/x", "~/x" },   { "optional:x", "optional:x" },
		{ "d/..", "" },     { "link/..", "" },
		{ "d/../x", "x" },  { "missing/..", NULL },
		{ "", NULL },       { "/usr/..", "/" },
	};
	char name[GROUND_PATH + 16], target[GROUND_PATH + 16];

	(void)state;
	(void)snprintf(name, sizeof(name), "%s/d", scratch);
	(void)snprintf(target, sizeof(target), "%s/link", scratch);
	assert_int_equal(mkdir(name, 0755), 0);
	assert_int_equal(symlink("d", target), 0);
	(void)snprintf(name, sizeof(name), "%s/x", scratch);
	assert_int_equal(mkdir(name, 0755), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *words[] = { "--ro", rows[i].text, NULL };
		const char *lenient[] = { "--ignore-missing", "--ro", rows[i].text, NULL };
		struct trial trial = { 0 }, passed = { 0 };

		try_words(&trial, words, 9, S_IFDIR);
		try_words(&passed, lenient, 9, S_IFDIR);
		assert_int_equal(passed.result, 0);
		if (!rows[i].path) {
			assert_int_equal(trial.result, -ENOENT);
			assert_non_null(strstr(trial.err.what, "--ro"));
			assert_non_null(strstr(trial.err.hint,
					       *rows[i].text ? "--ignore-missing" : "comma"));
			assert_int_equal(passed.profile->n_grants, 0);
		} else {
			(void)snprintf(name, sizeof(name), "%s%s%s",
				       rows[i].path[0] == '/' ? "" : scratch,
				       rows[i].path[0] == '/' || !rows[i].path[0] ? "" : "/",
				       rows[i].path);
			assert_int_equal(trial.result, 0);
			assert_string_equal(trial.profile->grants[0].path, name);
			assert_false(trial.profile->grants[0].is_optional);
			assert_true(passed.profile->grants[0].is_optional);
		}
		trial_done(&trial);
		trial_done(&passed);
	}
}

static void paths_are_split_at_commas_and_repeated(void **state)
{
	static const char *const words[] = { "--ro", "/a,/b", "--rw", "/c", "--ro", "/d", NULL };
	static const struct {
		const char *path, *origin;
	} grants[] = { { "/a", "--ro" }, { "/b", "--ro" }, { "/c", "--rw" }, { "/d", "--ro" } };
	struct trial trial = { 0 };

	(void)state;
	try_words(&trial, words, 9, S_IFDIR);
	assert_int_equal(trial.profile->n_grants, ARRAY_SIZE(grants));
	for (size_t i = 0; i < ARRAY_SIZE(grants); i++) {
		assert_string_equal(trial.profile->grants[i].path, grants[i].path);
		assert_string_equal(trial.profile->grants[i].origin, grants[i].origin);
	}
	trial_done(&trial);
}

static void without_a_working_directory_only_relative_paths_fail(void **state)
{
	static const char *const words[] = { "--ro", "x", NULL };
	static const char *const absolute[] = { "--ro", "/x", NULL };
	struct host host = make_host(9);
	struct landrun_options options;
	struct profile *profile = NULL;
	struct croft_error err;

	(void)state;
	assert_int_equal(parse(words, &options, &err), 0);
	assert_int_equal(landrun_profile_new(&options, &host, NULL, environment, &profile, &err),
			 -ENOENT);
	assert_non_null(strstr(err.hint, "working directory"));
	landrun_options_done(&options);
	assert_int_equal(parse(absolute, &options, &err), 0);
	assert_int_equal(landrun_profile_new(&options, &host, NULL, environment, &profile, &err),
			 0);
	profile_free(profile);
	landrun_options_done(&options);
}

static void the_command_and_what_it_needs_are_granted_on_demand(void **state)
{
	static const struct {
		const char *words[4];
		size_t n;
		const char *paths[2];
	} rows[] = {
		{ { NULL }, 0, { NULL, NULL } },
		{ { "--add-exec", NULL }, 1, { "/bin/job", NULL } },
		{ { "--ldd", NULL }, 1, { "/lib/ld.so", NULL } },
		{ { "--ldd", "--add-exec", NULL }, 2, { "/bin/job", "/lib/ld.so" } },
		{ { "--ldd", "--add-exec", FREE_FILES, NULL }, 0, { NULL, NULL } },
	};
	struct closure_file files[] = { { .real = "/usr/bin/job" }, { .real = "/lib/ld.so" } };
	struct command command = { .path = "/bin/job",
				   .closure = { .files = files, .n_files = 2 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct trial trial = { 0 };

		try_words(&trial, rows[i].words, 9, S_IFDIR);
		assert_int_equal(landrun_grant_command(&trial.options, &command, scratch,
						       trial.profile, &trial.err),
				 0);
		assert_int_equal(trial.profile->n_grants, rows[i].n);
		for (size_t j = 0; j < rows[i].n; j++) {
			assert_string_equal(trial.profile->grants[j].path, rows[i].paths[j]);
			assert_int_equal(trial.profile->grants[j].kinds,
					 GRANT_READ | GRANT_EXECUTE);
		}
		trial_done(&trial);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_grant_gives_the_rights_of_the_table_on_files_and_directories),
		cmocka_unit_test(the_root_itself_may_be_granted_to_write),
		cmocka_unit_test(a_domain_that_is_left_alone_is_not_handled),
		cmocka_unit_test(grants_of_a_domain_that_is_left_alone_are_not_looked_at),
		cmocka_unit_test(what_landrun_leaves_open_stays_open_but_ways_around_its_ports),
		cmocka_unit_test(
			below_the_abi_of_ports_no_tcp_socket_is_made_unless_a_port_is_granted),
		cmocka_unit_test(the_row_of_tcp_says_what_is_left_open),
		cmocka_unit_test(below_the_abi_of_truncation_a_filter_takes_its_place),
		cmocka_unit_test(an_older_abi_is_an_error_that_best_effort_mends),
		cmocka_unit_test(without_landlock_the_cause_is_told),
		cmocka_unit_test(audit_flags_are_those_of_landlock),
		cmocka_unit_test(ports_are_whole_numbers_of_sixteen_bits_split_at_commas),
		cmocka_unit_test(variables_are_set_or_passed_and_never_split),
		cmocka_unit_test(paths_are_taken_as_the_kernel_takes_them),
		cmocka_unit_test(paths_are_split_at_commas_and_repeated),
		cmocka_unit_test(without_a_working_directory_only_relative_paths_fail),
		cmocka_unit_test(the_command_and_what_it_needs_are_granted_on_demand),
	};

	return cmocka_run_group_tests(tests, ground_open, ground_close);
}
