#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
gen_docs.py - everything that names an option, made from one set of files.

    gen_docs.py def|schema|help|man|man5|bash|zsh|fish DOCS_DIR OUT_FILE

DOCS_DIR holds options/*.md (one an option), commands/*.md (one a command, and croft.md
for the program itself), names/*.md (one a list of words that options take), keys/*.md (one
a key of profile files) and files/croft-profile.md (those files as a whole). Each has a front matter of "key: value" lines and a body in
a small part of Markdown: paragraphs, "- " lists, "## " headings, code indented by four
spaces, and `code` inside a line.

From them come the tables of the option parser (def), the table of the profile reader
(schema), the long help (help), the manual pages (man, man5) and the completions, so that these
cannot disagree. Anything malformed is an error with file and line, and nothing is written
then.
"""
import re
import sys
import textwrap
from pathlib import Path

sys.dont_write_bytecode = True      # the source tree may be read-only
import gen_completion               # noqa: E402

HELP_COLUMNS = 72       # the program indents by six
MAX_C_STRING = 4095     # what a C17 compiler must accept
GROUPS = ("Files", "Network", "Environment", "Processes", "Protections", "Limits", "Output", "Other")
MAX_SHORT_HELP = 60
# What follows the options of a command. "command": a command line of its own.
OPERANDS = ("command", "file", "none", "operation", "profile", "yaml")

# key: True when it must be there
OPTION_KEYS = {"long": True, "short": False, "arg": False, "commands": True, "group": True, "help": True,
               "default": False, "repeatable": True, "since": True, "see": False, "complete": False}
COMMAND_KEYS = {"name": True, "synopsis": True, "help": True, "order": True, "complete": False, "see": False}
PROGRAM_KEYS = {"name": True, "synopsis": True, "help": True, "date": True, "see": False}
NAMES_KEYS = {"name": True, "title": True, "see": False}
FILE_KEYS = {"name": True, "help": True, "date": True}
KEY_KEYS = {"key": True, "type": True, "words": False, "max": False, "default": False, "order": True,
            "since": True, "help": True, "see": False}

# enum schema_type in lower case
KEY_TYPES = ("map", "profiles", "text", "texts", "path", "paths", "ports", "word", "words", "bool", "count", "counts",
             "size", "time", "variables", "require", "rights")
# What a key takes, in words; not of those whose pages tell.
KEY_TEXTS = {"map": "a mapping", "text": "a text", "texts": "a list of texts", "path": "a path", "paths": "a list of paths",
             "ports": "a list of ports", "word": "a word", "words": "a list of words", "bool": "`true` or `false`",
             "count": "a number", "counts": "a list of numbers", "size": "a size", "time": "a time",
             "variables": "a mapping of names to texts"}
# The lists of words that keys take: table and length in the sources.
KEY_WORDS = {"group": ("syscall_group_names", "GROUP_MAX"), "isolation": ("isolation_names", "ISOLATE_MAX"),
             "git": ("git_choice_names", "GIT_CHOICE_MAX"),
             "mode": ("syscall_mode_names", "SYSCALLS_MODE_MAX"), "set": ("set_names", "SET_MAX")}


class DocError(Exception):
    def __init__(self, path, line, text):
        super().__init__(f"{path}:{line}: {text}")


class Doc:
    """One file: its keys (with the lines they stand on) and its body as blocks."""

    def __init__(self, path, name_key, keys):
        self.path, self.keys, self.lines = path, {}, {}
        text = path.read_bytes()
        for number, line in enumerate(text.split(b"\n"), 1):
            if re.search(rb"[^ -~]", line):
                raise DocError(path, number, "a character that is not printable ASCII")
        lines = text.decode("ascii").split("\n")
        body = self.read_front_matter(lines, keys)
        self.blocks = self.read_body(lines, body)
        self.name = self[name_key]
        if self.name != path.stem:
            raise DocError(path, self.line(name_key), f"'{self.name}' stands in a file of another name")

    def __getitem__(self, key):
        return self.keys.get(key)

    def line(self, key):
        return self.lines.get(key, 1)

    def fail(self, key, text):
        raise DocError(self.path, self.line(key), text)

    def read_front_matter(self, lines, known):
        """Fills keys; returns the index of the first line of the body."""
        if lines[0] != "---":
            raise DocError(self.path, 1, "the file does not start with ---")
        for index, line in enumerate(lines[1:], 1):
            if line == "---":
                break
            match = re.fullmatch(r"([a-z]+): (\S|\S.*\S)", line)
            if not match:
                raise DocError(self.path, index + 1, f"not a 'key: value' line: '{line}'")
            key, value = match.groups()
            if key not in known:
                raise DocError(self.path, index + 1, f"unknown key '{key}'")
            if key in self.keys:
                raise DocError(self.path, index + 1, f"key '{key}' stands twice")
            self.keys[key], self.lines[key] = value, index + 1
        else:
            raise DocError(self.path, len(lines), "the front matter does not end with ---")
        for key, is_required in known.items():
            if is_required and key not in self.keys:
                raise DocError(self.path, index + 1, f"key '{key}' is missing")
        return index + 1

    def read_body(self, lines, start):
        """Blocks of ("para", text), ("head", text), ("list", [text]) and ("code", [line])."""
        blocks, is_open = [], False
        for number, line in enumerate(lines[start:], start + 1):
            kind, last = blocks[-1] if blocks else (None, None)
            if line != line.rstrip() or "\t" in line:
                raise DocError(self.path, number, "white space at the end of the line, or a tab")
            if line.count("`") % 2:
                raise DocError(self.path, number, "a ` without its other half on the line")
            if not line:
                is_open = False
            elif line.startswith("    "):
                if len(line) > HELP_COLUMNS:
                    raise DocError(self.path, number, f"a line of code longer than {HELP_COLUMNS - 4} characters")
                if kind != "code":
                    blocks.append(("code", [line[4:]]))
                else:
                    last.extend(([] if is_open else [""]) + [line[4:]])
                is_open = True
            elif line.startswith("## "):
                blocks.append(("head", line[3:]))
                is_open = False
            elif line.startswith("- "):
                if kind != "list":
                    blocks.append(("list", []))
                blocks[-1][1].append(line[2:])
                is_open = True
            elif line.startswith("  ") and is_open and kind == "list":
                last[-1] += " " + line.strip()
            elif line.startswith((" ", "#", "*", ">", "|", "```")):
                raise DocError(self.path, number, "a form of Markdown that is not used here")
            elif is_open and kind == "para":
                blocks[-1] = ("para", last + " " + line)
            else:
                blocks.append(("para", line))
                is_open = True
        if not blocks:
            raise DocError(self.path, len(lines), "there is no text")
        return blocks

    def list_words(self):
        """The words that a names file lists: its items of the form "`word`: text"."""
        words = []
        for kind, value in self.blocks:
            for item in value if kind == "list" else []:
                match = re.fullmatch(r"`([^`]+)`: (.+)", item)
                if not match:
                    raise DocError(self.path, 1, f"an item is not of the form '`word`: text': '{item}'")
                words.append((match[1], match[2]))
        return words


class Docs:
    """All documents; every reference between them is known to lead somewhere."""
    groups = GROUPS

    def __init__(self, root):
        self.program = Doc(root / "commands" / "croft.md", "name", PROGRAM_KEYS)
        paths = sorted(root.glob("commands/*.md"))
        self.commands = [Doc(p, "name", COMMAND_KEYS) for p in paths if p.stem != "croft"]
        for command in self.commands:
            if not command["order"].isdigit():
                command.fail("order", "'order' is not a number")
            parent, _, verb = command.name.partition("-")       # "profile list", but "nix-builder"
            command.word = f"{parent} {verb}" if verb and any(c.name == parent for c in self.commands) else command.name
            command.operand = command["complete"] or "command"
            if command.operand not in OPERANDS:
                command.fail("complete", f"no such completion: '{command.operand}'")
        self.commands.sort(key=lambda c: (int(c["order"]), c.name))
        self.names = [Doc(p, "name", NAMES_KEYS) for p in sorted(root.glob("names/*.md"))]
        self.words = {doc.name: doc.list_words() for doc in self.names}
        self.options = [Doc(p, "long", OPTION_KEYS) for p in sorted(root.glob("options/*.md"))]
        if not self.options:
            raise DocError(root / "options", 1, "there are no options")
        shorts = {}
        for option in self.options:
            self.check_option(option, shorts)
        self.options.sort(key=lambda o: (GROUPS.index(o["group"]), o.name))
        known = {option.name for option in self.options}
        for doc in [self.program, *self.commands, *self.names, *self.options]:
            for other in (doc["see"] or "").split():
                if other not in known or (doc in self.options and other == doc.name):
                    doc.fail("see", f"'see' names no other option: '{other}'")
        self.keys = [Doc(p, "key", KEY_KEYS) for p in sorted(root.glob("keys/*.md"))]
        if not self.keys:
            raise DocError(root / "keys", 1, "there are no keys")
        self.check_keys()
        self.file = Doc(root / "files" / "croft-profile.md", "name", FILE_KEYS)

    def check_keys(self):
        known, orders = {key.name: key for key in self.keys}, {}
        for key in self.keys:
            self.check_key(key)
            other = orders.setdefault(int(key["order"]), key)
            if other is not key:
                key.fail("order", f"'{other.name}' has this order already")
            parent = key.name.rpartition(".")[0]
            if parent and (parent not in known or known[parent]["type"] != "map"):
                key.fail("key", f"there is no map '{parent}'")
            for other in (key["see"] or "").split():
                if other not in known or other == key.name:
                    key.fail("see", f"'see' names no other key: '{other}'")
        self.keys.sort(key=lambda key: int(key["order"]))

    @staticmethod
    def check_key(key):
        if not re.fullmatch(r"[a-z]+(_[a-z]+)*(\.[a-z]+(_[a-z]+)*)?", key.name):
            key.fail("key", f"'{key.name}' is no name for a key")
        if key["type"] not in KEY_TYPES:
            key.fail("type", f"no such type: '{key['type']}'")
        if (key["words"] is not None) != (key["type"] in ("word", "words")):
            key.fail("words", "'words' stands where the type is word or words, and only there")
        if key["words"] and key["words"] not in KEY_WORDS:
            key.fail("words", f"no such list of words: '{key['words']}'")
        for number in ("max", "order"):
            if key[number] is not None and not re.fullmatch(r"[1-9]\d*", key[number]):
                key.fail(number, f"'{number}' is not a number above 0")
        if len(key["help"]) > MAX_SHORT_HELP:
            key.fail("help", f"'help' is longer than {MAX_SHORT_HELP} characters")
        check_since(key)

    def check_option(self, option, shorts):
        option.commands = option["commands"].split()
        option.complete = (option["complete"] or "").split()
        if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", option.name):
            option.fail("long", f"'{option.name}' is no name for an option")
        if option["short"]:
            if not re.fullmatch("[A-Za-z]", option["short"]):
                option.fail("short", "'short' is not one letter")
            if option["short"] in shorts:
                option.fail("short", f"-{option['short']} is already --{shorts[option['short']]}")
            shorts[option["short"]] = option.name
        known = {command.name: command.word for command in self.commands} | {"global": "global"}
        for index, command in enumerate(option.commands):
            if command not in known or command in option.commands[:index]:
                option.fail("commands", f"no such command, or named twice: '{command}'")
        option.words = [known[command] for command in option.commands]
        if option["group"] not in GROUPS:
            option.fail("group", f"no such group: '{option['group']}'")
        if len(option["help"]) > MAX_SHORT_HELP:
            option.fail("help", f"'help' is longer than {MAX_SHORT_HELP} characters")
        if option["repeatable"] not in ("yes", "no"):
            option.fail("repeatable", "'repeatable' is yes or no")
        check_since(option)
        if bool(option["arg"]) != bool(option.complete):
            option.fail("complete", "'complete' stands where 'arg' does, and only there")
        kind = option.complete[0] if option.complete else "none"
        if kind == "choices":
            if len(option.complete) < 2:
                option.fail("complete", "'choices' without a choice")
        elif len(option.complete) > 1 or kind not in {"path", "dir", "none", "variable", *self.words}:
            option.fail("complete", f"no such completion: '{option['complete']}'")


def check_since(doc):
    if not re.fullmatch(r"\d+\.\d+", doc["since"]):
        doc.fail("since", "'since' is not a version such as 0.1")


def c_string(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def c_or_null(text):
    return c_string(text) if text else "NULL"


def c_id(name):
    return re.sub("[-.]", "_", name.upper())


def c_lines(text, doc):
    if len(text) > MAX_C_STRING:
        raise DocError(doc.path, 1, f"the text is longer than {MAX_C_STRING} bytes")
    return "".join(f"\n\t{c_string(line)[:-1]}\\n\"" for line in text.split("\n")[:-1])


def header(macros, purpose):
    empty = "".join(f"#ifndef {m}\n#define {m}(...)\n#endif\n" for m in macros)
    return (f"/* SPDX-License-Identifier: MIT */\n/*\n * {purpose}\n * Made by tools/gen_docs.py from docs/; "
            "define the macros you want and include it.\n * They are undefined at the end.\n */\n" + empty + "\n")


