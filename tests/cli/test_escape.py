#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_escape.py - what the everyday tools cannot do under the embedded default profile.

Each tries, by its own means, to read a key in ~/.ssh, to write beside the project, and to reach a
server on the loopback address: it must fail, and must not fail when exactly that was granted. That
it failed is asked of the world outside: the text did not come out, the file is not there, the
server saw nobody.
"""
from _world import *     # pylint: disable=wildcard-import,unused-wildcard-import

# Each deed: a shell line that does it with the tool; what it needs stands
# in the project first. KEYFILE, BESIDE and PORT are put in.

MAKEFILE = """\
read:
	cat KEYFILE
write:
	echo x > BESIDE
connect:
	bash -c 'cat < /dev/tcp/127.0.0.1/PORT'
"""
TOOL_C = """
#include <arpa/inet.h>
#include <stdio.h>
#include <unistd.h>
int main(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	char buffer[200];
	int s = socket(AF_INET, SOCK_STREAM, 0), n;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (s < 0 || connect(s, (struct sockaddr *)&a, sizeof(a)) < 0) { perror("connect"); return 1; }
	n = read(s, buffer, sizeof(buffer));
	return write(1, buffer, n > 0 ? n : 0) < 0;
}
"""

TOOLS = {
    "make": {
        "files": {"Makefile": MAKEFILE},
        "read": "make read", "write": "make write", "connect": "make connect"},
    "gcc": {
        "files": {"reader.c": '#include "KEYFILE"\n', "x.c": "int x;\n", "tool.c": TOOL_C},
        "read": "gcc -E reader.c", "write": "gcc -c x.c -o BESIDE", "connect": "gcc tool.c -o tool && ./tool"},
    "git": {
        "files": {},
        "read": "git init -q . && git -c core.quotePath=false diff --no-index /dev/null KEYFILE; test $? = 1",
        "write": "git init -q . && git config -f BESIDE a.b c",
        "connect": "git ls-remote http://127.0.0.1:PORT/x"},
    "python3": {
        "files": {},
        "read": "python3 -c 'print(open(\"KEYFILE\").read())'", "write": "python3 -c 'open(\"BESIDE\", \"w\")'",
        "connect": "python3 -c 'import urllib.request as r; print(r.urlopen(\"http://127.0.0.1:PORT/\").read())'"},
    "node": {
        "files": {},
        "read": "node -e 'console.log(require(\"fs\").readFileSync(\"KEYFILE\", \"utf8\"))'",
        "write": "node -e 'require(\"fs\").writeFileSync(\"BESIDE\", \"\")'",
        "connect": "node -e 'require(\"http\").get(\"http://127.0.0.1:PORT/\", r => r.pipe(process.stdout))'"},
    "npm run": {
        "files": {"package.json": json.dumps({"name": "x", "version": "1.0.0", "scripts": {
            "read": "cat KEYFILE", "write": "touch BESIDE",
            "connect": "bash -c 'cat < /dev/tcp/127.0.0.1/PORT'"}})},
        "read": "npm run --silent read", "write": "npm run --silent write", "connect": "npm run --silent connect"},
    "bash": {
        "files": {},
        "read": "cat < KEYFILE", "write": "echo x > BESIDE", "connect": "cat < /dev/tcp/127.0.0.1/PORT"},
    "bash by a link": {
        "files": {},
        "read": "ln -s KEYFILE l; cat l", "write": "ln -s BESIDE l; echo x > l",
        "connect": "exec 3<>/dev/tcp/localhost/PORT; cat <&3"},
    "other ways": {
        "files": {},
        "read": "cat /proc/self/root/KEYFILE || cp KEYFILE . && cat canary || ln KEYFILE hard && cat hard",
        "write": "mv $(mktemp) BESIDE || cp /etc/hosts BESIDE || ln /etc/hosts BESIDE || mkdir BESIDE",
        "connect": "perl -MIO::Socket::INET -e "
                   "'$s = IO::Socket::INET->new(\"127.0.0.1:PORT\") or die \"$!\\n\"; print <$s>'"},
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
    succeeds(w.sh(f"cat < /dev/tcp/127.0.0.1/{w.port}", options=["--connect", str(w.port)]))
    equal(w.visitors, 1, "visitors where it was granted")


@test("the rest of the home cannot be listed or changed, the project can", variants=["list", "make", "remove",
                                                                                     "rename", "append"])
def _(deed):
    w = World()
    victim = write_file(os.path.join(w.home, "victim"), "kept")
    line = {"list": "ls {0}", "make": "mkdir {0}/new", "remove": "rm -f {0}/victim",
            "rename": "mv {0}/victim {0}/other", "append": "echo x >> {0}/victim"}[deed]
    true(w.sh(line.format(w.home)).status != 0, "it did not fail")
    equal((sorted(os.listdir(w.home)), read_file(victim)), ([".gitconfig", ".ssh", "beside", "project", "victim"],
                                                            "kept"), "the home")
    w.file("victim", "kept")
    succeeds(w.sh(line.format(w.project)))


PLANTED = [".bashrc", ".profile", ".config/autostart/x.desktop", ".config/systemd/user/x.service", ".local/bin/ls",
           ".ssh/authorized_keys", ".ssh/config", ".gitconfig.lock", ".npmrc", ".vimrc", ".cache/x",
           "beside/.git/hooks/x"]


@test("nothing can be planted in the home for the user to run later, and can where that is granted",
      variants=PLANTED)
def _(name):
    w = World()
    path = os.path.join(w.home, name)
    line = f"mkdir -p {os.path.dirname(path)}; echo evil > {path} || ln -s /bin/true {path} || mv $(mktemp) {path}"
    true(w.sh(line).status != 0, "it did not fail")
    true(not os.path.lexists(path), f"{path} was made")
    succeeds(w.sh(line, options=["--write", w.home]))
    true(os.path.lexists(path), f"{path} was not made where it was granted")


@test("places that all users share cannot be written", variants=["/tmp", "/var/tmp", "/dev/shm", "/run/lock"])
def _(place):
    w = World()
    name = os.path.join(place, f"croft-t-{os.getpid()}-{os.geteuid()}")
    cleanup(lambda: os.path.lexists(name) and os.unlink(name))
    true(w.sh(f"echo x > {name}").status != 0 and not os.path.lexists(name), "it was written")
    if os.access(place, os.W_OK):
        succeeds(w.sh(f"echo x > {name}", options=["--write", place]))
        true(os.path.lexists(name), "it was not written where it was granted")


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
        contains(succeeds(w.run(*words, options=["--env", "GITHUB_TOKEN"])).out, "secret-1",
                 f"environment of {words[0]}")
    lacks(w.sh(f"cat /proc/{os.getpid()}/environ /proc/$PPID/environ").out, "secret-",
          "environment of processes outside")


main()
