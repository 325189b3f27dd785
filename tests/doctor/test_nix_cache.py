#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_nix_cache.py - croft doctor --nix and binary caches: a server for each way in which one fails.

All are asked at once, each is told from the others, and then what was wrong is put right as its mend says. Nix itself
("nix store ping") takes afterwards what it did not take before.
"""
from _nix import *      # pylint: disable=wildcard-import,unused-wildcard-import

SLOW = 12.0     # seconds: a server that says nothing is waited for


def certificate(nix, name, days=2):
    """A self-signed one for that name: (certificate, key). Of no days, it is past in the next second."""
    if not shutil.which("openssl"):
        skip("openssl is not installed")
    key, request, cert = nix.path(f"{name}.key"), nix.path(f"{name}.csr"), nix.path(f"{name}.pem")
    names = write_file(nix.path(f"{name}.ext"), f"subjectAltName={name}\n")
    succeeds(run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
                 "-keyout", key, "-out", request))
    succeeds(run("openssl", "x509", "-req", "-in", request, "-signkey", key, "-extfile", names, "-days", str(days), "-out", cert))
    return cert, key


class Caches:
    """Caches of one nix.conf. name -> (URL, server or None, cause or None, who, mend)"""

    def __init__(self):
        self.nix = Nix()
        self.rows = {}
        self.store = self.nix.path("store")
        self.settings = {}

    def add(self, name, mode, cause=None, who="nobody", mend=None, tls=None):
        """mode: Cache's, "ok", or the URL of something else."""
        if isinstance(mode, str) and "://" in mode:
            self.rows[name] = [mode, None, cause, who, mend]
        else:
            server = Cache(self.store if mode == "ok" else mode, tls=tls)
            self.rows[name] = [server.url, server, cause, who, mend]

    def place(self, names=None):
        urls = [row[0] for name, row in self.rows.items() if names is None or name in names]
        self.nix.write("substituters = " + " ".join(urls), f"netrc-file = {self.nix.path('netrc')}")
        return self.nix.place().setting(**self.settings)

    def ask(self, names=None):
        """By name; and no escape of a server's gets through."""
        said = doctor(self.place(names), "--nix", limit=SLOW)
        found = {}
        for verdict in of_facility(said, "nix-cache"):
            lacks(str(verdict), "\x1b", "what is said of a cache")
            url = re.search(r"^(\S+?):(?: |$)", verdict["what"] or verdict["evidence"])[1]
            found[next((name for name, row in self.rows.items() if row[0] == url), url)] = verdict
        lacks(str(said), "secret", "all that is said and saved")
        return found

    def planted(self):
        return {name: (row[2], row[3]) for name, row in self.rows.items()}


def causes(found):
    return {name: (v["cause"] or None, v["who"]) for name, v in found.items()}


def address_is_right(c, name, text):
    contains(text, "nix.conf", "mend")
    c.rows[name][0] = Cache(c.store).url


def server_is_mended(c, name, text):
    contains(text, "server", "mend")
    c.rows[name][1].mode = c.store


def login_is_written(c, _, text):
    line = re.fullmatch(r"(?:write|correct) in (/\S+): (machine .*)", text)
    true(line, f"no line for a file in the mend {text!r}")
    write_file(line[1], line[2].replace("USER", "ada").replace("PASSWORD", "secret") + "\n")


def authority_is_added(c, name, text):
    """The line is typed with the names of this test's files in it."""
    line = re.match(r"(cat .*?)(/etc/nix/ca.pem), and .*(NIX_SSL_CERT_FILE)=(/etc/nix/ca.pem)", text)
    true(line, f"no line in the mend {text!r}")
    system = re.search(r"cat (\S+)", line[1])[1]
    if not os.path.exists(system):
        line = [line[0], line[1].replace(system, os.devnull), *line.groups()[1:]]
    succeeds(run("/bin/sh", "-ec", line[1].replace("AUTHORITY.pem", c.nix.path("IP:127.0.0.1.pem")) + c.nix.path("ca.pem")))
    c.settings[line[3]] = c.nix.path("ca.pem")


def plant(c):
    tls = certificate(c.nix, "IP:127.0.0.1")
    c.add("good", "ok")
    c.add("missing", 404, "cache-not-a-cache", "setting", address_is_right)
    c.add("broken", 500, "cache-status", "remote", server_is_mended)
    c.add("away", 503, "cache-status", "remote", server_is_mended)
    c.add("busy", 429, "cache-too-often", "remote")
    c.add("locked", "login", "cache-login", "remote", login_is_written)
    c.add("forbidden", 403, "cache-login", "remote")
    c.add("resets", "reset", "cache-reset", "remote", server_is_mended)
    c.add("foreign", "/gnu/store", "cache-store-dir", "setting")
    c.add("portal", "html", "cache-portal", "network", address_is_right)
    c.add("escapes", "escapes", "cache-portal", "network")
    c.add("large", "large", "cache-portal", "network")
    c.add("around", "around", "cache-redirects", "remote", server_is_mended)
    c.add("leads to a file", "file", "cache-redirects", "remote")
    c.add("drips", "drip", "cache-silent", "remote", server_is_mended)
    c.add("refused", f"http://127.0.0.1:{free_port()}", "cache-refused", "network", address_is_right)
    c.add("nameless", "http://cache.invalid", "cache-no-dns", "network", address_is_right)
    c.add("no scheme", f"http://127.0.0.1:{free_port()}", "cache-form", "setting", address_is_right)
    c.rows["no scheme"][0] = "cache.example.org"
    c.add("bucket", "s3://bucket", "cache-not-asked")
    c.add("untrusted", "ok", "cache-tls", "remote", authority_is_added, tls=tls)
    c.add("no TLS", Cache(404).url.replace("http:", "https:"), "cache-tls-none", "remote", address_is_right)
    c.add("no TLS, silent", f"https://127.0.0.1:{Raw(False).port}", "cache-tls-silent", "remote", address_is_right)
    silent = Raw(False)
    for number in range(9):     # they cost the time of one
        c.add(f"silent {number}", f"http://127.0.0.1:{silent.port}/{number}", "cache-silent", "remote")


