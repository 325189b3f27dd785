/* SPDX-License-Identifier: MIT */
/*
 * probe_host.c - what croft run and croft plan would know of this host, asked by the same code.
 *
 * In a child like every probe, with its limit: the planner's questions wait for a child of their
 * own, and a host that does not answer shall not keep the doctor from telling so.
 */
#include "base/cleanup.h"
#include "doctor/probe.h"

static void ask(const struct probe_context *context)
{
	struct croft_error err = { 0 };
	struct host host;

	if (host_probe_fully(&host, &err) < 0) {
		probe_no(context, OBS_HOST, "probe", err.errnum, err.what);
		return;
	}
	probe_report_host(context, &host);
	probe_yes(context, OBS_HOST, host.kernel_release);
}

static const struct probe probes[] = { { .id = OBS_HOST, .run = ask } };

const struct probe_table probes_host = { probes, ARRAY_SIZE(probes) };
