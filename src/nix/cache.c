/* SPDX-License-Identifier: MIT */
/*
 * cache.c - binary caches: one GET of nix-cache-info each, all at once, none twice.
 *
 * A cache is whatever nix.conf names: its answer is an enemy's. At most ANSWER_MAX bytes of it are
 * taken, redirections are few and stay with HTTP, and 5 seconds are the end of it. What it said is
 * looked for one line; the rest is thrown away.
 *
 * The login of the file that netrc-file names is sent where Nix sends it: to the host that the file
 * names, with the first request. Without it a cache that wants one could not be told from one that
 * does not take it. No login is ever shown, nor what stands behind a '?' in a URL.
 *
 * The proxy is chosen here, by the variables and in the order that curl has, so that the one that
 * was used can be named: "http_proxy" is read in small letters only (CVE-2016-5385).
 */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "doctor/child.h"
#include "elf/root.h"
#include "nix/nix.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define ANSWER_MAX ((size_t)64 * 1024) /* a nix-cache-info has 100 bytes */
#define REDIRECTS_MAX 5L
#define POLL_MS 200
#define INFO "nix-cache-info"
#define SAID_SIZE 600
#define FILE_MAX ((off_t)16 << 20) /* a netrc, a list of authorities: 200 KiB */

struct asked {
	const char *url; /* as Nix has it */
	char target[NIX_URL_MAX + sizeof(INFO) + 1];
	char shown[NIX_URL_MAX]; /* for reports */
	CURL *easy;
	char answer[ANSWER_MAX + 1];
	size_t len;
	bool is_cut, is_connected, has_login; /* has_login: one was sent */
	char error[CURL_ERROR_SIZE];
	const char *proxy_name, *proxy; /* NULL: none */
	char proxy_shown[NIX_URL_MAX];
};

struct round {
	const struct probe_context *context;
	const char *store_dir, *ca_file, *netrc;
	int netrc_errnum; /* why that is NULL; 0: it is not there */
	struct asked *asked;
	size_t n;
	CURLM *multi;
};

void url_public(const char *url, char ret[NIX_URL_MAX])
{
	const char *authority = strstr(url, "://");
	size_t head = authority ? (size_t)(authority - url) + 3 : 0;
	size_t len = strcspn(url + head, "/?#");
	const char *at = NULL;

	for (size_t i = head; i < head + len; i++)
		if (url[i] == '@')
			at = url + i;
	at = at ? at + 1 : url + head;
	(void)snprintf(ret, NIX_URL_MAX, "%.*s%.*s", (int)head, url, (int)strcspn(at, "?#"), at);
}

/* Schemes are the same in capitals (RFC 3986). */
static bool is_scheme(const char *url, const char *scheme)
{
	return !strncasecmp(url, scheme, strlen(scheme));
}

static size_t take_answer(char *data, size_t size, size_t n, void *arg)
{
	struct asked *asked = arg;
	size_t len = size * n, room = ANSWER_MAX - asked->len;

	if (len > room) {
		asked->is_cut = true;
		return 0;
	}
	memcpy(asked->answer + asked->len, data, len);
	asked->len += len;
	asked->answer[asked->len] = '\0';
	return len;
}

/* Only that a login is sent is of interest of what is sent. */
static int see_sent(CURL *easy, curl_infotype type, char *data, size_t size, void *arg)
{
	static const char header[] = "\nAuthorization:";
	struct asked *asked = arg;

	(void)easy;
	for (size_t i = 0; type == CURLINFO_HEADER_OUT && i + strlen(header) <= size; i++)
		if (!strncasecmp(data + i, header, strlen(header)))
			asked->has_login = true;
	return 0;
}

/* libcurl tells of a connection only when TLS stands too: the socket knows it before. */
static int close_socket(void *arg, curl_socket_t fd)
{
	struct pollfd look = { .fd = fd, .events = POLLOUT };
	struct asked *asked = arg;

	if (sys_ppoll(&look, 1, 0) == 1 && look.revents == POLLOUT)
		asked->is_connected = true;
	fd_close(&fd);
	return 0;
}

