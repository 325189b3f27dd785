# SPDX-License-Identifier: MIT
"""
gen_completion.py - completions for bash, zsh and fish, from the documents of gen_docs.py.

All three follow the rule of croft's own parser: options stop at the first word that is
not one, and from there on the words are the operands: of most commands a command line of
its own, which is completed as if it stood alone, of others files or profiles. A command
with a blank in its name ("profile list") is a verb of another. The shell code below is
fixed; what is filled in at the @MARKS@ are the tables: which command takes which option,
what kind of value an option takes, and which kind the operands of a command are.
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


def verbs_of(docs, parent):
    """Commands by their verb: all without a blank in their names, or those of "profile"."""
    start = parent + " " if parent else ""
    return {command.word.removeprefix(start): command for command in docs.commands
            if command.word.startswith(start) and " " not in command.word.removeprefix(start)}


def parents_of(docs):
    return [command.name for command in docs.commands if verbs_of(docs, command.word)]


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

# _croft_operand COMMAND: of what kind the words after its options are, if no command line.
_croft_operand()
{
	case $1 in
@OPERANDS@
	esac
}

# _croft_verbs COMMAND: the verbs that have to follow it.
_croft_verbs()
{
	case $1 in
@VERBS@
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

# _croft_yaml TEXT: names of folders, and of files that may be profiles. Any relative name will do.
_croft_yaml()
{
	local name
	compopt -o filenames 2>/dev/null
	while IFS= read -r name; do
		[[ -d $name || $name == *.yaml || $name == *.yml ]] && COMPREPLY+=("$name")
	done < <(compgen -f -- "$1")
}

# _croft_profile TEXT: profiles by name, the user's and the machine's too, and by file.
_croft_profile()
{
	local file names=$(_croft_words profile)
	for file in "${XDG_CONFIG_HOME:-$HOME/.config}"/croft/profiles/*.yaml /etc/croft/profiles/*.yaml; do
		file=${file##*/}
		[[ $file == '*.yaml' ]] || names+=" ${file%.yaml}"
	done
	_croft_yaml "$1"
	COMPREPLY+=($(compgen -W "$names" -- "$1"))
}

# _croft_value KIND TEXT
_croft_value()
{
	case $1 in
	path) _croft_files "$2" -f ;;
	dir) _croft_files "$2" -d ;;
	file) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$2")) ;;
	yaml) _croft_yaml "$2" ;;
	profile) _croft_profile "$2" ;;
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
		elif [[ -n $(_croft_verbs "$command") && $word != -* ]]; then
			command+=-$word
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
		elif [[ -n $(_croft_operand "$command") ]]; then
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
	elif [[ -n $(_croft_verbs "$command") && $last != -* ]]; then
		COMPREPLY=($(compgen -W "$(_croft_verbs "$command")" -- "$last"))
	elif [[ $state == options && $last == --*=* ]]; then
		_croft_value "$(_croft_kind "${last%%=*}")" "${last#*=}"
		COMPREPLY=("${COMPREPLY[@]/#/${last%%=*}=}")
	elif [[ $state == options && $last == -* ]]; then
		COMPREPLY=($(compgen -W "$(_croft_flags "$command")" -- "$last"))
	elif [[ $command != why && -n $(_croft_operand "$command") ]]; then
		_croft_value "$(_croft_operand "$command")" "$last"
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
              "OPERANDS": "\n".join(f"\t{command.name}) echo {command.operand} ;;" for command in docs.commands
                                    if command.operand != "command"),
              "VERBS": "\n".join(f"\t{parent}) echo {quote(' '.join(verbs_of(docs, parent)))} ;;"
                                 for parent in parents_of(docs)),
              "COMMANDS": " ".join(verbs_of(docs, ""))}
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

(( $+functions[_croft_yaml] )) || _croft_yaml() {
	_files -g '*.(yaml|yml)(-.)'
}

(( $+functions[_croft_profile] )) || _croft_profile() {
	local -a own=(${XDG_CONFIG_HOME:-$HOME/.config}/croft/profiles/*.yaml(N:t:r) /etc/croft/profiles/*.yaml(N:t:r))
	_alternative 'own:own profile:compadd -a own' 'profile:profile:_croft_words_profile' 'file:profile file:_croft_yaml'
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
                      "none": " ", "profile": "_croft_profile", "choices": f"({' '.join(option.complete[1:])})"
                      }.get(kind, f"_croft_words_{kind}")
            value = f":{option['arg'].replace('[', '').replace(']', '')}:{action}"
        name = flag + ("=" if value and flag.startswith("--") else "")
        specs.append(quote(f"{stop}{name}[{help_text}]{value}"))
    return specs


ZSH_OPERANDS = {
    "command": "'(-)1: :_command_names -e' '*:: :_normal'", "operation": "'1:operation:_croft_words_operation' "
    "'*::target:_croft_target'", "file": "'*:file:_files'", "none": "", "profile": "'*:profile:_croft_profile'",
    "yaml": "'*:profile file:_croft_yaml'"}


def zsh_cases(docs, parent):
    """What follows each command, or each verb of `parent`."""
    cases = []
    for verb, command in verbs_of(docs, parent).items():
        specs = [spec for option in options_of(docs, command.name) for spec in zsh_spec(docs, option)]
        verbs = verbs_of(docs, command.word)
        if verbs:
            words = " ".join(quote(word + ":" + member["help"]) for word, member in verbs.items())
            lines = " ".join(specs)
            cases.append(f"\t\t{verb})\n\t\t\tlocal -a verbs=({words})\n\t\t\t_arguments -C -A '-*' {lines} \\\n"
                         "\t\t\t\t'1:verb:->verb' '*::argument:->operand' && return\n"
                         "\t\t\t[[ $state == verb ]] && _describe -t verbs verb verbs\n"
                         "\t\t\t[[ $state == operand ]] && case $line[1] in\n"
                         f"{zsh_cases(docs, command.word)}\n\t\t\tesac\n\t\t\t;;")
            continue
        lines = " \\\n".join("\t\t\t\t" + spec for spec in specs + [ZSH_OPERANDS[command.operand]] if spec)
        cases.append(f"\t\t{verb})\n\t\t\t_arguments -S -A '-*' \\\n{lines}\n\t\t\t;;")
    return "\n".join(cases)


def make_zsh(docs):
    words = []
    for kind, members in docs.words.items():
        lines = "".join(f"\t\t{quote(word + ':' + first_sentence(text))}\n" for word, text in members)
        words.append(f"(( $+functions[_croft_words_{kind}] )) || _croft_words_{kind}() {{\n"
                     f"\tlocal -a words_of=(\n{lines}\t)\n\t_describe -t {kind} {kind} words_of \"$@\"\n}}\n")
    tables = {"WORDS": "\n".join(words),
              "COMMANDS": "\n".join(f"\t\t{quote(verb + ':' + c['help'])}" for verb, c in verbs_of(docs, "").items()),
              "GLOBAL": "\n".join(f"\t\t{spec} \\" for o in options_of(docs, "global") for spec in zsh_spec(docs, o)),
              "CASES": zsh_cases(docs, "")}
    return "#compdef croft\n" + NOTICE + fill(ZSH, tables)


FISH = r"""
# Prints where the cursor is: "command" (of croft), "verb COMMAND", "options COMMAND", "rest INDEX" (the words
# from INDEX on are a command line of their own), "target OPERATION", "operation" or "operand KIND".
function __croft_where
    set -l tokens (commandline -opc)
    set -l command
    set -l i 2
    while test $i -le (count $tokens)
        set -l token $tokens[$i]
        if test -z "$command"
            string match -q -- '-*' $token; or set command $token
        else if contains -- $command @PARENTS@; and not string match -q -- '-*' $token
            set command $command-$token
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
    else if contains -- $command @PARENTS@
        echo verb $command
        echo options $command
    else
        echo options $command
        string match -q -- '-*' (commandline -ct); or __croft_rest $command $i
    end