def footer(macros):
    return "\n" + "".join(f"#undef {m}\n" for m in macros)


def make_def(docs):
    """The tables of the parser. An argument in brackets is optional: taken only if the next word is exactly it."""
    macros = ("OPTION_GROUP", "OPTION_COMMAND", "OPTION")
    out = [header(macros, "options.def - the option parser's tables. An arg in brackets is optional: the next\n"
                  " * word is taken only if it is exactly the word between them.")]
    for group in docs.groups:
        out.append(f"OPTION_GROUP({c_id(group)}, {c_string(group)})\n")
    out.append("\n")
    for command in docs.commands:
        out.append(f"OPTION_COMMAND({c_id(command.name)}, {c_string(command.word)}, "
                   f"{c_string(command['synopsis'])},\n\t{c_string(command['help'])})\n")
    for option in docs.options:
        commands = " | ".join("CMD_" + c_id(c) for c in option.commands)
        short = f"'{option['short']}'" if option["short"] else "0"
        out.append(f"\nOPTION({c_id(option.name)}, {c_string(option.name)}, {short}, {c_or_null(option['arg'])}, "
                   f"GROUP_{c_id(option['group'])}, {commands},\n\t"
                   f"{'IS_REPEATABLE' if option['repeatable'] == 'yes' else '0'}, {c_string(option['help'])}, "
                   f"{c_or_null(option['default'])})")
    return "".join(out) + "\n" + footer(macros)


