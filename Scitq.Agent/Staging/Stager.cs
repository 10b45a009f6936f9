using Scitq.Agent.Runtimes;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Fetch;

namespace Scitq.Agent.Staging;

/// <summary>Brings an attempt's data in before it runs, and its output out afterwards.</summary>
internal sealed class Stager(Fetcher fetcher, ResourceCache resources)
{
    /// <summary>Fetches all inputs and resources, at the same time; returns the bytes that were fetched for it.</summary>
    public async Task<long> FetchAsync(TaskSpec spec, WorkDirectory directory, Action<string> phase, CancellationToken ct)
    {
        if (spec.Inputs.Count + spec.Resources.Count == 0) return 0;
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var transfers = spec.Inputs.Select(InputAsync).Concat(spec.Resources.Select(ResourceAsync)).ToArray();
        return (await Task.WhenAll(transfers)).Sum();

        Task<long> InputAsync(string uri) => OrStopAllAsync(async () =>
        {
            phase($"fetching {uri}");
            var progress = new Progress(p => phase(p.TotalBytes is > 0 and var total ? $"fetching {uri} … {100 * p.Bytes / total} %" : $"fetching {uri}"));
            return (await fetcher.GetAsync(fetcher.CheckUri(uri), directory.Input, progress, failed.Token)).Bytes;
        });

        Task<long> ResourceAsync(string uri) => OrStopAllAsync(() => resources.ProvideAsync(uri, directory.Resource, phase, failed.Token));

        async Task<long> OrStopAllAsync(Func<Task<long>> transfer)
        {
            try
            {
                return await transfer();
            }
            catch (FetchException)
            {
                // One that is missing is enough to fail the attempt: the others need not be waited for.
                await failed.CancelAsync();
                throw;
            }
        }
    }

    /// <summary>Delivers everything below the output directory.</summary>
    public async Task<TransferResult> DeliverAsync(string output, WorkDirectory directory, Action<string> phase, CancellationToken ct)
    {
        var progress = new Progress(p => phase(p.TotalBytes is > 0 and var total ? $"delivering output … {100 * p.Bytes / total} %" : "delivering output"));
        return await fetcher.PutAsync(directory.Output, fetcher.CheckUri(output, forWriting: true), progress, ct);
    }

    /// <summary>What was delivered, for the attempt's record.</summary>
    public static IReadOnlyList<OutputFile> Manifest(TransferResult delivered) => [.. delivered.Files.Select(f => new OutputFile(f.Name, f.Size, f.Md5))];

    /// <summary>Unlike the framework's, calls in place: progress is told in order.</summary>
    private sealed class Progress(Action<TransferProgress> report) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => report(value);
    }
}
