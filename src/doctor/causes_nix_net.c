/* SPDX-License-Identifier: MIT */
/*
 * causes_nix_net.c - binary caches and remote builders: each way in which one fails has its cause.
 *
 * What Nix prints for them is one line that is easily taken for another's: a builder that cannot be
 * reached by ssh has been looked for as an HTTP error of the cache. So the two are separate
 * facilities, and each verdict names its URL.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "doctor/nix_causes.h"

#define COST_HOST_KEY \
	"whoever answers there now is trusted from then on: compare the fingerprint first"

/* What a failing step is called, and what to do: %s is the private key, or ssh's words. */
struct failure {
	const char *step;
	enum verdict_who who;
	const char *cause, *what, *mend, *cost;
};

#define LATER "look at the server; until then: nix build --option substitute false"

static const struct failure cache_failures[] = {
	{ "form", WHO_SETTING, "cache-form", "is no address that Nix could ask by HTTP",
	  "correct it in nix.conf: substituters = https://cache.nixos.org", "" },
	{ "resolve", WHO_NETWORK, "cache-no-dns", "its name has no address",
	  "correct the name in nix.conf, or the resolver: getent ahosts HOST", "" },
	{ "proxy-resolve", WHO_NETWORK, "cache-proxy", "the name of the proxy has no address",
	  "unset the variable, or correct it; for the daemon: systemctl edit nix-daemon", "" },
	{ "proxy", WHO_NETWORK, "cache-proxy",
	  "the proxy takes no connection or refuses to pass it on",
	  "unset the variable, or correct it; for the daemon: systemctl edit nix-daemon", "" },
	{ "proxy-auth", WHO_NETWORK, "cache-proxy-login", "the proxy wants a login",
	  "write http://USER:PASSWORD@HOST:PORT in the proxy's variable", "" },
	{ "connect", WHO_NETWORK, "cache-refused", "nobody listens there",
	  "correct the address or the port in nix.conf, or start the server", "" },
	{ "reset", WHO_REMOTE, "cache-reset", "the server takes the connection and drops it",
	  "look at the server's log, and at what lies between (a firewall, http for https)", "" },
	{ "silent", WHO_REMOTE, "cache-silent",
	  "the server takes the connection and gives no answer in the time", LATER, "" },
	{ "late", WHO_NETWORK, "cache-late", "there is no connection in the time",
	  "look at the route and the firewall; until then: nix build --option substitute false",
	  "" },
	{ "tls", WHO_REMOTE, "cache-tls", "its certificate is of no authority that is known here",
	  "cat /etc/ssl/certs/ca-certificates.crt AUTHORITY.pem >/etc/nix/ca.pem, and for Nix and its "
	  "daemon: NIX_SSL_CERT_FILE=/etc/nix/ca.pem",
	  "who has that authority's key can be any server to Nix" },
	{ "tls-name", WHO_REMOTE, "cache-tls-name", "its certificate is for another name",
	  "write in nix.conf the name that the certificate has, or renew it on the server", "" },
	{ "tls-time", WHO_REMOTE, "cache-tls-time",
	  "its certificate has expired or is not valid yet, or the clock here is wrong",
	  "look at the clock: date -u; else renew the certificate on the server", "" },
	{ "tls-file", WHO_SETTING, "cache-tls-file",
	  "the file of authorities cannot be read, so that no https works",
	  "correct ssl-cert-file in nix.conf, or the variable NIX_SSL_CERT_FILE or SSL_CERT_FILE",
	  "" },
	{ "tls-none", WHO_REMOTE, "cache-tls-none",
	  "no TLS comes about: a server without it on that port, or with other versions of it",
	  "correct the port, or write http: for https: in nix.conf if the server has no TLS", "" },
	{ "tls-silent", WHO_REMOTE, "cache-tls-silent",
	  "the server takes the connection and says nothing of TLS",
	  "correct the port, or write http: for https: in nix.conf if the server has no TLS", "" },
	{ "redirects", WHO_REMOTE, "cache-redirects",
	  "it is redirected again and again, or to what is no HTTP",
	  "correct the server's redirection, or write its last address in nix.conf", "" },
	{ "login", WHO_REMOTE, "cache-login", "the server wants a login, and Nix has none for it",
	  NULL, "" },
	{ "login-refused", WHO_REMOTE, "cache-login-refused",
	  "the server does not take the login that Nix has for it", NULL, "" },
	{ "too-often", WHO_REMOTE, "cache-too-often", "the server was asked too often, and says so",
	  "wait some minutes; until then: nix build --option substitute false", "" },
	{ "status", WHO_REMOTE, "cache-status", "the server answers with an error", LATER, "" },
	{ "not-found", WHO_SETTING, "cache-not-a-cache",
	  "there is no nix-cache-info: this is no binary cache",
	  "correct the URL in nix.conf: what it names must have /nix-cache-info", "" },
	{ "content", WHO_NETWORK, "cache-portal",
	  "it answers with something else than a cache's information: a captive portal, or a wrong URL",
	  "log in to the network in a browser, or correct the URL in nix.conf", "" },
	{ "store-dir", WHO_SETTING, "cache-store-dir", "it is a cache for another store directory",
	  "remove it from nix.conf: a cache serves one store directory", "" },
	{ "other", WHO_UNKNOWN, "cache-other", "it cannot be asked", "see the evidence", "" },
};