/* One entry of no_proxy: "*", a host, or a domain's end. */
static bool is_excepted(const char *list, const char *host, size_t len)
{
	while (list && *list) {
		size_t size;

		list += strspn(list, ", \t");
		size = strcspn(list, ", \t");
		if (size == 1 && *list == '*')
			return true;
		if (size && *list == '.') {
			list++;
			size--;
		}
		if (size && len >= size && !strncasecmp(host + len - size, list, size) &&
		    (len == size || host[len - size - 1] == '.'))
			return true;
		list += size;
	}
	return false;
}

static void choose_proxy(struct asked *asked)
{
	static const char *const secure[] = { "https_proxy", "HTTPS_PROXY", "all_proxy",
					      "ALL_PROXY", NULL };
	static const char *const plain[] = { "http_proxy", "all_proxy", "ALL_PROXY", NULL };
	const char *const *names = is_scheme(asked->url, "https:") ? secure : plain;
	const char *host = strstr(asked->shown, "://"), *none;
	size_t len;

	host = host ? host + 3 : asked->shown;
	len = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
	none = nix_env_find(environ, "no_proxy");
	if (!none)
		none = nix_env_find(environ, "NO_PROXY");
	if (is_excepted(none, host, len))
		return;
	for (; *names && !asked->proxy; names++) {
		const char *value = nix_env_find(environ, *names);

		if (value && *value) {
			asked->proxy_name = *names;
			asked->proxy = value;
			url_public(value, asked->proxy_shown);
		}
	}
}

static long count_redirects(const struct asked *asked)
{
	long n = 0;

	if (asked->easy)
		(void)curl_easy_getinfo(asked->easy, CURLINFO_REDIRECT_COUNT, &n);
	return n;
}

static void report(const struct round *round, const struct asked *asked, const char *step,
		   int errnum, long status, const char *said)
{
	char text[SAID_SIZE + 2 * NIX_URL_MAX], last[NIX_URL_MAX] = "";
	char *url = NULL;

	if (count_redirects(asked) > 0 &&
	    curl_easy_getinfo(asked->easy, CURLINFO_EFFECTIVE_URL, &url) == CURLE_OK && url)
		url_public(url, last);
	(void)snprintf(text, sizeof(text), "%s%s%s%s%s%s%s", said, *last ? "; redirected to " : "",
		       last, asked->proxy ? "; through " : "",
		       asked->proxy ? asked->proxy_name : "", asked->proxy ? "=" : "",
		       asked->proxy ? asked->proxy_shown : "");
	report_of(round->context, OBS_NIX_CACHE, asked->shown, *step ? OBS_NO : OBS_YES, step,
		  errnum, status ? status : OBS_NO_VALUE, text);
}

/* The value of a line of the answer, "StoreDir: /nix/store"; false: no such line. */
static bool find_line(const char *answer, const char *name, char *ret, size_t size)
{
	size_t len = strlen(name);

	while (*answer) {
		size_t end = strcspn(answer, "\n");

		if (end > len && !strncmp(answer, name, len) && answer[len] == ':') {
			const char *value = answer + len + 1;
			size_t n;

			value += strspn(value, " \t");
			n = strcspn(value, " \t\r\n");
			(void)snprintf(ret, size, "%.*s", (int)n, value);
			return true;
		}
		answer += end + (answer[end] != '\0');
	}
	return false;
}

static void judge_answer(const struct round *round, const struct asked *asked, long status,
			 const char *head)
{
	char said[SAID_SIZE], value[256], other[16];

	if (!find_line(asked->answer, "StoreDir", value, sizeof(value))) {
		bool is_info = find_line(asked->answer, "WantMassQuery", other, sizeof(other)) ||
			       find_line(asked->answer, "Priority", other, sizeof(other));

		(void)snprintf(said, sizeof(said), "%sthe answer begins with '%.60s'", head,
			       asked->answer);
		report(round, asked, is_info ? "" : "content", 0, status, is_info ? head : said);
		return;
	}
	(void)snprintf(said, sizeof(said), "%sStoreDir: %s, here it is %s", head, value,
		       round->store_dir);
	report(round, asked, strcmp(value, round->store_dir) != 0 ? "store-dir" : "", 0, status,
	       said);
}

