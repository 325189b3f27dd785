/* SPDX-License-Identifier: MIT */
/*
 * probes.c - every table of probes there is, in the order of parts.def.
 */
#include "base/cleanup.h"
#include "doctor/probe.h"

const struct probe_table *const *probes_all(size_t *ret_n)
{
	static const struct probe_table *const tables[] = {
#define PROBES(name) &probes_##name,
#define CAUSES(name)
#include "doctor/parts.def"
#undef PROBES
#undef CAUSES
	};

	*ret_n = ARRAY_SIZE(tables);
	return tables;
}
