# SPDX-License-Identifier: MIT
"""
_ai_sandbox.py - what the tests of croft under the name of ai-sandbox-landlock share.

They start it by a link of that name. A profile is a dictionary here; YAML is a superset of JSON, so
json writes what croft reads.
"""
from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import

# an exec that fails leaves a confined process, in which no search for leaks is possible
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"

FAKES = os.path.join(BUILD, "tests")
NAME = "ai-sandbox-landlock"
LINE = re.compile(r"\[ai-sandbox-landlock:(error|warn|info|debug)\] ([^\x00-\x1f\x7f]+)\n")
RIGHTS = ["read_file", "read_dir", "execute", "write_file", "remove_file", "remove_dir", "truncate"]
READ, RUN = ["read_file", "read_dir"], ["read_file", "read_dir", "execute"]
SYSTEM = {"system": (["/usr", "/bin", "/lib", "/lib64"], RUN)}


def link():
    """A link of the name, as packagers make it."""
    path = os.path.join(tempdir(), NAME)
    os.symlink(CROFT, path)
    return path


def ai(*words, wrapper=(), **how):
    return run(*wrapper, link(), *words, **how)


def profile(groups, **keys):
    """A profile: groups as name: (paths, rights that are true)."""
    roots = {name: {"paths": paths, "permissions": {right: True for right in rights}}
             for name, (paths, rights) in groups.items()}
    return {"access_roots": roots, **keys}


def config(text, name="v1.yaml"):
    """A file with this content: a text, or a dictionary of profiles."""
    if not isinstance(text, str):
        text = json.dumps({"version": 1, "profiles": text})
    return write_file(os.path.join(tempdir(), name), text)


def chosen(groups, **keys):
    """The words for a profile of these groups."""
    return ["--config", config({"p": profile(groups, **keys)}), "--profile", "p"]


def inside(words, *op, **how):
    """What the payload said, with the payload granted."""
    result = ai(*words, "--", PAYLOAD, *op, **how)
    if result.status not in (0, 1) or (result.status == 1 and not result.out):
        fail(f"the payload gave no answer\n{result}")
    return result.out.rstrip("\n")


def each(groups, *ops, options=(), **keys):
    """Several operations in one sandbox of these groups: their answers."""
    words = ["each"]
    for op in ops:
        words += [*op, ","]
    answers = inside([*chosen({"payload": ([PAYLOAD], RUN), **groups}, **keys), *options], *words).splitlines()
    equal(len(answers), len(ops), "number of answers")
    return answers


def said(result, level):
    """The lines of one level."""
    return [text for kind, text in LINE.findall(result.err) if kind == level]


def is_refusal(result, *parts):
    """The launcher failed: status 1, one line with all parts, and the command printed nothing."""
    status_is(result, 1)
    text = ASAN_STACK.sub("", result.err)
    errors = said(result, "error")
    if not LINE.fullmatch(text.splitlines(keepends=True)[-1] if text else "") or len(errors) != 1:
        fail(f"not one error: {text!r}")
    for part in parts:
        contains(errors[0], part, "message")
    equal(result.out, "", "standard output")


def ruleset(result):
    """A printed ruleset: (mode, handled, ignored, groups), each group with allowed, ignored and paths."""
    lines = succeeds(result).out.splitlines()
    mode = re.fullmatch(r"Ruleset \((\w+) mode\):", lines[0])[1]
    handled, ignored, groups, current = None, [], {}, None
    for line in lines[1:]:
        if line.startswith("  handled = "):
            handled = json.loads(line[len("  handled = "):])
        elif line.startswith("  ignored (unsupported by ABI): "):
            ignored = json.loads(line.split(": ", 1)[1])
        elif line.startswith("    - "):
            current = groups.setdefault(line[6:].rstrip(":"), {"ignored": [], "paths": []})
        elif line.startswith("      allowed = "):
            current["allowed"] = json.loads(line.split(" = ", 1)[1])
        elif line.startswith("      ignored (unsupported by ABI): "):
            current["ignored"] = json.loads(line.split(": ", 1)[1])
        elif line.startswith("        - "):
            current["paths"].append(line[10:])
        else:
            true(line in ("  groups:", "  paths:", "      paths:") or line.startswith("  not restricted: "),
                 f"a line of no known form: {line!r}")
    return mode, handled, ignored, groups
