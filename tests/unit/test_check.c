/* SPDX-License-Identifier: MIT */
/*
 * test_check.c - each weak point that croft check knows: a profile that has it, at the line where
 * it is told, and the same profile without it, of which it is not told.
 */
#include "check_of.h"

#include "check/parts.h"

/*
 * The world of all rows. Nothing in it is made by a row, so that a row and its twin differ in the
 * profile alone.
 */
static int make_world(void **state)
{
	static const char *const dirs[] = {
		"home",         "home/.ssh",        "home/docs", "home/.local", "home/.local/bin",
		"home/.docker", "home/.docker/run", "project",   "tree",        "tree/sub",
		"out",          "out/inner",        "out/sub",   "hard",        "pair",
		"deep",         "deep/a",           "deep/a/b",  "elsewhere",   "open",
	};
	static const char *const files[] = {
		"home/.ssh/id", "home/.ssh/id.pub", "home/.docker/run/docker.sock",
		"project/.env", "tree/a",           "tree/sub/b",
		"pair/x",       "elsewhere/one",    "out/file",
	};
	char path[GROUND_PATH];

	if (ground_open(state) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		make_dir(dirs[i]);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		make_file(files[i], "", 0644);
	link_to("tree", "linked");
	link_to("../tree", "out/away");
	link_to("inner", "out/stays");
	link_to("../../tree/a", "out/sub/deep");
	link_to("../gone", "out/dangling");
	link_to("../../../tree", "deep/a/b/too-deep");
	hard_link("elsewhere/one", "hard/one");
	hard_link("pair/x", "pair/y");
	return chmod(in_scratch(path, "open"), 0777);
}

/* clang-format off */
static const struct check_row path_rows[] = {
	{ FINDING_MISSING, "    files: { read: ['@/none'] }", "    files: { read: ['@/tree'] }",
	  "'@/none' does not exist", 4, { 0 }, 0, 0 },
	{ FINDING_MISSING, "    files:\n      read:\n        - '@/none'",
	  "    files: { read: ['optional:@/none'] }", "'@/none'", 6, { 0 }, 0, 0 },
	{ FINDING_NOT_THERE, "    files: { read: ['optional:@/none'] }",
	  "    files: { read: ['optional:@/tree'] }", "'@/none' is left out here: No such file", 4,
	  { 0 }, 0, 0 },
	{ FINDING_UNREACHABLE, "    files: { read: ['@/tree/a/x'] }",
	  "    files: { read: ['optional:@/tree/a/x'] }", "'@/tree/a/x' cannot be opened: Not a dir",
	  4, { 0 }, 0, 0 },
	{ FINDING_NO_MATCH, "    files: { read: ['@/tree/*.none'] }",
	  "    files: { read: ['@/tree/*'] }", "'@/tree/*.none'", 4, { 0 }, 0, 0 },
	{ FINDING_NO_MATCH, "    files: { read: ['@/tree/*.none'] }",
	  "    files: { read: ['optional:@/tree/*.none'] }", "'@/tree/*.none'", 4, { 0 }, 0, 0 },
	{ FINDING_SYMLINK, "    files: { read: ['@/linked'] }", "    files: { read: ['@/tree'] }",
	  "'@/linked' is reached by a symbolic link: what is granted is '@/tree'", 4, { 0 }, 0, 0 },
	{ FINDING_MISSING, "    command: { directory: '@/none' }",
	  "    command: { directory: '@/tree' }", "'@/none' does not exist", 4, { 0 }, 0, 0 },
	{ FINDING_UNREACHABLE, "    command: { directory: '@/tree/a' }",
	  "    command: { directory: '@/tree' }", "'@/tree/a' cannot be opened: Not a dir", 4,
	  { 0 }, 0, 0 },
	/* a link on the way is one too; one to what is granted anyway is no news */
	{ FINDING_SYMLINK, "    files: { read: ['@/linked/sub'] }",
	  "    files: { read: ['@/linked/sub', '@/tree'] }", "'@/tree/sub'", 4, { 0 }, 0, 0 },
	{ FINDING_SYMLINK, "    files: { read: ['optional:@/linked'] }",
	  "    files: { read: ['optional:@/linked', '@/tree'] }", "'@/tree'", 4, { 0 }, 0, 0 },
	/* that one is a link by nature */
	{ FINDING_SYMLINK, "    files: { read: ['@/linked'] }", "    files: { read: [/proc/self] }",
	  "symbolic link", 4, { 0 }, 0, 0 },
	{ FINDING_SYMLINK, "    files: { read: ['@/linked/'] }", "    files: { read: ['@/tree/'] }",
	  "'@/tree'", 4, { 0 }, 0, 0 },
	{ FINDING_COVERED, "    files:\n      read:\n        - '@/tree'\n        - '@/tree/sub'",
	  "    files:\n      read:\n        - '@/tree'\n      execute:\n        - '@/tree/sub'",
	  "'@/tree/sub' needs no grant of its own: '@/tree' (@/p.yaml:6) covers it", 7,
	  { 0 }, 0, 0 },
	{ FINDING_COVERED, "    files: { write: ['@/tree'], read: ['@/tree/a'] }",
	  "    files: { read: ['@/tree'], write: ['@/tree/a'] }", "'@/tree/a'", 4, { 0 }, 0, 0 },
	/* of two that are alike the second is in excess, and a sibling covers nothing */
	{ FINDING_COVERED, "    files:\n      read:\n        - '@/tree'\n        - '@/tree'",
	  "    files: { read: ['@/tree', '@/tree-not'] }", "'@/tree'", 7, { 0 }, 0, 0 },
	/* what may be missing does not stand in for what may not */
	{ FINDING_COVERED, "    files: { read: ['@/tree', '@/tree/a'] }",
	  "    files: { read: ['optional:@/tree', '@/tree/a'] }", "'@/tree/a'", 4, { 0 }, 0, 0 },
	{ FINDING_COVERED, "    files: { read: ['@/tree', '@/linked'] }",
	  "    files: { read: ['@/tree', 'optional:@/linked'] }", "'@/linked, which is @/tree'", 4,
	  { 0 }, 0, 0 },
};

static const struct check_row file_rows[] = {
	{ FINDING_ONE_FILE, "    files: { write: ['@/tree/a'] }",
	  "    files: { read: ['@/tree/a'] }",
	  "'@/tree/a' is a single file", 4, { 0 }, 0, 0 },
	{ FINDING_ONE_FILE, "    files: { write: ['@/tree/a'] }",
	  "    files: { write: ['@/tree/a', '@/tree'] }", "", 4, { 0 }, 0, 0 },
	/* what is no file is not saved to */
	{ FINDING_ONE_FILE, "    files: { write: ['@/tree/a'] }",
	  "    files: { write: ['/dev/null'] }", "", 4, { 0 }, 0, 0 },
};

static const struct check_row wide_rows[] = {
	{ FINDING_ROOT, "    files: { read: ['/'] }", "    files: { read: ['/usr'] }",
	  "'/' is granted (read)", 4, { 0 }, 0, 0 },
	{ FINDING_HOME, "    files: { write: ['~'] }", "    files: { write: ['~/docs'] }",
	  "the home directory '@/home' is granted (read, write)", 4, { 0 }, 0, 0 },
	{ FINDING_ABOVE_HOME, "    files: { read: ['@'] }", "    files: { read: ['@/tree'] }",
	  "'@' is granted (read), and the home directory '@/home' is in it", 4, { 0 }, 0, 0 },
	{ FINDING_HOME, "    files: { read: ['~'], execute: ['~'] }", "    sockets: ['~']",
	  "'@/home' is granted (read, execute)", 4, { 0 }, 0, 0 },
	{ FINDING_SECRETS, "    sockets: ['~']\n    files: { read: ['~'] }", "    sockets: ['~']",
	  "holds secrets: ~/.ssh", 5, { 0 }, 0, 0 },
	{ FINDING_SECRETS, "    files: { read: ['~'] }", "    files: { read: ['~/docs'] }",
	  "holds secrets: ~/.ssh", 4, { 0 }, 0, 0 },
	{ FINDING_SECRETS, "    files: { read: ['~/.ssh/id'] }",
	  "    files: { read: ['~/.ssh/id.pub'] }", "~/.ssh", 4, { 0 }, 0, 0 },
	{ FINDING_SECRETS, "    files: { read: ['.'] }", "    files: { read: ['@/tree'] }",
	  "@/project/.env", 4, { 0 }, 0, 0 },
	{ FINDING_SECRETS, "    files: { read: ['.'] }",
	  "    files: { read: ['.'], deny: ['./.env'] }", "@/project/.env", 4, { 0 }, 0, 0 },
	{ FINDING_SECRETS, "    files: { read: ['.'] }",
	  "    files: { read: ['.'], deny: ['@/**/.env'] }", "@/project/.env", 4, { 0 }, 0, 0 },
	/* only writing is denied: it is read */
	{ FINDING_SECRETS, "    files: { read: ['.'], deny_write: ['./.env'] }",
	  "    files: { read: ['@/tree'] }", "@/project/.env", 4, { 0 }, 0, 0 },
	{ FINDING_WRITE_EXECUTE, "    files: { write: ['@/tree'], execute: ['@/tree'] }",
	  "    files: { write: ['@/tree'], execute: ['@/out'] }", "'@/tree' can be written", 4,
	  { 0 }, 0, 0 },
	{ FINDING_WRITE_EXECUTE,
	  "    files:\n      write:\n        - '@/tree'\n      execute:\n        - '@/tree/sub'",
	  "    files:\n      write:\n        - '@/tree/a'\n      execute:\n        - '@/tree/sub'",
	  "'@/tree/sub' can be written and executed (with '@/tree', @/p.yaml:6)", 8, { 0 }, 0, 0 },
	{ FINDING_WRITE_EXECUTE,
	  "    files:\n      execute:\n        - '@/tree'\n      write:\n        - '@/linked/sub'",
	  "    files:\n      execute:\n        - '@/tree'\n      read:\n        - '@/linked/sub'",
	  "'@/linked/sub'", 8, { 0 }, 0, 0 },
	{ FINDING_WRITE_EXECUTE,
	  "    files:\n      rights:\n        - { paths: ['@/tree'], allow: [execute, make_reg] }",
	  "    files:\n      rights:\n        - { paths: ['@/tree'], allow: [execute, read_dir] }",
	  "'@/tree' can be written and executed (by this grant)", 6, { 0 }, 0, 0 },
	{ FINDING_OTHERS_WRITE, "    files: { execute: ['@/open'] }",
	  "    files: { read: ['@/open'] }", "'@/open'", 4, { 0 }, 0, 0 },
	{ FINDING_OTHERS_WRITE, "    files: { execute: ['@/open'] }",
	  "    files: { execute: ['@/tree'] }", "", 4, { 0 }, 0, 0 },
};

static const struct check_row policy_rows[] = {
	{ FINDING_POLICY, "    files: { write: ['@/p.yaml'] }",
	  "    files: { read: ['@/p.yaml'], write: ['@/tree'] }",
	  "'@/p.yaml' can be written, and decides what croft grants later: this profile", 4,
	  { 0 }, 0, 0 },
	/* that it is not there yet does not matter: the directory can be made */
	{ FINDING_POLICY, "    files: { write: ['~'] }", "    files: { write: ['~/docs'] }",
	  "'@/home/.config/croft/profiles' can be written, and decides what croft grants later: your",
	  4, { 0 }, 0, 0 },
	{ FINDING_POLICY, "    files: { write: ['@/tree'] }", "    files: { write: ['@/out'] }",
	  "'@/tree/croft/trust' can be written, and decides what croft grants later: which files", 4,
	  { "XDG_STATE_HOME=@/tree" }, 0, 0 },
};

static const struct check_row socket_rows[] = {
	/* what is named is meant, whether it is there or not */
	{ FINDING_AUTHORITY, "    sockets: ['optional:/run/docker.sock']",
	  "    sockets: ['optional:/run/mine.sock']", "a container engine", 4, { 0 }, 0, 0 },
	{ FINDING_AUTHORITY, "    sockets: ['optional:/run/user/1000/bus']",
	  "    files: { write: ['optional:/run/user/1000/bus'] }", "the session bus", 4, { 0 }, 0, 0 },
	{ FINDING_AUTHORITY, "    sockets: ['optional:/run/user/1000/systemd/private']",
	  "    sockets: ['optional:/run/user/1000/mine/private']", "a service manager", 4,
	  { 0 }, 0, 0 },
	{ FINDING_AUTHORITY, "    sockets: ['optional:/tmp/ssh-abc/agent.17']",
	  "    sockets: ['optional:/tmp/ssh-abc/other.17']", "an ssh agent", 4, { 0 }, 0, 0 },
	{ FINDING_AUTHORITY, "    sockets: ['~/.docker']", "    sockets: ['~/docs']",
	  "'@/home/.docker/run/docker.sock' can be reached: a container engine", 4, { 0 }, 0, 0 },
	{ FINDING_AUTHORITY, "    sockets: ['@/tree']", "    sockets: ['@/out/inner']",
	  "'@/tree/a' can be reached: an ssh agent", 4, { "SSH_AUTH_SOCK=@/tree/a" }, 0, 0 },
	{ FINDING_AUTHORITY, "    sockets: ['@/tree']", "    files: { read: ['@/tree'] }",
	  "'@/linked/a' can be reached: the session bus", 4,
	  { "X=1", "DBUS_SESSION_BUS_ADDRESS=unix:path=@/linked/a,guid=17" }, 0, 0 },
	{ FINDING_AUTHORITY,
	  "    files:\n      rights:\n        - { paths: ['@/tree'], allow: [resolve_unix] }",
	  "    files:\n      rights:\n        - { paths: ['@/tree'], allow: [read_file] }",
	  "a container engine", 6, { "DOCKER_HOST=unix://@/tree/a" }, 0, 0 },
};

static const struct check_row tree_rows[] = {
	{ FINDING_LINKS_OUT, "    files: { read: ['@/out'] }",
	  "    files: { read: ['@/out', '@/tree'] }",
	  "links in '@/out' lead where nothing is granted, and are refused: away -> @/tree, "
	  "sub/deep -> @/tree/a", 4, { 0 }, 0, 0 },
	{ FINDING_LINKS_OUT, "    files: { read: ['@/out'] }",
	  "    files: { read: ['@/out/inner'] }",
	  "away", 4, { 0 }, 0, 0 },
	/* on the third level */
	{ FINDING_LINKS_OUT, "    files: { read: ['@/deep/a'] }", "    files: { read: ['@/deep'] }",
	  "too-deep", 4, { 0 }, 0, 0 },
	{ FINDING_HARD_LINKS, "    files: { write: ['@/hard'] }", "    files: { read: ['@/hard'] }",
	  "files in '@/hard' have other names (hard links), perhaps outside of it, which writing "
	  "changes too: one", 4, { 0 }, 0, 0 },
	/* both names are in there */
	{ FINDING_HARD_LINKS, "    files: { write: ['@/hard'] }",
	  "    files: { write: ['@/pair'] }",
	  "files in", 4, { 0 }, 0, 0 },
};

static const struct check_row environment_rows[] = {
	{ FINDING_ON_YOUR_PATH, "    files: { write: ['~/.local'] }",
	  "    files: { read: ['~/.local'] }", "'@/home/.local/bin' can be written and is on your", 4,
	  { "PATH=/usr/bin:@/home/.local/bin" }, 0, 0 },
	{ FINDING_ON_YOUR_PATH, "    files: { write: ['~/.local'] }",
	  "    files: { write: ['~/docs'] }", "", 4, { "PATH=@/home/.local/bin" }, 0, 0 },
	/* one that is not there yet can be made; told at the grant's own line */
	{ FINDING_ON_YOUR_PATH, "    files:\n      write:\n        - '~/docs'",
	  "    files: { write: ['@/tree'] }", "'@/home/docs/bin'", 6,
	  { "PATH=@/home/docs/bin:/usr/bin" }, 0, 0 },
	{ FINDING_ON_COMMAND_PATH,
	  "    files: { write: ['@/tree'] }\n    environment: { set: { PATH: '@/tree' } }",
	  "    files: { write: ['@/tree'] }\n    environment: { set: { PATH: '@/out' } }",
	  "'@/tree' can be written and is on the command's", 4, { "PATH=/usr/bin" }, 0, 0 },
	/* the one message is enough */
	{ FINDING_ON_COMMAND_PATH,
	  "    files: { write: ['@/tree'] }\n    environment: { set: { PATH: '@/tree' } }",
	  "    files: { write: ['@/tree'] }\n    environment: { pass: [PATH] }", "", 4,
	  { "PATH=/usr/bin:@/tree-not" }, 0, 0 },
	{ FINDING_SECRET_PASSED, "    environment: { pass: [GITHUB_TOKEN] }",
	  "    environment: { pass: [EDITOR] }", "the variable GITHUB_TOKEN is passed on", 4,
	  { 0 }, 0, 0 },
	/* a prefix passes what there is */
	{ FINDING_SECRET_PASSED, "    environment: { pass: ['MY_*'] }",
	  "    environment: { pass: ['YOUR_*'] }", "MY_TOKEN", 4, { "MY_TOKEN=x", "MY_EDITOR=vi" },
	  0, 0 },
	{ FINDING_SECRET_PASSED, "    environment: { pass: ['MY_TOKEN*'] }",
	  "    environment: { pass: ['MY_E*'] }", "MY_", 4, { "MY_TOKEN=x", "MY_EDITOR=vi" }, 0, 0 },
	{ FINDING_SECRET_WRITTEN, "    environment: { set: { API_TOKEN: abc } }",
	  "    environment: { set: { API_TOKEN: '' } }", "the variable API_TOKEN", 4, { 0 }, 0, 0 },
	{ FINDING_SECRET_WRITTEN, "    environment: { set: { API_TOKEN: abc } }",
	  "    environment: { set: { API_NAME: abc } }", "", 4, { 0 }, 0, 0 },
	{ FINDING_UNSET, "    description: x\n    environment: { use: [HERE] }",
	  "    environment: { use: [THERE] }", "the variable HERE", 5, { "THERE=1" }, 0, 0 },
};

static const struct check_row host_rows[] = {
	{ FINDING_NOT_KEPT, "    require:\n      hidden: require", "    require: { hidden: off }",
	  "this host refuses to start it: 'hidden' is required", 5, { 0 }, 0, 0 },
	/* where the line is another profile's, the profile itself */
	{ FINDING_NOT_KEPT, "    isolate: [files]", "    description: x", "'hidden'", 3, { 0 },
	  0, 0 },
	{ FINDING_NOT_KEPT_HERE, "    description: x", "    description: x", "'signals'", 3, { 0 },
	  5, 6 },
	{ FINDING_PUT_OFF, "    require:\n      landlock: 1\n      files: off",
	  "    require: { files: prefer }", "'files' is off, and with it the promise: only granted", 6,
	  { 0 }, 0, 0 },
	/* what nobody is promised cannot be put off */
	{ FINDING_PUT_OFF, "    require: { terminal: off }", "    require: { hidden: off }", "", 4,
	  { 0 }, 0, 0 },
	/* what it has so from elsewhere, at its own beginning */
	{ FINDING_NO_PROMISE,
	  "    extends: [q]\n  q:\n    require: { terminal: off, ipc: off }",
	  "    extends: [q]\n  q:\n    require: { terminal: prefer, hidden: off }",
	  "these, which are off: ipc, terminal", 3, { 0 }, 0, 0 },
	{ FINDING_SYSCALLS_OFF, "    description: x\n    syscalls: off", "    syscalls: strict",
	  "system calls are not filtered", 5, { 0 }, 0, 0 },
	{ FINDING_SYSCALLS_OFF, "    description: x\n    require: { syscalls: off }",
	  "    require: { syscalls: prefer }", "system calls", 5, { 0 }, 0, 0 },
	{ FINDING_TOO_OLD, "    require: { landlock: 8 }", "    require: { landlock: 7 }",
	  "Landlock 8 is required, and there is Landlock 7 here", 4, { 0 }, 7, 0 },
	{ FINDING_TOO_OLD, "    require: { landlock: 1 }", "    require: { landlock: 1 }",
	  "Landlock 1 is required, and there is none here", 4, { 0 }, -1, 1 },
	{ FINDING_IGNORED,
	  "    sockets: ['@/tree']\n    require: { unix-path: prefer }",
	  "    sockets: ['@/tree']\n    require: { unix-path: prefer }",
	  "does not know the right resolve_unix, which '@/tree' is granted with", 4, { 0 }, 8, 9 },
	{ FINDING_IGNORED, "    files: { write: ['@/tree'] }", "    files: { read: ['@/tree'] }",
	  "the right refer, which '@/tree' is granted with: renaming", 4, { 0 }, 1, 0 },
	{ FINDING_IGNORED, "    files: { write: ['@/tree'] }", "    files: { write: ['@/tree'] }",
	  "truncate", 4, { 0 }, 2, 3 },
	{ FINDING_IGNORED,
	  "    files:\n      rights:\n        - { paths: ['@/tree'], allow: [truncate] }",
	  "    files:\n      rights:\n        - { paths: ['@/tree'], allow: [write_file] }",
	  "truncate", 6, { 0 }, 2, 0 },
	{ FINDING_IGNORED, "    files: { device: ['/dev/null'] }",
	  "    abi: 4\n    files: { device: ['/dev/null'] }", "ioctl_dev", 4, { 0 }, 4, 11 },
	{ FINDING_DENIAL,
	  "    files:\n      read: ['@/tree']\n      deny: ['@/tree/sub*']",
	  "    files:\n      read: ['@/tree']\n      deny: ['@/tree/sub']",
	  "no denial is kept here of '@/tree/sub*': '@/tree' is granted (@/p.yaml:5), and", 6, { 0 }, 0, 0 },
	{ FINDING_DENIAL,
	  "    files:\n      write: ['@/tree']\n      deny_write: ['@/tree/*.x']",
	  "    files:\n      read: ['@/tree']\n      deny_write: ['@/tree/*.x']", "'@/tree/*.x'", 6,
	  { 0 }, 0, 0 },
	{ FINDING_DENIAL,
	  "    files:\n      read: ['@/tree']\n      deny: ['@/tree/1*', '@/tree/2*',\n"
	  "        '@/tree/3*', '@/tree/4*', '@/tree/5*', '@/out/1']",
	  "    files:\n      read: ['@/tree']\n      deny: ['@/tree/1*', '@/tree/2*',\n"
	  "        '@/tree/3*', '@/tree/4*', '@/out/1', '@/out/2']",
	  "of '@/tree/1*', '@/tree/2*', '@/tree/3*', '@/tree/4*' and 1 more: '@/tree' is granted", 6,
	  { 0 }, 0, 0 },
	{ FINDING_SEEN, "    files: { read: ['@/tree'], deny: ['@/out'] }",
	  "    files: { read: ['@/tree'], deny_write: ['@/out'] }", "names, sizes and times", 4,
	  { 0 }, 0, 0 },
	{ FINDING_SEEN, "    files: { read: ['@/tree'], deny: ['@/out'] }",
	  "    files: { read: ['@/tree'], deny: ['@/tree/sub*'] }", "", 4, { 0 }, 0, 0 },
	{ FINDING_REFUSED, "    files: { write: ['/'] }", "    files: { read: ['/'] }",
	  "would leave nothing protected", 3, { 0 }, 0, 0 },
	/* and the rest that could be said of it is not said */
	{ FINDING_ROOT, "    files: { read: ['/'] }", "    files: { write: ['/'] }", "", 4, { 0 },
	  0, 0 },
	{ FINDING_COMMAND, "    extends: [system]\n    command: { program: '@/none' }",
	  "    extends: [system]\n    command: { program: /bin/true }", "@/none", 5, { 0 }, 0, 0 },
	{ FINDING_COMMAND,
	  "    extends: [system]\n    with_deps: true\n    command: { program: '@/none' }",
	  "    extends: [system]\n    with_deps: true\n    command: { program: /bin/true }",
	  "@/none", 6, { 0 }, 0, 0 },
	/* granted by nobody */
	{ FINDING_COMMAND, "    command: { program: /bin/true }",
	  "    with_deps: true\n    command: { program: /bin/true }", "/bin/true", 4, { 0 }, 0, 0 },
};
/* clang-format on */

static void a_path_is_told_of_when_it_is_not_what_it_says(void **state)
{
	(void)state;
	check_rows(path_rows, ARRAY_SIZE(path_rows));
	check_rows(file_rows, ARRAY_SIZE(file_rows));
}

static void a_grant_that_gives_much_is_told_of(void **state)
{
	(void)state;
	check_rows(wide_rows, ARRAY_SIZE(wide_rows));
}

static void policy_that_can_be_written_is_told_of(void **state)
{
	(void)state;
	check_rows(policy_rows, ARRAY_SIZE(policy_rows));
}

static void a_socket_that_is_power_is_told_of(void **state)
{
	(void)state;
	check_rows(socket_rows, ARRAY_SIZE(socket_rows));
}

static void links_at_the_top_of_a_granted_tree_are_told_of(void **state)
{
	(void)state;
	check_rows(tree_rows, ARRAY_SIZE(tree_rows));
}

static void what_the_environment_carries_is_told_of(void **state)
{
	(void)state;
	check_rows(environment_rows, ARRAY_SIZE(environment_rows));
}

static void what_this_host_does_not_keep_is_told_of(void **state)
{
	(void)state;
	check_rows(host_rows, ARRAY_SIZE(host_rows));
}

static void a_plain_profile_has_nothing_to_be_told_of(void **state)
{
	(void)state;
	check_body("    files: { read: ['@/tree'], write: ['~/docs'], execute: ['@/out/inner'] }",
		   ABI_LANDLOCK_NEWEST, NULL);
	if (found.n)
		fail_msg("%s", all_told());
	/* descriptors are for whoever runs it to pass, as a command is to name */
	check_body("    descriptors: [17]\n    with_deps: true", ABI_LANDLOCK_NEWEST, NULL);
	if (found.n)
		fail_msg("%s", all_told());
}

/* Two levels are looked at, and no name beyond the bound. */
static void a_tree_without_end_is_looked_at_for_a_while(void **state)
{
	char name[64];
	const struct finding *finding;
	const char *rest;
	unsigned more;

	(void)state;
	make_dir("wide");
	make_dir("wide/sub");
	make_dir("wide/sub/sub");
	link_to("../../../tree", "wide/sub/sub/too-deep");
	for (int i = 0; i < LOOK_MAX_NAMES + 100; i++) {
		(void)snprintf(name, sizeof(name), "wide/l%04d", i);
		link_to("../tree", name);
	}
	check_body("    files: { read: ['@/wide'] }", ABI_LANDLOCK_NEWEST, NULL);
	finding = told(FINDING_LINKS_OUT, "'@/wide'");
	assert_non_null(finding);
	assert_null(strstr(finding->what, "too-deep"));
	/* four by name, the rest by number: no more than were looked at */
	rest = strstr(strstr(finding->what, ": "), " and ");
	assert_non_null(rest);
	assert_int_equal(sscanf(rest, " and %u more", &more), 1);
	assert_in_range(more, LOOK_MAX_NAMES - 10, LOOK_MAX_NAMES - EXAMPLES);
}

static size_t count(enum finding_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < found.n; i++)
		n += found.items[i].kind == kind;
	return n;
}

