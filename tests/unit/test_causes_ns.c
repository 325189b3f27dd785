/* SPDX-License-Identifier: MIT */
/*
 * test_causes_ns.c - what was seen of namespaces and mounts leads to the one true cause: a table
 * with planted observations for every cause, those included that no test machine can make
 * (AppArmor, SELinux, a sysctl of other distributions, WSL); and the kind of place changes words
 * alone.
 *
 * A row is a healthy host but for what it names: what is planted comes before the healthy records,
 * and the first of a kind counts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "doctor/causes_ns.h"
#include "doctor/ns.h"

#define NV OBS_NO_VALUE
#define PLANTED_MAX 8
#define ALL_CAPS ((1LL << 41) - 1)

static struct verdicts verdicts;
static struct observations set;

static int setup(void **state)
{
	(void)state;
	verdicts_init(&verdicts);
	observations_init(&set);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	verdicts_done(&verdicts);
	observations_done(&set);
	return 0;
}

static void again(void **state)
{
	(void)teardown(state);
	(void)setup(state);
}

static void add(const struct observation *obs)
{
	assert_int_equal(observations_add(&set, obs), 0);
}

static void add_yes(enum obs id, const char *subject, int64_t value)
{
	add(&(struct observation){
		.id = id, .outcome = OBS_YES, .subject = subject, .value = value });
}

/* Everything is to be had, and it is the kernel that answers. */
static void add_healthy(void)
{
	static const struct {
		const char *name;
		int number;
	} calls[] = {
		{ "unshare", 272 },       { "setns", 308 },       { "mount", 165 },
		{ "umount2", 166 },       { "pivot_root", 155 },  { "sethostname", 170 },
		{ "open_tree", 428 },     { "move_mount", 429 },  { "fsopen", 430 },
		{ "fsconfig", 431 },      { "fsmount", 432 },     { "pidfd_open", 434 },
		{ "clone3", 435 },        { "close_range", 436 }, { "openat2", 437 },
		{ "mount_setattr", 442 }, { "futex_waitv", 449 },
	};
	static const char *const mounts[] = {
		"proc",    "sysfs",   "tmpfs-percent",     "devpts",    "mqueue",
		"cgroup2", "overlay", "overlay-userxattr", "pivot-root"
	};

	add_yes(OBS_NS_USE, NULL, NV);
	add_yes(OBS_NS_ALONE, NULL, NV);
	for (int i = 0; i < NS_KINDS; i++) {
		add_yes(OBS_NS_INVALID, ns_kinds[i].name, NV);
		add_yes(OBS_NS_KIND, ns_kinds[i].name, NV);
	}
	add_yes(OBS_NS_INVALID, "clone", NV);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		add_yes(OBS_NS_CALL, calls[i].name, calls[i].number);
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++)
		add_yes(OBS_NS_MOUNT, mounts[i], NV);
	add_yes(OBS_ROOT_MOUNT, NULL, 30);
	add_yes(OBS_PROC_HERE, NULL, 0);
	add_yes(OBS_NS_CAPS, NULL, ALL_CAPS);
	add_yes(OBS_ID_MAP, NULL, 4294967295);
	add_yes(OBS_LANDLOCK_LAYERS, NULL, 0);
	add_yes(OBS_FILTER_MODE, NULL, 2);
	add(&(struct observation){ .id = OBS_LSM_LIST,
				   .outcome = OBS_YES,
				   .value = NV,
				   .text = "capability,landlock" });
	add_yes(OBS_SYSCTL, "user.max_user_namespaces", 15000);
}

static void make_healthy_host(struct host *host)
{
	*host = (struct host){ .uid = 1000 };
	for (int i = 0; i < HOST_NS_MAX; i++)
		host->ns[i].works = HOST_YES;
	host->mount.has_new_api = host->mount.can_proc = host->mount.is_read_only_whole = HOST_YES;
}

