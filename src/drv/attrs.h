/* SPDX-License-Identifier: MIT */
/*
 * attrs.h - what a derivation says of itself besides its form: in variables, or with structured
 * attributes in one JSON object.
 */
#ifndef CROFT_DRV_ATTRS_H
#define CROFT_DRV_ATTRS_H

#include "base/buf.h"
#include "drv/drv_parse.h"

struct json_t; /* jansson's; its names and those of base/json.h exclude each other */

struct attrs {
	struct json_t *root; /* of __json; NULL: there are variables only */
};

struct attrs_list {
	const char *const *words;
	size_t n;
	bool is_there;
};

/* Reads __json, where it is. Stage usage. attrs_done is due afterwards, also on failure. */
int attrs_load(const struct drv *drv, struct attrs *ret_attrs, struct croft_error *err);
void attrs_done(struct attrs *attrs);

/* The words of a text that are apart by white space. */
int attrs_split(struct arena *arena, const char *text, struct attrs_list *ret_list,
		struct croft_error *err);
/* A list of strings of a JSON object; an error if it is another thing. `object` may be NULL. */
int attrs_json_list(struct arena *arena, const struct json_t *object, const char *name,
		    struct attrs_list *ret_list, struct croft_error *err);
/* An attribute that is a list: of the JSON object, or a variable's words. */
int attrs_list(const struct attrs *attrs, const struct drv *drv, struct arena *arena,
	       const char *name, struct attrs_list *ret_list, struct croft_error *err);
bool attrs_list_has(const struct attrs_list *list, const char *word);

/*
 * Refuses by name what a derivation asks for and croft does not do: content-addressed and impure
 * outputs, builders that are inside Nix, exportReferencesGraph, features of the system that mean
 * another sandbox. Stage usage.
 */
int attrs_check(const struct attrs *attrs, const struct drv *drv, const char *source,
		struct croft_error *err);

/* .attrs.json and .attrs.sh, byte for byte as Nix writes them. */
void attrs_write_json(const struct attrs *attrs, const struct drv *drv, struct buf *out);
void attrs_write_shell(const struct attrs *attrs, const struct drv *drv, struct buf *out);

#endif
