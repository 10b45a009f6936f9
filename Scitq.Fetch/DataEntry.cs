using Scitq.Contracts;

namespace Scitq.Fetch;

/// <summary>One file, object or sub-folder, as its store describes it.</summary>
public sealed record DataEntry
{
    /// <summary>Where it is.</summary>
    public required DataUri Uri { get; init; }

    /// <summary>Its path relative to the listed folder, with <c>/</c>; its own name when it was asked for alone.</summary>
    public required string Name { get; init; }

    /// <summary>Bytes; null where the server does not tell.</summary>
    public required long? Size { get; init; }

    /// <summary>Last change (UTC), if known.</summary>
    public DateTimeOffset? Modified { get; init; }

    /// <summary>Creation (UTC), if known.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>Lower-case hexadecimal MD5 of the content, where the store knows it.</summary>
    public string? Md5 { get; init; }

    /// <summary>Whether <see cref="Md5"/> is told by another source than the server, which then has no say in it.</summary>
    internal bool IsMd5Sure { get; init; }

    /// <summary>Changes when the content does (a strong ETag, mostly); null where there is no such thing.</summary>
    public string? Version { get; init; }

    /// <summary>Which accounts may read, write and execute it (never set-uid, set-gid or sticky); null where there is no such thing.</summary>
    public UnixFileMode? Mode { get; init; }

    /// <summary>Whether it is a sub-folder (only in listings of one level).</summary>
    public bool IsFolder { get; init; }
}
