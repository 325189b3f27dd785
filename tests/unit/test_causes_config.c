/* SPDX-License-Identifier: MIT */
/*
 * test_causes_config.c - lines that do nothing are told as such, with their file, and never as a
 * cause.
 */
#include "planted_row.h"

#include <errno.h>

#define READ YES(SYSCTL_FILES, .value = 12)
#define LINE(key, step_, text_) NO(SYSCTL_LINE, .subject = key, .step = step_, .text = text_)

static const struct planted_row rows[] = {
	{ { READ, LINE("user.nothing_here", "no-key", "/etc/sysctl.d/a b.conf:3") },
	  FACILITY_CONFIG,
	  VERDICT_NO_EFFECT,
	  WHO_SETTING,
	  "sysctl-no-key",
	  "sed -i '3d' '/etc/sysctl.d/a b.conf'",
	  "no file of user.nothing_here in /proc/sys",
	  "user.nothing_here is set in /etc/sysctl.d/a b.conf:3, this kernel has no such key: no "
	  "effect, not your cause" },
	{ { READ, LINE("kernel.unprivileged_userns_clone", "no-key", "/etc/sysctl.conf:1") },
	  FACILITY_CONFIG,
	  VERDICT_NO_EFFECT,
	  WHO_SETTING,
	  "sysctl-no-key",
	  "sed -i '1d' /etc/sysctl.conf",
	  NULL,
	  "Debian's" },
	/* a package's file would come again */
	{ { READ, LINE("kernel.nothing", "no-key", "/usr/lib/sysctl.d/50-x.conf:7") },
	  FACILITY_CONFIG,
	  VERDICT_NO_EFFECT,
	  WHO_SETTING,
	  "sysctl-no-key",
	  NULL,
	  NULL,
	  NULL },
	/* what the line calls optional is told where people take the key for a cause, else not */
	{ { READ, LINE("kernel.yama.ptrace_scope", "no-key-optional", "/etc/sysctl.d/y.conf:1") },
	  FACILITY_CONFIG,
	  VERDICT_NO_EFFECT,
	  WHO_SETTING,
	  "sysctl-no-key",
	  NULL,
	  "may fail",
	  "Yama" },
	{ { READ, LINE("kernel.odd", "no-key-optional", "/etc/sysctl.d/y.conf:1") },
	  FACILITY_CONFIG,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  "",
	  NULL,
	  "12 lines",
	  NULL },
	{ { READ, LINE("net.bridge.bridge-nf-call-iptables", "no-key", "/etc/sysctl.d/b.conf:2") },
	  FACILITY_CONFIG,
	  VERDICT_NO_EFFECT,
	  WHO_SETTING,
	  "sysctl-no-key",
	  "modprobe br_netfilter",
	  NULL,
	  "module" },
	{ { READ, LINE("net.core.odd", "no-key", "/etc/sysctl.d/b.conf:2") },
	  FACILITY_CONFIG,
	  VERDICT_NO_EFFECT,
	  WHO_SETTING,
	  "sysctl-no-key",
	  "sed -i '2d' /etc/sysctl.d/b.conf",
	  NULL,
	  "in this network namespace" },
	{ { READ, LINE("kernel.x", "differs", "/etc/sysctl.d/b.conf:2 sets 1, in force is 0") },
	  FACILITY_CONFIG,
	  VERDICT_NO_EFFECT,
	  WHO_SETTING,
	  "sysctl-not-in-force",
	  "sysctl -w kernel.x=1",
	  "in force is 0",
	  NULL },
	{ { READ, LINE("net.ipv4.ip_local_port_range", "differs",
		       "/etc/sysctl.d/b.conf:2 sets 1024 65000, in force is 32768 60999") },
	  FACILITY_CONFIG,
	  VERDICT_NO_EFFECT,
	  WHO_SETTING,
	  "sysctl-not-in-force",
	  "sysctl -w 'net.ipv4.ip_local_port_range=1024 65000'",
	  NULL,
	  NULL },
	{ { READ, LINE("kernel.x", "overridden",
		       "/etc/sysctl.d/a.conf:1 sets 1, /etc/sysctl.d/b.conf:2 sets 0") },
	  FACILITY_CONFIG,
	  VERDICT_NO_EFFECT,
	  WHO_SETTING,
	  "sysctl-overridden",
	  NULL,
	  "b.conf:2",
	  "twice" },
	{ { READ, NO(SYSCTL_FAULT, .subject = "/etc/sysctl.d/p.conf", .step = "unread") },
	  FACILITY_CONFIG,
	  VERDICT_NO_EFFECT,
	  WHO_SETTING,
	  "sysctl-unread",
	  NULL,
	  NULL,
	  "/etc/sysctl.d/p.conf" },
	{ { READ, NO(SYSCTL_FAULT, .subject = "/etc/sysctl.d/p.conf:4", .step = "syntax") },
	  FACILITY_CONFIG,
	  VERDICT_NO_EFFECT,
	  WHO_SETTING,
	  "sysctl-syntax",
	  NULL,
	  NULL,
	  NULL },
	{ { READ, NO(SYSCTL_FAULT, .step = "limit", .text = "not all of it was looked at") },
	  FACILITY_CONFIG,
	  VERDICT_NO_EFFECT,
	  WHO_SETTING,
	  "sysctl-limit",
	  NULL,
	  "not all",
	  NULL },
	{ { READ }, FACILITY_CONFIG, VERDICT_WORKS, WHO_NOBODY, "", NULL, "12 lines", NULL },
	{ { NO(SYSCTL_FILES, .step = "proc", .errnum = ENOENT) },
	  FACILITY_CONFIG,
	  VERDICT_UNKNOWN,
	  WHO_UNKNOWN,
	  "",
	  NULL,
	  "proc:",
	  NULL },
	{ { { 0 } }, FACILITY_CONFIG, VERDICT_UNKNOWN, WHO_UNKNOWN, "", NULL, "not asked", NULL },
};

static void each_row_is_told_with_its_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		planted_check(&rows[i], causes_config);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_row_is_told_with_its_file) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
