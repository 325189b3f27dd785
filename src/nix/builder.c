/* SPDX-License-Identifier: MIT */
/*
 * builder.c - a remote builder: one ssh, as Nix would start it, and the first words of Nix's
 * protocol.
 *
 * ssh is asked once. OpenSSH 9.8 and later answer who failed to log in with resets for a while, so
 * a second try would find another cause than the first. What is started there is what Nix starts
 * (nix-store --serve --write, or nix-daemon --stdio), and it gets Nix's greeting and no more: so a
 * forced command that is right is found right, and whatever else prints before it is found.
 *
 * Our options stand first, where ssh takes the first of each: no password is asked for, no host
 * key is added or learned, no master connection is left behind, no forwarding, no local command.
 * Then what NIX_SSHOPTS says, as words. Nothing goes through a shell here.
 *
 * Why it failed is told by what ssh -v said (said.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "doctor/child.h"
#include "doctor/nix_run.h"
#include "elf/root.h"
#include "nix/nix.h"
#include "nix/said.h"
#include "sys/calls.h"
#include "sys/fd.h"
#include "sys/path.h"

#define SAID_MAX ((size_t)128 * 1024) /* of ssh -v: some 10 KiB */
#define ANSWER_MAX ((size_t)64 * 1024)
#define ARGS_MAX 64
#define GREETING_LEN 16U /* two numbers of 64 bits: the magic one, the version */
#define LIMIT_MS (NIX_ANSWER_MS + 1500) /* ssh's own limit is the one that words the cause */
#define PUBLIC_KEY_MAX ((size_t)16 * 1024)
#define WORD_MAX 1024
#define BANNER_TOLD 100
#define BLANKS " \t\n"

/* The two greetings: what is sent, and how the answer begins. Little endian, 8 bytes a number. */
static const unsigned char serve_hello[16] = { 0xeb, 0x9d, 0x0c, 0x39, 0, 0, 0, 0, 0x06, 0x02 };
static const unsigned char serve_answer[8] = { 0xcb, 0xee, 0x52, 0x54 };
static const unsigned char daemon_hello[16] = { 0x63, 0x78, 0x69, 0x6e, 0, 0, 0, 0, 0x20, 0x01 };
static const unsigned char daemon_answer[8] = { 0x6f, 0x69, 0x78, 0x64 };

struct call {
	const struct probe_context *context;
	const struct nix_machine *machine;
	char shown[NIX_URL_MAX];
	char ssh[PATH_MAX], known_hosts[PATH_MAX + 64];
	char port[16], destination[WORD_MAX], program[WORD_MAX];
	char *args[ARGS_MAX];
	size_t n_args, n_words; /* n_words: before what is always added */
	struct buf out, err;
	int status;
};

static void report(const struct call *call, const char *step, const char *text)
{
	report_of(call->context, OBS_NIX_BUILDER, call->shown, *step ? OBS_NO : OBS_YES, step,
		  call->status < 0 ? -call->status : 0,
		  call->status < 0 ? OBS_NO_VALUE : call->status, text);
}

/* The user's name stays, a password goes. */
static void show_uri(struct call *call)
{
	const struct nix_machine *machine = call->machine;

	if (machine->is_ssh && !*machine->fault)
		(void)snprintf(call->shown, sizeof(call->shown), "%s%.*s%s%s%s%s",
			       machine->is_ng ? "ssh-ng://" : "ssh://",
			       (int)strcspn(machine->user, ":"), machine->user,
			       *machine->user ? "@" : "", machine->host, *machine->port ? ":" : "",
			       machine->port);
	else
		url_public(machine->uri, call->shown);
}

/* False: too many. The words are not changed by execve. */
static bool add(struct call *call, const char *word)
{
	if (call->n_args + 1 >= ARGS_MAX)
		return false;
	call->args[call->n_args] = strdup(word);
	return call->args[call->n_args] && call->args[++call->n_args] == NULL;
}

/* A file with the key that the machine's line has for the host, as Nix makes it. */
static bool write_host_key(struct call *call, unsigned number)
{
	char key[4096], line[8192];
	AUTO_FD int fd = -1;
	char path[PATH_MAX + 32];
	int len;

	if (base64_decode(call->machine->host_key, key, sizeof(key)) <= 0)
		return false;
	(void)snprintf(path, sizeof(path), "%s/host-key-%u", call->context->tmp, number);
	len = snprintf(line, sizeof(line), "%s %s\n", call->machine->host, key);
	fd = sys_openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || fd_write_all(fd, line, (size_t)len) < 0)
		return false;
	(void)snprintf(call->known_hosts, sizeof(call->known_hosts), "-oUserKnownHostsFile=%s",
		       path);
	return true;
}

