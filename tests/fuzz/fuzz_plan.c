/* SPDX-License-Identifier: MIT */
/*
 * fuzz_plan.c - any wishes on any host to a plan, and what is said about it.
 *
 * The input is described in world.h. Beside memory errors, it looks for a plan that
 * handles less than the kernel knows, for a rule that gives what nobody granted or one that was
 * lost, for a promise that counts as kept and is not, for a required one that does not stop
 * the start, for text that is no text, and for a `why` whose advice does not help.
 */
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>

#include "enforce/bpf.h"

#include "world.h"

#define TEXT_MAX (16U << 20)
#define FS_ON_FILE 0x1c007U /* execute, write, read, truncate, ioctl, resolve */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The rights of each kind of grant, from the kernel's list. */
static uint64_t granted(unsigned kinds)
{
	return (kinds & GRANT_READ ? 0xcU : 0) | (kinds & GRANT_EXECUTE ? 0x1U : 0) |
	       (kinds & GRANT_WRITE ? 0x77b2U : 0) | (kinds & GRANT_DEVICE ? 0x8000U : 0) |
	       (kinds & GRANT_SOCKET ? 0x10000U : 0);
}

static bool is_off(const struct plan *plan, enum protection protection)
{
	return plan->profile->require[protection] == REQUIRE_OFF;
}

/* The masks of each ABI (kernel documentation: userspace-api/landlock.rst). */
static void check_handled(const struct plan *plan)
{
	int abi = plan->host.landlock.enforces == HOST_NO ? 0 : plan->host.landlock.abi;
	uint64_t fs = abi == 0   ? 0
		      : abi == 1 ? 0x1fff
		      : abi == 2 ? 0x3fff
		      : abi < 5  ? 0x7fff
		      : abi < 9  ? 0xffff
				 : 0x1ffff;
	uint64_t net = abi < 4 ? 0 : abi < 10 ? 0x3 : 0xf, scoped = abi < 6 ? 0 : 0x3;

	fs &= ~(uint64_t)(is_off(plan, PROTECT_EXEC) ? 0x1 : 0);
	fs &= ~(uint64_t)(is_off(plan, PROTECT_DEVICES) ? 0x8000 : 0);
	fs &= ~(uint64_t)(is_off(plan, PROTECT_UNIX_PATH) ? 0x10000 : 0);
	net &= ~(uint64_t)(is_off(plan, PROTECT_TCP) ? 0x3 : 0);
	net &= ~(uint64_t)(is_off(plan, PROTECT_UDP) ? 0xc : 0);
	scoped &= ~(uint64_t)(is_off(plan, PROTECT_UNIX_ABSTRACT) ? 0x1 : 0);
	scoped &= ~(uint64_t)(is_off(plan, PROTECT_SIGNALS) ? 0x2 : 0);
	assert(plan->abi == abi);
	assert(plan->handled_fs == (is_off(plan, PROTECT_FILES) ? 0 : fs));
	assert(plan->handled_net == net && plan->scoped == scoped);
}

/* What a grant gives can be used there; and below, where it is a directory. */
static void check_usable(const struct plan *plan, const char *path, const struct path_fact *fact,
			 uint64_t wanted)
{
	AUTO_BUF struct buf below = BUF_INIT(2 * PROFILE_MAX_PATH);
	size_t len = strlen(path);

	wanted &= S_ISDIR(fact->type) ? UINT64_MAX : FS_ON_FILE;
	assert(plan_allows(plan, path, wanted));
	if (!S_ISDIR(fact->type))
		return;
	buf_printf(&below, "%s%sx", path, path[len - 1] == '/' ? "" : "/");
	assert(plan_allows(plan, buf_text(&below), wanted));
}

