/* SPDX-License-Identifier: MIT */
/*
 * main.c - croft-oci: an OCI runtime that puts croft before the programs of containers.
 *
 *	croft-oci [--croft-settings=FILE] [GLOBAL OPTION]... VERB [OPTION]... [ID] [COMMAND...]
 *
 * Engines (podman, containerd, a node of Kubernetes) call it in the place of runc or crun. It reads
 * what is to be started, puts croft's static program before it, and becomes the runtime, which
 * gets the command line, the environment and every descriptor as they came. So what is printed, and
 * the exit status, are the runtime's own.
 *
 *	create, run   the bundle's config.json is written anew            wrap.c
 *	exec          the process file is, or the words after the ID      wrap.c
 *	restore       refused                                             call.c
 *	the rest      handed on
 *
 * No container starts unconfined: whatever goes wrong before the runtime is called ends with one
 * line on stderr and in the call's log, and exit status 125. In the container it is croft run that
 * refuses, with the same status. docs/design/oci.md tells whom it trusts.
 */
#include <stdlib.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "oci/below.h"
#include "oci/call.h"
#include "oci/settings.h"
#include "oci/tell.h"
#include "oci/wrap.h"

/* Returns only if something fails. */
static int hand_on(const struct call *call, struct croft_error *err)
{
	AUTO_FREE char **words = NULL;
	struct settings settings;
	char runtime[PATH_MAX];
	int n = call->argc;
	int r = settings_load(&settings, call->settings, err);

	if (r == 0)
		r = below_find_runtime(&settings, runtime, err);
	if (r == 0 && call->kind != CALL_PASS)
		r = cli_check_standard(err);
	if (r == 0 && call->kind == CALL_WRAP)
		r = wrap_bundle(call, &settings, err);
	if (r == 0 && call->kind == CALL_EXEC)
		r = wrap_exec(call, &settings, runtime, &words, &n, err);
	return r < 0 ? r : below_become(runtime, n, words ? words : call->argv, err);
}

int main(int argc, char *argv[])
{
	struct croft_error err = { 0 };
	struct call call;

	/* where it goes well this process is the runtime below, and nothing returns */
	if (call_read(&call, argc, argv, &err) == 0)
		(void)hand_on(&call, &err);
	return tell_failure(&call, &err);
}
