using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Amazon.S3.Model;
using Scitq.Contracts;
using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Transports;

internal sealed partial class S3Transport
{
    private const int MostParts = 10_000;
    private const int SmallestPart = 5 << 20;
    private const int LargestPart = 1 << 30;
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");
    private readonly Blocks _blocks = new(services);
    private readonly OpenUploads _open = new(services.Options);

    public async Task<DataEntry> PutAsync(DataUri uri, PutContent content, CancellationToken ct)
    {
        if (Key(uri).Length == 0) throw new BadUriException($"{Redacted.Of(uri)}: it names no key to write to.");
        var size = _blocks.SizeFor(content.Length, MostParts, SmallestPart, LargestPart);
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

        return await PutPartsAsync(uri, content, first, size, ct);
    }

    private async Task<DataEntry> PutWholeAsync(DataUri uri, Block? block, CancellationToken ct)
    {
        var response = await _client.CallAsync(uri, (s3, touch, c) => s3.PutObjectAsync(new PutObjectRequest
        {
            BucketName = Bucket(uri),
            Key = Key(uri),
            InputStream = block?.Open(touch) ?? new MemoryStream(),
            MD5Digest = block is null ? null : Convert.ToBase64String(block.Md5),
            // The server checks the MD5, and we its answer.
            DisableDefaultChecksumValidation = block is not null,
            UseChunkEncoding = false,
            DisablePayloadSigning = _client.IsSecure(uri),
        }, c), ct);
        var stored = Entry(uri, "", block?.Length ?? 0, response.ETag, null);
        return TagTells(response.ServerSideEncryptionMethod, response.ServerSideEncryptionCustomerMethod) ? stored : stored with { Md5 = null };
    }

    /// <summary>
    /// 1. Takes up the upload an earlier process left open, or opens one; 2. sends the parts it lacks; 3. completes it. Its ETag is the MD5 of the
    /// parts' MD5s, so that the whole is verified without reading it again.
    /// </summary>
    private async Task<DataEntry> PutPartsAsync(DataUri uri, PutContent content, Block first, int size, CancellationToken ct)
    {
        var (bucket, key) = (Bucket(uri), Key(uri));
        var (upload, there) = await OpenUploadAsync(uri, content.Identity, first, ct);
        var parts = new ConcurrentDictionary<int, (byte[] Md5, string Tag)>();
        long total = 0;
        try
        {
            await _blocks.SendAsync(first, content.Body, SizeOf, async (block, c) =>
            {
                Interlocked.Add(ref total, block.Length);
                if (there.TryGetValue(block.Number, out var known) && known.Size == block.Length && Md5Of(known.Tag) == Convert.ToHexStringLower(block.Md5))
                {
                    parts[block.Number] = (block.Md5, known.Tag);
                    return;
                }

                var sent = await _client.CallAsync(uri, (s3, touch, d) => s3.UploadPartAsync(new UploadPartRequest
                {
                    BucketName = bucket,
                    Key = key,
                    UploadId = upload,
                    PartNumber = block.Number,
                    PartSize = block.Length,
                    InputStream = block.Open(touch),
                    MD5Digest = Convert.ToBase64String(block.Md5),
                    DisableDefaultChecksumValidation = true,
                    UseChunkEncoding = false,
                    DisablePayloadSigning = _client.IsSecure(uri),
                }, d), c);
                parts[block.Number] = (block.Md5, sent.ETag);
            }, ct);

            if (content.Length is { } whole && total != whole)
                throw new IntegrityException($"{Redacted.Of(uri)}: {total} bytes were read instead of {whole}; nothing was published.");
            var stored = await CompleteAsync(uri, upload, parts, total, ct);
            _open.Forget(uri);
            return stored;
        }
        catch (Exception e) when (e is IntegrityException or BadUriException || !_open.Remembers(uri, upload))
        {
            // It can never be continued, and an open upload costs storage.
            await AbortAsync(uri, upload);
            throw;
        }

        // Without a known length parts grow, so that their number suffices for any size.
        int SizeOf(int number) => content.Length is not null ? size : (int)Math.Min(LargestPart, (long)size * (1 + ((number - 1) / 1000)));
    }

