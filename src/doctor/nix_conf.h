/* SPDX-License-Identifier: MIT */
/*
 * nix_conf.h - nix.conf as Nix itself reads it: which line of which file is in force.
 *
 * Nix reads, later ones winning: nix.conf of NIX_CONF_DIR (/etc/nix), the files of
 * NIX_USER_CONF_FILES or nix/nix.conf below XDG_CONFIG_HOME and XDG_CONFIG_DIRS from the last to
 * the first, and the text of NIX_CONFIG. A setting replaces what was there before;
 * "extra-NAME" adds to NAME. One line that Nix cannot read ends every command of it.
 *
 * The files may be anybody's: FIFOs are not waited for, sizes, depth and numbers are bounded.
 * Source: Nix's src/libutil/configuration.cc and src/libstore/globals.cc (2.3 to 2.36),
 * nix.conf(5).
 */
#ifndef CROFT_DOCTOR_NIX_CONF_H
#define CROFT_DOCTOR_NIX_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"

#define NIX_CONF_FILE_MAX ((size_t)1 << 20) /* bytes of one file; generated ones have some KiB */
#define NIX_CONF_FILES_MAX 64 /* read in all: includes are followed */
#define NIX_CONF_DEPTH_MAX 8 /* of includes; Nix has no limit, and dies in a loop */
#define NIX_CONF_LINES_MAX 4096
#define NIX_CONF_BYTES_MAX (16U << 20)

/* One assignment, in the order in which Nix makes them. */
struct nix_line {
	const char *key; /* as it is written: may be an alias, or have "extra-" before it */
	const char *value; /* its words with one space between them */
	const char *file; /* "NIX_CONFIG" for the variable's text */
	unsigned line;
	bool is_system; /* from NIX_CONF_DIR: a daemon reads it too */
};

enum nix_fault_kind {
	NIX_FAULT_SYNTAX, /* text: its setting, if it is one, or ""; Nix ends with an error */
	NIX_FAULT_NO_INCLUDE, /* text: the file; the same */
	NIX_FAULT_LOOP, /* text: the file that is included in a circle; the same */
	NIX_FAULT_UNREAD, /* text: the file, errnum; Nix goes on without a word */
	NIX_FAULT_LIMIT, /* one of ours above: what follows was not looked at */
	NIX_FAULT_KIND_MAX
};

struct nix_fault {
	enum nix_fault_kind kind;
	const char *file; /* in which it stands */
	unsigned line; /* 0: about the whole file */
	const char *text;
	int errnum;
};

struct nix_conf {
	struct arena arena;
	struct nix_line *lines;
	size_t n_lines, lines_capacity;
	struct nix_fault *faults;
	size_t n_faults, faults_capacity;
	const char *files[NIX_CONF_FILES_MAX]; /* that were read */
	size_t n_files;
};

/* What of the environment decides; NULL where a variable is not set. */
struct nix_env {
	const char *conf_dir; /* NIX_CONF_DIR */
	const char *user_files; /* NIX_USER_CONF_FILES */
	const char *config; /* NIX_CONFIG */
	const char *home, *xdg_home, *xdg_dirs; /* HOME, XDG_CONFIG_HOME, XDG_CONFIG_DIRS */
	const char *remote, *store_dir, *state_dir; /* NIX_REMOTE, NIX_STORE_DIR, NIX_STATE_DIR */
	const char *socket; /* NIX_DAEMON_SOCKET_PATH */
	const char *remote_systems; /* NIX_REMOTE_SYSTEMS */
	const char *path; /* PATH */
};

/* Of "NAME=value" strings; the texts are theirs. */
struct nix_env nix_env_of(char *const envp[]);
/* The value of one variable, or NULL. */
const char *nix_env_find(char *const envp[], const char *name);

/*
 * Reads everything. 0, or -ENOMEM; what is wrong with the files is a fault. Then nix_conf_done.
 * May block as long as file systems do.
 */
int nix_conf_load(struct nix_conf *conf, const struct nix_env *env);
void nix_conf_done(struct nix_conf *conf);

/*
 * Where the text of an included file comes from: its length and malloc'd text, or -errno.
 */
typedef long (*nix_conf_reader)(void *context, const char *path, char **ret_text);

/*
 * Reads one text into a conf that nix_conf_init has made, or that others were read into.
 * `source` is its name, in messages and for relative includes. 0 or -ENOMEM.
 */
void nix_conf_init(struct nix_conf *conf);
int nix_conf_parse(struct nix_conf *conf, const char *source, const char *text, size_t len,
		   bool is_system, nix_conf_reader reader, void *context);

/* What is in force. */
struct nix_value {
	const char *value; /* NULL: not set */
	const struct nix_line *at; /* the line that decided last; NULL */
};

/*
 * Of a setting by its own name; aliases and "extra-" count, which adds to `initial` (NULL: none)
 * where no line has replaced that. system_only: as a daemon sees it. No line: value is `initial`.
 */
struct nix_value nix_conf_get(struct nix_conf *conf, const char *name, const char *initial,
			      bool system_only);
/* The line that takes the place of this one, or NULL: it is in force, or adds to what is. */
const struct nix_line *nix_conf_overrides(const struct nix_conf *conf, const struct nix_line *line);

/* Where nix.conf and machines lie. */
const char *nix_conf_dir(const struct nix_env *env);

/* nix_keys.c: what Nix has known from 2.0 to 2.36. */
struct nix_key {
	const char *name;
	const char *alias_of; /* NULL: its own name */
};
/* NULL: no Nix has it. */
const struct nix_key *nix_key_find(const char *name);
/*
 * Its own name, without "extra-" and alias: "sandbox-paths" of "extra-build-chroot-dirs"; or
 * NULL
 */
const char *nix_key_true_name(const char *name);
/* "extra-" before it adds to what is there: lists and tables can. */
bool nix_key_is_list(const char *name);
/* The nearest known name, or NULL. */
const char *nix_key_nearest(const char *name);

#endif
