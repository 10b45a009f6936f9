using System.Diagnostics.CodeAnalysis;
using Scitq.Contracts;
using Scitq.Fetch;

namespace Scitq.Tests.Integration.Fetch;

/// <summary>What every place that can be read, written and listed has in common.</summary>
[SuppressMessage("Design", "CA1051", Justification = "xunit's way of giving a base class to tests")]
public abstract class StoreContract : IAsyncLifetime
{
    protected const int PartSize = 5 << 20;

    private readonly string _local = Directory.CreateTempSubdirectory("scitq-store-").FullName;

    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    protected FetchOptions Options { get; private set; } = new()
        { PartSize = PartSize, Attempts = 8, BackOff = TimeSpan.FromMilliseconds(20), IdleTimeout = TimeSpan.FromSeconds(20) };

    protected Fetcher Fetcher { get; private set; } = null!;

    /// <summary>An empty folder of the store's, its path ending with a slash.</summary>
    protected DataUri Root { get; private set; } = null!;

    /// <summary>Names this store cannot hold.</summary>
    protected virtual IEnumerable<string> Impossible => [];

    protected abstract Task<(FetchOptions Options, DataUri Root)> OpenAsync(FetchOptions options, string local);

    public async ValueTask InitializeAsync()
    {
        (Options, Root) = await OpenAsync(Options with { StateDirectory = At("state") }, _local);
        Fetcher = new Fetcher(Options);
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (Root is not null)
        {
            try
            {
                await Fetcher.DeleteAsync(Root, ct: CancellationToken.None);
            }
            catch (DataNotFoundException)
            {
                // The test left nothing.
            }
        }

        Fetcher?.Dispose();
        Directory.Delete(_local, recursive: true);
        GC.SuppressFinalize(this);
    }