/* From a step of the user namespace on nothing is to be had. */
static void refuse_from(struct host *host, enum host_ns_step step, int errnum)
{
	host->ns_step = step;
	for (int i = 0; i < HOST_NS_MAX; i++) {
		if (step == NS_STEP_MOUNT && i != HOST_NS_USER && i != HOST_NS_MOUNT)
			continue;
		host->ns[i].works = HOST_NO;
		host->ns[i].errnum = errnum;
	}
	host->mount.has_new_api = host->mount.can_proc = HOST_NO;
	host->mount.proc_errnum = errnum;
}

/* clang-format off */
static const struct row {
	const char *cause;
	enum facility facility;
	enum verdict_who who;
	enum host_ns_step step; /* refused from there on */
	int errnum;
	int kind; /* or this kind of namespace alone; 0: none */
	struct observation planted[PLANTED_MAX]; /* up to one with OBS_NOT_ASKED */
	bool is_root, has_no_proc, has_no_new_api;
} rows[] = {
#define SEEN(id_, subject_, value_, text_)                                                         \
	{                                                                                          \
		.id = id_, .outcome = OBS_YES, .subject = subject_, .value = value_, .text = text_ \
	}
#define REFUSED(id_, subject_, errnum_, step_)                                        \
	{                                                                             \
		.id = id_, .outcome = OBS_NO, .subject = subject_, .errnum = errnum_, \
		.step = step_, .value = NV                                            \
	}
#define REVEALING(subject_)                                                                  \
	{                                                                                    \
		.id = OBS_NS_MOUNT, .outcome = OBS_NO, .subject = subject_, .errnum = EPERM, \
		.step = "fsmount", .text = "e VFS: Mount too revealing", .value = NV         \
	}
#define CALL(subject_, errnum_, number_)                                                      \
	{                                                                                     \
		.id = OBS_NS_CALL, .outcome = OBS_NO, .subject = subject_, .errnum = errnum_, \
		.value = number_                                                              \
	}
	{ "userns-filter", FACILITY_USERNS, WHO_FILTER, NS_STEP_UNSHARE, EPERM, 0, {
	  REFUSED(OBS_NS_INVALID, "user", EPERM, NULL) }, .is_root = false },
	{ "userns-filter", FACILITY_USERNS, WHO_FILTER, NS_STEP_UNSHARE, EPERM, 0, {
	  REFUSED(OBS_NS_INVALID, "user", 0, "killed") }, .is_root = false },
	{ "userns-filter", FACILITY_USERNS, WHO_FILTER, NS_STEP_UNSHARE, ENOSYS, 0, {
	  REFUSED(OBS_NS_INVALID, "user", ENOSYS, NULL) }, .is_root = false },
	{ "userns-emulated", FACILITY_USERNS, WHO_KERNEL, NS_STEP_UNSHARE, EPERM, 0, {
	  REFUSED(OBS_NS_INVALID, "user", 0, NULL), SEEN(OBS_FILTER_MODE, NULL, 0, NULL) },
	  .is_root = false },
	{ "userns-no-effect", FACILITY_USERNS, WHO_KERNEL, NS_STEP_UNSHARE, ENOTSUP, 0, {
	  SEEN(OBS_FILTER_MODE, NULL, 0, NULL) }, .is_root = false },
	{ "userns-no-effect", FACILITY_USERNS, WHO_FILTER, NS_STEP_UNSHARE, ENOTSUP, 0, {
	  SEEN(OBS_FILTER_MODE, NULL, 2, NULL) }, .is_root = false },
	{ "userns-limit", FACILITY_USERNS, WHO_SYSCTL, NS_STEP_UNSHARE, ENOSPC, 0, {
	  SEEN(OBS_SYSCTL, "user.max_user_namespaces", 0, NULL) }, .is_root = false },
	{ "userns-nesting", FACILITY_USERNS, WHO_LIMIT, NS_STEP_UNSHARE, ENOSPC, 0, .is_root =
	  false },
	{ "userns-nesting", FACILITY_USERNS, WHO_LIMIT, NS_STEP_UNSHARE, EUSERS, 0, .is_root =
	  false },
	{ "userns-selinux", FACILITY_USERNS, WHO_LSM, NS_STEP_UNSHARE, EACCES, 0, {
	  SEEN(OBS_LSM_LIST, NULL, NV, "capability,selinux,bpf") }, .is_root = false },
	{ "userns-apparmor", FACILITY_USERNS, WHO_LSM, NS_STEP_UNSHARE, EACCES, 0, {
	  SEEN(OBS_LSM_LIST, NULL, NV, "capability,landlock,apparmor") }, .is_root = false },
	{ "userns-lsm", FACILITY_USERNS, WHO_LSM, NS_STEP_UNSHARE, EACCES, 0, .is_root = false },
	{ "userns-absent", FACILITY_USERNS, WHO_KERNEL, NS_STEP_UNSHARE, EINVAL, 0, .is_root =
	  false },
	{ "userns-chroot", FACILITY_USERNS, WHO_CHROOT, NS_STEP_UNSHARE, EPERM, 0, {
	  REFUSED(OBS_ROOT_MOUNT, NULL, 0, NULL) }, .is_root = false },
	{ "userns-sysctl", FACILITY_USERNS, WHO_SYSCTL, NS_STEP_UNSHARE, EPERM, 0, {
	  SEEN(OBS_SYSCTL, "kernel.unprivileged_userns_clone", 0, NULL), SEEN(OBS_NS_CAPS, NULL,
	  0, NULL) }, .is_root = false },
	/* the same for root, whom it does not stop */
	{ "userns-chroot-mount", FACILITY_USERNS, WHO_CHROOT, NS_STEP_UNSHARE, EPERM, 0, {
	  SEEN(OBS_SYSCTL, "kernel.unprivileged_userns_clone", 0, NULL) }, .is_root = true },
	{ "userns-unmapped", FACILITY_USERNS, WHO_PRIVILEGE, NS_STEP_UNSHARE, EPERM, 0, { { .id =
	  OBS_ID_MAP, .outcome = OBS_YES, .step = "unmapped", .value = 1, .text = "0 1000 1" } },
	  .is_root = false },
	{ "userns-chroot-mount", FACILITY_USERNS, WHO_CHROOT, NS_STEP_UNSHARE, EPERM, 0, .is_root
	  = false },
	{ "userns-refused", FACILITY_USERNS, WHO_UNKNOWN, NS_STEP_UNSHARE, EPERM, 0, {
	  SEEN(OBS_LSM_LIST, NULL, NV, "capability,tomoyo") }, .is_root = false },
	{ "userns-setfcap", FACILITY_USERNS, WHO_PRIVILEGE, NS_STEP_UID_MAP, EPERM, 0, {
	  SEEN(OBS_NS_CAPS, NULL, 0, NULL) }, .is_root = true },
	{ "userns-apparmor", FACILITY_USERNS, WHO_LSM, NS_STEP_UID_MAP, EPERM, 0, {
	  SEEN(OBS_SYSCTL, "kernel.apparmor_restrict_unprivileged_userns", 1, NULL) }, .is_root =
	  false },
	{ "userns-apparmor", FACILITY_USERNS, WHO_LSM, NS_STEP_MOUNT, EACCES, 0, {
	  SEEN(OBS_NS_USE, NULL, NV, "unprivileged_userns (enforce)") }, .is_root = false },
	{ "userns-void", FACILITY_USERNS, WHO_LSM, NS_STEP_UID_MAP, EPERM, 0, .is_root = false },
	{ "userns-no-proc", FACILITY_USERNS, WHO_MOUNT, NS_STEP_UID_MAP, ENOENT, 0, .is_root =
	  false },
	{ "userns-no-proc", FACILITY_USERNS, WHO_MOUNT, NS_STEP_UNSHARE, ENOTSUP, 0, {
	  REFUSED(OBS_NS_USE, NULL, ENOENT, "uid_map") }, .is_root = false },
	{ "userns-read-only-proc", FACILITY_USERNS, WHO_MOUNT, NS_STEP_SETGROUPS, EROFS, 0,
	  .is_root = false },
	{ "needs-userns", FACILITY_MOUNT, WHO_FILTER, NS_STEP_UNSHARE, EPERM, 0, {
	  REFUSED(OBS_NS_INVALID, "user", EPERM, NULL) }, .is_root = false },
	{ "needs-userns", FACILITY_PROC, WHO_FILTER, NS_STEP_UNSHARE, EPERM, 0, {
	  REFUSED(OBS_NS_INVALID, "user", EPERM, NULL) }, .is_root = false },
	{ "mount-limit", FACILITY_MOUNT, WHO_SYSCTL, NS_STEP_MOUNT, ENOSPC, 0, {
	  REFUSED(OBS_NS_KIND, "mount", ENOSPC, "unshare"), SEEN(OBS_SYSCTL,
	  "user.max_mnt_namespaces", 0, NULL) }, .is_root = false },
	{ "mount-namespace-filter", FACILITY_MOUNT, WHO_FILTER, NS_STEP_MOUNT, EPERM, 0, {
	  REFUSED(OBS_NS_KIND, "mount", EPERM, "unshare"), REFUSED(OBS_NS_INVALID, "mount", EPERM,
	  NULL) }, .is_root = false },
	{ "mount-no-effect", FACILITY_MOUNT, WHO_KERNEL, NS_STEP_MOUNT, ENOTSUP, 0, .is_root =
	  false },
	{ "mount-filter", FACILITY_MOUNT, WHO_FILTER, NS_STEP_MOUNT, EPERM, 0, { CALL("mount",
	  EPERM, 165) }, .is_root = false },
	{ "mount-emulated", FACILITY_MOUNT, WHO_KERNEL, NS_STEP_MOUNT, EPERM, 0, {
	  REFUSED(OBS_NS_INVALID, "user", 0, NULL), SEEN(OBS_FILTER_MODE, NULL, 0, NULL) },
	  .is_root = false },
	{ "mount-chroot", FACILITY_MOUNT, WHO_CHROOT, NS_STEP_MOUNT, EINVAL, 0, {
	  REFUSED(OBS_ROOT_MOUNT, NULL, 0, NULL) }, .is_root = false },
	{ "mount-landlock", FACILITY_MOUNT, WHO_LSM, NS_STEP_MOUNT, EPERM, 0, {
	  SEEN(OBS_LANDLOCK_LAYERS, NULL, 1, NULL) }, .is_root = false },
	{ "mount-apparmor", FACILITY_MOUNT, WHO_LSM, NS_STEP_MOUNT, EACCES, 0, {
	  SEEN(OBS_LSM_LIST, NULL, NV, "capability,apparmor"), SEEN(OBS_NS_LABEL, NULL, NV,
	  "docker-default (enforce)") }, .is_root = false },
	{ "mount-selinux", FACILITY_MOUNT, WHO_LSM, NS_STEP_MOUNT, EACCES, 0, { SEEN(OBS_LSM_LIST,
	  NULL, NV, "capability,selinux"), SEEN(OBS_NS_LABEL, NULL, NV,
	  "system_u:system_r:container_t:s0:c1,c2") }, .is_root = false },
	{ "mount-refused", FACILITY_MOUNT, WHO_UNKNOWN, NS_STEP_MOUNT, EACCES, 0, .is_root = false
	  },
	{ "pivot-root-filter", FACILITY_MOUNT, WHO_FILTER, NS_STEP_NONE, 0, 0, {
	  REFUSED(OBS_NS_MOUNT, "pivot-root", EPERM, "pivot_root"), CALL("pivot_root", EPERM, 155)
	  }, .is_root = false },
	{ "pivot-root-refused", FACILITY_MOUNT, WHO_UNKNOWN, NS_STEP_NONE, 0, 0, {
	  REFUSED(OBS_NS_MOUNT, "pivot-root", EPERM, "pivot_root") }, .is_root = false },
	{ "mount-api-filter", FACILITY_MOUNT, WHO_FILTER, NS_STEP_NONE, 0, 0, { CALL("open_tree",
	  ENOSYS, 428) }, .has_no_new_api = true },
	{ "mount-api-absent", FACILITY_MOUNT, WHO_KERNEL, NS_STEP_NONE, 0, 0, { CALL("open_tree",
	  ENOSYS, 428), SEEN(OBS_FILTER_MODE, NULL, 0, NULL) }, .has_no_new_api = true, .is_root =
	  false },
	{ "pidns-limit", FACILITY_PIDNS, WHO_SYSCTL, NS_STEP_NONE, ENOSPC, HOST_NS_PID, {
	  REFUSED(OBS_NS_KIND, "pid", ENOSPC, "unshare"), SEEN(OBS_SYSCTL,
	  "user.max_pid_namespaces", 0, NULL) }, .is_root = false },
	{ "netns-filter", FACILITY_NETNS, WHO_FILTER, NS_STEP_NONE, EPERM, HOST_NS_NET, {
	  REFUSED(OBS_NS_KIND, "net", EPERM, "unshare"), REFUSED(OBS_NS_INVALID, "net", EPERM,
	  NULL) }, .is_root = false },
	{ "ipcns-absent", FACILITY_IPCNS, WHO_KERNEL, NS_STEP_NONE, EINVAL, HOST_NS_IPC, {
	  REFUSED(OBS_NS_KIND, "ipc", EINVAL, "unshare") }, .is_root = false },
	{ "cgroupns-no-effect", FACILITY_CGROUPNS, WHO_KERNEL, NS_STEP_NONE, ENOTSUP,
	  HOST_NS_CGROUP, { REFUSED(OBS_NS_KIND, "cgroup", 0, "link") }, .is_root = false },
	{ "netns-refused", FACILITY_NETNS, WHO_LSM, NS_STEP_NONE, EPERM, HOST_NS_NET, {
	  SEEN(OBS_SYSCTL, "kernel.apparmor_restrict_unprivileged_userns", 1, NULL) }, .is_root =
	  false },
	{ "utsns-filter", FACILITY_UTSNS, WHO_FILTER, NS_STEP_NONE, EPERM, HOST_NS_UTS, {
	  CALL("sethostname", EPERM, 170) }, .is_root = false },
	{ "utsns-refused", FACILITY_UTSNS, WHO_UNKNOWN, NS_STEP_NONE, EPERM, HOST_NS_UTS, .is_root
	  = false },
	{ "timens-absent", FACILITY_TIMENS, WHO_KERNEL, NS_STEP_NONE, 0, 0, { REFUSED(OBS_NS_KIND,
	  "time", EINVAL, "unshare") }, .is_root = false },
	{ "proc-covered", FACILITY_PROC, WHO_RUNTIME, NS_STEP_NONE, EPERM, 0, { { .id =
	  OBS_NS_MOUNT, .outcome = OBS_NO, .subject = "proc", .errnum = EPERM, .step = "fsmount",
	  .text = "e VFS: Mount too revealing", .value = NV }, SEEN(OBS_PROC_COVER, "/proc/kcore",
	  0, "tmpfs (tmpfs)") }, .has_no_proc = true },
	{ "proc-covered", FACILITY_PROC, WHO_MOUNT, NS_STEP_NONE, EPERM, 0, {
	  REFUSED(OBS_NS_MOUNT, "proc", EPERM, "mount"), SEEN(OBS_PROC_COVER, "/proc/tty", 0,
	  "none (tmpfs)") }, .has_no_proc = true },
	{ "proc-read-only", FACILITY_PROC, WHO_MOUNT, NS_STEP_NONE, EPERM, 0, { { .id =
	  OBS_NS_MOUNT, .outcome = OBS_NO, .subject = "proc", .errnum = EPERM, .text =
	  "e VFS: Mount too revealing", .value = NV }, SEEN(OBS_PROC_HERE, NULL, 1, "proc") },
	  .has_no_proc = true, .is_root = false },
	{ "proc-subset", FACILITY_PROC, WHO_MOUNT, NS_STEP_NONE, EPERM, 0, { { .id = OBS_NS_MOUNT,
	  .outcome = OBS_NO, .subject = "proc", .errnum = EPERM, .text =
	  "e VFS: Mount too revealing", .value = NV }, { .id = OBS_PROC_HERE, .outcome = OBS_YES,
	  .step = "subset", .text = "proc" } }, .has_no_proc = true },
	{ "proc-atime", FACILITY_PROC, WHO_MOUNT, NS_STEP_NONE, EPERM, 0, { { .id = OBS_NS_MOUNT,
	  .outcome = OBS_NO, .subject = "proc", .errnum = EPERM, .text =
	  "e VFS: Mount too revealing", .value = NV }, { .id = OBS_PROC_HERE, .outcome = OBS_YES,
	  .step = "noatime", .text = "proc" } }, .has_no_proc = true },
	{ "proc-none", FACILITY_PROC, WHO_MOUNT, NS_STEP_NONE, EPERM, 0, { { .id = OBS_NS_MOUNT,
	  .outcome = OBS_NO, .subject = "proc", .errnum = EPERM, .text =
	  "e VFS: Mount too revealing", .value = NV }, REFUSED(OBS_PROC_HERE, NULL, 0, NULL) },
	  .has_no_proc = true, .is_root = false },
	{ "proc-refused", FACILITY_PROC, WHO_UNKNOWN, NS_STEP_NONE, EPERM, 0, .has_no_proc = true,
	  .is_root = false },
	{ "overlay-absent", FACILITY_OVERLAY, WHO_KERNEL, NS_STEP_NONE, 0, 0, {
	  REFUSED(OBS_NS_MOUNT, "overlay", ENODEV, "mount"), REFUSED(OBS_NS_MOUNT,
	  "overlay-userxattr", ENODEV, "mount") }, .is_root = false },
	{ "overlay-refused", FACILITY_OVERLAY, WHO_KERNEL, NS_STEP_NONE, 0, 0, {
	  REFUSED(OBS_NS_MOUNT, "overlay", EPERM, "mount"), REFUSED(OBS_NS_MOUNT,
	  "overlay-userxattr", EINVAL, "mount") }, .is_root = false },
	{ "tmpfs-percent-refused", FACILITY_FILESYSTEMS, WHO_KERNEL, NS_STEP_NONE, 0, 0, {
	  REFUSED(OBS_NS_MOUNT, "tmpfs-percent", EINVAL, "mount") }, .is_root = false },
	{ "sysfs-covered", FACILITY_FILESYSTEMS, WHO_RUNTIME, NS_STEP_NONE, 0, 0, { { .id =
	  OBS_NS_MOUNT, .outcome = OBS_NO, .subject = "sysfs", .errnum = EPERM, .text =
	  "e VFS: Mount too revealing", .value = NV } }, .is_root = false },
	{ "calls-filter", FACILITY_CALLS, WHO_FILTER, NS_STEP_NONE, 0, 0, { CALL("clone3", ENOSYS,
	  435) }, .is_root = false },
	{ "calls-filter", FACILITY_CALLS, WHO_FILTER, NS_STEP_NONE, 0, 0, { CALL("openat2", EPERM,
	  437) }, .is_root = false },
	{ "calls-absent", FACILITY_CALLS, WHO_KERNEL, NS_STEP_NONE, 0, 0, { CALL("openat2",
	  ENOSYS, 437), SEEN(OBS_FILTER_MODE, NULL, 0, NULL) }, .is_root = false },
};
/* clang-format on */