static const char *status_step(const struct asked *asked, long status)
{
	switch (status) {
	case 407:
		return "proxy-auth";
	case 401:
	case 403:
		return asked->has_login ? "login-refused" : "login";
	case 404:
	case 410:
		return "not-found";
	case 429:
		return "too-often";
	default:
		return "status";
	}
}

static const char *timeout_step(const struct asked *asked)
{
	curl_off_t looked_up = 0, done = 0;

	(void)curl_easy_getinfo(asked->easy, CURLINFO_NAMELOOKUP_TIME_T, &looked_up);
	(void)curl_easy_getinfo(asked->easy, CURLINFO_PRETRANSFER_TIME_T, &done);
	if (done > 0)
		return "silent";
	if (asked->is_connected)
		return asked->proxy ? "proxy" : "tls-silent";
	return looked_up > 0 ? "late" : "resolve";
}

/* The certificate's troubles have one number, but for curl's own look at the name. */
static const char *certificate_step(const struct asked *asked)
{
	static const char *const names[] = { "subject name", "does not match" };
	static const char *const times[] = { "expired", "not yet valid", "not yet activated" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strstr(asked->error, names[i]))
			return "tls-name";
	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		if (strstr(asked->error, times[i]))
			return "tls-time";
	return "tls";
}

static const char *failure_step(const struct asked *asked, CURLcode code, long proxy_status)
{
	if (proxy_status == 407)
		return "proxy-auth";
	if (proxy_status >= 300)
		return "proxy";
	switch (code) {
	case CURLE_UNSUPPORTED_PROTOCOL:
		if (count_redirects(asked) > 0)
			return "redirects";
		return strstr(asked->error, "HTTP/0.9") ? "content" : "form";
	case CURLE_URL_MALFORMAT:
		return "form";
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_WRITE_ERROR:
	case CURLE_BAD_CONTENT_ENCODING:
		return "content";
	case CURLE_COULDNT_RESOLVE_HOST:
		return "resolve";
	case CURLE_COULDNT_RESOLVE_PROXY:
		return "proxy-resolve";
	case CURLE_PROXY:
		return "proxy";
	case CURLE_COULDNT_CONNECT:
		return asked->proxy ? "proxy" : "connect";
	case CURLE_OPERATION_TIMEDOUT:
		return timeout_step(asked);
	case CURLE_RECV_ERROR:
		return strstr(asked->error, "Too large response headers") ? "content" : "reset";
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_PARTIAL_FILE:
		return "reset";
	case CURLE_TOO_MANY_REDIRECTS:
		return "redirects";
	case CURLE_PEER_FAILED_VERIFICATION:
		return certificate_step(asked);
	case CURLE_SSL_CACERT_BADFILE:
		return "tls-file";
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CIPHER:
		return "tls-none";
	default:
		return "other";
	}
}

