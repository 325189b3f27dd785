/* SPDX-License-Identifier: MIT */
/*
 * print_tree.c - the tier of a plan, its price, and the tree of files, as text and as JSON.
 *
 * The operations are told one a line, in the order in which they are done: who reads them from
 * top to bottom sees the tree grow.
 */
#include "base/cleanup.h"
#include "base/text.h"
#include "plan/parts.h"
#include "plan/print.h"

static const struct {
	enum mount_flag flag;
	const char *word;
} flag_words[] = {
	{ MOUNT_RDONLY, "read-only" },
	{ MOUNT_NOEXEC, "noexec" },
	{ MOUNT_NODEV, "nodev" },
	{ MOUNT_NOSUID, "nosuid" },
};

static void print_namespaces(struct buf *buf, const struct plan *plan, const char *between)
{
	bool is_first = true;

	for (int i = 0; i < HOST_NS_MAX; i++) {
		if (!has_ns(plan, (enum host_ns)i))
			continue;
		buf_printf(buf, "%s%s", is_first ? "" : between, host_ns_names[i].name);
		is_first = false;
	}
}

void print_tier(struct buf *buf, const struct plan *plan)
{
	struct price prices[PRICES_MAX];
	size_t n = plan_prices(plan, prices);

	buf_printf(buf, "Tier: %s", tier_names[plan->tier].name);
	if (plan->namespaces) {
		buf_puts(buf, " (");
		print_namespaces(buf, plan, " ");
		buf_putc(buf, ')');
	}
	buf_printf(buf, ", %s\n",
		   plan->is_supervised ? "supervised by a waiting parent" : "executed in place");
	if (plan->asks_namespaces)
		buf_puts(buf, "  (the host was not asked what namespaces it has)\n");
	buf_printf(buf, "Price: about %llu us:", plan_estimate_us(plan));
	for (size_t i = 0; i < n; i++)
		buf_printf(buf, "%s %s %lu", i ? "," : "", prices[i].what, prices[i].us);
	buf_putc(buf, '\n');
}

static void print_flags(struct buf *buf, unsigned flags, const char *between)
{
	bool is_first = true;

	for (size_t i = 0; i < ARRAY_SIZE(flag_words); i++) {
		if (!(flags & flag_words[i].flag))
			continue;
		buf_printf(buf, "%s%s", is_first ? "" : between, flag_words[i].word);
		is_first = false;
	}
	if (is_first)
		buf_puts(buf, "as it is");
}

static void print_operation(struct buf *buf, const struct plan_mount_op *op)
{
	buf_printf(buf, "  %s ", mount_kind_names[op->kind].name);
	text_quote(buf, op->path);
	if (op->source) {
		buf_puts(buf, op->kind == MOUNT_LINK ? " to " : " from ");
		text_quote(buf, op->source);
	}
	if (op->kind == MOUNT_BIND || op->kind == MOUNT_PROC) {
		buf_puts(buf, ", ");
		print_flags(buf, op->flags, " ");
	}
	if (op->access) {
		buf_puts(buf, ", with a rule: ");
		print_fs_access(buf, op->access);
	}
	print_origin(buf, op->origin);
	buf_putc(buf, '\n');
}

void print_tree(struct buf *buf, const struct plan *plan)
{
	if (plan->tier != TIER_NAMESPACES)
		return;
	buf_puts(buf, plan->has_new_root ? "Tree: a new one, with nothing in it but this:\n"
		      : plan->has_tree   ? "Tree: the host's, with this done to it:\n"
					 : "Tree: the host's\n");
	for (size_t i = 0; i < plan->n_mount_ops; i++)
		print_operation(buf, &plan->mount_ops[i]);
}

static void print_operations_json(struct json *json, const struct plan *plan)
{
	json_key(json, "operations");
	json_array_begin(json);
	for (size_t i = 0; i < plan->n_mount_ops; i++) {
		const struct plan_mount_op *op = &plan->mount_ops[i];
		AUTO_BUF struct buf flags = BUF_INIT(64), access = BUF_INIT(512);

		print_flags(&flags, op->flags, " ");
		if (op->access)
			print_fs_access(&access, op->access);
		json_object_begin(json);
		json_key(json, "kind");
		json_string(json, mount_kind_names[op->kind].name);
		json_key(json, "path");
		json_string(json, op->path);
		json_key(json, "source");
		json_string(json, op->source);
		json_key(json, "flags");
		json_string(json, op->flags ? buf_text(&flags) : "");
		json_key(json, "access");
		json_string(json, buf_text(&access));
		json_key(json, "origin");
		json_string(json, op->origin);
		json_object_end(json);
	}
	json_array_end(json);
}

void print_tree_json(struct json *json, const struct plan *plan)
{
	struct price prices[PRICES_MAX];
	size_t n = plan_prices(plan, prices);

	json_key(json, "namespaces");
	json_array_begin(json);
	for (int i = 0; i < HOST_NS_MAX; i++)
		if (has_ns(plan, (enum host_ns)i))
			json_string(json, host_ns_names[i].name);
	json_array_end(json);
	json_key(json, "tree");
	json_object_begin(json);
	json_key(json, "is_new");
	json_bool(json, plan->has_new_root);
	print_operations_json(json, plan);
	json_object_end(json);
	json_key(json, "price_us");
	json_object_begin(json);
	for (size_t i = 0; i < n; i++) {
		json_key(json, prices[i].what);
		json_uint(json, prices[i].us);
	}
	json_object_end(json);
}
