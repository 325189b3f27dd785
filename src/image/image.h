/* SPDX-License-Identifier: MIT */
/*
 * image.h - a container image, read where it lies: what a process started in it would see.
 *
 *	directory ──────────────────────────────┐
 *	OCI layout, archives ─► blobs ─► layers ─► tree ─► struct root ─► closures, checks
 *	--mount HOST:PATH ──────────────────────┘
 *
 * Nothing is unpacked to disk, nothing is executed, no name leads out of the image: the names
 * are kept in memory (tree.h), and of the contents only what somebody opens (layer.h). Whoever
 * made the image is an enemy. Each bound below that he could reach has an error of its own, which
 * names the layer and the entry.
 *
 * Only in programs that link libarchive and jansson: croft-image.
 */
#ifndef CROFT_IMAGE_IMAGE_H
#define CROFT_IMAGE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "elf/root.h"

#define IMAGE_MAX_MOUNTS 64

enum image_kind {
	IMAGE_DIRECTORY, /* a root file system as it is */
	IMAGE_OCI_LAYOUT, /* a directory with index.json and blobs/ */
	IMAGE_OCI_ARCHIVE, /* the same as one tar: podman save --format oci-archive */
	IMAGE_DOCKER_LAYOUT, /* a docker save that was unpacked */
	IMAGE_DOCKER_ARCHIVE, /* docker save, podman save */
	IMAGE_DIR_TRANSPORT, /* skopeo copy dir:, podman save --format docker-dir */
	IMAGE_ROOT_ARCHIVE, /* a tar of a root file system: docker export, a rootfs tarball */
	IMAGE_KIND_MAX
};

/* A host's directory or regular file that lies over the image at `path`. */
struct image_mount {
	const char *host; /* as the user wrote it: relative to the working directory */
	const char
		*path; /* absolute in the image; its links are followed, what is missing is made */
};

/* Not kept after image_open. */
struct image_options {
	const struct image_mount *mounts; /* later ones lie over earlier ones */
	size_t n_mounts;
	const char *architecture; /* OCI's word ("amd64", "arm64"); NULL: this machine's */
	const char *tag; /* which image of several; a part from behind a '/' does; NULL: the one */
};

/* The part of the image's configuration that decides what starts. Texts live in the image. */
struct image_config {
	const char *user; /* "" if none is named; "name", "uid", "uid:gid" as it stands there */
	const char *workdir; /* "/" if none is named */
	const char *path; /* of Env, else what runtimes take: IMAGE_DEFAULT_PATH */
	const char *library_path; /* LD_LIBRARY_PATH of Env; NULL */
	const char *preload; /* LD_PRELOAD of Env; NULL */
	const char *const *env; /* "NAME=value" */
	size_t n_env;
	const char *const *entrypoint;
	size_t n_entrypoint;
	const char *const *cmd;
	size_t n_cmd;
	const char *architecture; /* "amd64"; "" if it is not said (a directory) */
	const char *os;
	bool is_given; /* false: the image has no configuration, all the above are defaults */
};

#define IMAGE_DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What is at a name. */
struct image_stat {
	mode_t mode; /* with the type's bits */
	uid_t uid;
	gid_t gid;
	uint64_t size;
	unsigned layer; /* 1 is the lowest; 0: from a directory, a mount, or made for one */
	const char *origin; /* "layer 2 (sha256:ab12...)", a mount's HOST, else "" */
	char real[PATH_MAX]; /* links followed */
};

struct image; /* on the heap; its root points into it */

/*
 * Opens an image by its name on this machine: a directory or a regular file, told by its
 * contents. Reads every layer once. Blocks on reading only: FIFOs and devices are refused. Errors:
 * stage PREPARE, one line that names the image, and the layer and the entry where that is the
 * place. Nothing is written anywhere.
 */
int image_open(const char *name, const struct image_options *options, struct image **ret_image,
	       struct croft_error *err);
void image_done(struct image *image); /* NULL is fine */

/* For closures and walks: valid until image_done. */
const struct root *image_root(const struct image *image);
const struct image_config *image_config(const struct image *image);
enum image_kind image_kind(const struct image *image);
/* "a directory", "an OCI layout", ...: for people; image_kind_name for JSON ("oci-layout"). */
const char *image_kind_text(enum image_kind kind);
const char *image_kind_name(enum image_kind kind);
const char *image_name(const struct image *image); /* as it was given */
size_t image_count_layers(const struct image *image); /* 0 for a directory */

/*
 * What `path` (absolute in the image) leads to; with is_link the last link is not followed. 0, or
 * as root_open_file. Outputs only on success.
 */
int image_stat(const struct image *image, const char *path, bool is_link,
	       struct image_stat *ret_stat);
/* The text of the symbolic link at `path`: 0, -EINVAL (none), or as above. */
int image_read_link(const struct image *image, const char *path, char ret_text[PATH_MAX]);

/* "HOST:PATH", split at the last colon before a slash; texts in the arena. Errors: stage USAGE. */
int image_parse_mount(struct arena *arena, const char *text, struct image_mount *ret_mount,
		      struct croft_error *err);

/*
 * Worth a word though the image can be read: "layer 3 (sha256:...): the directory 'lib' takes the
 * place of a link". At most some tens. NULL behind the last.
 */
const char *image_note(const struct image *image, size_t i);

#endif
