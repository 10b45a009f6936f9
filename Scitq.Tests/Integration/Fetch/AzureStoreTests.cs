using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Scitq.Contracts;
using Scitq.Fetch;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Fetch;

/// <summary>Against the Azurite of <c>SCITQ_TEST_AZURE</c>, the URL of its blob service.</summary>
[Trait("Level", "Integration")]
public sealed class AzureStoreTests : StoreContract
{
    // The account every Azurite has; no secret.
    private const string Account = "devstoreaccount1";
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    private readonly string _container = "scitq-" + Guid.NewGuid().ToString("N")[..12];
    private BlobContainerClient? _client;

    // The SDK sends it as a slash.
    protected override IEnumerable<string> Impossible => ["back\\slash"];

    protected override async Task<(FetchOptions Options, DataUri Root)> OpenAsync(FetchOptions options, string local)
    {
        var endpoint = $"{TestEnvironment.Required("SCITQ_TEST_AZURE").TrimEnd('/')}/{Account}";
        _client = new BlobContainerClient($"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};BlobEndpoint={endpoint};", _container);
        await _client.CreateAsync(cancellationToken: Ct);
        return (options with { Azure = new AzureOptions { Account = Account, Key = Key, Endpoint = endpoint } },
            DataUri.Parse($"azure://{_container}/a folder/"));
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_client is not null) await _client.DeleteAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task Every_blob_has_the_md5_of_its_content_however_many_blocks_it_came_in()
    {
        var put = Assert.Single((await Fetcher.PutAsync(Write("in/x", (2 * PartSize) + 9), Root, ct: Ct)).Files);
        Assert.Equal(put.Md5, (await Fetcher.InfoAsync(Root.At(Root.Path + "x"), Ct))!.Md5);
        Assert.Equal(put.Md5, Assert.Single(await ListAsync(Root)).Md5);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_blob_that_marks_a_folder_is_that_folder()
    {
        var folder = new BlobUploadOptions { Metadata = new Dictionary<string, string> { ["hdi_isfolder"] = "true" } };
        foreach (var name in (string[])["d", "d/sub", "d/empty"]) await _client!.GetBlobClient($"a folder/{name}").UploadAsync(BinaryData.Empty, folder, Ct);
        await _client!.GetBlobClient("a folder/d/with").UploadAsync(new BinaryData("content"), folder, Ct);
        await _client!.GetBlobClient("a folder/d/sub/x").UploadAsync(new BinaryData("1"), Ct);
        foreach (var named in (string[])["d", "d/"])
        {
            await Fetcher.GetAsync(Root.At(Root.Path + named), At("out" + named.Length), ct: Ct);
            Assert.Equal(["sub/x", "with"], Tree("out" + named.Length));
        }

        Assert.Equal(["d/sub/x", "d/with"], (await ListAsync(Root)).Select(e => e.Name));
        Assert.Equal([("empty", true), ("sub", true), ("with", false)], (await ListAsync(Root.At(Root.Path + "d/"), recursive: false))
            .Select(e => (e.Name, e.IsFolder)));
        Assert.Null(await Fetcher.InfoAsync(Root.At(Root.Path + "d"), Ct));
        Assert.Equal(2, (await Fetcher.SyncAsync(Root, DataUri.ForFile(At("synced")), new SyncOptions { Delete = true }, ct: Ct)).Files.Count);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("../other/x")]
    [InlineData("a/./x")]
    [InlineData("a\\x")]
    public async Task A_name_that_would_become_another_one_is_refused(string name)
    {
        var source = Write("in/x", 1);
        await Assert.ThrowsAsync<BadUriException>(() => Fetcher.PutAsync(source, Root.At(Root.Path + name), ct: Ct));
        Assert.Empty(await ListAsync(Root));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_missing_container_and_wrong_keys_are_named_at_once()
    {
        var missing = await Assert.ThrowsAsync<DataNotFoundException>(
            () => Fetcher.PutAsync(Write("in/x", 1), DataUri.Parse("azure://no-such-container/x"), ct: Ct));
        Assert.Contains("no-such-container", missing.Message, StringComparison.Ordinal);
        var key = Convert.ToBase64String(new byte[64]);
        using var wrong = new Fetcher(Options with { Azure = new AzureOptions { Account = Account, Key = key, Endpoint = Options.Azure.Endpoint } });
        var denied = await Assert.ThrowsAsync<AccessDeniedException>(() => wrong.PutAsync(At("in/x"), Root, ct: Ct));
        Assert.DoesNotContain(key, denied.ToString(), StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task An_interrupted_upload_is_continued_with_the_blocks_that_are_missing()
    {
        // Large enough that progress, told five times a second, is told before the end.
        var source = Write("in/big", 40 * PartSize);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        using (var fetcher = new Fetcher(Options with { Parts = 1 }))
        {
            var progress = new Direct(p =>
            {
                if (p.Bytes > PartSize) stop.Cancel();
            });
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fetcher.PutAsync(source, Root, progress, stop.Token));
        }

        var staged = (await _client!.GetBlockBlobClient("a folder/big")
            .GetBlockListAsync(BlockListTypes.Uncommitted, cancellationToken: Ct)).Value.UncommittedBlocks.Count();
        Assert.InRange(staged, 1, 39);
        Assert.Empty(await ListAsync(Root));
        await Fetcher.PutAsync(source, Root, ct: Ct);
        await Fetcher.GetAsync(Root.At(Root.Path + "big"), At("out"), ct: Ct);
        Assert.Equal(await File.ReadAllBytesAsync(source, Ct), await File.ReadAllBytesAsync(At("out/big"), Ct));
    }

    [Fact(Timeout = 240_000)]
    public Task Connections_that_break_or_fall_silent_are_outlived() => OutliveAsync(
        new Uri(Options.Azure.Endpoint!), by => Options with { Azure = new AzureOptions { Account = Account, Key = Key, Endpoint = by.ToString() } });

    [Fact(Timeout = 480_000)]
    public async Task Odd_names_on_several_pages_are_listed_to_the_byte()
    {
        string[] folders = ["a b", "plus+", "per%20cent", "hash#", "quest?", "é-日本", "d/"];
        // A page holds 5,000.
        var names = Enumerable.Range(0, 5_500).Select(i => $"{folders[i % folders.Length]}/{i}").ToArray();
        await Parallel.ForEachAsync(names, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Ct }, async (name, c) =>
            await _client!.GetBlobClient("a folder/" + name).UploadAsync(new BinaryData("1"), c));
        Assert.Equal(names.Order(StringComparer.Ordinal), (await ListAsync(Root)).Select(e => e.Name));
    }

    [Fact(Timeout = 60_000)]
    public async Task The_url_that_Azure_shows_names_the_blob_too()
    {
        await Fetcher.PutAsync(Write("in/a b", 5), Root, ct: Ct);
        var url = DataUri.Parse($"https://{Account}.blob.core.windows.net/{_container}/a%20folder/a%20b");
        Assert.Equal($"azure://{_container}/a folder/a b", Fetcher.CheckUri(url.Text, forWriting: true).Text);
        Assert.Equal(5, (await Fetcher.InfoAsync(url, Ct))!.Size);
        Assert.Equal("a b", Assert.Single((await Fetcher.GetAsync(url, At("out"), ct: Ct)).Files).Name);
        // Of another account, or signed, it is a web page like others.
        Assert.Equal("https", Fetcher.CheckUri("https://somebody.blob.core.windows.net/c/x").Scheme);
        Assert.Equal("https", Fetcher.CheckUri(url.Text + "?sv=1&sig=x").Scheme);
    }

    private sealed class Direct(Action<TransferProgress> report) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => report(value);
    }
}
