#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
environment.py - variables: only listed ones come through, secrets only by their own name.
"""
from _sandbox import *      # pylint: disable=wildcard-import,unused-wildcard-import

SECRETS = ["GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "OPENAI_API_KEY", "ANTHROPIC_API_KEY",
           "DB_PASSWORD", "PGPASSWORD", "SSH_AUTH_SOCK", "GPG_AGENT_INFO", "DBUS_SESSION_BUS_ADDRESS",
           "npm_config__authToken",
           "VAULT_TOKEN", "KUBECONFIG", "DATABASE_URL", "GOOGLE_APPLICATION_CREDENTIALS", "NETRC", "MY_SECRET"]
CALLER = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", "LANG": "C.UTF-8", "LC_TIME": "C", "TERM": "dumb", "USER": "me",
          "PLAIN": "plain value", "PLAIN_TOO": "x", "PROMPT_COMMAND": "evil", "LD_PRELOAD_NOT": "1",
          **{name: f"the {name}" for name in SECRETS}}


def variables(*options, env=None):
    """The environment of the command: name -> value. It must hold each name once."""
    caller = CALLER if env is None else env
    result = run_croft("run", *options, "--execute", PAYLOAD, "--", PAYLOAD, "env", env=caller, cwd="/")
    lines = said(result).splitlines()
    found = dict(line.split("=", 1) for line in lines)
    equal(len(found), len(lines), "number of names")
    return found


@test("the empty profile passes no variable, the payload itself passes all without a sandbox")
def _():
    equal(variables("--profile", "empty"), {}, "variables")
    lines = said(payload("env", env=CALLER)).splitlines()
    equal(sorted(lines), sorted(f"{k}={v}" for k, v in CALLER.items()), "without a sandbox")


@test("the system profile passes what programs need and nothing else")
def _():
    found = variables("--profile", "system")
    for name in ("PATH", "HOME", "LANG", "LC_TIME", "TERM", "USER"):
        equal(found.pop(name, None), CALLER[name], name)
    found.pop("TMPDIR", None)
    equal(found, {"PWD": "/"}, "the rest")


@test("a secret does not come through by itself", variants=SECRETS)
def _(name):
    true(name not in variables("--profile", "empty", "--env-all"), f"{name} came through --env-all")
    true(name not in variables("--profile", "system"), f"{name} came through the system profile")
    equal(variables("--profile", "empty", "--env", name), {name: CALLER[name]}, "with --env by name")


@test("--env-all passes what does not look like a secret")
def _():
    want = {k: v for k, v in CALLER.items() if k not in SECRETS} | {"PWD": "/"}
    equal(variables("--profile", "empty", "--env-all"), want, "variables")


@test("--env passes by name, sets by value, and takes a prefix")
def _():
    equal(variables("--profile", "empty", "--env", "PLAIN"), {"PLAIN": "plain value"}, "by name")
    equal(variables("--profile", "empty", "--env", "PLAIN=other=x"), {"PLAIN": "other=x"}, "by value")
    equal(variables("--profile", "empty", "--env", "NEW="), {"NEW": ""}, "an empty value")
    equal(variables("--profile", "empty", "--env", "PLAIN*"), {"PLAIN": "plain value", "PLAIN_TOO": "x"}, "a prefix")
    equal(variables("--profile", "empty", "--env", "ABSENT"), {}, "a variable that the caller does not have")
    equal(variables("--profile", "empty", "--env", "PLAIN=a", "--env", "PLAIN=b"), {"PLAIN": "b"}, "the last one wins")


@test("a set value replaces the caller's under every other option")
def _():
    found = variables("--profile", "empty", "--env-all", "--env", "PLAIN=mine", "--env", "GITHUB_TOKEN=mine")
    equal((found["PLAIN"], found["GITHUB_TOKEN"]), ("mine", "mine"), "values")


@test("--off environment passes everything, by the user's own word")
def _():
    equal(variables("--profile", "empty", "--off", "environment"), CALLER, "variables")
    # where the command starts elsewhere it is told
    equal(variables("--profile", "empty", "--off", "environment", "--chdir", "/"), CALLER | {"PWD": "/"}, "variables")


@test("PWD is where the command starts, whatever the caller's says")
def _():
    wrong = {**CALLER, "PWD": "/wrong"}
    equal(variables("--profile", "system", env=wrong)["PWD"], "/", "PWD")
    equal(variables("--profile", "empty", "--env", "PWD", "--chdir", "/usr", env=wrong)["PWD"], "/usr", "with --chdir")
    equal(variables("--profile", "empty", "--env", "PWD=/mine", env=wrong)["PWD"], "/mine", "set by value")
    equal(variables("--profile", "empty", env=wrong), {}, "with the empty profile")


@test("a caller without any variable can start a command")
def _():
    equal(variables("--profile", "empty", env={}), {}, "variables")


main()