static void plant(const struct row *row, const char *place)
{
	if (place)
		add(&(struct observation){
			.id = OBS_PLACE, .outcome = OBS_YES, .subject = place, .value = NV });
	for (size_t i = 0; i < PLANTED_MAX && row->planted[i].outcome != OBS_NOT_ASKED; i++)
		add(&row->planted[i]);
	add_healthy();
	make_healthy_host(&set.host);
	set.has_host = true;
	if (row->is_root)
		set.host.uid = 0;
	if (row->step != NS_STEP_NONE)
		refuse_from(&set.host, row->step, row->errnum);
	if (row->kind) {
		set.host.ns[row->kind].works = HOST_NO;
		set.host.ns[row->kind].errnum = row->errnum;
	}
	if (row->has_no_proc) {
		set.host.mount.can_proc = HOST_NO;
		set.host.mount.proc_errnum = row->errnum;
	}
	if (row->has_no_new_api)
		set.host.mount.has_new_api = HOST_NO;
	causes_ns(&verdicts, &set);
	assert_int_equal(verdicts.error, 0);
}

/* The one verdict of the facility that is no success. */
static const struct verdict *trouble_of(enum facility facility)
{
	const struct verdict *found = NULL;

	for (size_t i = 0; i < verdicts.n; i++)
		if (verdicts.items[i].facility == facility && *verdicts.items[i].cause) {
			assert_null(found);
			found = &verdicts.items[i];
		}
	return found;
}

