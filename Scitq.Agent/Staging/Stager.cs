using System.Buffers.Binary;
using System.Collections.Concurrent;
using Scitq.Agent.Disk;
using Scitq.Agent.Runtimes;
using Scitq.Agent.Runtimes.Native;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Fetch;

namespace Scitq.Agent.Staging;

/// <summary>Brings an attempt's data in before it runs, and its output out afterwards.</summary>
internal sealed class Stager(Fetcher fetcher, ResourceCache resources, DiskRoom room, TimeProvider time, AccountFetchers? accounts = null)
{
    private const int MostListed = 20_000, MostNamed = 50;
    private static readonly TimeSpan ListPatience = TimeSpan.FromSeconds(20);

    /// <summary>Fetches all inputs and resources, at the same time.</summary>
    public async Task<Staged> FetchAsync(TaskSpec spec, WorkDirectory directory, Action<string> phase, CancellationToken ct, RunAs? account = null)
    {
        if (spec.Inputs.Count + spec.Resources.Count == 0) return new Staged(0, []);
        if (account is not null) await Task.Run(() => AccountFetchers.Check(account, spec, ct), ct);
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var progress = new StagingProgress("fetching", phase, time);
        TransferTroubles.Listen(progress.Trouble);
        var said = new ConcurrentQueue<string>();
        phase("fetching");
        // Two of one name: the later one wins, as of resources, so they may not be on their way at once.
        var named = spec.Inputs.Distinct().GroupBy(uri => fetcher.NameOf(fetcher.CheckUri(uri)) ?? uri.Text).ToList();
        var into = new Inputs(directory, account, said);
        var inputs = named.ConvertAll(same => OrStopAllAsync(() => InputsAsync([.. same.Select(uri => (uri, progress.Add()))], into, failed.Token)));
        var leases = spec.Resources.Distinct().Select(uri => OrStopAllAsync(() => ResourceAsync(uri, progress.Add(), failed.Token))).ToList();
        try
        {
            await Task.WhenAll([.. inputs, .. leases]);
            // In the order given, so that it is the last one that wins where two have the same name.
            foreach (var lease in leases) await Task.Run(() => LinkTree.Make(lease.Result.Data, directory.Resource, ct), ct);
            var bytes = inputs.Sum(i => i.Result) + leases.Sum(l => l.Result.Fetched);
            var replaced = named.Where(same => same.Count() > 1).Select(Replaced);
            return new Staged(bytes, [.. leases.Select(l => l.Result.Warning).OfType<string>(), .. said, .. replaced]);
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

    private static string Replaced(IGrouping<string, DataUri> same)
    {
        var earlier = string.Join(", ", same.SkipLast(1).Select(Redacted.Of));
        return $"inputs of one name: {Redacted.Of(same.Last())} has replaced {earlier}; put them apart with |mv:FOLDER";
    }

    /// <summary>Delivers everything below the output directory.</summary>
    public async Task<TransferResult> DeliverAsync(DataUri output, WorkDirectory directory, Action<string> phase, CancellationToken ct)
    {
        var progress = new StagingProgress("uploading", phase, time);
        TransferTroubles.Listen(progress.Trouble);
        return await fetcher.PutAsync(directory.Output, fetcher.CheckUri(output.Plain(), forWriting: true), progress.Add(), ct);
    }

    /// <summary>
    /// What the output folder holds beside a delivery, as a warning; null when there is nothing. Files that an earlier attempt has left can't be
    /// told from those of another task with the same folder, so none is removed.
    /// </summary>
    /// <param name="output">The folder.</param>
    /// <param name="delivered">What this attempt has delivered.</param>
    /// <param name="task">The task, whose id may tell since when it exists.</param>
    /// <param name="ct">Stops it.</param>
    public async Task<string?> OthersAsync(DataUri output, TransferResult delivered, Guid task, CancellationToken ct)
    {
        using var over = new CancellationTokenSource(ListPatience, time);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct, over.Token);
        var own = delivered.Files.Select(f => f.Name).ToHashSet(StringComparer.Ordinal);
        var since = Since(task);
        var (names, count, looked) = (new List<string>(), 0, 0);
        try
        {
            await foreach (var entry in fetcher.ListAsync(fetcher.CheckUri(output.Plain()), ct: patience.Token))
            {
                if (++looked > MostListed) return $"{Others(names, count)}; the output folder holds so many files that not all were looked at";
                if (own.Contains(entry.Name) || Path.GetFileName(entry.Name).StartsWith(Fetcher.ProbePrefix, StringComparison.Ordinal)) continue;
                if (since is { } begun && entry.Modified < begun && (entry.Created ?? DateTimeOffset.MinValue) < begun) continue;
                count++;
                if (names.Count < MostNamed) names.Add(Redacted.Of(entry.Name));
            }
        }
        catch (DataNotFoundException) when (own.Count == 0)
        {
            // Nothing was delivered, and nothing is there.
        }
        catch (Exception e) when (e is FetchException or IOException or UnauthorizedAccessException or OperationCanceledException)
        {
            if (ct.IsCancellationRequested) throw;
            var problem = e is OperationCanceledException ? $"no answer in {ListPatience.TotalSeconds:0} s" : e.Message;
            return $"whether earlier attempts have left files in the output folder could not be found out: {problem}";
        }

        return count == 0 ? null : Others(names, count);
    }

    private static string Others(List<string> names, int count) =>
        $"the output folder also holds {count} file{(count == 1 ? "" : "s")} that {(count == 1 ? "is" : "are")} not of this attempt, but of an earlier one "
        + $"or of another task: {string.Join(", ", names)}{(count > names.Count ? ", …" : "")}";

    /// <summary>Ids that are made here hold their time; clocks may differ a little.</summary>
    private static DateTimeOffset? Since(Guid task) => task.Version == 7
        ? DateTimeOffset.FromUnixTimeMilliseconds((long)(BinaryPrimitives.ReadUInt64BigEndian(task.ToByteArray(bigEndian: true)) >> 16)).AddMinutes(-5)
        : null;

    /// <summary>What was delivered, for the attempt's record.</summary>
    public static IReadOnlyList<OutputFile> Manifest(TransferResult delivered) => [.. delivered.Files.Select(f => new OutputFile(f.Name, f.Size, f.Md5))];

    private async Task<long> InputsAsync((DataUri Uri, StagingProgress.Part Told)[] same, Inputs into, CancellationToken ct)
    {
        long bytes = 0;
        foreach (var (uri, told) in same) bytes += await InputAsync(uri, into, told, ct);
        return bytes;
    }

    private Task<long> InputAsync(DataUri asked, Inputs into, IProgress<TransferProgress> told, CancellationToken ct) => OrPlainAsync(asked, async u =>
    {
        var uri = fetcher.CheckUri(u);
        var factor = uri.Action is null or { Kind: UriActionKind.Move } ? 1 : 2;
        var by = into.Account is not null && accounts is not null && AccountFetchers.IsFile(u) ? accounts.For(into.Account) : fetcher;
        var result = await room.HoldAsync(factor, told, (progress, c) => by.GetAsync(uri, into.Directory.Input, progress, c), ct);
        foreach (var warning in result.Warnings) into.Said.Enqueue(warning);
        return result.Bytes;
    });

    private async Task<ResourceLease> ResourceAsync(DataUri uri, StagingProgress.Part told, CancellationToken ct)
    {
        var lease = await OrPlainAsync(uri, u => resources.GetAsync(u, told, ct));
        told.Done();
        return lease;
    }

    /// <summary>A key is taken to the byte, but where there is none, a // or /./ is most often a script's slip.</summary>
    private static async Task<T> OrPlainAsync<T>(DataUri uri, Func<DataUri, Task<T>> get)
    {
        try
        {
            return await get(uri);
        }
        catch (DataNotFoundException) when (uri.Plain() != uri)
        {
            return await get(uri.Plain());
        }
    }

    /// <summary>Where the inputs of a task go, whose files they are read as, and what its user is told.</summary>
    private sealed record Inputs(WorkDirectory Directory, RunAs? Account, ConcurrentQueue<string> Said);
}
