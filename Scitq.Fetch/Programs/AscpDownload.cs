using Scitq.Fetch.Transfers;
using Scitq.Fetch.Transports;

namespace Scitq.Fetch.Programs;

/// <summary><c>fasp://</c>: one file by ascp.</summary>
internal sealed class AscpDownload(Services services, Meter meter) : ProgramDownload(services, meter)
{
    private readonly Ascp _ascp = new(services);

    protected override Task RunAsync(DataEntry entry, string part, CancellationToken ct) =>
        _ascp.FetchAsync(entry.Uri, FaspTransport.Source(entry.Uri), part, isPublic: false, ct);
}