static void one_thing_is_said_in_one_place(void **state)
{
	static const char *const environment[] = { "PATH=@/tree", NULL };

	(void)state;
	/* at the grant that brings the second of the two, and not again below it */
	check_body("    files:\n      write:\n        - '@/tree'\n      execute:\n"
		   "        - '@/tree'\n        - '@/tree/sub'\n      read:\n        - '@/tree/a'",
		   ABI_LANDLOCK_NEWEST, NULL);
	assert_int_equal(count(FINDING_WRITE_EXECUTE), 1);
	assert_int_equal(told(FINDING_WRITE_EXECUTE, "'@/tree'")->spot.line, 8);
	/* on both paths */
	check_body("    files: { write: ['@/tree'] }\n    environment: { pass: [PATH] }",
		   ABI_LANDLOCK_NEWEST, environment);
	assert_int_equal(count(FINDING_ON_YOUR_PATH), 1);
	assert_int_equal(count(FINDING_ON_COMMAND_PATH), 0);
	/* many denials */
	check_body("    files: { read: ['@/tree'], deny: ['@/tree/1*', '@/tree/2*', '@/tree/3*',\n"
		   "      '@/tree/4*', '@/tree/5*', '@/tree/6*'] }",
		   ABI_LANDLOCK_NEWEST, NULL);
	assert_int_equal(count(FINDING_DENIAL), 1);
	/* a directory that two grants are for */
	check_body("    files: { read: ['~'], execute: ['~'] }", ABI_LANDLOCK_NEWEST, NULL);
	assert_int_equal(count(FINDING_HOME), 1);
	assert_int_equal(count(FINDING_SECRETS), 1);
}