    private async Task<(string Upload, Dictionary<int, (long Size, string Tag)> Parts)> OpenUploadAsync(
        DataUri uri, string? identity, Block first, CancellationToken ct)
    {
        try
        {
            var (bucket, key) = (Bucket(uri), Key(uri));
            if (_open.Find(uri, identity) is { } left)
            {
                if (left.Same && await PartsOfAsync(uri, left.Upload, ct) is { } parts) return (left.Upload, parts);
                await AbortAsync(uri, left.Upload);
                _open.Forget(uri);
            }

            var opened = await _client.CallAsync(uri, (s3, _, c) =>
                s3.InitiateMultipartUploadAsync(new InitiateMultipartUploadRequest { BucketName = bucket, Key = key }, c), ct);
            if (identity is not null) _open.Remember(uri, opened.UploadId, identity);
            return (opened.UploadId, []);
        }
        catch
        {
            first.Dispose();
            throw;
        }
    }

    private async Task<Dictionary<int, (long Size, string Tag)>?> PartsOfAsync(DataUri uri, string upload, CancellationToken ct)
    {
        var parts = new Dictionary<int, (long, string)>();
        string? marker = null;
        do
        {
            ListPartsResponse page;
            try
            {
                page = await _client.CallAsync(uri, (s3, _, c) =>
                    s3.ListPartsAsync(new ListPartsRequest { BucketName = Bucket(uri), Key = Key(uri), UploadId = upload, PartNumberMarker = marker }, c), ct);
            }
            catch (DataNotFoundException)
            {
                // Completed or swept away since: a new one is opened.
                return null;
            }

            foreach (var part in page.Parts ?? []) parts[part.PartNumber ?? 0] = (part.Size ?? 0, part.ETag);
            marker = page.IsTruncated == true ? page.NextPartNumberMarker?.ToString(System.Globalization.CultureInfo.InvariantCulture) : null;
        }
        while (marker is not null);

        return parts;
    }

    private async Task<DataEntry> CompleteAsync(
        DataUri uri, string upload, ConcurrentDictionary<int, (byte[] Md5, string Tag)> parts, long total, CancellationToken ct)
    {
        var ordered = parts.OrderBy(p => p.Key).ToArray();
#pragma warning disable CA5351 // S3 defines its ETags so.
        var expected = $"{Convert.ToHexStringLower(MD5.HashData([.. ordered.SelectMany(p => p.Value.Md5)]))}-{ordered.Length}";
#pragma warning restore CA5351
        try
        {
            await _client.CallAsync(uri, (s3, _, c) => s3.CompleteMultipartUploadAsync(new CompleteMultipartUploadRequest
            {
                BucketName = Bucket(uri),
                Key = Key(uri),
                UploadId = upload,
                PartETags = [.. ordered.Select(p => new PartETag(p.Key, p.Value.Tag))],
            }, c), ct);
        }
        catch (DataNotFoundException) when (!ct.IsCancellationRequested)
        {
            // A first answer may have been lost on its way, and the upload be closed: then the object is as expected below.
        }

        var head = await services.Retrier.RunAsync(uri, c => HeadAsync(uri, c), ct);
        var stored = head?.Entry;
        var tag = stored?.Version?.Trim('"').ToLowerInvariant();
        var tells = head?.TagTells == true && tag is { Length: > 33 } && tag[32] == '-' && tag.AsSpan(0, 32).IndexOfAnyExcept(HexDigits) < 0;
        return stored is not null && stored.Size == total && (!tells || tag == expected)
            ? stored
            : throw new IntegrityException(
                $"{Redacted.Of(uri)}: the store holds {(stored is null ? "nothing" : $"{stored.Size} bytes with the ETag {tag}")} instead of {total} bytes "
                + $"with the ETag {expected}.");
    }

    private async Task AbortAsync(DataUri uri, string upload)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30), services.Time);
        try
        {
            await _client.OnceAsync(uri, (s3, _, c) => s3.AbortMultipartUploadAsync(Bucket(uri), Key(uri), upload, c), patience.Token);
        }
        catch (Exception e) when (e is FetchException or TransientException or OperationCanceledException)
        {
            services.Options.Notice?.Invoke($"{Redacted.Of(uri)}: an upload could not be aborted and may go on to use storage ({e.Message}).");
        }
    }
}
