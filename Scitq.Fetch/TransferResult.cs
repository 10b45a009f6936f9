namespace Scitq.Fetch;

/// <summary>One file that is now at its destination.</summary>
/// <param name="Name">Its path relative to the destination, with <c>/</c>.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Md5">Lower-case hexadecimal MD5 of the bytes that were moved; null where an external program moved them, or where the store could
/// tell only the MD5s of parts and those were compared.</param>
public sealed record TransferredFile(string Name, long Size, string? Md5);

/// <summary>The outcome of a transfer: the files that were moved.</summary>
public sealed record TransferResult
{
    /// <summary>The files, ordered by name; of a source with an action, the file as it was before the action.</summary>
    public required IReadOnlyList<TransferredFile> Files { get; init; }

    /// <summary>Files that were there already (sync only).</summary>
    public int Skipped { get; init; }

    /// <summary>Files deleted at the destination, or that would be (sync only).</summary>
    public int Deleted { get; init; }

    /// <summary>The things that were left out, a line each with the reason: symbolic links, FIFOs, devices, empty folders.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Bytes of all <see cref="Files"/>.</summary>
    public long Bytes => Files.Sum(f => f.Size);
}

/// <summary>How far a transfer is. Reported a few times a second, and once at the end.</summary>
/// <param name="Bytes">Bytes moved.</param>
/// <param name="TotalBytes">Bytes to move, as far as known by now; null when a size is unknown.</param>
/// <param name="Files">Files done.</param>
/// <param name="TotalFiles">Files to move, as far as listed by now.</param>
public readonly record struct TransferProgress(long Bytes, long? TotalBytes, int Files, int TotalFiles);