def make_schema(docs):
    """The table of the profile reader, in the order in which people write the keys."""
    out = [header(("SCHEMA",), "schema.def - the keys of a profile file: id, path, type, words, how many words, max,\n"
                  " * default, since, help.")]
    for key in docs.keys:
        words, n_words = KEY_WORDS[key["words"]] if key["words"] else ("NULL", "0")
        out.append(f"SCHEMA({c_id(key.name)}, {c_string(key.name)}, SCHEMA_{key['type'].upper()}, {words}, {n_words}, "
                   f"{key['max'] or 0}, {c_or_null(key['default'])},\n\t{c_string(key['since'])}, "
                   f"{c_string(key['help'])})\n")
    return "".join(out) + footer(("SCHEMA",))


def plain(text):
    """Without the marks of code, but with quotes around what would be lost without them."""
    return re.sub("`([^`]+)`", lambda m: m[1] if re.search("[A-Za-z0-9]", m[1]) else f"'{m[1]}'", text)


def wrap_text(text, first="", rest=""):
    return textwrap.fill(plain(text), HELP_COLUMNS, initial_indent=first, subsequent_indent=rest,
                         break_long_words=False, break_on_hyphens=False)


def help_text(doc):
    parts = []
    for kind, value in doc.blocks:
        if kind == "code":
            parts.append("\n".join("    " + line if line else "" for line in value))
        elif kind == "list":
            parts.append("\n".join(wrap_text(item, "- ", "  ") for item in value))
        else:
            parts.append(wrap_text(value))
    if doc["repeatable"] == "yes":
        parts.append("May be repeated.")
    if doc["see"]:
        parts.append(wrap_text("See also: " + ", ".join("--" + name for name in doc["see"].split())))
    return "\n\n".join(parts) + "\n"


