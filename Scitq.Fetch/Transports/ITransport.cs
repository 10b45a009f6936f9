using Scitq.Contracts;

namespace Scitq.Fetch.Transports;

/// <summary>
/// Moves bytes for one scheme. A transport does one thing once: the transfers above it retry, resume, verify and publish.
/// Faults that may pass are <see cref="TransientException"/>, the others a <see cref="FetchException"/>.
/// </summary>
internal interface ITransport
{
    /// <summary>The operations that it can do; the members for any other throw.</summary>
    TransportCapabilities Can { get; }

    /// <summary>Whether everything below is meant.</summary>
    bool IsFolder(DataUri uri) => uri.IsFolder;

    /// <summary>The name a fetched file gets.</summary>
    string NameOf(DataUri uri) => uri.Path[(uri.Path.LastIndexOf('/') + 1)..];

    /// <summary>The file or object at exactly this address; null when there is none.</summary>
    Task<DataEntry?> StatAsync(DataUri uri, CancellationToken ct);

    /// <summary>
    /// The bytes from <paramref name="offset"/>, at most <paramref name="length"/> of them, of the version <paramref name="entry"/> describes.
    /// </summary>
    /// <exception cref="SourceChangedException">It is another version by now.</exception>
    Task<Stream> OpenAsync(DataEntry entry, long offset, long? length, CancellationToken ct);

    /// <summary>Another way to verify the content of <paramref name="entry"/>, whose MD5 is unknown; null when there is none.</summary>
    Task<PartTag?> PartTagAsync(DataEntry entry, CancellationToken ct) => Task.FromResult<PartTag?>(null);

    /// <summary>
    /// Writes an object, whole or not at all. Where <see cref="TransportCapabilities.RetriesParts"/> is set, it survives lost connections itself;
    /// otherwise the caller starts over with a fresh stream.
    /// </summary>
    Task<DataEntry> PutAsync(DataUri uri, PutContent content, CancellationToken ct) => throw Unsupported(uri, "written to");

    /// <summary>
    /// Files below a folder (its path ends with a slash), in no particular order; not recursively, sub-folders too. The list is whole, but for what
    /// <paramref name="leftOut"/> is told, or it ends with a fault.
    /// </summary>
    IAsyncEnumerable<DataEntry> ListAsync(DataUri folder, bool recursive, Action<LeftOut>? leftOut, CancellationToken ct) =>
        throw Unsupported(folder, "listed");

    /// <summary>Deletes one object; that there is none is no failure.</summary>
    Task DeleteAsync(DataUri uri, CancellationToken ct) => throw Unsupported(uri, "deleted from");

    /// <summary>Removes a folder below which there is no file, where folders are things of their own; one that holds a file stays.</summary>
    Task RemoveFolderAsync(DataUri folder, CancellationToken ct) => Task.CompletedTask;

    private static UnsupportedTransferException Unsupported(DataUri uri, string verb) =>
        new($"{Redacted.Of(uri)}: {uri.Scheme}:// cannot be {verb}.");
}

/// <summary>The operations of a transport.</summary>
[Flags]
internal enum TransportCapabilities
{
    None = 0,
    Get = 1,
    Put = 2,
    List = 4,
    Delete = 8,

    /// <summary>Reading can start anywhere.</summary>
    Ranges = 16,

    /// <summary>Several ranges at a time are faster than one stream.</summary>
    ParallelRanges = 32 | Ranges,

    /// <summary>A put retries its own parts.</summary>
    RetriesParts = 64,
}

/// <summary>One file or object that is to be written.</summary>
/// <param name="Body">Its bytes, to be read once from the start.</param>
/// <param name="Length">How many there are; null when only the end will tell.</param>
/// <param name="Modified">The source's time of last change, kept where the store can.</param>
/// <param name="Identity">Same source content, same text: what an interrupted upload is found again by. Null when it cannot be continued.</param>
/// <param name="Md5">The MD5 of what has been read of it so far: of the whole, once it is at its end.</param>
internal sealed record PutContent(Stream Body, long? Length, DateTimeOffset? Modified, string? Identity, Func<byte[]> Md5)
{
    /// <summary>The mode of the source: which accounts may read, write and execute it; kept where the store can. Null where that is not known.</summary>
    public UnixFileMode? Mode { get; init; }
}
