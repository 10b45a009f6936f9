using System.Collections.Concurrent;
using System.Security.Cryptography;
using Scitq.Contracts;
using Scitq.Fetch.Archives;
using Scitq.Fetch.Local;
using Scitq.Fetch.Transfers;
using Scitq.Fetch.Transports;

namespace Scitq.Fetch;

public sealed partial class Fetcher
{
    private static readonly TimeSpan TimePrecision = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Copies between two places that may both be remote: a file, or everything below a folder. Bytes stream through, no disk is used.
    /// The destination follows the rules of <see cref="PutAsync"/>; the source those of <see cref="GetAsync"/>, without actions.
    /// </summary>
    /// <param name="source">The folder to copy.</param>
    /// <param name="destination">Where to.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="BadUriException">A folder would be copied into itself, or a name leads outside of the destination; that file was not
    /// written.</exception>
    /// <exception cref="FetchException">As for get and put.</exception>
    public async Task<TransferResult> CopyAsync(
        DataUri source, DataUri destination, IProgress<TransferProgress>? progress = null, CancellationToken ct = default)
    {
        (source, destination) = (Place(source), Place(destination));
        if (source.Action is not null) throw new BadUriException($"{Redacted.Of(source)}: '|{source.Action}' works only when fetching to a local directory.");
        CheckDestination(destination);
        var meter = new Meter(progress, _time);
        if (await InfoAsync(source, ct) is { } one)
        {
            meter.Expect(one.Size);
            var name = destination.IsFolder ? _schemes.For(source).NameOf(source) : destination.Path[(destination.Path.LastIndexOf('/') + 1)..];
            var file = await CopyOneAsync(
                one, destination.IsFolder ? Below(destination, one with { Name = name }) : destination, destination, name, source,
                DownloadOf(_schemes.For(source), source, meter), meter, ct);
            meter.Report();
            return new TransferResult { Files = [file] };
        }

        var folder = destination.AsFolder();
        RefuseInto(source.AsFolder(), folder);
        var files = new ConcurrentBag<TransferredFile>();
        var warnings = new ConcurrentQueue<string>();
        var failures = new Failures();
        var found = 0;
        var download = DownloadOf(_schemes.For(source), source, meter);
        await Parallel.ForEachAsync(AsFarAsListed(ListAsync(source, recursive: true, left => warnings.Enqueue(left.ToString()), ct), failures, ct),
            new ParallelOptions { MaxDegreeOfParallelism = _options.Files, CancellationToken = ct }, async (entry, c) =>
        {
            Interlocked.Increment(ref found);
            meter.Expect(entry.Size);
            await failures.CatchAsync(entry.Uri.Text, async () =>
                files.Add(await CopyOneAsync(entry, Below(folder, entry), folder, entry.Name, source, download, meter, c)));
        });
        var result = new TransferResult { Files = [.. files.OrderBy(f => f.Name, StringComparer.Ordinal)], Warnings = [.. warnings] };
        failures.ThrowIfAny(result);
        if (found == 0) throw NotFound(source);
        meter.Report();
        return result;
    }

