/* SPDX-License-Identifier: MIT */
/*
 * landlock.c - the stage that Landlock is.
 *
 * The ruleset is built by the parent, once for a plan: for a second launch the
 * child's part is one system call. Rules are made from the descriptors that the
 * plan was made from, so a name that was swapped in between changes nothing.
 *
 * A kernel, or an emulation of one, could take rules and enforce nothing; so the
 * restriction is proven by its effect, with one open that it must refuse. Where
 * even "/" may be listed there is nothing to try here, and launch_prepare has acted it
 * out in a child before.
 */
#include "enforce/landlock.h"

#include <errno.h>
#include <fcntl.h>

#include "sys/calls.h"
#include "sys/fd.h"

static int add_path(int ruleset, int fd, uint64_t access, const char *path, struct croft_error *err)
{
	const struct abi_landlock_path_beneath_attr attr = { .allowed_access = access,
							     .parent_fd = fd };
	int r = sys_landlock_add_rule(ruleset, ABI_LANDLOCK_RULE_PATH_BENEATH, &attr, 0);

	return r < 0 ? fail(err, CROFT_STAGE_PREPARE, -r, "add a Landlock rule for '%s'", path) : 0;
}

static int add_port(int ruleset, const struct plan_port *port, struct croft_error *err)
{
	const struct abi_landlock_net_port_attr attr = { .allowed_access = port->access,
							 .port = port->grant->port };
	int r = sys_landlock_add_rule(ruleset, ABI_LANDLOCK_RULE_NET_PORT, &attr, 0);

	return r < 0 ? fail(err, CROFT_STAGE_PREPARE, -r, "add a Landlock rule for port %u",
			    port->grant->port)
		     : 0;
}

int ruleset_build(const struct plan *plan, const struct path_fact *facts, int *ret_fd,
		  struct croft_error *err)
{
	const struct abi_landlock_ruleset_attr attr = {
		.handled_access_fs = plan->handled_fs,
		.handled_access_net = plan->handled_net,
		.scoped = plan->scoped,
	};
	AUTO_FD int ruleset = -1;
	int r;

	if (!attr.handled_access_fs && !attr.handled_access_net && !attr.scoped) {
		*ret_fd = -1;
		return 0;
	}
	ruleset = sys_landlock_create_ruleset(&attr, sizeof(attr), 0);
	if (ruleset < 0)
		return fail(err, CROFT_STAGE_PREPARE, -ruleset, "create a Landlock ruleset");
	for (size_t i = 0; i < plan->n_rules; i++) {
		const struct plan_rule *rule = &plan->rules[i];

		r = add_path(ruleset, facts[rule->fact].fd, rule->access, rule->path, err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < plan->n_ports; i++) {
		r = add_port(ruleset, &plan->ports[i], err);
		if (r < 0)
			return r;
	}
	*ret_fd = fd_take(&ruleset);
	return 0;
}

int ruleset_add_directory(int ruleset, int dirfd, uint64_t access, const char *path,
			  struct croft_error *err)
{
	return add_path(ruleset, dirfd, access, path, err);
}

int landlock_apply(int ruleset, uint32_t flags, bool can_verify, struct croft_error *err)
{
	int r;

	if (ruleset < 0)
		return 0;
	r = sys_landlock_restrict_self(ruleset, flags);
	if (r < 0) {
		r = fail(err, CROFT_STAGE_LANDLOCK, -r, "restrict this process");
		if (r == -E2BIG)
			fail_hint(
				err,
				"it is inside %d Landlock sandboxes already, the kernel's greatest number",
				ABI_LANDLOCK_MAX_LAYERS);
		return r;
	}
	if (can_verify) {
		AUTO_FD int fd = sys_openat(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0);

		if (fd != -EACCES) {
			(void)fail(err, CROFT_STAGE_LANDLOCK, 0,
				   "the kernel took the rules but does not enforce them");
			fail_hint(
				err,
				"unless '/' is granted by another name: a chroot mounted into itself");
			return -EOPNOTSUPP;
		}
	}
	return 0;
}
