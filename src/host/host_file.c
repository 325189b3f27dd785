/* SPDX-License-Identifier: MIT */
/*
 * host_file.c - a host as text, and back.
 *
 * One table has a row for each line: the key, how the value is written, where it
 * lies in struct host, and its greatest value. Printing and parsing walk the same
 * table, so neither can know a key that the other does not.
 *
 * A saved host decides what gets enforced in a dry run, and comes from a file
 * that anybody may have written: it is read strictly, and values that cannot be
 * true together are refused too.
 */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/num.h"
#include "host/host.h"

#define ERRNUM_MAX 4095 /* the kernel's MAX_ERRNO */
#define ABI_MAX 1000
#define VALUE_SIZE 65 /* the longest value: struct host's kernel_release */

enum kind {
	KIND_ARCH,
	KIND_TEXT,
	KIND_STEP,
	KIND_REFUSER,
	KIND_U32,
	KIND_INT,
	KIND_BOOL,
	KIND_ANSWER
};

struct field {
	const char *key;
	enum kind kind;
	size_t offset;
	uint64_t max;
};

#define FIELD(key, kind, member, max)                         \
	{                                                     \
		key, kind, offsetof(struct host, member), max \
	}

#define NAMESPACE(name, ns_kind)                              \
	FIELD("ns-" name, KIND_ANSWER, ns[ns_kind].works, 0), \
		FIELD("ns-" name "-errno", KIND_INT, ns[ns_kind].errnum, ERRNUM_MAX)

static const struct field fields[] = {
	FIELD("arch", KIND_ARCH, arch, 0),
	FIELD("kernel-release", KIND_TEXT, kernel_release, 0),
	FIELD("uid", KIND_U32, uid, UINT32_MAX),
	FIELD("capabilities", KIND_BOOL, has_capabilities, 0),
	FIELD("landlock-errno", KIND_INT, landlock.errnum, ERRNUM_MAX),
	FIELD("landlock-abi", KIND_INT, landlock.abi, ABI_MAX),
	FIELD("landlock-errata-known", KIND_BOOL, landlock.has_errata, 0),
	FIELD("landlock-errata", KIND_U32, landlock.errata, UINT32_MAX),
	FIELD("landlock-enforces", KIND_ANSWER, landlock.enforces, 0),
	FIELD("seccomp-errno", KIND_INT, seccomp.errnum, ERRNUM_MAX),
	FIELD("seccomp-kill-process", KIND_BOOL, seccomp.has_kill_process, 0),
	NAMESPACE("user", HOST_NS_USER),
	NAMESPACE("mount", HOST_NS_MOUNT),
	NAMESPACE("pid", HOST_NS_PID),
	NAMESPACE("net", HOST_NS_NET),
	NAMESPACE("ipc", HOST_NS_IPC),
	NAMESPACE("uts", HOST_NS_UTS),
	NAMESPACE("cgroup", HOST_NS_CGROUP),
	FIELD("ns-step", KIND_STEP, ns_step, 0),
	FIELD("ns-refuser", KIND_REFUSER, ns_refuser, 0), /* since 0.4: may be missing */
	FIELD("ns-by-capability", KIND_BOOL, has_ns_by_capability, 0),
	FIELD("mount-new-api", KIND_ANSWER, mount.has_new_api, 0),
	FIELD("mount-read-only", KIND_ANSWER, mount.is_read_only_whole, 0),
	FIELD("mount-proc", KIND_ANSWER, mount.can_proc, 0),
	FIELD("mount-proc-errno", KIND_INT, mount.proc_errnum, ERRNUM_MAX),
	FIELD("cgroup-version", KIND_INT, cgroup.version, 2),
	FIELD("cgroup-delegated", KIND_ANSWER, cgroup.is_delegated, 0),
	FIELD("cgroup-memory", KIND_ANSWER, cgroup.controllers[CONTROLLER_MEMORY], 0),
	FIELD("cgroup-pids", KIND_ANSWER, cgroup.controllers[CONTROLLER_PIDS], 0),
	FIELD("cgroup-cpu", KIND_ANSWER, cgroup.controllers[CONTROLLER_CPU], 0),
	FIELD("close-range", KIND_BOOL, has_close_range, 0),
	FIELD("pidfd", KIND_BOOL, has_pidfd, 0),
};
_Static_assert(ARRAY_SIZE(fields) <= 64, "the keys seen are bits of a uint64_t");
_Static_assert(sizeof(((struct host *)0)->kernel_release) == VALUE_SIZE, "a value fits");