static void judge(const struct round *round, const struct asked *asked, CURLcode code)
{
	long status = 0, proxy_status = 0, errnum = 0;
	char said[SAID_SIZE];
	const char *step;

	(void)curl_easy_getinfo(asked->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(asked->easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
	(void)curl_easy_getinfo(asked->easy, CURLINFO_OS_ERRNO, &errnum);
	if (code == CURLE_OK && status == 200) {
		judge_answer(round, asked, status, "HTTP 200; ");
		return;
	}
	if (code == CURLE_OK) {
		(void)snprintf(said, sizeof(said), "HTTP %ld%s", status,
			       asked->has_login ? ", to a login" : "");
		step = status_step(asked, status);
		report(round, asked, step, !strcmp(step, "login") ? round->netrc_errnum : 0, status,
		       said);
		return;
	}
	step = failure_step(asked, code, proxy_status);
	if (asked->is_cut)
		(void)snprintf(said, sizeof(said), "more than %zu KiB", ANSWER_MAX / 1024);
	else
		(void)snprintf(said, sizeof(said), "%s",
			       *asked->error ? asked->error : curl_easy_strerror(code));
	report(round, asked, step, (int)errnum, status ? status : proxy_status, said);
}

/* A directory on this host, or on one that is mounted. */
static void ask_file(const struct round *round, struct asked *asked)
{
	const struct root root = { .fd = -1, .path = "/" };
	AUTO_FREE char *data = NULL;
	char path[PATH_MAX];
	ssize_t len;

	(void)snprintf(path, sizeof(path), "%s/" INFO, asked->url + strlen("file://"));
	len = root_read_file(&root, path, ANSWER_MAX, &data);
	if (len < 0) {
		report(round, asked, "not-found", (int)-len, 0, path);
		return;
	}
	memcpy(asked->answer, data, (size_t)len + 1);
	judge_answer(round, asked, 0, "");
}

/* False: it is not for curl, and was reported. */
static bool make_target(const struct round *round, struct asked *asked)
{
	size_t len = strcspn(asked->url, "?#");

	url_public(asked->url, asked->shown);
	if (len >= NIX_URL_MAX) {
		report(round, asked, "form", ENAMETOOLONG, 0, "longer than 1 KiB");
		return false;
	}
	while (len && asked->url[len - 1] == '/')
		len--;
	(void)snprintf(asked->target, sizeof(asked->target), "%.*s/" INFO, (int)len, asked->url);
	if (is_scheme(asked->url, "http://") || is_scheme(asked->url, "https://"))
		return true;
	if (is_scheme(asked->url, "file:///"))
		ask_file(round, asked);
	else if (strstr(asked->url, "://"))
		report_of(round->context, OBS_NIX_CACHE, asked->shown, OBS_BROKEN, "scheme", 0,
			  OBS_NO_VALUE, "only http, https and file are asked");
	else if (*asked->url != '/' && strcmp(asked->url, "auto") != 0 &&
		 strcmp(asked->url, "local") != 0 && strcmp(asked->url, "daemon") != 0)
		report(round, asked, "form", 0, 0, "no scheme: http://, https://, file://");
	return false;
}

static bool set_protocols(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075500 /* 7.85: the numbers are deprecated */
	return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https") == CURLE_OK;
#else
	const long both = CURLPROTO_HTTP | CURLPROTO_HTTPS;

	return curl_easy_setopt(easy, CURLOPT_PROTOCOLS, both) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS, both) == CURLE_OK;
#endif
}

static bool set_bounds(CURL *easy)
{
	return curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)NIX_ANSWER_MS) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_MAXREDIRS, REDIRECTS_MAX) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK && set_protocols(easy);
}

static bool set_looks(CURL *easy, struct asked *asked)
{
	return curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, see_sent) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_DEBUGDATA, asked) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, asked) == CURLE_OK;
}

/* False: no memory, or a file of authorities that libcurl does not take. */
static bool start(const struct round *round, struct asked *asked)
{
	CURL *easy = asked->easy = curl_easy_init();

	if (!easy || !set_bounds(easy) || !set_looks(easy, asked) ||
	    (round->ca_file &&
	     curl_easy_setopt(easy, CURLOPT_CAINFO, round->ca_file) != CURLE_OK) ||
	    curl_easy_setopt(easy, CURLOPT_NETRC,
			     round->netrc ? (long)CURL_NETRC_OPTIONAL : (long)CURL_NETRC_IGNORED) !=
		    CURLE_OK ||
	    (round->netrc && curl_easy_setopt(easy, CURLOPT_NETRC_FILE, round->netrc) != CURLE_OK))
		return false;
	return curl_easy_setopt(easy, CURLOPT_URL, asked->target) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PROXY, asked->proxy ? asked->proxy : "") ==
		       CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_USERAGENT, "croft-doctor") == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, asked->error) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_answer) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEDATA, asked) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PRIVATE, asked) == CURLE_OK &&
	       curl_multi_add_handle(round->multi, easy) == CURLM_OK;
}

