/* SPDX-License-Identifier: MIT */
/*
 * fuzz_env.c - a hostile environment, and what of it a command gets to see.
 *
 * The input is described in world.h; variables may be without a name, without a value, twice, or
 * no text. Beside memory errors, it looks for a variable that nobody named and that came
 * through, for a secret that --env-all lets through, for one that is lost without being told, and
 * for a value in anything that is printed.
 */
#include <strings.h>

#include "plan/env.h"

#include "world.h"

#define TEXT_MAX (16U << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* True for an entry of this name. */
static bool has_name(const char *entry, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(entry, name, len) && entry[len] == '=';
}

/* What the options say about a name, said once more. */
static bool is_named(const struct profile *profile, const char *name)
{
	for (size_t i = 0; i < profile->n_env; i++) {
		const char *wanted = profile->env[i].name;
		size_t len = strlen(wanted);

		if (profile->env[i].value)
			continue;
		if (!strcmp(wanted, name) ||
		    (wanted[len - 1] == '*' && !strncmp(wanted, name, len - 1)))
			return true;
	}
	return false;
}

static const char *set_value(const struct profile *profile, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < profile->n_env; i++)
		if (profile->env[i].value && !strcmp(profile->env[i].name, name))
			value = profile->env[i].value;
	return value;
}

/* A few of the words that nobody would give to what is no secret. */
static bool looks_secret(const char *name)
{
	static const char *const words[] = { "TOKEN", "SECRET", "PASSWORD" };
	size_t len = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasestr(name, words[i]))
			return true;
	return (len > 4 && !strcasecmp(name + len - 4, "_KEY")) || !strncasecmp(name, "AWS_", 4);
}

static bool may_pass(const struct profile *profile, const char *name)
{
	if (is_named(profile, name) || profile->require[PROTECT_ENVIRONMENT] == REQUIRE_OFF)
		return true;
	return profile->wants_env_all && !env_name_is_secret(name);
}

static bool is_callers(const struct world *world, const char *entry)
{
	for (size_t i = 0; i < world->n_vars; i++)
		if (!strcmp(world->environ[i], entry))
			return true;
	return false;
}

/* One variable that the command gets: whose is it, and may it be there? */
static void check_entry(const struct world *world, const struct plan *plan, const char *entry)
{
	const struct profile *profile = world->profile;
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX);
	const char *equals = strchr(entry, '='), *name, *set;

	assert(equals && equals != entry);
	buf_add(&buf, entry, (size_t)(equals - entry));
	name = buf_text(&buf);
	set = set_value(profile, name);
	if (plan->tmpdir && !strcmp(name, "TMPDIR")) {
		assert(strcmp(equals + 1, plan->tmpdir) == 0);
	} else if (set) {
		assert(strcmp(equals + 1, set) == 0);
	} else if (!strcmp(name, "PWD") && may_pass(profile, name) &&
		   (plan->workdir || profile->workdir)) {
		assert(strcmp(equals + 1, plan->workdir ? plan->workdir : profile->workdir) == 0);
	} else {
		assert(is_callers(world, entry) && may_pass(profile, name));
		assert(!looks_secret(name) || is_named(profile, name) ||
		       profile->require[PROTECT_ENVIRONMENT] == REQUIRE_OFF);
	}
}

static size_t count(const char *const *entries, const char *name)
{
	size_t n = 0;

	for (; *entries; entries++)
		n += has_name(*entries, name);
	return n;
}

