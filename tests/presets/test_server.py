#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_server.py - nginx under the preset server: it serves, and can do nothing else.

The port is a fixed one, so this program runs beside no other (tests/run.py).
"""
import http.client

from _home import *     # pylint: disable=wildcard-import,unused-wildcard-import

PORT = 8080
CONF = """\
%(user)s
worker_processes 2;
pid tmp/nginx.pid;
error_log logs/error.log info;
events { worker_connections 64; }
http {
	access_log logs/access.log;
	client_body_temp_path tmp/body;
	client_body_in_file_only clean;
	proxy_temp_path tmp/proxy;
	fastcgi_temp_path tmp/fastcgi;
	uwsgi_temp_path tmp/uwsgi;
	scgi_temp_path tmp/scgi;
	server {
		listen 127.0.0.1:%(port)d;
		root www;
		location /up { client_max_body_size 9m; proxy_pass http://127.0.0.1:%(upstream)d; }
		location /key { alias %(key)s; }
		location /plant { alias %(project)s/www; %(dav)s }
	}
}
"""


class Site:
    """A directory that nginx serves."""

    def __init__(self, upstream=9):
        needs("nginx")
        self.h = h = Home()
        self.upstream = upstream
        self.key = h.write(".ssh/id_ed25519", "the key\n")
        h.file("www/index.html", "welcome\n")
        for name in ("logs", "tmp"):
            os.mkdir(os.path.join(h.project, name))
        with_dav = "with-http_dav_module" in h.outside("nginx", "-V").err
        self.dav = "dav_methods PUT;" if with_dav else ""
        self.configure(PORT)
        # every part of the way to what is served, as the workers may run as another user outside
        for path in (os.path.dirname(h.home), h.home, os.path.dirname(h.project)):
            os.chmod(path, 0o755)

    def configure(self, port):
        self.h.file("conf/nginx.conf", CONF % {
            "user": "user root;" if IS_ROOT else "", "port": port, "upstream": self.upstream, "key": self.key,
            "project": self.h.project, "dav": self.dav})

    def start(self, preset="server", options=()):
        """nginx, until it answers; ended after the test. preset None: outside."""
        command = [CROFT, "run", "--profile", preset, *map(str, options)]
        if preset is None:
            command = ["nginx", "-p", ".", "-e", "logs/error.log", "-c", "conf/nginx.conf", "-g", "daemon off;"]
        self.child = subprocess.Popen(command, cwd=self.h.project, env=self.h.env, stderr=subprocess.PIPE, start_new_session=True)
        cleanup(self.child.stderr.close)
        cleanup(self.stop)

        def answers():
            if self.child.poll() is not None:
                fail(f"ended: {self.child.stderr.read().decode()}\n{self.log()}")
            try:
                return self.get("/")[0]
            except OSError:
                return None
        wait_until(answers, "nginx answers")
        return self

    def stop(self):
        if self.child.poll() is None:
            os.kill(self.child.pid, signal.SIGTERM)
            try:
                self.child.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.child.pid, signal.SIGKILL)
                self.child.wait()

    def log(self):
        return self.h.text("logs/error.log") if self.h.has("logs/error.log") else ""

    @staticmethod
    def get(path, method="GET", body=None):
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=10)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


def port_is_free():
    try:
        socket.create_server(("127.0.0.1", PORT), reuse_port=False).close()
    except OSError:
        skip(f"port {PORT} of this machine is taken")


@test("nginx serves files from its directory, and logs, with the command of the preset")
def _():
    port_is_free()
    site = Site().start()
    equal(site.get("/"), (200, "welcome\n"), "the answer")
    equal(site.get("/missing")[0], 404, "status of what is not there")
    needs("curl")
    result = site.h.outside("curl", "-sS", f"http://127.0.0.1:{PORT}/")
    equal(succeeds(result).out, "welcome\n", "curl's answer")
    site.stop()
    equal(site.child.returncode, 0, "status of nginx")
    equal(len(site.h.text("logs/access.log").splitlines()), 4, "lines of the log")


@test("a body too long for memory goes to nginx's own directory")
def _():
    port_is_free()
    site = Site(upstream=Home().listener()).start()
    site.get("/up", "POST", "x" * (1 << 20))
    contains(os.listdir(os.path.join(site.h.project, "tmp")), "body", "tmp")
    lacks(site.log(), "body\" failed", "the log")


@test("nginx reads no secret, changes no page, and connects to nobody; outside, by the same configuration, it does")
def _():
    port_is_free()
    server = Home()
    site = Site(upstream=server.listener()).start()
    equal(site.get("/key")[0], 403, "the key")
    equal(site.get("/up")[0], 502, "what is behind another port")
    contains(site.log(), "connect() to 127.0.0.1", "the log")
    if site.dav:
        true(site.get("/plant/new", "PUT", "planted")[0] >= 400, "a new page was accepted")
        true(not site.h.has("www/new"), "a page was made")
    site.stop()
    site.h.file("logs/error.log")
    site.start(preset=None)
    equal(site.get("/key"), (200, "the key\n"), "the key outside")
    site.get("/up")
    lacks(site.log(), "ermission denied", "the log outside")
    if site.dav:
        equal(site.get("/plant/new", "PUT", "planted")[0], 201, "a new page outside")


@test("another port is refused, and opened by one option")
def _():
    port_is_free()
    site = Site()
    site.configure(free_port())
    result = site.h.run("server")
    true(result.status not in (0, 125), f"status\n{result}")
    contains(site.log(), "bind() to 127.0.0.1", "the log")
    contains(site.log(), "ermission denied", "the log")


@test("no program but nginx is executed, and no variable of the user is passed on")
def _():
    h = Home()
    for name in ("logs", "tmp"):
        os.mkdir(os.path.join(h.project, name))
    h.file("evil", "#!/bin/sh\n", 0o755)
    for path in ("/bin/sh", "/usr/bin/env", "./evil"):
        said = h.run("server", PAYLOAD, "exec-path", path, options=["--execute", PAYLOAD]).out
        equal(said, "EACCES\n", f"executing {path}")
    result = h.run("server", "/usr/bin/env", env={"GITHUB_TOKEN": "x", "HOME": h.home})
    names = sorted(line.split("=")[0] for line in succeeds(result).out.splitlines())
    equal(names, ["LANG", "PATH"], "variables")


@test("without its two directories it does not start, and the message names them", variants=["logs", "tmp"])
def _(missing):
    needs("nginx")
    site = Site()
    os.rmdir(os.path.join(site.h.project, missing))
    result = site.h.run("server")
    status_is(result, 125)
    contains(result.err, os.path.join(site.h.project, missing), "message")


main()
