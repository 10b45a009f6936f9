using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Runs;

/// <summary>prefetch, which finds a run wherever SRA keeps it, vdb-validate, and fasterq-dump.</summary>
internal sealed class SraPrefetch(SraToolkit toolkit) : IRunMethod
{
    public string Name => "prefetch";

    public async Task<IReadOnlyList<TransferredFile>> FetchAsync(RunOrder order, string folder, Meter meter, CancellationToken ct)
    {
        toolkit.Require(order, prefetch: true);
        meter.Expect(order.Run.SraSize);
        var fetched = await FetchedAsync(order, folder, ct);
        var files = await toolkit.FastqAsync(order, folder, fetched, ct);
        meter.Moved(files.Sum(f => f.Size));
        meter.FileDone();
        return files;
    }

    private async Task<string> FetchedAsync(RunOrder order, string folder, CancellationToken ct)
    {
        for (var round = 1; ; round++)
        {
            var fetched = await toolkit.PrefetchAsync(order, folder, ct);
            if (await toolkit.ProblemAsync(order, folder, fetched, ct) is not { } problem) return fetched;
            // prefetch would take it for whole by its size.
            Directory.Delete(Path.Combine(folder, "fetched"), recursive: true);
            // Once more from the first byte: it may have been damaged by what stopped an earlier process.
            if (round == 2) throw new IntegrityException($"{order.Shown}: what prefetch brought is damaged: {problem}");
        }
    }
}