static bool add_words(struct call *call, const char *text)
{
	char word[WORD_MAX];

	while (text && *text) {
		size_t len;

		text += strspn(text, BLANKS);
		len = strcspn(text, BLANKS);
		if (len >= sizeof(word))
			return false;
		(void)snprintf(word, sizeof(word), "%.*s", (int)len, text);
		if (len && !add(call, word))
			return false;
		text += len;
	}
	return true;
}

static const char *const first[] = {
	"ssh",
	"-T",
	"-x",
	"-a",
	"-oBatchMode=yes",
	"-oConnectTimeout=5",
	"-oConnectionAttempts=1",
	"-oNumberOfPasswordPrompts=0",
	"-oStrictHostKeyChecking=yes",
	"-oUpdateHostKeys=no",
	"-oControlMaster=no",
	"-oControlPath=none",
	"-oPermitLocalCommand=no",
	"-oClearAllForwardings=yes",
};

static bool make_args(struct call *call, unsigned number)
{
	const struct nix_machine *machine = call->machine;

	for (size_t i = 0; i < ARRAY_SIZE(first); i++)
		if (!add(call, first[i]))
			return false;
	if (!add_words(call, nix_env_find(environ, "NIX_SSHOPTS")))
		return false;
	if (*machine->key && (!add(call, "-i") || !add(call, machine->key)))
		return false;
	if (*machine->host_key && (!write_host_key(call, number) || !add(call, call->known_hosts)))
		return false;
	(void)snprintf(call->port, sizeof(call->port), "-p%s", machine->port);
	if (*machine->port && !add(call, call->port))
		return false;
	(void)snprintf(call->destination, sizeof(call->destination), "%s%s%s", machine->user,
		       *machine->user ? "@" : "", machine->host);
	(void)snprintf(call->program, sizeof(call->program), "%s",
		       *machine->program ? machine->program
		       : machine->is_ng  ? "nix-daemon"
					 : "nix-store");
	call->n_words = call->n_args;
	/* last, so that it counts and no -q before it */
	return add(call, "-v") && add(call, "--") && add(call, call->destination) &&
	       add(call, call->program) && add(call, machine->is_ng ? "--stdio" : "--serve") &&
	       (machine->is_ng || add(call, "--write"));
}

/* A copy of the environment in which C's messages are English. */
static char **make_environment(char *all)
{
	size_t n = 0, to = 0;
	char **copy;

	while (environ[n])
		n++;
	copy = calloc(n + 2, sizeof(*copy));
	for (size_t i = 0; copy && i < n; i++)
		if (strncmp(environ[i], "LC_ALL=", strlen("LC_ALL=")) != 0)
			copy[to++] = environ[i];
	if (copy)
		copy[to] = all;
	return copy;
}

/* What to type to reach it as it was tried, for mends: "ssh -i KEY -p PORT USER@HOST". */
static void report_words(const struct call *call)
{
	AUTO_BUF struct buf words = BUF_INIT(OBS_TEXT_MAX);

	buf_puts(&words, first[0]);
	for (size_t i = ARRAY_SIZE(first); i < call->n_words; i++)
		/* a file that is ours, and gone when this is read */
		if (strcmp(call->args[i], call->known_hosts) != 0) {
			buf_putc(&words, ' ');
			text_word(&words, call->args[i]);
		}
	buf_printf(&words, " %s", call->destination);
	if (!buf_error(&words))
		report_of(call->context, OBS_NIX_BUILDER_SSH, call->shown, OBS_YES, "", 0,
			  OBS_NO_VALUE, buf_text(&words));
}

/* The key that was shown, and what takes another one of that name out of known hosts. */
static void report_host_key(const struct call *call, const struct ssh_said *said)
{
	AUTO_BUF struct buf words = BUF_INIT(OBS_TEXT_MAX);

	if (!*said->fingerprint)
		return;
	if (*said->name && *said->file) {
		buf_puts(&words, "ssh-keygen -R ");
		text_word(&words, said->name);
		buf_puts(&words, " -f ");
		text_word(&words, said->file);
	}
	report_of(call->context, OBS_NIX_HOST_KEY, call->shown, OBS_YES, said->fingerprint, 0,
		  *call->machine->host_key != '\0', buf_error(&words) ? "" : buf_text(&words));
}

