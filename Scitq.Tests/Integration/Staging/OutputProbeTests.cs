using Azure.Storage.Blobs;
using Scitq.Agent.Runtimes;
using Scitq.Agent.Staging;
using Scitq.Contracts;
using Scitq.Fetch;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Staging;

/// <summary>Whether an output can be delivered is known before the command runs.</summary>
[Trait("Level", "Integration")]
public sealed class OutputProbeTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly List<Fetcher> _fetchers = [];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        foreach (var fetcher in _fetchers) fetcher.Dispose();
        _folder.Dispose();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_bucket_that_can_be_written_to_is_probed_once_and_nothing_stays_there()
    {
        await using var bucket = await S3Bucket.CreateAsync();
        var probe = Probe(new FetchOptions { S3 = S3(bucket) });
        Assert.Equal(7, await RunAsync(probe, bucket.Uri("results/s1")));
        Assert.Empty(await bucket.KeysAsync());
        Assert.True(File.Exists(_folder[".scitq-probe"]));
        // Without it a second probe would have to write it again.
        File.Delete(_folder[".scitq-probe"]);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => RunAsync(probe, bucket.Uri($"results/s{i}/"))));
        Assert.False(File.Exists(_folder[".scitq-probe"]));
        await RunAsync(probe, bucket.Uri("results/"), batch: "other");
        Assert.True(File.Exists(_folder[".scitq-probe"]));
    }

    [Fact(Timeout = 60_000)]
    public async Task An_FTP_server_is_probed_too_and_nothing_stays_there()
    {
        var folder = $"{TestEnvironment.Required("SCITQ_TEST_FTP").TrimEnd('/')}/probe-{Guid.NewGuid():N}/";
        var probe = Probe(new FetchOptions());
        Assert.Equal(7, await RunAsync(probe, folder + "/./a//"));
        Assert.Empty(await _fetchers[0].ListAsync(DataUri.Parse(folder), ct: Ct).ToListAsync(Ct));
        var refused = await Assert.ThrowsAsync<StartException>(() => RunAsync(probe, $"ftp://{folder.Split('@')[1]}"));
        Assert.Equal(FailureClass.Upload, refused.Failure);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_missing_bucket_stops_the_fetching_and_is_not_remembered()
    {
        await using var bucket = await S3Bucket.CreateAsync();
        await bucket.Client.DeleteBucketAsync(bucket.Name, Ct);
        var probe = Probe(new FetchOptions { S3 = S3(bucket) });
        var spec = new TaskSpec { Argv = ["true"], Output = DataUri.Parse(bucket.Uri("results/")) };
        var stopped = false;
        var refused = await Assert.ThrowsAsync<StartException>(() => probe.WhileAsync(spec, async c =>
        {
            using var registered = c.Register(() => stopped = true);
            await Task.Delay(Timeout.Infinite, c);
            return 0L;
        }, Ct));
        Assert.True(stopped);
        Assert.Equal(FailureClass.Upload, refused.Failure);
        Assert.Contains($"{bucket.Uri("results/")}: there is no bucket '{bucket.Name}'. Create it", refused.Message, StringComparison.Ordinal);
        await bucket.Client.PutBucketAsync(bucket.Name, Ct);
        Assert.Equal(7, await RunAsync(probe, bucket.Uri("results/")));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_key_that_may_not_write_is_found_out()
    {
        await using var bucket = await S3Bucket.CreateAsync();
        var wrong = new S3Options { Endpoint = S3(bucket).Endpoint, AccessKeyId = S3(bucket).AccessKeyId, SecretAccessKey = "wr0ng" };
        var probe = Probe(new FetchOptions { S3 = wrong });
        var refused = await Assert.ThrowsAsync<StartException>(() => RunAsync(probe, bucket.Uri("results")));
        Assert.Equal(FailureClass.Upload, refused.Failure);
        Assert.Contains("403", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wr0ng", refused.Message, StringComparison.Ordinal);
        // The other account, by the bucket's name.
        var chosen = Probe(
            new FetchOptions { S3 = wrong, Storage = new StorageProfiles { S3 = [new S3Options { Buckets = ["nothing-*"] }, S3(bucket, "scitq-*")] } });
        Assert.Equal(7, await RunAsync(chosen, bucket.Uri("results")));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_store_in_trouble_does_not_fail_what_may_succeed_later()
    {
        var probe = Probe(
            new FetchOptions
                { Attempts = 2, BackOff = TimeSpan.FromMilliseconds(10),
                S3 = new S3Options { Endpoint = "http://127.0.0.1:9", AccessKeyId = "a", SecretAccessKey = "b" } });
        Assert.Equal(7, await RunAsync(probe, "s3://bucket/results"));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_missing_container_is_found_out()
    {
        var container = "scitq-" + Guid.NewGuid().ToString("N")[..12];
        var client = new BlobContainerClient(
            $"DefaultEndpointsProtocol=http;AccountName={CloudStore.AzureAccount};AccountKey={CloudStore.AzureKey};BlobEndpoint={Endpoint};", container);
        var probe = Probe(new FetchOptions
        {
            Azure = new AzureOptions { Account = "other", Key = CloudStore.AzureKey, Endpoint = "http://127.0.0.1:9" },
            Storage = new StorageProfiles
                { Azure = [new AzureOptions { Containers = ["scitq-*"], Account = CloudStore.AzureAccount, Key = CloudStore.AzureKey, Endpoint = Endpoint }] },
        });
        var refused = await Assert.ThrowsAsync<StartException>(() => RunAsync(probe, $"azure://{container}/results"));
        Assert.Contains($"there is no container '{container}'", refused.Message, StringComparison.Ordinal);
        await client.CreateAsync(cancellationToken: Ct);
        Assert.Equal(7, await RunAsync(probe, $"azure://{container}/results"));
        Assert.Empty(await client.GetBlobsAsync(cancellationToken: Ct).ToListAsync(Ct));
        await client.DeleteAsync(cancellationToken: Ct);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_folder_that_is_not_there_is_not_made_for_the_probe()
    {
        var probe = Probe(new FetchOptions { FileRoots = [_folder.Path] }, _folder.Path);
        Assert.Equal(7, await RunAsync(probe, $"file://{_folder["a/b"]}"));
        Assert.Equal([".scitq-probe"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName));
        await File.WriteAllTextAsync(_folder["file"], "", Ct);
        Assert.Contains("is a file, not a folder. Correct -o",
            (await Assert.ThrowsAsync<StartException>(() => RunAsync(probe, $"file://{_folder["file"]}/b/c"))).Message, StringComparison.Ordinal);
        Assert.Contains("only allowed below", (await Assert.ThrowsAsync<StartException>(() => RunAsync(probe, "file:///somewhere/else"))).Message,
            StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_probes_leave_is_not_fetched()
    {
        Directory.CreateDirectory(_folder["in/sub"]);
        await File.WriteAllTextAsync(_folder["in/a"], "", Ct);
        await File.WriteAllTextAsync(_folder[$"in/sub/{Fetcher.ProbePrefix}1"], "", Ct);
        using var fetcher = new Fetcher();
        Assert.Equal(["a"], (await fetcher.GetAsync(DataUri.Parse($"file://{_folder["in"]}/"), _folder["out"], ct: Ct)).Files.Select(f => f.Name));
    }

    private static string Endpoint => CloudStore.Credentials("azure")["AZURE_STORAGE_ENDPOINT"]!;

    private static Task<long> RunAsync(OutputProbe probe, string output, string batch = "Default") =>
        probe.WhileAsync(new TaskSpec { Argv = ["true"], Batch = batch, Output = DataUri.Parse(output) }, _ => Task.FromResult(7L), Ct);

    private static S3Options S3(S3Bucket bucket, params string[] buckets) => new()
    {
        Buckets = buckets, Endpoint = bucket.Environment["AWS_ENDPOINT_URL"], AccessKeyId = bucket.Environment["AWS_ACCESS_KEY_ID"],
        SecretAccessKey = bucket.Environment["AWS_SECRET_ACCESS_KEY"],
    };

    private OutputProbe Probe(FetchOptions options, params string[] roots)
    {
        _fetchers.Add(new Fetcher(options));
        return new OutputProbe(_fetchers[^1], _folder.Path, TimeProvider.System) { FileRoots = roots };
    }
}
