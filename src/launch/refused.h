/* SPDX-License-Identifier: MIT */
/*
 * refused.h - why the kernel did not execute the command.
 */
#ifndef CROFT_LAUNCH_REFUSED_H
#define CROFT_LAUNCH_REFUSED_H

#include "launch/launch.h"

/*
 * Words the errno that execve gave for launch's command, with what would mend it. -errnum, and
 * -EINVAL in place of -ENOENT: the command was found, and something that it needs was not.
 * **Needs**: to be called where execve failed, by who is good for nothing else any more: it
 * confines itself further to learn how often it was confined before.
 */
int refused_say(const struct launch *launch, int errnum, struct croft_error *err);

#endif
