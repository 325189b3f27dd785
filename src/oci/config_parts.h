/* SPDX-License-Identifier: MIT */
/*
 * config_parts.h - what the files of config.h share.
 */
#ifndef CROFT_OCI_CONFIG_PARTS_H
#define CROFT_OCI_CONFIG_PARTS_H

#include "oci/config.h"

/* "NAME: what", stage prepare. */
int config_wrong(const struct config *config, struct croft_error *err, const char *what);

#endif
