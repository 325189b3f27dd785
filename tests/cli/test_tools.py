#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_tools.py - the everyday tools do their work under the embedded default profile.

The inputs are small and real: what a compiler, a version control system or a runtime does in a
project touches most of what a sandbox can get wrong.
"""
from _world import *     # pylint: disable=wildcard-import,unused-wildcard-import

MAKEFILE = """\
all: a b c
	@cat a b c > all && $(MAKE) -s -C sub
%: %.in
	sed s/x/$@/ $< > $@
.PHONY: clean
clean:
	rm -f a b c all
"""


@test("make builds with rules, recursion, and several jobs at once")
def _():
    w = World()
    w.file("Makefile", MAKEFILE)
    for name in "abc":
        w.file(name + ".in", "x\n")
    w.file("sub/Makefile", "all:\n\t@echo from below; pwd\n")
    result = succeeds(w.run("make", "-s", "-j4"))
    equal(result.out, f"from below\n{w.project}/sub\n", "output")
    equal(read_file(os.path.join(w.project, "all")), "a\nb\nc\n", "what was built")
    succeeds(w.run("make", "clean"))
    true(not os.path.exists(os.path.join(w.project, "all")), "it is still there")


MAIN_C = """\
#include <stdio.h>
#include <math.h>
#include "part.h"
int main(int n, char **v)
{
	printf("%d %.1f\\n", part(n), sqrt(n * 4.0));
	return 3;
}
"""


@test("gcc compiles, links with libraries, and what it built runs")
def _():
    w = World()
    w.file("main.c", MAIN_C)
    w.file("part.h", "int part(int);\n")
    w.file("part.c", "int part(int n) { return n + 41; }\n")
    succeeds(w.sh("gcc -Wall -O1 -g -c main.c && gcc -pipe -c part.c && ar rcs libpart.a part.o && "
                  "gcc -o program main.o -L. -lpart -lm"))
    result = w.run("./program")
    equal((result.status, result.out), (3, "42 2.0\n"), "status and output")
    result = succeeds(w.sh("gcc -flto -o whole main.c part.c -lm && ./whole; test $? = 3"))
    equal(result.out, "42 2.0\n", "output of the one that was optimised as a whole")


CONFIGURE = """\
#!/bin/sh
set -e
dir=$(mktemp -d)
echo 'int main(void){return 0;}' > $dir/t.c
${CC:-cc} -o $dir/t $dir/t.c
$dir/t
sed s,@CC@,${CC:-cc}, Makefile.in > Makefile
rm -r $dir
"""
MAKEFILE_IN = """\
CC = @CC@
hello: hello.c
	$(CC) -o $@ $<
check: hello
	test "$$(./hello)" = hello
install: hello
	install -D hello out/bin/hello
"""


@test("a project of C with a configure script and a check builds")
def _():
    w = World()
    w.file("configure", CONFIGURE, 0o755)
    w.file("Makefile.in", MAKEFILE_IN)
    w.file("hello.c", '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n')
    succeeds(w.sh("./configure && make && make check && make install && out/bin/hello"))


GIT_BRANCHES = """
set -e
git checkout -q -b side
echo 2 > two
git add -A
git commit -q -m second
git checkout -q trunk
echo 3 > one
git commit -q -am third
git merge -q side -m merge
git stash list
git tag v1
git gc -q
git fsck
git log --oneline | wc -l
"""


@test("git makes a repository, commits as the user's configuration says, branches, merges, and shows the log")
def _():
    w = World()
    w.file("one", "1\n")
    succeeds(w.sh("git init -q && git add one && git commit -q -m first"))
    result = succeeds(w.sh("git log --format='%an <%ae> %s' && git status --short --branch"))
    equal(result.out, "A Person <person@example.org> first\n## trunk\n", "log and status")
    equal(succeeds(w.sh(GIT_BRANCHES)).out.split()[-1], "4", "commits")
    equal(run("git", "log", "--format=%s", "-1", cwd=w.project, env=w.env).out, "merge\n", "log from outside")
    succeeds(w.sh("git worktree add -q tree side && git -C tree status --short"))
    equal(succeeds(w.sh("git clone -q . copy && git -C copy log -1 --format=%s")).out, "merge\n", "log of a clone")


@test("git works in a repository that was made outside, and runs its hook inside")
def _():
    w = World()
    w.file("file", "text\n")
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "outside"]):
        succeeds(run("git", *words, cwd=w.project, env=w.env))
    w.file(".git/hooks/pre-commit", "#!/bin/sh\necho hook ran >&2\n", 0o755)
    w.file("file", "more\n")
    result = succeeds(w.sh("git commit -q -am inside && git log --format=%s"))
    equal((result.out, "hook ran" in result.err), ("inside\noutside\n", True), "log, and the hook")


UNITTEST_PY = """\
import unittest, package
class T(unittest.TestCase):
    def test(self):
        self.assertEqual(package.double(4), 8)
