/* SPDX-License-Identifier: MIT */
/*
 * yaml.h - the one place where YAML is read: bytes to a bounded tree.
 *
 * libyaml finds the events; this reader keeps what a profile may be made of, and refuses the
 * rest by name: anchors and aliases (so nothing can grow), tags, a second document (files that are
 * no profiles may have more), a key twice in one mapping, a key that is no scalar, a NUL or other
 * control character, bytes that are not UTF-8. Its messages begin "source:line:column: ",
 * counted from 1.
 */
#ifndef CROFT_PROFILE_YAML_H
#define CROFT_PROFILE_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

/* Far above what people write; what a hostile file can cost is bounded by them. */
#define YAML_MAX_BYTES (1U << 20)
#define YAML_MAX_DEPTH 16
#define YAML_MAX_SCALARS 10000
#define YAML_MAX_SCALAR 4096 /* bytes of one scalar: PATH_MAX */
#define YAML_DEEPEST 32 /* levels that any file may have */

/* What a file that is no profile may hold. */
struct yaml_limits {
	unsigned depth; /* at most YAML_DEEPEST */
	size_t nodes; /* keys, texts, lists and mappings */
	size_t scalar; /* bytes of one */
	size_t documents;
};

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
	enum yaml_kind kind;
	unsigned line, column; /* where it begins */
	const char *text; /* of a scalar, no NUL in it; NULL for the others */
	bool is_plain; /* a scalar without quotes: "yes" is a text, yes is a plain scalar */
	bool is_folded; /* without quotes over several lines: most often a comma is missing */
	const char *key; /* in a mapping: its key; else NULL */
	unsigned key_line, key_column;
	struct yaml_node *child; /* first item or first value, in the order of the file */
	struct yaml_node *next; /* the one after it */
	size_t n_children;
};

/*
 * Reads one document. `source` is what messages call it (a path); the nodes and their texts live
 * in `arena`. An empty document is an error, "nothing in it". Errors: stage profile, -EINVAL;
 * -EOVERFLOW when a limit above is passed; -ENOMEM.
 */
int yaml_read(const char *source, const char *data, size_t len, struct arena *arena,
	      struct yaml_node **ret_root, struct croft_error *err);

/*
 * The same for a file that may be several documents, with bounds of its own (YAML_MAX_BYTES holds
 * for it too): *ret_root is the first that is not empty, the others follow by `next`.
 */
int yaml_read_all(const char *source, const char *data, size_t len,
		  const struct yaml_limits *limits, struct arena *arena,
		  struct yaml_node **ret_root, struct croft_error *err);

/*
 * Describes what is wrong at a place of a file: "source:line:column: ...", of a long source only
 * its end. Returns -EINVAL, or -errnum where that is not 0 (it is not made part of the message).
 */
int yaml_fail(const char *source, unsigned line, unsigned column, int errnum,
	      struct croft_error *err, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* "a mapping", "a list", "a text": for messages. */
const char *yaml_kind_name(enum yaml_kind kind);

#endif
