/* SPDX-License-Identifier: MIT */
/*
 * probe_place.c - what kind of place this is, by every sign of it.
 *
 * Several may hold at once: a pod of Kubernetes in gVisor in a virtual machine, with a job of CI in
 * it. Each sign is reported with what was seen, and the sign's file may be anybody's: a place is
 * never more than the wording of a mend (verdict.h). /.dockerenv is a sign of its own and words
 * nothing: images keep it, and machines that were made of images have it still.
 *
 * pid 1 is asked where we may (its environment and control groups tell of the runtime); where there
 * is no permission the other signs have to do.
 */
#include <asm/unistd.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "doctor/child.h"
#include "host/mounts.h"
#include "sys/calls.h"

#define TEXT_ROOM 4096
#define MOUNTS_BYTES (16U << 20)
#define LOG_READ_ALL 3 /* syslog(2) */

static void sign(const struct probe_context *context, const char *place, const char *what,
		 const char *seen)
{
	char text[256];

	/* a sign is told by its beginning */
	(void)snprintf(text, sizeof(text), "%s%s%.200s", what, seen && *seen ? ": " : "",
		       seen ? seen : "");
	report_of(context, OBS_PLACE, place, OBS_YES, NULL, 0, OBS_NO_VALUE, text);
}

static bool is_there(const char *path)
{
	return sys_faccessat(AT_FDCWD, path, 0) == 0;
}

/* One line of a file; false where it cannot be read, or has none. */
static bool read_line(const char *path, char *ret, size_t size)
{
	ssize_t n = text_read(AT_FDCWD, path, ret, size);

	ret[strcspn(ret, "\n")] = '\0';
	return n > 0 && *ret;
}

static void see_gvisor(const struct probe_context *context)
{
	char text[TEXT_ROOM];
	long n;

	if (is_there("/proc/sentry-meminfo"))
		sign(context, "gvisor", "/proc/sentry-meminfo is there", NULL);
	if (read_line("/proc/cmdline", text, sizeof(text)) && strstr(text, "gvisor"))
		sign(context, "gvisor", "/proc/cmdline", text);
	n = sys_raw(__NR_syslog, LOG_READ_ALL, (long)(uintptr_t)text, sizeof(text) - 1, 0, 0, 0);
	if (n > 0 && n < (long)sizeof(text)) {
		text[n] = '\0';
		if (strstr(text, "Starting gVisor"))
			sign(context, "gvisor", "the kernel's log", "Starting gVisor");
	}
}

static void see_wsl(const struct probe_context *context)
{
	struct utsname name;

	if (sys_uname(&name) < 0)
		return;
	if (strstr(name.release, "microsoft-standard"))
		sign(context, "wsl2", "uname", name.release);
	else if (strstr(name.release, "Microsoft"))
		sign(context, "wsl1", "uname", name.release);
	else if (is_there("/proc/sys/fs/binfmt_misc/WSLInterop"))
		sign(context, "wsl2", "/proc/sys/fs/binfmt_misc/WSLInterop is there", NULL);
}

