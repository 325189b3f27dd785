#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
later.py - write now, execute later: files that somebody outside obeys afterwards (E1 to E13).

The command plants, then the user works on as always: git status, a new shell, opening the folder. If
that runs what was planted, it leaves a mark. What is denied inside of the project by --deny-write
is a matter of mounts: the tier landlock says so in the row deny-inside, or refuses to start where
the denial is required.
"""
from _escape import *     # pylint: disable=wildcard-import,unused-wildcard-import

INSIDE = expected(landlock="deny-inside")
TABLE = [
    # id, what must not happen, expected
    ("E1", "a hook that was planted runs when the user uses git", INSIDE),
    ("E2", "a setting of git that names a program runs it when the user uses git", INSIDE),
    ("E3", "the repository is redirected to one that was prepared", INSIDE),
    ("E3b", "the repository is broken, and what lies in the project is taken for one", every_tier("deny-inside")),
    ("E4", "starting croft runs what the repository's settings name", ALL_CLOSED),
    ("E5", "a repository that is made inside runs its hooks when the user uses it", every_tier("deny-inside")),
    ("E6", "a file that shells load is planted in the project", ALL_CLOSED),
    ("E7", "a file that editors obey is planted in the project", ALL_CLOSED),
    ("E8", "the settings of an agent are made where there were none", ALL_CLOSED),
    ("E9", "a denied name is written in other letters where those are the same", ALL_CLOSED),
    ("E10", "programs that the user's tests run are replaced", ALL_CLOSED),
    ("E11", "tools and caches of the home directory are poisoned", ALL_CLOSED),
    ("E12", "what starts with the session or opens doors is planted in the home directory", ALL_CLOSED),
    ("E13", "a name in the shared directory for temporary files is taken", ALL_CLOSED),
]
begin(TABLE)

GIT = ["--deny-write", "./.git/hooks", "--deny-write", "./.git/config", "--prefer", "deny-inside"]
# The same by croft's own rule; where nothing can keep it the row says so, or it is refused.
RULE = ["--git", "protect", "--prefer", "deny-inside"]
HOOK = r'''printf '#!/bin/sh\ntouch "%s"\n' "$RAN" > "$1" && chmod +x "$1"'''
PLANT = f"hook() {{ {HOOK}; }}\n"

# setting -> (its value, what the user does afterwards); the program is ./evil
SETTINGS = {
    "core.fsmonitor": ("./evil", "git status"),
    "core.hooksPath": ("hooks", "git checkout -q HEAD"),
    "core.editor": ("./evil", "git commit --amend --allow-empty"),
    "core.sshCommand": ("./evil", "git fetch ssh://127.0.0.1/x"),
    "diff.external": ("./evil", "git diff"),
    "filter.x.clean": ("./evil", "echo '* filter=x' > .gitattributes; git add -A"),
    "alias.x": ("!./evil", "git x"),
    "include.path": ("../evil.conf", "git status"),
    "core.attributesFile": ("evil.attributes", "git -c diff.evil.textconv=./evil diff"),
    "gpg.program": ("./evil", "git commit -S --allow-empty -m x"),
    "sequence.editor": ("./evil", "git stash -q; git rebase -i --root"),
    "remote.x.uploadpack": ("./evil", "git remote add x . ; git fetch x"),
}
BY_RULE = ("core.fsmonitor", "core.hooksPath", "alias.x", "filter.x.clean")     # the others by name


def user_runs_git(line):
    def look(ground):
        ground.outside(f"GIT_TERMINAL_PROMPT=0 timeout 20 sh -c {shlex.quote(line)} < /dev/null > /dev/null 2>&1")
        return os.path.lexists(ground.ran)
    return look


@escape("E1")
def _(tier):
    deed = PLANT + "mkdir -p .git/hooks; hook .git/hooks/post-checkout || hook .git/hooks/new; true"
    for options in (GIT, RULE):
        attack("E1", tier, deed, user_runs_git("git checkout -q HEAD"), options, prepare=Ground.repository)


@escape("E1", ", and commits go on")
def _(tier):
    g = Ground(tier).repository()
    result = started(g.sh("echo x > new && git add new && git commit -qm second && git branch other && git stash list; "
                          "s=$?; echo x > .git/hooks/new; exit $s", GIT))
    succeeds(result)
    judge("E1", g, os.path.lexists(os.path.join(g.project, ".git/hooks/new")), GIT, result)
    equal(g.outside("git log --format=%s").out, "second\nfirst\n", "log from outside")
    equal(g.outside("git status --short").out, "", "status from outside")


@escape("E2", ", over all settings")
def _(tier):
    for setting, (value, line) in SETTINGS.items():
        def prepare(g):
            g.repository()
            g.file("kept", "changed\n")
            g.file("evil.attributes", "* diff=evil\n")
        deed = PLANT + f"hook evil; mkdir -p hooks; cp evil hooks/post-checkout; printf '[core]\\nfsmonitor = ./evil\\n' > evil.conf; " \
            f"git config {setting} '{value}' || echo '[{setting.rsplit('.', 1)[0]}]' >> .git/config; true"
        attack("E2", tier, deed, user_runs_git(line), RULE if setting in BY_RULE else GIT, prepare=prepare)


# Ways to have another repository in the place of the project's; each is made ready in ./other.
REDIRECTS = {
    "another directory": "mv .git .g && mv other/.git .git",
    "a file that points": "mv .git .g && echo 'gitdir: other/.git' > .git",
    "a link": "mv .git .g && ln -s other/.git .git",
    "after removing": "rm -rf .git; mv other/.git .git",
    "an exchange": "mv --exchange -T .git other/.git || { mv .git .g; mv other/.git .git; }",
}


@escape("E3", ", by its name")
def _(tier):
    for way, line in REDIRECTS.items():
        deed = PLANT + "hook evil; git init -q other; cp -r .git/objects .git/refs .git/HEAD other/.git/; " \
            f"git -C other config core.fsmonitor ./evil; git -C other config core.worktree \"$PROJECT\"; {line}; echo {way}"
        for options in (GIT, RULE):
            attack("E3", tier, deed, user_runs_git("git status"), options, prepare=Ground.repository)


@escape("E3b")
def _(tier):
    deed = PLANT + "hook evil; cp -r .git/objects .git/refs .; cp .git/HEAD .; git config -f config core.fsmonitor ./evil; " \
        "git config -f config core.repositoryformatversion 0; git config -f config core.worktree \"$PROJECT\"; rm -f .git/HEAD; true"
    attack("E3b", tier, deed, user_runs_git("git status"), RULE, prepare=Ground.repository)
    g = Ground(tier).repository()
    started(g.sh(deed, RULE))
    g.outside("git config --global safe.bareRepository explicit")
    true(not user_runs_git("git status")(g), "git runs it though told to take no such directory for a repository")


@escape("E4")
def _(tier):
    g = Ground(tier).repository()
    g.outside(PLANT + "hook evil; git config core.fsmonitor ./evil; git config core.hooksPath .; cp evil post-checkout")
    for options in ([], GIT, RULE):
        succeeds(g.run("true", options=options))
        judge("E4", g, os.path.lexists(g.ran), options)
    true(user_runs_git("git status")(g), "git itself runs it outside")


@escape("E5")
def _(tier):
    deed = PLANT + "git init -q nested && cd nested && git commit -q --allow-empty -m x && hook .git/hooks/post-checkout; true"
    attack("E5", tier, deed, user_runs_git("cd nested; git checkout -q HEAD"),
           ["--deny-write", "./**/.git/hooks", "--prefer", "deny-inside"])


def denied(tier, name, files):
    """Denied files cannot be made or changed: where they are there, where they are not, by other ways too."""
    deed = " ; ".join(f"mkdir -p $(dirname {f}); echo evil > {f}; echo evil > x.tmp && mv x.tmp {f}; ln -f kept {f}; "
                      f"mv $(dirname {f}) moved; mkdir -p $(dirname {f}); echo evil > {f}" if "/" in f else
                      f"echo evil > {f}; echo evil > x.tmp && mv -f x.tmp {f}; ln -sf kept {f}" for f in files)
    deny = [word for f in files for word in ("--deny-write", f"./{f}")]
    for is_there in (True, False):
        def prepare(g):
            g.file("kept", BEFORE)
            for f in files if is_there else ():
                g.file(f, BEFORE)

        def harmed(g):
            want = BEFORE if is_there else ""
            return any(g.seen(f) != want or os.path.islink(os.path.join(g.project, f)) for f in files)
        free = Ground(tier)
        prepare(free)
        free.sh(deed)
        true(harmed(free), "without the denial it does not happen")
        g = Ground(tier)
        prepare(g)
        result = g.sh(deed + "; echo more >> kept", deny)
        judge(name, g, harmed(g), deny, result)
        if tier == "landlock" and result.status == 125:
            equal(g.seen("kept"), BEFORE, "a start that was refused ran nothing; kept")
        else:
            started(result)
            equal(g.seen("kept"), BEFORE + "more\n", "what is not denied is written; kept")
        equal([f for f in files if os.path.lexists(os.path.join(g.project, f))], files if is_there else [], "what is there afterwards")
        preferred = Ground(tier)
        prepare(preferred)
        wishes = [*deny, "--prefer", "deny-inside"]
        row = preferred.row("deny-inside", wishes)
        result = started(preferred.sh(deed, wishes))
        if harmed(preferred):
            differs(row["state"], "enforced", f"only preferred it happened, and the row: {row}; state")
            true(tier == "landlock" or not is_there, f"what is there is kept by mounts\n{result}")


@escape("E6")
def _(tier):
    denied(tier, "E6", [".bashrc", ".profile", ".envrc", ".inputrc"])


@escape("E7")
def _(tier):
    denied(tier, "E7", [".vscode/tasks.json", ".vscode/settings.json", ".idea/workspace.xml", "kept.code-workspace"])


@escape("E8")
def _(tier):
    denied(tier, "E8", [".claude/settings.json", ".mcp.json", ".cursor/mcp.json"])


CASEFOLD = 'mount -t tmpfs -o casefold none "$1" && mkdir "$1/d" && chattr +F "$1/d" || exit 77; shift; exec "$@"'


@escape("E9")
def _(tier):
    g = Ground(tier)
    folded = os.path.join(g.project, "folded")
    os.mkdir(folded)
    text = "mkdir -p folded/d/.CURSOR; echo evil > folded/d/.CURSOR/mcp.json; cat folded/d/.cursor/mcp.json"
    for deny, harm in ((["--deny-write", "./folded/d/.cursor"], False), ([], True)):
        result = run(*OWN_MOUNTS, "/bin/sh", "-c", CASEFOLD, "sh", folded, *g.words("run", deny), "--", "/bin/sh", "-c", text,
                     cwd=g.project, env=g.env)
        if result.status == 77:
            skip("no file system here folds letters")
        equal("evil" in result.out, harm, "it happened")


@escape("E10")
def _(tier):
    denied(tier, "E10", [".venv/bin/python", "node_modules/.bin/tool", "lib/x.pth"])


IN_HOME = """
.cache/x .npm/x .cargo/bin/x .local/bin/ls .local/lib/python3/site-packages/x.pth .config/git/config .config/fish/x
""".split()
AT_LOGIN = """
.bashrc .profile .zshenv .inputrc .pam_environment .config/autostart/x.desktop .config/systemd/user/x.service
.config/environment.d/x.conf .ssh/authorized_keys .ssh/config .ssh/rc .gitconfig .croft.yaml
""".split()


def in_home(name, tier, files):
    deed = "; ".join(f'mkdir -p "$(dirname "$HOME/{f}")"; echo evil >> "$HOME/{f}"; echo evil > t; mv t "$HOME/{f}"; '
                     f'ln -sf "$PROJECT/t" "$HOME/{f}"' for f in files)

    def harmed(g):
        return any(os.path.lexists(os.path.join(g.home, f)) and (f != ".gitconfig" or os.path.islink(os.path.join(g.home, f)))
                   for f in files)
    ground = attack(name, tier, deed, harmed, twin=["--write", "{home}"])
    true(ground.is_whole(), "the home has changed")


@escape("E11")
def _(tier):
    in_home("E11", tier, IN_HOME)


@escape("E12")
def _(tier):
    in_home("E12", tier, AT_LOGIN)


SHARED = f"/tmp/croft-t-{os.getpid()}-{os.geteuid()}"


@escape("E13")
def _(tier):
    cleanup(lambda: os.path.lexists(SHARED) and os.unlink(SHARED))

    def harmed(_):
        is_there = os.path.lexists(SHARED)
        if is_there:
            os.unlink(SHARED)
        return is_there
    attack("E13", tier, f'ln -s "$CANARY" {SHARED}', harmed, twin=["--write", "/tmp"])


@escape("E13", ", nor is one seen where /tmp is private")
def _(tier):
    g = Ground(tier)
    write_file(SHARED, KEY)
    cleanup(lambda: os.path.lexists(SHARED) and os.unlink(SHARED))
    name = SHARED + "-inside"
    result = g.sh(f"cat {SHARED}; echo x > {name} && cat {name}; ls -a /tmp", ["--private", "/tmp"])
    if tier == "landlock":      # the default profile only prefers it
        contains(result.err, "croft: not enforced here: private-tmp", "message")
        status_is(g.sh("true", ["--private", "/tmp", "--read", "/tmp", "--require", "private-tmp"]), 125)
        return
    contains(succeeds(result).out, "x\n.\n..\n" + os.path.basename(name) + "\n", "what is seen inside")
    lacks(result.out, os.path.basename(SHARED) + "\n", "what is seen inside")
    lacks(result.out, KEY, "what is read inside")
    true(not os.path.lexists(name), "it can be seen outside")


finish()