/* Each rule gives what its grant says, as far as the kernel takes it; no more, no less. */
static void check_rules(const struct plan *plan, const struct world *world)
{
	const struct profile *profile = plan->profile;

	assert(plan->n_rules <= profile->n_grants);
	for (size_t i = 0; i < plan->n_rules; i++) {
		const struct plan_rule *rule = &plan->rules[i];
		const struct path_fact *fact = &world->facts[rule->fact];
		uint64_t wanted = granted(rule->grant->kinds);

		assert(rule->grant == &profile->grants[rule->fact] && !fact->errnum);
		assert(rule->is_directory == S_ISDIR(fact->type));
		if (fact->real)
			assert(strcmp(rule->path, fact->real) == 0);
		else /* perhaps without the slash at its end */
			assert(!strncmp(rule->path, rule->grant->path, strlen(rule->path)));
		if (!rule->is_directory)
			wanted &= FS_ON_FILE;
		assert(rule->access && rule->access == (wanted & plan->handled_fs));
		assert(!(rule->ignored & plan->handled_fs) && !(rule->ignored & ~wanted));
		assert(i == 0 || plan->rules[i - 1].fact < rule->fact);
	}
	/* a rule that was left out is covered by another */
	for (size_t i = 0; i < profile->n_grants; i++) {
		const struct path_fact *fact = &world->facts[i];
		uint64_t wanted = granted(profile->grants[i].kinds);

		if (fact->errnum) {
			assert(profile->grants[i].is_optional);
			continue;
		}
		check_usable(plan, fact->real ? fact->real : profile->grants[i].path, fact, wanted);
	}
	assert(!(plan->tmpdir_access & ~plan->handled_fs));
	assert(plan->tmpdir || !plan->tmpdir_access);
}

static bool has_port(const struct plan *plan, const struct port_grant *grant)
{
	for (size_t i = 0; i < plan->n_ports; i++)
		if (plan->ports[i].grant == grant)
			return true;
	return false;
}

static void check_ports(const struct plan *plan)
{
	const struct profile *profile = plan->profile;

	for (size_t i = 0; i < plan->n_ports; i++) {
		const struct plan_port *port = &plan->ports[i];
		uint64_t access = port->grant->use == PORT_LISTEN ? 0x1 : 0x2;

		assert(port->access == access << (port->grant->is_udp ? 2 : 0));
		assert(!(port->access & ~plan->handled_net));
	}
	for (size_t i = 0; i < profile->n_ports; i++) {
		uint64_t family = profile->ports[i].is_udp ? 0xc : 0x3;

		assert(has_port(plan, &profile->ports[i]) == !!(plan->handled_net & family));
	}
}

/* The filter's answer to a call by its name, on the host's own architecture. */
static bool refuses(const struct plan *plan, const char *name, uint64_t a, uint64_t b, uint64_t c)
{
	static const uint32_t archs[ARCH_MAX] = { ABI_AUDIT_ARCH_X86_64, ABI_AUDIT_ARCH_AARCH64 };
	const uint64_t args[6] = { a, b, c };
	enum arch arch = plan->host.arch;

	for (size_t i = 0; i < n_syscall_entries; i++)
		if (!strcmp(syscall_entries[i].name, name))
			return syscall_policy_verdict(&plan->syscalls, archs[arch],
						      (uint32_t)syscall_entries[i].nr[arch],
						      args) != VERDICT_ALLOW;
	abort();
}

static bool is_kept(const struct plan *plan, enum protection protection)
{
	return !is_off(plan, protection) && plan->rows[protection].state == STATE_ENFORCED;
}

