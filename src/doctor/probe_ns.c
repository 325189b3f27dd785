/* SPDX-License-Identifier: MIT */
/*
 * probe_ns.c - user namespaces and the other kinds: how far one gets, and whether it is the kernel
 * that says no.
 *
 * One errno has many senders: EPERM comes from a filter, from a chroot (kernel/fork.c's
 * current_chrooted, since 3.9), from a sysctl of some distributions, from security modules. So each
 * refusal is asked for once more with a flag that no kernel takes: the kernel looks at the flags
 * before it looks at anybody's rights (check_unshare_flags, EINVAL), and a filter that refuses the
 * call never lets it come so far. An emulated kernel may take it, which is an answer too.
 *
 * That the namespaces work is seen by host.h's probe, by their effect. What is asked here explains.
 * Every question has a child of its own, for a filter may kill who asks.
 */
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "doctor/child.h"
#include "doctor/ns.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define NO_FLAG 1 /* of CSIGNAL: no flag of unshare(2), in any kernel */
#define DEPTH_MAX 40 /* the kernel's own limit is 33 (since 4.9: user_namespaces(7)) */
#define KILLED (-1) /* in place of an errno: a filter ended who asked */

/* A page that a child writes and we read. */
struct page {
	int result; /* errno, or KILLED until it is known */
	struct ns_way way;
	char step[16];
	int64_t value;
	int flag;
	const char *link;
};

static struct page *page_new(void)
{
	void *memory;

	if (sys_mmap_shared(sizeof(struct page), &memory) < 0)
		return NULL;
	((struct page *)memory)->result = KILLED;
	return memory;
}

static void page_done(struct page *page)
{
	(void)sys_munmap(page, sizeof(*page));
}

/* fn(page) in a child: false if the child could not be made, and then it is reported. */
static bool is_asked(const struct probe_context *context, enum obs id, const char *subject,
		     struct page *page, int (*fn)(void *))
{
	int r = child_result(fn, page);

	if (r >= 0)
		return true;
	report_of(context, id, subject, OBS_BROKEN, "fork", -r, OBS_NO_VALUE, NULL);
	return false;
}

/* What became of a call; a filter that kills is known by its signal. */
static void report_answer(const struct probe_context *context, enum obs id, const char *subject,
			  const struct page *page, bool is_yes)
{
	report_of(context, id, subject, is_yes ? OBS_YES : OBS_NO,
		  page->result == KILLED ? "killed" : page->step,
		  is_yes || page->result == KILLED ? 0 : page->result, page->value,
		  page->way.label);
}

static void set_step(struct page *page, const char *step)
{
	strncpy(page->step, step, sizeof(page->step) - 1);
	page->step[sizeof(page->step) - 1] = '\0';
}

/* As croft uses them: a mount of its own is the first thing that a user namespace is for. */
static int use(void *arg)
{
	struct page *page = arg;
	int r = ns_enter(CLONE_NEWNS, &page->way);

	/* What a capability opens instead is host.h's matter. */
	if (page->way.is_by_capability)
		r = -page->way.errnum;
	set_step(page, page->way.is_by_capability ? "unshare" : page->way.step);
	if (r == 0) {
		set_step(page, "private");
		r = ns_own_mounts();
	}
	if (r == 0) {
		set_step(page, "mount");
		r = sys_mount("tmpfs", "/proc", "tmpfs", MS_NOSUID | MS_NODEV, "size=65536");
	}
	if (r == 0)
		set_step(page, "");
	page->result = -r;
	return 0;
}

static void probe_use(const struct probe_context *context)
{
	char label[128] = "";
	struct page *page = page_new();

	if (!page)
		return;
	page->value = OBS_NO_VALUE;
	if (text_read(AT_FDCWD, "/proc/self/attr/current", label, sizeof(label)) > 0) {
		label[strcspn(label, "\n")] = '\0';
		report_of(context, OBS_NS_LABEL, NULL, OBS_YES, NULL, 0, OBS_NO_VALUE, label);
	}
	if (is_asked(context, OBS_NS_USE, NULL, page, use))
		report_answer(context, OBS_NS_USE, NULL, page, page->result == 0);
	page_done(page);
}

/* Nothing else in the call: does CLONE_NEWNS make the difference? */
static int alone(void *arg)
{
	struct page *page = arg;

	set_step(page, "unshare");
	page->result = -sys_unshare(CLONE_NEWUSER);
	return 0;
}

