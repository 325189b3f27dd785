/* SPDX-License-Identifier: MIT */
/*
 * version1.h - profile files of version 1, the schema of ai-sandbox-landlock.
 *
 *	tree ─► version1_read_profile ─► struct version1_profile ─► version1_make ─► entries
 *
 * version1_read does this for each profile of a file. The front end of that name takes the steps
 * one by one: it prints what stands between them.
 */
#ifndef CROFT_PROFILE_VERSION1_H
#define CROFT_PROFILE_VERSION1_H

#include "profile/document.h"
#include "profile/yaml.h"

#define VERSION1_MAX_GROUPS 256 /* far above what is written: the known files have three */

enum version1_right {
	VERSION1_READ_FILE,
	VERSION1_READ_DIR,
	VERSION1_EXECUTE,
	VERSION1_WRITE_FILE,
	VERSION1_REMOVE_FILE,
	VERSION1_REMOVE_DIR,
	VERSION1_TRUNCATE,
	VERSION1_RIGHT_MAX
};

/* "read_file" and so on; a set of rights has bit n for entry n. */
extern const struct name version1_right_names[VERSION1_RIGHT_MAX];

/* "error", "warn", "info", "debug", "trace", from the least to the most. */
#define VERSION1_N_LEVELS 5
extern const struct name version1_level_names[VERSION1_N_LEVELS];

/* One text of a file, with the place where it stands. */
struct version1_text {
	const char *name; /* of a variable; else NULL */
	const char *text;
	unsigned line, column;
};

struct version1_group {
	const char *name;
	const struct version1_text *paths;
	size_t n_paths;
	unsigned rights; /* bits of enum version1_right */
};

/* A profile of a file; texts as they are written, nothing expanded. */
struct version1_profile {
	const char *name;
	unsigned line, column;
	struct version1_text description; /* these with text NULL where the file has none */
	const struct version1_group *groups;
	size_t n_groups;
	unsigned control_access; /* bits of enum version1_right */
	struct version1_text program, directory;
	const struct version1_text *args, *env;
	size_t n_args, n_env;
	const char *log_level; /* one of version1_level_names, or NULL */
	bool is_dry_run;
};

/*
 * Fills ret_document->profiles from the root of a file whose `version` is 1 or absent. Called by
 * document_read. Errors as told there.
 */
int version1_read(const char *source, const struct yaml_node *root, struct arena *arena,
		  struct document *ret_document, struct croft_error *err);

/* One profile of such a file: -ENOENT if there is none of that name, with the nearest as hint. */
int version1_read_profile(const char *source, const struct yaml_node *root, const char *name,
			  struct arena *arena, struct version1_profile *ret_profile,
			  struct croft_error *err);

/*
 * A document of one profile. Each path of a group becomes one entry files.rights, in their order, a
 * group that grants nothing none: "optional:" (what is not there is passed over) and the path, in
 * which only a leading "~/" means more than itself. In environment.set and command a leading "~/"
 * stays for the loader. What version 1 does not restrict is put off by entries of `require`.
 * Errors: a path that is empty or "~".
 */
int version1_make(const char *source, const struct version1_profile *profile, struct arena *arena,
		  struct document *ret_document, struct croft_error *err);

/* The same, into one profile of a document that the caller fills. */
int version1_entries(const char *source, const struct version1_profile *profile,
		     struct arena *arena, struct document_profile *ret_profile,
		     struct croft_error *err);

/*
 * The rights of Landlock (ABI_LANDLOCK_FS_*) that a set of rights comes to: all that directories
 * take among them.
 */
uint64_t version1_access(unsigned rights);

#endif
