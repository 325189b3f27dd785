# SPDX-License-Identifier: MIT
"""
gen_completion.py - completions for bash, zsh and fish, from the documents of gen_docs.py.

All three follow the rule of croft's own parser: options stop at the first word that is
not one, and from there on the words belong to the command, which is completed as if it
stood alone. The shell code below is fixed; what is filled in at the @MARKS@ are the
tables: which command takes which option, and what kind of value an option takes.
"""
NOTICE = "# SPDX-License-Identifier: MIT\n# Completion of croft, made by tools/gen_docs.py.\n"


def quote(text):
    return "'" + text.replace("'", "'\\''") + "'"


def kind_of(option):
    return option.complete[0] if option.complete else ""


def takes_value(option):
    return bool(option["arg"]) and not option["arg"].startswith("[")


def words_of(docs, option):
    """(word, help) pairs that the value may be, or none when the kind is no list of words."""
    if kind_of(option) == "choices":
        return [(word, "") for word in option.complete[1:]]
    return docs.words.get(kind_of(option), [])


def first_sentence(text):
    return text.replace("`", "").split(". ")[0].rstrip(".")


def options_of(docs, command):
    return [option for option in docs.options if command in option.commands]


def flags_of(option):
    return ["--" + option.name] + (["-" + option["short"]] if option["short"] else [])


BASH = r"""
# _croft_kind OPTION: what kind of value it takes, or nothing for a switch.
_croft_kind()
{
	case $1 in
@KINDS@
	esac
}

# _croft_words KIND: the words that a value of this kind may be.
_croft_words()
{
	case $1 in
@WORDS@
	esac
}

# _croft_flags COMMAND: its options; "global" for croft itself.
_croft_flags()
{
	case $1 in
@FLAGS@
	esac
}

# _croft_files TEXT -f|-d: names that start so. A relative name gets the ./ that croft asks for.
_croft_files()
{
	local lead= text=$1 name
	if [[ $text == optional:* ]]; then
		lead=optional: text=${text#optional:}
	fi
	compopt -o filenames 2>/dev/null
	while IFS= read -r name; do
		[[ $name == [/~]* || $name == ./* ]] || name=./$name
		COMPREPLY+=("$lead$name")
	done < <(compgen "$2" -- "$text")
}

# _croft_value KIND TEXT
_croft_value()
{
	case $1 in
	path) _croft_files "$2" -f ;;
	dir) _croft_files "$2" -d ;;
	variable) COMPREPLY=($(compgen -e -- "$2")) ;;
	none) ;;
	*) COMPREPLY=($(compgen -W "$(_croft_words "$1")" -- "$2")) ;;
	esac
	[[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
}

# _croft_command INDEX: the words from INDEX on are a command line of their own.
_croft_command()
{
	if declare -F _comp_command_offset >/dev/null; then
		_comp_command_offset "$1"
	elif declare -F _command_offset >/dev/null; then
		_command_offset "$1"
	elif ((COMP_CWORD == $1)); then
		compopt -o filenames 2>/dev/null
		COMPREPLY=($(compgen -c -- "${COMP_WORDS[COMP_CWORD]}"))
	else
		compopt -o default 2>/dev/null
	fi
}

_croft()
{
	local words=() starts=() i n piece word last lead command= kind state=options operation=
	COMPREPLY=()
	# bash takes words apart at = and :, so put them together again
	for ((i = 1; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]} n=${#words[@]}
		if ((n > 0 && i > 1)) && [[ $word == [=:]* || ${COMP_WORDS[i - 1]} == [=:] ]]; then
			words[n - 1]+=$word
		else
			words+=("$word")
			starts+=("$i")
		fi
	done
	n=$((${#words[@]} - 1))
	last=${words[n]}
	piece=${COMP_WORDS[COMP_CWORD]}
	[[ $piece == [=:] ]] && piece=
	lead=${last%"$piece"}

	for ((i = 0; i < n; i++)); do
		word=${words[i]}
		if [[ -z $command ]]; then
			[[ $word == -* ]] || command=$word
		elif [[ $state == options && $word == -- ]]; then
			state=rest
		elif [[ $state == options && $word == -* ]]; then
			kind=$(_croft_kind "$word")
			if [[ -n $kind ]]; then
				((++i < n)) || state=value
			fi
		elif [[ $command == why ]]; then
			[[ -z $operation ]] && operation=$word || operation=none
			state=rest
		else
			_croft_command "${starts[i]}"
			return
		fi
	done

	if [[ $state == value ]]; then
		_croft_value "$kind" "$last"
	elif [[ -z $command && $last == -* ]]; then
		COMPREPLY=($(compgen -W "$(_croft_flags global)" -- "$last"))
	elif [[ -z $command ]]; then
		COMPREPLY=($(compgen -W "@COMMANDS@" -- "$last"))
	elif [[ $state == options && $last == --*=* ]]; then
		_croft_value "$(_croft_kind "${last%%=*}")" "${last#*=}"
		COMPREPLY=("${COMPREPLY[@]/#/${last%%=*}=}")
	elif [[ $state == options && $last == -* ]]; then
		COMPREPLY=($(compgen -W "$(_croft_flags "$command")" -- "$last"))
	elif [[ $command != why ]]; then
		_croft_command "${starts[n]}"
		return
	elif [[ -z $operation ]]; then
		_croft_value operation "$last"
	else
		case $operation in
		env) _croft_value variable "$last" ;;
		connect | listen | syscall | none) ;;
		*) _croft_value path "$last" ;;
		esac
	fi
	COMPREPLY=("${COMPREPLY[@]#"$lead"}")
}

complete -F _croft croft
"""


