#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_agent.py - the preset for coding agents: what one does all day works, and what it could be talked into
does not.

The secrets of a home are asked of all presets in test_in_project.py. Here: the tools of several
languages side by side, the agent's own state, its way to its model, and what inside of the project is
not its to change.
"""
from _home import *     # pylint: disable=wildcard-import,unused-wildcard-import

PROFILES = os.path.join(os.path.dirname(TESTS), "profiles")

# Names in a project that programs obey without being asked, each with one file in it. Whoever adds a
# name to the preset need not add it here; whoever takes one away has to look here.
OBEYED = """
.git/hooks/post-checkout .git/config .git/config.worktree .git/commondir .git/info/attributes .git/info/exclude
.git/modules/m/hooks/post-checkout .git/modules/m/config .git/worktrees/w/config.worktree .git/worktrees/w/gitdir
.git/worktrees/w/commondir nested/.git/hooks/post-checkout nested/.git/config
.gitconfig .gitmodules .gitattributes .husky/pre-commit .githooks/pre-commit lefthook.yml .pre-commit-config.yaml
.bashrc .bash_profile .bash_login .profile .zshrc .zshenv .zprofile .zlogin .inputrc .envrc .direnv/bin/x .tool-versions
.mise.toml mise.toml .vscode/tasks.json .vscode/settings.json .vscode/launch.json .vscode/extensions.json x.code-workspace
.idea/workspace.xml .zed/tasks.json .devcontainer/devcontainer.json .vimrc .exrc .nvimrc .nvim.lua .emacs .dir-locals.el
.editorconfig .gdbinit .lldbinit .pythonrc sitecustomize.py usercustomize.py .ripgreprc .npmrc .yarnrc .yarnrc.yml
.pnpmfile.cjs .cargo/config.toml .mcp.json .cursor/mcp.json .cursor/rules/x .cursor/hooks.json .claude/settings.json
.claude/settings.local.json .claude/commands/x.md .claude/agents/x.md .claude/skills/x/SKILL.md .claude/hooks/x
.codex/config.toml .agents/x .gemini/settings.json .windsurf/x .continue/config.json .aider.conf.yml .croft.yaml
nested/.vscode/tasks.json nested/.mcp.json
""".split()

# Secrets inside of a project.
KEPT = """
.env .env.local .env.production .env.test.local nested/.env nested/deep/.env.staging .netrc .pgpass .git-credentials
.vault-token .ssh/id_rsa .gnupg/k .aws/credentials .azure/x .kube/config .docker/config.json .password-store/x.gpg
deploy/id_ed25519 deploy/id_rsa
""".split()

# Files that run later as well, but are the work itself: docs/design/presets.md says so.
WORK = """
Makefile package.json build.rs setup.py CMakeLists.txt src/main.c node_modules/.bin/x .venv/bin/python __pycache__/x.pyc
.github/workflows/ci.yml AGENTS.md CLAUDE.md README.md .gitignore .env.example Cargo.toml go.mod
""".split()

# What git itself writes on a commit.
GIT_WRITES = [".git/index", ".git/index.lock", ".git/objects/00/x", ".git/refs/heads/x", ".git/logs/HEAD", ".git/HEAD",
              ".git/COMMIT_EDITMSG", ".git/ORIG_HEAD", ".git/packed-refs"]


def read_cmdline(number):
    try:
        with open(f"/proc/{number}/cmdline", "rb") as f:
            return f.read().decode(errors="replace").split("\0")[:-1]
    except OSError:
        return []


TIERS = ["agent", "agent/landlock"]


def denials_are_kept(h, preset="agent"):
    """True if this host keeps what the preset denies inside of the project, as far as it exists."""
    name, _, tier = preset.partition("/")
    plan = json.loads(succeeds(run_croft("plan", "--json", "--profile", name, *(["--tier", tier] if tier else []), "--", "true",
                                         cwd=h.project, env=h.env)).out)
    states = [row["state"] for row in plan["protections"] if row["name"] == "deny-inside"]
    equal(len(states), 1, "rows of deny-inside")
    # enforced it is never: names that fit a pattern can be made later
    true(states[0] in ("partial", "absent"), f"deny-inside is {states[0]}")
    equal(states[0] == "partial" and bool(tier), False, "kept with Landlock alone")
    return states[0] == "partial"


@test("an agent's day: sources are changed, built, tested and committed with the tools of several languages")
def _():
    needs("git", "make", "gcc", "node", "npm")
    h = Home()
    h.file("main.c", "int main(void) { return 1; }\n")
    h.file("Makefile", "check: main\n\t./main\n\tnpm test --silent\n\tpython3 -m unittest -q\n")
    h.file("package.json", json.dumps({"name": "x", "version": "1.0.0", "scripts": {"test": "node -e 'console.log(6*7)'"}}))
    h.file("test_x.py", "import unittest\nclass T(unittest.TestCase):\n    def test(self): self.assertTrue(True)\n")
    h.file(".gitignore", "main\n__pycache__\n")
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "outside"]):
        succeeds(h.outside("git", *words))
    true(h.run("agent", "make", "-s", "check").status != 0, "the test of a broken program passed")
    text = """
        sed -i s/1/0/ main.c
        make -s check
        git checkout -q -b fix
        git commit -q -am 'Mend the program'
        git status --short
        git log --format=%s
        git diff --stat HEAD~1
    """
    result = succeeds(h.sh("agent", text))
    contains(result.out, "42\nMend the program\noutside\n", "output")
    equal(h.outside("git", "log", "-1", "--format=%s").out, "Mend the program\n", "log from outside")


@test("toolchains of the home directory run, and cannot be changed")
def _():
    h = Home()
    tools = [".cargo/bin/tool", ".rustup/toolchains/t/bin/tool", ".nvm/versions/node/v1/bin/tool", ".pyenv/shims/tool",
             ".volta/bin/tool",
             ".local/bin/tool", ".local/share/uv/tools/t/bin/tool", ".asdf/shims/tool",
             ".local/share/mise/installs/t/1/bin/tool",
             ".sdkman/candidates/java/current/bin/tool", ".bun/bin/tool", ".deno/bin/tool", "sdk/go1/bin/tool"]
    for name in tools:
        h.write(name, "#!/bin/sh\necho ran\n", 0o755)
    for name in tools:
        equal(succeeds(h.run("agent", h.path(name))).out, "ran\n", f"output of {name}")
    every(h.probe("agent", [["write", h.path(name)] for name in tools]), DENIED, "tools")
    status_is(h.run("git", h.path(tools[0])), 126)


@test("the agent's own state is kept apart from the user's, where its directory is made")
def _():
    h = Home()
    h.write(".claude/settings.json", "{}")
    h.write(".claude/.credentials.json", "sesame")
    h.write(".codex/auth.json", "sesame")
    text = 'for d in "$CLAUDE_CONFIG_DIR" "$CODEX_HOME"; do mkdir -p "$d"; echo kept > "$d/x"; cat "$d/x"; echo "$d"; done'
    true(h.sh("agent", text).status != 0, "a directory was made in the home")
    own = h.mkdir(".local/state/croft/agent")
    equal(succeeds(h.sh("agent", text)).out, f"kept\n{own}/claude\nkept\n{own}/codex\n", "output")
    state = h.mkdir("elsewhere")
    os.makedirs(os.path.join(state, "croft/agent"))
    contains(succeeds(h.sh("agent", text, env={"XDG_STATE_HOME": state})).out, f"{state}/croft/agent/claude\n", "output")
    beside = [os.path.join(os.path.dirname(own), "trust", "0"), h.path(".claude/settings.json")]
    every(h.probe("agent", [["write", path] for path in beside]), DENIED, "beside it")


@test("port 443 and port 53 by TCP are open, all others and UDP are shut, and one option opens one more")
def _():
    h = Home()
    port = h.listener()
    wishes = [["connect", n] for n in (443, 53, 22, 80, 2375, 8443, port)] + [["udp", 53], ["udp", 443], ["listen", free_port()]]
    outcomes = h.probe("agent", wishes)
    open_ports = sorted(what for (act, what), said in outcomes.items() if said != "EACCES")
    equal(open_ports, [53, 443], f"open: {outcomes}")
    every(h.probe("agent", [["connect", port]], options=["--connect", port]), DONE, "with the option")


NAME_SERVER = r'''
import socket, struct, sys
with socket.create_server(("127.0.0.1", 53)) as server:
    print("ready", flush=True)
    while True:
        s = server.accept()[0]
        while size := s.recv(2):
            q = s.recv(struct.unpack("!H", size)[0])
            kind = struct.unpack("!H", q[12:].split(b"\0", 1)[1][:2])[0]
            found = struct.pack("!HHHIH4s", 0xc00c, 1, 1, 60, 4, bytes([127, 0, 0, 9])) if kind == 1 else b""
            answer = q[:2] + struct.pack("!HHHHH", 0x8180, 1, bool(found), 0, 0) + q[12:].split(b"\0", 1)[0] + b"\0" \
                + q[12:].split(b"\0", 1)[1][:4] + found
            s.sendall(struct.pack("!H", len(answer)) + answer)
'''
NAMES_SH = r'''
ip link set lo up 2>/dev/null || ifconfig lo up 2>/dev/null || exit 77
mount --bind "$1/resolv.conf" /etc/resolv.conf && mount --bind "$1/nsswitch.conf" /etc/nsswitch.conf || exit 77
shift
/usr/bin/python3 -c "$NAME_SERVER" > ready &
while ! test -s ready; do sleep 0.1; kill -0 $! || exit 77; done
"$@"
status=$?
kill $!
exit $status
'''


@test("names of hosts are found through a name server that is asked by TCP")
def _():
    needs("unshare")
    h = Home()
    top = tempdir()
    write_file(os.path.join(top, "resolv.conf"), "nameserver 127.0.0.1\n")
    write_file(os.path.join(top, "nsswitch.conf"), "hosts: files dns\n")
    unshare = ["unshare", "-mn"] + ([] if IS_ROOT else ["-U", "--map-root-user"])
    found = {}
    for preset in ("agent", "git"):
        command = [*unshare, "/bin/sh", "-c", NAMES_SH, "sh", top, CROFT, "run", "--profile", preset, "--", PYTHON, "-c",
                   "import socket; print(socket.getaddrinfo('api.example.org', 443, socket.AF_INET)[0][4][0])"]
        result = h.outside(*command, env={"NAME_SERVER": NAME_SERVER})
        if result.status == 77 or result.err.startswith("unshare: "):
            skip(f"no network namespace with a loopback device: {result.err.strip()[-200:]}")
        found[preset] = "127.0.0.9" in result.out
        os.unlink(os.path.join(h.project, "ready"))
    equal(found, {"agent": True, "git": False}, f"found\n{result}")


@test("what the preset denies inside of the project is denied, and one line says what is not", variants=TIERS)
def _(preset):
    h = Home()
    for name in OBEYED + KEPT + WORK:
        h.file(name, "as it was\n")
    h.file(".git/modules/m/HEAD", "ref: refs/heads/main\n")
    said = succeeds(h.run(preset, "true")).err.splitlines()
    lines = [line for line in said if "made although denied" not in line]
    equal(len(lines), 1, f"lines in {said}")
    contains(lines[0], "not enforced here: ", "message")
    contains(lines[0], "deny-inside", "message")
    there = [os.path.join(h.project, name) for name in OBEYED]
    every(h.probe(preset, [["read", p] for p in there]), DONE, "what programs obey, to read")
    if denials_are_kept(h, preset):
        every(h.probe(preset, [["write", p] for p in there]), ("EACCES", "EROFS"), "what programs obey")
        every(h.probe(preset, [["read", os.path.join(h.project, name)] for name in KEPT]), ("EACCES",), "secrets of the project")
    for name in GIT_WRITES:
        h.file(name, "")
    every(h.probe(preset, [["write", os.path.join(h.project, name)] for name in WORK + GIT_WRITES]), DONE, "the work")


@test("who insists on the denials is not started: names that are made later are not kept anywhere", variants=TIERS)
def _(preset):
    h = Home()
    result = h.run(preset, "echo", "ran", options=["--require", "deny-inside"])
    status_is(result, 125)
    contains(result.err, "deny-inside", "message")
    equal(result.out, "", "output")


@test("where namespaces work the agent sees neither names nor processes of the user's, and nothing of it stays behind")
def _():
    h = Home()
    if not denials_are_kept(h):
        skip("no namespaces here")
    h.write(".ssh/id_rsa", "sesame")
    text = "ls -a $HOME || true; ls /proc | grep -c '^[0-9]'; ls -a $HOME/.ssh 2>&1 || true"
    result = succeeds(h.sh("agent", text))
    lacks(result.out, "id_rsa", "output")
    true(int(re.search(r"^(\d+)$", result.out, re.M)[1]) < 10, f"processes: {result.out}")
    argv = ["sleep", "31999"]
    succeeds(h.sh("agent", " ".join(argv) + " & true"))
    left = [n for n in os.listdir("/proc") if n.isdigit() and read_cmdline(n) == argv]
    equal(left, [], "left running")


@test("names that the preset denies and that are made all the same are told at the end")
def _():
    h = Home()
    if not denials_are_kept(h):
        skip("no namespaces here")
    result = succeeds(h.sh("agent", "mkdir .vscode; echo x > .vscode/tasks.json; mkdir n; cd n; git init -q ."))
    told = [line for line in result.err.splitlines() if "made although denied: " in line]
    equal(len(told), 1, f"lines of {result.err}")
    for name in (".vscode", "n/.git"):
        contains(told[0], os.path.join(h.project, name), "line")


def patterns(key):
    """The items of a list in the text of the preset, as regular expressions over names in a project."""
    text = read_file(os.path.join(PROFILES, "agent.yaml"))
    items = re.search(rf"\n      {key}:\n(.*?)(?=\n {{0,6}}[^ ]|\Z)", text + "\n", re.S)[1]
    found = []
    for item in re.findall(r"^ +- \$\{project\}/(\S+)$", items, re.M):
        parts = [re.escape(part).replace(r"\*", "[^/]*") if part != "**" else None for part in item.split("/")]
        found.append(re.compile("".join("(?:[^/]+/)*" if p is None else p + "/" for p in parts) + ".*"))
    true(len(found) > 9, f"{key} was not understood")
    return found


@test("each name that programs obey, and each secret of a project, is in the preset's lists; the work is not")
def _():
    by_list = [name for name in OBEYED if "/.git/" not in "/" + name]   # git: protect looks for the others
    for key, names in (("deny_write", by_list), ("deny", KEPT)):
        lists = patterns(key)
        missing = [name for name in names if not any(p.fullmatch(name + "/") for p in lists)]
        equal(missing, [], f"missing in {key}")
    for key in ("deny_write", "deny"):
        hit = [name for name in WORK + GIT_WRITES if any(p.fullmatch(name + "/") for p in patterns(key))]
        equal(hit, [], f"in {key} by mistake")


main()