/* One of the caller's variables: passed on, replaced, or told as held back. */
static void check_variable(const struct world *world, const struct plan *plan, const char *entry)
{
	const char *equals = strchr(entry, '=');
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX);
	bool is_dropped = false, is_ours;
	const char *name;

	if (!equals || equals == entry)
		return;
	buf_add(&buf, entry, (size_t)(equals - entry));
	name = buf_text(&buf);
	for (size_t i = 0; i < plan->n_env_dropped; i++)
		is_dropped = is_dropped || !strcmp(plan->env_dropped[i], name);
	is_ours = set_value(world->profile, name) || (plan->tmpdir && !strcmp(name, "TMPDIR"));
	assert(is_dropped == (!is_ours && !may_pass(world->profile, name)));
	assert(is_dropped == (count(plan->command.envp, name) == 0));
	assert(env_passes(world->profile, name) == may_pass(world->profile, name));
}

static void check_environment(const struct world *world, struct plan *plan)
{
	const char *const *envp = plan->command.envp;
	const struct profile *profile = world->profile;

	for (size_t i = 0; i < plan->n_env; i++)
		check_entry(world, plan, envp[i]);
	assert(!envp[plan->n_env] && !plan->env_dropped[plan->n_env_dropped]);
	for (size_t i = 0; i < world->n_vars; i++)
		check_variable(world, plan, world->environ[i]);
	for (size_t i = 0; i < profile->n_env; i++)
		if (profile->env[i].value)
			assert(count(envp, profile->env[i].name) == 1);
	assert(!plan->tmpdir || count(envp, "TMPDIR") == 1);
	/* what the command is found with is what it gets */
	for (size_t i = 0; i < plan->n_env && !plan->tmpdir; i++) {
		AUTO_BUF struct buf name = BUF_INIT(TEXT_MAX);
		const char *value;

		buf_add(&name, envp[i], strcspn(envp[i], "="));
		value = env_value(profile, world->environ, buf_text(&name));
		assert(value || !strcmp(buf_text(&name), "PWD"));
		if (value && count(envp, buf_text(&name)) == 1 &&
		    strcmp(buf_text(&name), "PWD") != 0)
			assert(strcmp(value, strchr(envp[i], '=') + 1) == 0);
	}
}

static void check_answers(const struct world *world, struct plan *plan)
{
	for (size_t i = 0; i < world->n_vars; i++) {
		struct why_answer answer = { 0 };
		char name[256];
		size_t len = strcspn(world->environ[i], "=");

		if (len == 0 || len >= sizeof(name) || !world->environ[i][len])
			continue;
		memcpy(name, world->environ[i], len);
		name[len] = '\0';
		assert(plan_why(plan, WHY_ENV, name, &answer, NULL) == 0);
		assert(answer.is_allowed == (count(plan->command.envp, name) > 0));
	}
}

static void print(const struct plan *plan, struct buf *buf)
{
	plan_print(buf, plan);
	plan_print_json(buf, plan);
	assert(buf_error(buf) == 0);
}

/* With other values in every variable the same is printed. */
static void check_unprinted(struct world *world, const struct plan *plan)
{
	AUTO_BUF struct buf text = BUF_INIT(TEXT_MAX), other = BUF_INIT(TEXT_MAX);
	struct plan *changed = NULL;
	size_t json;

	for (size_t i = 0; i < world->lines.n; i++) {
		char *line = world->lines.words[i], *value = strchr(line, '=');

		if (!strncmp(line, "var ", 4) && value)
			memset(value + 1, 'v', strlen(value + 1));
	}
	print(plan, &text);
	if (world_plan(world, &changed, NULL) < 0)
		return;
	print(changed, &other);
	assert(strcmp(buf_text(&text), buf_text(&other)) == 0);
	json = (size_t)(strstr(buf_text(&text), "\n{") + 1 - buf_text(&text));
	assert(is_json(buf_text(&text) + json));
	plan_free(changed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world *world = world_new(data, size);
	struct plan *plan = NULL;

	if (!world)
		return 0;
	if (world->n_args == 0)
		world->argv[world->n_args++] = "command";
	if (world_plan(world, &plan, NULL) == 0) {
		check_environment(world, plan);
		check_answers(world, plan);
		check_unprinted(world, plan);
	}
	plan_free(plan);
	world_done(world);
	return 0;
}