static void each_cause_is_named_from_what_was_planted(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct verdict *verdict;

		plant(&rows[i], NULL);
		verdict = trouble_of(rows[i].facility);
		if (!verdict || strcmp(verdict->cause, rows[i].cause) != 0 ||
		    verdict->who != rows[i].who)
			fail_msg("row %zu: want %s of %s, got %s of %s", i, rows[i].cause,
				 verdict_who_names[rows[i].who].name,
				 verdict ? verdict->cause : "nothing",
				 verdict ? verdict_who_names[verdict->who].name : "nobody");
		assert_true(*verdict->what && *verdict->evidence);
		again(state);
	}
}

static void a_healthy_host_has_no_trouble(void **state)
{
	static const struct row healthy = { .cause = "" };

	(void)state;
	plant(&healthy, NULL);
	assert_int_not_equal(verdicts.n, 0);
	for (size_t i = 0; i < verdicts.n; i++)
		if (verdicts.items[i].state != VERDICT_WORKS)
			fail_msg("%s: %s", facility_names[verdicts.items[i].facility].name,
				 verdicts.items[i].cause);
}

static void what_was_not_asked_is_not_judged(void **state)
{
	(void)state;
	causes_ns(&verdicts, &set);
	assert_int_not_equal(verdicts.n, 0);
	for (size_t i = 0; i < verdicts.n; i++)
		assert_int_equal(verdicts.items[i].state, VERDICT_UNKNOWN);
}

