#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_cron.py - examples/recipes/cron, its line run as cron does.
"""
from _recipes import *

FILE = EXAMPLES / "cron" / "nightly"
JOB = "#!/bin/sh\necho done >made; cat made ../secret; exit 3\n"


def as_cron(folder):
    """The command of the one line: by the file's shell, in the home directory, with the variables of the file and cron's few."""
    lines = [line for line in read_file(FILE).splitlines() if line and not line.startswith("#")]
    variables = dict(line.split("=", 1) for line in lines if re.match(r"\w+=", line))
    [*times, user, command] = lines[-1].split(" ", 6)
    equal((len(times), user, "%" in command), (5, "ada", False), "the line's form")
    command = command.replace(CROFT_THERE, CROFT).replace("/srv/nightly", f"{folder}/nightly")
    env = {"HOME": f"{folder}/home", "LOGNAME": user, "TMPDIR": os.environ.get("TMPDIR", "/tmp"), **variables}
    return run(variables["SHELL"], "-c", command, cwd=env["HOME"], env=env)


@test("the job does its work in its directory, and reads nothing beside it")
def _():
    folder = tempdir()
    os.mkdir(f"{folder}/home")
    write_file(f"{folder}/secret", "hush")
    write_file(f"{folder}/nightly/nightly", JOB, 0o755)
    got = as_cron(folder)
    status_is(got, 3)
    equal(got.out, "done\n", "output")
    matches(got.err, "secret: Permission denied")


@test("where the directory is missing nothing runs")
def _():
    folder = tempdir()
    os.mkdir(f"{folder}/home")
    differs(as_cron(folder).status, 0, "status")


main()
