# Completes fmctl in bash: eval "$(fmctl completion bash)" in ~/.bashrc
_fmctl_completion() {
    local IFS=$'\x1f'
    local words="${COMP_WORDS[*]:0:COMP_CWORD+1}"
    mapfile -t COMPREPLY < <(_FMCTL_COMPLETE=bash COMP_WORDS="$words" "$1" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[/.:=] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -o default -F _fmctl_completion fmctl