def make_help(docs):
    kinds = (("OPTION_HELP", docs.options), ("COMMAND_HELP", docs.commands), ("TOPIC_HELP", docs.names),
             ("PROGRAM_HELP", [docs.program]))
    macros = [macro for macro, _ in kinds]
    out = [header(macros, "help.def - the long help, one text for each option, command and list of words.")]
    for macro, members in kinds:
        for doc in members:
            start = {"TOPIC_HELP": f"{c_id(doc.name)}, {c_string(doc['title'] or '')},",
                     "PROGRAM_HELP": ""}.get(macro, c_id(doc.name) + ",")
            out.append(f"{macro}({start}{c_lines(help_text(doc), doc)})\n\n")
    return "".join(out) + footer(macros)


def roff(text):
    """One paragraph for mdoc: each sentence on its own line, code in bold."""
    text = text.replace("\\", "\\e")
    text = re.sub("`([^`]+)`", lambda m: "\\fB" + m[1].replace("-", "\\-") + "\\fP", text)
    lines = []
    for sentence in re.split(r"(?<=[\w)][.?]) (?=[A-Z\\])", text):
        lines += textwrap.wrap(sentence, HELP_COLUMNS, break_long_words=False, break_on_hyphens=False)
    return "".join(("\\&" if line[0] in ".'" else "") + line + "\n" for line in lines)