static int invalid(void *arg)
{
	struct page *page = arg;

	page->result = -sys_unshare(page->flag | NO_FLAG);
	return 0;
}

/*
 * A user namespace cannot share its directory with anybody (kernel/fork.c, since 3.9): EINVAL. Who
 * goes on after a zero is the child that an emulated kernel made, and ends.
 */
static int invalid_clone(void *arg)
{
	struct page *page = arg;
	pid_t pid = sys_getpid();
	long r = sys_raw(__NR_clone, CLONE_NEWUSER | CLONE_FS | SIGCHLD, 0, 0, 0, 0, 0);

	if (sys_getpid() == pid)
		page->result = r < 0 ? (int)-r : 0;
	return 0;
}

static void probe_invalid(const struct probe_context *context)
{
	struct page *page = page_new();

	if (!page)
		return;
	page->value = OBS_NO_VALUE;
	if (is_asked(context, OBS_NS_ALONE, NULL, page, alone))
		report_answer(context, OBS_NS_ALONE, NULL, page, page->result == 0);
	page->step[0] = '\0';
	for (int i = 0; i < NS_KINDS; i++) {
		page->flag = ns_kinds[i].flag;
		page->result = KILLED;
		if (is_asked(context, OBS_NS_INVALID, ns_kinds[i].name, page, invalid))
			report_answer(context, OBS_NS_INVALID, ns_kinds[i].name, page,
				      page->result == EINVAL);
	}
	page->result = KILLED;
	if (is_asked(context, OBS_NS_INVALID, "clone", page, invalid_clone))
		report_answer(context, OBS_NS_INVALID, "clone", page, page->result == EINVAL);
	page_done(page);
}

/* Of one kind: made, and its link in /proc another than before. */
static int make_kind(void *arg)
{
	struct page *page = arg;
	char before[48] = "", after[48] = "";
	int r;

	if (page->flag != CLONE_NEWUSER) {
		r = ns_enter(0, &page->way);
		if (r < 0 && !page->value) {
			set_step(page, "user");
			page->result = -r;
			return 0;
		}
	}
	(void)sys_readlinkat(AT_FDCWD, page->link, before, sizeof(before) - 1);
	set_step(page, "unshare");
	r = sys_unshare(page->flag);
	(void)sys_readlinkat(AT_FDCWD, page->link, after, sizeof(after) - 1);
	if (r == 0)
		/* none for children before the first of them is there */
		set_step(page, *before && strcmp(before, after) != 0 ? "" : "link");
	page->result = -r;
	return 0;
}

static void probe_kinds(const struct probe_context *context)
{
	struct page *page = page_new();
	struct sys_caps caps;
	bool has_admin = sys_capget(&caps) == 0 && caps.effective[0] & 1U << CAP_SYS_ADMIN;

	if (!page)
		return;
	for (int i = 0; i < NS_KINDS; i++) {
		page->flag = ns_kinds[i].flag;
		page->link = ns_kinds[i].link;
		page->result = KILLED;
		page->value = has_admin;
		if (is_asked(context, OBS_NS_KIND, ns_kinds[i].name, page, make_kind)) {
			page->value = OBS_NO_VALUE;
			page->way.label[0] = '\0';
			report_answer(context, OBS_NS_KIND, ns_kinds[i].name, page,
				      page->result == 0 && !*page->step);
		}
	}
	page_done(page);
}

/* One in another, until told or until it is enough. */
static int nest(void *arg)
{
	struct page *page = arg;
	int r = 0;

	while (r == 0 && page->value < DEPTH_MAX) {
		r = ns_enter(0, &page->way);
		if (r == 0)
			page->value++;
	}
	set_step(page, page->way.step);
	page->result = -r;
	return 0;
}

static void probe_depth(const struct probe_context *context)
{
	struct page *page = page_new();

	if (!page)
		return;
	if (is_asked(context, OBS_NS_DEPTH, NULL, page, nest)) {
		page->way.label[0] = '\0';
		report_answer(context, OBS_NS_DEPTH, NULL, page, page->value > 0);
	}
	page_done(page);
}

static const struct probe probes[] = {
	{ .id = OBS_NS_USE, .run = probe_use },
	{ .id = OBS_NS_INVALID, .run = probe_invalid },
	{ .id = OBS_NS_KIND, .run = probe_kinds },
	{ .id = OBS_NS_DEPTH, .run = probe_depth },
};

const struct probe_table probes_ns = { probes, ARRAY_SIZE(probes) };
