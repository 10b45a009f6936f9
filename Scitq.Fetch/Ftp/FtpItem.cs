namespace Scitq.Fetch.Ftp;

/// <summary>One line of a directory.</summary>
internal sealed record FtpItem(string Name, FtpKind Kind, long? Size, DateTimeOffset? Modified);

/// <summary>The thing that one line of a directory names.</summary>
internal enum FtpKind
{
    File,
    Folder,

    /// <summary>To a file or a folder; which of them, the line does not say.</summary>
    Link,

    /// <summary>A device, a pipe, a socket: nothing to fetch.</summary>
    Other,
}