static const struct name arch_names[] = {
	[ARCH_X86_64] = { .name = "x86_64" },
	[ARCH_AARCH64] = { .name = "aarch64" },
};
_Static_assert(ARRAY_SIZE(arch_names) == ARCH_MAX, "one name for each architecture");

static const struct name bool_names[] = { { .name = "no" }, { .name = "yes" } };

static const struct name answer_names[] = {
	[HOST_UNKNOWN] = { .name = "unknown" },
	[HOST_YES] = { .name = "yes" },
	[HOST_NO] = { .name = "no" },
};
_Static_assert(ARRAY_SIZE(answer_names) == HOST_ANSWER_MAX, "one name for each answer");

void host_print(struct buf *buf, const struct host *host)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const void *at = (const char *)host + fields[i].offset;

		if (fields[i].kind == KIND_REFUSER && !*(const enum host_refuser *)at)
			continue;
		buf_printf(buf, "%s: ", fields[i].key);
		switch (fields[i].kind) {
		case KIND_ARCH:
			buf_puts(buf, arch_names[*(const enum arch *)at].name);
			break;
		case KIND_TEXT:
			buf_puts(buf, at);
			break;
		case KIND_STEP:
			buf_puts(buf, host_ns_step_names[*(const enum host_ns_step *)at].name);
			break;
		case KIND_REFUSER:
			buf_puts(buf, host_refuser_names[*(const enum host_refuser *)at].name);
			break;
		case KIND_U32:
			buf_printf(buf, "%" PRIu32, *(const uint32_t *)at);
			break;
		case KIND_INT:
			buf_printf(buf, "%d", *(const int *)at);
			break;
		case KIND_BOOL:
			buf_puts(buf, bool_names[*(const bool *)at].name);
			break;
		case KIND_ANSWER:
			buf_puts(buf, answer_names[*(const enum host_answer *)at].name);
			break;
		}
		buf_putc(buf, '\n');
	}
}

/* Visible ASCII, and no spaces: what the probe lets through. */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text >= 0x7f)
			return false;
	return true;
}

static int parse_value(const struct field *field, const char *value, void *at)
{
	uint64_t number = 0;
	int r = 0;

	switch (field->kind) {
	case KIND_ARCH:
		r = names_find(arch_names, ARRAY_SIZE(arch_names), value);
		if (r >= 0)
			*(enum arch *)at = (enum arch)r;
		break;
	case KIND_STEP:
		r = names_find(host_ns_step_names, NS_STEP_MAX, value);
		if (r >= 0)
			*(enum host_ns_step *)at = (enum host_ns_step)r;
		break;
	case KIND_REFUSER:
		r = names_find(host_refuser_names, NS_REFUSER_MAX, value);
		if (r >= 0)
			*(enum host_refuser *)at = (enum host_refuser)r;
		break;
	case KIND_TEXT:
		r = is_plain(value) ? 0 : -EINVAL;
		if (r == 0)
			memcpy(at, value, strlen(value) + 1);
		break;
	case KIND_U32:
		r = num_parse(value, 0, field->max, &number);
		if (r == 0)
			*(uint32_t *)at = (uint32_t)number;
		break;
	case KIND_INT:
		r = num_parse(value, 0, field->max, &number);
		if (r == 0)
			*(int *)at = (int)number;
		break;
	case KIND_BOOL:
		r = names_find(bool_names, ARRAY_SIZE(bool_names), value);
		if (r >= 0)
			*(bool *)at = r;
		break;
	case KIND_ANSWER:
		r = names_find(answer_names, ARRAY_SIZE(answer_names), value);
		if (r >= 0)
			*(enum host_answer *)at = (enum host_answer)r;
		break;
	}
	return r < 0 ? r : 0;
}

static int bad_line(struct croft_error *err, unsigned number, const char *why)
{
	return fail(err, CROFT_STAGE_HOST, EINVAL, "saved host, line %u: %s", number, why);
}

static size_t find_field(const char *key, size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++)
		if (strlen(fields[i].key) == len && memcmp(fields[i].key, key, len) == 0)
			break;
	return i;
}

