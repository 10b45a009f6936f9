using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;
using Scitq.Contracts;
using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Transports;

/// <summary><c>s3://bucket/key</c>, on AWS or any server that speaks its language. Keys are taken byte for byte.</summary>
internal sealed partial class S3Transport(Services services) : ITransport, IDisposable
{
    private readonly S3Client _client = new(services);

    public TransportCapabilities Can =>
        TransportCapabilities.Get | TransportCapabilities.Put | TransportCapabilities.List | TransportCapabilities.Delete
        | TransportCapabilities.ParallelRanges | TransportCapabilities.RetriesParts;

    public static string Bucket(DataUri uri) => uri.Path.Split('/', 2)[0];

    public void Dispose() => _client.Dispose();

    public async Task<DataEntry?> StatAsync(DataUri uri, CancellationToken ct) => (await HeadAsync(uri, ct))?.Entry;

    public async Task<Stream> OpenAsync(DataEntry entry, long offset, long? length, CancellationToken ct)
    {
        var quick = await _client.OpenAsync(entry.Uri, Key(entry.Uri), entry.Version, offset == 0 && length is null ? null : (offset, length), ct);
        if (quick is not null)
            return Same(entry, quick.Headers.NonValidated.TryGetValues("ETag", out var tags) ? tags.ToString() : null)
                ? await quick.Content.ReadAsStreamAsync(ct)
                : throw Changed(quick);
        var response = await _client.OnceAsync(entry.Uri, (s3, _, c) => s3.GetObjectAsync(new GetObjectRequest
        {
            BucketName = Bucket(entry.Uri),
            Key = Key(entry.Uri),
            EtagToMatch = entry.Version,
            // Whatever comes without a range the SDK hashes by itself, slowly, and we do it anyway. Only an empty object has none that could be asked for.
            ByteRange = offset == 0 && length is null && entry.Size is null or 0
                ? null
                : new ByteRange(offset, length is null ? long.MaxValue : offset + length.Value - 1),
        }, c), ct);
        return Same(entry, response.ETag) ? response.ResponseStream : throw Changed(response);

        SourceChangedException Changed(IDisposable answer)
        {
            answer.Dispose();
            return new SourceChangedException(entry.Uri);
        }
    }

    public async IAsyncEnumerable<DataEntry> ListAsync(DataUri folder, bool recursive, Action<LeftOut>? leftOut, [EnumeratorCancellation] CancellationToken ct)
    {
        var (bucket, prefix) = (Bucket(folder), Key(folder));
        var pages = Pages.ReadAsync(
            (next, c) => _client.CallAsync(folder, (s3, _, d) => s3.ListObjectsV2Async(new ListObjectsV2Request
            {
                BucketName = bucket,
                Prefix = prefix,
                Delimiter = recursive ? null : "/",
                ContinuationToken = next,
            }, d), c),
            page => page.IsTruncated != true ? null
                : page.NextContinuationToken is { Length: > 0 } next && next != page.ContinuationToken ? next
                : throw Odd(folder, "is cut off and does not say where it goes on"),
            ct);
        await foreach (var page in pages)
        {
            foreach (var found in page.S3Objects ?? [])
                yield return Entry(folder.At($"{bucket}/{found.Key}"), NameIn(folder, prefix, found.Key), found.Size, found.ETag, found.LastModified);
            foreach (var sub in page.CommonPrefixes ?? [])
                yield return new DataEntry { Uri = folder.At($"{bucket}/{sub}"), Name = NameIn(folder, prefix, sub).TrimEnd('/'), Size = 0, IsFolder = true };
        }
    }

    private static string NameIn(DataUri folder, string prefix, string? key) =>
        key?.StartsWith(prefix, StringComparison.Ordinal) == true
            ? key[prefix.Length..]
            : throw Odd(folder, $"holds '{Redacted.Of(key ?? "")}', which is not below it");

    private static UnsupportedTransferException Odd(DataUri folder, string what) =>
        new($"{Redacted.Of(folder)}: the server's list {what}, so it is not known what is there.");

    public Task DeleteAsync(DataUri uri, CancellationToken ct) =>
        _client.OnceAsync(uri, (s3, _, c) => s3.DeleteObjectAsync(Bucket(uri), Key(uri), c), ct);

    /// <summary>The object, and whether its ETag is made of MD5s: it is not when the object is encrypted by keys other than the store's own.</summary>
    private async Task<(DataEntry Entry, bool TagTells)?> HeadAsync(DataUri uri, CancellationToken ct)
    {
        if (Key(uri).Length == 0) return null;
        try
        {
            var head = await _client.OnceAsync(uri, (s3, _, c) =>
                s3.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = Bucket(uri), Key = Key(uri) }, c), ct);
            var tells = TagTells(head.ServerSideEncryptionMethod, head.ServerSideEncryptionCustomerMethod);
            var entry = Entry(uri, Key(uri)[(Key(uri).LastIndexOf('/') + 1)..], head.ContentLength, head.ETag, head.LastModified);
            return (entry with { Md5 = head.Metadata["md5"] is { Length: 32 } md5 ? md5.ToLowerInvariant() : tells ? entry.Md5 : null }, tells);
        }
        catch (DataNotFoundException)
        {
            // A HEAD tells a missing bucket and a missing key alike; what looks next, a listing, tells them apart.
            return null;
        }
    }

    private static bool Same(DataEntry entry, string? tag) => entry.Version is null || entry.Version == tag;

    private static bool TagTells(ServerSideEncryptionMethod? method, ServerSideEncryptionCustomerMethod? customer) =>
        (string.IsNullOrEmpty(method?.Value) || method == ServerSideEncryptionMethod.AES256) && string.IsNullOrEmpty(customer?.Value);

    private static string Key(DataUri uri) => uri.Path.Split('/', 2) is [_, var key] ? key : "";

    private static DataEntry Entry(DataUri uri, string name, long? size, string? tag, DateTime? modified) => new()
    {
        Uri = uri,
        Name = name,
        Size = size,
        Modified = modified?.ToUniversalTime(),
        Created = modified?.ToUniversalTime(),
        Md5 = Md5Of(tag),
        Version = tag,
    };

    /// <summary>The ETag of an object uploaded in one piece is its MD5; "-n" at its end says that it was n pieces.</summary>
    private static string? Md5Of(string? tag) => tag?.Trim('"') is { Length: 32 } hex && hex.All(char.IsAsciiHexDigit) ? hex.ToLowerInvariant() : null;
}
