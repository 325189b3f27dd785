/* SPDX-License-Identifier: MIT */
/*
 * front_ai_sandbox_print.h - what croft prints under the name of ai-sandbox-landlock.
 */
#ifndef CROFT_CLI_FRONT_AI_SANDBOX_PRINT_H
#define CROFT_CLI_FRONT_AI_SANDBOX_PRINT_H

#include <stdbool.h>

#include "base/buf.h"
#include "host/host.h"
#include "launch/sandbox.h"
#include "profile/version1.h"

/*
 * --print-ruleset: the rights that are handled, and what each group grants on which paths, as they
 * are on this host. The sandbox is the one that was planned from the profile: its grants are the
 * paths of the groups that grant anything, in their order.
 */
void ai_print_ruleset(struct buf *buf, const struct version1_profile *profile,
		      const struct sandbox *sandbox, bool is_root_mode);

/*
 * The keys of a profile, as YAML that is read back to the same, each line indented by `indent`
 * spaces. Texts have to be UTF-8 without control characters but tab and newline.
 */
void ai_print_profile(struct buf *buf, const struct version1_profile *profile, unsigned indent);

/* A whole file of version 1 with this one profile. */
void ai_print_file(struct buf *buf, const struct version1_profile *profile);

/* --check: `lsm_list` is what the kernel's list says, or NULL with why it cannot be read. */
void ai_print_check(struct buf *buf, const struct host *host, const char *lsm_list,
		    const char *why_not);

#endif
