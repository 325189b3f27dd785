/* SPDX-License-Identifier: MIT */
/*
 * features.h - what a derivation wants of the machine (requiredSystemFeatures).
 */
#ifndef CROFT_DRV_FEATURES_H
#define CROFT_DRV_FEATURES_H

#include "drv/build.h"

/*
 * 0, or an error (stage prepare) that names the first feature that no room has: the word is one of
 * the variable requiredSystemFeatures, or of the list of that name in tmp_dir's .attrs.json.
 */
int features_check(const struct build *build, struct croft_error *err);

#endif