    /// <summary>
    /// Makes a folder hold what another one holds, moving only what is missing or differs: another size; another MD5, where both sides know it; else a source
    /// newer by more than a second. A second run moves nothing. Nothing is deleted unless asked for.
    /// </summary>
    /// <param name="source">The folder to take from.</param>
    /// <param name="destination">The folder to bring up to date; made if missing.</param>
    /// <param name="options">How to compare.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="ct">Stops it.</param>
    /// <returns>The files that were moved (or would be), and how many were not.</returns>
    /// <exception cref="BadUriException">A folder would be copied into itself, or delete itself, or a name leads outside of the destination; that
    /// file was not written.</exception>
    /// <exception cref="DataNotFoundException">There is no such source folder.</exception>
    /// <exception cref="FetchException">Some files failed; the others are done.</exception>
    public async Task<TransferResult> SyncAsync(
        DataUri source, DataUri destination, SyncOptions? options = null, IProgress<TransferProgress>? progress = null, CancellationToken ct = default)
    {
        options ??= new SyncOptions();
        (source, destination) = (Place(source).AsFolder(), Place(destination).AsFolder());
        CheckDestination(destination);
        Require(source, TransportCapabilities.List, "listed");
        Require(destination, TransportCapabilities.List, "listed");
        RefuseInto(source, destination);
        if (options.Delete)
        {
            Require(destination, TransportCapabilities.Delete, "deleted from");
            if (IsInside(source, destination))
                throw new BadUriException(
                    $"{Redacted.Of(source)} is inside of {Redacted.Of(destination)}: what the source lacks would be deleted there, itself included.");
        }

        var there = await ThereAsync(destination, options.Filter, ct);
        var way = options.Delete ? new Obstacles(there.Keys, _schemes.For(destination), destination) : null;
        var meter = new Meter(progress, _time);
        var files = new ConcurrentBag<TransferredFile>();
        var warnings = new ConcurrentQueue<string>();
        var doubtful = new ConcurrentBag<string>();
        var obstructed = new ConcurrentBag<(DataEntry Entry, DataUri Target)>();
        var seen = new ConcurrentDictionary<string, byte>(StringComparer.Ordinal);
        var failures = new Failures();
        var (found, skipped) = (0, 0);
        var download = DownloadOf(_schemes.For(source), source, meter);
        await Parallel.ForEachAsync(AsFarAsListed(ListAsync(source, recursive: true, LeftOut, ct), failures, ct),
            new ParallelOptions { MaxDegreeOfParallelism = _options.Files, CancellationToken = ct }, async (entry, c) =>
        {
            Interlocked.Increment(ref found);
            if (!options.Filter.Takes(entry.Name)) return;
            await failures.CatchAsync(entry.Uri.Text, async () =>
            {
                var target = Below(destination, entry);
                // Not always the entry's own: a//b becomes a/b where names are paths.
                var name = target.Path[destination.Path.Length..];
                if (options.Delete) seen.TryAdd(name, 0);
                if (there.TryGetValue(name, out var known) && await SameAsync(entry, target, known, options.Checksum, warnings, c))
                {
                    Interlocked.Increment(ref skipped);
                    return;
                }

                meter.Expect(entry.Size);
                if (options.DryRun) files.Add(new TransferredFile(entry.Name, entry.Size ?? 0, entry.Md5));
                else if (way?.Hinder(name) == true) obstructed.Add((entry, target));
                else await MoveAsync(entry, target, c);
            });
        });
        failures.ThrowIfAny(Result());
        if (found == 0 && source.Scheme != "file") throw NotFound(source);
        // Only now that everything is there which can be, and only what was listed before: whatever went wrong until here leaves the destination as it was.
        var surplus = options.Delete ? there.Keys.Where(name => !seen.ContainsKey(name) && !IsDoubtful(name)).ToArray() : [];
        await Parallel.ForEachAsync(surplus, ct, async (name, c) => await failures.CatchAsync(name, async () =>
        {
            // This alone: an object's name may end with a slash, and then would mean all below it.
            var place = destination.At(destination.Path + name);
            if (!options.DryRun) await _retrier.RunAsync(place, d => _schemes.For(place).DeleteAsync(place, d), c);
            options.Deleted?.Invoke(name);
        }));
        failures.ThrowIfAny(Result());
        // Files where folders belong, and folders where files do, are out of the way only now.
        await Parallel.ForEachAsync(obstructed, new ParallelOptions { MaxDegreeOfParallelism = _options.Files, CancellationToken = ct }, async (one, c) =>
            await failures.CatchAsync(one.Entry.Uri.Text, async () =>
        {
            await _retrier.RunAsync(one.Target, d => _schemes.For(one.Target).RemoveFolderAsync(one.Target, d), c);
            await MoveAsync(one.Entry, one.Target, c);
        }));
        failures.ThrowIfAny(Result());
        meter.Report();
        return Result() with { Deleted = surplus.Length };

        async Task MoveAsync(DataEntry entry, DataUri target, CancellationToken c) =>
            files.Add(await CopyOneAsync(entry, target, destination, entry.Name, source, download, meter, c));

        TransferResult Result() => new() { Files = [.. files.OrderBy(f => f.Name, StringComparer.Ordinal)], Skipped = skipped, Warnings = [.. warnings] };

        bool IsDoubtful(string name) => doubtful.Any(d => name == d || name.StartsWith(d + "/", StringComparison.Ordinal));

        void LeftOut(LeftOut left)
        {
            warnings.Enqueue(left.ToString());
            if (!left.IsEmpty) doubtful.Add(left.Name);
        }
    }

    /// <summary>The thing at a destination; null when nothing is there.</summary>
    private async Task<Dictionary<string, Known>> ThereAsync(DataUri destination, NameFilter filter, CancellationToken ct)
    {
        var there = new Dictionary<string, Known>(StringComparer.Ordinal);
        try
        {
            await foreach (var entry in ListAsync(destination, ct: ct))
                if (filter.Takes(entry.Name))
                    there[entry.Name] = new Known(entry.Size, entry.Modified?.UtcTicks ?? 0, entry.Md5 is { } md5 ? Convert.FromHexString(md5) : null);
        }
        catch (DataNotFoundException)
        {
            // It will be made. A bucket or container will not: then the first upload says so.
        }

        return there;
    }

