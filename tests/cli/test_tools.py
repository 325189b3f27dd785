#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_tools.py - the everyday tools under the embedded default profile, in a project below a home.

Each tool first does its work. Then it tries, by its own means, to read a key in ~/.ssh, to write
beside the project, and to reach a server on the loopback address: it must fail, and must not fail
when exactly that was granted. That it failed is asked of the world outside: the text did not come
out, the file is not there, the server saw nobody.
"""
import shlex
import socket

from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import

KEY = "the text of the key"
TCP_GRANT = [] if ABI >= TCP else ["--prefer", "tcp"]


def serve(server, log):
    """Greets everybody, and writes a byte for each into the log."""
    while True:
        with server.accept()[0] as visitor, open(log, "ab") as f:
            f.write(b"x")
            f.flush()
            visitor.settimeout(2)
            try:
                visitor.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 7\r\n\r\nwelcome")
                visitor.shutdown(socket.SHUT_WR)
                visitor.recv(4096)
            except OSError:
                pass


class World:
    """A home with a key, a place beside the project, a project, and a server of the user."""

    def __init__(self):
        self.home = os.path.join(tempdir(), "home")
        self.project = os.path.join(self.home, "project")
        self.beside = os.path.join(self.home, "beside")
        os.makedirs(self.project)
        os.mkdir(self.beside)
        self.key = write_file(os.path.join(self.home, ".ssh", "canary"), KEY + "\n", 0o600)
        write_file(os.path.join(self.home, ".gitconfig"), "[user]\n\tname = A Person\n\temail = person@example.org\n[init]\n\tdefaultBranch = trunk\n")
        self.env = {"PATH": "/usr/bin:/bin", "HOME": self.home, "TERM": "xterm", "LANG": "C.UTF-8", "TMPDIR": TMP, "SHELL": "/bin/bash",
                    "npm_config_update_notifier": "false"}
        self.log = write_file(os.path.join(tempdir(), "visitors"))
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port = server.getsockname()[1]
            pid = os.fork()
            if pid == 0:
                try:
                    serve(server, self.log)
                finally:
                    os._exit(0)
        cleanup(os.waitpid, pid, 0)
        cleanup(os.kill, pid, signal.SIGKILL)

    @property
    def visitors(self):
        """How many have reached the server."""
        return os.stat(self.log).st_size

    def file(self, name, text="", mode=0o644):
        return write_file(os.path.join(self.project, name), text, mode)

    def run(self, *command, options=(), **how):
        how.setdefault("timeout", 60)
        return run_croft("run", *options, "--", *command, cwd=self.project, env=self.env, **how)

    def sh(self, text, **how):
        return self.run("/bin/bash", "-c", text, **how)


# The work

@test("make builds with rules, recursion, and several jobs at once")
def _():
    w = World()
    w.file("Makefile", "all: a b c\n\t@cat a b c > all && $(MAKE) -s -C sub\n%: %.in\n\tsed s/x/$@/ $< > $@\n.PHONY: clean\nclean:\n\trm -f a b c all\n")
    for name in "abc":
        w.file(name + ".in", "x\n")
    w.file("sub/Makefile", "all:\n\t@echo from below; pwd\n")
    result = succeeds(w.run("make", "-s", "-j4"))
    equal(result.out, f"from below\n{w.project}/sub\n", "output")
    equal(read_file(os.path.join(w.project, "all")), "a\nb\nc\n", "what was built")
    succeeds(w.run("make", "clean"))
    true(not os.path.exists(os.path.join(w.project, "all")), "it is still there")


@test("gcc compiles, links with libraries, and what it built runs")
def _():
    w = World()
    w.file("main.c", '#include <stdio.h>\n#include <math.h>\n#include "part.h"\nint main(int n, char **v) { printf("%d %.1f\\n", part(n), sqrt(n * 4.0)); return 3; }\n')
    w.file("part.h", "int part(int);\n")
    w.file("part.c", "int part(int n) { return n + 41; }\n")
    succeeds(w.sh("gcc -Wall -O1 -g -c main.c && gcc -pipe -c part.c && ar rcs libpart.a part.o && gcc -o program main.o -L. -lpart -lm"))
    result = w.run("./program")
    equal((result.status, result.out), (3, "42 2.0\n"), "status and output")
    equal(succeeds(w.sh("gcc -flto -o whole main.c part.c -lm && ./whole; test $? = 3")).out, "42 2.0\n", "output")


@test("a project of C with a configure script and a check builds")
def _():
    w = World()
    w.file("configure", "#!/bin/sh\nset -e\ndir=$(mktemp -d)\necho 'int main(void){return 0;}' > $dir/t.c\n${CC:-cc} -o $dir/t $dir/t.c\n$dir/t\n"
           "sed s,@CC@,${CC:-cc}, Makefile.in > Makefile\nrm -r $dir\n", 0o755)
    w.file("Makefile.in", "CC = @CC@\nhello: hello.c\n\t$(CC) -o $@ $<\ncheck: hello\n\ttest \"$$(./hello)\" = hello\ninstall: hello\n\tinstall -D hello out/bin/hello\n")
    w.file("hello.c", '#include <stdio.h>\nint main(void){ puts("hello"); return 0; }\n')
    succeeds(w.sh("./configure && make && make check && make install && out/bin/hello"))


@test("git makes a repository, adds, commits as the user's configuration says, branches, merges, and shows the log")
def _():
    w = World()
    w.file("one", "1\n")
    succeeds(w.sh("git init -q && git add one && git commit -q -m first"))
    result = succeeds(w.sh("git log --format='%an <%ae> %s' && git status --short --branch"))
    equal(result.out, "A Person <person@example.org> first\n## trunk\n", "log and status")
    succeeds(w.sh("git checkout -q -b side && echo 2 > two && git add -A && git commit -q -m second && git checkout -q trunk && echo 3 > one"
                  " && git commit -q -am third && git merge -q side -m merge && git stash list && git tag v1 && git gc -q && git fsck"))
    equal(succeeds(w.sh("git log --oneline | wc -l; git diff HEAD~1 --stat | tail -1; ls")).out.split("\n")[0], "4", "commits")
    equal(run("git", "log", "--format=%s", "-1", cwd=w.project, env=w.env).out, "merge\n", "log from outside")
    succeeds(w.sh("git worktree add -q ../project/tree side && git -C tree status --short && git clone -q . copy && git -C copy log -1 --format=%s"))


@test("git works in a repository that was made outside, with a hook and an index that is old")
def _():
    w = World()
    w.file("file", "text\n")
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "outside"]):
        succeeds(run("git", *words, cwd=w.project, env=w.env))
    w.file(".git/hooks/pre-commit", "#!/bin/sh\necho hook ran >&2\n", 0o755)
    w.file("file", "more\n")
    result = succeeds(w.sh("git commit -q -am inside && git log --format=%s"))
    equal((result.out, "hook ran" in result.err), ("inside\noutside\n", True), "log, and the hook")


@test("python3 runs scripts, subprocesses, temporary files, threads, multiprocessing pipes and its own tests")
def _():
    w = World()
    w.file("package/__init__.py", "def double(n):\n    return 2 * n\n")
    w.file("test_it.py", "import unittest, package\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertEqual(package.double(4), 8)\n")
    w.file("script.py", """
