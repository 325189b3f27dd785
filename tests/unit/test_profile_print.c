/* SPDX-License-Identifier: MIT */
/*
 * test_profile_print.c - what is printed of a file's entries is read back to the same entries.
 *
 * Odd texts by name, then thousands of profiles made at random.
 */
#include "printed.h"

static void assert_comes_back(const struct entry *entries, size_t n)
{
	const struct document_profile profile = { .name = "p", .entries = entries, .n_entries = n };
	const struct document document = {
		.source = "x.yaml", .version = 2, .profiles = &profile, .n_profiles = 1
	};
	const char *text = print_document(&document, true);

	assert_same_entries(&profile, &read_text(text)->profiles[0], text);
	text = print_document(&document, false);
	assert_same_entries(&profile, &read_text(text)->profiles[0], text);
	assert_null(strstr(text, "x.yaml"));
}

/* Texts that some reader of YAML takes for something else, or that could forge a line. */
/* clang-format off */
static const char *const odd_texts[] = {
	"yes", "no", "on", "off", "y", "N", "true", "FALSE", "null", "Null", "~", "-", "- x",
	"?", "? x", ":", "a: b", "a:", ":a", "a:b", "#", "a #b", "#a", " a", "a ", " ", "*",
	"*.pem", "**/*.pem", "a*", "!", "!a", "&", "&a", "%", "%YAML", "@a", "`a", "|", ">",
	"|-", "\"", "'", "\"a\"", "'a'", "it's", "a\"b", "\\", "a\\b", "a\\n", "{", "{}",
	"{a: b}", "[", "[]", "[a]", "a]", "a, b", ",", "0", "010", "0x1f", "0o7", "1e3", "1.5",
	".5", ".inf", "-.INF", ".nan", "1_000", "190:20:30", "2001-01-01", "-1", "+1", "=", "<<",
	"--- a", "---", "...", ". ", ".", "./a", ".env", "~/a", "~a", "${home}/a", "$", "$$",
	"%TAG", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x90\x91", "a\xc2\xa0", "\xe2\x80\xaf",
	"/usr/lib/x86_64-linux-gnu", "optional:/usr", "optional:~", "LC_*", "a/b:c", "a=b",
	"key: [x]  # y", "\xe2\x80\xa8", "\xe2\x80\xae!evil", "\xe2\x81\xa6", "\xef\xbb\xbf",
	"\xef\xbf\xbf", "e\xcc\x81",
};
/* clang-format on */

static void an_odd_text_is_read_back_as_it_was_wherever_it_stands(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(odd_texts); i++) {
		const char *text = odd_texts[i];
		const struct entry entries[] = {
			{ .key = KEY_DESCRIPTION, .value = text },
			{ .key = KEY_FILES_READ, .value = text },
			{ .key = KEY_FILES_READ, .value = "between" },
			{ .key = KEY_FILES_READ, .value = text },
			{ .key = KEY_FILES_RIGHTS, .value = text, .rights = 5 },
			{ .key = KEY_ENVIRONMENT_SET, .name = "A", .value = text },
			{ .key = KEY_COMMAND_ARGS, .value = text },
			{ .key = KEY_COMMAND_ARGS, .value = text },
		};

		assert_comes_back(entries, ARRAY_SIZE(entries));
	}
}

static void an_empty_text_and_one_of_several_lines_come_back(void **state)
{
	const struct entry entries[] = {
		{ .key = KEY_DESCRIPTION, .value = "" },
		{ .key = KEY_ENVIRONMENT_SET, .name = "yes", .value = "" },
		{ .key = KEY_ENVIRONMENT_SET, .name = "n", .value = "a\nb" },
		{ .key = KEY_COMMAND_ARGS, .value = "" },
		{ .key = KEY_COMMAND_ARGS, .value = "if true\nthen\n\techo\nfi" },
	};

	(void)state;
	assert_comes_back(entries, ARRAY_SIZE(entries));
}

