/* SPDX-License-Identifier: MIT */
/*
 * print.h - parts of a plan as JSON, for objects that hold more than a plan.
 */
#ifndef CROFT_PLAN_PRINT_H
#define CROFT_PLAN_PRINT_H

#include "base/json.h"
#include "plan/plan.h"

/* The key "layers": Landlock's ABI and rule counts, filter, tier. */
void print_layers_json(struct json *json, const struct plan *plan);
/* The key "protections": one object for each row. */
void print_rows_json(struct json *json, const struct plan *plan);

/* The names of Landlock's rights in a mask, joined by spaces. */
void print_fs_access(struct buf *buf, uint64_t access);
void print_net_access(struct buf *buf, uint64_t access);
void print_scoped(struct buf *buf, uint64_t scoped);

/*
 * What the newest Landlock that is known here could handle and this one cannot: files, ports,
 * scopes.
 */
uint64_t plan_ignored(const struct plan *plan, uint64_t *ret_net, uint64_t *ret_scoped);
/* What a start by this plan takes more than a bare one, microseconds: an estimate. */
unsigned long long plan_estimate_us(const struct plan *plan);

/* One mechanism of the plan and what it takes of a start. */
struct price {
	const char *what; /* "Landlock", "pid namespace" */
	unsigned long us;
};

#define PRICES_MAX 16

/* The mechanisms that the plan uses, and croft itself: their number. */
size_t plan_prices(const struct plan *plan, struct price ret_prices[PRICES_MAX]);

/* Who asked for something: " (--read)". A file's name is somebody's choice: escaped. */
void print_origin(struct buf *buf, const char *origin);
/* The lines on the tier and the price of each mechanism; on the tree of files (print_tree.c). */
void print_tier(struct buf *buf, const struct plan *plan);
void print_tree(struct buf *buf, const struct plan *plan);
/* The keys "tier", "namespaces", "tree" and "price". */
void print_tree_json(struct json *json, const struct plan *plan);

#endif
