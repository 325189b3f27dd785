/* SPDX-License-Identifier: MIT */
/*
 * conceal.c - logins in URLs.
 *
 * What the doctor sees is saved, and sent to somebody else with a report of a trouble. Settings and
 * answers of servers have URLs, and these may have passwords (RFC 3986, section 3.2.1) or tokens
 * that stand for one. Every text of a set of observations goes through here as it is added, so no
 * probe has to think of it. Of ssh's URLs the user is needed, and is no secret.
 */
#include "doctor/conceal.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

#define HIDDEN "***"
#define ENDS " \t\r\n\"'<>" /* of a URL in a text */

static bool is_ssh(const char *text, const char *colon)
{
	return (colon - text >= 3 && !strncasecmp(colon - 3, "ssh", 3)) ||
	       (colon - text >= 6 && !strncasecmp(colon - 6, "ssh-ng", 6));
}

/* Of the authority, `len` bytes: host and port, and what may be seen of the login. */
static void add_authority(struct buf *buf, const char *text, size_t len, bool has_user)
{
	size_t at = len, user;

	while (at > 0 && text[at - 1] != '@')
		at--;
	user = at ? strcspn(text, ":@") : 0;
	if (at && has_user) {
		buf_add(buf, text, user);
		buf_puts(buf, user + 1 < at ? ":" HIDDEN "@" : "@");
	} else if (at) {
		buf_puts(buf, HIDDEN "@");
	}
	buf_add(buf, text + at, len - at);
}

static bool is_secret(const char *name, size_t len)
{
	static const char *const words[] = { "token", "pass", "secret", "sig", "auth", "cred" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		for (size_t at = 0; at + strlen(words[i]) <= len; at++)
			if (!strncasecmp(name + at, words[i], strlen(words[i])))
				return true;
	return false;
}

/* "?a=b&c=d": a value that is a path tells where a secret is, not which. */
static void add_parameters(struct buf *buf, const char *text, size_t len)
{
	while (len) {
		size_t one = 1, name;

		while (one < len && text[one] != '&')
			one++;
		name = 0;
		while (name < one && text[name] != '=')
			name++;
		if (name + 1 < one && text[name + 1] != '/' && is_secret(text, name)) {
			buf_add(buf, text, name + 1);
			buf_puts(buf, HIDDEN);
		} else {
			buf_add(buf, text, one);
		}
		text += one;
		len -= one;
	}
}

void conceal_urls(struct buf *buf, const char *text)
{
	const char *mark;

	while ((mark = strstr(text, "://"))) {
		const char *authority = mark + 3;
		size_t host = strcspn(authority, "/?#" ENDS), all = strcspn(authority, ENDS);
		size_t path = host + strcspn(authority + host, "?" ENDS);

		buf_add(buf, text, (size_t)(authority - text));
		add_authority(buf, authority, host, is_ssh(text, mark));
		buf_add(buf, authority + host, path - host);
		add_parameters(buf, authority + path, all - path);
		text = authority + all;
	}
	buf_puts(buf, text);
}
