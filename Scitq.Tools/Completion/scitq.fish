# Completion of scitq-manage, scitq-launch and scitq-fetch for fish.
function __scitq_complete
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    set -l tool scitq-manage
    string match -q '*/*' -- $typed[1]; and set tool (string replace -r '[^/]*$' scitq-manage -- $typed[1])
    for line in ($tool complete fish -- $typed "$current" 2>/dev/null)
        switch $line
            case ':files'
                set -l before (string match -r '^--[^=]*=' -- "$current")
                for path in (__fish_complete_path (string replace -r '^--[^=]*=' '' -- "$current"))
                    echo "$before$path"
                end
            case ':programs'
                __fish_complete_command
            case '*'
                echo $line
        end
    end
end
for program in scitq-manage scitq-launch scitq-fetch
    complete -c $program -f -k -a '(__scitq_complete)'
end
