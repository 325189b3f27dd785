#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_languages.py - the tools of each language do what people do with them, under the language's preset.

All of it is offline: packages are made by the test. What must stay shut is asked of all presets in
test_in_project.py; here are the things that are a language's own: its caches, its credentials, its ways
to install for the user.
"""
import zipfile

from _home import *     # pylint: disable=wildcard-import,unused-wildcard-import

MAKEFILE = """\
PREFIX = out
program: main.o part.o
	$(CC) $(LDFLAGS) -o $@ $^ -lm
check: program
	test "$$(./program)" = 42
install: program
	install -D program $(PREFIX)/bin/program
"""
MAIN_C = """\
#include <math.h>
#include <stdio.h>
int part(int);
int main(int n, char **v)
{
	(void)v;
	printf("%d\\n", part(n));
	return sqrt(n) > 2;
}
"""
PART_C = "int part(int n) { return n + 41; }\n"


def c_project(h):
    needs("make", "gcc")
    h.file("Makefile", MAKEFILE)
    h.file("main.c", MAIN_C)
    h.file("part.c", PART_C)


@test("make-c: make compiles, links, checks and installs into the project, in parallel and optimised as a whole")
def _():
    h = Home()
    c_project(h)
    succeeds(h.run("make-c", "make", "-s", "-j2", "check", "install"))
    equal(h.outside(os.path.join(h.project, "out/bin/program")).out, "42\n", "the program outside")
    succeeds(h.run("make-c", "gcc", "-O2", "-flto", "-fsanitize=undefined", "main.c", "part.c", "-lm", "-o", "whole"))
    result = h.run("make-c", "make", "-s", "install", f"PREFIX={h.home}/local")
    true(result.status != 0 and not os.path.exists(h.path("local")), f"installed outside of the project\n{result}")
    succeeds(h.outside("make", "-s", "install", f"PREFIX={h.home}/local"))


@test("make-c: compilers are told by variables of the caller")
def _():
    h = Home()
    c_project(h)
    h.file("inc/here.h", "#define HERE 1\n")
    h.file("use.c", "#include <here.h>\nint x = HERE;\n")
    succeeds(h.run("make-c", "gcc", "-c", "use.c", env={"CPATH": os.path.join(h.project, "inc")}))
    true(h.run("make-c", "gcc", "-c", "use.c").status != 0, "compiled without CPATH")


@test("make-c: ccache keeps what it made in a directory of its own, which the user makes")
def _():
    h = Home()
    needs("ccache")
    c_project(h)
    own, users = h.path(".cache/croft/ccache"), h.mkdir(".cache/ccache")
    text = "ccache gcc -c part.c -o part.o"
    result = h.sh("make-c", text)
    true(result.status != 0, "ccache works without its directory")
    contains(result.err, own, "what ccache misses")
    succeeds(h.sh("make-c", text, env={"CCACHE_DISABLE": "1"}))
    h.mkdir(".cache/croft/ccache")
    succeeds(h.sh("make-c", text))
    true(os.listdir(own), "the cache is empty")
    equal(os.listdir(users), [], "the user's cache")


@test("make-c: CMake configures, builds and tests a project")
def _():
    h = Home()
    needs("cmake", "make")
    c_project(h)
    h.file("CMakeLists.txt", "cmake_minimum_required(VERSION 3.13)\nproject(p C)\nadd_executable(p main.c part.c)\n"
                             "target_link_libraries(p m)\nenable_testing()\nadd_test(NAME t COMMAND p)\n")
    succeeds(h.sh("make-c", "cmake -S . -B b && cmake --build b -j2 && ctest --test-dir b"))


BACKEND_PY = """\
import zipfile
NAME = "pk-1.0-py3-none-any.whl"
def build_wheel(directory, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(directory + "/" + NAME, "w") as z:
        z.writestr("pk/__init__.py", "def double(n):\\n    return 2 * n\\n")
        z.writestr("pk-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: pk\\nVersion: 1.0\\n")
        z.writestr("pk-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        z.writestr("pk-1.0.dist-info/entry_points.txt", "[console_scripts]\\npk = pk:double\\n")
        z.writestr("pk-1.0.dist-info/RECORD", "")
    return NAME
"""
TEST_PY = """\
import sqlite3, ssl, subprocess, tempfile, unittest, zlib
import pk
class T(unittest.TestCase):
    def test(self):
        self.assertEqual(pk.double(21), 42)
        self.assertTrue(ssl.create_default_context())
        with tempfile.TemporaryDirectory() as d:
            self.assertTrue(sqlite3.connect(d + "/db"))
        self.assertEqual(subprocess.check_output(["echo", "x"]), b"x\\n")
"""


@test("python: a virtual environment is made, a wheel is built and installed in it, and tests run")
def _():
    h = Home()
    if h.outside(PYTHON, "-c", "import ensurepip").status != 0:
        skip("python3-venv is not installed")
    h.file("src/pyproject.toml", '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n')
    h.file("src/backend.py", BACKEND_PY)
    h.file("test_it.py", TEST_PY)
    h.write(".config/pip/pip.conf", "[global]\nindex-url = https://ada:sesame@example.org/simple\n")
    text = f"""
        {PYTHON} -m venv venv
        venv/bin/pip -q wheel --no-index --no-deps -w wheels ./src
        venv/bin/pip -q install --no-index wheels/*.whl
        venv/bin/python -m unittest -q
        venv/bin/pip config list
    """
    result = succeeds(h.sh("python", text))
    lacks(str(result), "sesame", "pip's configuration")
    true(h.has("wheels/pk-1.0-py3-none-any.whl"), "no wheel")
    contains(h.outside("venv/bin/pip", "config", "list").out, "sesame", "pip's configuration outside")
    succeeds(h.outside("venv/bin/python", "-m", "unittest", "-q"))


@test("python: pip's cache is a directory of its own, and pip goes on without it")
def _():
    h = Home()
    if h.outside(PYTHON, "-m", "pip", "--version").status != 0:
        skip("python3-pip is not installed")
    own = h.path(".cache/croft/pip")
    with zipfile.ZipFile(os.path.join(h.project, "pk-1.0-py3-none-any.whl"), "w") as z:
        z.writestr("pk.py", "x = 1\n")
        z.writestr("pk-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: pk\nVersion: 1.0\n")
        z.writestr("pk-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        z.writestr("pk-1.0.dist-info/RECORD", "")
    install = f"{PYTHON} -m pip install -q --no-index --target=t ./pk-1.0-py3-none-any.whl"
    succeeds(h.sh("python", install))
    h.mkdir(".cache/croft/pip")
    equal(succeeds(h.sh("python", f"{PYTHON} -m pip cache dir; echo x > {own}/kept")).out, own + "\n", "where the cache is")
    # what is installed for the user would be imported by every Python of the user
    result = h.sh("python", f"{PYTHON} -m pip install -q --no-index --user --break-system-packages ./pk-1.0-py3-none-any.whl")
    true(result.status != 0 and not os.path.exists(h.path(".local/lib")), f"installed for the user\n{result}")


@test("python: Pythons and packages in the home directory can be used and not be changed")
def _():
    h = Home()
    version = "python%d.%d" % sys.version_info[:2]
    h.write(f".local/lib/{version}/site-packages/mine.py", "x = 42\n", 0o644)
    h.write(".pyenv/versions/3.0/bin/python3", f"#!/bin/sh\nexec {PYTHON} \"$@\"\n", 0o755)
    h.write(".local/bin/tool", "#!/bin/sh\necho tool\n", 0o755)
    text = "import mine, os; print(mine.x, os.access(mine.__file__, os.R_OK))"
    result = h.run("python", h.path(".pyenv/versions/3.0/bin/python3"), "-c", text)
    equal(succeeds(result).out, "42 True\n", "output")
    equal(succeeds(h.run("python", h.path(".local/bin/tool"))).out, "tool\n", "output")
    every(h.probe("python", [["write", h.path(".local/bin/tool")], ["write", h.path(".pyenv/versions/3.0/bin/python3")]]), DENIED,
          "tools")
    status_is(h.run("git", h.path(".local/bin/tool")), 126)


def npm_package(h):
    needs("node", "npm")
    h.file("dep/package.json", json.dumps({"name": "dep", "version": "1.0.0", "main": "i.js", "bin": {"dep": "cli.js"},
                                           "scripts": {"postinstall": "node -e \"require('fs').writeFileSync('post', 'ran')\""}}))
    h.file("dep/i.js", "module.exports = 42;\n")
    h.file("dep/cli.js", "#!/usr/bin/env node\nconsole.log('dep ' + require('./i.js'));\n", 0o755)
    h.file("package.json", json.dumps({"name": "app", "version": "1.0.0", "scripts": {
        "test": "node test.js", "hello": "dep", "pretest": "echo before"}}))
    h.file("test.js", "require('assert').equal(require('dep'), 42); console.log('tested');\n")


@test("node: npm packs, installs from a file, runs scripts and tests; its cache is in TMPDIR")
def _():
    h = Home()
    npm_package(h)
    h.write(".npmrc", "//registry.example.org/:_authToken=sesame\n")
    text = """
        (cd dep && npm pack --silent)
        npm install --silent --offline --no-audit --no-fund ./dep/dep-1.0.0.tgz
        npm test --silent
        npm run --silent hello
        npm config get cache
        npm config ls -l > config
    """
    result = succeeds(h.sh("node", text))
    matches(result.out, r"tested\ndep 42\n/.*/croft-[0-9a-f]{24}/npm\n$", "output")
    lacks(h.text("config") + str(result), "registry.example.org", "npm's configuration")
    equal(h.text("node_modules/dep/post"), "ran", "the script after installing")
    true(not os.path.exists(h.path(".npm")), "npm has made its cache in the home")
    contains(h.outside("npm", "config", "ls", "-l").out, "registry.example.org", "npm's configuration outside")


@test("node: nothing is installed for the user, and Nodes in the home directory run")
def _():
    h = Home()
    npm_package(h)
    h.mkdir(".local")
    result = h.sh("node", f"cd dep; npm install --silent --offline --global --prefix {h.path('.local')} .")
    true(result.status != 0 and not os.path.exists(h.path(".local/bin")), f"installed for the user\n{result}")
    h.write(".nvm/versions/node/v0/bin/node", '#!/bin/sh\nexec /usr/bin/env node "$@"\n', 0o755)
    equal(succeeds(h.run("node", h.path(".nvm/versions/node/v0/bin/node"), "-p", "6*7")).out, "42\n", "output")
    status_is(h.run("git", h.path(".nvm/versions/node/v0/bin/node"), "-p", "1"), 126)


@test("node: a cache of the user's choice is kept by a profile that extends the preset")
def _():
    h = Home()
    npm_package(h)
    cache = h.mkdir(".cache/croft/npm")
    h.write(".config/croft/profiles/mine.yaml", """\
version: 2
profiles:
  mine:
    extends: [node]
    environment: {set: {npm_config_cache: "${XDG_CACHE_HOME}/croft/npm"}}
    files: {write: ["${XDG_CACHE_HOME}/croft/npm"]}
""")
    succeeds(h.sh("mine", "cd dep && npm pack --silent && cd .. && npm install --silent --offline ./dep/dep-1.0.0.tgz"))
    true("_cacache" in os.listdir(cache), f"what is kept: {os.listdir(cache)}")


@test("rust: cargo builds, tests and runs a crate and one that it depends on by its path")
def _():
    needs("cargo", "rustc", "gcc")
    h = Home()
    h.file("Cargo.toml", '[package]\nname = "x"\nversion = "0.1.0"\nedition = "2021"\nbuild = "build.rs"\n'
                         '[dependencies]\ny = { path = "y" }\n')
    h.file("build.rs", 'fn main() { println!("cargo:rustc-env=MADE=by build.rs"); }\n')
    h.file("src/main.rs", 'fn main() { println!("{} {}", y::double(21), env!("MADE")); }\n'
                          '#[test]\nfn t() { assert_eq!(y::double(2), 4); }\n')
    h.file("y/Cargo.toml", '[package]\nname = "y"\nversion = "0.1.0"\nedition = "2021"\n')
    h.file("y/src/lib.rs", "pub fn double(n: i32) -> i32 { 2 * n }\n")
    h.write(".cargo/config.toml", "[net]\noffline = true\n")
    h.write(".cargo/credentials.toml", "[registry]\ntoken = \"sesame\"\n")
    for made in (False, True):
        if made:
            h.mkdir(".cache/croft/cargo")
        equal(succeeds(h.sh("rust", "cargo run -q")).out, "42 by build.rs\n", "output")
        contains(succeeds(h.sh("rust", "cargo test -q")).out, "1 passed", "output")
    result = h.sh("rust", "cargo install -q --path . ")
    true(not os.path.exists(h.path(".cargo/bin")), f"installed for the user\n{result}")
    wishes = [["read", h.path(".cargo/credentials.toml")], ["write", h.path(".cargo/config.toml")]]
    every(h.probe("rust", wishes), DENIED, "~/.cargo")


@test("go: builds, vets, tests and runs with a cache of its own, which the user makes")
def _():
    needs("go")
    h = Home()
    h.file("go.mod", "module example.org/x\n\ngo 1.16\n")
    h.file("main.go", 'package main\n\nimport "fmt"\n\nfunc double(n int) int { return 2 * n }\n\n'
                      'func main() { fmt.Println(double(21)) }\n')
    h.file("main_test.go", 'package main\n\nimport "testing"\n\nfunc TestDouble(t *testing.T) {\n\tif double(2) != 4 {\n'
                           '\t\tt.Fatal()\n\t}\n}\n')
    users = [h.mkdir("go/bin"), h.mkdir(".cache/go-build")]
    result = h.run("go", "go", "build", ".")
    true(result.status != 0, "go works without its cache")
    contains(result.err, h.path(".cache/croft/go"), "what go misses")
    own = h.mkdir(".cache/croft/go")
    equal(succeeds(h.sh("go", "go vet ./... && go test ./... > tested && go install . && go run .", timeout=300)).out, "42\n",
          "output")
    contains(h.text("tested"), "ok", "what was tested")
    equal(sorted(os.listdir(own)), ["bin", "build"], "the cache")
    equal([os.listdir(path) for path in users], [[], []], "the user's")


A_JAVA = """\
import java.nio.file.*;
public class A {
    static int twice(int n) { return 2 * n; }
    public static void main(String[] a) throws Exception {
        System.out.println(twice(21));
        if (a.length > 0)
            System.out.println(Files.createTempFile("x", "y").startsWith(a[0]));
    }
}
"""


@test("java: javac, jar and java work; temporary files go where java is told")
def _():
    needs("java", "javac", "jar")
    h = Home()
    h.file("A.java", A_JAVA)
    text = "javac A.java; jar --create --file a.jar --main-class A A.class; java -jar a.jar; " \
           'java -Djava.io.tmpdir="$TMPDIR" -jar a.jar "$TMPDIR"'
    equal(succeeds(h.sh("java", text)).out, "42\n42\ntrue\n", "output")
    contains(h.run("java", "java", "-jar", "a.jar", "/").err, "AccessDenied", "a temporary file in /tmp")


@test("java: Maven and Gradle are told to keep their repositories apart")
def _():
    h = Home()
    own = h.mkdir(".cache/croft/gradle")
    h.write(".gradle/gradle.properties", "password=sesame\n")
    text = 'echo "$GRADLE_USER_HOME $MAVEN_OPTS"; echo x > "$GRADLE_USER_HOME/x"'
    equal(succeeds(h.sh("java", text)).out, f"{own} -Dmaven.repo.local={h.path('.cache/croft/maven')}\n", "output")
    equal(os.listdir(own), ["x"], "what is kept")


@test("java: Maven reads a project, with its own repository, which the user makes")
def _():
    needs("mvn", "java")
    h = Home()
    h.file("pom.xml", "<project><modelVersion>4.0.0</modelVersion><groupId>g</groupId><artifactId>a</artifactId>"
                      "<version>1</version><packaging>pom</packaging></project>\n")
    validate = ["mvn", "-o", "-q", "validate"]
    result = h.run("java", *validate)
    true(result.status != 0, "Maven works without its repository")
    contains(result.out, h.path(".cache/croft/maven"), "what Maven misses")
    h.mkdir(".cache/croft/maven")
    succeeds(h.run("java", *validate))
    # Java takes the home directory from the user database; here it is told
    h.write(".m2/settings.xml", "<settings/>\n")
    env = {"JDK_JAVA_OPTIONS": f"-Duser.home={h.home}"}
    result = h.run("java", *validate, env=env)
    true(result.status != 0, "settings were read that were not granted")
    contains(result.out, "settings.xml", "what stops Maven")
    succeeds(h.run("java", *validate, env=env, options=["--read", h.path(".m2/settings.xml")]))


@test("nix: expressions are evaluated, and a store in the project is written")
def _():
    needs("nix-instantiate")
    h = Home()
    h.write(".config/nix/nix.conf", "access-tokens = example.org=sesame\n")
    h.file("default.nix", 'derivation { name = "x"; builder = "/bin/sh"; args = [ "-c" "echo made > $out" ]; '
                          'system = builtins.currentSystem; src = ./default.nix; }\n')
    result = h.run("nix", "nix-instantiate", "--eval", "-E", "6 * 7", env={"NIX_REMOTE": "dummy://"})
    equal(succeeds(result).out, "42\n", "output")
    if os.path.exists("/nix"):
        return      # below is for a machine without Nix's own directories
    store = os.path.join(h.project, "store")
    matches(succeeds(h.run("nix", "nix-instantiate", "--store", store)).out, r"/nix/store/[a-z0-9]{32}-x\.drv\n", "output")
    true(os.listdir(os.path.join(store, "nix", "store")), "nothing in the store")
    result = h.run("nix", "nix-instantiate", "--eval", "-E", "6 * 7")
    true(result.status != 0 and not os.path.exists("/nix"), f"the directory of all stores was made\n{result}")


main()
