/* SPDX-License-Identifier: MIT */
/*
 * cmd_unpack.h - `croft image unpack`, as main.c calls it.
 */
#ifndef CROFT_IMAGE_CMD_UNPACK_H
#define CROFT_IMAGE_CMD_UNPACK_H

/* argv[1] is the verb. Returns the exit status. */
int cmd_image_unpack(int argc, char *const argv[]);

#endif
