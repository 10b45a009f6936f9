using Microsoft.AspNetCore.Http;
using Scitq.Contracts;
using Scitq.Fetch;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Fetch;

/// <summary>A real S3 server behind a gateway that spoils some of its answers.</summary>
[Trait("Level", "Integration")]
public sealed class S3FaultTests : IAsyncLifetime
{
    private const int PartSize = 5 << 20;
    private readonly string _root = Directory.CreateTempSubdirectory("scitq-s3fault-").FullName;
    private readonly Random _random = new(7);
    private CloudStore _store = null!;
    private FaultyGateway _gateway = null!;
    private Fetcher _fetcher = null!;
    private Fetcher _other = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private DataUri Root => DataUri.Parse(_store.Root + "/d/");

    public async ValueTask InitializeAsync()
    {
        _store = await CloudStore.CreateAsync("s3");
        _gateway = await FaultyGateway.StartAsync(_store.Environment["AWS_ENDPOINT_URL"]!);
        (_fetcher, _other) = (new Fetcher(Options(attempts: 12)), new Fetcher(Options(attempts: 12)));
    }

    public async ValueTask DisposeAsync()
    {
        _fetcher?.Dispose();
        _other?.Dispose();
        if (_gateway is not null) await _gateway.DisposeAsync();
        if (_store is not null) await _store.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_third_of_all_answers_being_503_harms_nothing()
    {
        Write("in/big", (4 * PartSize) + 9);
        for (var i = 0; i < 40; i++) Write($"in/f{i}", 1000 + i);
        _gateway.Before = context =>
        {
            bool refused;
            lock (_random) refused = _random.Next(10) < 3;
            if (refused) context.Response.StatusCode = 503;
            return Task.FromResult(refused);
        };
        await _fetcher.PutAsync(At("in"), Root, ct: Ct);
        await _fetcher.GetAsync(Root, At("out"), ct: Ct);
        foreach (var file in Directory.EnumerateFiles(At("in")))
            Assert.Equal(await File.ReadAllBytesAsync(file, Ct), await File.ReadAllBytesAsync(At("out/" + Path.GetFileName(file)), Ct));
        Assert.Equal(41, Directory.EnumerateFileSystemEntries(At("out")).Count());
    }

    [Theory(Timeout = 120_000)]
    [InlineData(100_000)]
    [InlineData((2 * PartSize) + 9)]
    public async Task An_answer_that_is_cut_off_is_continued(int size)
    {
        await _fetcher.PutAsync(Write("in/x", size), Root, ct: Ct);
        var cuts = 5;
        _gateway.Body = (context, body) => body.Length > 1000 && Interlocked.Decrement(ref cuts) >= 0 ? body[..(body.Length / 2)] : body;
        await _fetcher.GetAsync(Root.At(Root.Path + "x"), At("out"), ct: Ct);
        Assert.True(cuts < 0);
        Assert.Equal(await File.ReadAllBytesAsync(At("in/x"), Ct), await File.ReadAllBytesAsync(At("out/x"), Ct));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_byte_that_changed_on_the_way_is_noticed_and_nothing_is_kept()
    {
        await _fetcher.PutAsync(Write("in/x", 100_000), Root, ct: Ct);
        _gateway.Body = (_, body) => Damaged(body, at: 50_000, when: body.Length >= 100_000);
        var error = await Assert.ThrowsAsync<IntegrityException>(() => _fetcher.GetAsync(Root.At(Root.Path + "x"), At("out"), ct: Ct));
        Assert.Contains("MD5", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(At("out")));
    }

    [Fact(Timeout = 120_000)]
    public async Task An_object_of_parts_is_verified_by_them_also_when_it_was_continued_in_the_middle_of_one()
    {
        await _fetcher.PutAsync(Write("in/x", (4 * PartSize) + 9), Root, ct: Ct);
        TellParts(_ => PartSize);
        _gateway.Body = (context, body) => context.Request.Headers.Range.ToString().StartsWith($"bytes={2 * PartSize}-", StringComparison.Ordinal)
            ? throw new InvalidOperationException("broken")
            : body;
        using (var hasty = new Fetcher(Options(attempts: 1)))
            await Assert.ThrowsAsync<TransferExhaustedException>(() => hasty.GetAsync(Root.At(Root.Path + "x"), At("out"), ct: Ct));
        var part = Assert.Single(Directory.EnumerateFiles(At("out")));
        using (var file = File.OpenWrite(part)) file.SetLength(PartSize + 1234);

        _gateway.Body = (context, body) => Damaged(body, at: body.Length - 1, when: body.Length == PartSize);
        var error = await Assert.ThrowsAsync<IntegrityException>(() => _fetcher.GetAsync(Root.At(Root.Path + "x"), At("out"), ct: Ct));
        Assert.Contains("ETag", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(At("out")));

        _gateway.Body = null;
        Assert.Null(Assert.Single((await _fetcher.GetAsync(Root.At(Root.Path + "x"), At("out"), ct: Ct)).Files).Md5);
        Assert.Equal(await File.ReadAllBytesAsync(At("in/x"), Ct), await File.ReadAllBytesAsync(At("out/x"), Ct));
    }

    [Fact(Timeout = 120_000)]
    public async Task Parts_of_several_sizes_are_no_damage()
    {
        await _fetcher.PutAsync(Write("in/x", (2 * PartSize) + 9), Root, ct: Ct);
        TellParts(part => part == 1 ? PartSize + 4 : PartSize);
        await _fetcher.GetAsync(Root.At(Root.Path + "x"), At("out"), ct: Ct);
        Assert.Equal(await File.ReadAllBytesAsync(At("in/x"), Ct), await File.ReadAllBytesAsync(At("out/x"), Ct));
    }

    [Fact(Timeout = 120_000)]
    public async Task An_object_replaced_between_two_ranges_arrives_wholly_as_the_new_one()
    {
        await _fetcher.PutAsync(Write("in/x", 6 * PartSize), Root, ct: Ct);
        await File.WriteAllBytesAsync(At("in/x"), Enumerable.Repeat((byte)7, (6 * PartSize) + 1).ToArray(), Ct);
        var ranges = 0;
        // Whoever asks after the second waits for it, a third that lost its patience too.
        var replaced = new Lazy<Task>(() => _other.PutAsync(At("in/x"), Root, ct: Ct));
        _gateway.Before = async context =>
        {
            if (context.Request.Method == "GET" && context.Request.Headers.Range.Count > 0 && Interlocked.Increment(ref ranges) >= 3) await replaced.Value;
            return false;
        };
        Assert.Equal((6 * PartSize) + 1, (await _fetcher.GetAsync(Root.At(Root.Path + "x"), At("out"), ct: Ct)).Bytes);
        Assert.Equal(await File.ReadAllBytesAsync(At("in/x"), Ct), await File.ReadAllBytesAsync(At("out/x"), Ct));
        Assert.Single(Directory.EnumerateFileSystemEntries(At("out")));
    }

    [Theory(Timeout = 120_000)]
    [InlineData(403, typeof(AccessDeniedException))]
    [InlineData(400, typeof(BadUriException))]
    public async Task A_refusal_is_not_tried_again(int status, Type expected)
    {
        var requests = 0;
        _gateway.Before = context =>
        {
            Interlocked.Increment(ref requests);
            context.Response.StatusCode = status;
            return Task.FromResult(true);
        };
        var error = await Assert.ThrowsAsync(expected, () => _fetcher.PutAsync(Write("in/x", 10), Root, ct: Ct));
        Assert.Contains($"{_store.Root}/d/x", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, requests);
    }

    private FetchOptions Options(int attempts) => new()
    {
        PartSize = PartSize,
        Attempts = attempts,
        BackOff = TimeSpan.FromMilliseconds(5),
        BackOffLimit = TimeSpan.FromMilliseconds(200),
        StateDirectory = At("state"),
        S3 = new S3Options
            { Endpoint = _gateway.Root, AccessKeyId = _store.Environment["AWS_ACCESS_KEY_ID"], SecretAccessKey = _store.Environment["AWS_SECRET_ACCESS_KEY"] },
    };

    /// <summary>As AWS does, which Ceph only does of late.</summary>
    private void TellParts(Func<int, long> length)
    {
        var head = _other.InfoAsync(Root.At(Root.Path + "x"), Ct);
        _gateway.Before = async context =>
        {
            if (context.Request.Method != "HEAD" || !int.TryParse(context.Request.Query["partNumber"], out var part)) return false;
            (context.Response.StatusCode, context.Response.ContentLength, context.Response.Headers.ETag) = (206, length(part), (await head)!.Version);
            return true;
        };
    }

    private static byte[] Damaged(byte[] body, int at, bool when)
    {
        if (when) body[at] ^= 1;
        return body;
    }

    private string At(string relative) => Path.Combine(_root, relative);

    private string Write(string relative, int size)
    {
        var bytes = new byte[size];
        new Random(size).NextBytes(bytes);
        Directory.CreateDirectory(Path.GetDirectoryName(At(relative))!);
        File.WriteAllBytes(At(relative), bytes);
        return At(relative);
    }
}
