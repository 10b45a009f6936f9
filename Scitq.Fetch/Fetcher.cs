using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Scitq.Contracts;
using Scitq.Fetch.Local;
using Scitq.Fetch.Transfers;
using Scitq.Fetch.Transports;

namespace Scitq.Fetch;

/// <summary>
/// Moves data between URIs and local directories: resumed after any interruption, verified, never visible under its final name before it is whole.
/// One instance serves a process; all members may be called at the same time. Every failure is a <see cref="FetchException"/>, except cancellation.
/// </summary>
public sealed partial class Fetcher : IDisposable
{
    /// <summary>How the names of files begin that only show whether a place can be written to; fetching a folder leaves them out.</summary>
    public const string ProbePrefix = ".scitq-probe-";

    private readonly FetchOptions _options;
    private readonly TimeProvider _time;
    private readonly Services _services;
    private readonly Schemes _schemes;
    private readonly Retrier _retrier;
    private readonly Idle _idle;
    private readonly SemaphoreSlim _places;
    private readonly PartReader _parts;
    private readonly SemaphoreSlim _throughPlaces;
    private readonly PartReader _through;

    // Without it .NET takes a gzip that was cut off for a whole one. It is read once a process, at the first decompression: so this comes early.
    static Fetcher() => AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", true);

    /// <summary>Prepares transfers; nothing is contacted yet.</summary>
    /// <param name="options">How they behave; the defaults when null.</param>
    /// <param name="time">The clock of pauses and timeouts.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public Fetcher(FetchOptions? options = null, TimeProvider? time = null)
    {
        _options = (options ?? new FetchOptions()).Validated();
        _time = time ?? TimeProvider.System;
        _retrier = new Retrier(_options, _time);
        _idle = new Idle(_options.IdleTimeout, _time);
        _places = new SemaphoreSlim(_options.Parts);
        _services = new Services(_options, _retrier, _idle, _places, _time);
        _parts = new PartReader(_services);
        // Between two stores the reader fills what the writer empties: with places in common, each could wait for the other's.
        _throughPlaces = new SemaphoreSlim(_options.Parts);
        _through = new PartReader(_services with { Places = _throughPlaces });
        _schemes = new Schemes(_services);
    }

    /// <summary>Reads a URI and checks that it is one that can be used.</summary>
    /// <param name="text">The URI.</param>
    /// <param name="forWriting">Whether data is to be written there.</param>
    /// <exception cref="BadUriException">It is malformed.</exception>
    /// <exception cref="UnsupportedTransferException">Its scheme is unknown here, or cannot be written to.</exception>
    public DataUri CheckUri(string text, bool forWriting = false) => CheckUri(DataUri.Read(text), forWriting);

    /// <summary>Checks that a URI is one that can be used.</summary>
    /// <param name="uri">The URI.</param>
    /// <param name="forWriting">Whether data is to be written there.</param>
    /// <exception cref="BadUriException">It is malformed.</exception>
    /// <exception cref="UnsupportedTransferException">Its scheme is unknown here, or cannot be written to.</exception>
    public DataUri CheckUri(DataUri uri, bool forWriting = false)
    {
        if (uri.Problem is { } problem) throw new BadUriException($"'{Redacted.Of(uri)}' {problem}");
        uri = Place(uri);
        _ = _schemes.For(uri);
        if (forWriting) CheckDestination(uri);
        return uri;
    }

    /// <summary>Lists a folder, as a stream: memory does not grow with its size.</summary>
    /// <param name="folder">The folder, with or without its final slash. A folder nothing is in gives nothing.</param>
    /// <param name="recursive">Files at any depth and no folders; otherwise one level, files and folders.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="FetchException">It cannot be listed.</exception>
    public IAsyncEnumerable<DataEntry> ListAsync(DataUri folder, bool recursive = true, CancellationToken ct = default) =>
        ListAsync(folder, recursive, left => _options.Notice?.Invoke($"{Redacted.Of(folder)}: {left}"), ct);

    /// <summary>The same; each thing that is no file, and so is left out, is told.</summary>
    private async IAsyncEnumerable<DataEntry> ListAsync(DataUri folder, bool recursive, Action<LeftOut> leftOut, [EnumeratorCancellation] CancellationToken ct)
    {
        folder = Place(folder);
        Require(folder, TransportCapabilities.List, "listed");
        await using var entries = _schemes.For(folder).ListAsync(folder.AsFolder(), recursive, leftOut, ct).GetAsyncEnumerator(ct);
        while (await NextAsync())
        {
            // Objects that only mark a folder are no files; with content they are, whatever they are called.
            if (entries.Current is { IsFolder: true } or { Size: not 0 } or { Name: not ("" or [.., '/']) }) yield return entries.Current;
        }

        async Task<bool> NextAsync()
        {
            try
            {
                return await entries.MoveNextAsync();
            }
            catch (Exception e) when (LocalErrors.Classify(e, folder.Text) is { } local)
            {
                throw local;
            }
        }
    }

