/* SPDX-License-Identifier: MIT */
/*
 * test_causes_pid.c - what the process of --pid has otherwise, by whose setting; and what is not
 * known of it.
 */
#include "planted_row.h"

#include <errno.h>

#define THERE YES(PID_TARGET, .subject = "web", .value = 77)
#define DIFFERS(subject_, value_, text_) \
	YES(PID_DIFFERS, .subject = subject_, .value = value_, .text = text_)
#define UNIT YES(PID_UNIT, .subject = "web.service", .text = "/etc/systemd/system/web.service")
#define SAYS(line, where) YES(PID_DIRECTIVE, .subject = line, .text = where)
#define DROP_IN(settings)                                                                 \
	"mkdir -p /etc/systemd/system/web.service.d && printf '[Service]\\n" settings     \
	"' >>/etc/systemd/system/web.service.d/croft.conf && systemctl daemon-reload && " \
	"systemctl restart web.service"
#define GROUP(path) DIFFERS("cgroup", OBS_NO_VALUE, "here 0::/a, there 0::" path)

static const struct planted_row rows[] = {
	{ { THERE, DIFFERS("seccomp", 2, "here 0, there 2"), YES(PID_ENTERED, .subject = "filter"),
	    UNIT, SAYS("RestrictNamespaces=yes", "/etc/systemd/system/web.service:9") },
	  FACILITY_PROCESS,
	  VERDICT_PARTLY,
	  WHO_FILTER,
	  "process-filter",
	  DROP_IN("RestrictNamespaces=no\\n"),
	  "here 0, there 2; RestrictNamespaces=yes in /etc/systemd/system/web.service:9",
	  NULL },
	{ { THERE, DIFFERS("seccomp", 2, "here 0, there 2"), YES(PID_ENTERED, .subject = "filter"),
	    GROUP("/system.slice/docker-0123.scope") },
	  FACILITY_PROCESS,
	  VERDICT_PARTLY,
	  WHO_FILTER,
	  "process-filter",
	  "docker run --security-opt seccomp=unconfined",
	  NULL,
	  NULL },
	{ { THERE, DIFFERS("no-new-privs", 1, "here 0, there 1"), UNIT,
	    SAYS("NoNewPrivileges=true", "/usr/lib/systemd/system/web.service:4") },
	  FACILITY_PROCESS,
	  VERDICT_PARTLY,
	  WHO_PRIVILEGE,
	  "process-no-new-privs",
	  DROP_IN("NoNewPrivileges=no\\n"),
	  NULL,
	  "sudo" },
	{ { THERE, DIFFERS("no-new-privs", 1, "here 0, there 1"),
	    GROUP("/kubepods.slice/pod1/cri-containerd-1.scope") },
	  FACILITY_PROCESS,
	  VERDICT_PARTLY,
	  WHO_PRIVILEGE,
	  "process-no-new-privs",
	  "securityContext: {allowPrivilegeEscalation: true}",
	  NULL,
	  NULL },
	{ { THERE, DIFFERS("cap-bounding", 0, "here ff, there 0") },
	  FACILITY_PROCESS,
	  VERDICT_PARTLY,
	  WHO_PRIVILEGE,
	  "process-bounding",
	  NULL,
	  "here ff, there 0",
	  NULL },
	{ { THERE, DIFFERS("uid-map", OBS_NO_VALUE, "here 0 0 4294967295, there 0 1000 1"), UNIT,
	    SAYS("PrivateUsers=yes", "/etc/systemd/system/web.service:5") },
	  FACILITY_PROCESS,
	  VERDICT_PARTLY,
	  WHO_RUNTIME,
	  "process-uid-map",
	  DROP_IN("PrivateUsers=no\\n"),
	  NULL,
	  NULL },
	{ { THERE, DIFFERS("root", OBS_NO_VALUE, "here /, there /srv/root") },
	  FACILITY_PROCESS,
	  VERDICT_PARTLY,
	  WHO_CHROOT,
	  "process-root",
	  NULL,
	  "/srv/root",
	  "chroot" },
	{ { THERE, DIFFERS("label", OBS_NO_VALUE, "here unconfined, there web (enforce)") },
	  FACILITY_PROCESS,
	  VERDICT_PARTLY,
	  WHO_LSM,
	  "process-label",
	  NULL,
	  NULL,
	  NULL },
	{ { THERE,
	    YES(PID_MOUNT, .subject = "/proc/sys", .step = "covers-proc",
		.text = "proc of /sys, ro"),
	    UNIT, SAYS("ProtectKernelTunables=yes", "/etc/systemd/system/web.service:6") },
	  FACILITY_PROCESS,
	  VERDICT_PARTLY,
	  WHO_MOUNT,
	  "process-proc-covered",
	  DROP_IN("ProtectKernelTunables=no\\n"),
	  "/proc/sys",
	  "a fresh one cannot be mounted" },
	{ { THERE, YES(PID_MOUNT, .subject = "/proc/kcore", .step = "covers-proc", .text = "tmpfs"),
	    GROUP("/machine.slice/libpod-0123.scope/container") },
	  FACILITY_PROCESS,
	  VERDICT_PARTLY,
	  WHO_MOUNT,
	  "process-proc-covered",
	  "podman run --security-opt unmask=ALL",
	  NULL,
	  NULL },
	{ { THERE, YES(PID_MOUNT, .subject = "/usr", .step = "read-only", .text = "ext4, ro"), UNIT,
	    SAYS("ProtectSystem=strict", "/etc/systemd/system/web.service:7") },
	  FACILITY_PROCESS,
	  VERDICT_PARTLY,
	  WHO_MOUNT,
	  "process-read-only",
	  DROP_IN("ProtectSystem=no\\n"),
	  NULL,
	  "/usr: " },
	{ { THERE, YES(PID_MOUNT, .subject = "/tmp", .step = "noexec", .text = "tmpfs") },
	  FACILITY_PROCESS,
	  VERDICT_PARTLY,
	  WHO_MOUNT,
	  "process-noexec",
	  NULL,
	  NULL,
	  "/tmp: " },
	{ { THERE, DIFFERS("limit-nofile", 256, "here 1024, there 256"), UNIT,
	    SAYS("LimitNOFILE=256", "/etc/systemd/system/web.service:8") },
	  FACILITY_PROCESS,
	  VERDICT_PARTLY,
	  WHO_LIMIT,
	  "process-limit-nofile",
	  DROP_IN("LimitNOFILE=1048576\\n"),
	  NULL,
	  NULL },
	{ { THERE, YES(PID_GROUP, .subject = "pids.max", .value = 40, .text = "/system.slice/web"),
	    UNIT, SAYS("TasksMax=40", "/etc/systemd/system/web.service:8") },
	  FACILITY_PROCESS,
	  VERDICT_PARTLY,
	  WHO_LIMIT,
	  "process-group-pids",
	  DROP_IN("TasksMax=infinity\\n"),
	  "/system.slice/web/pids.max: 40",
	  NULL },
	/* a directive that nothing was seen of */
	{ { THERE, UNIT, SAYS("MemoryDenyWriteExecute=yes", "/etc/systemd/system/web.service:3") },
	  FACILITY_PROCESS,
	  VERDICT_PARTLY,
	  WHO_SETTING,
	  "process-unit",
	  DROP_IN("MemoryDenyWriteExecute=no\\n"),
	  "web.service:3",
	  "MemoryDenyWriteExecute=yes" },

	/* what is not known is never answered from the shell */
	{ { THERE, NO(PID_ENTERED, .subject = "namespaces", .step = "net", .errnum = EPERM) },
	  FACILITY_PROCESS,
	  VERDICT_UNKNOWN,
	  WHO_PRIVILEGE,
	  "process-not-entered",
	  NULL,
	  "net: ",
	  "its namespaces" },
	{ { THERE, DIFFERS("seccomp", 2, "here 0, there 2"), YES(PID_ENTERED, .subject = "root") },
	  FACILITY_PROCESS,
	  VERDICT_UNKNOWN,
	  WHO_FILTER,
	  "process-filter-silent",
	  NULL,
	  NULL,
	  NULL },
	{ { THERE, NO(PID_UNSEEN, .subject = "ns-net", .errnum = EACCES) },
	  FACILITY_PROCESS,
	  VERDICT_UNKNOWN,
	  WHO_PRIVILEGE,
	  "process-unseen",
	  "sudo croft doctor --pid PID",
	  NULL,
	  "ns-net" },
	{ { NO(PID_TARGET, .errnum = ESRCH) },
	  FACILITY_PROCESS,
	  VERDICT_UNKNOWN,
	  WHO_UNKNOWN,
	  "process-gone",
	  NULL,
	  NULL,
	  NULL },
	{ { THERE, YES(PID_ENTERED, .subject = "root"), GROUP("/b") },
	  FACILITY_PROCESS,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  "",
	  NULL,
	  NULL,
	  NULL },
};

static void each_row_is_told_with_who_set_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		planted_check(&rows[i], causes_pid);
}

static void without_a_process_nothing_is_said(void **state)
{
	struct observations set;
	struct verdicts verdicts;

	(void)state;
	observations_init(&set);
	verdicts_init(&verdicts);
	causes_pid(&verdicts, &set);
	assert_int_equal(verdicts.n, 0);
	verdicts_done(&verdicts);
	observations_done(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_is_told_with_who_set_it),
		cmocka_unit_test(without_a_process_nothing_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