/* What counts as kept is kept: by the filter, or by the right that Landlock handles. */
static void check_kept(const struct plan *plan)
{
	const bool *allows = plan->profile->allows_group;
	const bool has_net = plan->namespaces & 1U << HOST_NS_NET;

	if (is_kept(plan, PROTECT_FILES) && !plan->has_new_root)
		assert(plan->abi > 0 && (plan->handled_fs & 0x1ffe) == 0x1ffe);
	if (is_kept(plan, PROTECT_EXEC) && !plan->has_new_root)
		assert(plan->handled_fs & 0x1);
	if (is_kept(plan, PROTECT_TCP) && !has_net) {
		assert(refuses(plan, "socket", AF_INET, SOCK_STREAM, 0) ||
		       (plan->handled_net & 0x3) == 0x3);
		assert(refuses(plan, "socket", AF_INET6, SOCK_STREAM, IPPROTO_MPTCP));
	}
	if (is_kept(plan, PROTECT_TCP) && !has_net && plan->abi < 10 &&
	    !refuses(plan, "socket", AF_INET, SOCK_STREAM, 0))
		assert(refuses(plan, "sendmsg", 0, 0, MSG_FASTOPEN));
	if (is_kept(plan, PROTECT_UDP) && !has_net)
		assert(refuses(plan, "socket", AF_INET, SOCK_DGRAM, 0) ||
		       (plan->handled_net & 0xc) == 0xc);
	if (is_kept(plan, PROTECT_OTHER_NET) && !has_net)
		assert(refuses(plan, "socket", AF_PACKET, SOCK_RAW, 0));
	if (is_kept(plan, PROTECT_UNIX_PATH))
		assert(refuses(plan, "socket", AF_UNIX, SOCK_STREAM, 0) ||
		       (plan->handled_fs & 0x10000));
	if (is_kept(plan, PROTECT_SIGNALS))
		assert(plan->scoped & 0x2 ||
		       (plan->namespaces & 1U << HOST_NS_PID && plan->profile->wants_pty));
	if (is_kept(plan, PROTECT_PTRACE))
		assert(plan->handled_fs || plan->handled_net || plan->scoped ||
		       refuses(plan, "ptrace", 0, 0, 0) || plan->namespaces & 1U << HOST_NS_USER);
	if (is_kept(plan, PROTECT_TERMINAL))
		assert(refuses(plan, "ioctl", 0, 0x5412, 0) || allows[GROUP_TERMINAL]);
	if (is_kept(plan, PROTECT_IPC))
		assert(refuses(plan, "shmget", 0, 0, 0) || allows[GROUP_SYSV_IPC]);
	if (is_kept(plan, PROTECT_SYSCALLS))
		assert(refuses(plan, "unshare", CLONE_NEWUSER, 0, 0) ||
		       allows[GROUP_USER_NAMESPACES]);
	if (is_kept(plan, PROTECT_PRIVATE_TMP) && plan->command.argv)
		assert(plan->tmpdir_value && (plan->handled_fs || plan->has_tree));
}

static bool is_of_start(enum protection protection)
{
	return protection == PROTECT_PRIVATE_TMP || protection == PROTECT_DESCRIPTORS ||
	       protection == PROTECT_ENVIRONMENT;
}

static void check_rows(const struct plan *plan)
{
	AUTO_BUF struct buf warning = BUF_INIT(TEXT_MAX);
	struct croft_error err = { 0 };
	bool is_refused = false, is_warned = plan->profile->wants_audit && plan->abi < 7;

	for (int i = 0; i < PROTECT_MAX; i++) {
		const struct plan_row *row = &plan->rows[i];
		bool is_dropped = !plan->command.argv && is_of_start((enum protection)i);

		assert(row->protection == (enum protection)i && row->state < STATE_MAX);
		assert(row->requirement == (is_dropped ? REQUIRE_OFF : plan->profile->require[i]));
		assert(row->mechanisms && row->missing && row->mend);
		assert((row->state == STATE_ABSENT) == !*row->mechanisms);
		assert(row->state == STATE_ENFORCED || *row->missing);
		if (row->state == STATE_ENFORCED)
			continue;
		assert(row->requirement == REQUIRE_OFF || *row->mend);
		is_refused |= row->requirement == REQUIRE_REQUIRE;
		is_warned |= row->requirement == REQUIRE_PREFER;
	}
	assert(plan_check(plan, &err) == (is_refused ? -EOPNOTSUPP : 0));
	assert((err.stage == CROFT_STAGE_PLAN && *err.what) == is_refused);
	plan_warn(&warning, plan);
	assert(buf_error(&warning) == 0 && (warning.len > 0) == is_warned);
}

static void check_texts(const struct plan *plan, const struct plan *again)
{
	AUTO_BUF struct buf text = BUF_INIT(TEXT_MAX), second = BUF_INIT(TEXT_MAX);
	AUTO_BUF struct buf json = BUF_INIT(TEXT_MAX);
	struct sock_filter filter[BPF_MAX_FILTER];

	plan_print(&text, plan);
	plan_print(&second, again);
	plan_print_json(&json, plan);
	assert(buf_error(&text) == 0 && buf_error(&json) == 0);
	assert(is_printable(buf_text(&text), "\n") && is_json(buf_text(&json)));
	assert(strcmp(buf_text(&text), buf_text(&second)) == 0);
	if (!plan->syscalls.is_off)
		assert(filter_build(&plan->syscalls, filter, NULL) > 0);
}

