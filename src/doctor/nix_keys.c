/* SPDX-License-Identifier: MIT */
/*
 * nix_keys.c - the settings that some Nix from 2.0 to 2.36 knows.
 *
 * A name that stands here and that the installed Nix does not list belongs to another version of
 * it, or to an experimental feature that is off; a name that does not stand here is nobody's.
 * What the installed Nix lists itself decides where it can be run (probe_nix.c): this table is for
 * where it cannot, for the aliases, which Nix does not list, and for the nearest name.
 *
 * Source: the Setting<> declarations of Nix 2.0, 2.3, 2.8, 2.13, 2.18, 2.24, 2.28, 2.32 and 2.36.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "doctor/nix_conf.h"

#define EXTRA "extra-"
#define NEAR 2 /* letters that may differ */

/* In the order of strcmp: it is searched by halves. */
static const struct nix_key keys[] = {
	{ "abort-on-warn", NULL },
	{ "accept-flake-config", NULL },
	{ "access-tokens", NULL },
	{ "allow-dirty", NULL },
	{ "allow-dirty-locks", NULL },
	{ "allow-import-from-derivation", NULL },
	{ "allow-new-privileges", NULL },
	{ "allow-symlinked-store", NULL },
	{ "allow-unsafe-native-code-during-evaluation", NULL },
	{ "allowed-impure-host-deps", NULL },
	{ "allowed-uris", NULL },
	{ "allowed-users", NULL },
	{ "always-allow-substitutes", NULL },
	{ "auto-allocate-uids", NULL },
	{ "auto-optimise-store", NULL },
	{ "bash-prompt", NULL },
	{ "bash-prompt-prefix", NULL },
	{ "bash-prompt-suffix", NULL },
	{ "binary-cache-public-keys", "trusted-public-keys" },
	{ "binary-caches", "substituters" },
	{ "binary-caches-parallel-connections", "http-connections" },
	{ "build-chroot-dirs", "sandbox-paths" },
	{ "build-compress-log", "compress-build-log" },
	{ "build-cores", "cores" },
	{ "build-dir", NULL },
	{ "build-fallback", "fallback" },
	{ "build-hook", NULL },
	{ "build-hook-kill-timeout", NULL },
	{ "build-impersonate-linux-26", "impersonate-linux-26" },
	{ "build-keep-log", "keep-build-log" },
	{ "build-max-jobs", "max-jobs" },
	{ "build-max-log-size", "max-build-log-size" },
	{ "build-max-silent-time", "max-silent-time" },
	{ "build-poll-interval", NULL },
	{ "build-repeat", "repeat" },
	{ "build-sandbox-paths", "sandbox-paths" },
	{ "build-timeout", "timeout" },
	{ "build-use-chroot", "sandbox" },
	{ "build-use-sandbox", "sandbox" },
	{ "build-use-substitutes", "substitute" },
	{ "build-users-group", NULL },
	{ "builders", NULL },
	{ "builders-use-substitutes", NULL },
	{ "commit-lock-file-summary", NULL },
	{ "commit-lockfile-summary", "commit-lock-file-summary" },
	{ "compress-build-log", NULL },
	{ "connect-timeout", NULL },
	{ "cores", NULL },
	{ "darwin-log-sandbox-violations", NULL },
	{ "debugger-on-trace", NULL },
	{ "debugger-on-warn", NULL },
	{ "diff-hook", NULL },
	{ "download-attempts", "filetransfer-retry-attempts" },
	{ "download-buffer-size", NULL },
	{ "download-speed", NULL },
	{ "enforce-determinism", NULL },
	{ "env-keep-derivations", "keep-env-derivations" },
	{ "eval-attrset-update-layer-rhs-threshold", NULL },
	{ "eval-cache", NULL },
	{ "eval-profile-file", NULL },
	{ "eval-profiler", NULL },
	{ "eval-profiler-frequency", NULL },
	{ "eval-system", NULL },
	{ "experimental-features", NULL },
	{ "external-builders", NULL },
	{ "extra-platforms", NULL },
	{ "fallback", NULL },
	{ "filetransfer-retry-attempts", NULL },
	{ "filetransfer-retry-delay", NULL },
	{ "filetransfer-retry-delay-rate-limited", NULL },
	{ "filetransfer-retry-jitter", NULL },
	{ "filetransfer-retry-max-delay", NULL },
	{ "filter-syscalls", NULL },
	{ "flake-registry", NULL },
	{ "fsync-metadata", NULL },
	{ "fsync-store-paths", NULL },
	{ "gc-check-reachability", NULL },
	{ "gc-keep-derivations", "keep-derivations" },
	{ "gc-keep-outputs", "keep-outputs" },
	{ "gc-reserved-space", NULL },
	{ "hashed-mirrors", NULL },
	{ "http-connections", NULL },
	{ "http2", NULL },
	{ "http3", NULL },
	{ "id-count", NULL },
	{ "ignore-try", NULL },
	{ "ignored-acls", NULL },
	{ "impersonate-linux-26", NULL },
	{ "impure-env", NULL },
	{ "json-log-path", NULL },
	{ "keep-build-log", NULL },
	{ "keep-derivations", NULL },
	{ "keep-env-derivations", NULL },
	{ "keep-failed", NULL },
	{ "keep-going", NULL },
	{ "keep-outputs", NULL },
	{ "lint-absolute-path-literals", NULL },
	{ "lint-short-path-literals", NULL },
	{ "lint-url-literals", NULL },
	{ "log-lines", NULL },
	{ "max-build-log-size", NULL },
	{ "max-call-depth", NULL },
	{ "max-free", NULL },
	{ "max-jobs", NULL },
	{ "max-silent-time", NULL },
	{ "max-substitution-jobs", NULL },
	{ "min-free", NULL },
	{ "min-free-check-interval", NULL },
	{ "nar-buffer-size", NULL },
	{ "narinfo-cache-meta-ttl", NULL },
	{ "narinfo-cache-negative-ttl", NULL },
	{ "narinfo-cache-positive-ttl", NULL },
	{ "netrc-file", NULL },
	{ "nix-path", NULL },
	{ "nix-shell-always-looks-for-shell-nix", NULL },
	{ "nix-shell-shebang-arguments-relative-to-script", NULL },
	{ "plugin-files", NULL },
	{ "post-build-hook", NULL },
	{ "pre-build-hook", NULL },
	{ "preallocate-contents", NULL },
	{ "print-missing", NULL },
	{ "pure-eval", NULL },
	{ "repeat", NULL },
	{ "require-drop-supplementary-groups", NULL },
	{ "require-sigs", NULL },
	{ "restrict-eval", NULL },
	{ "run-diff-hook", NULL },
	{ "sandbox", NULL },
	{ "sandbox-build-dir", NULL },
	{ "sandbox-dev-shm-size", NULL },
	{ "sandbox-fallback", NULL },
	{ "sandbox-paths", NULL },
	{ "secret-key-files", NULL },
	{ "show-trace", NULL },
	{ "ssl-cert-file", NULL },
	{ "stalled-download-timeout", NULL },
	{ "start-id", NULL },
	{ "store", NULL },
	{ "substitute", NULL },
	{ "substituters", NULL },
	{ "substitution-max-jobs", "max-substitution-jobs" },
	{ "sync-before-registering", NULL },
	{ "system", NULL },
	{ "system-features", NULL },
	{ "tarball-ttl", NULL },
	{ "timeout", NULL },
	{ "trace-function-calls", NULL },
	{ "trace-import-from-derivation", NULL },
	{ "trace-verbose", NULL },
	{ "trust-tarballs-from-git-forges", NULL },
	{ "trusted-binary-caches", "trusted-substituters" },
	{ "trusted-public-keys", NULL },
	{ "trusted-substituters", NULL },
	{ "trusted-users", NULL },
	{ "upgrade-nix-store-path-url", NULL },
	{ "use-case-hack", NULL },
	{ "use-cgroups", NULL },
	{ "use-registries", NULL },
	{ "use-sqlite-wal", NULL },
	{ "use-xdg-base-directories", NULL },
	{ "user-agent-suffix", NULL },
	{ "warn-dirty", NULL },
	{ "warn-large-path-threshold", NULL },
	{ "warn-short-path-literals", NULL },
};

