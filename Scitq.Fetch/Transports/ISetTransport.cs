using Scitq.Contracts;
using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Transports;

/// <summary>A transport whose URI stands for a set of files, and which finds out by fetching them from where they can be had.</summary>
internal interface ISetTransport : ITransport
{
    /// <summary>Fetches all of them into a directory, each under its final name only once it is whole.</summary>
    Task<TransferResult> FetchAsync(DataUri uri, string directory, Meter meter, CancellationToken ct);
}
