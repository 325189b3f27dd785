/* SPDX-License-Identifier: MIT */
/*
 * fuzz_profile.c - any wishes into a profile, as the command line and the library put them.
 *
 * Lines: a built-in, a home, a working directory, each "" where there is none; then one wish a
 * line, "key value" or "key". Beside memory errors, it looks for a wish that was taken otherwise
 * than written, for one that changed more than it said, and for a refused one that changed
 * anything.
 */
#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "profile/profile.h"
#include "profile/sets.h"

#include "check.h"

#define YEAR_MS (365ULL * 24 * 60 * 60 * 1000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Like strcmp, for texts that may be missing. */
static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* What a refused wish may not touch: everything but memory. Copied whole, with the padding. */
static void check_unchanged(const struct profile *a, const struct profile *b)
{
	struct profile x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	x.arena = y.arena;
	x.grants = y.grants;
	x.ports = y.ports;
	x.env = y.env;
	x.keep_fds = y.keep_fds;
	x.denials = y.denials;
	x.denials_capacity = y.denials_capacity;
	x.grants_capacity = y.grants_capacity;
	x.ports_capacity = y.ports_capacity;
	x.env_capacity = y.env_capacity;
	x.keep_fds_capacity = y.keep_fds_capacity;
	assert(memcmp(&x, &y, sizeof(x)) == 0);
}

/* `before` with the one thing that a good wish may change put to what it is now. */
static void check_only(const struct profile *before, const struct profile *after, void *part,
		       size_t size)
{
	size_t offset = (size_t)((const char *)part - (const char *)after);
	struct profile expected;

	memcpy(&expected, before, sizeof(expected));
	memcpy((char *)&expected + offset, part, size);
	check_unchanged(&expected, after);
}

/* The path of a text is the text, but for the home, the working directory, "//" and "/./". */
static void check_path(const struct profile *profile, const char *text, const char *path)
{
	size_t len = strlen(path);
	const char *rest = strchr(text, '/'), *base = text[0] == '~' ? profile->home : "";

	if (text[0] == '.')
		base = profile->workdir;
	assert(base && (text[0] == '/' || text[0] == '~' || text[0] == '.'));
	assert(path[0] == '/' && len < PROFILE_MAX_PATH);
	/* a home with ".." in it is the caller's word */
	if (!*base || is_clean_path(base))
		assert(is_clean_path(path));
	if (text[0] == '/' && is_clean_path(text))
		assert(strcmp(path, text) == 0);
	if (text[0] != '/' && is_clean_path(base) && rest && is_clean_path(rest) && base[1] &&
	    base[strlen(base) - 1] != '/' && rest[1]) {
		assert(len == strlen(base) + strlen(rest));
		assert(!strncmp(path, base, strlen(base)) && !strcmp(path + strlen(base), rest));
	}
}

static void check_grant(const struct profile *profile, const char *key, const char *text)
{
	static const struct {
		const char *key;
		unsigned kinds;
	} kinds[] = { { "read", GRANT_READ },
		      { "execute", GRANT_READ | GRANT_EXECUTE },
		      { "write", GRANT_READ | GRANT_WRITE },
		      { "device", GRANT_READ | GRANT_WRITE | GRANT_DEVICE },
		      { "socket", GRANT_SOCKET } };
	const struct grant *grant = &profile->grants[profile->n_grants - 1];
	bool is_optional = !strncmp(text, "optional:", 9);

	assert(grant->is_optional == is_optional && !grant->is_project);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].key, key))
			assert(grant->kinds == kinds[i].kinds);
	check_path(profile, text + (is_optional ? 9 : 0), grant->path);
}

static void check_port(const struct profile *profile, const char *key, const char *text)
{
	const struct port_grant *port = &profile->ports[profile->n_ports - 1];
	bool has_word = !strncmp(text, "udp:", 4) || !strncmp(text, "tcp:", 4);
	const char *number = has_word ? text + 4 : text;

	assert(port->is_udp == (text[0] == 'u'));
	assert(port->use == (strcmp(key, "listen") == 0 ? PORT_LISTEN : PORT_CONNECT));
	assert(*number && strspn(number, "0123456789") == strlen(number));
	assert(strtoul(number, NULL, 10) == port->port);
	assert(port->port != 0 || port->use == PORT_LISTEN);
}

static void check_env(const struct profile *profile, const char *text)
{
	const struct env_grant *grant = &profile->env[profile->n_env - 1];
	char joined[1 << 16];

	(void)snprintf(joined, sizeof(joined), "%s%s%s", grant->name, grant->value ? "=" : "",
		       grant->value ? grant->value : "");
	assert(strncmp(joined, text, sizeof(joined) - 1) == 0);
	assert(*grant->name && !strchr(grant->name, '='));
	assert((grant->value != NULL) == (strchr(text, '=') != NULL));
	if (!grant->value && strchr(grant->name, '*'))
		assert(strchr(grant->name, '*')[1] == '\0');
}

