/* SPDX-License-Identifier: MIT */
/*
 * observe_json.c - a set of observations as JSON, and back.
 *
 *	{"version":1,"host":{"arch":"x86_64",...},"observations":[{"kind":"ns-use","outcome":"no",
 *	 "step":"unshare","errno":1},...]}
 *
 * What has nothing to say is left out: an empty text, an errno of 0, OBS_NO_VALUE, a record of
 * something that was not asked and has no reason for it.
 *
 * It is read by the reader of profiles (profile/yaml.h): JSON is YAML, and that reader is bounded,
 * fuzzed and strict. A file may be anybody's, sent with a report of a trouble: what is in no
 * table, missing, twice there or out of its range is refused, with its place.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/num.h"
#include "doctor/observe.h"
#include "profile/yaml.h"

#define FORMAT_VERSION "1"
#define ERRNUM_MAX 4095 /* the kernel's MAX_ERRNO */
#define TREE_MAX (16U << 20) /* bytes of the tree that a file of OBS_FILE_MAX becomes */

enum key { KEY_KIND, KEY_OUTCOME, KEY_SUBJECT, KEY_STEP, KEY_ERRNO, KEY_VALUE, KEY_TEXT, KEYS };

static const struct name key_names[KEYS] = {
	[KEY_KIND] = { "kind", NULL },       [KEY_OUTCOME] = { "outcome", NULL },
	[KEY_SUBJECT] = { "subject", NULL }, [KEY_STEP] = { "step", NULL },
	[KEY_ERRNO] = { "errno", NULL },     [KEY_VALUE] = { "value", NULL },
	[KEY_TEXT] = { "text", NULL },
};

static void print_text(struct json *json, enum key key, const char *text)
{
	if (!*text)
		return;
	json_key(json, key_names[key].name);
	json_string(json, text);
}

void observation_print(struct json *json, const struct observation *obs)
{
	json_object_begin(json);
	print_text(json, KEY_KIND, obs_names[obs->id].name);
	print_text(json, KEY_OUTCOME, obs_outcome_names[obs->outcome].name);
	print_text(json, KEY_SUBJECT, obs->subject);
	print_text(json, KEY_STEP, obs->step);
	if (obs->errnum) {
		json_key(json, key_names[KEY_ERRNO].name);
		json_int(json, obs->errnum);
	}
	if (obs->value != OBS_NO_VALUE) {
		json_key(json, key_names[KEY_VALUE].name);
		json_int(json, obs->value);
	}
	print_text(json, KEY_TEXT, obs->text);
	json_object_end(json);
}

/* The "key: value" lines of host_print, each as a pair of texts. */
void observations_print_host(struct json *json, const struct host *host)
{
	AUTO_BUF struct buf lines = BUF_INIT(HOST_FILE_MAX);
	char pair[256];

	host_print(&lines, host);
	json_object_begin(json);
	for (const char *line = buf_text(&lines); *line; line += strcspn(line, "\n") + 1) {
		size_t len = strcspn(line, "\n");
		char *colon;

		if (len >= sizeof(pair))
			continue;
		memcpy(pair, line, len);
		pair[len] = '\0';
		colon = strstr(pair, ": ");
		if (!colon)
			continue;
		*colon = '\0';
		json_key(json, pair);
		json_string(json, colon + 2);
	}
	json_object_end(json);
}

void observations_print(struct buf *buf, const struct observations *set)
{
	struct json json;

	json_init(&json, buf);
	json_object_begin(&json);
	json_key(&json, "version");
	json_uint(&json, 1);
	if (set->has_host) {
		json_key(&json, "host");
		observations_print_host(&json, &set->host);
	}
	json_key(&json, "observations");
	json_array_begin(&json);
	for (size_t i = 0; i < set->n; i++) {
		const struct observation *obs = &set->items[i];

		if (obs->outcome == OBS_NOT_ASKED && !*obs->text)
			continue;
		/* a line each: people read these files, and compare them */
		buf_putc(buf, '\n');
		observation_print(&json, obs);
	}
	json_array_end(&json);
	json_object_end(&json);
	buf_putc(buf, '\n');
}

static int bad(const char *source, const struct yaml_node *node, struct croft_error *err,
	       const char *what)
{
	return yaml_fail(source, node->line, node->column, 0, err, "%s%s%s",
			 node->key ? node->key : "", node->key ? ": " : "", what);
}

/* A quoted text, where `is_number` is false; else a number without quotes. */
static int check_scalar(const char *source, const struct yaml_node *node, bool is_number,
			struct croft_error *err)
{
	if (node->kind == YAML_SCALAR && node->is_plain == is_number)
		return 0;
	return bad(source, node, err,
		   is_number ? "a number was expected" : "a text in quotes was expected");
}

/* With a sign, and never OBS_NO_VALUE. */
static int parse_number(const char *text, int64_t min, int64_t max, int64_t *ret_value)
{
	bool is_negative = *text == '-';
	uint64_t number;

	if (num_parse(text + is_negative, 0, INT64_MAX, &number) < 0)
		return -EINVAL;
	*ret_value = is_negative ? -(int64_t)number : (int64_t)number;
	return *ret_value < min || *ret_value > max ? -ERANGE : 0;
}

static int parse_name(const char *source, const struct yaml_node *node, const struct name *names,
		      size_t n, unsigned *ret_index, struct croft_error *err)
{
	int r = check_scalar(source, node, false, err);

	if (r < 0)
		return r;
	r = names_find(names, n, node->text);
	if (r < 0)
		return bad(source, node, err, "there is no such word");
	*ret_index = (unsigned)r;
	return 0;
}

