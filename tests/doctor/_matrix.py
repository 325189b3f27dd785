# SPDX-License-Identifier: MIT
"""
_matrix.py - the frame of the matrix test: an environment is made, croft doctor must name what was planted
there, and its printed mend, applied mechanically from the printed text, must make the thing work.

How to add an environment: in a file of your own, tests/doctor/test_NAME.py, which tests/run.py finds by itself:

    from _matrix import *

    environment("a container's filter refuses namespaces",      # a plain name: it is the test's
                Place("docker"),                                # where: see tests/hosts/places.py
                "userns", "userns-filter", "filter",            # facility, cause, who: what must be said
                mend=lambda place, text: place.plus("allow=" + ",".join(calls_in(text))),
                deed=["unshare", "--user", "--map-root-user", "true"])

    main()

place   A Place, or a function that returns one (called within the test: it may use tempdir(), start servers, write
        files, call skip()). Place(NAME, OPTION...) is a place of tests/hosts/places.py with options; Place() is this
        host as it is. place.plus(OPTION...), place.without(OPTION) and place.instead(NAME, OPTION...) give changed ones;
        place.within(WORD...) begins the command there with these words; place.setting(NAME="value") sets variables.
cause   The word in the verdict; None: the facility must be said to work there (the twin that keeps a doctor honest which
        finds every cause everywhere).
mend    A function of the place and the printed text of the mend: gives the mended place. What it applies it takes from
        the text, and types a line as it is printed (typed, line_in, calls_in, options_in): a mend that is not exact
        cannot be applied, and fails. It may also act (write the line into the file that the text names) and return the
        same place. None: nothing can be applied here; then say why in `not_mended`, for readers.
deed    What did not work and then does: words, run in the place right after the doctor, or a function of the place that
        returns a Result or raises. It must fail (status not 0) in the environment, and succeed in the mended one. None:
        the doctor's own word is all there is.
asks    More words for croft doctor ("--nix").
also    A function of (place, list of verdicts) for what else has to hold there.
fixed   What the doctor must say afterwards of the facility: "works"; or "gone": the cause is no more among its verdicts.
twin    Where nothing is mended: the same place without what was planted (a Place, or a function), in which the cause must
        not be named. It is this host as it is, where nothing else is said, and for who `asks` a test of his own.
users   "both"; "user": what is planted is the same whoever meets it, so that root need not ask (tests/run.py runs every
        program as both); "root": only root can make the place.
limit   Seconds that croft doctor may take there without --timeout, its place not counted: where something hangs. None: it has
        time to answer on a machine that is busy with other things.

In each environment it is also seen that the doctor ends within its limit with status 0, prints nothing on standard
error, and leaves no file, mount, process or group behind (_inside.py).
"""
import dataclasses
import json
import shlex

from harness import *       # pylint: disable=wildcard-import,unused-wildcard-import
from hosts import places

PYTHON = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else sys.executable
PLACES = os.path.join(TESTS, "hosts", "places.py")
INSIDE = os.path.join(TESTS, "doctor", "_inside.py")
LIMIT = 6.0     # two, and as much again for a busy machine, twice
TIMEOUT = 30
START = 60      # seconds to make a place: gVisor and podman on a busy machine
_reports = {}   # of places, as last seen
STATES = ("works", "partly", "missing", "no-effect", "unknown")


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a command is run."""
    name: str = "plain"
    options: tuple = ()
    words: tuple = ()           # begin the command
    settings: tuple = ()        # of the environment: (name, value)

    def __init__(self, name="plain", *options, words=(), settings=()):
        for key, value in (("name", name), ("options", options), ("words", words), ("settings", settings)):
            object.__setattr__(self, key, tuple(value) if key != "name" else value)

    def plus(self, *options):
        return Place(self.name, *self.options, *options, words=self.words, settings=self.settings)

    def without(self, *options):
        for option in options:
            true(option in self.options, f"{option!r} is no option of {self}")
        return Place(self.name, *(o for o in self.options if o not in options), words=self.words, settings=self.settings)

    def instead(self, name, *options):
        return Place(name, *options, words=self.words, settings=self.settings)

    def within(self, *words):
        return Place(self.name, *self.options, words=(*self.words, *words), settings=self.settings)

    def setting(self, **settings):
        return Place(self.name, *self.options, words=self.words, settings=(*self.settings, *settings.items()))

    def run(self, *argv, **how):
        """The command there, as a Result. A place that cannot be had skips the test."""
        env = {**os.environ, "PLACE": self.name, **dict(self.settings), **how.pop("env", {})}
        try:
            with places.made(self.name, [*self.words, *argv], self.options) as words:
                return run(*words, env=env, timeout=START, **how)
        except places.Absent as e:
            return skip(str(e))


def ask(place, asks=(), limit=None, deed=None):
    """What croft doctor says there, the whole of its JSON; and how the deed ended, in words, right after it."""
    patience = [] if limit else ["--timeout", str(TIMEOUT)]
    result = place.run(PYTHON, "-IS", INSIDE, json.dumps(deed), CROFT, "doctor", "--json", *patience, *asks)
    status_is(result, 0)
    report = json.loads(result.out.splitlines()[-1])       # what was typed before it may have printed too
    equal((report["status"], report["err"]), (0, ""), f"status and standard error of croft doctor\n{report}")
    # gVisor of 2022 has no child subreaper: a process of a probe that is in a session of its own may outlive it there.
    left = [what for what in report["left"] if place.name != "gvisor-2022" or not what.startswith("process ")]
    equal(left, [], "left behind")
    limit = limit or 2 * TIMEOUT
    true(report["seconds"] <= limit, f"took {report['seconds']:.1f} s, may take {limit} s")
    said = json.loads(report["out"])
    for verdict in said["verdicts"]:
        true(verdict["state"] in STATES, f"an unknown state\n{verdict}")
        if verdict["state"] not in ("works", "unknown"):
            true(verdict["cause"] and verdict["what"], f"no cause is given\n{verdict}")
    if not asks:
        _reports[place] = said
    return said, Result(deed, *report["deed"]) if deed else None


def doctor(place, *asks, limit=None):
    """What croft doctor says there: the whole of its JSON."""
    return ask(place, asks, limit)[0]


def seen(place):
    """The same, asked once: of a place that nothing changes."""
    if place not in _reports:
        doctor(place)
    return _reports[place]


def of_facility(said, facility):
    found = [v for v in said["verdicts"] if v["facility"] == facility]
    true(found, f"nothing is said of '{facility}'")
    return found


def the_verdict(said, facility, cause, who):
    """The one verdict with that cause; all of the facility's are printed where it is not there."""
    found = [v for v in of_facility(said, facility) if v["cause"] == cause]
    if len(found) != 1:
        fail(f"'{cause}' is named {len(found)} times, should be once:\n" +
             "\n".join(map(str, of_facility(said, facility))) +
             "\nall: " + " ".join(f"{v['facility']}:{v['cause'] or v['state']}" for v in said["verdicts"]))
    equal(found[0]["who"], who, f"who said no\n{found[0]}")
    differs(found[0]["evidence"], "", f"evidence\n{found[0]}")
    return found[0]