def roff_word(word):
    """One argument of a macro, whatever stands in it."""
    if re.fullmatch(r"[\w./-]+", word):
        return word
    return '"' + word.replace("\\", "\\e").replace('"', "\\(dq").replace("-", "\\-") + '"'


def roff_blocks(blocks):
    parts = []
    for kind, value in blocks:
        if kind == "code":
            lines = (line.replace("\\", "\\e").replace("-", "\\-") for line in value)
            parts.append(".Bd -literal -offset indent\n" + "".join(f"\\&{line}\n" for line in lines) + ".Ed\n")
        elif kind == "head":
            parts.append(f".Pp\n.Em {value} :\n")
        elif kind == "list" and all(re.match("`[^`]+`: ", item) for item in value):
            items = (item[1:].split("`: ", 1) for item in value)
            parts.append(".Bl -tag -width Ds\n"
                         + "".join(f".It Cm {roff_word(word)}\n{roff(text)}" for word, text in items) + ".El\n")
        elif kind == "list":
            parts.append(".Bl -bullet\n" + "".join(f".It\n{roff(item)}" for item in value) + ".El\n")
        else:
            parts.append((".Pp\n" if parts and not parts[-1].endswith(" :\n") else "") + roff(value))
    return "".join(parts)


def roff_synopsis(synopsis):
    """Each outermost part of "[options] [--] COMMAND [ARG...]" as one line of mdoc."""
    out, depth = "", 0
    for token in re.findall(r"\[|\]|\.\.\.|[^][ .]+", synopsis):
        if token == "]":
            depth -= 1
        elif token == "...":
            out += " ..."
        else:
            out += ("\n." if depth == 0 else " ") + {"[": "Op", "--": "Fl -"}.get(token, "Ar " + token)
            depth += token == "["
    return out[1:] + "\n"


def roff_option(option):
    short = f"Fl {option['short']} , " if option["short"] else ""
    arg = option["arg"] or ""
    arg = f" Op Cm {arg[1:-1]}" if arg.startswith("[") else f" Ar {arg}" if arg else ""
    out = f".It {short}Fl -{option.name}{arg}\n" + roff_blocks(option.blocks)
    notes = [f"Default: `{option['default']}`."] if option["default"] else []
    if option["repeatable"] == "yes":
        notes.append("May be repeated.")
    if option["see"]:
        notes.append("See also: " + ", ".join(f"`--{name}`" for name in option["see"].split()) + ".")
    if "run" not in option.commands and "global" not in option.commands:
        names = [f"`croft {command}`" for command in option.words]
        notes.append("Only for " + " and ".join(names) + ".")
    return out + "".join(".Pp\n" + roff(note) for note in notes)


def roff_references(section):
    """`croft(1)` as a reference to that page."""
    return re.sub(r"\\fB([\w\\-]+)\((\d)\)\\fP(,?)\s*",
                  lambda m: f".Xr {m[1]} {m[2]} {m[3]}".replace("\\-", "-").rstrip() + "\n", section)


