# SPDX-License-Identifier: MIT
"""
_home.py - a user's home full of secrets, a project in it, and what a preset lets a program do there.

A Home is as a developer's: keys, tokens, histories, settings, caches with programs in them, a server
on the loopback address, an agent's socket. A program inside (probe) tries each of them and says what
it could do; the same program outside can do all of it, so that no refusal is an accident.

Tests of this folder need tools that not every machine has: needs("cargo") skips by name.
"""
import errno
import hashlib
import json
import socket
import threading
import time

from harness import *       # pylint: disable=wildcard-import,unused-wildcard-import

PYTHON = "/usr/bin/python3"
TMP = os.path.realpath(tempfile.gettempdir())
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# Presets that work in one project; what they share is asked of each. "agent" takes namespaces where they
# work; behind a slash stands the one tier that is asked for.
LANDLOCK_ONLY = "/landlock"
IN_PROJECT = ["git", "make-c", "python", "node", "rust", "go", "nix", "java", "editor", "agent", "agent/landlock"]

# Files with secrets in them, from the home directory on.
SECRETS = """
.ssh/id_ed25519 .ssh/id_rsa .ssh/deploy.key .gnupg/private-keys-v1.d/k.key .gnupg/pubring.kbx
.aws/credentials .aws/config .azure/accessTokens.json .config/gcloud/credentials.db .gcloud/key.json
.kube/config .config/kube/config .docker/config.json .git-credentials .config/git/credentials .netrc
.npmrc .yarnrc.yml .pypirc .pgpass .vault-token .credentials .secrets .keys/k .pki/nssdb/key4.db
.terraform.d/credentials.tfrc.json .config/op/config .config/gh/hosts.yml .config/Keybase/secret
.config/github-copilot/hosts.json .config/pip/pip.conf .config/nix/nix.conf
.password-store/mail.gpg .1password/agent.sock.key .op/config .local/share/keyrings/login.keyring
.config/google-chrome/Default/Cookies .config/chromium/Default/Cookies
.config/microsoft-edge/Default/Cookies .config/BraveSoftware/Brave-Browser/Default/Cookies
.config/vivaldi/Default/Cookies .config/opera/Cookies .mozilla/firefox/p.default/logins.json
.thunderbird/p.default/logins.json .bash_history .zsh_history .history .python_history
.node_repl_history .psql_history .env .envrc .cargo/credentials .cargo/credentials.toml
.m2/settings.xml .gradle/gradle.properties .sdkman/etc/config .local/share/uv/credentials/credentials.toml
.claude/.credentials.json .claude.json .codex/auth.json .gemini/oauth_creds.json .config/mise/config.toml
.local/share/atuin/history.db .local/state/croft/trust/0123 .viminfo .local/state/nvim/shada/main.shada
.cache/pip/http/0 .cache/go-build/0 .npm/_cacache/0 .bashrc .profile .zshrc .config/fish/config.fish
.config/Code/User/settings.json .Xauthority .ICEauthority beside/notes other-project/.env
""".split()

# Files that somebody obeys later, outside. Made where they are missing.
PLANTS = """
.bashrc .bash_profile .bash_login .bash_logout .profile .zshrc .zshenv .zprofile .inputrc .envrc
.config/fish/config.fish .config/autostart/x.desktop .config/systemd/user/x.service
.config/environment.d/x.conf .ssh/config .ssh/authorized_keys .ssh/rc .ssh/known_hosts .local/bin/ls
.local/lib/python3.11/site-packages/x.pth .local/share/applications/x.desktop .cargo/bin/cargo
.cargo/config.toml .cargo/env .rustup/toolchains/x/bin/rustc .cargo/registry/src/x/build.rs go/bin/x
go/pkg/mod/x/x.go sdk/go/bin/go .nvm/nvm.sh .pyenv/shims/python .npm/_cacache/x .npmrc
.cache/pip/x .cache/go-build/x .cache/ccache/x .cache/uv/x .cache/yarn/x .m2/repository/x.jar
.m2/settings.xml .gradle/init.d/x.gradle .sdkman/candidates/x .gitconfig .config/git/config
.config/git/hooks/post-checkout .config/git/attributes .vimrc .vim/plugin/x.vim .viminfo
.config/nvim/init.lua .local/share/nvim/site/plugin/x.vim .local/state/nvim/shada/main.shada
.claude/settings.json .claude/hooks/x .codex/config.toml .config/croft/profiles/default.yaml
.local/state/croft/trust/0123 .config/nix/nix.conf .nix-defexpr/x .nix-profile beside/notes
""".split()

