/* SPDX-License-Identifier: MIT */
/*
 * denial_facts.h - what is found where something is denied, for a plan with mounts.
 */
#ifndef CROFT_LAUNCH_DENIAL_FACTS_H
#define CROFT_LAUNCH_DENIAL_FACTS_H

#include "base/arena.h"
#include "base/err.h"
#include "plan/plan.h"

#define DENIAL_NAMES_MAX 1024 /* that fit one pattern: each may become a mount */

/* Facts that have room for more: those of grants and bounds, then of entries beside denials. */
struct path_facts {
	struct path_fact *list; /* owned, by malloc */
	size_t n;
};

struct denial_facts {
	struct arena arena; /* holds all below */
	struct denial_fact *list; /* one for each denial; NULL: not looked up */
	const char *const *denied; /* not owned: where they lead */
	struct directory_fact *directories; /* in path_order */
	size_t n_directories, directories_capacity;
	bool has_beside;
};

void denial_facts_init(struct denial_facts *facts);
void denial_facts_done(struct denial_facts *facts);

/*
 * Looks at each denied name. `denied` is as plan_input's, resolved for all of them; it is kept.
 * `grants` tell where names can be changed. Patterns are looked up in one walk of each tree that
 * they begin in.
 * 0, or -ENOMEM, -EMFILE, -ENFILE, described in err.
 */
int denial_facts_find(struct denial_facts *facts, const struct profile *profile,
		      const char *const *denied, const struct path_facts *grants,
		      struct croft_error *err);

/*
 * Lists the directories that names which do not exist would be made in, where `grants` (one for
 * each of the profile) lets them be made. Those of denials that stay open are left out.
 */
int denial_facts_list_closed(struct denial_facts *facts, const struct profile *profile,
			     const struct path_facts *grants, struct croft_error *err);

/*
 * Lists the directories that hidden names lie in, from the topmost that is granted: a new root can
 * be made of their other entries. Where such a name could be made again they are left out.
 */
int denial_facts_list_hidden(struct denial_facts *facts, const struct profile *profile,
			     const struct path_facts *grants, struct croft_error *err);

/*
 * Lists the directories from each grant down to what is denied inside of it, and opens their
 * entries: appended to `grants`.
 */
int denial_facts_list_beside(struct denial_facts *facts, const struct profile *profile,
			     const char *const *denied, struct path_facts *grants,
			     struct croft_error *err);

/*
 * What has appeared, of the names that the plan of `facts` could not keep from being made: "'a',
 * 'b' and 3 more", nothing if there is nothing. For the end of a run.
 */
void denial_facts_tell_made(struct buf *buf, const struct denial_facts *facts,
			    const struct path_facts *grants, const struct plan *plan);

#endif
