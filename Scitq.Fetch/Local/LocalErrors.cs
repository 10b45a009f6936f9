namespace Scitq.Fetch.Local;

/// <summary>Tells local faults apart: .NET reports a full disk as a plain <see cref="IOException"/>.</summary>
internal static class LocalErrors
{
    // errno.h of Linux: a file where a directory is needed, or the other way round; a read-only file system; links in a circle. .NET has no classes
    // of their own for them.
    private const int FileExists = 17, NotADirectory = 20, IsADirectory = 21, ReadOnly = 30, NameTooLong = 36, TooManyLinks = 40;

    /// <summary>The exception to throw for a local fault about <paramref name="shown"/>; null when it is none.</summary>
    public static Exception? Classify(Exception fault, string shown) => fault switch
    {
        UnauthorizedAccessException or IOException { HResult: ReadOnly } => new AccessDeniedException($"{Redacted.Of(shown)}: {fault.Message}", fault),
        FileNotFoundException or DirectoryNotFoundException => new DataNotFoundException($"{Redacted.Of(shown)}: {fault.Message}", fault),
        IOException { HResult: NameTooLong } => new BadUriException($"{Redacted.Of(shown)}: its name is longer than the file system here can hold.", fault),
        IOException { HResult: FileExists } => new BadUriException($"{Redacted.Of(shown)}: {fault.Message} A directory is needed there.", fault),
        PathTooLongException => new BadUriException($"{Redacted.Of(shown)}: its name is longer than the file system here can hold.", fault),
        IOException { HResult: NotADirectory or IsADirectory or TooManyLinks } => new BadUriException($"{Redacted.Of(shown)}: {fault.Message}", fault),
        IOException io when IsFull(io) =>
            new DiskFullException($"{Redacted.Of(shown)}: {fault.Message} Free some space and try again: it continues where it stopped.", fault),
        _ => null,
    };

    /// <summary>Whether a file could not be opened because another process has it: .NET reports that as a plain <see cref="IOException"/> too.</summary>
    public static bool MayBeLocked(IOException fault) =>
        fault is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException) && !IsFull(fault);

    public static bool IsFull(IOException fault)
    {
        const int NoSpace = 28, QuotaExceeded = 122, WindowsDiskFull = unchecked((int)0x80070070);
        return fault.HResult is NoSpace or QuotaExceeded or WindowsDiskFull;
    }
}
