using System.Diagnostics;

namespace Scitq.Agent.Runtimes.Native;

/// <summary>Whether this agent can give a command a view of the file system of its own.</summary>
internal static class MountNamespace
{
    /// <summary>
    /// Whether it can be made: root can, unless it is root in a container only. Others need it less, for they may not write the shared files.
    /// </summary>
    public static readonly Lazy<bool> CanBeMade = new(Probe);

    /// <summary>The programs for it, wherever a task's PATH leads; null where there are none.</summary>
    public static string? Unshare { get; } = Find("unshare");

    /// <summary>See <see cref="Unshare"/>.</summary>
    public static string? Mount { get; } = Find("mount");

    private static string? Find(string program) =>
        TaskEnvironment.DefaultPath.Split(':').Select(directory => $"{directory}/{program}").FirstOrDefault(File.Exists);

    private static bool Probe()
    {
        if (Posix.geteuid() != 0 || Unshare is null || Mount is null) return false;
        using var probe = Process.Start(new ProcessStartInfo(Unshare, ["--mount", "--propagation", "private", Mount, "--bind", "/", "/"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        return probe.WaitForExit(5000) && probe.ExitCode == 0;
    }
}