# Variables of a developer's environment that hold, or lead to, a secret.
VARIABLES = """
GITHUB_TOKEN GH_TOKEN GITLAB_TOKEN AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AZURE_CLIENT_SECRET
GOOGLE_APPLICATION_CREDENTIALS ANTHROPIC_API_KEY OPENAI_API_KEY NPM_TOKEN npm_config__authToken NODE_AUTH_TOKEN
CARGO_REGISTRY_TOKEN CARGO_REGISTRIES_CRATES_IO_TOKEN TWINE_PASSWORD PIP_INDEX_URL UV_INDEX_URL VAULT_TOKEN
KUBECONFIG DOCKER_AUTH_CONFIG SSH_AUTH_SOCK GPG_AGENT_INFO DBUS_SESSION_BUS_ADDRESS XAUTHORITY
WAYLAND_DISPLAY DISPLAY DATABASE_URL PGPASSWORD MYSQL_PWD NIX_CONFIG GIT_ASKPASS GIT_SSH_COMMAND LD_PRELOAD_CANARY
""".split()

PROBE = r'''
import errno, json, os, socket, sys
wishes = json.load(sys.stdin)

def outcome(act, *args):
    try:
        return act(*args) or "done"
    except OSError as e:
        return errno.errorcode.get(e.errno, str(e))

def read(path):
    with open(path, "rb") as f:
        f.read(1)

def listing(path):
    os.listdir(path)

def write(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "ab") as f:
        f.write(b"planted\n")

def remove(path):
    os.unlink(path)

def rename(path):
    os.rename(path, path + ".moved")

def link(path):
    os.link(path, "linked")

def connect(address):
    with socket.create_connection(("127.0.0.1", address), 5):
        pass

def unix(address):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(address)

def listen(port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", port))
        s.listen()

def udp(port):
    with socket.socket(type=socket.SOCK_DGRAM) as s:
        s.sendto(b"x", ("127.0.0.1", port))

def variable(name):
    if name not in os.environ:
        raise OSError(errno.ENOENT, name)

print(json.dumps([[act, what, outcome(globals()[act], what)] for act, what in wishes]))
'''


def needs(*tools):
    """Skips the test where one of these programs is not installed."""
    for tool in tools:
        if not shutil.which(tool, path=PATH):
            skip(f"{tool} is not installed")


