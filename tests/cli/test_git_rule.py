#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_git_rule.py - git: protect with the real git: a day's work goes on, and nothing that git obeys on the
host can be changed.

Each refusal is tried, not asked for: by writing, renaming, removing, linking, from a parent, and with
git's own commands. What croft says is left open is made too, and has to be told at the end.
"""
import shutil

from _cli import *     # pylint: disable=wildcard-import,unused-wildcard-import

WHO = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_COMMITTER_NAME": "Ada",
       "GIT_COMMITTER_EMAIL": "ada@example.org", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
SETTINGS = [word for name in WHO for word in ("--env", name)]
RULE = ["--git", "protect", "--supervise"]
PUSHES = ABI >= REFER   # the side that receives moves objects between directories


def needs_git():
    if not shutil.which("git"):
        skip("git is not on this machine")


def needs_mounts():
    """Where mounts do not work the rule is not kept: its own test below."""
    where = project()
    result = run_croft("run", "--profile", "system", "--write", where, "--git", "protect", "--chdir", where,
                       "--tier", "namespaces", "--", "/bin/true", cwd=where)
    if result.status == 125 and "--tier namespaces cannot be had" in result.err:
        skip("no namespaces with mounts here")
    succeeds(result)


class Project:
    """Repositories as people have them, made by git outside: `top` is the project."""

    def __init__(self, with_mounts=True):
        needs_git()
        if with_mounts:
            needs_mounts()
        self.folder = os.path.realpath(tempdir())
        self.home = os.path.join(self.folder, "home")
        os.mkdir(self.home)
        self.env = {**os.environ, **WHO, "HOME": self.home}
        self.top = os.path.join(self.folder, "work")
        self.git("init", "-q", "-b", "main", self.top, cwd=self.folder)
        self.write("f", "1\n")
        self.commit("one")

    def path(self, name):
        return os.path.join(self.top, name)

    def write(self, name, text, mode=0o644):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        return write_file(self.path(name), text, mode)

    def git(self, *words, cwd=None, **how):
        """git on the host, as the user would."""
        return succeeds(run("git", "-c", "protocol.file.allow=always", *words, cwd=cwd or self.top, env=self.env, **how))

    def commit(self, message, cwd=None):
        self.git("add", "-A", cwd=cwd)
        self.git("commit", "-qm", message, cwd=cwd)

    def run(self, *command, options=(), cwd=None, rule=RULE, **how):
        """A command inside, which may write in the project."""
        return run_croft("run", "--profile", "system", "--execute", PAYLOAD, *SETTINGS, "--write", self.top, *rule, *options,
                         "--", *command, cwd=cwd or self.top, env=self.env, **how)

    def sh(self, text, **how):
        return self.run("/bin/sh", "-ec", text, **how)

    def submodule(self):
        """A submodule "sub" with a submodule of its own."""
        for name in ("inner", "outer"):
            at = os.path.join(self.folder, name)
            self.git("init", "-q", "-b", "main", at, cwd=self.folder)
            write_file(os.path.join(at, name), name)
            if name == "outer":
                self.git("submodule", "--quiet", "add", os.path.join(self.folder, "inner"), "deep", cwd=at)
            self.commit(name, cwd=at)
        self.git("submodule", "--quiet", "add", os.path.join(self.folder, "outer"), "sub")
        self.git("submodule", "--quiet", "update", "--init", "--recursive")
        self.commit("submodule")


def state(project, names):
    """What is under these names: types, modes and bytes."""
    found = {}
    for name in names:
        top = project.path(name)
        paths = [top] + [os.path.join(d, n) for d, ds, fs in os.walk(top) for n in ds + fs]
        for path in paths:
            if os.path.lexists(path):
                st = os.lstat(path)
                found[path] = (st.st_mode, st.st_size, read_file(path) if os.path.isfile(path) else None)
    return found


@test("a day's work with git goes on: commit, branch, merge, rebase, stash, tag, work trees, fetch, gc")
def _():
    p = Project()
    p.git("init", "-q", "--bare", os.path.join(p.folder, "up.git"), cwd=p.folder)
    p.git("remote", "add", "up", os.path.join(p.folder, "up.git"))
    p.git("push", "-q", "up", "main")
    text = """
        git status --short
        echo 2 > f; git commit -qam two
        git checkout -q -b topic HEAD~1; echo t > t; git add t; git commit -qm topic
        git rebase -q main
        git checkout -q main; git merge -q --no-ff -m merge topic
        echo 3 > f; git stash -q; git stash pop -q; git commit -qam three
        git branch other; git tag light; git tag -a heavy -m heavy
        git worktree add -q tree; (cd tree; echo w > w; git add w; git commit -qm in-tree); git worktree remove tree
        git fetch -q up; git fetch -q UP main; PUSH
        git cherry-pick tree >/dev/null; git revert --no-edit HEAD > /dev/null; git reset -q --hard HEAD~1
        git gc -q; git reflog expire --expire=now --all; git fsck --no-progress
        git log --format=%s -4
    """.replace("UP", os.path.join(p.folder, "up.git")).replace("PUSH", "git push -q up main" if PUSHES else ":")
    result = succeeds(p.sh(text, options=["--write", os.path.join(p.folder, "up.git")]))
    contains(result.out, "in-tree\nthree\nmerge\n", "log")
    # gc writes .git/info/refs for servers without git, which is of no use here and not worth opening info for
    errors = [line for line in result.err.splitlines() if "error" in line and ".git/info/refs" not in line]
    equal(errors, [], "errors")
    equal(p.git("status", "--short").out, "", "status outside")
    if PUSHES:
        equal(p.git("log", "-1", "--format=%s", "up/main").out, "three\n", "what was pushed")


# Ways to change or replace a name. {} is the name, relative to the project.
WAYS = {
    "write": "echo x > {0}", "append": "echo x >> {0}", "truncate": "truncate -s 0 {0}", "remove": "rm -rf {0}",
    "rename": "mv -T {0} moved", "replace": "echo x > new; mv -T new {0}", "link": "ln -T {0} linked && echo x >> linked",
    "symbolic link": "ln -sfT /dev/null {0}", "within": "echo x > {0}/made", "mode": "chmod 777 {0}",
    "copy over": "cp -rT /bin/true {0}", "bind": "mount --bind /dev/null {0}",
}


def is_unchanged(p, names, text):
    """Each way to change each of these is tried, and nothing on the host is another."""
    before = state(p, names)
    true(before, f"nothing is there of {names}")
    lines = [f"( {way.format(name)} ) 2>/dev/null; true" for name in names for way in WAYS.values()]
    succeeds(p.run("/bin/sh", "-c", "\n".join(lines)))
    after = state(p, names)
    changed = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    equal(changed, [], f"changed, {text}")


@test("hooks and settings of the project cannot be changed in any way, and its work can")
def _():
    p = Project()
    p.write(".git/hooks/post-commit", "#!/bin/sh\n", 0o755)
    is_unchanged(p, [".git/hooks", ".git/hooks/post-commit", ".git/config", ".git/info", ".git/info/exclude"], "in the project")
    for name in ("f", ".git/index", ".git/HEAD", ".git/refs/heads/main", ".git/description"):
        succeeds(p.sh(f"cp {name} kept; echo x > {name}; cp kept {name}"))
    equal(p.git("status", "--short", "-uno").out, "", "status outside")


@test("without the rule the same can be changed: it is the rule that keeps it")
def _():
    p = Project()
    succeeds(p.sh("echo '# x' >> .git/config; echo x > .git/hooks/post-commit; mv .git away; mv away .git", rule=[]))
    contains(read_file(p.path(".git/config")), "# x", "settings")
    succeeds(p.sh("echo '# y' >> .git/config", rule=["--git", "off"]))
    contains(read_file(p.path(".git/config")), "# y", "settings")


@test("no directory on the way to what is protected can be moved away")
def _():
    p = Project()
    p.submodule()
    for name in (".git", "sub", ".git/modules", ".git/modules/sub", "sub/deep"):
        program = f"import os\ntry:\n    os.rename({name!r}, {name + '-away'!r})\nexcept OSError as e:\n    print(e.errno == 16)"
        equal(succeeds(p.run(PYTHON, "-c", program)).out, "True\n", f"rename of {name}")
        true(os.path.isdir(p.path(name)), f"{name} has gone")
    program = "import os\nos.mkdir('d')\nos.rename('d', 'e')"
    succeeds(p.run(PYTHON, "-c", program))


@test("git's own commands that write settings fail, with words, and leave no lock behind")
def _():
    p = Project()
    before = read_file(p.path(".git/config"))
    for words in ("config user.name x", "remote add x /srv/x", "config --unset core.bare", "submodule add /srv/x x"):
        result = p.sh(f"git {words}")
        true(result.status != 0, f"git {words} went through")
        matches(result.err, "error|fatal", f"what git {words} says")
        equal(os.path.lexists(p.path(".git/config.lock")), False, f"a lock after git {words}")
    equal(read_file(p.path(".git/config")), before, "settings")
    succeeds(p.run("git", "config", "--get", "core.bare"))


@test("submodules, and theirs, are protected; work in them goes on")
def _():
    p = Project()
    p.submodule()
    is_unchanged(p, ["sub/.git", "sub/deep/.git", ".git/modules/sub/config", ".git/modules/sub/hooks", ".git/modules/sub/info",
                     ".git/modules/sub/modules/deep/config", ".git/modules/sub/modules/deep/hooks"], "of submodules")
    succeeds(p.sh("cd sub/deep; echo 2 > inner; git commit -qam two; cd ..; git add deep; git commit -qm two; cd ..; "
                  "git add sub; git commit -qm two; git submodule status --recursive"))
    contains(p.git("log", "-1", "--format=%s", cwd=p.path("sub/deep")).out, "two", "log of the inner one")
    # a submodule whose commit is set elsewhere is checked out without "submodule update", which writes settings
    succeeds(p.sh("git -C sub checkout -q HEAD~1; git -C sub checkout -q -"))


@test("linked work trees are protected: their pointers, and what the pointers lead to")
def _():
    p = Project()
    p.git("worktree", "add", "-q", p.path("tree"), "-b", "tree")
    is_unchanged(p, ["tree/.git", ".git/worktrees/tree/commondir", ".git/worktrees/tree/gitdir"], "of a work tree")
    succeeds(p.sh("cd tree; echo w > w; git add w; git commit -qm w; git status --short"))
    equal(p.git("log", "-1", "--format=%s", "tree", "--").out, "w\n", "log")


@test("in a work tree whose repository lies outside, croft tells what to grant; with that git commits and hooks are kept")
def _():
    p = Project()
    tree = os.path.join(p.folder, "tree")
    p.git("worktree", "add", "-q", tree, "-b", "tree")
    inside = Project()
    inside.top, inside.folder, inside.env = tree, p.folder, p.env
    repository = p.path(".git")
    result = inside.sh("echo w > w; git add w 2>/dev/null && echo added || echo refused")
    contains(result.out, "refused", "output")
    contains(result.err, f"--write '{repository}/worktrees/tree'", "message")
    equal(os.path.lexists(p.path(".git/index.lock")), False, "a lock")
    options = ["--write", repository]
    result = succeeds(inside.sh("git add w; git commit -qm w; echo x > GIT/hooks/post-commit || echo kept".replace("GIT", repository),
                                options=options))
    equal(result.out, "kept\n", "output")
    equal(p.git("log", "-1", "--format=%s", "tree").out, "w\n", "log")
    is_unchanged(p, [".git/config", ".git/hooks", ".git/worktrees/tree/commondir"], "with the repository granted")


@test("a nested repository and a bare one are protected as the project's own")
def _():
    p = Project()
    p.git("init", "-q", p.path("a/b/nested"))
    p.git("init", "-q", "--bare", p.path("c/bare.git"))
    is_unchanged(p, ["a/b/nested/.git/config", "a/b/nested/.git/hooks", "c/bare.git/config", "c/bare.git/hooks"], "nested")
    text = "cd a/b/nested; echo x > x; git add x; git commit -qm x"
    succeeds(p.sh(text + ("; git push -q ../../../c/bare.git HEAD:main" if PUSHES else "")))


@test("what settings name inside of the project is protected: hooksPath, includes and theirs, programs")
def _():
    p = Project()
    p.write("tools/hooks/pre-push", "#!/bin/sh\n", 0o755)
    p.write("tools/settings", "[include]\n\tpath = more\n[core]\n\tattributesFile = tools/attributes\n")
    p.write("tools/more", "[diff]\n\texternal = './tools/diff' --x\n")
    p.write("tools/attributes", "* text\n")
    p.write("tools/diff", "#!/bin/sh\n", 0o755)
    p.write("tools/free", "x\n")
    p.commit("tools")
    p.git("config", "core.hooksPath", "tools/hooks")
    p.git("config", "include.path", "../tools/settings")
    is_unchanged(p, ["tools/hooks/pre-push", "tools/settings", "tools/more", "tools/attributes", "tools/diff"], "named by settings")
    succeeds(p.sh("echo y > tools/free; git commit -qam free"))


@test("hostile pointers and settings are read as text: croft starts, touches nothing outside and does not hang")
def _():
    p = Project()
    outside = os.path.join(p.folder, "outside")
    os.makedirs(outside)
    os.mkfifo(os.path.join(outside, "fifo"))
    for name, text in {"loop": "gitdir: .git\n", "root": "gitdir: /\n", "etc": "gitdir: /etc\n", "nowhere": "gitdir: /srv/none\n",
                       "up": "gitdir: ../../../../../../../../etc\n", "empty": "", "odd": "gitdir: \0\n", "long": "gitdir: " + "x/" * 5000,
                       "out": f"gitdir: {outside}\n", "huge": "gitdir: x\n" + "x" * (1 << 20)}.items():
        p.write(f"{name}/.git", text)
    for name in ("fifo", "link", "self"):
        os.mkdir(p.path(name))
    os.mkfifo(p.path("fifo/.git"))
    os.symlink(outside, p.path("link/.git"))
    os.symlink(".git", p.path("self/.git"))
    os.makedirs(p.path("inc/.git/objects"))
    p.write("inc/.git/config", f"[include]\n\tpath = config\n\tpath = ../../self/.git\n\tpath = {outside}/fifo\n"
            f"[core]\n\thooksPath = /\n\tworktree = /etc\n[core\n\thooksPath = ..\n")
    os.mkfifo(p.path("inc/.git/commondir"))
    result = p.run("/bin/sh", "-c", "echo ran; echo x > f; echo x 2>/dev/null > inc/.git/config || echo kept", timeout=20)
    equal(succeeds(result).out, "ran\nkept\n", "output")
    equal(read_file(p.path("f")), "x\n", "the work")


@test("what cannot be kept from being made is in the row, and told at the end of a supervised run")
def _():
    p = Project()
    plan = json.loads(succeeds(run_croft("plan", "--json", "--profile", "system", "--write", p.top, "--git", "protect", "--", "true",
                                         cwd=p.top, env=p.env)).out)
    row = [row for row in plan["protections"] if row["name"] == "deny-inside"][0]
    equal(row["state"], "partial", "state")
    contains(row["missing"], p.path(".git/commondir"), "row")
    result = p.sh("true")
    lacks(result.err, "made although denied", "message")
    result = succeeds(p.sh("echo /srv/x > .git/commondir; mkdir new; cd new; GIT_DIR=.git git init -q .", rule=RULE))
    contains(result.err, "made although denied: ", "message")
    contains(result.err, p.path(".git/commondir"), "message")
    contains(result.err, p.path("new/.git"), "message")
    equal(len([line for line in result.err.splitlines() if "although" in line]), 1, "lines")


@test("a repository made of the project itself, in place of one whose HEAD was removed, is told at the end")
def _():
    p = Project()
    result = succeeds(p.sh("rm .git/HEAD; cp -r .git/objects .git/refs .; echo 'ref: refs/heads/main' > HEAD; cp .git/config config"))
    told = [line for line in result.err.splitlines() if "made although denied: " in line]
    equal(len(told), 1, f"lines of {result.err}")
    contains(told[0], f"'{p.top}'", "line")
    contains(told[0], f"'{p.path('.git')}' without its HEAD", "line")


@test("with Landlock alone the rule refuses to start, and starts with a line where that was preferred by name")
def _():
    p = Project(with_mounts=False)
    before = read_file(p.path(".git/config"))
    result = p.run("touch", "ran", options=["--tier", "landlock"])
    status_is(result, 125)
    contains(result.err, "git: protect is not kept here", "message")
    equal(os.path.exists(p.path("ran")), False, "something ran")
    result = succeeds(p.run("touch", "ran", options=["--tier", "landlock", "--prefer", "deny-inside"]))
    contains(result.err, p.path(".git/config"), "message")
    equal(os.path.exists(p.path("ran")), True, "the command ran")
    equal(read_file(p.path(".git/config")), before, "settings")


@test("the status of git on the host is the same before and after, whatever the command tried")
def _():
    p = Project()
    p.submodule()
    p.write(".git/hooks/post-checkout", "#!/bin/sh\n", 0o755)
    canary = os.path.join(p.folder, "canary")
    hook = f"#!/bin/sh\ntouch {canary}\n"
    text = f"""
        for d in .git .git/modules/sub .git/modules/sub/modules/deep; do
            printf '{hook}' > $d/hooks/post-checkout; chmod 755 $d/hooks/post-checkout
            printf '[core]\\n\\tfsmonitor = touch {canary}\\n\\tpager = touch {canary}\\n' >> $d/config
            git --git-dir=$d config core.fsmonitor 'touch {canary}'
        done
        printf 'gitdir: {p.top}/evil\\n' > sub/.git
        printf '* filter=x\\n' > .git/info/attributes
    """
    before = p.git("status", "--short").out
    p.run("/bin/sh", "-c", text)
    equal(p.git("status", "--short").out, before, "status")
    p.git("diff")
    p.git("log", "-1")
    p.git("checkout", "-q", "-b", "later")
    equal(os.path.exists(canary), False, "something was run on the host")


main()