def make_man(docs):
    """croft.1. The program's text up to its first heading is the description; its headings are sections."""
    blocks = docs.program.blocks
    heads = [index for index, (kind, _) in enumerate(blocks) if kind == "head"] + [len(blocks)]
    out = [".\\\" SPDX-License-Identifier: MIT\n.\\\" Made by tools/gen_docs.py from docs/.\n"
           f".Dd {docs.program['date']}\n"
           f".Dt CROFT 1\n.Os\n.Sh NAME\n.Nm croft\n.Nd {docs.program['help']}\n.Sh SYNOPSIS\n"]
    for command in docs.commands:
        out.append(f".Nm\n.Cm {command.word}\n{roff_synopsis(command['synopsis'])}")
    out.append(".Sh DESCRIPTION\n" + roff_blocks(blocks[:heads[0]]) + ".Sh COMMANDS\n.Bl -tag -width Ds\n")
    for command in docs.commands:
        out.append(f".It Cm {command.word}\n" + roff_blocks(command.blocks))
    out.append(".El\n.Sh OPTIONS\n")
    for group in docs.groups:
        members = [option for option in docs.options if option["group"] == group]
        out.append(f".Ss {group}\n.Bl -tag -width Ds\n" + "".join(map(roff_option, members)) + ".El\n")
    for names in docs.names:
        out.append(f".Sh {names['title'].upper()}\n" + roff_blocks(names.blocks))
    for start, end in zip(heads, heads[1:]):
        section = roff_blocks(blocks[start + 1:end])
        if blocks[start][1] == "See also":
            section = roff_references(section)
        out.append(f".Sh {blocks[start][1].upper()}\n" + section)
    return "".join(out)


def roff_key(key):
    """One key. The headings of its page are words of its own text here, as the keys have a section of their own."""
    notes = [f"Default: `{key['default']}`."] if key["default"] else []
    if key["type"] in KEY_TEXTS:
        most = f", at most {key['max']}" if key["max"] and key["type"] != "count" else ""
        notes.append(f"Takes {KEY_TEXTS[key['type']]}{most}.")
    if key["see"]:
        notes.append("See also: " + ", ".join(f"`{name}`" for name in key["see"].split()) + ".")
    return f".It Cm {key.name}\n" + roff_blocks(key.blocks) + "".join(".Pp\n" + roff(note) for note in notes)


def make_man5(docs):
    """croft-profile.5: the page of the file, with the keys in its section of that name."""
    blocks = docs.file.blocks
    heads = [index for index, (kind, _) in enumerate(blocks) if kind == "head"] + [len(blocks)]
    out = [".\\\" SPDX-License-Identifier: MIT\n.\\\" Made by tools/gen_docs.py from docs/.\n"
           f".Dd {docs.file['date']}\n"
           f".Dt CROFT-PROFILE 5\n.Os\n.Sh NAME\n.Nm croft-profile\n.Nd {docs.file['help']}\n"
           ".Sh DESCRIPTION\n" + roff_blocks(blocks[:heads[0]])]
    for start, end in zip(heads, heads[1:]):
        title, section = blocks[start][1], roff_blocks(blocks[start + 1:end])
        if title == "See also":
            section = roff_references(section)
        out.append(f".Sh {title.upper()}\n" + section)
        if title == "Keys":
            out.append(".Bl -tag -width Ds\n" + "".join(map(roff_key, docs.keys)) + ".El\n")
            built_in = next((names for names in docs.names if names.name == "profile"), None)
            out.append(".Sh BUILT-IN PROFILES\n" + roff_blocks(built_in.blocks) if built_in else "")
    return "".join(out)


MAKERS = {"def": make_def, "schema": make_schema, "help": make_help, "man": make_man, "man5": make_man5, "bash": gen_completion.make_bash,
          "zsh": gen_completion.make_zsh, "fish": gen_completion.make_fish}


def main(argv):
    if len(argv) != 4 or argv[1] not in MAKERS:
        print(f"usage: gen_docs.py {'|'.join(MAKERS)} DOCS_DIR OUT_FILE", file=sys.stderr)
        return 2
    try:
        text = MAKERS[argv[1]](Docs(Path(argv[2])))
        Path(argv[3]).write_text(text, encoding="ascii")
    except (DocError, OSError) as error:
        print(f"gen_docs.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
