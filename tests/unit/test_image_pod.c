/* SPDX-License-Identifier: MIT */
/*
 * test_image_pod.c - a file's pods: which are read, from where, and what is wrong with them alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "image/pod.h"

struct given {
	struct arena arena;
	struct croft_error err;
	struct pod *pods;
	size_t n;
	int r;
};

static void read_text(struct given *given, const char *text)
{
	*given = (struct given){ 0 };
	arena_init(&given->arena, 1U << 20);
	given->r = pods_read(&given->arena, "pod.yaml", text, strlen(text), &given->pods, &given->n,
			     &given->err);
}

/* The kinds of what is found, "volume-twice mount-of-hook". */
static void assert_finds(const char *text, const char *kinds)
{
	AUTO_BUF struct buf buf = BUF_INIT(4096);
	struct report report;
	struct given given;

	read_text(&given, text);
	assert_int_equal(given.r, 0);
	report_init(&report);
	for (size_t i = 0; i < given.n; i++)
		pod_check_rules(&report, &given.pods[i]);
	for (size_t i = 0; i < report.n; i++) {
		assert_string_equal(report.items[i].spot.file, "pod.yaml");
		assert_true(report.items[i].spot.line > 0 && report.items[i].spot.column > 0);
		buf_printf(&buf, "%s%s", i ? " " : "", report_kind_name(report.items[i].kind));
	}
	assert_string_equal(buf_text(&buf), kinds);
	report_done(&report);
	arena_done(&given.arena);
}

static void assert_counts(const char *text, size_t n)
{
	struct given given;

	read_text(&given, text);
	assert_int_equal(given.n, n);
	assert_int_equal(given.r == 0, n > 0);
	if (n == 0)
		assert_non_null(strstr(given.err.what, "pod.yaml"));
	arena_done(&given.arena);
}

#define POD \
	"spec: {containers: [{name: a, volumeMounts: [{name: v, mountPath: /x}]}], volumes: [{name: v}]}"

static void pods_are_found_where_each_kind_has_them(void **state)
{
	(void)state;
	assert_counts("kind: Pod\n" POD, 1);
	assert_counts("kind: Job\nspec: {template: {" POD "}}", 1);
	assert_counts("kind: CronJob\nspec: {jobTemplate: {spec: {template: {" POD "}}}}", 1);
	assert_counts("kind: PodTemplate\ntemplate: {" POD "}", 1);
	assert_counts("kind: List\nitems: [{" POD "}, {kind: Service}, {" POD "}]", 2);
	assert_counts("---\nkind: Service\n---\n" POD "\n---\n" POD "\n", 2);
	assert_counts("kind: Service\nspec: {ports: [1]}", 0);
	assert_counts("[a, b]", 0);
	assert_counts("text", 0);
	assert_counts("", 0);
}

