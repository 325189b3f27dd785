#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
format.py - does clang-format agree?

    format.py FILE...          prints what it would change; status 1 if anything
    format.py --fix FILE...    changes it

Columns laid out by hand (comments at line ends, values of macros) are the author's: runs of blanks
inside a line count as one, so only where lines break, how deep they stand, and which blanks there
are at all is compared, and only lines that differ in that are ever changed. How the rows of a table
and the lines of a macro are laid out is the author's too, up to the greatest length of a line.
"""
import difflib
import re
import subprocess
import sys


COLUMNS = 100
TABLE_ROW = re.compile(r"""\s*( \{.*\}[ ,]*              # { "name", VALUE }, ...
                            | [A-Z][A-Z0-9_]*\(.*\),?  # X(name) of a list
                            | \[\w+\]\s=.*            # [INDEX] = ...
                            | [\w"'|\s]+(,[\w"'|\s]*)+ # words with commas
                            | \#define.* | .*\\
                            )(\s*/\*.*\*/)?\s*(\};)?$""", re.X)


def width(line):
    return len(line.expandtabs(8))


def is_table(lines):
    return bool(lines) and all(TABLE_ROW.match(l) and width(l) <= COLUMNS for l in lines)


def normal(line):
    indent = re.match(r"[ \t]*", line)[0]
    return indent + re.sub(r"[ \t]+", " ", line[len(indent):])


def compare(text, style="file", path="x.c"):
    """-> (text with the disagreements mended, list of "line: what clang-format would write")"""
    wanted = subprocess.run(["clang-format", f"--style={style}", f"--assume-filename={path}"], input=text,
                            capture_output=True, check=True, text=True).stdout.splitlines()
    given = text.splitlines()
    matcher = difflib.SequenceMatcher(None, [normal(l) for l in given], [normal(l) for l in wanted], autojunk=False)
    mended, findings = [], []
    for what, i1, i2, j1, j2 in matcher.get_opcodes():
        while what != "equal" and i1 < i2 and given[i1].startswith("#define") and width(given[i1]) <= COLUMNS:
            mended.append(given[i1])    # a macro: the author's
            i1 += 1
            while j1 < j2 and (wanted[j1].startswith("#define") or wanted[j1 - 1].endswith("\\")):
                j1 += 1
        if i1 == i2 and j1 == j2 or what == "equal" or is_table(given[i1:i2]):
            mended += given[i1:i2]
        else:
            mended += wanted[j1:j2]
            findings.append(f"{i1 + 1}: clang-format wants: " + " | ".join(l.strip() for l in wanted[j1:j2])[:120])
    return "\n".join(mended) + "\n", findings


def main():
    fix = sys.argv[1:2] == ["--fix"]
    bad = False
    for path in sys.argv[1 + fix:]:
        with open(path, encoding="utf-8") as f:
            text = f.read()
        mended, findings = compare(text, path=path)
        if findings and fix:
            with open(path, "w", encoding="utf-8") as f:
                f.write(mended)
        elif findings:
            bad = True
            print("".join(f"{path}:{line}\n" for line in findings), end="")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