"""
SCRIPT_PY = """\
import json, os, subprocess, sys, tempfile, threading
from package import double
with tempfile.NamedTemporaryFile() as f, tempfile.TemporaryDirectory() as d:
    assert f.name.startswith(os.environ["TMPDIR"]) and d.startswith(os.environ["TMPDIR"])
    f.write(b"x" * 100000)
    f.flush()
    out = subprocess.run(["wc", "-c", f.name], capture_output=True, text=True, check=True).stdout.split()[0]
got = []
t = threading.Thread(target=lambda: got.append(double(21)))
t.start()
t.join()
pipe = subprocess.Popen(["sh", "-c", "cat | tr a-z A-Z"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
print(json.dumps([out, got, pipe.communicate(b"piped")[0].decode(), sys.version_info.major]))
"""


@test("python3 runs scripts, packages, subprocesses, temporary files, threads and its own tests")
def _():
    w = World()
    w.file("package/__init__.py", "def double(n):\n    return 2 * n\n")
    w.file("test_it.py", UNITTEST_PY)
    w.file("script.py", SCRIPT_PY)
    equal(json.loads(succeeds(w.run("python3", "script.py")).out), ["100000", [42], "PIPED", 3], "output")
    result = succeeds(w.run("python3", "-m", "unittest", "-q"))
    contains(result.err, "OK", "unittest")
    true(os.path.isdir(os.path.join(w.project, "package", "__pycache__")), "python keeps its byte code")


MANY_PY = """\
import multiprocessing as m
def f(q, n):
    q.put(n * n)
if __name__ == "__main__":
    q = m.SimpleQueue()
    ps = [m.Process(target=f, args=(q, n)) for n in range(4)]
    for p in ps: p.start()
    print(sorted(q.get() for _ in ps))
    for p in ps: p.join()
"""
PIPES_PY = """\
import multiprocessing as m
def f(c, n):
    c.send(n * n)
if __name__ == "__main__":
    a, b = m.Pipe()
    p = m.Process(target=f, args=(b, 7))
    p.start()
    print(a.recv())
    p.join()
"""


@test("python3 multiprocessing works, its semaphores where /dev/shm is granted")
def _():
    w = World()
    w.file("many.py", MANY_PY)
    equal(succeeds(w.run("python3", "many.py", options=["--write", "/dev/shm"])).out, "[0, 1, 4, 9]\n", "output")
    # all programs of the machine share that directory, so it is not granted by itself
    contains(w.run("python3", "many.py").err, "PermissionError", "what python says")
    w.file("pipes.py", PIPES_PY)
    equal(succeeds(w.run("python3", "pipes.py")).out, "49\n", "output")


MAIN_JS = """\
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
  w.on('message', m => setTimeout(() => {
    fs.writeFileSync('result', JSON.stringify([out, said, m, double(4)]));
    console.log('done');
  }, 10));
});
"""


@test("node runs files, timers, children, streams, workers and writes")
def _():
    w = World()
    w.file("lib.js", "exports.double = n => 2 * n;\n")
    w.file("main.js", MAIN_JS)
    equal(succeeds(w.run("node", "main.js")).out, "done\n", "output")
    equal(json.loads(read_file(os.path.join(w.project, "result"))), ["TEXT", "child", 42, 8], "result")


@test("npm run runs the scripts of a package, one calling another")
def _():
    w = World()
    scripts = {"build": "node build.js && npm run --silent check", "check": "test -f built && echo checked",
               "fail": "exit 7", "test": "echo tested"}
    w.file("package.json", json.dumps({"name": "x", "version": "1.0.0", "scripts": scripts}))
    w.file("build.js", "require('fs').writeFileSync('built', process.env.npm_lifecycle_event)")
    result = succeeds(w.run("npm", "run", "--silent", "build"))
    equal((result.out, read_file(os.path.join(w.project, "built"))), ("checked\n", "build"),
          "output, and what was built")
    equal(succeeds(w.run("npm", "test", "--silent")).out, "tested\n", "npm test")
    status_is(w.run("npm", "run", "--silent", "fail"), 7)


SCRIPT_SH = r"""
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
"""
SCRIPT_SAYS = ["a b c ", "here 42", "string", "same", "five", "waited", "out", "err", "script.sh", "4", "hosts",
               "through", "f1", "bye", ""]


@test("bash has pipes, redirections, here documents, process substitution, jobs and globbing")
def _():
    w = World()
    w.file("script.sh", SCRIPT_SH, 0o755)
    equal(succeeds(w.run("bash", "script.sh")).out.split("\n"), SCRIPT_SAYS, "output")


SMALL_SH = r"""
set -e
mkdir -p a/b; for n in 1 2 3; do echo "line $n" > a/b/f$n; done
find . -name 'f*' | sort | xargs grep -h line | sed s/line/x/ | awk '{ s += $2 } END { print s }'
tar cf t.tar a && tar tf t.tar | wc -l; gzip t.tar; zcat t.tar.gz | tar xf - -C a; ls a/a/b | wc -l
dd if=/dev/zero of=zero bs=1k count=5 2>/dev/null; stat -c %s zero
cp -a a c; echo changed > c/b/f1; diff -u a/b/f1 c/b/f1 > p || true; patch -s a/b/f1 p; cat a/b/f1
mv c d; rm -r d; install -m 755 zero z; stat -c %a z
mktemp | grep -c croft; date +%Y | grep -c 20; head -c 3 /dev/urandom | wc -c
echo x > /dev/null; head -c 2 /dev/full | wc -c; ps -o pid= -p $$ | wc -l
df . > /dev/null; nproc > /dev/null; id -u > /dev/null; hostname > /dev/null
"""


@test("the usual small tools work: find, grep, sed, awk, tar, gzip, xargs, sort, install, mktemp, dd, diff, patch")
def _():
    w = World()
    result = succeeds(w.sh(SMALL_SH))
    equal(result.out.split(), ["6", "5", "3", "5120", "changed", "755", "1", "1", "3", "2", "1"], "output")


@test("croft starts no program but the command: neither one on PATH nor one that the project's git names")
def _():
    w = World()
    traces = os.path.join(w.home, "traces")
    os.mkdir(traces)
    tools = os.path.join(w.home, "tools")
    for name in ("sh", "bash", "git", "ldd", "ldconfig", "getent", "id", "tput", "true", "env", "mount", "setpriv"):
        script(os.path.join(tools, name), f"echo {name} >> {traces}/{name}")
    for words in (["init", "-q"], ["config", "core.fsmonitor", f"touch {traces}/git"]):
        succeeds(run("git", *words, cwd=w.project, env=w.env))
    env = dict(w.env, PATH=f"{tools}:/usr/bin:/bin")
    for words in (["run", "--env", "PATH=/usr/bin:/bin", "--", "/bin/true"], ["plan", "--", "/bin/true"],
                  ["run", "--supervise", "--env", "PATH=/usr/bin", "--", "/bin/true"], ["why", "read", "/etc"]):
        succeeds(run_croft(*words, cwd=w.project, env=env))
    equal(os.listdir(traces), [], "programs that were started")
    succeeds(run_croft("run", "--execute", tools, "--write", traces, "--", "ldd", cwd=w.project, env=env))
    equal(os.listdir(traces), ["ldd"], "the twin: the command itself leaves its trace")


main()
