/* SPDX-License-Identifier: MIT */
/*
 * machines.c - reads the lines of remote builders as Nix does; nothing in a line is executed.
 *
 * User and host go to ssh as one word behind "--": neither may begin with a '-' (Nix refuses that
 * too), and of the others only what a name can have is taken.
 */
#include "nix/machines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"

#define BLANKS " \t\n\r"

enum field { URI, SYSTEMS, KEY, JOBS, SPEED, FEATURES, MANDATORY, HOST_KEY, FIELDS };

struct reading {
	struct arena *arena;
	struct nix_machine *machines;
	size_t n, capacity;
	machines_reader reader;
	void *context;
	unsigned depth;
};

/* Where a host may end: no space, quote or control character gets to ssh. */
static bool is_name(const char *text)
{
	for (; *text; text++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%+@",
			    *text))
			return false;
	return true;
}

static int hex(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;
	int n = at ? (int)(at - digits) : -1;

	return n > 15 ? n - 6 : n;
}

/* "%2F" to "/", in place; a NUL is left as it is written. */
static char *decode(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		int high = *from == '%' ? hex(from[1]) : -1, low = high < 0 ? -1 : hex(from[2]);

		if (low >= 0 && (high || low)) {
			*to++ = (char)(high * 16 + low);
			from += 2;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
	return text;
}

static void take_parameters(struct nix_machine *machine, char *text)
{
	static const char key[] = "ssh-key=", program[] = "remote-program=",
			  host_key[] = "base64-ssh-public-host-key=";

	while (text && *text) {
		char *next = strchr(text, '&');

		if (next)
			*next++ = '\0';
		if (!strncmp(text, key, strlen(key)))
			machine->key = decode(text + strlen(key));
		else if (!strncmp(text, program, strlen(program)))
			machine->program = decode(text + strlen(program));
		else if (!strncmp(text, host_key, strlen(host_key)))
			machine->host_key = decode(text + strlen(host_key));
		text = next;
	}
}

/* "[user@]host[:port]", of which nothing is left out of what ssh gets. */
static void take_authority(struct nix_machine *machine, char *text)
{
	char *at = strrchr(text, '@'), *colon;

	if (at) {
		*at = '\0';
		machine->user = text;
		text = at + 1;
	}
	if (*text == '[') {
		char *end = strchr(++text, ']');

		if (!end) {
			machine->fault = "a '[' without ']'";
			return;
		}
		*end = '\0';
		colon = end[1] == ':' ? end + 1 : NULL;
	} else {
		colon = strrchr(text, ':');
		/* several: an address, not a port */
		if (colon && strchr(text, ':') != colon)
			colon = NULL;
	}
	if (colon) {
		*colon = '\0';
		machine->port = colon + 1;
	}
	machine->host = text;
}

static void check_authority(struct nix_machine *machine)
{
	uint64_t port;

	if (*machine->fault)
		return;
	if (!*machine->host)
		machine->fault = "no host";
	else if (*machine->host == '-' || *machine->user == '-')
		machine->fault = "a user or host that begins with '-'";
	else if (!is_name(machine->host) || !is_name(machine->user))
		machine->fault = "a user or host that is no name";
	else if (*machine->port && num_parse(machine->port, 1, 65535, &port) < 0)
		machine->fault = "the port is no number";
}

static int take_uri(struct arena *arena, struct nix_machine *machine, const char *word)
{
	static const char ssh[] = "ssh://", ng[] = "ssh-ng://";
	bool is_local = strchr(word, '/') || !strcmp(word, "auto") || !strcmp(word, "daemon") ||
			!strcmp(word, "local");
	char *copy, *parameters;

	machine->uri = strstr(word, "://") || is_local ? arena_strdup(arena, word)
						       : arena_printf(arena, "%s%s", ssh, word);
	if (!machine->uri)
		return -ENOMEM;
	machine->is_ng = !strncmp(machine->uri, ng, strlen(ng));
	machine->is_ssh = machine->is_ng || !strncmp(machine->uri, ssh, strlen(ssh));
	if (!machine->is_ssh)
		return 0;
	copy = arena_strdup(arena, machine->uri + strlen(machine->is_ng ? ng : ssh));
	if (!copy)
		return -ENOMEM;
	parameters = strchr(copy, '?');
	if (parameters)
		*parameters++ = '\0';
	copy[strcspn(copy, "/")] = '\0';
	take_authority(machine, copy);
	check_authority(machine);
	take_parameters(machine, parameters);
	return 0;
}

/* Cuts a line into words. */
static size_t split(char *line, char *words[FIELDS])
{
	size_t n = 0;

	while (n < FIELDS) {
		size_t len;

		line += strspn(line, BLANKS);
		len = strcspn(line, BLANKS);
		if (!len)
			break;
		words[n++] = line;
		line += len;
		if (*line)
			*line++ = '\0';
	}
	return n;
}

static bool is_set(char *const words[FIELDS], size_t n, enum field field)
{
	return field < n && strcmp(words[field], "-") != 0;
}

static bool is_number(const char *text, bool may_have_dot)
{
	size_t digits = strspn(text, "0123456789");

	if (may_have_dot && text[digits] == '.')
		return strspn(text + digits + 1, "0123456789") == strlen(text + digits + 1);
	return digits > 0 && !text[digits];
}

static int add_machine(struct reading *reading, char *line)
{
	struct nix_machine machine = { .user = "",
				       .host = "",
				       .port = "",
				       .key = "",
				       .program = "",
				       .host_key = "",
				       .fault = "" };
	char *words[FIELDS], decoded[4096];
	size_t n = split(line, words);
	int r;

	if (!n)
		return 0;
	if (reading->n >= MACHINES_MAX)
		return -E2BIG;
	reading->machines = arena_grow(reading->arena, reading->machines, reading->n,
				       &reading->capacity, sizeof(machine));
	r = reading->machines ? take_uri(reading->arena, &machine, words[URI]) : -ENOMEM;
	if (r < 0)
		return r;
	if (is_set(words, n, KEY))
		machine.key = arena_strdup(reading->arena, words[KEY]);
	if (is_set(words, n, HOST_KEY))
		machine.host_key = arena_strdup(reading->arena, words[HOST_KEY]);
	if (!machine.key || !machine.host_key)
		return -ENOMEM;
	if (is_set(words, n, JOBS) && !is_number(words[JOBS], false))
		machine.fault = "the fourth word, the number of jobs, is no number";
	else if (is_set(words, n, SPEED) && !is_number(words[SPEED], true))
		machine.fault = "the fifth word, the speed, is no number";
	else if (*machine.host_key && base64_decode(machine.host_key, decoded, sizeof(decoded)) < 0)
		machine.fault = "the eighth word, the host key, is not base64";
	reading->machines[reading->n++] = machine;
	return 0;
}

static int read_text(struct reading *reading, char *text);

static int read_file(struct reading *reading, const char *path)
{
	AUTO_FREE char *data = NULL;
	long len;
	int r;

	if (reading->depth >= MACHINES_DEPTH_MAX)
		return -E2BIG;
	len = reading->reader(reading->context, path, &data);
	if (len < 0)
		return len == -ENOMEM ? -ENOMEM : 0; /* Nix takes a missing file for an empty one */
	reading->depth++;
	r = read_text(reading, data);
	reading->depth--;
	return r;
}

static int read_entry(struct reading *reading, char *entry)
{
	size_t len;

	entry += strspn(entry, BLANKS);
	if (*entry != '@')
		return add_machine(reading, entry);
	entry++;
	entry += strspn(entry, BLANKS);
	len = strlen(entry);
	while (len && strchr(BLANKS, entry[len - 1]))
		entry[--len] = '\0';
	return read_file(reading, entry);
}

static int read_text(struct reading *reading, char *text)
{
	int r = 0;

	while (*text && r == 0) {
		char *end = text + strcspn(text, "\n"), *entry = text;

		text = *end ? end + 1 : end;
		*end = '\0';
		entry[strcspn(entry, "#")] = '\0';
		while (*entry && r == 0) {
			char *next = entry + strcspn(entry, ";");

			if (*next)
				*next++ = '\0';
			r = read_entry(reading, entry);
			entry = next;
		}
	}
	return r;
}

int machines_parse(struct arena *arena, const char *builders, machines_reader reader, void *context,
		   struct nix_machine **ret_machines, size_t *ret_n)
{
	struct reading reading = { .arena = arena, .reader = reader, .context = context };
	AUTO_FREE char *text = strdup(builders);
	int r = text ? read_text(&reading, text) : -ENOMEM;

	if (r == -ENOMEM)
		return r;
	*ret_machines = reading.machines;
	*ret_n = reading.n;
	return r;
}

int base64_decode(const char *text, char *ret, size_t size)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strcspn(text, "="), n = 0;
	unsigned bits = 0, n_bits = 0;

	if (strspn(text + len, "=") != strlen(text + len) || strlen(text + len) > 2)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		const char *at = strchr(digits, text[i]);

		if (!at || n + 1 >= size)
			return -EINVAL;
		bits = (bits << 6 | (unsigned)(at - digits)) & 0xffffU;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			ret[n++] = (char)(bits >> n_bits & 0xffU);
		}
	}
	ret[n] = '\0';
	return (int)n;
}