/* Landlock only takes away: where the mode forbids writing, a grant of it gives nothing. */
static void what_may_not_be_written_by_its_mode_is_not_told_of(void **state)
{
	static const char *const environment[] = { "PATH=@/home/.local/bin", NULL };
	static const char body[] = "    files: { write: ['~/.local', '@/p.yaml'] }";

	(void)state;
	check_body(body, ABI_LANDLOCK_NEWEST, environment);
	assert_non_null(told(FINDING_ON_YOUR_PATH, ""));
	assert_non_null(told(FINDING_POLICY, "@/p.yaml"));
	ground_replace(SYS_CALL_faccessat, -EACCES);
	check_body(body, ABI_LANDLOCK_NEWEST, environment);
	assert_null(told(FINDING_ON_YOUR_PATH, ""));
	assert_null(told(FINDING_POLICY, "@/p.yaml"));
}

static long no_descriptor(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	const char *path = (const char *)(uintptr_t)b;

	return strstr(path, "/tree") ? -EMFILE : sys_real(call, a, b, c, d, e, f);
}

/* What could not be looked at must not pass for something without weak points. */
static void running_out_of_descriptors_is_an_error(void **state)
{
	static const char *const none[] = { NULL };
	const struct host host = host_of(ABI_LANDLOCK_NEWEST);
	char path[GROUND_PATH];
	size_t n;

	(void)state;
	check_body("    files: { read: ['@/tree'] }", ABI_LANDLOCK_NEWEST, NULL);
	assert_int_equal(check_in_world(in_scratch(path, "p.yaml"), &host, none, &n), 0);
	sys_replace(SYS_CALL_openat2, no_descriptor);
	assert_int_equal(check_in_world(path, &host, none, &n), -EMFILE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_told_of_when_it_is_not_what_it_says),
		cmocka_unit_test(a_grant_that_gives_much_is_told_of),
		cmocka_unit_test(policy_that_can_be_written_is_told_of),
		cmocka_unit_test(a_socket_that_is_power_is_told_of),
		cmocka_unit_test(links_at_the_top_of_a_granted_tree_are_told_of),
		cmocka_unit_test(what_the_environment_carries_is_told_of),
		cmocka_unit_test(what_this_host_does_not_keep_is_told_of),
		cmocka_unit_test(a_plain_profile_has_nothing_to_be_told_of),
		cmocka_unit_test(one_thing_is_said_in_one_place),
		cmocka_unit_test_teardown(what_may_not_be_written_by_its_mode_is_not_told_of,
					  ground_restore),
		cmocka_unit_test_teardown(running_out_of_descriptors_is_an_error, ground_restore),
		cmocka_unit_test(a_tree_without_end_is_looked_at_for_a_while),
	};

	return cmocka_run_group_tests_name("check", tests, make_world, check_close);
}
