#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_editor.py - vim and Neovim under the preset editor, without a screen: what they write, where their
own files go, and what they cannot reach.
"""
from _home import *     # pylint: disable=wildcard-import,unused-wildcard-import

EDITORS = {"vim": ["vim", "-es", "-N"], "nvim": ["nvim", "--headless"]}


def edit(h, editor, *commands, name="file.txt", preset="editor", **how):
    """The editor with these commands on a file of the project."""
    needs(editor)
    words = [*EDITORS[editor], *[w for c in commands for w in ("-c", c)], "-c", "qa!", name]
    return h.run(preset, *words, **how) if preset else h.outside(*words, **how)


@test("a file is edited, written in place or by renaming, and no swap file is left", variants=EDITORS)
def _(editor):
    h = Home()
    path = h.file("file.txt", "one\n")
    before = os.stat(path).st_ino
    for copy, same in (("yes", True), ("no", False)):
        succeeds(edit(h, editor, f"set backupskip= backupcopy={copy}", "normal Gotwo", "write"))
        equal(os.stat(path).st_ino == before, same, f"the same file with backupcopy={copy}")
    equal(h.text("file.txt"), "one\ntwo\ntwo\n", "text")
    equal(os.listdir(h.project), ["file.txt"], "files of the project")


@test("vim's swap file lies in the project while it edits")
def _():
    h = Home()
    h.file("file.txt", "one\n")
    succeeds(edit(h, "vim", "set swapfile updatecount=1", "normal Gotwo", "preserve", "!ls -A > listing", "write"))
    contains(h.text("listing"), ".file.txt.swp", "files of the project")


@test("a shell command of the editor is confined too", variants=EDITORS)
def _(editor):
    h = Home()
    h.file("file.txt", "one\n")
    key = h.write(".ssh/id_ed25519", "the key\n")
    for preset, want in (("editor", "one\n"), (None, "the key\none\n")):
        edit(h, editor, f"0read !cat {key}", f"write! seen-{preset}", preset=preset)
        lines = [line for line in h.text(f"seen-{preset}").splitlines(True) if "denied" not in line and line.strip()]
        equal("".join(lines), want, f"what {editor} read under {preset}")


@test("the user's configuration is obeyed, and cannot be changed", variants=EDITORS)
def _(editor):
    h = Home()
    h.file("file.txt", "one\n")
    name = {"vim": ".vimrc", "nvim": ".config/nvim/init.vim"}[editor]
    plugin = {"vim": ".vim/autoload/mine.vim", "nvim": ".config/nvim/autoload/mine.vim"}[editor]
    h.write(name, "let g:mine = 41\n")
    h.write(plugin, "function! mine#more(n)\n\treturn a:n + 1\nendfunction\n")
    start = [f"source {h.path(name)}"] if editor == "vim" else []      # vim -es reads no vimrc
    runtime = [f"set runtimepath^={h.path('.vim')}"] if editor == "vim" else []
    succeeds(edit(h, editor, *start, *runtime, "call setline(1, mine#more(g:mine))", "write"))
    equal(h.text("file.txt"), "42\n", "text")
    for path in (h.path(name), h.path(plugin)):
        before = read_file(path)
        edit(h, editor, "call setline(1, 'evil')", f"write! {path}")
        equal(read_file(path), before, f"{path} after the sandbox")
        edit(h, editor, "call setline(1, 'evil')", f"write! {path}", preset=None)
        equal(read_file(path), "evil\n", f"{path} after the twin outside")


@test("Neovim keeps its state in a directory of its own")
def _():
    needs("nvim")
    h = Home()
    h.file("file.txt", "one\n")
    version = tuple(map(int, re.search(r"v(\d+)\.(\d+)", h.outside("nvim", "--version").out).groups()))
    own = h.mkdir(".local/state/croft/nvim")
    users = [h.mkdir(".local/state/nvim"), h.mkdir(".local/share/nvim")]
    make = "call mkdir($XDG_STATE_HOME . '/nvim/made', 'p')"
    succeeds(edit(h, "nvim", make, "set undofile", "normal Gotwo", "write", "wshada"))
    true("made" in os.listdir(own), f"what is there: {os.listdir(own)}")
    if version >= (0, 8):       # before, shada and undo were beside the plug-ins
        true("shada" in os.listdir(own), f"what is there: {os.listdir(own)}")
    equal([os.listdir(path) for path in users], [[], []], "the user's own")
    equal(os.listdir(h.project), ["file.txt"], "files of the project: no log")


@test("language servers that plug-ins have installed are executed")
def _():
    h = Home()
    tool = h.write(".local/share/nvim/mason/bin/ls", "#!/bin/sh\necho serves\n", 0o755)
    equal(succeeds(h.run("editor", tool)).out, "serves\n", "output")
    status_is(h.run("git", tool), 126)


main()
