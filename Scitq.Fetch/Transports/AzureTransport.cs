using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Scitq.Contracts;
using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Transports;

/// <summary><c>azure://container/blob</c>. Every blob written here carries the MD5 of its content, however many blocks it came in.</summary>
internal sealed class AzureTransport(Services services) : ITransport, IDisposable
{
    private const int MostBlocks = 50_000;
    private const int LargestBlock = 1 << 30;
    private const int PageSize = 5000;
    private readonly AzureClient _client = new(services);
    private readonly Blocks _blocks = new(services);

    public TransportCapabilities Can =>
        TransportCapabilities.Get | TransportCapabilities.Put | TransportCapabilities.List | TransportCapabilities.Delete
        | TransportCapabilities.ParallelRanges | TransportCapabilities.RetriesParts;

    public static string Container(DataUri uri) => uri.Path.Split('/', 2)[0];

    public void Dispose() => _client.Dispose();

    public async Task<DataEntry?> StatAsync(DataUri uri, CancellationToken ct)
    {
        if (Blob(uri).Length == 0) return null;
        try
        {
            var found = (await _client.OnceAsync(uri, (container, _, c) =>
                container.GetBlobClient(Blob(uri)).GetPropertiesAsync(cancellationToken: c), ct)).Value;
            // A folder of its own, in accounts that have such; it is found by what is in it.
            if (IsMarker(found.Metadata, found.ContentLength)) return null;
            return Entry(
                uri, Blob(uri)[(Blob(uri).LastIndexOf('/') + 1)..], found.ContentLength, found.ETag, found.LastModified, found.CreatedOn, found.ContentHash);
        }
        catch (DataNotFoundException)
        {
            // Of the blob or the container; what looks next, a listing, tells them apart.
            return null;
        }
    }

    public async Task<Stream> OpenAsync(DataEntry entry, long offset, long? length, CancellationToken ct)
    {
        var answer = await _client.OnceAsync(entry.Uri, (container, _, c) =>
            container.GetBlobClient(Blob(entry.Uri)).DownloadStreamingAsync(new BlobDownloadOptions
        {
            Range = offset == 0 && length is null ? default : new HttpRange(offset, length),
            Conditions = entry.Version is { } version ? new BlobRequestConditions { IfMatch = new ETag(version) } : null,
        }, c), ct);
        return answer.Value.Content;
    }

