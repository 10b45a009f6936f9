using Microsoft.AspNetCore.Http;
using Scitq.Contracts;
using Scitq.Fetch;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Fetch;

/// <summary><c>@aria2</c> with Debian's aria2.</summary>
[Trait("Level", "Integration")]
public sealed class Aria2Tests : IAsyncLifetime
{
    private static readonly byte[] Big = Bytes(12_000_000);
    private readonly TestFolder _folder = new();
    private HttpServer _server = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists("/usr/bin/aria2c")) TestEnvironment.Missing("/usr/bin/aria2c of Debian's aria2 is not there");
        _server = await HttpServer.StartAsync();
        _server.Files["/d/big"] = Big;
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_file_comes_by_several_connections_under_its_name()
    {
        var result = await GetAsync($"{Address("http@aria2")}/d/big?token=x");
        Assert.Equal(("big", (long)Big.Length), (Assert.Single(result.Files).Name, result.Bytes));
        Assert.Equal(Big, await File.ReadAllBytesAsync(At("big"), Ct));
        Assert.Equal(["big"], Names());
        Assert.True(_server.Requests.Count(r => r.StartsWith("GET", StringComparison.Ordinal)) >= 5, string.Join("\n", _server.Requests));
    }

    [Fact(Timeout = 60_000)]
    public async Task Credentials_are_sent_and_are_not_among_the_programs_words()
    {
        var answered = 0;
        _server.Fault = c =>
        {
            if (c.Request.Headers.Authorization == "Basic " + Convert.ToBase64String("me:s3cret"u8)) return Task.FromResult(answered++ < 0);
            c.Response.StatusCode = 401;
            c.Response.Headers.WWWAuthenticate = "Basic realm=x";
            return Task.FromResult(true);
        };
        await GetAsync($"{Address("http@aria2").Replace("//", "//me:s3cret@", StringComparison.Ordinal)}/d/big", Logged());
        Assert.Equal(Big, await File.ReadAllBytesAsync(At("big"), Ct));
        Assert.DoesNotContain("s3cret", await File.ReadAllTextAsync(_folder["words"], Ct), StringComparison.Ordinal);
        Assert.True(answered > 1);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_file_comes_by_FTP_whatever_its_name()
    {
        var address = $"{TestEnvironment.Required("SCITQ_TEST_FTP").TrimEnd('/')}/scitq-{Guid.NewGuid():N}/a folder/50%41 é#1.bin";
        using var fetcher = new Fetcher(Options());
        await File.WriteAllBytesAsync(_folder["source"], Big, Ct);
        await fetcher.PutAsync(_folder["source"], DataUri.Parse(address), ct: Ct);
        await GetAsync(address.Replace("ftp://", "ftp@aria2://", StringComparison.Ordinal), Logged());
        Assert.Equal(Big, await File.ReadAllBytesAsync(At("50%41 é#1.bin"), Ct));
        Assert.Contains("--split=5", await File.ReadAllTextAsync(_folder["words"], Ct), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_killed_download_is_continued_by_the_next_process()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        _server.Fault = async c =>
        {
            // Only the first megabyte and the end come, and when aria2 has written down that it has the former, it is killed.
            var from = c.Request.GetTypedHeaders().Range?.Ranges.Single().From ?? 0;
            if (c.Request.Method == "HEAD" || from >= 9_000_000) return false;
            c.Response.StatusCode = from == 0 ? 200 : 206;
            c.Response.ContentLength = Big.Length - from;
            if (from > 0) c.Response.Headers.ContentRange = $"bytes {from}-{Big.Length - 1}/{Big.Length}";
            await c.Response.Body.WriteAsync(Big.AsMemory((int)from, from == 0 ? 1 << 20 : 1), Ct);
            await c.Response.Body.FlushAsync(Ct);
            while (!Directory.EnumerateFiles(At(""), ".*.part.aria2").Any(HasBeginning)) await Task.Delay(50, c.RequestAborted);
            await stop.CancelAsync();
            await Task.Delay(Timeout.Infinite, c.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };
        using (var fetcher = new Fetcher(Options()))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => fetcher.GetAsync(DataUri.Parse($"{Address("http@aria2")}/d/big"), At(""), ct: stop.Token));
        Assert.DoesNotContain("big", Names());
        _server.Fault = null;
        _server.Requests.Clear();
        await GetAsync($"{Address("http@aria2")}/d/big");
        Assert.Equal(Big, await File.ReadAllBytesAsync(At("big"), Ct));
        Assert.Equal(["big"], Names());
        // It looks at the beginning, and then goes on after the megabyte that it has.
        Assert.Contains(_server.Requests, r => r.StartsWith("GET /d/big bytes=1048576-", StringComparison.Ordinal));

        // After 34 bytes of numbers in aria2's record come the bits of the pieces that are whole.
        static bool HasBeginning(string record) => File.ReadAllBytes(record) is { Length: > 36 } bytes && (bytes[34] & 0x80) != 0;
    }

    [Fact(Timeout = 60_000)]
    public async Task Parts_of_earlier_versions_go_unless_another_process_is_at_work_on_them()
    {
        Directory.CreateDirectory(At(""));
        foreach (var left in (string[])[
            ".big.0badc0de.part", ".big.0badc0de.part.aria2", ".big.0badc0de.part.lock", ".big.1badc0de.part.aria2", ".big.2badc0de.part",
            ".other.0badc0de.part"])
            await File.WriteAllTextAsync(At(left), "x", Ct);
        await using (new FileStream(At(".big.2badc0de.part.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose))
            await GetAsync($"{Address("http@aria2")}/d/big");
        Assert.Equal([".big.2badc0de.part", ".other.0badc0de.part", "big"], Names().Order(StringComparer.Ordinal));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_server_without_ranges_and_one_without_versions_are_read_too()
    {
        _server.Fault = async c =>
        {
            if (c.Request.Method == "HEAD") c.Response.ContentLength = Big.Length;
            else await c.Response.Body.WriteAsync(Big, Ct);
            return true;
        };
        await GetAsync($"{Address("http@aria2")}/d/big");
        Assert.Equal(Big, await File.ReadAllBytesAsync(At("big"), Ct));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_wrong_md5_and_a_missing_file_leave_nothing()
    {
        await Assert.ThrowsAsync<DataNotFoundException>(() => GetAsync($"{Address("http@aria2")}/nothing"));
        _server.Fault = c =>
        {
            c.Response.Headers.ContentMD5 = Convert.ToBase64String(new byte[16]);
            return Task.FromResult(false);
        };
        await Assert.ThrowsAsync<IntegrityException>(() => GetAsync($"{Address("http@aria2")}/d/big"));
        Assert.Empty(Names());
    }

    [Fact(Timeout = 60_000)]
    public async Task What_the_server_refuses_to_aria2_is_not_tried_again()
    {
        _server.Fault = c =>
        {
            if (c.Request.Method == "HEAD") return Task.FromResult(false);
            c.Response.StatusCode = 403;
            return Task.FromResult(true);
        };
        var error = await Assert.ThrowsAsync<AccessDeniedException>(() => GetAsync($"{Address("http@aria2")}/d/big"));
        Assert.Contains("aria2c was answered 403", error.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Without_aria2c_one_line_says_what_to_install()
    {
        var error = await Assert.ThrowsAsync<UnsupportedTransferException>(
            () => GetAsync($"{Address("http@aria2")}/d/big", Options() with { Programs = new ProgramOptions { Aria2c = "no-such-aria2c" } }));
        Assert.EndsWith("it needs the program 'no-such-aria2c', which is not on PATH here; install aria2 (Debian: aria2), name an image that holds it in "
            + "SCITQ_ARIA2_IMAGE, or leave out @aria2.", error.Message, StringComparison.Ordinal);
    }

    private string Address(string scheme) => _server.Root.Replace("http://", scheme + "://", StringComparison.Ordinal);

    private static FetchOptions Options() => new() { Attempts = 3, BackOff = TimeSpan.FromMilliseconds(5), IdleTimeout = TimeSpan.FromSeconds(30) };

    private FetchOptions Logged() => Options() with
    {
        Programs = new ProgramOptions
            { Aria2c = Script.Write(_folder["aria2c"], $"#!/bin/sh\ntr '\\0' '\\n' </proc/$$/cmdline >{_folder["words"]}\nexec /usr/bin/aria2c \"$@\"\n") },
    };

    private async Task<TransferResult> GetAsync(string uri, FetchOptions? options = null)
    {
        using var fetcher = new Fetcher(options ?? Options());
        return await fetcher.GetAsync(DataUri.Parse(uri), At(""), ct: Ct);
    }

    private string[] Names() => [.. new DirectoryInfo(At("")).EnumerateFileSystemInfos().Select(f => f.Name)];

    private string At(string name) => Path.Combine(_folder["out"], name);

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(5).NextBytes(bytes);
        return bytes;
    }
}
