#compdef scitq-manage scitq-launch scitq-fetch
# Completion of scitq-manage, scitq-launch and scitq-fetch for zsh.
_scitq() {
    local program=${words[1]/#\~\//$HOME/} tool=scitq-manage line
    local -a found
    [[ $program == */* ]] && tool=${program:h}/scitq-manage
    for line in ${(f)"$("$tool" complete zsh -- "$program" "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)"}; do
        case $line in
            :files) compset -P '--*='; _files; return ;;
            :programs) _command_names -e; return ;;
            *$'\t'*) found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
            *) found+=("${line//:/\\:}") ;;
        esac
    done
    (( $#found )) && _describe -V scitq found
}
# Read by the completion system as the function itself; read by a user's file, it registers the function.
if [[ $funcstack[1] == _scitq ]]; then
    _scitq "$@"
elif (( $+functions[compdef] )); then
    compdef _scitq scitq-manage scitq-launch scitq-fetch
fi
