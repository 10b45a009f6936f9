using Scitq.Fetch.Local;

namespace Scitq.Agent.Workers;

/// <summary>Whole directories, whatever a task has made of them.</summary>
internal static class Trees
{
    /// <summary>Removes a directory and all in it; that there is none is no failure.</summary>
    /// <exception cref="IOException">Something is left: the message names it and says why.</exception>
    public static void Delete(string directory, CancellationToken ct = default) => TreeRemoval.Remove(directory, ct);

    /// <summary>Bytes of all files in it, as far as they can be read.</summary>
    public static long Size(string directory) => TreeSize.Of(directory);
}