# What a mend's text says to do. Each gives what stands there, and fails where nothing does.

def calls_in(text):
    """The system calls that a filter is to allow: {"names": [...], "action": "SCMP_ACT_ALLOW"} in the text."""
    start = text.find('{"names"')
    true(start >= 0, f"no rule of a filter in the mend: {text!r}")
    rule, _ = json.JSONDecoder().raw_decode(text[start:])
    equal(rule["action"], "SCMP_ACT_ALLOW", "action")
    return rule["names"]


def options_in(text, name="--security-opt"):
    """'--security-opt unmask=ALL' -> ['--security-opt=unmask=ALL']"""
    found = [f"{name}={value}" for value in re.findall(re.escape(name) + r"[ =]([^\s,;)]+)", text)]
    true(found, f"no {name} in the mend: {text!r}")
    return found


def line_in(text):
    """
    The first line that a mend has, to be typed as it is: what stands before it ("as root, where croft starts: ") and
    behind it ("; or ...", " (as root)") is for readers.
    """
    line = re.sub(r"^(?:as root|in place of|in the)\b[^:]*: ", "", re.split(r"; or\b", text)[0])
    line = re.sub(r" \([^()]*(?:\([^()]*\)[^()]*)*\)$", "", line)
    true(re.match(r"[a-z]", line), f"no line in the mend: {text!r}")
    return line


def typed(place, text):
    """The mend: its line is typed by who made the place."""
    return place.plus("run=" + line_in(text))


def typed_inside(place, text):
    """The same, in the shell that starts the command."""
    return place.within("/bin/sh", "-c", line_in(text) + ' && exec "$@"', "sh")


def words_in(text, first):
    """The command line in the text that begins with this word, up to ' #', ';' or the end: as words."""
    match = re.search(r"(?:^|[\s(:])(" + re.escape(first) + r"\b.*?)(?:  #|$)", text)
    true(match, f"no line '{first} ...' in the mend: {text!r}")
    return shlex.split(match[1])


def outside(word):
    """The mend of what cannot be taken back: a start from where it is not, as the text says by this word."""
    return lambda _, text: (contains(text, word, "mend"), Place())[1]


def _tried(place, asks, limit, deed):
    """What the doctor says there, and how the deed ends; a function looks for itself."""
    said, result = ask(place, asks, limit, None if callable(deed) else deed)
    return said, deed(place) if callable(deed) else result


def environment(name, place, facility, cause, who="nobody", *, mend=None, deed=None, asks=(), also=None, fixed="works",
                limit=None, not_mended="", twin=Place(), users="both"):
    """Makes one test; see the head of this file."""
    true(mend or cause is None or not_mended, f"{name}: neither a mend nor why there is none")
    if users == ("user" if IS_ROOT else "root"):
        return

    @test(f"{name}: " + (f"'{cause}' is named" + (", and its mend works" if mend else "") if cause else f"{facility} works"))
    def _():
        there = place() if callable(place) else place
        said, result = _tried(there, asks, limit, deed)
        if also:
            also(there, said["verdicts"])
        if cause is None:
            equal([v for v in of_facility(said, facility) if v["state"] != "works"], [], f"what does not work of {facility}")
            if deed:
                status_is(result, 0)
            return
        verdict = the_verdict(said, facility, cause, who)
        if deed:
            differs(result.status, 0, "status of the deed, which must not work before the mend")
        if not mend:
            if not asks:
                lacks([v["cause"] for v in of_facility(seen(twin() if callable(twin) else twin), facility)], cause, "causes without what was planted")
            return
        differs(verdict["mend"], "", f"mend\n{verdict}")
        mended = mend(there, verdict["mend"])
        said, result = _tried(mended, asks, limit, deed)
        wrong = [v for v in of_facility(said, facility) if (v["state"] != "works" if fixed == "works" else v["cause"] == cause)]
        equal(wrong, [], f"after the mend {verdict['mend']!r}")
        if deed:
            status_is(result, 0)
