/* SPDX-License-Identifier: MIT */
/*
 * authority.c - sockets that are somebody else's power.
 *
 * Who may connect to a container engine starts programs as root; to a session bus, programs as the
 * user, outside of the sandbox; to an agent, signs with keys that cannot be read. A profile
 * that grants such a socket grants that, whatever else it holds back.
 *
 * A socket that a grant names is told whether it is there or not: what is named is meant. Of a
 * tree, those that are in it now. Both are asked of names and of what they lead to: /var/run is
 * a link to /run on most systems.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "check/parts.h"
#include "host/paths.h"
#include "launch/globs.h"

#define CONTAINERS "a container engine: whoever reaches it runs programs as root on this host"
#define USER_CONTAINERS "a container engine: it runs programs as you, with all your files"
#define BUS "the session bus: services on it start programs as you, outside of the sandbox"
#define SYSTEM_BUS "the system bus, with every service that this user may ask"
#define SSH "an ssh agent: it signs in as you with keys that cannot be read"
#define GPG "a gpg agent: it decrypts and signs with your keys"
#define MANAGER "a service manager: it starts programs outside of the sandbox"
#define DISPLAY "a display: on X11 any client reads keys and types into other windows"
#define WAYLAND "a Wayland display: windows, the clipboard"
#define MACHINES "a manager of virtual machines: whoever reaches it has this host's disks"
#define TERMINALS "a terminal multiplexer: it types into shells outside of the sandbox"
#define SOUND "the sound server: it listens to the microphone"

/* clang-format off */
static const struct authority {
	const char *pattern; /* as look_matches has it; "~" is the home directory */
	const char *what;
} authorities[] = {
	{ "/run/docker.sock", CONTAINERS },
	{ "/run/podman/podman.sock", CONTAINERS },
	{ "/run/containerd/*.sock", CONTAINERS },
	{ "/run/k3s/containerd/*.sock", CONTAINERS },
	{ "/run/crio/crio.sock", CONTAINERS },
	{ "/run/buildkit/buildkitd.sock", CONTAINERS },
	{ "/var/lib/lxd/unix.socket", CONTAINERS },
	{ "/var/lib/incus/unix.socket", CONTAINERS },
	{ "/var/snap/lxd/common/lxd/unix.socket", CONTAINERS },
	{ "/run/user/*/docker.sock", USER_CONTAINERS },
	{ "/run/user/*/podman/podman.sock", USER_CONTAINERS },
	{ "/run/user/*/containerd/*.sock", USER_CONTAINERS },
	{ "~/.docker/run/docker.sock", USER_CONTAINERS },
	{ "~/.docker/desktop/docker.sock", USER_CONTAINERS },
	{ "/run/dbus/system_bus_socket", SYSTEM_BUS },
	{ "/run/user/*/bus", BUS },
	{ "/run/user/*/dbus-1", BUS },
	{ "/run/systemd/private", MANAGER },
	{ "/run/systemd/io.systemd.*", MANAGER },
	{ "/run/user/*/systemd/private", MANAGER },
	{ "/run/user/*/systemd/io.systemd.*", MANAGER },
	{ "/run/snapd.socket", MANAGER },
	{ "/run/user/*/ssh-agent*", SSH },
	{ "/run/user/*/openssh_agent", SSH },
	{ "/run/user/*/keyring/ssh", SSH },
	{ "/run/user/*/keyring/.ssh", SSH },
	{ "/run/user/*/gcr/ssh", SSH },
	{ "/tmp/ssh-*/agent.*", SSH },
	{ "~/.ssh/agent/*", SSH },
	{ "/run/user/*/keyring/control", "the keyring: it hands out passwords" },
	{ "/run/user/*/gnupg/S.gpg-agent*", GPG },
	{ "/run/user/*/gnupg/*/S.gpg-agent*", GPG },
	{ "~/.gnupg/S.gpg-agent*", GPG },
	{ "/tmp/.X11-unix/X*", DISPLAY },
	{ "/run/user/*/wayland-*", WAYLAND },
	{ "/run/user/*/pulse/native", SOUND },
	{ "/run/user/*/pipewire-*", SOUND },
	{ "/run/libvirt/libvirt-sock", MACHINES },
	{ "/run/libvirt/virtqemud-sock", MACHINES },
	{ "/tmp/tmux-*/*", TERMINALS },
	{ "/run/screen/S-*/*", TERMINALS },
	{ "/run/user/*/vscode-ipc-*", "an editor: it opens files and runs commands as you" },
};

