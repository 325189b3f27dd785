/* SPDX-License-Identifier: MIT */
/*
 * said.c - tells the causes of a failed ssh by its lines of text, which are not translated.
 *
 * What a server may write stands between ssh's own lines: its banner before the login, the text of
 * what runs there after it. So the lines of -v come first, which say how far ssh has come, and each
 * cause is looked for only among those that can be at that point: no text of a shell there makes a
 * "Connection refused", and no banner a changed host key.
 *
 * Source: OpenSSH 7.4 to 9.9, sshconnect.c, sshconnect2.c, clientloop.c.
 */
#include "nix/said.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define LOGIN "Authenticated to "
#define NO_PROGRAM 127 /* sh(1) */
#define NO_EXECUTE 126
#define SSH_FAILED 255 /* ssh(1) */

/* How far it has come. */
enum stage { STARTED, BY_PROXY, CONNECTING, CONNECTED, SPEAKS_SSH, HAS_KEY, STAGES };

static const char *const stage_words[STAGES] = {
	[STARTED] = "",
	[BY_PROXY] = "debug1: Executing proxy command",
	[CONNECTING] = "debug1: Connecting to ",
	[CONNECTED] = "debug1: Connection established",
	[SPEAKS_SSH] = "debug1: Remote protocol version ",
	[HAS_KEY] = " is known and matches the ",
};

/* What ends ssh between two stages; the first whose words are there decides. */
static const struct cause {
	const char *words, *step;
	enum stage from, to;
} causes[] = {
	{ "\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED", "host-key-changed", SPEAKS_SSH,
	  SPEAKS_SSH },
	{ "\nHost key verification failed", "host-key-unknown", SPEAKS_SSH, SPEAKS_SSH },
	{ "Could not resolve hostname", "resolve", STARTED, CONNECTING },
	{ "Connection refused", "refused", STARTED, CONNECTING },
	{ "Connection timed out", "unreachable", STARTED, CONNECTING },
	{ "Operation timed out", "unreachable", STARTED, CONNECTING },
	{ "No route to host", "unreachable", STARTED, CONNECTING },
	{ "Network is unreachable", "unreachable", STARTED, CONNECTING },
	{ "debug1: kex_exchange_identification: banner line ", "not-ssh", CONNECTED, CONNECTED },
	{ "during banner exchange", "silent", CONNECTED, CONNECTED },
	{ "kex_exchange_identification", "reset", CONNECTED, HAS_KEY },
	{ "banner exchange: Connection to", "reset", CONNECTED, HAS_KEY },
	{ "UNPROTECTED PRIVATE KEY FILE", "key-mode", SPEAKS_SSH, HAS_KEY },
	{ "Load key \"", "key-bad", SPEAKS_SSH, HAS_KEY },
	{ "debug1: Server accepts key: ", "key-locked", SPEAKS_SSH, HAS_KEY },
	{ "Permission denied (", "denied", SPEAKS_SSH, HAS_KEY },
	{ "Too many authentication failures", "denied", SPEAKS_SSH, HAS_KEY },
	{ "No supported authentication methods", "denied", SPEAKS_SSH, HAS_KEY },
	{ "Connection reset by", "reset", CONNECTING, HAS_KEY },
	{ "Connection closed by", "reset", CONNECTED, HAS_KEY },
};

static const char *find_last(const char *text, const char *words)
{
	const char *last = strstr(text, words);

	for (const char *next = last; next; next = strstr(next + 1, words))
		last = next;
	return last;
}

/* By ProxyJump the lines of two are here: how far the last one has come, the builder's. */
static enum stage stage_of(const char *text)
{
	const char *last = find_last(text, stage_words[SPEAKS_SSH]);
	enum stage stage = HAS_KEY;

	if (last)
		return strstr(last, stage_words[HAS_KEY]) ? HAS_KEY : SPEAKS_SSH;
	while (stage > STARTED && !strstr(text, stage_words[stage]))
		stage--;
	return stage;
}

/* The word behind `before` in the text, up to white space; false: it is not there. */
static bool find_word(const char *text, const char *before, char ret[SAID_WORD_MAX])
{
	const char *at = strstr(text, before);

	ret[0] = '\0';
	if (!at)
		return false;
	at += strlen(before);
	(void)snprintf(ret, SAID_WORD_MAX, "%.*s", (int)strcspn(at, " \t\r\n"), at);
	return *ret != '\0';
}