/* One line without its end, any bytes. */
static int parse_line(const char *line, size_t len, unsigned number, struct host *host,
		      uint64_t *seen, struct croft_error *err)
{
	const char *colon = memchr(line, ':', len);
	char value[VALUE_SIZE];
	size_t key_len, value_len, i;

	if (!colon || (size_t)(colon - line) + 2 > len || colon[1] != ' ')
		return bad_line(err, number, "not of the form 'key: value'");
	key_len = (size_t)(colon - line);
	value_len = len - key_len - 2;
	i = find_field(line, key_len);
	if (i == ARRAY_SIZE(fields))
		return bad_line(err, number, "unknown key");
	if (*seen & UINT64_C(1) << i)
		return fail(err, CROFT_STAGE_HOST, EINVAL, "saved host, line %u: '%s' again",
			    number, fields[i].key);
	if (value_len >= sizeof(value) || memchr(colon + 2, '\0', value_len))
		return fail(err, CROFT_STAGE_HOST, EINVAL,
			    "saved host, line %u: '%s' is no line of text", number, fields[i].key);
	memcpy(value, colon + 2, value_len);
	value[value_len] = '\0';
	if (parse_value(&fields[i], value, (char *)host + fields[i].offset) < 0)
		return fail(err, CROFT_STAGE_HOST, EINVAL,
			    "saved host, line %u: '%s' cannot be '%s'", number, fields[i].key,
			    value);
	*seen |= UINT64_C(1) << i;
	return 0;
}

/* What no probe could have found. */
static const char *contradiction(const struct host *host)
{
	bool has_landlock = host->landlock.errnum == 0;

	if (has_landlock != (host->landlock.abi > 0))
		return "landlock-abi is above 0 just when landlock-errno is 0";
	if (!has_landlock && (host->landlock.has_errata || host->landlock.enforces == HOST_YES))
		return "there is no Landlock that could enforce or have errata";
	if (!host->landlock.has_errata && host->landlock.errata)
		return "landlock-errata are given and not known";
	for (int i = 0; i < HOST_NS_MAX; i++)
		if ((host->ns[i].works == HOST_NO) != (host->ns[i].errnum != 0))
			return "the errno of a namespace is above 0 just when it is refused";
	if ((host->ns[HOST_NS_USER].works == HOST_NO) != (host->ns_step != NS_STEP_NONE))
		return "ns-step is a step just when ns-user is no";
	if (host->ns_refuser && host->ns_step != NS_STEP_UNSHARE)
		return "ns-refuser is known only where ns-step is unshare";
	if (host->has_ns_by_capability &&
	    (host->ns[HOST_NS_USER].works != HOST_NO || host->ns[HOST_NS_MOUNT].works != HOST_YES))
		return "ns-by-capability is of a host without user namespaces and with mounts";
	if ((host->mount.can_proc == HOST_NO) != (host->mount.proc_errnum != 0))
		return "mount-proc-errno is above 0 just when mount-proc is no";
	if (host->cgroup.version != 2 && host->cgroup.is_delegated == HOST_YES)
		return "only version 2 of cgroups can be delegated";
	for (int i = 0; i < CONTROLLER_MAX; i++)
		if (host->cgroup.controllers[i] == HOST_YES &&
		    host->cgroup.is_delegated != HOST_YES)
			return "a controller needs a cgroup that is delegated";
	return NULL;
}

static int check_whole(const struct host *host, uint64_t seen, struct croft_error *err)
{
	const char *why;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (!(seen & UINT64_C(1) << i) && fields[i].kind != KIND_REFUSER)
			return fail(err, CROFT_STAGE_HOST, EINVAL, "saved host: '%s' is missing",
				    fields[i].key);
	why = contradiction(host);
	if (why)
		return fail(err, CROFT_STAGE_HOST, EINVAL, "saved host: %s", why);
	return 0;
}

int host_parse(const char *text, size_t len, struct host *ret_host, struct croft_error *err)
{
	struct host host = { 0 };
	uint64_t seen = 0;
	int r;

	if (len > HOST_FILE_MAX)
		return fail(err, CROFT_STAGE_HOST, EINVAL, "saved host: longer than %d bytes",
			    HOST_FILE_MAX);
	for (unsigned number = 1; len; number++) {
		const char *end = memchr(text, '\n', len);
		size_t line_len;

		if (!end)
			return bad_line(err, number, "it does not end");
		line_len = (size_t)(end - text);
		r = parse_line(text, line_len, number, &host, &seen, err);
		if (r < 0)
			return r;
		text = end + 1;
		len -= line_len + 1;
	}
	r = check_whole(&host, seen, err);
	if (r < 0)
		return r;
	*ret_host = host;
	return 0;
}
