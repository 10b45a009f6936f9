using System.Globalization;
using System.Text.RegularExpressions;
using Amazon.S3.Model;

namespace Scitq.Fetch.Transports;

internal sealed partial class S3Transport
{
    // The part sizes of common clients where they are not told otherwise, in MiB: https://docs.aws.amazon.com/cli/latest/topic/s3-config.html has 8, rclone
    // 5, s5cmd 50.
    private static readonly int[] UsualParts = [8, 5, 16, 15, 10, 50, 64, 100, 32, 128, 25, 20, 256, 512, 1024];

    /// <summary>
    /// An object uploaded in parts has the MD5 of their MD5s for a tag. How large they were the server tells by a request for the first one; older ones ignore
    /// that, then it is guessed from the number of parts: a match is as good a proof, but the contrary proves nothing.
    /// </summary>
    public async Task<PartTag?> PartTagAsync(DataEntry entry, CancellationToken ct)
    {
        if (entry.Size is not (> 0 and var size) || PartedTag().Match(entry.Version ?? "") is not { Success: true } tag) return null;
        var count = int.Parse(tag.Groups[2].ValueSpan, CultureInfo.InvariantCulture);
        var value = tag.Groups[1].Value.ToLowerInvariant();
        var first = await PartAsync(entry, 1, ct);
        if (first is { TagTells: false }) return null;
        if (first is { } told && (told.Length != size || count == 1))
            return Fits(told.Length) ? new PartTag(value, told.Length, c => AreAllAsync(entry, count, told.Length, c)) : null;
        return UsualParts.Select(mib => (long)mib << 20).Prepend(services.Options.PartSize).FirstOrDefault(Fits) is > 0 and var guessed
            ? new PartTag(value, guessed, _ => Task.FromResult(false))
            : null;

        bool Fits(long part) => part > 0 && (size + part - 1) / part == count;
    }

    private async Task<bool> AreAllAsync(DataEntry entry, int count, long length, CancellationToken ct)
    {
        for (var part = 2; part < count; part++)
            if (await PartAsync(entry, part, ct) is not { } found || found.Length != length) return false;
        return true;
    }

    private async Task<(long Length, bool TagTells)?> PartAsync(DataEntry entry, int part, CancellationToken ct)
    {
        try
        {
            var head = await _client.OnceAsync(
                entry.Uri,
                (s3, _, c) =>
                    s3.GetObjectMetadataAsync(new GetObjectMetadataRequest
                        { BucketName = Bucket(entry.Uri), Key = Key(entry.Uri), PartNumber = part, EtagToMatch = entry.Version }, c),
                ct);
            return (head.ContentLength, TagTells(head.ServerSideEncryptionMethod, head.ServerSideEncryptionCustomerMethod));
        }
        catch (FetchException)
        {
            // It does not know of parts; anything else is found out by who reads the object.
            return null;
        }
    }

    [GeneratedRegex("^\"?([0-9a-fA-F]{32}-([1-9][0-9]{0,4}))\"?$", RegexOptions.CultureInvariant)]
    private static partial Regex PartedTag();
}
