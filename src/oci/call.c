/* SPDX-License-Identifier: MIT */
/*
 * call.c - reads an engine's command line by tables of what runc and crun know.
 *
 * The tables are the union of runc 1.0 to 1.3 and crun 1.8 to 1.21: no option takes a value in the
 * one and none in the other. A verb that is not listed is refused: what it starts would not be
 * confined. So is restore, which brings back processes without what confined them (CRIU knows
 * nothing of Landlock).
 */
#include "oci/call.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/num.h"

#define OWN_OPTION "--croft-settings="
#define FDS_MAX 1024

enum meaning {
	MEANS_NOTHING, /* for the runtime alone */
	MEANS_LOG,
	MEANS_LOG_FORMAT,
	MEANS_BUNDLE,
	MEANS_CONFIG,
	MEANS_PROCESS,
	MEANS_FDS,
};

struct word {
	const char *name; /* "--log", "-b" */
	bool takes_value;
	enum meaning meaning;
};

static const struct word global_words[] = {
	{ "--cgroup-manager", true, MEANS_NOTHING },
	{ "--criu", true, MEANS_NOTHING },
	{ "--debug", false, MEANS_NOTHING },
	{ "--help", false, MEANS_NOTHING },
	{ "--log", true, MEANS_LOG },
	{ "--log-format", true, MEANS_LOG_FORMAT },
	{ "--log-level", true, MEANS_NOTHING },
	{ "--root", true, MEANS_NOTHING },
	{ "--rootless", true, MEANS_NOTHING },
	{ "--systemd-cgroup", false, MEANS_NOTHING },
	{ "--version", false, MEANS_NOTHING },
	{ "-h", false, MEANS_NOTHING },
	{ "-v", false, MEANS_NOTHING },
	{ "-V", false, MEANS_NOTHING },
};

static const struct word create_words[] = {
	{ "--bundle", true, MEANS_BUNDLE },
	{ "-b", true, MEANS_BUNDLE },
	{ "--config", true, MEANS_CONFIG },
	{ "-f", true, MEANS_CONFIG },
	{ "--console-socket", true, MEANS_NOTHING },
	{ "--detach", false, MEANS_NOTHING },
	{ "-d", false, MEANS_NOTHING },
	{ "--keep", false, MEANS_NOTHING },
	{ "--no-new-keyring", false, MEANS_NOTHING },
	{ "--no-pivot", false, MEANS_NOTHING },
	{ "--no-subreaper", false, MEANS_NOTHING },
	{ "--pid-file", true, MEANS_NOTHING },
	{ "--pidfd-socket", true, MEANS_NOTHING },
	{ "--preserve-fds", true, MEANS_FDS },
	{ "--help", false, MEANS_NOTHING },
	{ "-h", false, MEANS_NOTHING },
};

static const struct word exec_words[] = {
	{ "--additional-gids", true, MEANS_NOTHING },
	{ "-g", true, MEANS_NOTHING },
	{ "--apparmor", true, MEANS_NOTHING },
	{ "--cap", true, MEANS_NOTHING },
	{ "-c", true, MEANS_NOTHING },
	{ "--cgroup", true, MEANS_NOTHING },
	{ "--console-socket", true, MEANS_NOTHING },
	{ "--cwd", true, MEANS_NOTHING },
	{ "--detach", false, MEANS_NOTHING },
	{ "-d", false, MEANS_NOTHING },
	{ "--env", true, MEANS_NOTHING },
	{ "-e", true, MEANS_NOTHING },
	{ "--ignore-paused", false, MEANS_NOTHING },
	{ "--no-new-privs", false, MEANS_NOTHING },
	{ "--no-subreaper", false, MEANS_NOTHING },
	{ "--pid-file", true, MEANS_NOTHING },
	{ "--pidfd-socket", true, MEANS_NOTHING },
	{ "--preserve-fds", true, MEANS_FDS },
	{ "--process", true, MEANS_PROCESS },
	{ "-p", true, MEANS_PROCESS },
	{ "--process-label", true, MEANS_NOTHING },
	{ "--tty", false, MEANS_NOTHING },
	{ "-t", false, MEANS_NOTHING },
	{ "--user", true, MEANS_NOTHING },
	{ "-u", true, MEANS_NOTHING },
	{ "--help", false, MEANS_NOTHING },
	{ "-h", false, MEANS_NOTHING },
};

static const struct name verb_names[] = {
	{ "checkpoint", NULL }, { "create", NULL }, { "delete", NULL },	  { "events", NULL },
	{ "exec", NULL },	{ "features", NULL }, { "help", NULL },	  { "kill", NULL },
	{ "list", NULL },	{ "pause", NULL },  { "ps", NULL },	  { "resume", NULL },
	{ "run", NULL },	{ "spec", NULL },   { "start", NULL },	  { "state", NULL },
	{ "update", NULL },	{ "version", NULL },
};

static int refuse(struct croft_error *err, const char *what, const char *word, const char *hint)
{
	int r = fail(err, CROFT_STAGE_USAGE, 0, "%s '%.100s'", what, word);

	fail_hint(err, "%s", hint);
	return r;
}

