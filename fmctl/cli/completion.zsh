#compdef fmctl
# Completes fmctl in zsh: eval "$(fmctl completion zsh)" in ~/.zshrc, after compinit; or as a file _fmctl in $fpath
_fmctl() {
    local line value
    local -a whole begun
    while IFS= read -r line; do
        value="${line%%$'\t'*}"
        if [[ $line == *$'\t'* ]]; then
            line="${value//:/\\:}:${line#*$'\t'}"
        else
            line="${value//:/\\:}"
        fi
        if [[ $value == *[/.:=] ]]; then begun+=("$line"); else whole+=("$line"); fi
    done < <(_FMCTL_COMPLETE=zsh COMP_WORDS="${(pj:\x1f:)${(@Q)words[1,CURRENT]}}" "${words[1]}" 2>/dev/null)
    if (( $#whole + $#begun )); then
        (( $#whole )) && _describe -V fmctl whole
        (( $#begun )) && _describe -V fmctl begun -S ''
    else
        _files
    fi
}
if [[ ${funcstack[1]} == _fmctl ]]; then _fmctl; else compdef _fmctl fmctl; fi
