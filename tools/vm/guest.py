# SPDX-License-Identifier: MIT
"""
guest.py - what a guest consists of: programs from Debian's packages, an init, and what is added to it.

    root/aarch64/base.cpio      made once from packages: busybox, two shells, a `true` that can be copied, the C library, a small Python
    root/aarch64/recipe         from which versions, and by which version of this file

Behind it in the initramfs stands what differs from run to run: croft, tests, the command.

The guest has no disk and no network but loopback. Its Python is stripped to what tests use, and compiled to byte
code here, for a guest would take seconds for that: by the very Python that will run it, of this machine's
architecture, started through its own loader.
"""
import hashlib
import os
import re
import shlex
import shutil
import tempfile
from pathlib import Path

from archive import Gone, call
from cpio import Cpio
from kernels import architecture

SUITE = "bookworm"
PYTHON = "python3.11"
PACKAGES = ["busybox-static", "libc6", "coreutils", "dash", "bash", "libtinfo6", "zlib1g", "libexpat1", "libffi8",
            f"{PYTHON}-minimal", f"lib{PYTHON}-minimal", f"lib{PYTHON}-stdlib"]
LOADERS = {"x86_64": "lib64/ld-linux-x86-64.so.2", "aarch64": "lib/ld-linux-aarch64.so.1"}

# Left out of the packages, by whole paths.
NOT_WANTED = re.compile(rf"""usr/share/.*|usr/libexec/.*|usr/bin/(?!{PYTHON}).*|bin/(?!true|busybox|dash|sh|bash).*|(usr/)?sbin/.*|etc/.*|.*/gconv/.*|.*/audit/.*|.*\.py|.*/__pycache__/.*
    |.*/lib(mvec|nsl|tic|nss_hesiod|nss_compat|thread_db|memusage|pcprofile|BrokenLocale|c_malloc_debug|expatw)[.].*
    |usr/lib/{PYTHON}/(test|unittest|idlelib|lib2to3|distutils|ensurepip|venv|pydoc_data|pydoc|asyncio|multiprocessing
        |concurrent|xml|xmlrpc|http|html|email|wsgiref|sqlite3|dbm|curses|tomllib|zoneinfo|turtle|logging)\b.*
    |usr/lib/{PYTHON}/encodings/(?!__init__|aliases|ascii|latin_1|utf_8\.|idna).*
    |usr/lib/{PYTHON}/lib-dynload/(?!_ctypes\.|_json\.|_typing\.|_contextvars\.|_queue\.|mmap|resource|termios).*""", re.X)

PASSWD = """\
root:x:0:0:root:/root:/bin/sh
user:x:1000:1000:user:/home/user:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/bin/false
"""
GROUP = "root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n"

# Twice: at first in the initial root, which pivot_root(2) cannot leave and below which there is nothing. A bind
# mount of it moved on top of it is an ordinary root, at no cost, where a copy to another file system takes seconds.
INIT = r"""#!/bin/busybox sh
if [ "$1" != again ]; then
	/bin/busybox mount --bind / /mnt && cd /mnt && /bin/busybox mount --move . / && exec /bin/busybox chroot . /init again
fi
/bin/busybox --install -s /usr/bin 2>/dev/null
export PATH=/usr/local/bin:/usr/bin HOME=/root USER=root LANG=C.UTF-8 TERM=dumb
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
ln -sfn /proc/self/fd /dev/fd
mount -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t securityfs securityfs /sys/kernel/security
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ip link set lo up
hostname vm
stty -opost </dev/console
cd /root
read -r up rest </proc/uptime
echo "@TAG@:start:$up"
if [ -e /run/as-user ]; then
	export HOME=/home/user USER=user
	cd /home/user
	su -p -s /bin/sh user -c /run/command </dev/null
else
	/run/command </dev/null
fi
status=$?
read -r up rest </proc/uptime
echo "@TAG@:exit:$status:$up"
reboot -f
"""


