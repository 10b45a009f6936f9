using System.Collections.Concurrent;
using System.Security.Cryptography;
using Scitq.Agent.Bus;
using Scitq.Agent.Parts;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Fetch;

namespace Scitq.Agent.Reuse;

/// <summary>Looks for the result of an identical task, and takes it: its outputs are checked, and copied when they are wanted elsewhere.</summary>
internal sealed class Reuser(Fetcher fetcher, IAgentBus bus, WorkerIdentity self, TimeProvider time) : IMessageHandler<ReusableFound>
{
    private const int AtOnce = 8;
    private const int FewFiles = 100;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly ConcurrentDictionary<long, TaskCompletionSource<ReusableFound>> _waiting = new();
    private readonly KeyMaker _keys = new(fetcher);
    private long _lastRequest;

    /// <exception cref="FetchException">Some of its data can't be looked at.</exception>
    public Task<CacheKey> KeyAsync(TaskSpec spec, CancellationToken ct) => _keys.MakeAsync(spec, ct);

    /// <summary>Asks the coordinator; null when it does not answer soon.</summary>
    public async Task<ReusableFound?> FindAsync(Guid task, CacheKey key, CancellationToken ct)
    {
        var number = Interlocked.Increment(ref _lastRequest);
        var answer = _waiting[number] = new TaskCompletionSource<ReusableFound>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            var question = new FindReusable { Worker = self.Name, Request = number, TaskId = task, Key = key.Text, Parts = key.Parts };
            await bus.SendAsync(Queues.Claims, question, durable: false, ct);
            return await answer.Task.WaitAsync(Patience, time, ct);
        }
        catch (Exception e) when (e is SendException or TimeoutException)
        {
            // Nothing depends on it: the task runs.
            return null;
        }
        finally
        {
            _waiting.TryRemove(number, out _);
        }
    }

    public Task HandleAsync(ReusableFound message)
    {
        if (_waiting.TryGetValue(message.Request, out var waiting)) waiting.TrySetResult(message);
        return Task.CompletedTask;
    }

    /// <summary>Sees that the outputs are there as they were delivered, and copies them where they are wanted; the bytes that were copied.</summary>
    /// <exception cref="FetchException">They are not, or can't be copied.</exception>
    public async Task<long> TakeAsync(ReusableResult result, DataUri? wanted, CancellationToken ct)
    {
        if (wanted is null || result.Output is null) return 0;
        var from = fetcher.CheckUri(result.Output).AsFolder();
        var to = fetcher.CheckUri(wanted, forWriting: true).AsFolder();
        await CheckAsync(from, result.Files, ct);
        if (from.Text == to.Text) return 0;
        var copied = 0L;
        await Parallel.ForEachAsync(result.Files, Parallelism(ct), async (file, c) =>
        {
            var moved = (await fetcher.CopyAsync(from.At(from.Path + file.Name), to.At(to.Path + file.Name), progress: null, c)).Files[0];
            if (moved.Md5 is { } md5 && file.Md5 is { } recorded && md5 != recorded)
                throw new IntegrityException($"{Redacted.Of(from)}{file.Name} is not what was delivered");
            Interlocked.Add(ref copied, moved.Size);
        });
        return copied;
    }

    private static ParallelOptions Parallelism(CancellationToken ct) => new() { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct };

    private async Task CheckAsync(DataUri folder, IReadOnlyList<OutputFile> files, CancellationToken ct)
    {
        if (files.Count <= FewFiles)
        {
            await Parallel.ForEachAsync(files, Parallelism(ct), async (file, c) =>
                await CheckAsync(file, await fetcher.InfoAsync(folder.At(folder.Path + file.Name), c), folder, c));
            return;
        }

        // Many at once by their listing, which may hold the files of other tasks too.
        var left = files.ToDictionary(f => f.Name);
        await foreach (var entry in fetcher.ListAsync(folder, ct: ct))
            if (left.Remove(entry.Name, out var file)) await CheckAsync(file, entry, folder, ct);
        if (left.Count > 0) throw Gone(folder, left.Keys.First());
    }

    private static async Task CheckAsync(OutputFile file, DataEntry? entry, DataUri folder, CancellationToken ct)
    {
        if (entry is null) throw Gone(folder, file.Name);
        if (entry.Size != file.Size) throw new IntegrityException($"{Redacted.Of(folder)}{file.Name} has another size now");
        // A file system knows no checksums; where reading costs no transfer it is worth the certainty.
        var md5 = entry.Md5 ?? (folder.Scheme == "file" && file.Md5 is not null ? await HashAsync(folder.Path + file.Name, ct) : null);
        if (md5 is not null && file.Md5 is { } recorded && md5 != recorded)
            throw new IntegrityException($"{Redacted.Of(folder)}{file.Name} has other content now");
    }

    private static async Task<string> HashAsync(string path, CancellationToken ct)
    {
        try
        {
            await using var content = File.OpenRead(path);
            return Convert.ToHexStringLower(await CryptographicOperations.HashDataAsync(HashAlgorithmName.MD5, content, ct));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IntegrityException($"{path} can't be read: {e.Message}", e);
        }
    }

    private static DataNotFoundException Gone(DataUri folder, string name) => new($"{Redacted.Of(folder)}{name} is no longer there");
}
