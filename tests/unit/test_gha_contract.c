/* SPDX-License-Identifier: MIT */
/*
 * test_gha_contract.c - requests to structs; what is refused stands in
 * tests/gha/test_hook_refused.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "gha/contract.h"

static struct arena arena;
static struct croft_error err;
static struct request request;

static int before(void **state)
{
	(void)state;
	arena_init(&arena, CONTRACT_ARENA);
	request = (struct request){ 0 };
	return 0;
}

static int after(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static int parse(const char *text)
{
	return contract_parse(text, strlen(text), &arena, &request, &err);
}

static void a_job_is_read(void **state)
{
	(void)state;
	assert_int_equal(
		parse("{\"command\":\"prepare_job\",\"responseFile\":\"/r\","
		      "\"state\":null,\"args\":{"
		      "\"container\":{\"image\":\"i\",\"createOptions\":\"-e A=1\","
		      "\"environmentVariables\":{\"B\":null},\"portMappings\":[\"1:2\"],"
		      "\"systemMountVolumes\":[{\"sourceVolumePath\":\"/a\",\"targetVolumePath\":\"/b\","
		      "\"readOnly\":true}],\"userMountVolumes\":[{\"sourceVolumePath\":null,"
		      "\"targetVolumePath\":\"/c\"}]},\"services\":[{}]}}"),
		0);
	assert_int_equal(request.command, REQUEST_PREPARE);
	assert_true(request.has_container && request.n_services == 1);
	assert_string_equal(request.args.image, "i");
	assert_null(request.args.dockerfile);
	assert_string_equal(request.args.env[0].value, "");
	assert_int_equal(request.args.n_ports, 1);
	assert_int_equal(request.args.n_mounts, 2);
	assert_true(request.args.mounts[0].is_read_only && !request.args.mounts[0].is_user);
	assert_true(request.args.mounts[1].is_user && !request.args.mounts[1].source);
}

static void a_step_is_read_with_its_job(void **state)
{
	(void)state;
	assert_int_equal(parse("{\"command\":\"run_script_step\",\"responseFile\":\"/r\",\"state\":"
			       "{\"croft\":{\"job\":\"0123456789abcdef01234567\"}},\"args\":{"
			       "\"entryPoint\":\"sh\",\"entryPointArgs\":[\"-e\",\"x\"],"
			       "\"prependPath\":\"/old\"}}"),
			 0);
	assert_string_equal(request.job, "0123456789abcdef01234567");
	assert_int_equal(request.args.n_words, 2);
	assert_int_equal(request.args.n_prepend_path, 1);
	assert_string_equal(request.args.prepend_path[0], "/old");
}

static void a_state_that_is_not_ours_is_none(void **state)
{
	static const char *const states[] = { "null", "7", "{}", "{\"croft\":{\"job\":\"../..\"}}",
					      "{\"croft\":{\"job\":7}}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		char *text = arena_printf(&arena,
					  "{\"command\":\"cleanup_job\",\"responseFile\":\"/r\","
					  "\"state\":%s}",
					  states[i]);

		assert_int_equal(parse(text), 0);
		assert_string_equal(request.job, "");
	}
}

static void an_error_has_no_value_in_it(void **state)
{
	(void)state;
	assert_true(parse("{\"command\":\"prepare_job\",\"password\":\"secret\"") < 0);
	assert_null(strstr(err.what, "secret"));
	assert_true(parse("{\"command\":\"secret\",\"responseFile\":\"/r\"}") < 0);
	assert_null(strstr(err.what, "secret"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_job_is_read, before, after),
		cmocka_unit_test_setup_teardown(a_step_is_read_with_its_job, before, after),
		cmocka_unit_test_setup_teardown(a_state_that_is_not_ours_is_none, before, after),
		cmocka_unit_test_setup_teardown(an_error_has_no_value_in_it, before, after),
	};

	return cmocka_run_group_tests_name("gha_contract", tests, NULL, NULL);
}
