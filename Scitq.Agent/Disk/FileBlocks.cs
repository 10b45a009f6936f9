using Scitq.Fetch.Local;

namespace Scitq.Agent.Disk;

/// <summary>How much room a file really takes, which its length does not tell: files have holes, and room that is reserved beyond their end.</summary>
internal static class FileBlocks
{
    /// <summary>What is at this path; null when it can't be looked at.</summary>
    public static FileStat? Of(string path, bool follow = false) => FileStat.TryOf(path, follow, out var stat) ? stat : null;

    /// <summary>Whether the next byte appended needs room that the file does not have yet; also when it is not there.</summary>
    public static bool NeedsRoom(string path) => Of(path) is not { } file || file.Allocated <= file.Size;
}