static void check_fd(const struct profile *profile, const char *text)
{
	int fd = profile->keep_fds[profile->n_keep_fds - 1];

	assert(fd >= 3 && fd <= 1048575 && strtoul(text, NULL, 10) == (unsigned long)fd);
	assert(strspn(text, "0123456789") == strlen(text));
	for (size_t i = 0; i + 1 < profile->n_keep_fds; i++)
		assert(profile->keep_fds[i] != fd);
}

/* Index of the whole word in a table. */
static size_t index_of(const struct name *table, size_t n, const char *word, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(table[i].name) == len && !strncmp(table[i].name, word, len))
			return i;
	abort();
}

static void check_limit(const struct profile *before, const struct profile *after, const char *text)
{
	size_t limit = index_of(limit_names, LIMIT_MAX, text, strcspn(text, "="));
	struct profile expected;

	assert(after->has_limit[limit] && after->limits[limit] > 0);
	if (limit == LIMIT_PROCESSES || limit == LIMIT_OPEN_FILES)
		assert(after->limits[limit] == strtoul(strchr(text, '=') + 1, NULL, 10));
	if (limit == LIMIT_CPU)
		assert(after->limits[limit] <= YEAR_MS / 1000);
	memcpy(&expected, before, sizeof(expected));
	expected.has_limit[limit] = true;
	expected.limits[limit] = after->limits[limit];
	check_unchanged(&expected, after);
}

static void check_require(const struct profile *before, const struct profile *after,
			  const char *key, const char *text)
{
	size_t i = index_of(protection_names, PROTECT_MAX, text, strlen(text));
	struct profile expected;

	memcpy(&expected, before, sizeof(expected));
	expected.require[i] = strcmp(key, "off") == 0      ? REQUIRE_OFF
			      : strcmp(key, "prefer") == 0 ? REQUIRE_PREFER
							   : REQUIRE_REQUIRE;
	expected.is_named[i] = true;
	if (i == PROTECT_PRIVATE_TMP)
		expected.wants_tmpdir = expected.require[i] != REQUIRE_OFF;
	check_unchanged(&expected, after);
}

/* What is wanted apart or refused raises the promises about it that nobody has named, if any. */
static void check_raised(const struct profile *before, const struct profile *after,
			 struct profile *expected)
{
	for (int i = 0; i < PROTECT_MAX; i++) {
		if (after->require[i] == before->require[i])
			continue;
		assert(after->require[i] == REQUIRE_REQUIRE && !before->is_named[i]);
		expected->require[i] = REQUIRE_REQUIRE;
	}
}

static void check_denial(const struct profile *before, const struct profile *after, const char *key,
			 const char *text)
{
	const struct denial *denial = &after->denials[after->n_denials - 1];
	bool is_optional = !strncmp(text, "optional:", 9);
	struct profile expected;

	memcpy(&expected, before, sizeof(expected));
	expected.n_denials++;
	check_raised(before, after, &expected);
	if (denial->kind == DENY_PRIVATE)
		expected.wants_tmpdir = after->require[PROTECT_PRIVATE_TMP] != REQUIRE_OFF;
	check_unchanged(&expected, after);
	assert(denial->kind == (strcmp(key, "deny") == 0         ? DENY_ALL
				: strcmp(key, "deny-write") == 0 ? DENY_WRITE
				: strcmp(key, "hide") == 0       ? DENY_HIDE
								 : DENY_PRIVATE));
	assert(after->n_denials <= PROFILE_MAX_DENIALS);
	check_path(after, text + (is_optional ? 9 : 0), denial->path);
}

static void check_isolation(const struct profile *before, const struct profile *after,
			    const char *text)
{
	struct profile expected;

	memcpy(&expected, before, sizeof(expected));
	expected.isolates[index_of(isolation_names, ISOLATE_MAX, text, strlen(text))] = true;
	check_raised(before, after, &expected);
	check_unchanged(&expected, after);
}

static void check_git(const struct profile *before, const struct profile *after, const char *text)
{
	bool is_protected = index_of(git_choice_names, GIT_CHOICE_MAX, text, strlen(text));
	struct profile expected;

	memcpy(&expected, before, sizeof(expected));
	expected.protects_git = is_protected;
	/* a denial that nobody has spoken of is tried */
	if (is_protected && !before->is_named[PROTECT_DENY_INSIDE] &&
	    before->require[PROTECT_DENY_INSIDE] == REQUIRE_OFF)
		expected.require[PROTECT_DENY_INSIDE] = REQUIRE_PREFER;
	check_unchanged(&expected, after);
}

