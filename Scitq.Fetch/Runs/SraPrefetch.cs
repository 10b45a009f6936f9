using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Runs;

/// <summary>prefetch, which finds a run wherever SRA keeps it, and fasterq-dump.</summary>
internal sealed class SraPrefetch(SraToolkit toolkit) : IRunMethod
{
    public string Name => "prefetch";

    public async Task<IReadOnlyList<TransferredFile>> FetchAsync(RunOrder order, string folder, Meter meter, CancellationToken ct)
    {
        toolkit.Require(order, prefetch: true);
        meter.Expect(order.Run.SraSize);
        var fetched = await toolkit.PrefetchAsync(order, folder, ct);
        var files = await toolkit.FastqAsync(order, folder, fetched, ct);
        meter.Moved(files.Sum(f => f.Size));
        meter.FileDone();
        return files;
    }
}
