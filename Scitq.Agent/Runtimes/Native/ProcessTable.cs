using System.Globalization;
using System.Text;

namespace Scitq.Agent.Runtimes.Native;

/// <summary>Processes, as <c>/proc</c> tells of them.</summary>
internal static class ProcessTable
{
    public static readonly string BootId = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>In clock ticks since the machine started; with the id it names a process for good. Null when it has ended.</summary>
    public static long? StartTime(int pid) =>
        Stat(pid) is { } stat && stat[0] != "Z" ? long.Parse(stat[19], CultureInfo.InvariantCulture) : null;

    /// <summary>Whether it neither stands still nor has ended; one that the kernel holds up will stop when that is over.</summary>
    public static bool Moves(int pid) => Stat(pid) is { } stat && stat[0] is not ("T" or "t" or "Z" or "X" or "D");

    /// <summary>Whether the process was given the variable when it (or what it was forked from) was executed.</summary>
    public static bool HasVariable(int pid, string name, string value) =>
        Posix.Read($"/proc/{pid}/environ") is { } environment
        && ($"\0{Encoding.UTF8.GetString(environment)}").Contains($"\0{name}={value}\0", StringComparison.Ordinal);

    /// <summary>Direct children of the (single) thread of a process.</summary>
    public static IEnumerable<int> Children(int pid) =>
        Posix.Read($"/proc/{pid}/task/{pid}/children") is { } list
            ? Encoding.ASCII.GetString(list).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(id => int.Parse(id, CultureInfo.InvariantCulture))
            : [];

    /// <summary>Living processes that bear the variable or are of the session.</summary>
    public static IEnumerable<int> Find(string name, string value, int session)
    {
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(directory.AsSpan("/proc/".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)) continue;
            if (HasVariable(pid, name, value) || session > 0 && Posix.getsid(pid) == session && StartTime(pid) is not null) yield return pid;
        }
    }

    // The fields after the name, which is in parentheses and can hold anything.
    private static string[]? Stat(int pid) =>
        Posix.Read($"/proc/{pid}/stat") is { } content && Encoding.UTF8.GetString(content) is var text
            ? text[(text.LastIndexOf(')') + 2)..].Split(' ')
            : null;
}