/* A list has one more, and nothing else has changed. */
#define check_grown(list)                                                             \
	do {                                                                          \
		assert(after->n_##list == before->n_##list + 1);                      \
		check_only(before, after, &after->n_##list, sizeof(after->n_##list)); \
	} while (0)

static void check_lists(const struct profile *before, struct profile *after, const char *key,
			const char *text)
{
	if (!strcmp(key, "connect") || !strcmp(key, "listen")) {
		check_grown(ports);
		check_port(after, key, text);
	} else if (!strcmp(key, "env")) {
		check_grown(env);
		check_env(after, text);
	} else if (!strcmp(key, "keep-fd")) {
		check_grown(keep_fds);
		check_fd(after, text);
	} else {
		check_grown(grants);
		check_grant(after, key, text);
	}
	assert(after->n_grants <= PROFILE_MAX_GRANTS && after->n_ports <= PROFILE_MAX_PORTS);
	assert(after->n_env <= PROFILE_MAX_ENV && after->n_keep_fds <= PROFILE_MAX_FDS);
}

static void check_switch(const struct profile *before, struct profile *after, bool *flag)
{
	assert(*flag);
	check_only(before, after, flag, sizeof(*flag));
}

static void check_time(const struct profile *before, struct profile *after, uint64_t *ms)
{
	assert(*ms > 0 && *ms <= YEAR_MS);
	check_only(before, after, ms, sizeof(*ms));
}

static void check_taken(const struct profile *before, struct profile *after, const char *key,
			const char *text)
{
	if (!strcmp(key, "env-all")) {
		check_switch(before, after, &after->wants_env_all);
	} else if (!strcmp(key, "pty")) {
		check_switch(before, after, &after->wants_pty);
	} else if (!strcmp(key, "supervise")) {
		check_switch(before, after, &after->wants_supervisor);
	} else if (!strcmp(key, "audit")) {
		check_switch(before, after, &after->wants_audit);
	} else if (!strcmp(key, "with-deps")) {
		check_switch(before, after, &after->wants_deps);
	} else if (!strcmp(key, "with")) {
		size_t i = index_of(set_names, SET_MAX, text, strlen(text));

		check_switch(before, after, &after->wants_set[i]);
	} else if (!strcmp(key, "time")) {
		check_time(before, after, &after->time_ms);
	} else if (!strcmp(key, "grace")) {
		check_time(before, after, &after->grace_ms);
	} else if (!strcmp(key, "allow")) {
		size_t i = index_of(syscall_group_names, GROUP_MAX, text, strlen(text));

		check_switch(before, after, &after->allows_group[i]);
	} else if (!strcmp(key, "chdir")) {
		check_only(before, after, &after->chdir, sizeof(after->chdir));
		check_path(after, text, after->chdir);
	} else if (!strcmp(key, "limit")) {
		check_limit(before, after, text);
	} else if (!strcmp(key, "require") || !strcmp(key, "prefer") || !strcmp(key, "off")) {
		check_require(before, after, key, text);
	} else if (!strncmp(key, "deny", 4) || !strcmp(key, "hide") || !strcmp(key, "private")) {
		check_denial(before, after, key, text);
	} else if (!strcmp(key, "isolate")) {
		check_isolation(before, after, text);
	} else if (!strcmp(key, "git")) {
		check_git(before, after, text);
	} else if (!strcmp(key, "tier")) {
		assert(after->tier ==
		       index_of(tier_choice_names, TIER_CHOICE_MAX, text, strlen(text)));
		check_only(before, after, &after->tier, sizeof(after->tier));
	} else {
		check_lists(before, after, key, text);
	}
}

static bool is_switch(const char *key)
{
	return !strcmp(key, "env-all") || !strcmp(key, "pty") || !strcmp(key, "supervise") ||
	       !strcmp(key, "audit") || !strcmp(key, "with-deps");
}

static void fuzz_wish(struct profile *profile, char *line)
{
	const char *value = cut_key(line);
	struct profile before;
	struct croft_error err = { 0 };
	int r;

	memcpy(&before, profile, sizeof(before));
	r = profile_set(profile, line, value, "--wish", &err);
	if (r < 0) {
		assert(err.stage == CROFT_STAGE_PROFILE && *err.what);
		assert(memchr(err.what, '\0', sizeof(err.what)));
		assert(memchr(err.hint, '\0', sizeof(err.hint)));
		check_unchanged(&before, profile);
		return;
	}
	assert(r == 0 && !value == is_switch(line));
	check_taken(&before, profile, line, value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct profile *profile = NULL;
	struct croft_error err = { 0 };
	struct lines lines;
	const char *home, *workdir;

	if (!lines_init(&lines, data, size))
		return 0;
	if (lines.n >= 3) {
		home = *lines.words[1] ? lines.words[1] : NULL;
		workdir = *lines.words[2] ? lines.words[2] : NULL;
		if (profile_new(lines.words[0], home, workdir, &profile, &err) < 0)
			assert(!profile && err.stage == CROFT_STAGE_PROFILE && *err.what);
		else
			assert(is_same(profile->name, lines.words[0]));
	}
	for (size_t i = 3; profile && i < lines.n; i++)
		fuzz_wish(profile, lines.words[i]);
	profile_free(profile);
	lines_done(&lines);
	return 0;
}
