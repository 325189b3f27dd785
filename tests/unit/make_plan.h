/* SPDX-License-Identifier: MIT */
/*
 * make_plan.h - a plan from a few words, for the tests of its parts: wishes as pairs of key and
 * value, each granted path a directory that leads nowhere else, unless the test says otherwise.
 */
#ifndef CROFT_TESTS_UNIT_MAKE_PLAN_H
#define CROFT_TESTS_UNIT_MAKE_PLAN_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "plan/plan.h"

#define MAX_WISHES 16

struct making {
	const char *builtin; /* NULL: empty */
	const char *wishes[MAX_WISHES][2]; /* ends at a NULL key */
	struct host host;
	struct path_fact facts[64]; /* what differs from a directory: by number of the grant */
	const char *const *environment;
	bool has_no_command;
	const char *tmpdir;
	/* made */
	struct profile *profile;
	struct plan *plan;
	struct croft_error err;
	int result;
};

static inline struct host make_host(int abi)
{
	return (struct host){
		.kernel_release = "6.0",
		.uid = 1000,
		.landlock = { .abi = abi, .errnum = abi ? 0 : ENOSYS },
		.has_close_range = true,
	};
}

/* Fills in profile, plan, result and err. */
static inline void make(struct making *m)
{
	static const char *const argv[] = { "job", "-x", NULL };
	struct plan_input input = {
		.host = &m->host, .facts = m->facts, .environ = m->environment, .tmpdir = m->tmpdir
	};

	m->result = profile_new(m->builtin ? m->builtin : "empty", "/home/ada", "/srv/p",
				&m->profile, &m->err);
	for (size_t i = 0; m->result == 0 && i < MAX_WISHES && m->wishes[i][0]; i++) {
		char *origin = arena_printf(&m->profile->arena, "--%s", m->wishes[i][0]);

		m->result =
			profile_set(m->profile, m->wishes[i][0], m->wishes[i][1], origin, &m->err);
	}
	if (m->result < 0)
		return;
	for (size_t i = 0; i < m->profile->n_grants && i < 64; i++)
		if (!m->facts[i].type && !m->facts[i].errnum)
			m->facts[i].type = S_IFDIR;
	input.profile = m->profile;
	input.argv = m->has_no_command ? NULL : argv;
	m->result = plan_build(&input, &m->plan, &m->err);
}

static inline void make_done(struct making *m)
{
	plan_free(m->plan);
	profile_free(m->profile);
	m->plan = NULL;
	m->profile = NULL;
}

#endif
