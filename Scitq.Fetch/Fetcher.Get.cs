using System.Collections.Concurrent;
using Scitq.Contracts;
using Scitq.Fetch.Archives;
using Scitq.Fetch.Local;
using Scitq.Fetch.Programs;
using Scitq.Fetch.Transfers;
using Scitq.Fetch.Transports;

namespace Scitq.Fetch;

public sealed partial class Fetcher
{
    /// <summary>
    /// Fetches a file into a directory under its own name, or everything below a folder with its relative names. A folder is meant by a final slash, or when
    /// there is no file of that name. Then the URI's action is done: <c>mv:SUB</c> puts it into <c>directory/SUB</c>; <c>gunzip</c>, <c>untar</c> and
    /// <c>unzip</c> leave only the content. Existing files are replaced.
    /// </summary>
    /// <param name="source">The URI to fetch.</param>
    /// <param name="directory">Where to; made if missing.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="ct">Stops it; what has come so far is continued by the next call.</param>
    /// <returns>The files that were fetched, ordered by name (an archive as itself).</returns>
    /// <exception cref="DataNotFoundException">There is nothing at the source.</exception>
    /// <exception cref="BadUriException">A name leads outside of the directory; that file was not written.</exception>
    /// <exception cref="IntegrityException">The data that arrived are not what the source says, or an archive is damaged or hostile.</exception>
    /// <exception cref="DiskFullException">The disk is full.</exception>
    /// <exception cref="FetchException">Anything else, by class. Of several files, those without a fault are there.</exception>
    public async Task<TransferResult> GetAsync(DataUri source, string directory, IProgress<TransferProgress>? progress = null, CancellationToken ct = default)
    {
        source = Place(source);
        directory = Path.GetFullPath(directory);
        var meter = new Meter(progress, _time);
        try
        {
            if (source.Action is { Kind: UriActionKind.Move, Folder: { } sub })
            {
                var moved = LocalName.Resolve(directory, sub, source.Text);
                LocalName.MakeParents(directory, Path.Combine(moved, "x"));
                directory = moved;
            }

            Directory.CreateDirectory(directory);
            var plain = source.At(source.Path);
            var result = _schemes.For(plain) is ISetTransport set ? await GetSetAsync(set, plain, source.Action, directory, meter, ct)
                : await EntryAsync(plain, ct) is { } entry
                ? await GetOneAsync(entry, source.Action, directory, meter, ct)
                : await GetFolderAsync(plain, source.Action, directory, meter, ct);
            meter.Report();
            return result;
        }
        catch (Exception e) when (LocalErrors.Classify(e, source.Text) is { } local)
        {
            throw local;
        }
    }

    /// <summary>
    /// Where <see cref="GetAsync"/> puts the file of a source, its action done: a path below the directory. Null where only fetching it tells: of a folder,
    /// an archive, a sequencing run. A name without a final slash may turn out to be a folder nevertheless.
    /// </summary>
    /// <param name="source">The URI that would be fetched.</param>
    public string? NameOf(DataUri source)
    {
        source = Place(source);
        var transport = _schemes.For(source);
        if (transport is ISetTransport || transport.IsFolder(source)) return null;
        var name = transport.NameOf(source);
        return source.Action switch
        {
            null => name,
            { Kind: UriActionKind.Move, Folder: { } sub } => $"{sub}/{name}",
            { Kind: UriActionKind.Gunzip } => Archive.Gunzipped(name),
            _ => null,
        };
    }

    private async Task<TransferResult> GetOneAsync(DataEntry entry, UriAction? action, string directory, Meter meter, CancellationToken ct)
    {
        var transport = _schemes.For(entry.Uri);
        var name = transport.NameOf(entry.Uri);
        var target = LocalName.Resolve(directory, name, entry.Uri.Text);
        // Not after an hour's download.
        if (action is { Kind: UriActionKind.Gunzip } && Archive.Gunzipped(name) is null)
            throw new BadUriException($"{Redacted.Of(entry.Uri)}: gunzip needs a name that ends in .gz.");
        meter.Expect(entry.Size);
        if (action is null or { Kind: UriActionKind.Move })
        {
            var file = await DownloadOf(transport, entry.Uri, meter).ToFileAsync(entry, target, name, ct);
            meter.FileDone();
            return new TransferResult { Files = [file] };
        }

        var warnings = new List<string>();
        var fetched = await new Unpacking(_options, DownloadOf(transport, entry.Uri, meter))
            .GetAsync(entry, action.Kind, directory, target, name, warnings, ct);
        meter.FileDone();
        return new TransferResult { Files = [fetched], Warnings = warnings };
    }