static const struct failure builder_failures[] = {
	{ "form", WHO_SETTING, "builder-form", "the line cannot be read",
	  "URI SYSTEMS KEY MAXJOBS SPEED FEATURES MANDATORY-FEATURES HOSTKEY, a '-' for what is left out",
	  "" },
	{ "program", WHO_MISSING, "builder-no-ssh", "there is no ssh program on PATH",
	  "apt-get install openssh-client", "" },
	{ "resolve", WHO_NETWORK, "builder-no-dns", "its name has no address",
	  "correct the name, or write a Host with its HostName in the ssh configuration of who builds",
	  "" },
	{ "refused", WHO_NETWORK, "builder-refused", "no ssh server listens there",
	  "start sshd there, or correct the port", "" },
	{ "unreachable", WHO_NETWORK, "builder-unreachable",
	  "there is no way to it, or no connection in the time",
	  "look at the route and the firewall", "" },
	{ "proxy", WHO_SETTING, "builder-proxy",
	  "the ProxyJump or ProxyCommand of ssh's configuration gets no connection to it",
	  "mend that first; to try it: %s", "" },
	{ "silent", WHO_REMOTE, "builder-silent",
	  "the server takes the connection and says nothing",
	  "look at sshd there, or at what else listens on that port", "" },
	{ "not-ssh", WHO_SETTING, "builder-not-ssh", "what listens there is no ssh server",
	  "correct the port", "" },
	{ "reset", WHO_REMOTE, "builder-reset",
	  "the server drops the connection before ssh's greeting: OpenSSH 9.8 and later do so for a while "
	  "to who failed to log in (PerSourcePenalties), MaxStartups to everybody",
	  "wait some minutes and ask once; on the builder: PerSourcePenalties no", "" },
	{ "host-key-unknown", WHO_SETTING, "builder-host-key-unknown",
	  "its host key is not known to who builds", NULL, COST_HOST_KEY },
	{ "host-key-changed", WHO_REMOTE, "builder-host-key-changed",
	  "its host key is another than the one that is known: it was installed anew, or somebody is in "
	  "between",
	  NULL, COST_HOST_KEY },
	{ "denied", WHO_REMOTE, "builder-denied", "the key is not authorised there", NULL, "" },
	{ "no-key", WHO_MISSING, "builder-no-key", "who asks has no key that ssh could offer",
	  "ssh-keygen -t ed25519 -N '' -f ~/.ssh/id_ed25519, and add the line of "
	  "~/.ssh/id_ed25519.pub to ~/.ssh/authorized_keys there",
	  "" },
	{ "key-file", WHO_MISSING, "builder-key-file", "the private key is not there",
	  "make it: ssh-keygen -t ed25519 -N '' -f %s", "" },
	{ "key-denied", WHO_PRIVILEGE, "builder-key-denied",
	  "the private key may not be read by who asks",
	  "ask as the user whose key it is: sudo croft doctor --nix", "" },
	{ "key-mode", WHO_PRIVILEGE, "builder-key-mode",
	  "the private key may be read by others, so ssh does not use it", "chmod 600 %s", "" },
	{ "key-bad", WHO_SETTING, "builder-key-bad",
	  "the private key's file is none that ssh reads",
	  "make another: rm -f %s; ssh-keygen -t ed25519 -N '' -f %s", "the file is lost" },
	{ "key-locked", WHO_SETTING, "builder-key-locked",
	  "the builder would take the key, which has a passphrase that nobody can type when Nix asks",
	  "ssh-keygen -p -N '' -f %s", "who reads the file has the key" },
	{ "not-found", WHO_REMOTE, "builder-no-nix",
	  "Nix's program is not found by the shell there",
	  "put it on the PATH of a shell that is not interactive (ln -s "
	  "/nix/var/nix/profiles/default/bin/nix-store /usr/local/bin/), or add "
	  "?remote-program=/nix/var/nix/profiles/default/bin/nix-store to the URL",
	  "" },
	{ "command", WHO_REMOTE, "builder-command",
	  "the login works, and the forced command or the shell there ends without Nix's greeting",
	  "look at command=\"...\" in authorized_keys there (it should be nix-store --serve --write), and "
	  "at the login shell",
	  "" },
	{ "hangs", WHO_REMOTE, "builder-hangs",
	  "the login works, and the forced command or the shell there says nothing",
	  "look at command=\"...\" in authorized_keys there (it should be nix-store --serve --write), and "
	  "at what waits in ~/.bashrc and the like",
	  "" },
	{ "banner", WHO_REMOTE, "builder-banner",
	  "something there prints to standard output before Nix does: 'protocol mismatch'",
	  "in ~/.bashrc and the like there, print only in an interactive shell: case $- in *i*) ;; *) "
	  "return;; esac",
	  "" },
	{ "other", WHO_UNKNOWN, "builder-other", "ssh fails", "to try it: %s", "" },
};

