/* SPDX-License-Identifier: MIT */
/*
 * nix_causes.h - what the files that judge about Nix share.
 */
#ifndef CROFT_DOCTOR_NIX_CAUSES_H
#define CROFT_DOCTOR_NIX_CAUSES_H

#include "doctor/verdict.h"

/* How Nix is used here, from the observations; what its tests then come to. */
struct nix_case {
	struct verdicts *verdicts;
	const struct observations *set;
	bool is_root; /* who builds is */
	bool is_asked_as_user; /* a daemon builds as root, and we are not root */
	bool has_build_users; /* Nix changes to one of them: no user namespace is needed */
	bool has_userns; /* Nix takes them to work */
	bool has_namespaces; /* Nix's second test passes */
	bool falls_back; /* sandbox-fallback, where it counts */
	bool is_chroot_store; /* which always wants a sandbox */
};

/* The value of a setting in force, or "". */
const char *nix_setting(const struct observations *set, const char *name);
bool nix_setting_is(const struct observations *set, const char *name, const char *value);
/* "FILE:LINE", or "its default". */
const char *nix_setting_place(const struct observations *set, const char *name);
/* A text for a verdict; NULL or "" where there is nothing to say. */
void nix_verdict(const struct nix_case *at, enum facility facility, enum verdict_state state,
		 enum verdict_who who, const char *cause, const char *what, const char *evidence,
		 const char *mend, const char *cost);
/* "EPERM", or the number. */
const char *nix_errno(const struct nix_case *at, int errnum);

/* causes_nix_sandbox.c: why the two tests fail, or what ends the builder behind them. */
void causes_nix_sandbox(const struct nix_case *at);
/*
 * causes_nix_conf.c: lines without effect, files that cannot be read. False: every Nix ends
 * with it.
 */
bool causes_nix_conf(const struct nix_case *at);
/* causes_nix_place.c: build users, store, daemon, shell */
void causes_nix_place(const struct nix_case *at);
/* causes_nix_net.c: caches and builders */
void causes_nix_net(const struct nix_case *at);

#endif