import json, os, subprocess, sys, tempfile, threading
from package import double
with tempfile.NamedTemporaryFile() as f, tempfile.TemporaryDirectory() as d:
    assert f.name.startswith(os.environ["TMPDIR"]) and d.startswith(os.environ["TMPDIR"])
    f.write(b"x" * 100000); f.flush()
    out = subprocess.run(["wc", "-c", f.name], capture_output=True, text=True, check=True).stdout.split()[0]
got = []
t = threading.Thread(target=lambda: got.append(double(21)))
t.start(); t.join()
pipe = subprocess.Popen(["sh", "-c", "cat | tr a-z A-Z"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
print(json.dumps([out, got, pipe.communicate(b"piped")[0].decode(), sys.version_info.major]))
""")
    equal(json.loads(succeeds(w.run("python3", "script.py")).out), ["100000", [42], "PIPED", 3], "output")
    result = succeeds(w.run("python3", "-m", "unittest", "-q"))
    contains(result.err, "OK", "unittest")
    true(os.path.isdir(os.path.join(w.project, "package", "__pycache__")), "python keeps its byte code")


@test("python3 multiprocessing works, its semaphores where /dev/shm is granted")
def _():
    w = World()
    w.file("many.py", "import multiprocessing as m\ndef f(q, n): q.put(n * n)\nif __name__ == '__main__':\n    q = m.SimpleQueue()\n"
           "    ps = [m.Process(target=f, args=(q, n)) for n in range(4)]\n    [p.start() for p in ps]\n    print(sorted(q.get() for _ in ps))\n    [p.join() for p in ps]\n")
    equal(succeeds(w.run("python3", "many.py", options=["--write", "/dev/shm"])).out, "[0, 1, 4, 9]\n", "output")
    # all programs of the machine share that directory, so it is not granted by itself
    contains(w.run("python3", "many.py").err, "PermissionError", "what python says")
    w.file("pipes.py", "import multiprocessing as m\ndef f(c, n): c.send(n * n)\nif __name__ == '__main__':\n    a, b = m.Pipe()\n"
           "    p = m.Process(target=f, args=(b, 7))\n    p.start()\n    print(a.recv())\n    p.join()\n")
    equal(succeeds(w.run("python3", "pipes.py")).out, "49\n", "output")


@test("node runs files, timers, children, streams, workers and writes")
def _():
    w = World()
    w.file("lib.js", "exports.double = n => 2 * n;\n")
    w.file("main.js", """
const fs = require('fs'), cp = require('child_process'), os = require('os'), path = require('path');
const { Worker } = require('worker_threads');
const { double } = require('./lib');
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'x-'));
fs.writeFileSync(path.join(dir, 'f'), 'text');
const out = cp.execFileSync('sh', ['-c', 'cat ' + path.join(dir, 'f') + ' | tr a-z A-Z']).toString();
const child = cp.spawn(process.execPath, ['-e', 'process.stdout.write("child")']);
let said = '';
child.stdout.on('data', d => said += d);
child.on('close', () => {
  const w = new Worker('require("worker_threads").parentPort.postMessage(6*7)', { eval: true });
  w.on('message', m => setTimeout(() => { fs.writeFileSync('result', JSON.stringify([out, said, m, double(4)])); console.log('done'); }, 10));
});
""")
    equal(succeeds(w.run("node", "main.js")).out, "done\n", "output")
    equal(json.loads(read_file(os.path.join(w.project, "result"))), ["TEXT", "child", 42, 8], "result")


@test("npm run runs the scripts of a package, one calling another")
def _():
    w = World()
    w.file("package.json", json.dumps({"name": "x", "version": "1.0.0", "scripts": {
        "build": "node build.js && npm run --silent check", "check": "test -f built && echo checked", "fail": "exit 7", "test": "echo tested"}}))
    w.file("build.js", "require('fs').writeFileSync('built', process.env.npm_lifecycle_event)")
    result = succeeds(w.run("npm", "run", "--silent", "build"))
    equal((result.out, read_file(os.path.join(w.project, "built"))), ("checked\n", "build"), "output and what was built")
    equal(succeeds(w.run("npm", "test", "--silent")).out, "tested\n", "npm test")
    status_is(w.run("npm", "run", "--silent", "fail"), 7)


@test("bash has pipes, redirections, here documents, process substitution, jobs and globbing")
def _():
    w = World()
    w.file("script.sh", r"""
