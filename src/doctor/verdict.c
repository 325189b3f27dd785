/* SPDX-License-Identifier: MIT */
/*
 * verdict.c - the list of verdicts, and who adds to it.
 */
#include "doctor/verdict.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define TEXT_ROOM 4096 /* of one verdict's text: a mend may name several files */

const struct name verdict_state_names[VERDICT_STATE_MAX] = {
	[VERDICT_WORKS] = { "works", NULL },
	[VERDICT_PARTLY] = { "partly", "works, but not all of it" },
	[VERDICT_MISSING] = { "missing", NULL },
	[VERDICT_NO_EFFECT] = { "no-effect", "set, and does nothing" },
	[VERDICT_UNKNOWN] = { "unknown", "not asked, or there was no answer" },
};

const struct name verdict_who_names[VERDICT_WHO_MAX] = {
	[WHO_NOBODY] = { "nobody", NULL },
	[WHO_KERNEL] = { "kernel", "it does not have it" },
	[WHO_BOOT] = { "boot", "the kernel's configuration or command line" },
	[WHO_SYSCTL] = { "sysctl", NULL },
	[WHO_LSM] = { "lsm", "a security module" },
	[WHO_FILTER] = { "filter", "a system call filter" },
	[WHO_RUNTIME] = { "runtime", "the container's runtime" },
	[WHO_MOUNT] = { "mount", "a mount's flags, or what is mounted over it" },
	[WHO_LIMIT] = { "limit", NULL },
	[WHO_CHROOT] = { "chroot", NULL },
	[WHO_PRIVILEGE] = { "privilege", "a capability, an id, a mode" },
	[WHO_SETTING] = { "setting", "a file of configuration" },
	[WHO_MISSING] = { "not-there", "a file, program or package" },
	[WHO_NETWORK] = { "network", NULL },
	[WHO_REMOTE] = { "remote", "the server that was asked" },
	[WHO_UNKNOWN] = { "unknown", NULL },
};

/* clang-format off */
const struct name facility_names[FACILITY_N] = {
#define FACILITY(id, word, help) { word, help },
#include "doctor/facilities.def"
#undef FACILITY
};
/* clang-format on */

void verdicts_init(struct verdicts *verdicts)
{
	*verdicts = (struct verdicts){ 0 };
	arena_init(&verdicts->arena, VERDICTS_MAX_BYTES);
}

void verdicts_done(struct verdicts *verdicts)
{
	arena_done(&verdicts->arena);
	*verdicts = (struct verdicts){ 0 };
}

static const char *copy(struct verdicts *verdicts, const char *text)
{
	const char *copied = text && *text ? arena_strdup(&verdicts->arena, text) : "";

	if (!copied)
		verdicts->error = -ENOMEM;
	return copied ? copied : "";
}

void verdicts_add(struct verdicts *verdicts, const struct verdict *verdict)
{
	struct verdict *items, one = *verdict;

	assert(verdict->facility < FACILITY_N && verdict->state < VERDICT_STATE_MAX &&
	       verdict->who < VERDICT_WHO_MAX);
	if (verdicts->n >= VERDICTS_MAX)
		return;
	items = arena_grow(&verdicts->arena, verdicts->items, verdicts->n, &verdicts->capacity,
			   sizeof(*items));
	if (!items) {
		verdicts->error = -ENOMEM;
		return;
	}
	verdicts->items = items;
	one.cause = copy(verdicts, verdict->cause);
	one.what = copy(verdicts, verdict->what);
	one.evidence = copy(verdicts, verdict->evidence);
	one.mend = copy(verdicts, verdict->mend);
	one.cost = copy(verdicts, verdict->cost);
	items[verdicts->n++] = one;
}

const char *verdicts_text(struct verdicts *verdicts, const char *fmt, ...)
{
	char text[TEXT_ROOM];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return len < 0 ? "" : copy(verdicts, text);
}

/* The graver, the greater. What has no effect is no trouble. */
static int gravity(enum verdict_state state)
{
	static const int gravities[VERDICT_STATE_MAX] = {
		[VERDICT_NO_EFFECT] = 0, [VERDICT_WORKS] = 1,   [VERDICT_UNKNOWN] = 2,
		[VERDICT_PARTLY] = 3,    [VERDICT_MISSING] = 4,
	};

	return gravities[state];
}

const struct verdict *verdict_of(const struct verdicts *verdicts, enum facility facility)
{
	const struct verdict *gravest = NULL;

	for (size_t i = 0; i < verdicts->n; i++) {
		const struct verdict *verdict = &verdicts->items[i];

		if (verdict->facility == facility &&
		    (!gravest || gravity(verdict->state) > gravity(gravest->state)))
			gravest = verdict;
	}
	return gravest;
}

/*
 * The more a kind of place decides what can be done, the earlier it stands: a pod is made by
 * docker's tools too, and gVisor or a unit of systemd may lie beneath either.
 */
const char *mend_here(const struct observations *set, const struct mend_words *words)
{
	const struct {
		const char *subject, *text;
	} places[] = {
		{ "kubernetes", words->kubernetes },
		{ "podman", words->podman },
		{ "docker", words->docker },
		{ "lxc", words->lxc },
		{ "nspawn", words->nspawn },
		{ "gvisor", words->gvisor },
		{ "wsl1", words->wsl },
		{ "wsl2", words->wsl },
		{ "systemd", words->systemd },
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (places[i].text &&
		    observed_of(set, OBS_PLACE, places[i].subject)->outcome == OBS_YES)
			return places[i].text;
	return words->other ? words->other : "";
}

/* Stable, by facility: a cause may tell of the facilities of another file. */
static void sort(struct verdicts *verdicts)
{
	for (size_t i = 1; i < verdicts->n; i++) {
		const struct verdict moving = verdicts->items[i];
		size_t to = i;

		for (; to > 0 && verdicts->items[to - 1].facility > moving.facility; to--)
			verdicts->items[to] = verdicts->items[to - 1];
		verdicts->items[to] = moving;
	}
}

void verdicts_build(struct verdicts *verdicts, const struct observations *set)
{
#define PROBES(name)
#define CAUSES(name) causes_##name(verdicts, set);
#include "doctor/parts.def"
#undef PROBES
#undef CAUSES
	(void)set;
	sort(verdicts);
}
