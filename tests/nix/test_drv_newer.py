#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_drv_newer.py - croft nix-drv beside a new Nix, which has croft nix-builder as its builder: the same derivations, the same
archives. What that Nix gives a builder is its own; what nix-drv gives is croft's.
"""
import json

from _nix import *      # pylint: disable=wildcard-import,unused-wildcard-import

STRUCTURED = """
derivation {
  name = "structured"; system = builtins.currentSystem; builder = "/bin/sh"; __structuredAttrs = true;
  args = [ "-c" "read -r json < $NIX_ATTRS_JSON_FILE || :; path=\\${json#*'\\"outputs\\":{\\"out\\":\\"'}; export -p > x;
    { echo \\"$json\\"; while IFS= read -r line; do echo \\"$line\\"; done < $NIX_ATTRS_SH_FILE;
    while read -r line; do echo \\"$line\\"; done < x; } > \\${path%%'\\"'*}" ];
  whole = 1; real = 1.5; small = 0.1; large = 1.0e300; minus = -7; yes = true; no = false; nothing = null;
  word = "it's \\"one\\" \\\\ \\n\\t é"; list = [ 1 "a b" true null ]; nested = [ [ 1 ] ]; empty = [ ]; none = { };
  table = { x = "1"; "y z" = 2; }; deeper = { x = { }; }; "no-name" = 1;
}
"""
VARIABLES = """
derivation {
  name = "variables"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "export -p > $out; echo .attr* >> $out" ];
  a = "x"; b = 1; c = true; d = [ "p" "q" ]; e = "lines\\nof é"; f = "passed"; passAsFile = [ "f" ]; PATH = "/bin";
}
"""


def compare(nix, drv):
    """The answer of nix-drv, whose hashes are those of Nix's own build."""
    divert = ["--store", nix.path("diverted")] if nix.diverted else []
    out = os.path.join(nix.dir, "result-" + os.path.basename(drv))
    file = os.path.join(nix.real_store, os.path.basename(drv))
    said = json.loads(succeeds(run_croft("nix-drv", *divert, "--mount", f"{PAYLOAD}:/bin/payload", "--json", "--out", out, file,
                                         env=nix.env(), timeout=LONG)).out)
    for output in said["outputs"].values():
        hashed = succeeds(nix.run("nix-store", "-q", "--hash", output["path"])).out.strip()
        own = succeeds(nix.run("nix-hash", "--type", "sha256", "--base32", os.path.join(out, os.path.basename(output["path"]))))
        equal("sha256:" + own.out.strip(), hashed, f"the hash of {output['path']}")
        sri = succeeds(nix.run("nix", "hash", "convert", "--hash-algo", "sha256", "--to", "sri", own.out.strip())).out.strip()
        equal(output["narHash"], sri, "what croft says of it")
    return said


@test("each derivation of a chain has the archives that Nix has", variants=["own", "diverted"])
def _(kind):
    nix = Nix(diverted=kind == "diverted")
    chain = nix.chain()
    succeeds(nix.build(chain, "-A", "main"))
    for name in ("dep", "fixed", "structured", "main"):
        drv = succeeds(nix.run("nix-instantiate", chain, "-A", name)).out.strip().split("!")[0]
        compare(nix, drv)


@test("variables and files of a builder are what Nix gives", variants=["variables", "structured"])
def _(kind):
    nix = Nix()
    file = write_file(nix.path("one.nix"), STRUCTURED if kind == "structured" else VARIABLES)
    succeeds(nix.build(file))
    compare(nix, succeeds(nix.run("nix-instantiate", file)).out.strip())


main()