static void a_text_is_plain_where_all_readers_agree_and_else_in_quotes(void **state)
{
	static const struct {
		const char *text, *printed;
	} rows[] = {
		{ "/usr", "/usr" },
		{ "optional:/usr/lib", "optional:/usr/lib" },
		{ "~/.config/git", "~/.config/git" },
		{ ".", "." },
		{ ".git/hooks", ".git/hooks" },
		{ "${project}/x", "${project}/x" },
		{ "LC_*", "LC_*" },
		{ "~", "\"~\"" },
		{ "off", "\"off\"" },
		{ "", "\"\"" },
		{ "443", "\"443\"" },
		{ ".5", "\".5\"" },
		{ "a b", "\"a b\"" },
		{ "\"\\\t\n", "\"\\\"\\\\\\t\\n\"" },
		{ "\x1b[2J", "\"\\u001b[2J\"" },
		{ "\xe2\x80\xae", "\"\\u202e\"" },
		{ "\xc2\x9b", "\"\\u009b\"" },
		{ "\xff!a", "\"\\ufffd!a\"" },
		{ "\xc3\xa4", "\"\xc3\xa4\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_BUF struct buf buf = BUF_INIT(100);

		profile_print_text(&buf, rows[i].text);
		assert_string_equal(buf_text(&buf), rows[i].printed);
	}
}

static uint32_t seed;

static uint32_t random_below(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* A text made of the characters that matter, with no white space at an end. */
static const char *random_text(void)
{
	/* clang-format off */
	static const char *const parts[] = {
		"a", "Z", "0", "1", "-", "_", ".", "/", "~", "*", ":", " ", "#", "'", "\"", "\\",
		"{", "}", "[", "]", ",", "&", "!", "|", ">", "%", "@", "`", "$", "?", "\xc3\xa4",
		"=", ": ", " #", "- ", "e", "n", "o", "y", "\xe2\x80\xa8", "\xf0\x9f\x90\x91",
	};
	/* clang-format on */
	char text[64] = "";
	size_t n = 1 + random_below(8), start;

	for (size_t i = 0; i < n; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s",
			       parts[random_below(ARRAY_SIZE(parts))]);
	start = strspn(text, " ");
	while (strlen(text) > start && text[strlen(text) - 1] == ' ')
		text[strlen(text) - 1] = '\0';
	return arena_strdup(&arena, text[start] ? text + start : "x");
}

/* A right value for the key; NULL: it cannot be made so. */
static const char *random_value(enum schema_id id)
{
	const struct schema_key *key = &schema_keys[id];

	switch (key->type) {
	case SCHEMA_WORD:
	case SCHEMA_WORDS:
		return key->words[random_below((uint32_t)key->n_words)].name;
	case SCHEMA_BOOL:
		return random_below(2) ? "true" : "false";
	case SCHEMA_COUNT:
		return arena_printf(&arena, "%u",
				    1 + random_below(key->max ? (uint32_t)key->max : 99));
	case SCHEMA_COUNTS:
		return arena_printf(&arena, "%u", 3 + random_below(1000));
	case SCHEMA_PORTS:
		return arena_printf(&arena, "%s%u", random_below(2) ? "udp:" : "",
				    1 + random_below(65535));
	case SCHEMA_SIZE:
		return arena_printf(&arena, "%u%s", 1 + random_below(99),
				    random_below(2) ? "MiB" : "");
	case SCHEMA_TIME:
		return arena_printf(&arena, "%u%s", 1 + random_below(99),
				    random_below(2) ? "ms" : "");
	case SCHEMA_REQUIRE:
		return requirement_names[random_below(REQUIRE_MAX)].name;
	default:
		if (id == KEY_ENVIRONMENT_PASS || id == KEY_ENVIRONMENT_USE)
			return "PATH";
		return random_text();
	}
}

static bool is_list(enum schema_type type)
{
	return type == SCHEMA_TEXTS || type == SCHEMA_PATHS || type == SCHEMA_PORTS ||
	       type == SCHEMA_WORDS || type == SCHEMA_COUNTS || type == SCHEMA_RIGHTS;
}

static void profiles_made_at_random_come_back(void **state)
{
	(void)state;
	for (int round = 0; round < 500; round++) {
		struct entry entries[200];
		size_t n = 0;

		seed = (uint32_t)round;
		for (enum schema_id id = 0; id < KEY_MAX; id++) {
			enum schema_type type = schema_keys[id].type;
			bool is_named = type == SCHEMA_VARIABLES || type == SCHEMA_REQUIRE;
			uint32_t wanted =
				is_list(type) || is_named ? random_below(4) : random_below(2);

			if (type == SCHEMA_MAP || id == KEY_VERSION || id == KEY_PROFILES)
				continue;
			for (uint32_t i = 0; i < wanted; i++) {
				entries[n++] = (struct entry){
					.key = id,
					.name = type == SCHEMA_VARIABLES
							? arena_printf(&arena, "V%u", i)
						: type == SCHEMA_REQUIRE ? protection_names[i].name
									 : NULL,
					.value = random_value(id),
					.rights = type == SCHEMA_RIGHTS ? 1 + random_below(3) : 0,
				};
			}
		}
		assert_comes_back(entries, n);
	}
}

static void the_order_is_that_of_the_schema_whatever_the_file_has(void **state)
{
	(void)state;
	assert_string_equal(
		print_document(read_text("profiles:\n"
					 "  p: {audit: false, files: {write: [b], read: [a]},\n"
					 "      description: d, syscalls: strict}\n"
					 "version: 2\n"),
			       false),
		"version: 2\n"
		"profiles:\n"
		"  p:\n"
		"    description: d\n"
		"    files:\n"
		"      read:\n"
		"        - a\n"
		"      write:\n"
		"        - b\n"
		"    syscalls:\n"
		"      mode: strict\n"
		"    audit: false\n");
}

static void each_item_has_its_place_behind_it(void **state)
{
	const char *text =
		print_document(read_text("version: 2\n"
					 "profiles:\n"
					 "  p:\n"
					 "    description: d\n"
					 "    files:\n"
					 "      read:\n"
					 "        - a\n"
					 "        - b\n"
					 "      rights: [{paths: [c, d], allow: [execute]}]\n"
					 "    environment: {set: {A: b}}\n"
					 "    require: {landlock: 2}\n"),
			       true);

	(void)state;
	assert_string_equal(text, "version: 2\n"
				  "profiles:\n"
				  "  p:\n"
				  "    description: d # x.yaml:4\n"
				  "    files:\n"
				  "      read:\n"
				  "        - a # x.yaml:7\n"
				  "        - b # x.yaml:8\n"
				  "      rights:\n"
				  "        - paths:\n"
				  "            - c # x.yaml:9\n"
				  "            - d # x.yaml:9\n"
				  "          allow: [execute]\n"
				  "    environment:\n"
				  "      set:\n"
				  "        A: b # x.yaml:10\n"
				  "    require:\n"
				  "      landlock: 2 # x.yaml:11\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_odd_text_is_read_back_as_it_was_wherever_it_stands),
		cmocka_unit_test(an_empty_text_and_one_of_several_lines_come_back),
		cmocka_unit_test(a_text_is_plain_where_all_readers_agree_and_else_in_quotes),
		cmocka_unit_test(profiles_made_at_random_come_back),
		cmocka_unit_test(the_order_is_that_of_the_schema_whatever_the_file_has),
		cmocka_unit_test(each_item_has_its_place_behind_it),
	};

	return cmocka_run_group_tests(tests, before, after);
}