/* Lists and tables: "extra-" adds to them. */
static const char *const lists[] = {
	"access-tokens",
	"allowed-impure-host-deps",
	"allowed-uris",
	"allowed-users",
	"experimental-features",
	"extra-platforms",
	"hashed-mirrors",
	"ignored-acls",
	"impure-env",
	"nix-path",
	"plugin-files",
	"sandbox-paths",
	"secret-key-files",
	"substituters",
	"system-features",
	"trusted-public-keys",
	"trusted-substituters",
	"trusted-users",
};

static int compare(const void *name, const void *key)
{
	return strcmp(name, ((const struct nix_key *)key)->name);
}

const struct nix_key *nix_key_find(const char *name)
{
	return bsearch(name, keys, ARRAY_SIZE(keys), sizeof(*keys), compare);
}

static const char *own_name(const struct nix_key *key)
{
	return key->alias_of ? key->alias_of : key->name;
}

bool nix_key_is_list(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (!strcmp(lists[i], name))
			return true;
	return false;
}

const char *nix_key_true_name(const char *name)
{
	const struct nix_key *key = nix_key_find(name);

	if (key)
		return own_name(key);
	/* these two have the word in their middle */
	if (!strcmp(name, "build-extra-chroot-dirs") || !strcmp(name, "build-extra-sandbox-paths"))
		return "sandbox-paths";
	if (strncmp(name, EXTRA, strlen(EXTRA)) != 0)
		return NULL;
	key = nix_key_find(name + strlen(EXTRA));
	return key && nix_key_is_list(own_name(key)) ? own_name(key) : NULL;
}

const char *nix_key_nearest(const char *name)
{
	const char *nearest = NULL;
	unsigned least = NEAR + 1;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		unsigned distance = names_distance(name, keys[i].name, NEAR);

		if (!keys[i].alias_of && distance < least) {
			least = distance;
			nearest = keys[i].name;
		}
	}
	return nearest;
}