def free_port(kind=socket.SOCK_STREAM):
    """A port of the loopback address where nobody listens."""
    with socket.socket(type=kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(condition, what, seconds=20.0):
    """Polls until condition() is true and gives back what it gave."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            fail(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def serve(server):
    """Accepts whoever comes, until the server is closed."""
    while True:
        try:
            server.accept()[0].close()
        except OSError:
            return


def chosen(preset):
    """The options that choose a preset, or a file, and its tier."""
    if preset.endswith(LANDLOCK_ONLY):
        return ["--profile", preset.removesuffix(LANDLOCK_ONLY), "--tier", "landlock"]
    return ["--profile", preset]


class Home:
    """A home directory with a project in it, and how a preset is run in that project."""

    def __init__(self):
        top = tempdir()
        self.home = os.path.join(top, "home")
        self.project = os.path.join(self.home, "src", "project")
        os.makedirs(self.project)
        self.write(".gitconfig", "[user]\n\tname = A Person\n\temail = person@example.org\n"
                                 "[init]\n\tdefaultBranch = trunk\n[protocol \"file\"]\n\tallow = always\n")
        self.env = {"PATH": PATH, "HOME": self.home, "USER": "ada", "LOGNAME": "ada", "TERM": "xterm",
                    "LANG": "C.UTF-8", "TMPDIR": TMP, "SHELL": "/bin/sh"}

    def path(self, name):
        return os.path.join(self.home, name)

    def write(self, name, text="", mode=0o600):
        """A file of the home."""
        return write_file(self.path(name), text, mode)

    def file(self, name, text="", mode=0o644):
        """A file of the project."""
        return write_file(os.path.join(self.project, name), text, mode)

    def text(self, name):
        return read_file(os.path.join(self.project, name))

    def has(self, name):
        return os.path.lexists(os.path.join(self.project, name))

    def mkdir(self, name):
        os.makedirs(self.path(name), mode=0o700, exist_ok=True)
        return self.path(name)

    def run(self, preset, *command, options=(), cwd=None, env=None, **how):
        """The command under a preset, in the project."""
        how.setdefault("timeout", 120)
        words = ["--", *command] if command else []
        return run_croft("run", *chosen(preset), *options, *words, cwd=cwd or self.project,
                         env={**self.env, **(env or {})}, **how)

    def sh(self, preset, text, **how):
        return self.run(preset, "/bin/sh", "-ec", text, **how)

    def outside(self, *command, cwd=None, env=None, **how):
        """The same without croft: the allowing twin."""
        how.setdefault("timeout", 120)
        return run(*command, cwd=cwd or self.project, env={**self.env, **(env or {})}, **how)

    def probe(self, preset, wishes, options=(), env=None, cwd=None):
        """
        [(act, what)] -> {(act, what): "done" or the name of an errno}, tried by one program under the
        preset (None: outside).
        """
        text = json.dumps(wishes)
        if preset is None:
            result = self.outside(PYTHON, "-c", PROBE, stdin=text, env=env, cwd=cwd)
        else:
            result = self.run(preset, PYTHON, "-c", PROBE, stdin=text, options=options, env=env, cwd=cwd)
        return {(act, what): said for act, what, said in json.loads(succeeds(result).out)}

    def listener(self):
        """The port of a server of the user."""
        server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        cleanup(server.close)
        cleanup(server.shutdown, socket.SHUT_RDWR)
        return server.getsockname()[1]

    def unix_listener(self, name):
        """The path of a unix socket that the user listens on, as an agent does."""
        server = socket.socket(socket.AF_UNIX)
        server.bind(self.path(name))
        server.listen()
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        cleanup(server.close)
        cleanup(server.shutdown, socket.SHUT_RDWR)
        return self.path(name)

    def digest(self, *but):
        """What the home holds, without the project and what is named: a changed file changes it."""
        left_out = [self.project, *map(self.path, but)]
        found = hashlib.sha256()
        for folder, folders, files in sorted(os.walk(self.home)):
            if any(folder == p or folder.startswith(p + "/") for p in left_out):
                folders.clear()
                continue
            for name in sorted(files):
                path = os.path.join(folder, name)
                with open(path, "rb") as f:
                    found.update(repr((path, os.lstat(path).st_mode, f.read())).encode())
        return found.hexdigest()


def every(outcomes, allowed, what):
    """All outcomes are one of `allowed`; those that are not are named."""
    wrong = {key: said for key, said in outcomes.items() if said not in allowed}
    if wrong:
        fail(f"{what}: not {' or '.join(allowed)}: {wrong}")


# Landlock's answer; that of a tree where nothing can be changed; that of one where the name is not there.
DENIED = ("EACCES", "EROFS", "ENOENT")
DONE = ("done",)