def base(arch, cache, suites):
    """The archive of the guest's programs; made when it is not there, or when a package is newer. May raise Gone."""
    folder = cache / "root" / arch
    archive, recipe = folder / "base.cpio", folder / "recipe"
    try:
        packages = [suites[SUITE].find(name, arch) for name in PACKAGES]
    except Gone:
        if archive.exists():
            return archive
        raise
    mine = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    text = "\n".join([mine, *map(str, packages)])
    if archive.exists() and recipe.read_text(encoding="utf-8") == text:
        return archive
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as work:
        tree = Path(work) / "tree"
        for package in packages:
            suites[SUITE].unpack(package, tree)
        _compile(tree, arch, cache, suites)
        with open(Path(work) / "new", "wb") as stream:
            _write_base(tree, Cpio(stream))
        recipe.write_text(text, encoding="utf-8")
        (Path(work) / "new").rename(archive)
    return archive


def _compile(tree, arch, cache, suites):
    """Byte code beside each module of the tree."""
    own = architecture()
    with tempfile.TemporaryDirectory(dir=cache) as work:
        if arch != own:     # byte code is the same on all architectures, programs are not
            runner = Path(work)
            for name in PACKAGES:
                suites[SUITE].unpack(suites[SUITE].find(name, own), runner)
        else:
            runner = tree
        libraries = ":".join(str(runner / top / f"{own}-linux-gnu") for top in ("lib", "usr/lib"))
        loader = next((runner / "lib" / f"{own}-linux-gnu").glob("ld-linux-*"))
        call(str(loader), "--library-path", libraries, str(runner / "usr" / "bin" / PYTHON), "-I", "-m", "compileall", "-q",
             "-b", "--invalidation-mode", "unchecked-hash", "-s", str(tree), str(tree / "usr/lib" / PYTHON),
             env={"PYTHONHOME": str(runner / "usr"), "PATH": os.defpath})


def _write_base(tree, to):
    """The wanted files of the tree with everything below /usr, as Debian has it, and what makes a system of it."""
    for top in ("bin", "sbin", "lib", "lib64"):
        to.folder(f"usr/{top}")
        to.link(top, f"usr/{top}")
    for path in sorted(tree.rglob("*")):
        name = str(path.relative_to(tree))
        if (path.is_dir() and not path.is_symlink()) or NOT_WANTED.fullmatch(name):
            continue
        to.add(path, name if name.startswith("usr/") else f"usr/{name}")
    to.link("usr/bin/python3", PYTHON)
    for name in ("dev", "proc", "sys", "mnt", "run", "usr/local/bin"):
        to.folder(name)
    to.folder("root", 0o700)
    to.folder("tmp", 0o1777)
    to.folder("home/user", owner=1000)
    for name, text in (("passwd", PASSWD), ("group", GROUP), ("hosts", "127.0.0.1 localhost\n"), ("hostname", "vm\n"),
                       ("os-release", "ID=debian\nPRETTY_NAME=guest\n")):
        to.file(f"etc/{name}", text)
    to.end()


def initramfs(target, base_archive, tag, command, added=(), links=(), as_user=False):
    """
    Writes the whole initramfs for one run.

    command: words; added: pairs (path here, path in the guest); links: pairs (path in the guest, its target).
    """
    with open(target, "wb") as stream:
        with open(base_archive, "rb") as first:
            shutil.copyfileobj(first, stream)
        to = Cpio(stream)
        to.made |= {"usr", "usr/local", "usr/local/bin", "run"}
        for source, path in added:
            to.add(Path(source), path.strip("/"))
        for path, aim in links:
            to.link(path.strip("/"), aim)
        to.file("init", INIT.replace("@TAG@", tag), 0o755)
        to.file("run/command", f"#!/bin/sh\nexec {shlex.join(command)}\n", 0o755)
        if as_user:
            to.file("run/as-user", "")
        to.end()
