using Scitq.Agent.Runtimes;
using Scitq.Agent.Runtimes.Native;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Fetch;

namespace Scitq.Agent.Staging;

/// <summary>Brings an attempt's data in before it runs, and its output out afterwards.</summary>
internal sealed class Stager(Fetcher fetcher, ResourceCache resources, DiskRoom room, TimeProvider time, AccountFetchers? accounts = null)
{
    /// <summary>Fetches all inputs and resources, at the same time.</summary>
    public async Task<Staged> FetchAsync(TaskSpec spec, WorkDirectory directory, Action<string> phase, CancellationToken ct, RunAs? account = null)
    {
        if (spec.Inputs.Count + spec.Resources.Count == 0) return new Staged(0, []);
        if (account is not null) await Task.Run(() => AccountFetchers.Check(account, spec, ct), ct);
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var progress = new StagingProgress("fetching", phase, time);
        phase("fetching");
        // Two of one name: the later one wins, as of resources, so they may not be on their way at once.
        var named = spec.Inputs.Distinct().GroupBy(uri => fetcher.NameOf(fetcher.CheckUri(uri)) ?? uri).ToList();
        var inputs = named.ConvertAll(same => OrStopAllAsync(() => InputsAsync([.. same.Select(uri => (uri, progress.Add()))], directory, account, failed.Token)));
        var leases = spec.Resources.Distinct().Select(uri => OrStopAllAsync(() => ResourceAsync(uri, progress.Add(), failed.Token))).ToList();
        try
        {
            await Task.WhenAll([.. inputs, .. leases]);
            // In the order given, so that it is the last one that wins where two have the same name.
            foreach (var lease in leases) await Task.Run(() => LinkTree.Make(lease.Result.Data, directory.Resource, ct), ct);
            var replaced = named.Where(same => same.Count() > 1).Select(same => $"inputs of one name: {Redacted.Of(same.Last())} has replaced {string.Join(", ", same.SkipLast(1).Select(Redacted.Of))}; put them apart with |mv:FOLDER");
            return new Staged(inputs.Sum(i => i.Result) + leases.Sum(l => l.Result.Fetched), [.. leases.Select(l => l.Result.Warning).OfType<string>(), .. replaced]);
        }
        finally
        {
            foreach (var lease in leases.Where(l => l.IsCompletedSuccessfully)) lease.Result.Dispose();
        }

        async Task<T> OrStopAllAsync<T>(Func<Task<T>> transfer)
        {
            try
            {
                return await transfer();
            }
            catch (Exception e) when (e is FetchException or IOException or UnauthorizedAccessException)
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
        var progress = new StagingProgress("uploading", phase, time).Add();
        return await fetcher.PutAsync(directory.Output, fetcher.CheckUri(Plain(output), forWriting: true), progress, ct);
    }

    /// <summary>What was delivered, for the attempt's record.</summary>
    public static IReadOnlyList<OutputFile> Manifest(TransferResult delivered) => [.. delivered.Files.Select(f => new OutputFile(f.Name, f.Size, f.Md5))];

    private async Task<long> InputsAsync((string Uri, StagingProgress.Part Told)[] same, WorkDirectory directory, RunAs? account, CancellationToken ct)
    {
        long bytes = 0;
        foreach (var (uri, told) in same) bytes += await InputAsync(uri, directory, account, told, ct);
        return bytes;
    }

    private Task<long> InputAsync(string text, WorkDirectory directory, RunAs? account, IProgress<TransferProgress> told, CancellationToken ct) => OrPlainAsync(text, async t =>
    {
        var uri = fetcher.CheckUri(t);
        var factor = uri.Action is null or { Kind: UriActionKind.Move } ? 1 : 2;
        var by = account is not null && accounts is not null && AccountFetchers.IsFile(t) ? accounts.For(account) : fetcher;
        return (await room.HoldAsync(factor, told, (progress, c) => by.GetAsync(uri, directory.Input, progress, c), ct)).Bytes;
    });

    private async Task<ResourceLease> ResourceAsync(string text, StagingProgress.Part told, CancellationToken ct)
    {
        var lease = await OrPlainAsync(text, t => resources.GetAsync(t, told, ct));
        told.Done();
        return lease;
    }

    /// <summary>A key is taken to the byte, but where there is none, a // or /./ is most often a script's slip.</summary>
    private static async Task<T> OrPlainAsync<T>(string text, Func<string, Task<T>> get)
    {
        try
        {
            return await get(text);
        }
        catch (DataNotFoundException) when (Plain(text) != text)
        {
            return await get(Plain(text));
        }
    }

    /// <summary>Without empty and single-dot parts.</summary>
    internal static string Plain(string text)
    {
        var (start, end) = (text.IndexOf("://", StringComparison.Ordinal) + 3, text.IndexOf('|', StringComparison.Ordinal));
        if (end < 0) end = text.Length;
        var path = text[start..end];
        while (path.Contains("/./", StringComparison.Ordinal)) path = path.Replace("/./", "/", StringComparison.Ordinal);
        while (path.Contains("//", StringComparison.Ordinal)) path = path.Replace("//", "/", StringComparison.Ordinal);
        return text[..start] + path + text[end..];
    }
}

/// <summary>What was brought.</summary>
/// <param name="Bytes">Bytes fetched for this attempt.</param>
/// <param name="Warnings">What its user should know.</param>
internal sealed record Staged(long Bytes, IReadOnlyList<string> Warnings);
