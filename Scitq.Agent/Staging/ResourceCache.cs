using Microsoft.Extensions.Logging;
using Scitq.Agent.Disk;
using Scitq.Agent.Files;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Fetch;

namespace Scitq.Agent.Staging;

/// <summary>
/// Resources of this worker: each is fetched once whoever asks for it, under a temporary name, published by rename, kept over
/// restarts, fetched anew when its source has changed, and removed least recently used first when the disk is wanted.
/// Tasks get links, so that a version may go while they still use it.
/// </summary>
internal sealed partial class ResourceCache(
    Fetcher fetcher, DiskRoom room, string directory, IResourceUsers users, Leftovers leftovers, TimeProvider time, ILogger<ResourceCache> logger) : IEvictable
{
    private const int MostListed = 200;
    private static readonly TimeSpan CheckEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AskPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan TellUseEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan KeepUnfinished = TimeSpan.FromDays(1);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, KeptResource> _kept = [];
    private readonly Dictionary<string, ResourceFlight> _flights = [];
    private long _usesTold;

    /// <summary>Counts up when the list has changed.</summary>
    public long Revision { get; private set; }

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>Takes up what an earlier process has left.</summary>
    public void Open()
    {
        room.MayEvict(this);
        leftovers.Make(directory, OwnDirectory.Closed);
        foreach (var root in Directory.EnumerateDirectories(directory))
        {
            // An interrupted download is continued when somebody wants it again.
            if (Path.GetFileName(root).StartsWith('.'))
            {
                if (Directory.GetLastWriteTimeUtc(root) < Now - KeepUnfinished) leftovers.Discard(root);
                continue;
            }

            if (KeptResource.Open(root) is { } kept && (!_kept.TryGetValue(kept.Uri, out var other) || other.LastUsed < kept.LastUsed))
            {
                if (_kept.Remove(kept.Uri, out var older)) leftovers.Discard(older.Root);
                _kept[kept.Uri] = kept;
            }
            else
            {
                leftovers.Discard(root);
            }
        }

        Revision++;
    }

    /// <summary>The resource, which stays until the lease on it is disposed of.</summary>
    /// <exception cref="FetchException">It can't be had.</exception>
    public async Task<ResourceLease> GetAsync(DataUri uri, IProgress<TransferProgress> progress, CancellationToken ct)
    {
        var asked = time.GetTimestamp();
        while (true)
        {
            ResourceFlight flight;
            lock (_lock)
            {
                if (!_flights.TryGetValue(uri.Text, out flight!))
                {
                    if (_kept.TryGetValue(uri.Text, out var fresh) && fresh.Checked != 0 && time.GetElapsedTime(fresh.Checked) < CheckEvery)
                        return Lease(fresh, 0, null);
                    flight = _flights[uri.Text] = new ResourceFlight(time.GetTimestamp(), f => FlyAsync(uri, f));
                }
            }

            if (!flight.TryJoin(progress))
            {
                await Task.WhenAny(flight.Landing, Task.Delay(Timeout.InfiniteTimeSpan, time, ct));
                ct.ThrowIfCancellationRequested();
                continue;
            }

            try
            {
                KeptResource kept;
                try
                {
                    kept = await flight.Landing.WaitAsync(ct);
                }
                catch (Exception) when (flight.Begun < asked && flight.Landing.IsFaulted)
                {
                    // An answer to somebody who asked before: it may be another one now.
                    continue;
                }

                lock (_lock)
                    // Else it was removed between its arrival and now.
                    if (!kept.Obsolete) return Lease(kept, flight.TakeFetched(), flight.Warning);
            }
            finally
            {
                flight.Leave(progress);
            }
        }
    }

    /// <summary>What is kept, for people.</summary>
    public IReadOnlyList<CachedResource> List()
    {
        lock (_lock) return [.. _kept.Values.OrderByDescending(k => k.Bytes).Take(MostListed).Select(Describe)];
    }

    /// <summary>Forgets all; what is being linked goes a moment later. Says what was done.</summary>
    public string Reset()
    {
        List<KeptResource> all;
        List<string> free;
        lock (_lock)
        {
            all = [.. _kept.Values];
            free = [.. all.Select(Drop).OfType<string>()];
        }

        foreach (var root in free) Remove(root);
        return $"forgot {all.Count} resource{(all.Count == 1 ? "" : "s")}, {Sizes.Text(all.Sum(k => k.Bytes))}";
    }

    /// <summary>Removes one thing that nobody uses: an unfinished download, else the resource unused for longest; false when there is none.</summary>
    public bool EvictOne()
    {
        if (SetUnfinishedAside() is { } unfinished)
        {
            Remove(unfinished);
            if (!Directory.Exists(unfinished)) return true;
        }

        string free;
        lock (_lock)
        {
            var idles = _kept.Values.Where(k => k.Pins == 0 && !_flights.ContainsKey(k.Uri) && users.Count(k.Uri) == 0);
            if (idles.MinBy(k => k.LastUsed) is not { } idle) return false;
            free = Drop(idle)!;
            var uri = Redacted.Of(idle.Uri);
            Log.Evicted(logger, uri, idle.Bytes);
        }

        Remove(free);
        return true;
    }

    private CachedResource Describe(KeptResource kept) => new(Redacted.Of(kept.Uri), kept.Bytes, users.Count(kept.Uri), kept.LastUsed);

    /// <summary>Renames a download that nobody continues, so that nobody does while it is removed; null when there is none.</summary>
    private string? SetUnfinishedAside()
    {
        lock (_lock)
        {
            var busy = _flights.Keys.Select(uri => "." + KeptResource.NameOf(uri)).ToHashSet();
            if (!Directory.Exists(directory)) return null;
            if (Directory.EnumerateDirectories(directory, ".*").FirstOrDefault(d => !busy.Contains(Path.GetFileName(d))) is not { } unfinished) return null;
            var aside = Path.Combine(directory, $".{Guid.NewGuid():N}");
            Directory.Move(unfinished, aside);
            return aside;
        }
    }

    /// <summary>Under the lock.</summary>
    private ResourceLease Lease(KeptResource kept, long fetched, string? warning)
    {
        kept.Pins++;
        kept.Use(Now);
        if (_usesTold == 0 || time.GetElapsedTime(_usesTold) > TellUseEvery)
        {
            _usesTold = time.GetTimestamp();
            Revision++;
        }

        return new ResourceLease(kept.Data, fetched, warning, () =>
        {
            bool last;
            lock (_lock) last = --kept.Pins == 0 && kept.Obsolete;
            if (last) Remove(kept.Root);
        });
    }

    /// <summary>
    /// Forgets one, under the lock. What can be removed at once is handed back, to be removed outside of it: that takes long, and heartbeats need the lock too.
    /// </summary>
    private string? Drop(KeptResource kept)
    {
        kept.Obsolete = true;
        if (_kept.TryGetValue(kept.Uri, out var current) && current == kept) _kept.Remove(kept.Uri);
        Revision++;
        return kept.Pins == 0 ? kept.Root : null;
    }

    private async Task<KeptResource> FlyAsync(DataUri uri, ResourceFlight flight)
    {
        try
        {
            var source = fetcher.CheckUri(uri);
            KeptResource? kept;
            lock (_lock) kept = _kept.GetValueOrDefault(uri.Text);
            var version = await AskAsync(source, kept, flight);
            if (kept is not null && (version is null || version == kept.Source)) return kept;
            var fetched = await FetchAsync(source, version, flight);
            string? old;
            lock (_lock)
            {
                old = _kept.TryGetValue(uri.Text, out var before) ? Drop(before) : null;
                _kept[uri.Text] = fetched;
                Revision++;
            }

            if (old is not null) Remove(old);
            return fetched;
        }
        finally
        {
            lock (_lock)
            {
                if (_kept.TryGetValue(uri.Text, out var kept)) kept.Checked = time.GetTimestamp();
                _flights.Remove(uri.Text);
            }
        }
    }

    private async Task<string?> AskAsync(DataUri source, KeptResource? kept, ResourceFlight flight)
    {
        if (kept is null) return await SourceVersion.OfAsync(fetcher, source, flight.Stopping);
        using var over = new CancellationTokenSource(AskPatience, time);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(flight.Stopping, over.Token);
        try
        {
            return await SourceVersion.OfAsync(fetcher, source, patience.Token);
        }
        catch (Exception e) when ((e is FetchException || patience.IsCancellationRequested) && !flight.Stopping.IsCancellationRequested)
        {
            // A copy that was good a while ago is better than a task that fails.
            var problem = e is FetchException ? e.Message : $"no answer in {AskPatience.TotalSeconds:0} s";
            flight.Warning = $"the resource {Redacted.Of(source)} was taken from the worker's cache; whether it has changed could not be found out: {problem}";
            Log.Unasked(logger, flight.Warning);
            return null;
        }
    }

    private async Task<KeptResource> FetchAsync(DataUri source, string? version, ResourceFlight flight)
    {
        var temporary = Path.Combine(directory, "." + KeptResource.NameOf(source.Text));
        var versionFile = Path.Combine(temporary, "source");
        // What an earlier download has left is continued, unless it is of another version.
        var continues = File.Exists(versionFile) && await File.ReadAllTextAsync(versionFile, flight.Stopping) == (version ?? "");
        if (!continues && Directory.Exists(temporary)) Remove(temporary);
        Directory.CreateDirectory(KeptResource.DataIn(temporary));
        await File.WriteAllTextAsync(versionFile, version ?? "", flight.Stopping);
        try
        {
            // An archive lies beside its content for a while.
            var factor = source.Action is null or { Kind: UriActionKind.Move } ? 1 : 2;
            var data = KeptResource.DataIn(temporary);
            var result = await room.HoldAsync(factor, flight, (progress, ct) => fetcher.GetAsync(source, data, progress, ct), flight.Stopping);
            flight.Fetched(result.Bytes);
            if (result.Warnings.Count > 0) flight.Warning = string.Join(" ", result.Warnings.Take(20));
            File.Delete(versionFile);
            return KeptResource.Publish(temporary, directory, source.Text, version, Now);
        }
        catch (DiskFullException)
        {
            // Others may want the room.
            Remove(temporary);
            throw;
        }
    }

    private void Remove(string root) => leftovers.Remove(root);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Resource {Uri} ({Bytes} bytes) makes room: nobody uses it.")]
        public static partial void Evicted(ILogger logger, string uri, long bytes);

        [LoggerMessage(Level = LogLevel.Warning, Message = "A task gets a resource that may be out of date: {Problem}")]
        public static partial void Unasked(ILogger logger, string problem);
    }
}
