/* SPDX-License-Identifier: MIT */
/*
 * test_said.c - what ssh -v says, and what is read from it: texts that the test's own sshd cannot
 * plant, and servers that write ssh's words themselves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "nix/said.h"

#define BEGIN "OpenSSH_9.2p1, OpenSSL 3.0.19\n"
#define CONNECTS BEGIN "debug1: Connecting to x [192.0.2.1] port 22.\n"
#define ESTABLISHED CONNECTS "debug1: Connection established.\n"
#define SPEAKS ESTABLISHED "debug1: Remote protocol version 2.0, remote software version X\n"
#define SHOWS SPEAKS "debug1: Server host key: ssh-ed25519 SHA256:abc\n"
#define KNOWN SHOWS "debug1: Host 'x' is known and matches the ED25519 host key.\n"
#define LOGIN KNOWN "Authenticated to x ([192.0.2.1]:22) using \"publickey\".\n"
#define CHANGED                                                                     \
	"@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@\n"   \
	"Offending ED25519 key in /k n/known:7\n"                                   \
	"Host key for [x]:22 has changed and you have requested strict checking.\n" \
	"Host key verification failed.\n"
#define DENIED "a@x: Permission denied (publickey).\n"
#define PROXY BEGIN "debug1: Executing proxy command: exec ssh -W '[x]:22' jump\n"
#define JUMPED                                                                                 \
	PROXY "debug1: Connecting to jump [192.0.2.2] port 22.\n"                              \
	      "debug1: Connection established.\ndebug1: Remote protocol version 2.0, remote\n" \
	      "debug1: Server host key: ssh-ed25519 SHA256:jump\n"                             \
	      "debug1: Host 'jump' is known and matches the ED25519 host key.\n"               \
	      "Authenticated to jump ([192.0.2.2]:22) using \"publickey\".\n"
#define CLOSED "kex_exchange_identification: Connection closed by remote host\n"

static const struct {
	const char *text;
	int status;
	const char *step, *line, *fingerprint, *name, *file;
} rows[] = {
	{ BEGIN "ssh: Could not resolve hostname x: Name or service not known\n", 255, "resolve",
	  "ssh: Could not resolve hostname x: Name or service not known", "", "", "" },
	{ BEGIN, -ETIMEDOUT, "resolve", "", "", "", "" },
	{ CONNECTS "debug1: connect to address 192.0.2.1 port 22: Connection refused\n"
		   "ssh: connect to host x port 22: Connection refused\n",
	  255, "refused", "ssh: connect to host x port 22: Connection refused", "", "", "" },
	{ CONNECTS "ssh: connect to host x port 22: No route to host\n", 255, "unreachable",
	  "ssh: connect to host x port 22: No route to host", "", "", "" },
	{ CONNECTS, -ETIMEDOUT, "unreachable", "", "", "", "" },
	{ ESTABLISHED, -ETIMEDOUT, "silent", "", "", "", "" },
	{ ESTABLISHED "kex_exchange_identification: read: Connection reset by peer\n", 255, "reset",
	  "kex_exchange_identification: read: Connection reset by peer", "", "", "" },
	{ ESTABLISHED "debug1: kex_exchange_identification: banner line 0: HTTP/1.1 400\n" CLOSED,
	  255, "not-ssh", CLOSED, "", "", "" },
	{ SHOWS "No ED25519 host key is known for [x]:22 and you have requested strict checking.\n"
		"Host key verification failed.\n",
	  255, "host-key-unknown", "Host key verification failed.", "SHA256:abc", "[x]:22", "" },
	{ SHOWS CHANGED, 255, "host-key-changed",
	  "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @", "SHA256:abc", "[x]:22",
	  "/k n/known" },
	{ KNOWN DENIED, 255, "denied", "a@x: Permission denied (publickey).", "", "", "" },
	{ KNOWN "Load key \"/k\": invalid format\n" DENIED, 255, "key-bad",
	  "Load key \"/k\": invalid format", "", "", "" },
	{ KNOWN "debug1: Server accepts key: /k ED25519 SHA256:x\n" DENIED, 255, "key-locked",
	  "a@x: Permission denied (publickey).", "", "", "" },
	{ LOGIN "bash: line 1: nix-store: command not found\n", 127, "not-found",
	  "bash: line 1: nix-store: command not found", "", "", "" },
	{ LOGIN "Transferred: sent 1, received 2 bytes\nBytes per second: sent 1\n"
		"debug1: Exit status 1\n",
	  1, "command", "", "", "", "" },
	{ LOGIN, -ETIMEDOUT, "hangs", "", "", "", "" },
	{ LOGIN "y\ny\n", -EFBIG, "command", "y", "", "", "" },
	{ SPEAKS "Unable to negotiate with 192.0.2.1 port 22: no matching key exchange method\n",
	  255, "other",
	  "Unable to negotiate with 192.0.2.1 port 22: no matching key exchange method", "", "",
	  "" },
	/* a server that writes ssh's words: its software's name, its banner, its shell */
	{ ESTABLISHED "debug1: Remote protocol version 2.0, remote software version "
		      "REMOTE HOST IDENTIFICATION HAS CHANGED Host key verification failed\n"
		      "Connection closed by 192.0.2.1 port 22\n",
	  255, "reset", "Connection closed by 192.0.2.1 port 22", "", "", "" },
	{ KNOWN CHANGED DENIED, 255, "denied", "a@x: Permission denied (publickey).", "", "", "" },
	{ LOGIN CHANGED, 255, "command", "Host key verification failed.", "", "", "" },
	{ LOGIN "ssh: connect to host x port 22: Connection refused\n", 255, "command",
	  "ssh: connect to host x port 22: Connection refused", "", "", "" },
	/* through another host */
	{ PROXY CLOSED "Connection closed by UNKNOWN port 65535\n", 255, "proxy", CLOSED, "", "",
	  "" },
	{ PROXY "a@jump: Permission denied (publickey).\n" CLOSED, 255, "proxy",
	  "a@jump: Permission denied (publickey).", "", "", "" },
	{ JUMPED "debug1: Remote protocol version 2.0, remote\n"
		 "debug1: Server host key: ssh-ed25519 SHA256:abc\n"
		 "No ED25519 host key is known for x and you have requested strict checking.\n"
		 "Host key verification failed.\n",
	  255, "host-key-unknown", "Host key verification failed.", "SHA256:abc", "x", "" },
	{ JUMPED "debug1: Remote protocol version 2.0, remote\n"
		 "debug1: Host 'x' is known and matches the ED25519 host key.\n" DENIED,
	  255, "denied", "a@x: Permission denied (publickey).", "", "", "" },
	{ JUMPED "debug1: Remote protocol version 2.0, remote\n"
		 "debug1: Host 'x' is known and matches the ED25519 host key.\n"
		 "Authenticated to x (via proxy) using \"publickey\".\n",
	  1, "command", "", "", "", "" },
	/* of nothing, nothing is known */
	{ "", 255, "other", "", "", "", "" },
	{ "ssh: killed\n", 256 + 9, "other", "ssh: killed", "", "", "" },
};

static void check_text(size_t row, const char *what, const char *got, const char *want)
{
	size_t len = strcspn(want, "\n");

	if (strlen(got) != len || memcmp(got, want, len) != 0)
		fail_msg("row %zu: %s is '%s', should be '%s'", row, what, got, want);
}

static void each_failure_is_told_by_how_far_ssh_has_come(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ssh_said said;

		said_read(rows[i].text, rows[i].status, &said);
		check_text(i, "the step", said.step, rows[i].step);
		check_text(i, "the line", said.line, rows[i].line);
		check_text(i, "the fingerprint", said.fingerprint, rows[i].fingerprint);
		check_text(i, "the name", said.name, rows[i].name);
		check_text(i, "the file", said.file, rows[i].file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_failure_is_told_by_how_far_ssh_has_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
