using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Runs;

/// <summary>prefetch, which finds a run wherever SRA keeps it, vdb-validate, and fasterq-dump.</summary>
internal sealed class SraPrefetch(SraToolkit toolkit) : IRunMethod
{
    public string Name => "prefetch";

    public async Task<IReadOnlyList<TransferredFile>> FetchAsync(WantedRun wanted, string folder, Meter meter, CancellationToken ct)
    {
        toolkit.Require(wanted, prefetch: true);
        meter.Expect(wanted.Run.SraSize);
        var fetched = await FetchedAsync(wanted, folder, ct);
        var files = await toolkit.FastqAsync(wanted, folder, fetched, ct);
        meter.Moved(files.Sum(f => f.Size));
        meter.FileDone();
        return files;
    }

    private async Task<string> FetchedAsync(WantedRun wanted, string folder, CancellationToken ct)
    {
        for (var round = 1; ; round++)
        {
            var fetched = await toolkit.PrefetchAsync(wanted, folder, ct);
            if (await toolkit.ProblemAsync(wanted, folder, fetched, ct) is not { } problem) return fetched;
            // prefetch would take it for whole by its size.
            Directory.Delete(Path.Combine(folder, "fetched"), recursive: true);
            // Once more from the first byte: it may have been damaged by what stopped an earlier process.
            if (round == 2) throw new IntegrityException($"{wanted.Shown}: what prefetch brought is damaged: {problem}");
        }
    }
}