set -euo pipefail
printf '%s\n' c a b > list
sort < list | tee sorted | tr '\n' ' '; echo
cat <<END
here $((6 * 7))
END
cat <<< "string"
diff <(sort list) sorted && echo same
exec 5> five; echo five >&5; exec 5>&-; cat five
sleep 0.1 & wait $!; echo waited
{ echo out; echo err >&2; } 2>&1 | cat
echo *.sh; echo more >> list; wc -l < list
(cd /etc && ls hosts)
mkfifo pipe; (echo through > pipe &); cat pipe
f() { local x=$1; echo "f$x"; }; f 1
trap 'echo bye' EXIT
""", 0o755)
    result = succeeds(w.run("bash", "script.sh"))
    equal(result.out.split("\n"), ["a b c ", "here 42", "string", "same", "five", "waited", "out", "err", "script.sh", "4", "hosts", "through", "f1", "bye", ""],
          "output")


@test("the usual small tools work: find, grep, sed, awk, tar, gzip, xargs, sort, install, mktemp, date, dd, diff, patch")
def _():
    w = World()
    result = succeeds(w.sh(r"""
set -ex
mkdir -p a/b; for n in 1 2 3; do echo "line $n" > a/b/f$n; done
find . -name 'f*' | sort | xargs grep -h line | sed s/line/x/ | awk '{ s += $2 } END { print s }'
tar cf t.tar a && tar tf t.tar | wc -l; gzip t.tar; zcat t.tar.gz | tar xf - -C a; ls a/a/b | wc -l
dd if=/dev/zero of=zero bs=1k count=5 2>/dev/null; stat -c %s zero
cp -a a c; echo changed > c/b/f1; diff -u a/b/f1 c/b/f1 > p || true; patch -s a/b/f1 p; cat a/b/f1
mv c d; rm -r d; install -m 755 zero z; test -x z; mktemp | grep -c croft; date +%Y | grep -c 20; head -c 3 /dev/urandom | wc -c
echo x > /dev/null; cat /dev/full 2>/dev/null | head -c 2 | wc -c; id -u; hostname > /dev/null; ps -o pid= -p $$ | wc -l; df . > /dev/null; nproc
"""))
    lines = result.out.split()
    equal(lines[:5], ["6", "5", "3", "5120", "changed"], f"output {result.out}")


# vim and less, as a person drives them

class Tmux:
    """A terminal multiplexer outside of the sandbox, and one window in it with a shell."""

    def __init__(self, world):
        self.socket = os.path.join(tempdir(), "socket")
        self.env = dict(world.env, PS1="%sh% ")
        conf = write_file(self.socket + ".conf", "set -g default-shell /bin/sh\nset -g status off\nset -sg escape-time 0\nset -g default-terminal screen\n")
        self.words = ["tmux", "-u", "-S", self.socket, "-f", conf]
        succeeds(run(*self.words, "new-session", "-d", "-x", "100", "-y", "30", "/bin/sh", cwd=world.project, env=self.env))
        cleanup(self._end)
        self.see(r"%sh%\s*$")

    def _end(self):
        run(*self.words, "kill-server", env=self.env)
        wait_until(lambda: run(*self.words, "ls", env=self.env).status != 0, "tmux ends")

    def keys(self, *keys):
        succeeds(run(*self.words, "send-keys", *keys, env=self.env))

    def type(self, text):
        succeeds(run(*self.words, "send-keys", "-l", text, env=self.env))

    def screen(self):
        return succeeds(run(*self.words, "capture-pane", "-p", env=self.env)).out.rstrip("\n")

    def see(self, pattern, seconds=10.0):
        def look():
            return re.search(pattern, self.screen())
        try:
            return wait_until(look, pattern, seconds)
        except Failure:
            return fail(f"not on the screen: {pattern!r}\n{self.screen()}")

    def sane(self):
        """The shell has a terminal with echo and line editing again."""
        self.keys("C-l")
        self.type("clear; stty -a | grep -o -w -e '-*icanon' -e '-*echo' -e '-*isig' | tr '\\n' ' '; echo \" end$?\"")
        self.keys("Enter")
        said = self.see(r"(?m)^.*\bend0$")[0]
        equal(sorted(said.split()), ["echo", "end0", "icanon", "isig"], "settings of the terminal")


RUN = f"{CROFT} run -- "


@test("vim edits and saves a file, and leaves a sane terminal", variants=["in place", "supervised"])
def _(tier):
    w = World()
    w.file("file.txt", "first line\nsecond line\n")
    t = Tmux(w)
    t.type((RUN if tier == "in place" else f"{CROFT} run --supervise -- ") + "vim file.txt")
    t.keys("Enter")
    t.see("second line[^$]*~")
    t.type("onew text")
    t.keys("Escape")
    t.type(":w")
    t.keys("Enter")
    t.see("written")
    equal(read_file(os.path.join(w.project, "file.txt")), "first line\nnew text\nsecond line\n", "the saved file")
    t.type(":%s/line/LINE/g | wq")
    t.keys("Enter")
    wait_until(lambda: "first LINE" in read_file(os.path.join(w.project, "file.txt")), "vim saves")
    t.see(r"%sh%\s*$")
    t.sane()
    equal(sorted(os.listdir(w.project)), ["file.txt"], "files in the project: no swap file is left")


@test("vim is stopped by Ctrl-Z and comes back by fg", variants=["in place", "supervised"])
def _(tier):
    w = World()
    w.file("file.txt", "some text\n")
    t = Tmux(w)
    t.type((RUN if tier == "in place" else f"{CROFT} run --supervise -- ") + "vim file.txt")
    t.keys("Enter")
    t.see("some text[^$]*~")
    for _ in range(2):
        t.keys("C-z")
        t.see(r"Stopped[^$]*%sh%\s*$")
        t.type("clear; fg")
        t.keys("Enter")
        t.see("some text[^$]*~")
    t.type(":q")
    t.keys("Enter")
    t.see(r"%sh%\s*$")
    t.sane()


@test("vim cannot open the key or write beside the project, and can where that is granted")
def _():
    w = World()
    w.file("file.txt", "some text\n")
    t = Tmux(w)
    for options, can in (("", False), (f"--read {w.key} --write {w.beside} ", True)):
        t.type(f"clear; {CROFT} run {options}-- vim file.txt")
        t.keys("Enter")
        t.see("some text[^$]*~")
        t.type(f":w! {w.beside}/by-vim")
        t.keys("Enter")
        t.see("written" if can else "E212")
        equal(os.path.exists(f"{w.beside}/by-vim"), can, "the file beside the project")
        t.type(f":e! {w.key}")
        t.keys("Enter")
        t.keys("Enter")
        t.type(":echo 'got<' . getline(1) . '>'")
        t.keys("Enter")
        t.see(f"got<{KEY if can else ''}>")
        t.keys("Enter")
        t.type(":q!")
        t.keys("Enter")
        t.see(r"%sh%\s*$")
    t.sane()


@test("less pages, searches, quits, and leaves a sane terminal", variants=["in place", "supervised"])
def _(tier):
    w = World()
    w.file("file.txt", "".join(f"line number {n}\n" for n in range(1, 301)) + "needle here\n" + "tail\n" * 40)
    t = Tmux(w)
    t.type((RUN if tier == "in place" else f"{CROFT} run --supervise -- ") + "less file.txt")
    t.keys("Enter")
    t.see("line number 29\n")
    t.keys("Space")
    t.see("line number 58\n")
    t.type("/needle")
    t.keys("Enter")
    t.see("^needle here")
    t.type("g")
    t.see("^line number 1\n")
    t.type("G")
    t.see("tail\n.*END")
    t.type("q")
    t.see(r"%sh%\s*$")
    t.sane()


@test("less cannot show the key, and can where that is granted; a pipe into less works")
def _():
    w = World()
    t = Tmux(w)
    t.type(f"clear; {RUN}less {w.key}")
    t.keys("Enter")
    t.see("(?i)permission denied")
    t.type("q")
    lacks(t.screen(), KEY, "the screen")
    t.keys("C-c")
    t.type(f"clear; {CROFT} run --read {w.key} -- less {w.key}")
    t.keys("Enter")
    t.see(KEY)
    t.type("q")
    t.see(r"%sh%\s*$")
    t.type(f"clear; seq 500 | {RUN}less")
    t.keys("Enter")
    t.see("\n29\n")
    t.keys("Space")
    t.see("\n58\n")
    t.type("q")
    t.see(r"%sh%\s*$")
    t.sane()


# What none of them can do. Each deed: a shell line that does it with the tool; what it needs stands
# in the project first. KEYFILE, BESIDE and PORT are put in.

TOOLS = {
    "make": {
        "files": {"Makefile": "read:\n\tcat KEYFILE\nwrite:\n\techo x > BESIDE\nconnect:\n\tbash -c 'cat < /dev/tcp/127.0.0.1/PORT'\n"},
        "read": "make read", "write": "make write", "connect": "make connect"},
    "gcc": {
        "files": {"reader.c": '#include "KEYFILE"\n', "x.c": "int x;\n", "tool.c": """