/* state, who, cause, what and evidence as without a place; the mend alone may differ. */
static void the_kind_of_place_changes_the_words_of_the_mend_alone(void **state)
{
	static const char *const places[] = { "docker", "podman", "kubernetes", "lxc",    "nspawn",
					      "wsl1",   "gvisor", "systemd",    "chroot", "ci" };
	size_t n_other_mends = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t p = 0; p < ARRAY_SIZE(places); p++) {
			struct verdicts plain;

			plant(&rows[i], NULL);
			plain = verdicts;
			verdicts_init(&verdicts);
			observations_done(&set);
			observations_init(&set);
			plant(&rows[i], places[p]);
			assert_int_equal(verdicts.n, plain.n);
			for (size_t k = 0; k < plain.n; k++) {
				const struct verdict *a = &plain.items[k], *b = &verdicts.items[k];

				assert_int_equal(a->facility, b->facility);
				assert_int_equal(a->state, b->state);
				assert_int_equal(a->who, b->who);
				assert_string_equal(a->cause, b->cause);
				assert_string_equal(a->what, b->what);
				assert_string_equal(a->evidence, b->evidence);
				n_other_mends += strcmp(a->mend, b->mend) != 0;
			}
			verdicts_done(&plain);
			again(state);
		}
	assert_true(n_other_mends > 50);
}