/* A question whose target has the form that the command line gives it. */
static bool is_question(enum why_op op, const char *target)
{
	if (strstr(target, " --"))
		return false;
	if (op < WHY_CONNECT)
		return is_clean_path(target);
	if (op == WHY_ENV)
		return *target && !strpbrk(target, "=*");
	return *target != '\0';
}

/* "--write /srv --prefer files": one wish after the other. False if one is refused. */
static bool take_advice(struct world *world, const char *advice)
{
	char text[2 * 4096 + 64];
	char *value, *prefer;
	size_t len;

	if (strlen(advice) >= sizeof(text))
		return false;
	memcpy(text, advice, strlen(advice) + 1);
	while ((prefer = strstr(text, " --prefer ")) && !strchr(prefer, '/')) {
		char *last = prefer;

		for (char *p = prefer; (p = strstr(p + 1, " --prefer "));)
			last = p;
		assert(profile_set(world->profile, "prefer", last + 10, "--prefer", NULL) == 0);
		*last = '\0';
	}
	value = cut_key(text);
	assert(value && !strncmp(text, "--", 2));
	/* quoted for a shell */
	len = strlen(value);
	if (len > 1 && value[0] == '\'' && value[len - 1] == '\'') {
		value[len - 1] = '\0';
		value++;
	}
	return profile_set(world->profile, text + 2, value, "--advice", NULL) == 0;
}

/* The plan with the grant that was named allows what was asked for. */
static void check_advice(const uint8_t *data, size_t size, enum why_op op, const char *target,
			 const char *advice)
{
	struct world *world = world_new(data, size);
	struct why_answer answer = { 0 };
	struct croft_error err = { 0 };
	struct plan *plan = NULL;

	if (!world)
		return;
	/* a name with control characters or quotes in it is told, and cannot be pasted as it is */
	if (strchr(advice, '\\')) {
		world_done(world);
		return;
	}
	assert(take_advice(world, advice));
	if (world_plan(world, &plan, &err) == 0) {
		assert(plan_why(plan, op, target, &answer, NULL) == 0);
		assert(answer.is_allowed);
	} else {
		/* there may be nothing at the path; but croft itself may not say no */
		assert(err.errnum != 0);
	}
	plan_free(plan);
	world_done(world);
}

static void fuzz_why(struct plan *plan, const char *question, const uint8_t *data, size_t size)
{
	static const uint64_t rights[] = {
		[WHY_READ] = 0x4, [WHY_WRITE] = 0x4002, [WHY_EXECUTE] = 0x1, [WHY_DEVICE] = 0x8000
	};
	const char *space = strchr(question, ' ');
	struct why_answer answer = { 0 };
	struct croft_error err = { 0 };
	const char *target = space ? space + 1 : "";
	int op = -1;

	for (int i = 0; i < WHY_MAX && space; i++)
		if (strlen(why_op_names[i].name) == (size_t)(space - question) &&
		    !strncmp(why_op_names[i].name, question, (size_t)(space - question)))
			op = i;
	if (op < 0)
		return;
	if (plan_why(plan, (enum why_op)op, target, &answer, &err) < 0) {
		assert(err.stage == CROFT_STAGE_USAGE && *err.what && !answer.reason);
		return;
	}
	assert(answer.reason && *answer.reason && answer.grant);
	assert(!answer.is_allowed || !*answer.grant);
	if ((size_t)op < ARRAY_SIZE(rights) && rights[op])
		assert(answer.is_allowed == plan_allows(plan, target, rights[op]));
	if (*answer.grant && is_question((enum why_op)op, target))
		check_advice(data, size, (enum why_op)op, target, answer.grant);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world *world = world_new(data, size);
	struct plan *plan = NULL, *again = NULL;
	struct croft_error err = { 0 };

	if (!world)
		return 0;
	if (world_plan(world, &plan, &err) < 0) {
		assert(!plan && err.stage == CROFT_STAGE_PLAN && *err.what);
	} else if (world_plan(world, &again, &err) == 0) {
		check_handled(plan);
		check_rules(plan, world);
		check_ports(plan);
		check_kept(plan);
		check_rows(plan);
		check_texts(plan, again);
		for (size_t i = 0; i < world->n_whys; i++)
			fuzz_why(plan, world->whys[i], data, size);
	}
	plan_free(plan);
	plan_free(again);
	world_done(world);
	return 0;
}
