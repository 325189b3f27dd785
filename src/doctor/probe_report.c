/* SPDX-License-Identifier: MIT */
/*
 * probe_report.c - what a probe says to the doctor: records through a pipe.
 *
 * One write each, below PIPE_BUF: the kernel writes it whole or not at all (pipe(7)), so that a
 * probe's children may report too, and one that is killed leaves no half of a record. Both ends are
 * the same program's memory, forked; what comes is checked all the same, since a probe may be
 * killed by what it tries, or have done worse to itself.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "doctor/probe.h"
#include "sys/calls.h"

enum part { SUBJECT, STEP, TEXT, PARTS };

struct message {
	int64_t value;
	uint32_t id; /* OBS_N: a struct host follows, lengths[0] is its size */
	uint32_t outcome;
	int32_t errnum;
	uint16_t lengths[PARTS]; /* of the texts that follow, without NUL */
	uint16_t reserved; /* 0 */
};
_Static_assert(sizeof(struct message) + (size_t)PARTS * OBS_TEXT_MAX <= PROBE_MESSAGE_MAX,
	       "the longest record is one message");
_Static_assert(PROBE_MESSAGE_MAX <= PIPE_BUF, "a message is written whole");
_Static_assert(sizeof(struct host) <= OBS_TEXT_MAX, "a host is one message");

/* Who cannot report is late or broken: the parent sees to that. */
static void send(const struct probe_context *context, const char *data, size_t len)
{
	ssize_t r;

	do
		r = sys_write(context->report_fd, data, len);
	while (r == -EINTR);
}

void probe_report(const struct probe_context *context, const struct observation *obs)
{
	const char *const texts[PARTS] = { obs->subject, obs->step, obs->text };
	struct message head = {
		.value = obs->value,
		.id = obs->id,
		.outcome = obs->outcome,
		.errnum = obs->errnum,
	};
	char data[PROBE_MESSAGE_MAX];
	size_t len = sizeof(head);

	for (int i = 0; i < PARTS; i++) {
		size_t n = texts[i] ? strnlen(texts[i], OBS_TEXT_MAX) : 0;

		head.lengths[i] = (uint16_t)n;
		if (n)
			memcpy(data + len, texts[i], n);
		len += n;
	}
	memcpy(data, &head, sizeof(head));
	send(context, data, len);
}

void probe_report_host(const struct probe_context *context, const struct host *host)
{
	struct message head = { .id = OBS_N, .lengths = { sizeof(*host) } };
	char data[PROBE_MESSAGE_MAX];

	memcpy(data, &head, sizeof(head));
	memcpy(data + sizeof(head), host, sizeof(*host));
	send(context, data, sizeof(head) + sizeof(*host));
}

void probe_yes(const struct probe_context *context, enum obs id, const char *text)
{
	probe_report(context,
		     &(struct observation){
			     .id = id, .outcome = OBS_YES, .value = OBS_NO_VALUE, .text = text });
}

void probe_no(const struct probe_context *context, enum obs id, const char *step, int errnum,
	      const char *text)
{
	probe_report(context, &(struct observation){ .id = id,
						     .outcome = OBS_NO,
						     .errnum = errnum,
						     .value = OBS_NO_VALUE,
						     .step = step,
						     .text = text });
}

void probe_value(const struct probe_context *context, enum obs id, int64_t value, const char *text)
{
	probe_report(context, &(struct observation){
				      .id = id, .outcome = OBS_YES, .value = value, .text = text });
}

/* One message, its texts made NUL-terminated. The bytes it had, or -errno. */
static ssize_t add_one(struct observations *set, const char *data, size_t len)
{
	char texts[PARTS][OBS_TEXT_MAX + 1];
	struct message head;
	size_t at = sizeof(head);
	int r;

	if (len < sizeof(head))
		return -EPROTO;
	memcpy(&head, data, sizeof(head));
	for (int i = 0; i < PARTS; i++) {
		if (head.lengths[i] > OBS_TEXT_MAX || head.lengths[i] > len - at)
			return -EPROTO;
		memcpy(texts[i], data + at, head.lengths[i]);
		texts[i][head.lengths[i]] = '\0';
		at += head.lengths[i];
	}
	if (head.id == OBS_N && head.lengths[0] == sizeof(struct host)) {
		memcpy(&set->host, texts[0], sizeof(set->host));
		set->has_host = true;
		return (ssize_t)at;
	}
	if (head.id >= OBS_N || head.outcome >= OBS_OUTCOME_MAX)
		return -EPROTO;
	r = observations_add(set, &(struct observation){ .id = (enum obs)head.id,
							 .outcome = (enum obs_outcome)head.outcome,
							 .errnum = head.errnum,
							 .value = head.value,
							 .subject = texts[SUBJECT],
							 .step = texts[STEP],
							 .text = texts[TEXT] });
	return r < 0 ? r : (ssize_t)at;
}

int probe_reports_add(struct observations *set, const char *data, size_t len)
{
	size_t n = 0;

	for (size_t at = 0; at < len;) {
		ssize_t used = n++ < PROBE_REPORTS_MAX ? add_one(set, data + at, len - at) : -E2BIG;

		if (used < 0)
			return (int)used;
		at += (size_t)used;
	}
	return 0;
}
