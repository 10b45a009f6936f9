using Scitq.Fetch.Local;

namespace Scitq.Agent.Files;

/// <summary>Files that tasks of the agent's own account can put something else in place of: a FIFO would be waited for by whoever opens it, for ever.</summary>
internal static class RegularFile
{
    /// <summary>Returns where there is a file, also by a link, or nothing.</summary>
    /// <exception cref="IOException">Something else is there.</exception>
    public static void Check(string path)
    {
        if (FileStat.TryOf(path, follow: true, out var found) && !found.IsFile)
            throw new IOException($"'{path}' is no longer a file: something else is in its place.");
    }
}