    public async IAsyncEnumerable<DataEntry> ListAsync(DataUri folder, bool recursive, Action<LeftOut>? leftOut, [EnumeratorCancellation] CancellationToken ct)
    {
        var (name, prefix) = (Container(folder), Blob(folder));
        // A page an enumerator of the SDK's: after a fault one is at its end, and would make a listing look whole that is not.
        var pages = Pages.ReadAsync((next, c) => _client.CallAsync(folder, (container, _, d) => PageAsync(container, prefix, recursive, next, d), c), page =>
            page.ContinuationToken, ct);
        // Of one level: a folder with a marker is told twice, as that and as what is below it.
        var folders = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var page in pages)
        {
            foreach (var item in page.Values)
            {
                var marker = item.IsPrefix ? item.Prefix : IsMarker(item.Blob.Metadata, item.Blob.Properties.ContentLength) ? item.Blob.Name.TrimEnd('/') + "/"
                    : null;
                if (marker is not null)
                {
                    if (!recursive && marker != prefix && folders.Add(marker))
                        yield return new DataEntry
                            { Uri = folder.At($"{name}/{marker}"), Name = marker[prefix.Length..].TrimEnd('/'), Size = 0, IsFolder = true };
                }
                else if (item.Blob.Properties is var found)
                    yield return Entry(
                        folder.At($"{name}/{item.Blob.Name}"), item.Blob.Name[prefix.Length..], found.ContentLength, found.ETag, found.LastModified,
                        found.CreatedOn, found.ContentHash);
            }
        }
    }

    public async Task<DataEntry> PutAsync(DataUri uri, PutContent content, CancellationToken ct)
    {
        if (Blob(uri).Length == 0) throw new BadUriException($"{Redacted.Of(uri)}: it names no blob to write to.");
        if (uri.Path.Contains('\\') || uri.Path.Split('/').Contains("."))
            throw new BadUriException($"{Redacted.Of(uri)}: on Azure a backslash would become a slash, and '.' would vanish; give it another name.");
        var size = _blocks.SizeFor(content.Length, MostBlocks, 1, LargestBlock);
        Block? first;
        using (await _blocks.PlaceAsync(content.Length, ct))
        {
            first = await Blocks.ReadAsync(content.Body, 1, (int)Math.Min(size, (content.Length ?? size) + 1), ct);
            if (first is null || first.Length < size || first.Length == content.Length)
            {
                if (first is not null) first.Md5 = content.Md5();
                using (first)
                    return await PutWholeAsync(uri, first, ct);
            }
        }

        return await PutBlocksAsync(uri, content, first, size, ct);
    }

    public Task DeleteAsync(DataUri uri, CancellationToken ct) =>
        _client.OnceAsync(uri, (container, _, c) =>
            container.GetBlobClient(Blob(uri)).DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: c), ct);

    private static async Task<Page<BlobHierarchyItem>> PageAsync(
        BlobContainerClient container, string prefix, bool recursive, string? next, CancellationToken ct)
    {
        await foreach (var page in container.GetBlobsByHierarchyAsync(BlobTraits.Metadata, BlobStates.None, delimiter: recursive
            ? null
            : "/", prefix: prefix, cancellationToken: ct).AsPages(next, PageSize))
            return page;
        return Page<BlobHierarchyItem>.FromValues([], null, null!);
    }

    private async Task<DataEntry> PutWholeAsync(DataUri uri, Block? block, CancellationToken ct)
    {
        var stored = await _client.CallAsync(uri, (container, touch, c) =>
            container.GetBlockBlobClient(Blob(uri)).UploadAsync(block?.Open(touch) ?? new MemoryStream(), new BlobUploadOptions
        {
            HttpHeaders = block is null ? null : new BlobHttpHeaders { ContentHash = block.Md5 },
            // One request; for those that may become several, the SDK insists on computing the checksum itself.
            TransferOptions = new StorageTransferOptions { InitialTransferSize = LargestBlock, MaximumTransferSize = LargestBlock },
            TransferValidation = new UploadTransferValidationOptions { ChecksumAlgorithm = StorageChecksumAlgorithm.MD5 },
        }, c), ct);
        return Entry(uri, "", block?.Length ?? 0, stored.Value.ETag, stored.Value.LastModified, null, block?.Md5);
    }

    /// <summary>
    /// Stages the blocks the store lacks, then commits them in one step. A block's name is its number and MD5, so what an interrupted upload has staged is
    /// found again by itself; what is never committed the store drops after a week.
    /// </summary>
    private async Task<DataEntry> PutBlocksAsync(DataUri uri, PutContent content, Block first, int size, CancellationToken ct)
    {
        Dictionary<string, long> there;
        try
        {
            there = await StagedAsync(uri, ct);
        }
        catch
        {
            first.Dispose();
            throw;
        }

        var names = new System.Collections.Concurrent.ConcurrentDictionary<int, string>();
        long total = 0;
        await _blocks.SendAsync(first, content.Body, SizeOf, async (block, c) =>
        {
            Interlocked.Add(ref total, block.Length);
            var name = Convert.ToBase64String(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
                $"{block.Number:00000}-{Convert.ToHexStringLower(block.Md5)}")));
            names[block.Number] = name;
            if (there.TryGetValue(name, out var length) && length == block.Length) return;
            await _client.CallAsync(uri, (container, touch, d) => container.GetBlockBlobClient(Blob(uri))
                .StageBlockAsync(name, block.Open(touch),
                new BlockBlobStageBlockOptions
                    { TransferValidation = new UploadTransferValidationOptions
                        { ChecksumAlgorithm = StorageChecksumAlgorithm.MD5, PrecalculatedChecksum = block.Md5 } }, d), c);
        }, ct);
        if (content.Length is { } whole && total != whole)
            throw new IntegrityException($"{Redacted.Of(uri)}: {total} bytes were read instead of {whole}; nothing was published.");
        var md5 = content.Md5();
        var stored = await _client.CallAsync(uri, (container, _, c) => container.GetBlockBlobClient(Blob(uri)).CommitBlockListAsync(
            names.OrderBy(n => n.Key).Select(n => n.Value), new CommitBlockListOptions { HttpHeaders = new BlobHttpHeaders { ContentHash = md5 } }, c), ct);
        return await services.Retrier.RunAsync(uri, c => StatAsync(uri, c), ct) is { } now && now.Size == total
            ? now
            : throw new IntegrityException($"{Redacted.Of(uri)}: the store does not hold the {total} bytes that were committed ({stored.Value.ETag}).");

        // Without a known length blocks grow, so that their number suffices for any size.
        int SizeOf(int number) => content.Length is not null ? size : (int)Math.Min(LargestBlock, (long)size * (1 + ((number - 1) / 1000)));
    }

    private async Task<Dictionary<string, long>> StagedAsync(DataUri uri, CancellationToken ct)
    {
        try
        {
            var list = await _client.CallAsync(uri, (container, _, c) =>
                container.GetBlockBlobClient(Blob(uri)).GetBlockListAsync(BlockListTypes.Uncommitted, cancellationToken: c), ct);
            return list.Value.UncommittedBlocks.ToDictionary(b => b.Name, b => b.SizeLong);
        }
        catch (DataNotFoundException)
        {
            // Nothing of it has ever been staged; a missing container shows with the first block.
            return [];
        }
    }

    /// <summary>
    /// Whether it only stands for a folder: accounts with folders, and tools that make them elsewhere, say so by this. With content it is a file all
    /// the same.
    /// </summary>
    private static bool IsMarker(IDictionary<string, string>? metadata, long? size) => size is 0 or null && metadata is not null
        && metadata.Any(m => m.Key.Equals("hdi_isfolder", StringComparison.OrdinalIgnoreCase) && m.Value.Equals("true", StringComparison.OrdinalIgnoreCase));

    /// <exception cref="BadUriException">The SDK would fold the name into that of something elsewhere, in another container maybe.</exception>
    private static string Blob(DataUri uri)
    {
        if (uri.Path.Split('/').Contains("..")) throw new BadUriException($"{Redacted.Of(uri)}: no part of a name on Azure can be '..'.");
        return uri.Path.Split('/', 2) is [_, var blob] ? blob : "";
    }

    private static DataEntry Entry(DataUri uri, string name, long? size, ETag? tag, DateTimeOffset? modified, DateTimeOffset? created, byte[]? md5) => new()
    {
        Uri = uri,
        Name = name,
        Size = size,
        Modified = modified,
        Created = created,
        Md5 = md5 is { Length: 16 } ? Convert.ToHexStringLower(md5) : null,
        Version = tag?.ToString(),
    };
}
