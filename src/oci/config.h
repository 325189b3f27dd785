/* SPDX-License-Identifier: MIT */
/*
 * config.h - a bundle's config.json or a process file of exec, and what croft adds to it.
 *
 *	bytes ─► jansson (is it JSON, what does it say) ─► span.h (where) ─► more bytes in between
 *
 * Source: the OCI runtime specification, config.md. What is added: two bind mounts behind all
 * others (croft's static program, its profile), and croft's words before those of process.args. No
 * value is changed, none is left out.
 *
 * Where the two files lie: in a tmpfs that the runtime itself mounts, so that no mount point has to
 * be made in the image. /dev is one in what podman, containerd and `runc spec` write: it is looked
 * at first; podman puts an init of its own at /dev/init. It has to be the last mount that covers
 * its place: with a volume over /dev a file would be made in that.
 */
#ifndef CROFT_OCI_CONFIG_H
#define CROFT_OCI_CONFIG_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "oci/span.h"

struct json_t;

#define CONFIG_MAX_BYTES (16U << 20) /* a pod's variables and mounts are some 100 KiB */
#define CONFIG_MAX_PREFIX 300 /* words before the command */
#define CONFIG_PROGRAM ".croft"
#define CONFIG_PROFILE ".croft.yaml"
#define CONFIG_ANNOTATION "croft.profile"

struct config {
	const char *name; /* for messages; the caller's */
	const char *text; /* the caller's */
	size_t len;
	struct json_t *root; /* jansson's */
	struct span whole;
	bool has_args; /* there is a process, and it has a program */
	struct span args; /* process.args */
	bool has_mounts; /* else `mounts` is nothing */
	struct span mounts;
};

/*
 * Reads a config.json, or with `is_process` a process file of exec, which is the object `process`
 * itself. A config.json without process is legal; process.args that are no list of texts, or an
 * empty one, are errors, as is all that two readers could take for two things. Stage prepare.
 */
int config_read(struct config *config, const char *name, const char *text, size_t len,
		bool is_process, struct croft_error *err);
void config_done(struct config *config);

/* The annotation of that name, NULL without one; an error if it is no text. */
int config_annotation(const struct config *config, const char *key, const char **ret_value,
		      struct croft_error *err);
/* A namespace of this type ("pid") is the container's own, or that of other containers. */
bool config_has_namespace(const struct config *config, const char *type);
/* The host's ids that user 0 of a user namespace of the container is; -1: it has none. */
void config_root_ids(const struct config *config, int64_t *ret_uid, int64_t *ret_gid);
/* Another handler than the runtime itself (crun): an error, for croft would not be started. */
int config_check_handler(const struct config *config, struct croft_error *err);
/* The directory for CONFIG_PROGRAM and CONFIG_PROFILE; -ENOENT: there is none, described. */
int config_place(const struct config *config, char ret_place[PATH_MAX], struct croft_error *err);

/* What is added. `prefix` are texts of the caller's. */
struct config_wrap {
	const char *program, *profile; /* the host's files */
	const char *place; /* as of config_place */
	const char *prefix[CONFIG_MAX_PREFIX];
	size_t n_prefix;
};

/* All of `wrap` is in it already. */
bool config_is_wrapped(const struct config *config, const struct config_wrap *wrap);
/*
 * The words before the command, of a config.json that croft-oci has written (and nobody else can
 * have): how many, the last of them "--", or -ENOENT. They live in the config. `program`: the
 * host's file.
 */
ssize_t config_find_prefix(const struct config *config, const char *program, const char **ret_words,
			   size_t max);
/* The file anew; without `mounts` its words alone. 0 or an error of memory. */
int config_write(const struct config *config, const struct config_wrap *wrap, bool wants_mounts,
		 struct buf *out, struct croft_error *err);

#endif
