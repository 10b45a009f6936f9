using System.Globalization;
using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Scitq.Contracts;
using Scitq.Fetch;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Fetch;

/// <summary>Web servers as they are found. Only what the GET itself says, and brings, counts.</summary>
[Trait("Level", "Integration")]
public sealed class OddHttpTests : IAsyncLifetime
{
    private static readonly byte[] Text = [.. Enumerable.Range(0, 300_000).Select(i => (byte)('a' + (i % 13)))];
    private readonly TestFolder _folder = new();
    private readonly Fetcher _fetcher = new(new FetchOptions { Attempts = 4, BackOff = TimeSpan.FromMilliseconds(5), IdleTimeout = TimeSpan.FromSeconds(3) });
    private HttpServer _server = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await HttpServer.StartAsync();
        (_server.Files["/x"], _server.Files["/empty"]) = (Text, []);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _fetcher.Dispose();
        _folder.Dispose();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("length 0")]
    [InlineData("length 7")]
    [InlineData("no length")]
    [InlineData("another version")]
    [InlineData("packed")]
    [InlineData("400")]
    [InlineData("401")]
    [InlineData("403")]
    [InlineData("404")]
    [InlineData("405")]
    [InlineData("500")]
    [InlineData("501")]
    [InlineData("503")]
    [InlineData("silence")]
    [InlineData("closed")]
    public async Task Whatever_HEAD_is_answered_the_file_comes(string answer)
    {
        _server.Fault = context => HeadAsync(context, answer);
        await AssertIsFetchedAsync("/x", Text);
        await AssertIsFetchedAsync("/empty", []);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_redirect_to_a_link_that_is_signed_for_GET_alone_is_followed()
    {
        _server.Fault = context =>
        {
            if (context.Request.Path == "/away") context.Response.Redirect("/x?signature=1");
            else if (context.Request.Method == "HEAD") context.Response.StatusCode = 403;
            else return Task.FromResult(false);
            return Task.FromResult(true);
        };
        Assert.Equal(Text.Length, (await _fetcher.GetAsync(DataUri.Parse(_server.Root + "/away"), _folder["out"], ct: Ct)).Bytes);
    }

    /// <summary>Each body is cut once in its middle, and HEAD is refused, so that ranges matter.</summary>
    [Theory(Timeout = 60_000)]
    [InlineData("200", true)]
    [InlineData("416", true)]
    [InlineData("206 of another place", true)]
    [InlineData("206 of another length", true)]
    [InlineData("206 without a place", true)]
    [InlineData("206 shorter than asked", true)]
    [InlineData("206 of another version", false)]
    public async Task Whatever_a_range_is_answered_the_file_is_whole_or_none(string answer, bool comes)
    {
        var cut = true;
        _server.Fault = async context =>
        {
            if (context.Request.Method == "HEAD") context.Response.StatusCode = 405;
            else if (context.Request.GetTypedHeaders().Range?.Ranges.Single() is { From: { } from } range && !(from == 0 && cut && !comes))
                await RangeAsync(context, answer, (int)from, range.To);
            else await WholeAsync(context, cut && context.Request.Headers.Range.Count == 0 ? Text.Length / 2 : Text.Length);
            if (context.Request.Method == "GET" && context.Request.Headers.Range.Count == 0) cut = false;
            return true;
        };
        if (comes) await AssertIsFetchedAsync("/x", Text);
        else await Assert.ThrowsAnyAsync<FetchException>(() => GetAsync("/x"));
        Assert.True(comes || !Directory.Exists(_folder["out"]) || !File.Exists(Path.Combine(_folder["out"], "x")));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task A_body_that_is_packed_on_its_way_is_unpacked(string coding)
    {
        Packed(coding, Pack(Text, coding));
        await AssertIsFetchedAsync("/x", Text);
        Assert.All(_accepted, a => Assert.Equal("identity", a));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_file_that_is_packed_by_its_name_stays_so()
    {
        var packed = Pack(Text, "gzip");
        Packed("gzip", packed);
        await AssertIsFetchedAsync("/x.gz", packed);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_coding_that_nobody_knows_is_named()
    {
        Packed("zstd", Text);
        var error = await Assert.ThrowsAsync<UnsupportedTransferException>(() => GetAsync("/x"));
        Assert.Contains("zstd", error.Message, StringComparison.Ordinal);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("length")]
    [InlineData("chunks")]
    [InlineData("gzip")]
    public async Task A_body_that_is_always_cut_off_is_no_file(string kind)
    {
        var packed = Pack(Text, "gzip");
        _server.Fault = async context =>
        {
            if (context.Request.Method == "HEAD") context.Response.StatusCode = 405;
            else if (kind == "gzip")
            {
                // Whole as HTTP has it.
                context.Response.Headers.ContentEncoding = "gzip";
                await context.Response.Body.WriteAsync(packed.AsMemory(0, packed.Length - 6), Ct);
            }
            else
            {
                if (kind == "length") context.Response.ContentLength = Text.Length;
                await context.Response.Body.WriteAsync(Text.AsMemory(0, 1000), Ct);
                await context.Response.Body.FlushAsync(Ct);
                context.Abort();
            }

            return true;
        };
        await Assert.ThrowsAnyAsync<FetchException>(() => GetAsync("/x"));
        Assert.False(File.Exists(Path.Combine(_folder["out"], "x")));
    }

    [Theory(Timeout = 60_000)]
    [InlineData(204)]
    [InlineData(205)]
    public async Task An_answer_without_content_is_no_empty_file(int status)
    {
        _server.Fault = context =>
        {
            context.Response.StatusCode = status;
            return Task.FromResult(true);
        };
        var error = await Assert.ThrowsAsync<BadUriException>(() => GetAsync("/x"));
        Assert.Contains($"{status}", error.Message, StringComparison.Ordinal);
    }

    private readonly List<string> _accepted = [];

    private void Packed(string coding, byte[] body) => _server.Fault = async context =>
    {
        lock (_accepted) _accepted.Add(context.Request.Headers.AcceptEncoding.ToString());
        (context.Response.Headers.ContentEncoding, context.Response.ContentLength) = (coding, body.Length);
        if (context.Request.Method == "GET") await context.Response.Body.WriteAsync(body, Ct);
        return true;
    };

    private static byte[] Pack(byte[] bytes, string coding)
    {
        using var packed = new MemoryStream();
        using (Stream stream = coding switch
        {
            "gzip" => new GZipStream(packed, CompressionLevel.Fastest),
            "br" => new BrotliStream(packed, CompressionLevel.Fastest),
            _ => new ZLibStream(packed, CompressionLevel.Fastest),
        })
            stream.Write(bytes);
        return packed.ToArray();
    }

    private static async Task<bool> HeadAsync(HttpContext context, string answer)
    {
        if (context.Request.Method != "HEAD") return false;
        context.Response.Headers.ETag = answer == "another version" ? "\"v0\"" : "\"v1\"";
        switch (answer)
        {
            case "silence":
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                break;
            case "closed":
                context.Abort();
                break;
            case "no length":
                break;
            case "another version":
                context.Response.ContentLength = Text.Length;
                break;
            case "packed":
                (context.Response.Headers.ContentEncoding, context.Response.ContentLength) = ("gzip", 9);
                break;
            case ['l', ..]:
                context.Response.ContentLength = long.Parse(answer["length ".Length..], CultureInfo.InvariantCulture);
                break;
            default:
                context.Response.StatusCode = int.Parse(answer, CultureInfo.InvariantCulture);
                break;
        }

        return true;
    }

    private static async Task RangeAsync(HttpContext context, string answer, int from, long? to)
    {
        var end = to is { } last ? (int)last + 1 : Text.Length;
        context.Response.Headers.ETag = answer == "206 of another version" && from > 0 ? "\"v2\"" : "\"v1\"";
        switch (answer)
        {
            case "200":
                context.Response.Headers.AcceptRanges = "bytes";
                await WholeAsync(context, Text.Length);
                return;
            case "416":
                context.Response.StatusCode = 416;
                return;
            case "206 of another place":
                from = Math.Max(0, from - 10);
                break;
            case "206 shorter than asked":
                end = Math.Min(end, from + 40_000);
                break;
        }

        context.Response.StatusCode = 206;
        var length = Text.Length + (answer == "206 of another length" ? 5 : 0);
        if (answer != "206 without a place") context.Response.Headers.ContentRange = $"bytes {from}-{end - 1}/{length}";
        await context.Response.Body.WriteAsync(Text.AsMemory(from, end - from), Ct);
    }

    private static async Task WholeAsync(HttpContext context, int length)
    {
        context.Response.Headers.ETag = "\"v1\"";
        context.Response.ContentLength = Text.Length;
        await context.Response.Body.WriteAsync(Text.AsMemory(0, length), Ct);
        if (length == Text.Length) return;
        await context.Response.Body.FlushAsync(Ct);
        context.Abort();
    }

    private Task<TransferResult> GetAsync(string path) => _fetcher.GetAsync(DataUri.Parse(_server.Root + path), _folder["out"], ct: Ct);

    private async Task AssertIsFetchedAsync(string path, byte[] content)
    {
        await GetAsync(path);
        Assert.Equal(content, await File.ReadAllBytesAsync(_folder["out"] + path, Ct));
    }
}