    /// <summary>Moves one object between any two places, by the way that can be continued.</summary>
    private async Task<TransferredFile> CopyOneAsync(
        DataEntry entry, DataUri destination, DataUri root, string name, DataUri source, IFileDownload download, Meter meter, CancellationToken ct)
    {
        var (from, to) = (_schemes.For(entry.Uri), _schemes.For(destination));
        try
        {
            // Another list than the server's own named it: which version there is, only the server knows.
            if (entry.Version is null && from is HttpTransport or FtpTransport && await InfoAsync(entry.Uri, ct) is { } now)
                entry = entry with { Version = now.Version, Size = entry.Size ?? now.Size };
            if (to is FileTransport place)
            {
                place.Check(destination);
                LocalName.MakeParents(root.IsFolder ? root.Path : Path.GetDirectoryName(destination.Path)!, destination.Path);
            }

            if (from is FileTransport local)
            {
                local.Check(entry.Uri);
                if (to is not FileTransport && !ByteName.IsText(destination.Path)) throw ByteName.Refused(entry.Uri.Path, $"{destination.Scheme}://");
                return await new Upload(to, _retrier, meter).FromFileAsync(entry.Uri.Path, destination, name, ct);
            }

            if (to is FileTransport)
            {
                // A list may name places of other schemes than its own.
                var way = from == _schemes.For(source) ? download : DownloadOf(from, entry.Uri, meter);
                var file = await way.ToFileAsync(entry, destination.Path, name, ct);
                meter.FileDone();
                return file;
            }

            var upload = new Upload(to, _retrier, meter);
            var copied = await _retrier.RunAsync(destination, async c =>
            {
                await using var body = new RangedStream(from, entry, _through, _retrier, _idle);
                return await upload.FromStreamAsync(body, entry, destination, name, c);
            }, ct);
            if (entry.Md5 is { } known && copied.Md5 != known && (entry.IsMd5Sure || ((await InfoAsync(entry.Uri, ct))?.Md5 is { } sure && copied.Md5 != sure)))
                throw new IntegrityException($"{Redacted.Of(entry.Uri)}: what was read has the MD5 {copied.Md5} instead of {known}.");
            meter.FileDone();
            return copied;
        }
        catch (SourceChangedException e)
        {
            throw new IntegrityException($"{Redacted.Of(entry.Uri)}: it changed while it was copied; try again when it is finished.", e);
        }
        catch (Exception e) when (LocalErrors.Classify(e, entry.Uri.Text) is { } problem)
        {
            throw problem;
        }
    }

    private async Task<bool> SameAsync(DataEntry entry, DataUri target, Known known, bool checksum, ConcurrentQueue<string> warnings, CancellationToken ct)
    {
        if (entry.Size != known.Size) return false;
        var (ours, theirs) = (entry.Md5, known.Md5 is null ? null : Convert.ToHexStringLower(known.Md5));
        var isNewer = entry.Modified is { } modified && modified.UtcTicks - known.Modified > TimePrecision.Ticks;
        // Where the time of arrival is kept, and not that of the source, a file from the future would stay newer whatever is done.
        var isOfFuture = isNewer && entry.Modified > _time.GetUtcNow() + TimePrecision;
        if (checksum || isOfFuture)
        {
            ours ??= await Md5Async(entry.Uri, ct);
            theirs ??= await Md5Async(target, ct);
        }

        if (ours is not null && theirs is not null) return ours == theirs;
        if (isOfFuture) warnings.Enqueue($"'{Redacted.Of(entry.Name)}' was compared by its size alone: its time is in the future.");
        return !isNewer || isOfFuture;
    }

    /// <summary>The MD5 of a file: read when it is local, asked for when it is not (listings leave it out in some stores).</summary>
    private async Task<string?> Md5Async(DataUri uri, CancellationToken ct)
    {
        if (uri.Scheme != "file") return (await InfoAsync(uri, ct))?.Md5;
        await using var file = Archive.Open(uri.Path);
#pragma warning disable CA5351 // MD5 is what stores publish; it tells versions apart here.
        return Convert.ToHexStringLower(await MD5.HashDataAsync(file, ct));
#pragma warning restore CA5351
    }

    /// <summary>The facts that are kept of each file at the destination: few, since there may be a million files.</summary>
    private readonly record struct Known(long? Size, long Modified, byte[]? Md5);
}
