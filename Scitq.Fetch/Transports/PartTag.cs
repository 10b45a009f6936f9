namespace Scitq.Fetch.Transports;

/// <summary>The tag of an object that was uploaded in parts of one size: <see cref="Transfers.Digest"/> makes the same of the same content.</summary>
/// <param name="Value">The MD5 of the parts' MD5s, and their number.</param>
/// <param name="PartSize">Bytes of each part but the last.</param>
/// <param name="IsSureAsync">Whether the parts are really so large, so that another digest proves a damage. It may take a request a part.</param>
internal sealed record PartTag(string Value, long PartSize, Func<CancellationToken, Task<bool>> IsSureAsync);