    /// <summary>The entries; a list that breaks off after some of them is one of the failures, and does not stop what is under way.</summary>
    private static async IAsyncEnumerable<DataEntry> AsFarAsListed(
        IAsyncEnumerable<DataEntry> entries, Failures failures, [EnumeratorCancellation] CancellationToken ct = default)
    {
        var any = false;
        await using var each = entries.GetAsyncEnumerator(ct);
        while (await NextAsync())
        {
            any = true;
            yield return each.Current;
        }

        async Task<bool> NextAsync()
        {
            try
            {
                return await each.MoveNextAsync();
            }
            catch (FetchException e) when (any && !e.IsOfAll)
            {
                failures.Add(e);
                return false;
            }
        }
    }

    /// <summary>The file or object at a URI; null when there is none (there may be a folder of that name).</summary>
    /// <param name="uri">The file or object.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="FetchException">It cannot be asked for.</exception>
    public Task<DataEntry?> InfoAsync(DataUri uri, CancellationToken ct = default)
    {
        uri = Place(uri);
        return _schemes.For(uri).IsFolder(uri)
            ? Task.FromResult<DataEntry?>(null)
            : _retrier.RunAsync(uri, c => _idle.GuardAsync(async g => await _schemes.For(uri).StatAsync(uri, g), c).AsTask(), ct);
    }

    /// <summary>Deletes a file or object, or everything below a folder (with or without a final slash). Of a symbolic link only the link itself.</summary>
    /// <param name="uri">The file, object or folder to delete.</param>
    /// <param name="filter">Of a folder, only what it takes.</param>
    /// <param name="dryRun">Only says what would be deleted.</param>
    /// <param name="deleted">Told of each file that is (or would be) deleted.</param>
    /// <param name="ct">Stops it.</param>
    /// <returns>How many files.</returns>
    /// <exception cref="DataNotFoundException">There is nothing.</exception>
    /// <exception cref="FetchException">Something could not be deleted; the rest is.</exception>
    public async Task<int> DeleteAsync(
        DataUri uri, NameFilter? filter = null, bool dryRun = false, Action<DataEntry>? deleted = null, CancellationToken ct = default)
    {
        uri = Place(uri);
        Require(uri, TransportCapabilities.Delete, "deleted from");
        var transport = _schemes.For(uri);
        if ((transport as FileTransport)?.LinkAt(uri) is { } link)
            return await DeleteOneAsync(link);
        if (await InfoAsync(uri, ct) is { } one)
            return await DeleteOneAsync(one);
        var (found, count) = (0, 0);
        var failures = new Failures();
        await Parallel.ForEachAsync(ListAsync(uri, ct: ct), new ParallelOptions { MaxDegreeOfParallelism = _options.Files, CancellationToken = ct },
            async (entry, c) =>
        {
            Interlocked.Increment(ref found);
            if (filter?.Takes(entry.Name) == false) return;
            await failures.CatchAsync(entry.Uri.Text, async () =>
            {
                if (!dryRun) await _retrier.RunAsync(entry.Uri, d => transport.DeleteAsync(entry.Uri, d), c);
                Interlocked.Increment(ref count);
                deleted?.Invoke(entry);
            });
        });
        failures.ThrowIfAny();
        return found == 0 ? throw NotFound(uri) : count;

        async Task<int> DeleteOneAsync(DataEntry entry)
        {
            if (filter?.Takes(entry.Name) == false) return 0;
            if (!dryRun) await _retrier.RunAsync(uri, c => transport.DeleteAsync(uri, c), ct);
            deleted?.Invoke(entry);
            return 1;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _schemes.Dispose();
        _places.Dispose();
        _throughPlaces.Dispose();
    }

    private DataUri Place(DataUri uri) => AzureUrl.AsBlob(uri, _options.Azure);

    private void Require(DataUri uri, TransportCapabilities needed, string verb)
    {
        if (!_schemes.For(uri).Can.HasFlag(needed)) throw new UnsupportedTransferException($"{Redacted.Of(uri)}: {uri.Scheme}:// cannot be {verb}.");
    }

    private static DataNotFoundException NotFound(DataUri uri) =>
        new($"{Redacted.Of(uri)}: nothing is there{(uri.IsFolder ? "" : ", neither a file nor a folder of that name")}. Check the name, capitals included.");
}