/* What a runtime says of itself, in pid 1's environment or in ours: "container=podman". */
static const char *place_of_variable(const char *value)
{
	static const struct {
		const char *value, *place;
	} values[] = {
		{ "podman", "podman" }, { "oci", "podman" },      { "docker", "docker" },
		{ "lxc", "lxc" },       { "lxc-libvirt", "lxc" }, { "systemd-nspawn", "nspawn" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (!strcmp(value, values[i].value))
			return values[i].place;
	return "container";
}

static void see_variables(const struct probe_context *context)
{
	char text[TEXT_ROOM];
	ssize_t n = text_read(AT_FDCWD, "/proc/1/environ", text, sizeof(text));
	const char *value = getenv("container");

	for (ssize_t at = 0; at < n; at += (ssize_t)strlen(text + at) + 1)
		if (!strncmp(text + at, "container=", 10))
			sign(context, place_of_variable(text + at + 10), "pid 1's environment",
			     text + at);
	if (value && *value)
		sign(context, place_of_variable(value), "the variable 'container'", value);
	value = getenv("KUBERNETES_SERVICE_HOST");
	if (value)
		sign(context, "kubernetes", "the variable KUBERNETES_SERVICE_HOST", value);
	value = getenv("GITHUB_ACTIONS");
	if (value)
		sign(context, "ci", "the variable GITHUB_ACTIONS", value);
	else if (getenv("ACTIONS_RUNNER_POD_NAME"))
		sign(context, "ci", "the variable ACTIONS_RUNNER_POD_NAME", NULL);
	else if (getenv("GITLAB_CI"))
		sign(context, "ci", "the variable GITLAB_CI", NULL);
	else if (getenv("CI"))
		sign(context, "ci", "the variable CI", getenv("CI"));
	value = getenv("INVOCATION_ID");
	if (value)
		sign(context, "systemd", "the variable INVOCATION_ID", value);
}

static void see_files(const struct probe_context *context)
{
	static const struct {
		const char *path, *place, *how;
	} files[] = {
		{ "/run/.containerenv", "podman", "is there" },
		{ "/.dockerenv", "dockerenv",
		  "is there (weak: images keep it, and machines made of them)" },
		{ "/run/secrets/kubernetes.io/serviceaccount", "kubernetes", "is there" },
		{ "/var/run/secrets/kubernetes.io/serviceaccount", "kubernetes", "is there" },
		{ "/dev/lxd", "lxc", "is there" },
		{ "/run/host/container-manager", "nspawn", "is there" },
	};
	char text[256];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (is_there(files[i].path)) {
			(void)snprintf(text, sizeof(text), "%s %s", files[i].path, files[i].how);
			sign(context, files[i].place, text, NULL);
		}
}

/* The part of a control group's path that names a unit of systemd: "croft.service". */
static void see_unit(const struct probe_context *context, const char *path)
{
	const char *end = strstr(path, ".service");
	const char *start = end;
	char unit[128];

	if (!end)
		return;
	end += strlen(".service");
	while (start > path && start[-1] != '/')
		start--;
	if ((size_t)(end - start) >= sizeof(unit))
		return;
	(void)snprintf(unit, sizeof(unit), "%.*s", (int)(end - start), start);
	sign(context, "systemd", "unit", unit);
}

static void see_groups(const struct probe_context *context)
{
	static const struct {
		const char *part, *place;
	} parts[] = {
		{ "kubepods", "kubernetes" },
		{ "/docker", "docker" },
		{ "/libpod", "podman" },
		{ "/lxc", "lxc" },
		{ "machine.slice/systemd-nspawn", "nspawn" },
	};
	static const char *const files[] = { "/proc/1/cgroup", "/proc/self/cgroup" };
	char text[TEXT_ROOM];

	for (size_t f = 0; f < ARRAY_SIZE(files); f++) {
		if (text_read(AT_FDCWD, files[f], text, sizeof(text)) <= 0)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
			if (strstr(text, parts[i].part))
				sign(context, parts[i].place, files[f], parts[i].part);
		if (f == 1)
			see_unit(context, text);
	}
}

static void see_user_namespace(const struct probe_context *context)
{
	char line[128];

	/* of the first one: everything, mapped to itself (user_namespaces(7)) */
	if (read_line("/proc/self/uid_map", line, sizeof(line)) && !strstr(line, "4294967295"))
		sign(context, "userns", "/proc/self/uid_map", line + strspn(line, " "));
}

/* Engines bind a container its names and resolver, from files in a directory of their own. */
static void see_binds(const struct probe_context *context, const struct mount *mount)
{
	static const struct {
		const char *part, *place;
	} parts[] = {
		{ "/kubelet/pods/", "kubernetes" },
		{ "io.containerd.grpc.v1.cri", "kubernetes" },
		{ "/overlay-containers/", "podman" },
		{ "/docker/containers/", "docker" },
	};
	static const char *const points[] = { "/etc/hosts", "/etc/hostname", "/etc/resolv.conf" };

	for (size_t i = 0; i < ARRAY_SIZE(points); i++)
		for (size_t k = 0; k < ARRAY_SIZE(parts); k++)
			if (!strcmp(mount->point, points[i]) && strstr(mount->root, parts[k].part))
				sign(context, parts[k].place, points[i], mount->root);
}

static void see_mounts(const struct probe_context *context)
{
	struct arena arena;
	struct mount *mounts;
	size_t n = 0;
	bool has_root = false;

	arena_init(&arena, MOUNTS_BYTES);
	if (mounts_read(&arena, &mounts, &n) == 0 && n > 0) {
		for (size_t i = 0; i < n; i++) {
			has_root |= !strcmp(mounts[i].point, "/");
			see_binds(context, &mounts[i]);
		}
		if (!has_root)
			sign(context, "chroot", "no mount of /proc/self/mountinfo is at /", NULL);
	}
	arena_done(&arena);
}

static void see_machine(const struct probe_context *context)
{
	static const char *const files[] = { "/sys/class/dmi/id/sys_vendor",
					     "/sys/class/dmi/id/product_name",
					     "/sys/hypervisor/type" };
	static const char *const names[] = { "QEMU",        "KVM",       "VMware", "VirtualBox",
					     "Amazon EC2",  "Google",    "Xen",    "Microsoft",
					     "Firecracker", "OpenStack", "xen",    "Parallels" };
	char text[TEXT_ROOM];

	for (size_t f = 0; f < ARRAY_SIZE(files); f++) {
		if (!read_line(files[f], text, sizeof(text)))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			if (strstr(text, names[i])) {
				sign(context, "vm", files[f], text);
				return;
			}
	}
	/* one of the flags that CPUs give to guests alone */
	if (text_read(AT_FDCWD, "/proc/cpuinfo", text, sizeof(text)) > 0 &&
	    strstr(text, " hypervisor"))
		sign(context, "vm", "/proc/cpuinfo", "hypervisor");
}

static void look(const struct probe_context *context)
{
	see_gvisor(context);
	see_wsl(context);
	see_variables(context);
	see_files(context);
	see_groups(context);
	see_user_namespace(context);
	see_mounts(context);
	see_machine(context);
}

static const struct probe probes[] = { { .id = OBS_PLACE, .run = look } };

const struct probe_table probes_place = { probes, ARRAY_SIZE(probes) };
