# Completes fmctl in fish: fmctl completion fish > ~/.config/fish/completions/fmctl.fish
function __fmctl_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found (_FMCTL_COMPLETE=fish COMP_WORDS=(string join \x1f -- $words) $words[1] 2>/dev/null)
    if set -q found[1]
        printf '%s\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c fmctl -f -a '(__fmctl_complete)'
