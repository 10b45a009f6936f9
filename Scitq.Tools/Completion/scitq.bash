# Completion of scitq-manage, scitq-launch and scitq-fetch for bash.
_scitq() {
    local program=${COMP_WORDS[0]/#\~\//$HOME/} current=${COMP_WORDS[COMP_CWORD]} tool=scitq-manage line
    [[ $program == */* ]] && tool=${program%/*}/scitq-manage
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            :files) compopt -o default 2>/dev/null ;;
            :programs) mapfile -t COMPREPLY < <(compgen -c -- "$current") ;;
            *)
                # Within quotes the shell closes them itself.
                [[ $current == [\"\']* ]] || printf -v line %q "$line"
                COMPREPLY+=("$line")
                ;;
        esac
    done < <("$tool" complete bash -- "$program" "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _scitq scitq-manage scitq-launch scitq-fetch