def make_bash(docs):
    kinds, words = {}, dict(docs.words)
    for option in docs.options:
        if kind_of(option) == "choices":
            words[option.name] = words_of(docs, option)
        if takes_value(option):
            kind = option.name if kind_of(option) == "choices" else kind_of(option)
            kinds.setdefault(kind, []).extend(flags_of(option))
    flags = {command: [flag for option in options_of(docs, command) for flag in flags_of(option)]
             for command in ["global"] + [command.name for command in docs.commands]}
    tables = {"KINDS": "\n".join(f"\t{' | '.join(names)}) echo {kind} ;;" for kind, names in kinds.items()),
              "WORDS": "\n".join(f"\t{kind}) echo {quote(' '.join(w for w, _ in members))} ;;"
                                 for kind, members in words.items()),
              "FLAGS": "\n".join(f"\t{command}) echo {quote(' '.join(names))} ;;" for command, names in flags.items()),
              "COMMANDS": " ".join(command.name for command in docs.commands)}
    return NOTICE + fill(BASH, tables)


def fill(template, tables):
    for mark, text in tables.items():
        template = template.replace(f"@{mark}@", text)
    return template


ZSH = r"""
(( $+functions[_croft_path] )) || _croft_path() {
	compset -P 'optional:'
	if [[ $PREFIX == (|[/~.]*) ]]; then
		_files "$@"
	else
		# croft asks for ./ before a relative name
		local -a shift_in=(-P './')
		_files $shift_in "$@"
	fi
}

(( $+functions[_croft_target] )) || _croft_target() {
	case $words[1] in
	env) _parameters -g '*export*' ;;
	connect|listen|syscall) _message 'port or system call' ;;
	*) _croft_path ;;
	esac
}

@WORDS@
_croft() {
	local curcontext=$curcontext state line
	local -a subcommands=(
@COMMANDS@
	)
	typeset -A opt_args

	_arguments -C -A '-*' \
@GLOBAL@
		'1:command:->command' \
		'*::argument:->argument' && return
	case $state in
	command) _describe -t commands command subcommands ;;
	argument)
		curcontext=${curcontext%:*:*}:croft-$line[1]:
		case $line[1] in
@CASES@
		esac
		;;
	esac
}

_croft "$@"
"""


def zsh_spec(docs, option):
    help_text = option["help"].replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")
    stop = "(- : *)" if option.name in ("help", "version") else "*" if option["repeatable"] == "yes" else ""
    specs = []
    for flag in flags_of(option):
        value = ""
        if takes_value(option):
            kind = kind_of(option)
            action = {"path": "_croft_path", "dir": "_croft_path -/", "variable": "_parameters -g \"*export*\"",
                      "none": " ", "choices": f"({' '.join(option.complete[1:])})"}.get(kind, f"_croft_{kind}")
            value = f":{option['arg'].replace('[', '').replace(']', '')}:{action}"
        name = flag + ("=" if value and flag.startswith("--") else "")
        specs.append(quote(f"{stop}{name}[{help_text}]{value}"))
    return specs


def make_zsh(docs):
    words = []
    for kind, members in docs.words.items():
        lines = "".join(f"\t\t{quote(word + ':' + first_sentence(text))}\n" for word, text in members)
        words.append(f"(( $+functions[_croft_{kind}] )) || _croft_{kind}() {{\n\tlocal -a words_of=(\n{lines}\t)\n"
                     f"\t_describe -t {kind} {kind} words_of \"$@\"\n}}\n")
    cases = []
    for command in docs.commands:
        specs = [spec for option in options_of(docs, command.name) for spec in zsh_spec(docs, option)]
        rest = ("'1:operation:_croft_operation' '*::target:_croft_target'" if command.name == "why"
                else "'(-)1: :_command_names -e' '*:: :_normal'")
        lines = " \\\n".join("\t\t\t\t" + spec for spec in specs + [rest])
        cases.append(f"\t\t{command.name})\n\t\t\t_arguments -S -A '-*' \\\n{lines}\n\t\t\t;;")
    tables = {"WORDS": "\n".join(words),
              "COMMANDS": "\n".join(f"\t\t{quote(c.name + ':' + c['help'])}" for c in docs.commands),
              "GLOBAL": "\n".join(f"\t\t{spec} \\" for o in options_of(docs, "global") for spec in zsh_spec(docs, o)),
              "CASES": "\n".join(cases)}
    return "#compdef croft\n" + NOTICE + fill(ZSH, tables)