static int parse_value(const char *source, const struct yaml_node *node, enum key key,
		       struct observation *obs, struct croft_error *err)
{
	const char **const texts[KEYS] = {
		[KEY_SUBJECT] = &obs->subject, [KEY_STEP] = &obs->step, [KEY_TEXT] = &obs->text
	};
	unsigned index = 0;
	int64_t number = 0;
	int r;

	if (key == KEY_KIND) {
		r = parse_name(source, node, obs_names, OBS_N, &index, err);
		obs->id = (enum obs)index;
		return r;
	}
	if (key == KEY_OUTCOME) {
		r = parse_name(source, node, obs_outcome_names, OBS_OUTCOME_MAX, &index, err);
		obs->outcome = (enum obs_outcome)index;
		return r;
	}
	r = check_scalar(source, node, key == KEY_ERRNO || key == KEY_VALUE, err);
	if (r < 0)
		return r;
	if (texts[key]) {
		*texts[key] = node->text;
		return 0;
	}
	r = key == KEY_ERRNO ? parse_number(node->text, 1, ERRNUM_MAX, &number)
			     : parse_number(node->text, OBS_NO_VALUE + 1, INT64_MAX, &number);
	if (r < 0)
		return bad(source, node, err, "a number out of its range");
	if (key == KEY_ERRNO)
		obs->errnum = (int)number;
	else
		obs->value = number;
	return 0;
}

static int parse_observation(const char *source, const struct yaml_node *node,
			     struct observations *set, struct croft_error *err)
{
	struct observation obs = { .value = OBS_NO_VALUE };
	unsigned seen = 0;
	int r;

	if (node->kind != YAML_MAPPING)
		return bad(source, node, err, "an object was expected");
	for (const struct yaml_node *at = node->child; at; at = at->next) {
		int key = names_find(key_names, KEYS, at->key);

		if (key < 0)
			return bad(source, at, err, "there is no such key");
		r = parse_value(source, at, (enum key)key, &obs, err);
		if (r < 0)
			return r;
		seen |= 1U << key;
	}
	if (!(seen & 1U << KEY_KIND) || !(seen & 1U << KEY_OUTCOME))
		return bad(source, node, err, "'kind' and 'outcome' are needed");
	r = observations_add(set, &obs);
	if (r == -E2BIG)
		return bad(source, node, err,
			   "more observations, or longer ones, than a set holds");
	return r < 0 ? fail(err, CROFT_STAGE_PROFILE, -r, "read '%s'", source) : 0;
}

static int parse_list(const char *source, const struct yaml_node *node, struct observations *set,
		      struct croft_error *err)
{
	if (node->kind != YAML_SEQUENCE)
		return bad(source, node, err, "a list was expected");
	for (const struct yaml_node *at = node->child; at; at = at->next) {
		int r = parse_observation(source, at, set, err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* As lines again, for the parser of saved hosts, which is strict itself. */
static int parse_host(const char *source, const struct yaml_node *node, struct observations *set,
		      struct croft_error *err)
{
	AUTO_BUF struct buf lines = BUF_INIT(HOST_FILE_MAX);
	struct croft_error why = { 0 };

	if (node->kind != YAML_MAPPING)
		return bad(source, node, err, "an object was expected");
	for (const struct yaml_node *at = node->child; at; at = at->next) {
		int r = check_scalar(source, at, false, err);

		if (r < 0)
			return r;
		if (strchr(at->text, '\n') || strpbrk(at->key, ":\n"))
			return bad(source, at, err, "a line of text was expected");
		buf_printf(&lines, "%s: %s\n", at->key, at->text);
	}
	if (buf_error(&lines) < 0)
		return bad(source, node, err, "too long");
	if (host_parse(buf_text(&lines), lines.len, &set->host, &why) < 0)
		return bad(source, node, err, why.what);
	set->has_host = true;
	return 0;
}

static int parse_root(const char *source, const struct yaml_node *root, struct observations *set,
		      struct croft_error *err)
{
	bool has_version = false, has_list = false;
	int r;

	if (root->kind != YAML_MAPPING)
		return bad(source, root, err, "an object was expected");
	for (const struct yaml_node *at = root->child; at; at = at->next) {
		if (!strcmp(at->key, "version")) {
			r = check_scalar(source, at, true, err);
			if (r == 0 && strcmp(at->text, FORMAT_VERSION) != 0)
				r = bad(source, at, err, "this croft reads version 1");
			has_version = true;
		} else if (!strcmp(at->key, "host")) {
			r = parse_host(source, at, set, err);
		} else if (!strcmp(at->key, "observations")) {
			r = parse_list(source, at, set, err);
			has_list = true;
		} else {
			r = bad(source, at, err, "there is no such key");
		}
		if (r < 0)
			return r;
	}
	return has_version && has_list
		       ? 0
		       : bad(source, root, err, "'version' and 'observations' are needed");
}

int observations_parse(const char *source, const char *data, size_t len, struct observations *set,
		       struct croft_error *err)
{
	struct yaml_node *root;
	struct arena arena;
	int r;

	arena_init(&arena, TREE_MAX);
	r = yaml_read(source, data, len, &arena, &root, err);
	if (r == 0)
		r = parse_root(source, root, set, err);
	arena_done(&arena);
	return r;
}
