/* SPDX-License-Identifier: MIT */
/*
 * observe.h - what has been seen on a host, as plain records: the half of the doctor that acts
 * writes them, the half that judges reads nothing else.
 *
 * An observation says what was done, whether it worked, which step failed with which errno, and
 * what was read on the way. It never says why: that is verdict.h's. So a set of them can be saved
 * on the host of somebody who has a trouble, and judged anywhere.
 *
 * Texts in a set may be anybody's (names of mounts, labels, answers of servers): they are bounded
 * and escaped (base/text.h) when they are added, so that what is in a set can be printed, saved
 * and read back as it is.
 */
#ifndef CROFT_DOCTOR_OBSERVE_H
#define CROFT_DOCTOR_OBSERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/names.h"
#include "host/host.h"

/* A host gives some hundred. As many as yaml.h reads back: 600 of 15 nodes are under 10000. */
#define OBS_MAX 600
/* Of all texts: each byte may become two in JSON, and the whole is to stay under OBS_FILE_MAX. */
#define OBS_TEXTS_MAX (400U << 10)
#define OBS_MAX_BYTES (4U << 20) /* of the arena */
#define OBS_TEXT_MAX 1024 /* of one text; longer ones are cut when they are added */
#define OBS_FILE_MAX (1U << 20) /* of a saved set: what yaml.h reads */
#define OBS_NO_VALUE INT64_MIN

/* enum obs: OBS_NS_USE, ...; each has its word ("ns-use") and what it asks, in observations.def. */
enum obs {
#define OBS(id, word, asks) OBS_##id,
#include "doctor/observations.def"
#undef OBS
	OBS_N
};

extern const struct name obs_names[OBS_N];

enum obs_outcome {
	OBS_NOT_ASKED, /* no record, or the probe found nothing to ask (text: why) */
	OBS_YES, /* done, and its effect was seen; of a question: yes; of a value: it was read */
	OBS_NO, /* refused or without effect: step, errnum (0: no effect) */
	OBS_LATE, /* no answer within the time; the one who asked was killed */
	OBS_BROKEN, /* the probe itself could not be made (no memory, no process): errnum */
	OBS_OUTCOME_MAX
};

extern const struct name obs_outcome_names[OBS_OUTCOME_MAX]; /* "not-asked", "yes", ... */

struct observation {
	enum obs id;
	enum obs_outcome outcome;
	int errnum; /* of the step that failed; 0 */
	int64_t value; /* read or counted, in the unit that its row tells; OBS_NO_VALUE */
	const char *subject; /* of which one, where a probe is about several: a path, a URL; "" */
	const char *step; /* what failed or what did it, one word: "unshare", "uid_map"; "" */
	const char *text; /* evidence as it was read, one line; "" */
};

struct observations {
	struct arena arena;
	struct observation *items; /* in the order in which they were added */
	size_t n, capacity;
	size_t n_text_bytes;
	/* what croft run would know of this host; the same facts for the planner */
	struct host host;
	bool has_host;
};

void observations_init(struct observations *set);
void observations_done(struct observations *set);

/*
 * Copies the texts, escaped, then cut at OBS_TEXT_MAX; NULL is "". 0, -ENOMEM, or -E2BIG beyond
 * OBS_MAX or OBS_TEXTS_MAX.
 */
int observations_add(struct observations *set, const struct observation *obs);

/* The first record of a kind; never NULL: one with OBS_NOT_ASKED where there is none. */
const struct observation *observed(const struct observations *set, enum obs id);
/* The same for one subject. */
const struct observation *observed_of(const struct observations *set, enum obs id,
				      const char *subject);
/* The next of its kind after `after` (NULL: the first), or NULL. */
const struct observation *observed_next(const struct observations *set, enum obs id,
					const struct observation *after);
/* outcome of the first is OBS_YES */
bool was_seen(const struct observations *set, enum obs id);

/* One JSON object: {"version":1,"host":{...},"observations":[{...}]}; NOT_ASKED is left out. */
void observations_print(struct buf *buf, const struct observations *set);
/* The parts of it, for objects that hold more: one record, the object "host". */
void observation_print(struct json *json, const struct observation *obs);
void observations_print_host(struct json *json, const struct host *host);
/*
 * Reads what observations_print wrote, and nothing else: unknown, missing and repeated keys, an
 * unknown kind, a value out of range are -EINVAL with file:line:column in err. The set must be
 * fresh from observations_init.
 */
int observations_parse(const char *source, const char *data, size_t len, struct observations *set,
		       struct croft_error *err);

#endif