/* The row of the word, or NULL; *ret_value: what stands behind its '=', or NULL. */
static const struct word *find_word(const struct word *words, size_t n, const char *text,
				    const char **ret_value)
{
	size_t len = strcspn(text, "=");

	/* "-b=x" is "x" to runc and "=x" to crun: found by nobody */
	if (text[1] != '-')
		len = strlen(text);
	*ret_value = text[len] == '=' ? text + len + 1 : NULL;
	for (size_t i = 0; i < n; i++) {
		if (strlen(words[i].name) == len && !strncmp(words[i].name, text, len))
			return &words[i];
	}
	return NULL;
}

/* Said twice, runtimes take the last: so it has to be the same. */
static int keep(const char **place, const char *name, const char *value, struct croft_error *err)
{
	if (!*value)
		return refuse(err, "an empty value of", name, "give a file");
	if (*place && strcmp(*place, value) != 0)
		return refuse(err, "two different values of", name, "give one");
	*place = value;
	return 0;
}

static int take(struct call *call, const struct word *word, const char *value,
		struct croft_error *err)
{
	uint64_t n;

	switch (word->meaning) {
	case MEANS_LOG:
		call->log = value;
		return 0;
	case MEANS_LOG_FORMAT:
		call->log_format = value;
		return 0;
	case MEANS_BUNDLE:
		return keep(&call->bundle, word->name, value, err);
	case MEANS_CONFIG:
		return keep(&call->config, word->name, value, err);
	case MEANS_PROCESS:
		return keep(&call->process, word->name, value, err);
	case MEANS_FDS:
		if (num_parse(value, 0, FDS_MAX, &n) < 0)
			return refuse(err, "no number of descriptors:", value,
				      "a number up to 1024");
		call->n_fds = (unsigned)n;
		return 0;
	case MEANS_NOTHING:
		break;
	}
	return 0;
}

/* Options from argv[at] on: the index of the first word that is none, or an error. */
static int read_options(struct call *call, int at, const struct word *words, size_t n,
			struct croft_error *err)
{
	while (at < call->argc && call->argv[at][0] == '-' && call->argv[at][1]) {
		const char *text = call->argv[at++], *value;
		const struct word *word;
		int r;

		if (!strcmp(text, "--"))
			return at;
		word = find_word(words, n, text, &value);
		if (!word)
			return refuse(err, "no option of a runtime that is known:", text,
				      "written out, with two dashes, and before the ID");
		if (word->takes_value && !value) {
			if (at == call->argc)
				return refuse(err, "a value is missing behind", text, "add it");
			value = call->argv[at++];
		}
		r = value ? take(call, word, value, err) : 0;
		if (r < 0)
			return r;
	}
	return at;
}

static int read_create(struct call *call, struct croft_error *err)
{
	int at = read_options(call, call->verb + 1, create_words, ARRAY_SIZE(create_words), err);

	if (at < 0)
		return at;
	call->kind = CALL_WRAP;
	call->id = at;
	/* crun takes options behind the ID too, runc does not */
	for (at++; at < call->argc; at++) {
		if (call->argv[at][0] == '-')
			return refuse(err, "an option behind the container's ID:", call->argv[at],
				      "put it before the ID");
	}
	return 0;
}

static int read_exec(struct call *call, struct croft_error *err)
{
	int at = read_options(call, call->verb + 1, exec_words, ARRAY_SIZE(exec_words), err);

	if (at < 0)
		return at;
	call->kind = CALL_EXEC;
	call->id = at;
	if (at + 1 < call->argc && call->argv[at + 1][0] == '-')
		return refuse(err, "an option behind the container's ID:", call->argv[at + 1],
			      "put it before the ID");
	return 0;
}

static int read_verb(struct call *call, struct croft_error *err)
{
	const char *verb = call->argv[call->verb];

	if (!strcmp(verb, "create") || !strcmp(verb, "run"))
		return read_create(call, err);
	if (!strcmp(verb, "exec"))
		return read_exec(call, err);
	if (!strcmp(verb, "restore"))
		return refuse(err, "not confined by croft would be what comes from", verb,
			      "a checkpoint has no sandbox: start the container anew");
	if (names_find(verb_names, ARRAY_SIZE(verb_names), verb) < 0)
		return refuse(err, "no verb of a runtime that is known:", verb,
			      "what it starts might not be confined");
	return 0;
}

int call_read(struct call *call, int argc, char *const argv[], struct croft_error *err)
{
	size_t len = strlen(OWN_OPTION);

	*call = (struct call){ .argc = argc, .argv = argv, .verb = argc, .id = argc };
	if (argc > 1 && !strncmp(argv[1], OWN_OPTION, len)) {
		call->settings = argv[1] + len;
		call->argc = call->verb = call->id = argc - 1;
		call->argv = argv + 1;
	}
	if (call->argc < 1)
		return refuse(err, "no name of a program in", "the command line", "call it");
	call->verb = read_options(call, 1, global_words, ARRAY_SIZE(global_words), err);
	if (call->verb < 0) {
		int r = call->verb;

		call->verb = call->argc;
		return r;
	}
	return call->verb < call->argc ? read_verb(call, err) : 0;
}