static void a_mend_is_in_the_words_of_the_place(void **state)
{
	static const struct {
		const char *cause, *place, *words;
	} wanted[] = {
		{ "proc-covered", "podman", "--security-opt unmask=ALL" },
		{ "proc-covered", "docker", "--security-opt systempaths=unconfined" },
		{ "proc-covered", "kubernetes", "procMount: Unmasked" },
		{ "proc-covered", "systemd", "ProtectKernelTunables=no" },
		{ "proc-covered", NULL, "umount /proc/kcore" },
		{ "userns-filter", "docker", "docker run --security-opt seccomp=" },
		{ "userns-filter", "kubernetes", "localhostProfile" },
		{ "userns-filter", NULL,
		  "{\"names\": [\"unshare\"], \"action\": \"SCMP_ACT_ALLOW\"}" },
		{ "userns-limit", NULL, "sysctl user.max_user_namespaces=15000" },
		{ "userns-sysctl", NULL, "sysctl kernel.unprivileged_userns_clone=1" },
		{ "userns-apparmor", NULL, "apparmor_parser -r" },
		{ "userns-selinux", "podman", "--security-opt label=disable" },
		{ "userns-setfcap", "podman", "--cap-add SETFCAP" },
		{ "userns-absent", "wsl1", "wsl --set-version" },
		{ "mount-apparmor", "docker", "apparmor=unconfined" },
		{ "mount-no-effect", "gvisor", "runsc" },
		{ "userns-chroot", NULL, "pivot_root . ." },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		const struct row *row = rows;

		while (strcmp(row->cause, wanted[i].cause) != 0)
			row++;
		plant(row, wanted[i].place);
		if (!strstr(trouble_of(row->facility)->mend, wanted[i].words))
			fail_msg("%s in %s: %s", wanted[i].cause,
				 wanted[i].place ? wanted[i].place : "-",
				 trouble_of(row->facility)->mend);
		again(state);
	}
}