/* The public half of the key that was offered, if it lies beside it. */
static void report_key(const struct call *call, const char *offered)
{
	const struct root root = { .fd = -1, .path = "/" };
	char path[SAID_WORD_MAX + 8];
	char *text = NULL;

	if (*call->machine->key)
		offered = call->machine->key;
	(void)snprintf(path, sizeof(path), "%s.pub", offered);
	if (!*offered || root_read_file(&root, path, PUBLIC_KEY_MAX, &text) < 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	if (!strncmp(text, "ssh-", 4) || !strncmp(text, "ecdsa-", 6) || !strncmp(text, "sk-", 3))
		report_of(call->context, OBS_NIX_BUILDER_KEY, call->shown, OBS_YES, "", 0,
			  OBS_NO_VALUE, text);
	free(text);
}

/* Of a denial: a key that was not offered is not one that is not authorised. */
static const char *denied_step(const struct call *call, const struct ssh_said *said)
{
	const char *key = call->machine->key;
	int r = *key ? sys_faccessat(AT_FDCWD, key, R_OK) : 0;

	if (r == -EACCES)
		return "key-denied";
	if (r < 0)
		return "key-file";
	return *key || *said->key ? "denied" : "no-key";
}

static bool is_greeting(const struct call *call)
{
	const unsigned char *answer = call->machine->is_ng ? daemon_answer : serve_answer;

	return call->out.len >= GREETING_LEN && !memcmp(buf_text(&call->out), answer, 8);
}

static void report_banner(const struct call *call)
{
	const char *out = buf_text(&call->out);
	char text[WORD_MAX];

	size_t len = strcspn(out, "\n");

	(void)snprintf(text, sizeof(text), "its output begins with '%.*s'",
		       (int)(len < BANNER_TOLD ? len : BANNER_TOLD), out);
	report(call, "banner", text);
}

static void report_failure(const struct call *call, const struct ssh_said *said)
{
	AUTO_BUF struct buf text = BUF_INIT((size_t)2 * WORD_MAX);
	const char *step = strcmp(said->step, "denied") != 0 ? said->step : denied_step(call, said);

	if (!strncmp(step, "key-", 4)) {
		text_word(&text, *call->machine->key ? call->machine->key : said->key);
	} else {
		buf_puts(&text, said->line);
		if (*said->line)
			buf_puts(&text, "; ");
		if (call->status == -ETIMEDOUT)
			buf_printf(&text, "no end in %.1f s", LIMIT_MS / 1000.0);
		else if (call->status < 0)
			buf_puts(&text, errno_text(-call->status));
		else
			buf_printf(&text, "exit status %d", call->status);
	}
	report(call, step, buf_text(&text));
}

static void judge(struct call *call)
{
	const struct nix_machine *machine = call->machine;
	struct ssh_said said;

	said_read(buf_text(&call->err), call->status, &said);
	report_words(call);
	report_host_key(call, &said);
	report_key(call, said.key);
	if (is_greeting(call))
		report(call, "", machine->is_ng ? "nix-daemon greets" : "nix-store greets");
	else if (call->out.len > 0)
		report_banner(call);
	else
		report_failure(call, &said);
}

static void run(struct call *call)
{
	char all[] = "LC_ALL=C";
	char **envp = make_environment(all);
	const struct nix_run how = {
		.file = call->ssh,
		.argv = call->args,
		.envp = envp,
		.input = call->machine->is_ng ? daemon_hello : serve_hello,
		.input_len = sizeof(serve_hello),
		.answer_len = GREETING_LEN,
		.limit_ms = LIMIT_MS,
	};

	if (!envp) {
		report(call, "other", "no memory");
		return;
	}
	buf_init(&call->out, ANSWER_MAX);
	buf_init(&call->err, SAID_MAX);
	call->status = nix_run(&how, &call->out, &call->err);
	judge(call);
	buf_done(&call->out);
	buf_done(&call->err);
	free(envp);
}

/* A FIFO, which ssh would wait for. */
static bool is_no_file(const char *key)
{
	struct stat st;

	return *key && sys_fstatat(AT_FDCWD, key, &st, 0) == 0 && !S_ISREG(st.st_mode);
}

void builder_ask(const struct probe_context *context, const struct nix_world *world,
		 const struct nix_machine *machine, unsigned number)
{
	static const struct ssh_said no_file = { .step = "key-bad" };
	struct call call = { .context = context, .machine = machine };

	show_uri(&call);
	if (*machine->fault)
		report(&call, "form", machine->fault);
	else if (!machine->is_ssh)
		report_of(context, OBS_NIX_BUILDER, call.shown, OBS_BROKEN, "scheme", 0,
			  OBS_NO_VALUE, "only ssh and ssh-ng are asked");
	else if (!nix_find_program(world->env.path, "ssh", call.ssh))
		report(&call, "program", "");
	else if (is_no_file(machine->key))
		report_failure(&call, &no_file);
	else if (!make_args(&call, number))
		report(&call, "form", "it has more words than can be passed on, or a bad host key");
	else
		run(&call);
	for (size_t i = 0; i < call.n_args; i++)
		free(call.args[i]);
}