static void shapes_that_kubernetes_would_refuse_are_errors(void **state)
{
	static const char *const texts[] = {
		"spec: {containers: {}}",
		"spec: {containers: [a]}",
		"spec: {containers: a}",
		"spec: {volumes: {a: b}}",
		"spec: {containers: [{volumeMounts: 1}]}",
		"spec: {containers: [{volumeMounts: [[]]}]}",
		"spec: {containers: []",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_counts(texts[i], 0);
	/* and these are as good as none */
	assert_counts("spec: {containers: null, volumes: ~, initContainers: }", 1);
	assert_counts("spec: {containers: [{name: [a], volumeMounts: [{mountPath: {}}]}]}", 1);
}

static void mount_paths_are_absolute_and_plain(void **state)
{
	static const char *const cases[][2] = {
		{ "/a", "/a" }, { "/a/", "/a" }, { "a", "/a" }, { "//a//b//", "/a/b" },
		{ "/", "/" },   { "///", "/" },  { "''", "/" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_BUF struct buf buf = BUF_INIT(4096);
		struct given given;

		buf_printf(&buf, "spec: {containers: [{volumeMounts: [{mountPath: %s}]}]}",
			   cases[i][0]);
		read_text(&given, buf_text(&buf));
		assert_int_equal(given.r, 0);
		assert_string_equal(given.pods[0].containers[0].mounts[0].path, cases[i][1]);
		arena_done(&given.arena);
	}
}

static void a_pod_is_judged_by_itself(void **state)
{
	(void)state;
	assert_finds("kind: Pod\n" POD, "");
	assert_finds("kind: Pod\nspec: {containers: [], volumes: [{name: v}]}",
		     "volume-without-mount");
	assert_finds("kind: Pod\nspec: {containers: [{volumeMounts: [{name: v, mountPath: /x}]}]}",
		     "mount-without-volume");
	assert_finds(
		"kind: Pod\nspec: {containers: [{volumeDevices: [{name: v}]}], volumes: [{name: v}, "
		"{name: v}]}",
		"volume-twice");
	assert_finds(
		"kind: Pod\nspec: {containers: [{volumeMounts: [{name: v, mountPath: /x}, {name: v, "
		"mountPath: x/}]}], volumes: [{name: v}]}",
		"mount-twice");
	/* the hook's names are its own in an extension only */
	assert_finds("kind: Pod\nspec: {initContainers: [], containers: [{name: job, volumeMounts: "
		     "[{name: work, mountPath: /__w}]}], volumes: [{name: work}]}",
		     "");
}

#define EXTENSION(mounts, volumes) \
	"spec: {containers: [{name: $job, volumeMounts: [" mounts "]}], volumes: [" volumes "]}"

static void an_extension_is_judged_as_it_is_merged(void **state)
{
	(void)state;
	assert_finds(EXTENSION("{name: v, mountPath: /x}", "{name: v}"), "");
	assert_finds(EXTENSION("{name: work, mountPath: /x}", "{name: work}"), "volume-of-hook");
	assert_finds(EXTENSION("{name: v, mountPath: /__e}", "{name: v}"), "mount-of-hook");
	assert_finds(EXTENSION("{name: v, mountPath: /github/home}", "{name: v}"), "mount-of-hook");
	assert_finds(EXTENSION("{name: v, mountPath: /__w/_temp}", "{name: v}"), "mount-in-hook");
	assert_finds(EXTENSION("{name: v, mountPath: /__world}", "{name: v}"), "");
	assert_finds(EXTENSION("{name: github, mountPath: /github/x}", ""), "");
	assert_finds("spec: {initContainers: [{name: a}], containers: []}", "init-replaced");
	assert_finds(
		"spec: {initContainers: [{name: a, volumeMounts: [{name: externals, mountPath: "
		"/e}]}], containers: []}",
		"");
	assert_finds("spec: {containers: [{name: job}]}", "name-of-hook");
	/* a kind does not hide it */
	assert_finds(
		"kind: Pod\nspec: {containers: [{name: $job, volumeMounts: [{name: work, mountPath: "
		"/__w}]}]}",
		"mount-of-hook");
}

static void bounds_hold(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(1U << 20);

	(void)state;
	buf_puts(&buf, "spec: {volumes: [");
	for (int i = 0; i <= POD_MAX_ITEMS; i++)
		buf_puts(&buf, "{},");
	buf_puts(&buf, "]}");
	assert_counts(buf_text(&buf), 0);
	buf_reset(&buf);
	for (int i = 0; i <= POD_MAX_PODS; i++)
		buf_puts(&buf, "---\nspec: {volumes: []}\n");
	assert_counts(buf_text(&buf), 0);
	buf_reset(&buf);
	buf_puts(&buf, "items: [");
	for (int i = 0; i <= POD_MAX_PODS; i++)
		buf_puts(&buf, "{spec: {volumes: []}},");
	buf_puts(&buf, "]");
	assert_counts(buf_text(&buf), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pods_are_found_where_each_kind_has_them),
		cmocka_unit_test(shapes_that_kubernetes_would_refuse_are_errors),
		cmocka_unit_test(mount_paths_are_absolute_and_plain),
		cmocka_unit_test(a_pod_is_judged_by_itself),
		cmocka_unit_test(an_extension_is_judged_as_it_is_merged),
		cmocka_unit_test(bounds_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