static void a_capability_gives_what_a_user_namespace_does_not(void **state)
{
	static const struct row limited = {
		.cause = "userns-limit",
		.planted = { SEEN(OBS_SYSCTL, "user.max_user_namespaces", 0, NULL) },
	};

	(void)state;
	plant(&limited, NULL);
	verdicts_done(&verdicts);
	verdicts_init(&verdicts);
	set.host.ns[HOST_NS_USER].works = HOST_NO;
	set.host.ns[HOST_NS_USER].errnum = ENOSPC;
	set.host.ns_step = NS_STEP_UNSHARE;
	set.host.has_ns_by_capability = true;
	causes_ns(&verdicts, &set);
	assert_string_equal(verdict_of(&verdicts, FACILITY_USERNS)->cause, "userns-limit");
	assert_int_equal(verdict_of(&verdicts, FACILITY_MOUNT)->state, VERDICT_WORKS);
	assert_int_equal(verdict_of(&verdicts, FACILITY_NETNS)->state, VERDICT_WORKS);
}

static void without_a_process_the_limit_is_named(void **state)
{
	(void)state;
	add(&(struct observation){ .id = OBS_HOST,
				   .outcome = OBS_BROKEN,
				   .errnum = EAGAIN,
				   .step = "fork",
				   .value = NV });
	causes_ns(&verdicts, &set);
	assert_string_equal(verdict_of(&verdicts, FACILITY_USERNS)->cause, "no-process");
	assert_int_equal(verdict_of(&verdicts, FACILITY_USERNS)->who, WHO_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(each_cause_is_named_from_what_was_planted),
		TEST(a_healthy_host_has_no_trouble),
		TEST(what_was_not_asked_is_not_judged),
		TEST(the_kind_of_place_changes_the_words_of_the_mend_alone),
		TEST(a_mend_is_in_the_words_of_the_place),
		TEST(a_capability_gives_what_a_user_namespace_does_not),
		TEST(without_a_process_the_limit_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