end

function __croft_rest -a command index
    set -l tokens (commandline -opc)
    set -l kind (__croft_operand $command)
    if test -n "$kind"
        echo operand $kind
    else if test $command != why
        echo rest $index
    else if test $index -gt (count $tokens)
        echo operation
    else if test $index -eq (count $tokens)
        echo target $tokens[$index]
    end
end

function __croft_operand -a command
    switch $command
@OPERANDS@
    end
end

function __croft_at
    __croft_where | string match -q -r -- "^$argv[1]"'(?: |$)'
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

function __croft_yaml
    __fish_complete_path (commandline -ct | string replace -r -- '^--[a-z-]+=' '') \
        | string match -r -- '^[^\t]*(?:/|\.ya?ml)(?:\t.*)?$'
end

# Profiles by name, the user's and the machine's too, and by file.
function __croft_profile
    set -l config $XDG_CONFIG_HOME
    test -n "$config"; or set config $HOME/.config
    for file in $config/croft/profiles/*.yaml /etc/croft/profiles/*.yaml
        path basename $file | string replace -r -- '\.yaml$' ''
    end
    __croft_words_profile
    __croft_yaml
end

@WORDS@
complete -c croft -f
complete -c croft -n '__croft_at "rest"' -a '(__croft_command)'
complete -c croft -n '__croft_at "operand profile"' -a '(__croft_profile)'
complete -c croft -n '__croft_at "operand yaml"' -a '(__croft_yaml)'
complete -c croft -n '__croft_at "operand file"' -F
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
    lines = [f"complete -c croft -n '__croft_at command' -a {verb} -d {quote(command['help'])}"
             for verb, command in verbs_of(docs, "").items()]
    for parent in parents_of(docs):
        lines += [f"complete -c croft -n '__croft_at \"verb {parent}\"' -a {verb} -d {quote(command['help'])}"
                  for verb, command in verbs_of(docs, parent).items()]
    for option in docs.options:
        wheres = ["command" if command == "global" else "options " + command for command in option.commands]
        line = f"complete -c croft -n '__croft_at \"({'|'.join(wheres)})\"' -l {option.name}"
        if option["short"]:
            line += f" -s {option['short']}"
        if takes_value(option):
            kind = kind_of(option)
            values = {"path": "'(__croft_path)'", "dir": "'(__croft_dir)'",
                      "variable": "'(set -nx)'", "none": "''", "profile": "'(__croft_profile)'",
                      "choices": f"'(__croft_words_{option.name})'"}.get(kind, f"'(__croft_words_{kind})'")
            line += f" -x -a {values}"
        lines.append(line + f" -d {quote(option['help'])}")
    valued = [flag for option in docs.options if takes_value(option) for flag in flags_of(option)]
    words = [fish_words(kind, members) for kind, members in docs.words.items()]
    words += [fish_words(o.name, words_of(docs, o)) for o in docs.options if kind_of(o) == "choices" and takes_value(o)]
    operands = "\n".join(f"        case {command.name}\n            echo {command.operand}" for command in docs.commands
                         if command.operand not in ("command", "operation"))
    return NOTICE + fill(FISH, {"VALUED": " ".join(valued), "PARENTS": " ".join(parents_of(docs)),
                                "OPERANDS": operands, "WORDS": "\n".join(words), "LINES": "\n".join(lines)})