static void take_done(struct round *round)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(round->multi, &left))) {
		char *asked = NULL;

		if (message->msg == CURLMSG_DONE &&
		    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &asked) == CURLE_OK)
			for (size_t i = 0; i < round->n; i++)
				if (round->asked[i].easy == message->easy_handle)
					judge(round, &round->asked[i], message->data.result);
	}
}

/* libcurl ends each at its own time; the runner ends us if it does not. */
static int perform(struct round *round)
{
	int running = 0;

	do {
		if (curl_multi_perform(round->multi, &running) != CURLM_OK)
			return -EIO;
		take_done(round);
	} while (running && curl_multi_poll(round->multi, NULL, 0, POLL_MS, NULL) == CURLM_OK);
	return running ? -EIO : 0;
}

static bool is_asked(const struct round *round, const char *url)
{
	for (size_t i = 0; i < round->n; i++)
		if (!strcmp(round->asked[i].url, url))
			return true;
	return false;
}

static const char *find_authorities(struct nix_world *world)
{
	static const char *const names[] = { "NIX_SSL_CERT_FILE", "SSL_CERT_FILE" };
	struct nix_value value = nix_world_get(world, "ssl-cert-file");

	if (value.at)
		return value.value;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (nix_env_find(environ, names[i]))
			return nix_env_find(environ, names[i]);
	return NULL;
}

/* libcurl opens files as they come, and would wait for a FIFO. 0 or -errno. */
static int check_file(const char *path, bool is_read_now)
{
	struct stat st;
	int r = sys_fstatat(AT_FDCWD, path, &st, 0);

	if (r == 0 && (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX))
		return -EINVAL;
	return r == 0 && is_read_now ? sys_faccessat(AT_FDCWD, path, R_OK) : r;
}

static void find_files(struct round *round, struct nix_world *world)
{
	const char *netrc = nix_world_get(world, "netrc-file").value;
	int r = netrc && *netrc ? check_file(netrc, true) : -ENOENT;

	round->ca_file = find_authorities(world);
	if (r == 0)
		round->netrc = netrc;
	else if (r != -ENOENT)
		round->netrc_errnum = -r;
}

static int ask_all(struct round *round, char *words)
{
	int r = 0;

	while (*words && round->n < NIX_CACHES_MAX && r == 0) {
		struct asked *asked = &round->asked[round->n];
		size_t len;

		words += strspn(words, " ");
		len = strcspn(words, " ");
		asked->url = words;
		words += len;
		if (*words)
			*words++ = '\0';
		if (!len || is_asked(round, asked->url))
			continue;
		round->n++;
		if (!make_target(round, asked))
			continue;
		choose_proxy(asked);
		if (round->ca_file && is_scheme(asked->url, "https:")) {
			int error = check_file(round->ca_file, false);

			if (error < 0) {
				report(round, asked, "tls-file", -error, 0, round->ca_file);
				continue;
			}
		}
		if (!start(round, asked))
			r = -ENOMEM;
	}
	return r == 0 ? perform(round) : r;
}

int caches_ask(const struct probe_context *context, struct nix_world *world, const char *urls)
{
	AUTO_FREE char *words = strdup(urls);
	AUTO_FREE struct asked *asked = calloc(NIX_CACHES_MAX, sizeof(*asked));
	struct round round = {
		.context = context,
		.store_dir = nix_store_dir(&world->env),
		.asked = asked,
	};

	if (!words || !asked || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return -ENOMEM;
	find_files(&round, world);
	round.multi = curl_multi_init();
	/* Nothing of libcurl's is freed: a thread of it may wait for a name server, and we end. */
	return round.multi ? ask_all(&round, words) : -ENOMEM;
}
