using Microsoft.AspNetCore.Http;
using Scitq.Contracts;
using Scitq.Fetch;

namespace Scitq.Tests.Integration.Fetch;

[Trait("Level", "Integration")]
public sealed class HttpTransferTests : IAsyncLifetime
{
    private static readonly byte[] Big = Bytes(5_000_000);
    private readonly string _root = Directory.CreateTempSubdirectory("scitq-http-").FullName;
    private readonly Fetcher _fetcher = new(new FetchOptions { Attempts = 8, BackOff = TimeSpan.FromMilliseconds(5), IdleTimeout = TimeSpan.FromSeconds(3) });
    private HttpServer _server = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await HttpServer.StartAsync();
        _server.Files["/d/big"] = Big;
        _server.Files["/d/x.txt"] = "hello"u8.ToArray();
        _server.Files["/empty"] = [];
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _fetcher.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Theory(Timeout = 30_000)]
    [InlineData("/d/x.txt", "x.txt")]
    [InlineData("/d/x.txt?token=1&path=/a/", "x.txt")]
    [InlineData("/to/4/d/x.txt", "x.txt")]
    [InlineData("/empty", "empty")]
    public async Task A_file_is_fetched_under_the_last_part_of_its_path(string path, string name)
    {
        Assert.Equal(name, Assert.Single((await GetAsync(path)).Files).Name);
        Assert.Equal([name], Directory.EnumerateFiles(_root).Select(Path.GetFileName));
    }

    [Fact(Timeout = 30_000)]
    public async Task Six_redirects_are_too_many() => await Assert.ThrowsAsync<BadUriException>(() => GetAsync("/to/5/d/x.txt"));

    [Theory(Timeout = 30_000)]
    [InlineData(404, typeof(DataNotFoundException))]
    [InlineData(403, typeof(AccessDeniedException))]
    [InlineData(400, typeof(BadUriException))]
    public async Task A_permanent_fault_fails_at_once_and_names_the_uri(int status, Type expected)
    {
        _server.Fault = Always(c => c.Response.StatusCode = status);
        var error = await Assert.ThrowsAsync(expected, () => GetAsync("/d/x.txt?token=secret"));
        Assert.Contains("/d/x.txt?token=***", error.Message, StringComparison.Ordinal);
        Assert.InRange(_server.Requests.Count, 1, 2);
    }

    [Theory(Timeout = 30_000)]
    [InlineData(503)]
    [InlineData(429)]
    public async Task A_fault_that_passes_is_outlived_and_one_that_stays_is_given_up(int status)
    {
        var left = 7;
        _server.Fault = Always(c => c.Response.StatusCode = status, () => left-- > 0);
        await GetAsync("/d/x.txt");
        left = int.MaxValue;
        var error = await Assert.ThrowsAsync<TransferExhaustedException>(() => GetAsync("/d/x.txt"));
        Assert.Contains(status.ToString(System.Globalization.CultureInfo.InvariantCulture), error.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_third_of_all_answers_being_503_harms_nothing()
    {
        var random = new Random(7);
        _server.Fault = Always(c => c.Response.StatusCode = 503, () => random.Next(10) < 3);
        for (var i = 0; i < 30; i++) await GetAsync("/d/x.txt");
    }

    [Fact(Timeout = 60_000)]
    public async Task Broken_and_stalled_bodies_are_continued_where_they_stopped()
    {
        var served = 0;
        _server.Fault = async c =>
        {
            if (c.Request.Method == "HEAD" || served++ > 20) return false;
            var from = c.Request.GetTypedHeaders().Range?.Ranges.Single().From ?? 0;
            c.Response.StatusCode = from == 0 ? 200 : 206;
            c.Response.Headers.ETag = "\"v1\"";
            c.Response.ContentLength = Big.Length - from;
            if (from > 0) c.Response.Headers.ContentRange = $"bytes {from}-{Big.Length - 1}/{Big.Length}";
            await c.Response.Body.WriteAsync(Big.AsMemory((int)from, Math.Min(300_000, Big.Length - (int)from)), Ct);
            await c.Response.Body.FlushAsync(Ct);
            // Every fourth just falls silent.
            if (served % 4 == 0) await Task.Delay(60_000, c.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            c.Abort();
            return true;
        };
        await GetAsync("/d/big");
        Assert.Equal(Big, await File.ReadAllBytesAsync(Path.Combine(_root, "big"), Ct));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_file_replaced_while_it_is_read_arrives_wholly_as_one_version()
    {
        var other = Bytes(5_000_000, seed: 9);
        var cut = true;
        _server.Fault = async c =>
        {
            if (c.Request.Method == "HEAD" || !cut) return false;
            cut = false;
            c.Response.ContentLength = Big.Length;
            c.Response.Headers.ETag = "\"v1\"";
            await c.Response.Body.WriteAsync(Big.AsMemory(0, 2_000_000), Ct);
            await c.Response.Body.FlushAsync(Ct);
            (_server.Files["/d/big"], _server.Tags["/d/big"]) = (other, "\"v2\"");
            c.Abort();
            return true;
        };
        await GetAsync("/d/big");
        Assert.Equal(other, await File.ReadAllBytesAsync(Path.Combine(_root, "big"), Ct));
        Assert.Single(Directory.EnumerateFiles(_root));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_killed_download_is_continued_by_the_next_process()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        _server.Fault = async c =>
        {
            if (c.Request.Method == "HEAD") return false;
            c.Response.ContentLength = Big.Length;
            c.Response.Headers.ETag = "\"v1\"";
            await c.Response.Body.WriteAsync(Big.AsMemory(0, 1_000_000), Ct);
            await c.Response.Body.FlushAsync(Ct);
            while (!Directory.EnumerateFiles(_root).Any(f => new FileInfo(f).Length == 1_000_000)) await Task.Delay(10, Ct);
            await stop.CancelAsync();
            return true;
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _fetcher.GetAsync(DataUri.Parse(_server.Root + "/d/big"), _root, ct: stop.Token));
        _server.Fault = null;
        _server.Requests.Clear();
        await GetAsync("/d/big");
        Assert.Contains("GET /d/big bytes=1000000-", _server.Requests);
        Assert.Equal(Big, await File.ReadAllBytesAsync(Path.Combine(_root, "big"), Ct));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_server_without_ranges_is_read_again_up_to_the_place()
    {
        var first = true;
        _server.Fault = async c =>
        {
            if (c.Request.Method == "HEAD") return false;
            c.Response.ContentLength = Big.Length;
            c.Response.Headers.ETag = "\"v1\"";
            await c.Response.Body.WriteAsync(Big.AsMemory(0, first ? 1_000_000 : Big.Length), Ct);
            if (first)
            {
                await c.Response.Body.FlushAsync(Ct);
                c.Abort();
            }

            first = false;
            return true;
        };
        await GetAsync("/d/big");
        Assert.Equal(Big, await File.ReadAllBytesAsync(Path.Combine(_root, "big"), Ct));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_wrong_content_md5_is_noticed_and_nothing_is_kept()
    {
        _server.Fault = c =>
        {
            c.Response.Headers.ContentMD5 = Convert.ToBase64String(new byte[16]);
            return Task.FromResult(false);
        };
        await Assert.ThrowsAsync<IntegrityException>(() => GetAsync("/d/x.txt"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_root));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_server_that_refuses_HEAD_and_tells_no_size_is_read_to_its_end()
    {
        _server.Fault = async c =>
        {
            if (c.Request.Method == "HEAD") c.Response.StatusCode = 403;
            else await c.Response.Body.WriteAsync("streamed"u8.ToArray(), Ct);
            return true;
        };
        Assert.Equal(8, (await GetAsync("/gen/x")).Bytes);
    }

    [Fact(Timeout = 30_000)]
    public async Task Credentials_in_the_uri_are_sent_but_never_shown()
    {
        _server.Fault = Always(c => c.Response.StatusCode = c.Request.Headers.Authorization == "Basic " + Convert.ToBase64String("me:s3cret"u8) ? 404 : 401);
        var uri = DataUri.Parse(_server.Root.Replace("//", "//me:s3cret@", StringComparison.Ordinal) + "/x");
        var error = await Assert.ThrowsAsync<DataNotFoundException>(() => _fetcher.GetAsync(uri, _root, ct: Ct));
        Assert.DoesNotContain("s3cret", error.ToString(), StringComparison.Ordinal);
    }

    [Fact(Timeout = 30_000)]
    public async Task Folders_writing_and_deleting_are_not_supported()
    {
        await Assert.ThrowsAsync<UnsupportedTransferException>(() => GetAsync("/d/"));
        await Assert.ThrowsAsync<UnsupportedTransferException>(() => _fetcher.DeleteAsync(DataUri.Parse(_server.Root + "/d/x.txt"), ct: Ct));
        Assert.Throws<UnsupportedTransferException>(() => _fetcher.CheckUri("https://h/x", forWriting: true));
    }

    private Task<TransferResult> GetAsync(string path) => _fetcher.GetAsync(DataUri.Parse(_server.Root + path), _root, ct: Ct);

    private static Func<HttpContext, Task<bool>> Always(Action<HttpContext> answer, Func<bool>? when = null) => context =>
    {
        if (when?.Invoke() == false) return Task.FromResult(false);
        answer(context);
        return Task.FromResult(true);
    };

    private static byte[] Bytes(int count, int seed = 1)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
