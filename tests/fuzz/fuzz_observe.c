/* SPDX-License-Identifier: MIT */
/*
 * fuzz_observe.c - saved observations, as anybody may have written them: croft doctor --load.
 *
 * Beside memory errors, it looks for a set that is accepted and not read back as it was, for
 * verdicts that are not the same twice, for a printed text that could move a cursor, and for causes
 * that stumble over observations which no host has given.
 */
#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "doctor/need.h"
#include "doctor/print.h"

#define PRINTED_MAX (16U << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print_all(struct buf *buf, const struct observations *set, bool is_json)
{
	struct croft_error err = { 0 };
	struct protections protections;
	struct needs needs = { .n = 0 };
	struct verdicts verdicts;
	struct view view = { .set = set, .verdicts = &verdicts, .columns = COLUMNS_USUAL };
	struct json json;

	assert(needs_add(&needs, "net,files,userns,limits", &err) == 0);
	verdicts_init(&verdicts);
	verdicts_build(&verdicts, set);
	if (set->has_host && protections_judge(&set->host, &protections, &err) == 0)
		view.protections = &protections;
	if (is_json) {
		json_init(&json, buf);
		json_object_begin(&json);
		needs_print_json(&json, &needs, &view);
		print_json(&json, &view);
		json_object_end(&json);
	} else {
		needs_print(buf, &needs, &view);
		print_table(buf, &view);
		print_verbose(buf, &view);
	}
	assert(needs_status(&needs, &view) <= (int)needs.n);
	if (view.protections)
		protections_done(&protections);
	verdicts_done(&verdicts);
}

/* No byte but newlines that a terminal would do something by. */
static void assert_harmless(const struct buf *buf)
{
	const unsigned char *text = (const unsigned char *)buf_text(buf);

	assert(text_is_utf8(buf_text(buf), buf->len));
	for (size_t i = 0; i < buf->len; i++)
		assert(text[i] == '\n' || (text[i] >= 0x20 && text[i] != 0x7f));
}

static void judge(const struct observations *set)
{
	AUTO_BUF struct buf first = BUF_INIT(PRINTED_MAX), second = BUF_INIT(PRINTED_MAX),
			    json = BUF_INIT(PRINTED_MAX);

	print_all(&first, set, false);
	print_all(&second, set, false);
	print_all(&json, set, true);
	assert(buf_error(&first) == 0 && buf_error(&json) == 0);
	assert(strcmp(buf_text(&first), buf_text(&second)) == 0);
	assert_harmless(&first);
	assert_harmless(&json);
}

static void save_again(const struct observations *set)
{
	AUTO_BUF struct buf first = BUF_INIT(OBS_FILE_MAX), second = BUF_INIT(OBS_FILE_MAX);
	struct croft_error err = { 0 };
	struct observations again;

	observations_init(&again);
	observations_print(&first, set);
	assert(buf_error(&first) == 0);
	assert(observations_parse("fuzz", buf_text(&first), first.len, &again, &err) == 0);
	observations_print(&second, &again);
	assert(strcmp(buf_text(&first), buf_text(&second)) == 0);
	observations_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct croft_error err = { 0 };
	struct observations set;

	observations_init(&set);
	if (observations_parse("fuzz", (const char *)data, size, &set, &err) == 0) {
		assert(set.n <= OBS_MAX);
		save_again(&set);
		judge(&set);
	} else {
		assert(*err.what && memchr(err.what, '\0', sizeof(err.what)));
	}
	observations_done(&set);
	return 0;
}