static void take_line(const char *text, const char *at, char ret[SAID_WORD_MAX])
{
	while (at > text && at[-1] != '\n')
		at--;
	(void)snprintf(ret, SAID_WORD_MAX, "%.*s", (int)strcspn(at, "\r\n"), at);
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* The first or last line that -v has not added. */
static void take_plain(const char *text, bool is_last, char ret[SAID_WORD_MAX])
{
	static const char *const own[] = { "debug", "OpenSSH_", LOGIN,
					   "Transferred: ", "Bytes per second: " };

	for (const char *line = text; *line; line += *line == '\n') {
		size_t len = strcspn(line, "\n");
		bool is_own = strspn(line, " \t\r") == len;

		for (size_t i = 0; i < ARRAY_SIZE(own); i++)
			is_own = is_own || begins(line, own[i]);
		if (!is_own && (is_last || !*ret))
			take_line(text, line, ret);
		line += len;
	}
}

static const char *step_of_time(enum stage stage)
{
	static const char *const steps[STAGES] = {
		[STARTED] = "resolve",  [BY_PROXY] = "proxy",    [CONNECTING] = "unreachable",
		[CONNECTED] = "silent", [SPEAKS_SSH] = "silent", [HAS_KEY] = "silent",
	};

	return steps[stage];
}

static void read_failure(const char *text, enum stage stage, struct ssh_said *ret)
{
	/* the builder itself has not been heard: what the other program has said tells why */
	if (strstr(text, stage_words[BY_PROXY]) &&
	    (strstr(text, "\nkex_exchange_identification: ") || strstr(text, "banner exchange"))) {
		ret->step = "proxy";
		ret->line[0] = '\0';
		take_plain(text, false, ret->line);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(causes); i++) {
		const char *at = strstr(text, causes[i].words);

		if (!at || stage < causes[i].from || stage > causes[i].to)
			continue;
		ret->step = causes[i].step;
		take_line(text, at + (*at == '\n'), ret->line);
		/* ssh's own words for it come after those of -v */
		if (begins(ret->line, "debug"))
			take_plain(text, true, ret->line);
		return;
	}
}

/* "No X host key is known for NAME and", "Host key for NAME has", "Offending X key in FILE:7" */
static void read_host_key(const char *text, struct ssh_said *ret)
{
	static const char shown[] = "debug1: Server host key: ", offending[] = "\nOffending ";
	const char *key = find_last(text, shown), *file = strstr(text, offending);
	char *colon;

	/* TYPE SHA256:... */
	if (key) {
		key += strlen(shown);
		(void)find_word(key + strcspn(key, " \n"), " ", ret->fingerprint);
	}
	if (!find_word(text, " host key is known for ", ret->name))
		(void)find_word(text, "\nHost key for ", ret->name);
	file = file ? strstr(file, " key in ") : NULL;
	if (!file)
		return;
	file += strlen(" key in ");
	(void)snprintf(ret->file, sizeof(ret->file), "%.*s", (int)strcspn(file, "\r\n"), file);
	colon = strrchr(ret->file, ':');
	if (colon)
		*colon = '\0';
}

/* Where the builder has let us in; NULL: it has not. Through another host, that one has before. */
static const char *find_login(const char *text)
{
	bool is_proxied = strstr(text, stage_words[BY_PROXY]) != NULL;
	const char *line = begins(text, LOGIN) ? text : strstr(text, "\n" LOGIN);

	while (line && is_proxied) {
		const char *via = strstr(line, " (via proxy) ");

		if (via && via < line + 1 + strcspn(line + 1, "\n"))
			break;
		line = strstr(line + 1, "\n" LOGIN);
	}
	return line ? line + (*line == '\n') : NULL;
}

void said_read(const char *text, int status, struct ssh_said *ret)
{
	const char *login = find_login(text);
	enum stage stage = stage_of(text);

	*ret = (struct ssh_said){ .step = "other" };
	(void)find_word(text, "debug1: Offering public key: ", ret->key);
	take_plain(login ? login : text, true, ret->line);
	if (login && status == -ETIMEDOUT)
		ret->step = "hangs";
	else if (login &&
		 (status == NO_PROGRAM || (status == NO_EXECUTE && strstr(login, "not found"))))
		ret->step = "not-found";
	else if (login)
		ret->step = "command";
	else if (status == -ETIMEDOUT)
		ret->step = step_of_time(stage);
	else if (status == SSH_FAILED)
		read_failure(text, stage, ret);
	if (begins(ret->step, "host-key"))
		read_host_key(text, ret);
}
