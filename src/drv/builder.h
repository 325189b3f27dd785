/* SPDX-License-Identifier: MIT */
/*
 * builder.h - croft nix-builder.
 */
#ifndef CROFT_DRV_BUILDER_H
#define CROFT_DRV_BUILDER_H

/* argv[0] is the command's own name. Gives the exit status, or ends by the builder's signal. */
int builder_main(int argc, char *const argv[]);

#endif
