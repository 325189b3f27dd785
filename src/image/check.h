/* SPDX-License-Identifier: MIT */
/*
 * check.h - would this program start in this image; has it the commands that are needed; does the
 * pod that it is to run in leave it what it needs?
 *
 * Everything here only reads, through the image's struct root, so that it is the same for a
 * directory and for layers in an archive. Findings go to a report; errors are only what keeps croft
 * from telling.
 */
#ifndef CROFT_IMAGE_CHECK_H
#define CROFT_IMAGE_CHECK_H

#include "elf/remedy.h"
#include "image/family.h"
#include "image/image.h"
#include "image/report.h"

#define NEED_MAX_NAMES 256 /* commands of all --need together */

/* What all checks share. */
struct image_check {
	const struct root *root;
	const struct image_config *config;
	struct family_guess family;
	struct report *report;
	struct croft_error *err;
};

/* The closure of a program in this image. */
struct closure_input check_input(const struct image_check *check);

/*
 * The next file that a command's name could stand for, as execvp looks: the name itself if it has a
 * slash, else one for each directory of the image's PATH. *rest begins as the PATH and is NULL
 * behind the last. False: there are no more.
 */
bool check_next_candidate(const struct image_check *check, const char *name, const char **rest,
			  char ret_path[PATH_MAX]);
/* The first that can be executed, or else the first that is there. False: none is there. */
bool check_find(const struct image_check *check, const char *name, char ret_path[PATH_MAX]);

/*
 * Adds what keeps the program from starting to the report, the cause first: each trouble that exec
 * or the loader would end with. `subject`: what the user asked for. 0 or an error, described.
 */
int check_program(const struct image_check *check, const char *subject, const char *path);

/*
 * One file behind many names picks what it does by the name. False: `path` leads to a busybox that
 * does not have the command it is called as; then that is in the report.
 */
bool check_applet(const struct image_check *check, const char *subject, const char *path);

/* --run PROG: found on the image's PATH, and would it start? */
int check_run(const struct image_check *check, const char *program);

/*
 * --need a,b,@set: each is found on the image's PATH and would start. Names that are none, or an
 * unknown set, are an error of stage usage.
 */
int check_need(const struct image_check *check, const char *list);

/* The names of such a list, sets resolved; in the arena. */
int need_list(struct arena *arena, const char *list, bool is_alpine, const char ***ret_names,
	      size_t *ret_n, struct croft_error *err);

/*
 * --pod FILE: what is wrong with the pods in it, by themselves and over this image. `needs` are the
 * commands that each container with this image must be able to start; in a hook's extension
 * those of @github-hooks are added. `mounts` are those of --mount, whose contents are known.
 */
int check_pod(const struct image_check *check, const char *file, const char *const *needs,
	      size_t n_needs, const struct image_mount *mounts, size_t n_mounts);

#endif