    private static async Task<TransferResult> GetSetAsync(
        ISetTransport transport, DataUri source, UriAction? action, string directory, Meter meter, CancellationToken ct)
    {
        if (action is { Kind: not UriActionKind.Move })
            throw new BadUriException($"{Redacted.Of(source)} may be several files: '|{action}' works on a single file.");
        return await transport.FetchAsync(source, directory, meter, ct);
    }

    private async Task<TransferResult> GetFolderAsync(DataUri source, UriAction? action, string directory, Meter meter, CancellationToken ct)
    {
        var transport = _schemes.For(source);
        if (!transport.Can.HasFlag(TransportCapabilities.List))
            throw transport.IsFolder(source)
                ? new UnsupportedTransferException($"{Redacted.Of(source)}: folders cannot be fetched by {source.Scheme}://; name a file.")
                : NotFound(source);
        if (!source.IsFolder && !await AnyAsync(source, ct)) throw NotFound(source);
        if (action is { Kind: not UriActionKind.Move })
            throw new BadUriException($"{Redacted.Of(source)} is a folder: '|{action}' works on a single file.");

        RefuseInto(source.AsFolder(), DataUri.ForFile(directory).AsFolder());
        var files = new ConcurrentBag<TransferredFile>();
        var warnings = new ConcurrentQueue<string>();
        var failures = new Failures();
        var found = 0;
        var download = DownloadOf(transport, source, meter);
        await Parallel.ForEachAsync(AsFarAsListed(ListAsync(source, recursive: true, left => warnings.Enqueue(left.ToString()), ct), failures, ct),
            new ParallelOptions { MaxDegreeOfParallelism = _options.Files, CancellationToken = ct }, async (entry, c) =>
        {
            // It may be gone in a moment, and nobody wants it.
            if (entry.Name[(entry.Name.LastIndexOf('/') + 1)..].StartsWith(ProbePrefix, StringComparison.Ordinal)) return;
            Interlocked.Increment(ref found);
            meter.Expect(entry.Size);
            await failures.CatchAsync(entry.Uri.Text, async () =>
            {
                var target = LocalName.OfFile(directory, entry.Name, entry.Uri.Text);
                LocalName.MakeParents(directory, target);
                files.Add(await download.ToFileAsync(entry, target, entry.Name, c));
                meter.FileDone();
            });
        });
        var result = new TransferResult { Files = [.. files.OrderBy(f => f.Name, StringComparer.Ordinal)], Warnings = [.. warnings] };
        failures.ThrowIfAny(result);
        // An empty local directory is there; in a store, a folder is only what is in it.
        if (found == 0 && source.Scheme != "file") throw NotFound(source);
        return result;
    }

    private async Task<bool> AnyAsync(DataUri folder, CancellationToken ct)
    {
        await using var entries = ListAsync(folder, recursive: false, ct).GetAsyncEnumerator(ct);
        return folder.Scheme == "file" ? Directory.Exists(folder.Path) : await entries.MoveNextAsync();
    }

    private Task<DataEntry?> EntryAsync(DataUri uri, CancellationToken ct) =>
        _schemes.For(uri) is FaspTransport fasp && !uri.IsFolder ? Task.FromResult<DataEntry?>(fasp.Unasked(uri)) : InfoAsync(uri, ct);

    private IFileDownload DownloadOf(ITransport transport, DataUri uri, Meter meter) =>
        uri.Options.Contains("aria2") ? new Aria2Download(transport, _services, meter)
        : transport is FaspTransport ? new AscpDownload(_services, meter)
        : new Download(transport, _retrier, _parts, _idle, meter);
}
