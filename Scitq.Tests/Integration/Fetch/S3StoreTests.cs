using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Scitq.Contracts;
using Scitq.Fetch;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Fetch;

/// <summary>Against the S3 server of <c>SCITQ_TEST_S3</c>: <c>http://ID:SECRET@host:port</c>.</summary>
[Trait("Level", "Integration")]
public sealed class S3StoreTests : StoreContract
{
    private readonly string _bucket = "scitq-" + Guid.NewGuid().ToString("N")[..12];
    private AmazonS3Client? _client;

    protected override async Task<(FetchOptions Options, DataUri Root)> OpenAsync(FetchOptions options, string local)
    {
        var address = new Uri(TestEnvironment.Required("SCITQ_TEST_S3"));
        var user = address.UserInfo.Split(':');
        var s3 = new S3Options
            { Endpoint = address.GetLeftPart(UriPartial.Scheme) + address.Authority.Split('@')[^1], AccessKeyId = user[0], SecretAccessKey = user[1] };
        _client = new AmazonS3Client(
            new BasicAWSCredentials(user[0], user[1]),
            new AmazonS3Config { ServiceURL = s3.Endpoint, ForcePathStyle = true, AuthenticationRegion = "us-east-1" });
        await _client.PutBucketAsync(_bucket, Ct);
        return (options with { S3 = s3 }, DataUri.Parse($"s3://{_bucket}/a folder/"));
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_client is null) return;
        foreach (var left in (await _client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = _bucket })).S3Objects ?? [])
            await _client.DeleteObjectAsync(_bucket, left.Key);
        await _client.DeleteBucketAsync(_bucket);
        _client.Dispose();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("a/../../escape")]
    [InlineData("../escape")]
    public async Task A_key_that_leads_outside_is_refused_and_the_others_arrive(string key)
    {
        await PutAsync(key, "evil");
        await PutAsync("fine", "good");
        var there = DataUri.ForFile(At("out/in") + "/");
        foreach (var fetch in (Func<Task>[])[
            () => Fetcher.GetAsync(Root, At("out/in"), ct: Ct), () => Fetcher.CopyAsync(Root, there, ct: Ct), () => Fetcher.SyncAsync(Root, there, ct: Ct)])
        {
            await Assert.ThrowsAsync<BadUriException>(fetch);
            Assert.Equal(["fine"], Tree("out/in"));
            File.Delete(At("out/in/fine"));
        }

        Assert.False(File.Exists(At("out/escape")));
        Assert.False(File.Exists(At("escape")));
    }

    [Fact(Timeout = 60_000)]
    public async Task Double_slashes_and_markers_of_folders_do_no_harm()
    {
        await PutAsync("d//x", "1");
        await PutAsync("d/", "");
        await PutAsync("d/sub/", "");
        Assert.Equal(["d//x"], (await ListAsync(Root)).Select(e => e.Name));
        await Fetcher.GetAsync(Root, At("out"), ct: Ct);
        Assert.Equal(["d/x"], Tree("out"));
        await Fetcher.GetAsync(Root.At(Root.Path + "d//x"), At("out2"), ct: Ct);
        Assert.Equal(["x"], Tree("out2"));
        var again = await Fetcher.SyncAsync(Root, DataUri.ForFile(At("out")), new SyncOptions { Delete = true }, ct: Ct);
        Assert.Equal((1, 0), (again.Skipped, again.Deleted));
        Assert.Equal(["d/x"], Tree("out"));
    }

    [Fact(Timeout = 60_000)]
    public async Task Content_under_a_name_that_ends_with_a_slash_is_listed_and_copied_or_named()
    {
        await PutAsync("d/data/", "content");
        await PutAsync("d/data/x", "1");
        await PutAsync("d/", "");
        Assert.Equal([("d/data/", 7L), ("d/data/x", 1L)], (await ListAsync(Root)).Select(e => (e.Name, e.Size!.Value)));
        foreach (var fetch in (Func<string, Task>[])[
            t => Fetcher.GetAsync(Root, t, ct: Ct), t => Fetcher.CopyAsync(Root, DataUri.ForFile(t).AsFolder(), ct: Ct), t =>
            Fetcher.SyncAsync(Root, DataUri.ForFile(t), new SyncOptions { Delete = true }, ct: Ct)])
        {
            Write("out/keep", 1);
            var error = await Assert.ThrowsAsync<BadUriException>(() => fetch(At("out")));
            Assert.Contains("d/data/", error.Message, StringComparison.Ordinal);
            Assert.Equal(["d/data/x", "keep"], Tree("out"));
            Directory.Delete(At("out"), recursive: true);
        }

        var there = Root.At($"{_bucket}/elsewhere/");
        Assert.Equal(2, (await Fetcher.CopyAsync(Root, there, ct: Ct)).Files.Count);
        Assert.Equal((0, 2), await Fetcher.SyncAsync(Root, there, new SyncOptions { Delete = true }, ct: Ct) is var r ? (r.Files.Count, r.Skipped) : default);
        // It goes alone when the source has it no more.
        await Fetcher.DeleteAsync(Root.At(Root.Path + "d/"), new NameFilter(excludes: ["x"]), ct: Ct);
        Assert.Equal(1, (await Fetcher.SyncAsync(Root, there, new SyncOptions { Delete = true }, ct: Ct)).Deleted);
        Assert.Equal(["d/data/x"], (await ListAsync(there)).Select(e => e.Name));
        await Fetcher.DeleteAsync(there, ct: Ct);
    }

    [Fact(Timeout = 60_000)]
    public async Task One_name_that_is_too_long_here_does_not_stop_the_others()
    {
        var longest = new string('n', 300);
        for (var i = 0; i < 30; i++) await PutAsync($"f{i:00}", "1");
        await PutAsync(longest, "1");
        await PutAsync($"{longest}/x", "1");
        foreach (var fetch in (Func<string, Task>[])[
            t => Fetcher.GetAsync(Root, t, ct: Ct), t => Fetcher.CopyAsync(Root, DataUri.ForFile(t).AsFolder(), ct: Ct), t =>
            Fetcher.SyncAsync(Root, DataUri.ForFile(t), new SyncOptions { Delete = true }, ct: Ct)])
        {
            Write("out/keep", 1);
            var error = await Assert.ThrowsAsync<BadUriException>(() => fetch(At("out")));
            Assert.Equal((2, 30), (error.Failures.Count, error.Moved!.Files.Count));
            Assert.Contains(longest, error.Message, StringComparison.Ordinal);
            Assert.Equal(31, Tree("out").Length);
            Directory.Delete(At("out"), recursive: true);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_file_of_the_future_is_uploaded_once()
    {
        var source = Write("in/x", 10);
        File.SetLastWriteTimeUtc(source, new DateTime(2099, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal((1, 0, 0), (await CountAsync(), await CountAsync(), await CountAsync()));
        File.WriteAllBytes(source, [.. Enumerable.Repeat((byte)7, 10)]);
        File.SetLastWriteTimeUtc(source, new DateTime(2099, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal((1, 0), (await CountAsync(), await CountAsync()));

        async Task<int> CountAsync() => (await Fetcher.SyncAsync(DataUri.ForFile(At("in")), Root, ct: Ct)).Files.Count;
    }

    [Fact(Timeout = 60_000)]
    public async Task A_missing_bucket_and_wrong_keys_are_named_at_once()
    {
        var missing = await Assert.ThrowsAsync<DataNotFoundException>(
            () => Fetcher.PutAsync(Write("in/x", 1), DataUri.Parse("s3://no-such-bucket-here/x"), ct: Ct));
        Assert.Contains("no-such-bucket-here", missing.Message, StringComparison.Ordinal);
        using var wrong = new Fetcher(
            Options with { S3 = new S3Options { Endpoint = Options.S3.Endpoint, AccessKeyId = Options.S3.AccessKeyId, SecretAccessKey = "wrong" } });
        var denied = await Assert.ThrowsAsync<Scitq.Fetch.AccessDeniedException>(() => wrong.PutAsync(At("in/x"), Root, ct: Ct));
        Assert.DoesNotContain("wrong", denied.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task An_interrupted_upload_is_continued_with_the_parts_that_are_missing()
    {
        var source = Write("in/big", 6 * PartSize);
        await InterruptAsync(source);
        var open = Assert.Single((await _client!.ListMultipartUploadsAsync(_bucket, Ct)).MultipartUploads);
        var before = (await _client.ListPartsAsync(_bucket, open.Key, open.UploadId, Ct)).Parts.Count;
        Assert.InRange(before, 1, 5);
        await Fetcher.PutAsync(source, Root, ct: Ct);
        Assert.Empty((await _client.ListMultipartUploadsAsync(_bucket, Ct)).MultipartUploads ?? []);
        await Fetcher.GetAsync(Root.At(Root.Path + "big"), At("out"), ct: Ct);
        Assert.Equal(await File.ReadAllBytesAsync(source, Ct), await File.ReadAllBytesAsync(At("out/big"), Ct));
        Assert.Empty(Tree("state"));
    }

    [Fact(Timeout = 120_000)]
    public async Task An_interrupted_upload_of_other_content_is_aborted()
    {
        var source = Write("in/big", 6 * PartSize);
        await InterruptAsync(source);
        Write("in/big", 100);
        Write("in/big", (2 * PartSize) + 1);
        await Fetcher.PutAsync(source, Root, ct: Ct);
        Assert.Empty((await _client!.ListMultipartUploadsAsync(_bucket, Ct)).MultipartUploads ?? []);
        Assert.Equal((2 * PartSize) + 1, (await Fetcher.InfoAsync(Root.At(Root.Path + "big"), Ct))!.Size);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_copy_within_the_store_streams_through()
    {
        await Fetcher.PutAsync(Write("in/x", (20 * PartSize) + 7), Root, ct: Ct);
        await Fetcher.CopyAsync(Root.At(Root.Path + "x"), Root.At(Root.Path + "y"), ct: Ct);
        await Fetcher.GetAsync(Root.At(Root.Path + "y"), At("out"), ct: Ct);
        Assert.Equal(await File.ReadAllBytesAsync(At("in/x"), Ct), await File.ReadAllBytesAsync(At("out/y"), Ct));
    }

    [Fact(Timeout = 240_000)]
    public async Task Connections_that_break_or_fall_silent_are_outlived()
    {
        await OutliveAsync(new Uri(Options.S3.Endpoint!), by => Options with
        {
            S3 = new S3Options
                { Endpoint = by.GetLeftPart(UriPartial.Authority), AccessKeyId = Options.S3.AccessKeyId, SecretAccessKey = Options.S3.SecretAccessKey },
        });
        Assert.Empty((await _client!.ListMultipartUploadsAsync(_bucket, Ct)).MultipartUploads ?? []);
    }

    [Fact(Timeout = 480_000)]
    public async Task Ten_thousand_odd_keys_are_listed_to_the_byte_and_those_that_lead_outside_are_not_written()
    {
        string[] shapes = ["a b/{0}", "plus+/{0}", "per%20cent/{0}", "hash#/{0}", "quest?/{0}", "é-日本/{0}", "d//{0}", "up/../{0}", "..", "x/{0}"];
        var keys = Enumerable.Range(0, 10_000)
            .Select(i => shapes[i % 10] == ".." ? $"../{i}" : string.Format(System.Globalization.CultureInfo.InvariantCulture, shapes[i % 10], i)).ToArray();
        await Parallel.ForEachAsync(keys, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Ct }, async (key, _) =>
            await PutAsync(key, "1"));
        Assert.Equal(keys.Order(StringComparer.Ordinal), (await ListAsync(Root)).Select(e => e.Name));
        var error = await Assert.ThrowsAsync<BadUriException>(() => Fetcher.GetAsync(Root, At("out/in"), ct: Ct));
        Assert.Equal(2_000, error.Failures.Count);
        Assert.Equal(8_000, error.Moved!.Files.Count);
        Assert.Equal(["in"], Directory.EnumerateFileSystemEntries(At("out")).Select(Path.GetFileName));
        Assert.Equal(10_000, await Fetcher.DeleteAsync(Root, ct: Ct));
    }

    private async Task InterruptAsync(string source)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        using var fetcher = new Fetcher(Options with { Parts = 1 });
        var progress = new Direct(p =>
        {
            if (p.Bytes > 3 * PartSize) stop.Cancel();
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fetcher.PutAsync(source, Root, progress, stop.Token));
    }

    private Task PutAsync(string key, string text) =>
        _client!.PutObjectAsync(new PutObjectRequest { BucketName = _bucket, Key = "a folder/" + key, ContentBody = text }, Ct);

    private sealed class Direct(Action<TransferProgress> report) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => report(value);
    }
}