/* Where a session says that its sockets are; the value may begin so. */
static const struct {
	const char *variable, *before, *what;
} named[] = {
	{ "DOCKER_HOST", "unix://", CONTAINERS },
	{ "CONTAINER_HOST", "unix://", CONTAINERS },
	{ "DBUS_SESSION_BUS_ADDRESS", "unix:path=", BUS },
	{ "DBUS_SYSTEM_BUS_ADDRESS", "unix:path=", SYSTEM_BUS },
	{ "SSH_AUTH_SOCK", "", SSH },
	{ "TMUX", "", TERMINALS },
};
/* clang-format on */

struct search {
	struct check *check;
	const struct look *look;
	const char *what;
	size_t n; /* told of this grant */
};

static void tell(struct search *search, const char *path)
{
	if (search->n++ < LOOK_MAX_MATCHES)
		check_tell(search->check, FINDING_AUTHORITY, &search->look->spot,
			   &(struct words){ .path = path, .detail = search->what });
}

/* One that fits the table, if the grant reaches what it leads to. */
static int tell_if_granted(void *context, const char *path)
{
	struct search *search = context;
	char real[PATH_MAX];

	if (path_resolve(path, real, sizeof(real)) == 0 && look_exists(real) &&
	    path_is_under(search->look->real, real))
		tell(search, path);
	return 0;
}

/* In directories that others may fill: links are not followed, and what is too much is left out. */
static void look_up(struct search *search, const char *pattern)
{
	struct arena arena;
	struct glob glob = { .pattern = pattern,
			     .what = "sockets",
			     .arena = &arena,
			     .found = tell_if_granted,
			     .context = search };

	arena_init(&arena, FINDINGS_MAX_BYTES);
	if (glob_look_up(&glob) == -ENOMEM)
		search->check->findings->error = -ENOMEM;
	arena_done(&arena);
}

/* NULL: it is in a home, and there is none. */
static const char *full_pattern(const struct search *search, const char *pattern,
				char buffer[PATH_MAX])
{
	const char *home = search->check->profile->home;
	int n;

	if (pattern[0] != '~')
		return pattern;
	n = home ? snprintf(buffer, PATH_MAX, "%s%s", home, pattern + 1) : -1;
	return n > 0 && n < PATH_MAX ? buffer : NULL;
}

static void find_by_table(struct search *search)
{
	const struct look *look = search->look;
	bool is_tree = !look->errnum && S_ISDIR(look->st.st_mode);
	char buffer[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(authorities); i++) {
		const char *pattern = full_pattern(search, authorities[i].pattern, buffer);

		search->what = authorities[i].what;
		if (!pattern)
			continue;
		if (pattern_covers(pattern, look->path) || pattern_covers(pattern, look->real)) {
			tell(search, look->path);
			return;
		}
		if (is_tree)
			look_up(search, pattern);
	}
}

static void find_by_environment(struct search *search)
{
	const char *const *environ = search->check->input->environ;
	char path[PATH_MAX];

	for (size_t i = 0; environ && environ[i]; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(named); k++) {
			size_t len = strlen(named[k].variable), skip = strlen(named[k].before);
			const char *value = environ[i] + len + 1;
			size_t end;

			if (strncmp(environ[i], named[k].variable, len) != 0 ||
			    environ[i][len] != '=' || strncmp(value, named[k].before, skip) != 0)
				continue;
			end = strcspn(value + skip, ",;");
			if (value[skip] != '/' || end >= sizeof(path))
				continue;
			memcpy(path, value + skip, end);
			path[end] = '\0';
			search->what = named[k].what;
			(void)tell_if_granted(search, path);
		}
	}
}

void find_authority(struct check *check)
{
	for (size_t i = 0; i < check->n_looks; i++) {
		struct search search = { .check = check, .look = &check->looks[i] };

		if (!(search.look->kinds & GRANT_SOCKET))
			continue;
		find_by_table(&search);
		/* what the table has told already is not told again: findings_add sees to it */
		find_by_environment(&search);
	}
}
