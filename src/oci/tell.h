/* SPDX-License-Identifier: MIT */
/*
 * tell.h - why no container was started, where engines look for it.
 */
#ifndef CROFT_OCI_TELL_H
#define CROFT_OCI_TELL_H

#include "oci/call.h"

/*
 * One line on stderr, and one at the end of the call's --log FILE, in its --log-format, as the
 * runtimes write them: podman takes its message from there, containerd too. A log that cannot be
 * written is passed over. Returns the exit status.
 */
int tell_failure(const struct call *call, const struct croft_error *err);

#endif