static const struct failure *find_failure(const struct failure *table, size_t n, const char *step)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(table[i].step, step))
			return &table[i];
	return &table[n - 1];
}

/* The text with `word` in the place of each "%s". */
static const char *fill(struct verdicts *verdicts, const char *text, const char *word)
{
	const char *done = "", *at;

	for (; (at = strstr(text, "%s")); text = at + 2)
		done = verdicts_text(verdicts, "%s%.*s%s", done, (int)(at - text), text, word);
	return verdicts_text(verdicts, "%s%s", done, text);
}

/*
 * ssh itself adds the key where it looks for it, whatever its configuration says of names and
 * files; it takes the fingerprint for an answer (since OpenSSH 8.0), and then compares.
 */
static const char *host_key_mend(const struct nix_case *at, const struct observation *key,
				 const char *ssh)
{
	if (key->value == 1)
		return "correct the eighth word of the builder's line: base64 -w0 "
		       "/etc/ssh/ssh_host_ed25519_key.pub, there";
	return verdicts_text(
		at->verdicts,
		"%s%sssh -oStrictHostKeyChecking=ask%s true </dev/null (as who builds), and answer %s if "
		"this is the builder's own fingerprint: ssh-keygen -lf "
		"/etc/ssh/ssh_host_ed25519_key.pub, there",
		key->text, *key->text ? "; " : "", *ssh ? ssh + strlen("ssh") : " HOST", key->step);
}

/* Mends with names in them. */
static const char *builder_mend(const struct nix_case *at, const struct observation *obs,
				const struct failure *failure)
{
	const struct observation *public = observed_of(at->set, OBS_NIX_BUILDER_KEY, obs->subject);
	const char *ssh = observed_of(at->set, OBS_NIX_BUILDER_SSH, obs->subject)->text;

	if (!strncmp(failure->step, "host-key", strlen("host-key")))
		return host_key_mend(at, observed_of(at->set, OBS_NIX_HOST_KEY, obs->subject), ssh);
	if (!failure->mend)
		return verdicts_text(at->verdicts,
				     "add this line to ~/.ssh/authorized_keys there: %s",
				     *public->text ? public->text : "the public key of who builds");
	return fill(at->verdicts, failure->mend,
		    !strncmp(failure->step, "key-", strlen("key-")) ? obs->text : ssh);
}

/* The host of a URL without a login, as netrc has it: no port, no brackets. */
static const char *host_of(const struct nix_case *at, const char *url)
{
	const char *host = strstr(url, "://");

	host = host ? host + 3 : url;
	if (*host == '[')
		return verdicts_text(at->verdicts, "%.*s", (int)strcspn(host + 1, "]"), host + 1);
	return verdicts_text(at->verdicts, "%.*s", (int)strcspn(host, ":/"), host);
}

static const char *login_mend(const struct nix_case *at, const struct observation *obs)
{
	const char *file = nix_setting(at->set, "netrc-file");
	const char *word = !strcmp(obs->step, "login") ? "write" : "correct";

	if (!*file)
		file = "/etc/nix/netrc";
	if (obs->errnum == EACCES)
		return verdicts_text(at->verdicts, "%s may have it: sudo croft doctor --nix", file);
	return verdicts_text(at->verdicts, "%s in %s: machine %s login USER password PASSWORD",
			     word, file, host_of(at, obs->subject));
}

