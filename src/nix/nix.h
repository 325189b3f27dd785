/* SPDX-License-Identifier: MIT */
/*
 * nix.h - croft-doctor-nix: the parts that ask over the network.
 */
#ifndef CROFT_NIX_NIX_H
#define CROFT_NIX_NIX_H

#include "doctor/nix_probes.h"
#include "nix/machines.h"

#define NIX_CACHES_MAX 32 /* asked at once; configurations have one to five */
#define NIX_MACHINES_MAX 32
#define NIX_ANSWER_MS 5000 /* of one cache or builder */
#define NIX_URL_MAX 1024

/* Asks every cache of a list of URLs (words), all at once, and reports each. 0 or -errno. */
int caches_ask(const struct probe_context *context, struct nix_world *world, const char *urls);

/* Asks one builder and reports it; blocks up to some 6 s. */
void builder_ask(const struct probe_context *context, const struct nix_world *world,
		 const struct nix_machine *machine, unsigned number);

/* The URL without a login, and without what stands behind a '?': what is shown is passed on. */
void url_public(const char *url, char ret[NIX_URL_MAX]);

#endif