FISH = r"""
# Prints where the cursor is: "command" (of croft), "options COMMAND", "rest INDEX" (the words from INDEX
# on are a command line of their own), "target OPERATION" or "operation".
function __croft_where
    set -l tokens (commandline -opc)
    set -l command
    set -l i 2
    while test $i -le (count $tokens)
        set -l token $tokens[$i]
        if test -z "$command"
            string match -q -- '-*' $token; or set command $token
        else if test "$token" = --
            set i (math $i + 1)
            __croft_rest $command $i
            return
        else if contains -- $token @VALUED@
            set i (math $i + 1)
            if test $i -gt (count $tokens)
                echo options $command   # the cursor is on its value
                return
            end
        else if not string match -q -- '-*' $token
            __croft_rest $command $i
            return
        end
        set i (math $i + 1)
    end
    if test -z "$command"
        echo command
    else
        echo options $command
        string match -q -- '-*' (commandline -ct); or __croft_rest $command $i
    end
end

function __croft_rest -a command index
    set -l tokens (commandline -opc)
    if test $command != why
        echo rest $index
    else if test $index -gt (count $tokens)
        echo operation
    else if test $index -eq (count $tokens)
        echo target $tokens[$index]
    end
end

function __croft_at
    __croft_where | string match -q -r -- "^$argv[1]"
end

# Completes the words after croft's own options as a command line of their own.
function __croft_command
    set -l index (__croft_where | string match -r -g -- '^rest (\d+)')
    set -l tokens (commandline -opc)
    set -l words
    test $index -le (count $tokens); and set words (string escape -- $tokens[$index..-1])
    complete -C "$(string join ' ' -- $words (commandline -ct))"
end

# Names of files. croft asks for ./ before a relative name, which fish hides from an empty word: that gets full names.
function __croft_path
    set -l text (commandline -ct | string replace -r -- '^--[a-z-]+=' '')
    set -l lead (string match -r -- '^optional:' "$text")
    set text (string replace -r -- '^optional:' '' "$text")
    test -n "$text"; or set text $PWD/
    __fish_complete_path $text | string replace -r -- '^' "$lead"
end

function __croft_dir
    __croft_path | string match -r -- '^[^\t]*/(?:\t.*)?$'
end

@WORDS@
complete -c croft -f
complete -c croft -n '__croft_at "rest"' -a '(__croft_command)'
complete -c croft -n '__croft_at "operation"' -a '(__croft_words_operation)'
complete -c croft -n '__croft_at "target env"' -a '(set -nx)'
complete -c croft -n '__croft_at "target (read|write|execute|create|remove|device|socket)"' -a '(__croft_path)'
@LINES@
"""


def fish_words(name, members):
    """A function that prints one word a line with its help after a tab, as fish reads candidates."""
    lines = "\n".join("    echo " + quote(word) + (r"\t" + quote(first_sentence(text)) if text else "")
                      for word, text in members)
    return f"function __croft_words_{name}\n{lines}\nend\n"


def make_fish(docs):
    lines = [f"complete -c croft -n '__croft_at command' -a {command.name} -d {quote(command['help'])}"
             for command in docs.commands]
    for option in docs.options:
        wheres = ["command" if command == "global" else "options " + command for command in option.commands]
        line = f"complete -c croft -n '__croft_at \"({'|'.join(wheres)})\"' -l {option.name}"
        if option["short"]:
            line += f" -s {option['short']}"
        if takes_value(option):
            kind = kind_of(option)
            values = {"path": "'(__croft_path)'", "dir": "'(__croft_dir)'",
                      "variable": "'(set -nx)'", "none": "''",
                      "choices": f"'(__croft_words_{option.name})'"}.get(kind, f"'(__croft_words_{kind})'")
            line += f" -x -a {values}"
        lines.append(line + f" -d {quote(option['help'])}")
    valued = [flag for option in docs.options if takes_value(option) for flag in flags_of(option)]
    words = [fish_words(kind, members) for kind, members in docs.words.items()]
    words += [fish_words(o.name, words_of(docs, o)) for o in docs.options if kind_of(o) == "choices" and takes_value(o)]
    return NOTICE + fill(FISH, {"VALUED": " ".join(valued), "WORDS": "\n".join(words), "LINES": "\n".join(lines)})