static void judge_one(const struct nix_case *at, enum facility facility,
		      const struct observation *obs, const struct failure *failure,
		      const char *mend)
{
	struct verdicts *v = at->verdicts;
	const char *as = observed(at->set, OBS_NIX_BUILDER_AS)->text;
	bool is_builder = facility == FACILITY_NIX_BUILDER;

	nix_verdict(at, facility, VERDICT_MISSING, failure->who, failure->cause,
		    verdicts_text(v, "%s: %s", obs->subject, failure->what),
		    verdicts_text(v, "%s%s%s", obs->text, is_builder && *as ? "; " : "",
				  is_builder ? as : ""),
		    mend, failure->cost);
}

/* False: it is neither had nor left out, so a failure has to be told. */
static bool is_settled(const struct nix_case *at, enum facility facility, const char *not_asked,
		       const struct observation *obs)
{
	struct verdicts *v = at->verdicts;

	if (obs->outcome == OBS_YES)
		nix_verdict(at, facility, VERDICT_WORKS, WHO_NOBODY, "", "",
			    verdicts_text(v, "%s: %s", obs->subject, obs->text), "", "");
	else if (obs->outcome == OBS_BROKEN)
		nix_verdict(at, facility, VERDICT_UNKNOWN, WHO_NOBODY, not_asked,
			    verdicts_text(v, "%s: not asked", obs->subject), obs->text, "", "");
	return obs->outcome == OBS_YES || obs->outcome == OBS_BROKEN;
}

static void judge_cache(const struct nix_case *at, const struct observation *obs)
{
	const struct failure *failure =
		find_failure(cache_failures, ARRAY_SIZE(cache_failures), obs->step);

	if (!is_settled(at, FACILITY_NIX_CACHE, "cache-not-asked", obs))
		judge_one(at, FACILITY_NIX_CACHE, obs, failure,
			  failure->mend ? failure->mend : login_mend(at, obs));
}

static void judge_builder(const struct nix_case *at, const struct observation *obs)
{
	const struct failure *failure =
		find_failure(builder_failures, ARRAY_SIZE(builder_failures), obs->step);

	if (!is_settled(at, FACILITY_NIX_BUILDER, "builder-not-asked", obs))
		judge_one(at, FACILITY_NIX_BUILDER, obs, failure, builder_mend(at, obs, failure));
}

/* "Reason: local builds are disabled (max-jobs = 0)", once all builders are out. */
static void judge_jobs(const struct nix_case *at)
{
	const struct observation *obs = observed_next(at->set, OBS_NIX_BUILDER, NULL);
	bool has_none = obs || (!*nix_setting(at->set, "builders") &&
				*observed_of(at->set, OBS_NIX_CONF, "builders")->step);

	for (; obs; obs = observed_next(at->set, OBS_NIX_BUILDER, obs))
		has_none = has_none && obs->outcome == OBS_NO;
	if (has_none && nix_setting_is(at->set, "max-jobs", "0"))
		nix_verdict(at, FACILITY_NIX_BUILDER, VERDICT_MISSING, WHO_SETTING, "nix-no-jobs",
			    "nothing can be built: this machine may not, as max-jobs is 0, and no "
			    "remote builder works",
			    verdicts_text(at->verdicts, "max-jobs = 0 (%s)",
					  nix_setting_place(at->set, "max-jobs")),
			    "write in /etc/nix/nix.conf: max-jobs = auto",
			    "this machine builds for itself");
}

void causes_nix_net(const struct nix_case *at)
{
	const struct observation *obs = NULL, *as = observed(at->set, OBS_NIX_BUILDER_AS);

	while ((obs = observed_next(at->set, OBS_NIX_CACHE, obs)))
		judge_cache(at, obs);
	obs = NULL;
	while ((obs = observed_next(at->set, OBS_NIX_BUILDER, obs)))
		judge_builder(at, obs);
	judge_jobs(at);
	if (as->outcome == OBS_NO && observed_next(at->set, OBS_NIX_BUILDER, NULL))
		nix_verdict(at, FACILITY_NIX_BUILDER, VERDICT_UNKNOWN, WHO_NOBODY,
			    "builder-asked-as-other",
			    "builders were asked as another user than the one who will connect",
			    as->text, "sudo croft doctor --nix", "");
}