@test("each cache that fails is told from the others, and works once its mend is applied")
def _():
    c = Caches()
    plant(c)
    doctor(c.place())
    servers = [row[1] for row in c.rows.values() if isinstance(row[1], Cache)]
    equal([server.requests for server in servers], [[]] * len(servers), "requests without --nix")
    said = c.ask()
    equal(causes(said), c.planted(), "causes, and who said no")
    asked = {name: row[1] for name, row in c.rows.items() if isinstance(row[1], Cache) and name not in ("around", "untrusted")}
    equal({name: [path for path, _ in server.requests] for name, server in asked.items()},
          {name: ["/nix-cache-info"] for name in asked}, "requests: one each")
    by_nix = ("missing", "broken", "locked", "resets", "untrusted")
    reached = lambda: [name for name in by_nix if ping(c.rows[name][0])(c.place()).status == 0]
    equal(reached() if NIX else [], [], "what Nix reaches before")
    mended = [name for name, row in c.rows.items() if row[4]]
    for name in mended:
        c.rows[name][4](c, name, said[name]["mend"])
    equal(causes(c.ask(mended)), {name: (None, "nobody") for name in mended}, "causes after the mends")
    equal(reached() if NIX else [*by_nix], [*by_nix], "what Nix reaches afterwards")
    # a login is for the host that the file names, and one that is not taken is told from one that is missing
    write_file(c.nix.path("netrc"), "machine 127.0.0.1 login ada password wrong\n")
    equal(causes(c.ask(["locked"])), {"locked": ("cache-login-refused", "remote")}, "of a wrong login")
    write_file(c.nix.path("netrc"), "machine cache.example.org login ada password secret\n")
    c.rows["locked"][1].requests.clear()
    equal(causes(c.ask(["locked"])), {"locked": ("cache-login", "remote")}, "of a login for another host")
    lacks({name.lower() for name in c.rows["locked"][1].requests[0][1]}, "authorization", "headers")


@test("certificates of another name, and those that are past, are told from those of unknown authorities")
def _():
    c = Caches()
    past, other = certificate(c.nix, "IP:127.0.0.1", days=0), certificate(c.nix, "DNS:cache.example.org")
    made = time.time()
    c.settings["NIX_SSL_CERT_FILE"] = write_file(c.nix.path("ca.pem"), read_file(past[0]) + read_file(other[0]))
    c.add("another name", "ok", "cache-tls-name", "remote", tls=other)
    c.add("past", "ok", "cache-tls-time", "remote", tls=past)
    time.sleep(max(0, made + 1.1 - time.time()))
    equal(causes(c.ask()), c.planted(), "causes")


@test("files of logins and of authorities that would hold it up, or are not there, are named")
def _():
    c = Caches()
    tls = certificate(c.nix, "IP:127.0.0.1")
    c.add("by TLS", "ok", "cache-tls-file", "setting", tls=tls)
    c.add("without", "login", "cache-login", "remote")
    fifo = c.nix.path("netrc")
    os.mkfifo(fifo)
    for path in (fifo, "/srv/none/ca.pem"):
        c.settings["NIX_SSL_CERT_FILE"] = path
        said = c.ask()
        equal(causes(said), c.planted(), f"causes with {path}")
        contains(said["by TLS"]["evidence"], path, "evidence")
    c.settings[re.search(r"NIX_SSL_CERT_FILE", said["by TLS"]["mend"])[0]] = tls[0]
    equal(causes(c.ask(["by TLS"])), {"by TLS": (None, "nobody")}, "after the mend")


@test("a proxy that is not there, has no name or wants a login is named with its variable, never with its password", variants=[
    ("not there", "cache-proxy"), ("no name", "cache-proxy"), ("login", "cache-proxy-login")])
def _(variant):
    kind, cause = variant
    c = Caches()
    c.add("by proxy", "ok", cause, "network")
    proxy = {"not there": f"http://ada:secret@127.0.0.1:{free_port()}", "no name": "http://ada:secret@proxy.invalid:3128",
             "login": Cache(407).url}[kind]
    c.settings["http_proxy"] = proxy
    said = c.ask()
    equal(causes(said), c.planted(), "causes")
    contains(said["by proxy"]["evidence"], "http_proxy=http://", "evidence")
    contains(said["by proxy"]["mend"], "http://USER:PASSWORD@HOST:PORT" if kind == "login" else "unset", "mend")
    if kind == "not there":
        if NIX:
            differs(ping(c.rows["by proxy"][0])(c.place()).status, 0, "Nix's status by the proxy")
        del c.settings["http_proxy"]
        equal(causes(c.ask()), {"by proxy": (None, "nobody")}, "after the mend")


main()
