using System.Globalization;
using System.Text;
using Scitq.Agent.Files;
using Scitq.Contracts;

namespace Scitq.Agent.Runtimes.Native;

/// <summary>
/// The few lines of shell between agent and command, which outlive the agent: they say that they have started, start
/// the command with the descriptors and ids it should have, wait, and record its exit code.
/// </summary>
internal static class Supervisor
{
    // The kernel's MAX_ARG_STRLEN, which counts the final NUL.
    private const int LongestArgument = 128 * 1024 - 1;

    // These shells take a script as the word after -c, and read the same script from a file by their command ".".
    private static readonly string[] Shells = ["sh", "ash", "bash", "dash", "ksh", "mksh", "zsh"];

    /// <summary>The text of the script; the command's words are its arguments.</summary>
    /// <param name="record">The files that it leaves behind.</param>
    /// <param name="group">Where its processes are counted.</param>
    /// <param name="setpriv">The words that change to other ids.</param>
    /// <param name="resources">A directory that is read-only to the command, whoever it runs as: the shared files in it are links.</param>
    /// <param name="limits">Lines that set limits of a process, where a control group can't.</param>
    /// <param name="umask">The command's.</param>
    public static string Script(RunRecord record, Cgroup? group, string? setpriv, string? resources = null, string limits = "", int umask = 0b000_010_010)
    {
        var start = setpriv is null
            ? "exec \"$@\""
            : $$"""
               exec {{setpriv}} /bin/sh -c '[ -w "$0" ] || {
               echo "scitq: this user cannot enter ${0%/*/*}: the directories above the worker'\''s work directory must let others pass (chmod o+x)" >&2
               exit 125
               }
               : >"$0"; trap '\''echo >"$0"'\'' 0; exec "$@"' {{Quote(record.UnstartableFile)}} "$@"
               """;
        if (resources is not null)
        {
            // In a mount namespace of its own, which ends with it.
            var mount = $"""
                trap 'echo >{Quote(record.UnstartableFile).Replace("'", "'\\''", StringComparison.Ordinal)}' 0
                {MountNamespace.Mount} --bind -- "$0" "$0" && {MountNamespace.Mount} -o remount,bind,ro,nosuid,nodev -- "$0" || exit 125
                {start}
                """;
            start = $"exec {MountNamespace.Unshare} --mount --propagation private /bin/sh -c {Quote(mount)} {Quote(resources)} \"$@\"";
        }

        // Variables of the script must not meet those of the user.
        var script = new StringBuilder()
            // A signal to the whole process group reaches this shell as well. A handler, unlike SIG_IGN, is not inherited.
            .Append("trap : 1 2 3 10 12 13 14 15\n")
            .Append(CultureInfo.InvariantCulture, $"_scitq_c={Quote(record.Directory.Control)}\n")
            .Append("set -C\n")
            .Append(CultureInfo.InvariantCulture, $"printf '%s\\n' \"$$ {ProcessTable.BootId}\"");
        foreach (var name in group?.Names ?? []) script.Append(' ').Append(Quote(name));
        script.Append(CultureInfo.InvariantCulture, $" . >\"$_scitq_c/{Path.GetFileName(record.StartedFile)}\" || exit 125\n")
            .Append("set +C\n")
            // Out of memory, the kernel takes a task before the agent.
            .Append("(echo 500 >/proc/self/oom_score_adj\n")
            .Append("exec 2>&3 3>&-\n")
            .Append(CultureInfo.InvariantCulture, $"trap 'echo >\"$_scitq_c/{Path.GetFileName(record.UnstartableFile)}\"' 0\n");
        foreach (var file in group?.JoinFiles ?? []) script.Append(CultureInfo.InvariantCulture, $"echo 0 >{Quote(file)} || exit 125\n");
        // The agent keeps all to itself; what a command makes is as open as anywhere else.
        script.Append(limits).Append(CultureInfo.InvariantCulture, $"umask {Convert.ToString(umask, 8).PadLeft(3, '0')}\n");
        // The trap is only run where exec failed.
        script.Append(start).Append(")\n")
            .Append("_scitq_r=$?\n")
            .Append(CultureInfo.InvariantCulture, $"echo $_scitq_r >\"$_scitq_c/{Path.GetFileName(record.ExitFile)}\"\n")
            .Append("exit $_scitq_r\n");
        return script.ToString();
    }

    /// <summary>The command's words, but for a script too long to be one: that is put into a file and read from there.</summary>
    /// <exception cref="StartException">Another word is too long for any program to receive.</exception>
    public static IReadOnlyList<string> Shorten(IReadOnlyList<string> argv, string control, RunAs? user = null)
    {
        for (var i = 0; i < argv.Count; i++)
        {
            // No character is more than three bytes long per char.
            if (argv[i].Length * 3 <= LongestArgument || Encoding.UTF8.GetByteCount(argv[i]) is var length && length <= LongestArgument) continue;
            if (i < 2 || !Shells.Contains(Path.GetFileName(argv[0])) || !TakesScript(argv[i - 1]))
                throw new StartException(FailureClass.Start,
                    $"word {i} of the command is {length} bytes long; Linux passes at most {LongestArgument} to a program (but for the script of sh -c). "
                    + "Put it into a file and give that as input.");
            var file = Path.Combine(control, "script");
            File.WriteAllText(file, argv[i]);
            File.SetUnixFileMode(file, UnixFileMode.UserRead);
            if (user is not null) Unix.SetOwner(Unix.CurrentDirectory, Unix.Bytes(file), user.Uid, user.Gid);
            return Shorten([.. argv.Take(i), ". " + Quote(file), .. argv.Skip(i + 1)], control, user);
        }
        return argv;
    }

    // As in -c or -ec.
    private static bool TakesScript(string option) => option.StartsWith('-') && !option.StartsWith("--", StringComparison.Ordinal) && option.EndsWith('c');

    private static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