    [Theory(Timeout = 120_000)]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(PartSize)]
    [InlineData(PartSize + 1)]
    [InlineData((2 * PartSize) + 12_345)]
    public async Task What_is_uploaded_comes_back_identical(int size)
    {
        var source = Write("in/x", size);
        var put = Assert.Single((await Fetcher.PutAsync(source, Root, ct: Ct)).Files);
        Assert.Equal(("x", (long)size), (put.Name, put.Size));
        var uri = Root.At(Root.Path + "x");
        Assert.Equal(size, (await Fetcher.InfoAsync(uri, Ct))!.Size);
        var got = Assert.Single((await Fetcher.GetAsync(uri, At("out"), ct: Ct)).Files);
        // Of what went up in parts S3 only knows the MD5s of the parts.
        Assert.Equal(put with { Md5 = got.Md5 is null && size > PartSize ? null : put.Md5 }, got);
        Assert.Equal(await File.ReadAllBytesAsync(source, Ct), await File.ReadAllBytesAsync(At("out/x"), Ct));
        Assert.Equal(["x"], Tree("out"));
    }

    [Fact(Timeout = 120_000)]
    public async Task Names_are_kept_to_the_byte()
    {
        string[] names = ["a b", "plus+", "per%20cent", "hash#", "quest?x=1", "é-日本-😀", "amp&'\"", "(b)[r]{c}", "~!@$^*", ".hidden", "sub/deep/x",
            "semi;colon,", "back\\slash", new string('n', 200)];
        names = [.. names.Except(Impossible)];
        foreach (var name in names) Write("in/" + name, 3);
        Assert.Equal(names.Order(StringComparer.Ordinal), (await Fetcher.PutAsync(At("in"), Root, ct: Ct)).Files.Select(f => f.Name));
        Assert.Equal(names.Order(StringComparer.Ordinal), (await ListAsync(Root)).Select(e => e.Name));
        await Fetcher.GetAsync(Root, At("out"), ct: Ct);
        Assert.Equal(Tree("in"), Tree("out"));
        foreach (var name in names) Assert.Equal(3, (await Fetcher.InfoAsync(Root.At(Root.Path + name), Ct))?.Size);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_folder_is_itself_and_not_its_namesakes()
    {
        Write("in/run1/a", 1);
        Write("in/run1/sub/b", 2);
        Write("in/run10/c", 3);
        await Fetcher.PutAsync(At("in"), Root, ct: Ct);
        Assert.Equal(["a", "sub/b"], (await Fetcher.GetAsync(Root.At(Root.Path + "run1"), At("out"), ct: Ct)).Files.Select(f => f.Name));
        Assert.Equal(["a", "sub/b"], Tree("out"));
        Assert.Equal(["a", "sub/b"], (await ListAsync(Root.At(Root.Path + "run1"))).Select(e => e.Name));
        var level = await ListAsync(Root, recursive: false);
        Assert.Equal([("run1", true), ("run10", true)], level.Select(e => (e.Name, e.IsFolder)));
    }

    [Fact(Timeout = 120_000)]
    public async Task What_is_not_there_is_not_found_at_once()
    {
        var started = System.Diagnostics.Stopwatch.StartNew();
        foreach (var name in (string[])["none", "none/"])
        {
            var error = await Assert.ThrowsAsync<DataNotFoundException>(() => Fetcher.GetAsync(Root.At(Root.Path + name), At("out"), ct: Ct));
            Assert.Contains(Root.Path[(Root.Path.IndexOf('@', StringComparison.Ordinal) + 1)..] + "none", error.Message, StringComparison.Ordinal);
        }

        Assert.True(started.Elapsed < TimeSpan.FromSeconds(10));
        Assert.Null(await Fetcher.InfoAsync(Root.At(Root.Path + "none"), Ct));
    }

    [Fact(Timeout = 120_000)]
    public async Task Syncs_in_both_directions_move_only_what_differs()
    {
        Write("in/a", 10);
        Write("in/sub/b.data", 20);
        var local = DataUri.ForFile(At("in"));
        Assert.Equal(2, (await Fetcher.SyncAsync(local, Root, ct: Ct)).Files.Count);
        Assert.Equal((0, 2), await SyncAsync(local, Root));
        Assert.Equal((2, 0), await SyncAsync(Root, DataUri.ForFile(At("back"))));
        Assert.Equal((0, 2), await SyncAsync(Root, DataUri.ForFile(At("back"))));
        Write("in/sub/b.data", 21);
        Assert.Equal((1, 1), await SyncAsync(local, Root));
        var only = await Fetcher.SyncAsync(Root, DataUri.ForFile(At("some")), new SyncOptions { Filter = new NameFilter(["*.data"]) }, ct: Ct);
        Assert.Equal(["sub/b.data"], only.Files.Select(f => f.Name));

        async Task<(int, int)> SyncAsync(DataUri from, DataUri to) => await Fetcher.SyncAsync(from, to, ct: Ct) is var r ? (r.Files.Count, r.Skipped) : default;
    }

    [Fact(Timeout = 120_000)]
    public async Task A_sync_that_deletes_puts_folders_where_files_are_and_the_other_way_round()
    {
        foreach (var name in (string[])["was-file/a", "was-file/deep/b", "was-folder", "same"]) Write("in/" + name, 3);
        foreach (var name in (string[])["was-file", "was-folder/c", "was-folder/deep/d", "same"]) Write("old/" + name, 3);
        await Fetcher.PutAsync(At("old"), Root, ct: Ct);
        var source = DataUri.ForFile(At("in"));
        foreach (var (from, to) in new[] { (source, Root), (Root, DataUri.ForFile(At("old"))) })
        {
            Directory.CreateDirectory(At("old/was-folder/empty"));
            await Fetcher.SyncAsync(from, to, new SyncOptions { Delete = true }, ct: Ct);
            Assert.Equal((0, 4, 0), await Fetcher.SyncAsync(from, to, new SyncOptions { Delete = true }, ct: Ct) is var r
                ? (r.Files.Count, r.Skipped, r.Deleted)
                : default);
        }

        Assert.Equal(Tree("in"), (await ListAsync(Root)).Select(e => e.Name));
        Assert.Equal(Tree("in"), Tree("old"));
    }

    [Fact(Timeout = 120_000)]
    public async Task Deleting_takes_what_is_named_and_no_more()
    {
        foreach (var name in (string[])["d/x", "d/y.tmp", "d2/z"]) Write("in/" + name, 1);
        await Fetcher.PutAsync(At("in"), Root, ct: Ct);
        Assert.Equal(2, await Fetcher.DeleteAsync(Root.At(Root.Path + "d"), dryRun: true, ct: Ct));
        Assert.Equal(1, await Fetcher.DeleteAsync(Root.At(Root.Path + "d"), new NameFilter(["*.tmp"]), ct: Ct));
        Assert.Equal(1, await Fetcher.DeleteAsync(Root.At(Root.Path + "d/x"), ct: Ct));
        Assert.Equal(["d2/z"], (await ListAsync(Root)).Select(e => e.Name));
        await Assert.ThrowsAsync<DataNotFoundException>(() => Fetcher.DeleteAsync(Root.At(Root.Path + "d/x"), ct: Ct));
    }

    [Fact(Timeout = 240_000)]
    public async Task Long_listings_are_whole()
    {
        for (var i = 0; i < 1205; i++) Write($"in/d{i % 3}/f{i:0000}", 1);
        await Fetcher.PutAsync(At("in"), Root, ct: Ct);
        Assert.Equal(Tree("in"), (await ListAsync(Root)).Select(e => e.Name));
        Assert.Equal(402, (await ListAsync(Root.At(Root.Path + "d0"), recursive: false)).Length);
    }

    /// <summary>The same store by way of a proxy on whose connections nothing is sure.</summary>
    protected async Task OutliveAsync(Uri server, Func<Uri, FetchOptions> by)
    {
        await using var proxy = new FaultyProxy(server, 3 * PartSize);
        using var fetcher = new Fetcher(by(proxy.Address) with { IdleTimeout = TimeSpan.FromSeconds(8), Attempts = 20, Parts = 4 });
        Write("in/big", 8 * PartSize);
        for (var i = 0; i < 20; i++) Write($"in/small{i}", 300_000);
        await fetcher.PutAsync(At("in"), Root, ct: Ct);
        await fetcher.GetAsync(Root, At("out"), ct: Ct);
        Assert.True(proxy.Broken > 0);
        Assert.Equal(Tree("in"), Tree("out"));
        foreach (var name in Tree("in"))
            Assert.Equal(await File.ReadAllBytesAsync(At("in/" + name), Ct), await File.ReadAllBytesAsync(At("out/" + name), Ct));
    }

    protected async Task<DataEntry[]> ListAsync(DataUri folder, bool recursive = true)
    {
        var entries = new List<DataEntry>();
        await foreach (var entry in Fetcher.ListAsync(folder, recursive, Ct)) entries.Add(entry);
        return [.. entries.OrderBy(e => e.Name, StringComparer.Ordinal)];
    }

    protected string At(string relative) => Path.Combine(_local, relative);

    protected string Write(string relative, int size)
    {
        var bytes = new byte[size];
        new Random(size).NextBytes(bytes);
        Directory.CreateDirectory(Path.GetDirectoryName(At(relative))!);
        File.WriteAllBytes(At(relative), bytes);
        return At(relative);
    }

    protected string[] Tree(string relative) =>
        [.. Directory.EnumerateFiles(At(relative), "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(At(relative), f))
            .Order(StringComparer.Ordinal)];
}

[Trait("Level", "Integration")]
public sealed class FileStoreTests : StoreContract
{
    protected override Task<(FetchOptions Options, DataUri Root)> OpenAsync(FetchOptions options, string local) =>
        Task.FromResult((options, DataUri.ForFile(Directory.CreateDirectory(Path.Combine(local, "store")).FullName).AsFolder()));
}