#include <arpa/inet.h>
#include <stdio.h>
#include <unistd.h>
int main(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char buffer[200];
	int s = socket(AF_INET, SOCK_STREAM, 0), n;
	if (s < 0 || connect(s, (struct sockaddr *)&a, sizeof(a)) < 0) { perror("connect"); return 1; }
	n = read(s, buffer, sizeof(buffer));
	return write(1, buffer, n > 0 ? n : 0) < 0;
}
"""},
        "read": "gcc -E reader.c", "write": "gcc -c x.c -o BESIDE", "connect": "gcc tool.c -o tool && ./tool"},
    "git": {
        "files": {},
        "read": "git init -q . && git -c core.quotePath=false diff --no-index /dev/null KEYFILE; test $? = 1", "write": "git init -q . && git config -f BESIDE a.b c",
        "connect": "git ls-remote http://127.0.0.1:PORT/x"},
    "python3": {
        "files": {},
        "read": "python3 -c 'print(open(\"KEYFILE\").read())'", "write": "python3 -c 'open(\"BESIDE\", \"w\")'",
        "connect": "python3 -c 'import urllib.request as r; print(r.urlopen(\"http://127.0.0.1:PORT/\").read())'"},
    "node": {
        "files": {},
        "read": "node -e 'console.log(require(\"fs\").readFileSync(\"KEYFILE\", \"utf8\"))'", "write": "node -e 'require(\"fs\").writeFileSync(\"BESIDE\", \"\")'",
        "connect": "node -e 'require(\"http\").get(\"http://127.0.0.1:PORT/\", r => r.pipe(process.stdout))'"},
    "npm run": {
        "files": {"package.json": json.dumps({"name": "x", "version": "1.0.0", "scripts": {
            "read": "cat KEYFILE", "write": "touch BESIDE", "connect": "bash -c 'cat < /dev/tcp/127.0.0.1/PORT'"}})},
        "read": "npm run --silent read", "write": "npm run --silent write", "connect": "npm run --silent connect"},
    "bash": {
        "files": {},
        "read": "cat < KEYFILE", "write": "echo x > BESIDE", "connect": "cat < /dev/tcp/127.0.0.1/PORT"},
    "bash by a link": {
        "files": {},
        "read": "ln -s KEYFILE l; cat l", "write": "ln -s BESIDE l; echo x > l", "connect": "exec 3<>/dev/tcp/localhost/PORT; cat <&3"},
    "other ways": {
        "files": {},
        "read": "cat /proc/self/root/KEYFILE || cp KEYFILE . && cat canary || ln KEYFILE hard && cat hard", "write": "mv $(mktemp) BESIDE || cp /etc/hosts BESIDE || ln /etc/hosts BESIDE || mkdir BESIDE",
        "connect": "perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(\"127.0.0.1:PORT\") or die \"$!\\n\"; print <$s>'"},
}


def prepared(tool, deed):
    """A world with what the tool needs; the shell line; the world."""
    w = World()
    beside = os.path.join(w.beside, "made")

    def fill(text):
        return text.replace("KEYFILE", w.key).replace("BESIDE", beside).replace("PORT", str(w.port))
    for name, text in TOOLS[tool]["files"].items():
        w.file(name, fill(text))
    return w, fill(TOOLS[tool][deed]), beside


@test("the key cannot be read by", variants=TOOLS)
def _(tool):
    w, line, _ = prepared(tool, "read")
    denied = w.sh(line)
    lacks(denied.out + denied.err, KEY, "what came out")
    true(denied.status != 0 or tool == "git", f"it did not fail\n{denied}")
    granted = w.sh(line, options=["--read", w.key])
    contains(granted.out + granted.err, KEY, f"what came out where it was granted (status {granted.status})")


@test("nothing can be written beside the project by", variants=TOOLS)
def _(tool):
    w, line, beside = prepared(tool, "write")
    denied = w.sh(line)
    true(denied.status != 0, f"it did not fail\n{denied}")
    equal(os.listdir(w.beside), [], "what is beside the project")
    os.path.islink(os.path.join(w.project, "l")) and os.unlink(os.path.join(w.project, "l"))
    granted = w.sh(line, options=["--write", w.beside])
    true(os.path.lexists(beside), f"it was not made where it was granted\n{granted}")


@test("a server on this machine cannot be reached by", variants=TOOLS)
def _(tool):
    w, line, _ = prepared(tool, "connect")
    denied = w.sh(line)
    true(denied.status != 0, f"it did not fail\n{denied}")
    equal((w.visitors, "welcome" in denied.out), (0, False), "visitors, and what came out")
    w.sh(line, options=["--connect", str(w.port), *TCP_GRANT])
    wait_until(lambda: w.visitors, "the server is reached where it was granted")


@test("another port than the granted one cannot be reached")
def _():
    if ABI < TCP:       # there a grant opens all, and has to be accepted as that
        refused(run_croft("run", "--profile", "system", "--connect", "443", "--", "true"), 125, "'tcp'")
        return
    w = World()
    denied = w.sh(f"cat < /dev/tcp/127.0.0.1/{w.port}", options=["--connect", str(w.port - 1 or 1)])
    true(denied.status != 0, f"it did not fail\n{denied}")
    equal(w.visitors, 0, "visitors")


@test("the rest of the home cannot be listed or changed, the project can", variants=["list", "make", "remove", "rename", "append"])
def _(deed):
    w = World()
    victim = write_file(os.path.join(w.home, "victim"), "kept")
    line = {"list": "ls {0}", "make": "mkdir {0}/new", "remove": "rm -f {0}/victim", "rename": "mv {0}/victim {0}/other", "append": "echo x >> {0}/victim"}[deed]
    true(w.sh(line.format(w.home)).status != 0, "it did not fail")
    equal((sorted(os.listdir(w.home)), read_file(victim)), ([".gitconfig", ".ssh", "beside", "project", "victim"], "kept"), "the home")
    w.file("victim", "kept")
    succeeds(w.sh(line.format(w.project)))


@test("the user's git configuration can be read and not changed")
def _():
    w = World()
    before = read_file(os.path.join(w.home, ".gitconfig"))
    equal(succeeds(w.run("git", "config", "--global", "user.name")).out, "A Person\n", "name")
    true(w.run("git", "config", "--global", "core.editor", "evil").status != 0, "it did not fail")
    equal(read_file(os.path.join(w.home, ".gitconfig")), before, "the configuration")


@test("secrets in the environment do not reach the tools, and do where they are named")
def _():
    w = World()
    w.env.update({"GITHUB_TOKEN": "secret-1", "AWS_SECRET_ACCESS_KEY": "secret-2", "NPM_TOKEN": "secret-3"})
    for words in (["env"], ["python3", "-c", "import os; print(os.environ)"], ["node", "-p", "process.env"]):
        lacks(succeeds(w.run(*words)).out, "secret-", f"environment of {words[0]}")
        contains(succeeds(w.run(*words, options=["--env", "GITHUB_TOKEN"])).out, "secret-1", f"environment of {words[0]}")
    lacks(w.sh(f"cat /proc/{os.getpid()}/environ /proc/$PPID/environ").out, "secret-", "environment of processes outside")


main()
