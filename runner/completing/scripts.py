"""What shells evaluate: they ask the runner what may stand where the cursor is, and offer that.

`python -m runner` is completed as `runner` is; what else is given to Python as it was before.
Where a file is wanted the runner ends with 3.
"""

BASH = r"""
_runner_asked() {  # the program, and what it is to be started with
    local found code IFS=$'\n'
    found=$(COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_BREAKS="$COMP_WORDBREAKS" \
        "$@" -sc query=bash 2>/dev/null)
    code=$?
    COMPREPLY=()
    if [ $code = 3 ]; then
        compopt +o nospace -o default 2>/dev/null
    elif [ $code = 0 ]; then
        compopt -o nospace 2>/dev/null
        COMPREPLY=($found)
    fi
}
_runner() {
    _runner_asked "${COMP_WORDS[0]/#\~/$HOME}"
}
_runner_python() {
    if [[ "${COMP_LINE:0:COMP_POINT}" =~ ^[^[:space:]]+[[:space:]]+-m[[:space:]]+r ]]; then
        _runner_asked "${COMP_WORDS[0]/#\~/$HOME}" -m runner
    elif [ -n "$_runner_before" ]; then
        "$_runner_before" "$@"
    else
        compopt -o default 2>/dev/null
    fi
}
_runner_before=
for _runner_name in _comp_load _completion_loader __load_completion; do
    if declare -F $_runner_name >/dev/null && ! complete -p python >/dev/null 2>&1; then
        $_runner_name python >/dev/null 2>&1
    fi
done
if [[ "$(complete -p python 2>/dev/null)" =~ -F\ ([^ ]+) ]]; then
    [ "${BASH_REMATCH[1]}" = _runner_python ] || _runner_before="${BASH_REMATCH[1]}"
fi
unset _runner_name
complete -F _runner runner
complete -F _runner_python python python3
""".strip()

ZSH = r"""
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
_runner_asked() {  # the program, and what it is to be started with
    local found line
    local -a words_found shown
    found="$(COMP_LINE="${(j: :)words[1,CURRENT-1]} $PREFIX" "$@" -sc query=zsh 2>/dev/null)"
    if (( $? == 3 )); then
        compset -P '*='
        _files
        return
    fi
    for line in "${(@f)found}"; do
        [[ -n "$line" ]] || continue
        words_found+=("${line%%$'\t'*}")
        shown+=("${line/$'\t'/  }")
    done
    (( $#words_found )) && compadd -Q -S '' -l -d shown -a words_found
}
_runner() {
    _runner_asked "${~words[1]}"
}
_runner_python() {
    if [[ "$words[2]" == -m && "$words[3]" == r* && $CURRENT -ge 3 ]]; then
        _runner_asked "${~words[1]}" -m runner
    elif (( $+functions[_python] )); then
        _python "$@"
    else
        _files
    fi
}
compdef _runner runner
compdef _runner_python python python3
""".strip()

FISH = r"""
function __runner_asked
    set -l words (commandline -opc) (commandline -ct)
    set -l start $words[1]
    contains -- -m $words; and set start $words[1] -m runner
    set -l found (env COMP_LINE="$words" $start -sc query=fish 2>/dev/null)
    if test $status = 3
        set -l key (string match -r '^[^=]*=' -- (commandline -ct))
        for file in (__fish_complete_path (string replace -r '^[^=]*=' '' -- (commandline -ct)))
            echo "$key$file"
        end
    else
        printf '%s\n' $found
    end
end
function __runner_is_module
    set -l words (commandline -opc)
    test "$words[2]" = -m; and string match -q 'r*' -- $words[3] (commandline -ct)
end
complete -c runner -f -k -a '(__runner_asked)'
for name in python python3
    complete -c $name -n __runner_is_module -f -k -a '(__runner_asked)'
end
""".strip()

INSTALLING = {"bash": BASH, "fish": FISH, "zsh": ZSH}
UNINSTALLING = {
    "bash": """
complete -r runner python python3
[ -z "$_runner_before" ] || complete -F "$_runner_before" python python3
unset -f _runner _runner_asked _runner_python
""".strip(),
    "fish": """
complete -c runner -e
for name in python python3
    complete -c $name -n __runner_is_module -e
end
functions -e __runner_asked __runner_is_module
""".strip(),
    "zsh": """
compdef -d runner python python3
(( $+functions[_python] )) && compdef _python python python3
unfunction _runner _runner_asked _runner_python
""".strip(),
}
"""By shell, what undoes it."""
