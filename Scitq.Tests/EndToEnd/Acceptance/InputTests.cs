using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Scitq.Tests.Integration.Fetch;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Acceptance;

/// <summary>Where data lie for a command, from stores as they are.</summary>
[Trait("Level", "EndToEnd")]
public sealed class InputTests(EmbeddedSystem system) : IAsyncLifetime
{
    private S3Bucket? _bucket;
    private HttpServer? _http;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private S3Bucket Bucket => _bucket!;

    public async ValueTask InitializeAsync()
    {
        _bucket = await S3Bucket.CreateAsync();
        _http = await HttpServer.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_http is not null) await _http.DisposeAsync();
        if (_bucket is not null) await _bucket.DisposeAsync();
    }

    [Theory(Timeout = 120_000), InlineData(false), InlineData(true)]
    [Trait("Id", "I1"), Trait("Id", "I3"), Trait("Id", "I7"), Trait("Id", "I31"), Trait("Id", "I33"), Trait("Id", "I39")]
    public async Task Inputs_lie_where_the_command_looks_for_them(bool docker)
    {
        foreach (var key in new[] { "d/x.txt", "f/y.txt", "f/sub/z.txt", "f2/no.txt", "a//b.txt", "a/./b" }) await Bucket.PutAsync(key, key);
        await Bucket.PutAsync("packed.txt.gz", Gzip("unpacked"));
        _http!.Files["/token.txt"] = "token"u8.ToArray();
        _http.Files["/busy.txt"] = "busy"u8.ToArray();
        var busy = 0;
        _http.Fault = context =>
        {
            if (context.Request.Path != "/busy.txt" || Interlocked.Increment(ref busy) > 2) return Task.FromResult(false);
            context.Response.StatusCode = 503;
            return Task.FromResult(true);
        };
        string[] inputs = [Bucket.Uri("d/x.txt"), Bucket.Uri("f"), Bucket.Uri("packed.txt.gz|gunzip"), $"{_http.Root}/token.txt?token=1",
            $"{_http.Root}/busy.txt", Bucket.Uri("a//b.txt"), Bucket.Uri("a/./b")];

        var run = await FollowAsync(
            docker, [.. inputs.SelectMany(i => new[] { "-i", i }), "-o", Bucket.Uri("out"), "sh", "-c", "cd $INPUT; find . -type f; cp -r . $OUTPUT/"]);

        Assert.Equal(["./b", "./b.txt", "./busy.txt", "./packed.txt", "./sub/z.txt", "./token.txt", "./x.txt", "./y.txt"], Lines(run));
        var task = await system.TaskAsync(run.TaskId);
        Assert.Equal(8, task.GetProperty("attempts")[0].GetProperty("outputs").GetArrayLength());
        foreach (var (key, content) in new[]
            { ("b", "a/./b"), ("b.txt", "a//b.txt"), ("packed.txt", "unpacked"), ("sub/z.txt", "f/sub/z.txt"), ("busy.txt", "busy"), ("token.txt", "token") })
            Assert.Equal(content, await Bucket.GetAsync($"out/{key}"));
        Assert.True(busy > 2, "it was asked for again");
        Assert.DoesNotContain(await Bucket.KeysAsync(), key => key.Contains(".scitq-", StringComparison.Ordinal));
    }

    [Theory(Timeout = 120_000), InlineData(false), InlineData(true)]
    [Trait("Id", "I9"), Trait("Id", "I10"), Trait("Id", "I12"), Trait("Id", "I13"), Trait("Id", "I15")]
    public async Task Resources_are_unpacked_and_moved(bool docker)
    {
        await Bucket.PutAsync("a.tar", Tar("t1/a"));
        await Bucket.PutAsync("b.tar.gz", Gzip(Tar("t2/b")));
        await Bucket.PutAsync("c.zip", Zip("t3/c"));
        foreach (var key in new[] { "m.txt", "mf/n.txt" }) await Bucket.PutAsync(key, key);
        string[] resources = ["a.tar|untar", "b.tar.gz|untar", "c.zip|unzip", "m.txt|mv:sub1", "m.txt|mv:sub2/", "mf/|mv:sub3", "m.txt|mv:./sub4/"];

        var run = await FollowAsync(
            docker, [.. resources.SelectMany(r => new[] { "-r", Bucket.Uri(r) }), "sh", "-c",
            "cd $RESOURCE; find -L . -type f; cat t1/a t2/b t3/c sub4/m.txt"]);

        Assert.Equal(["./sub1/m.txt", "./sub2/m.txt", "./sub3/n.txt", "./sub4/m.txt", "./t1/a", "./t2/b", "./t3/c", "t1/at2/bt3/cm.txt"], Lines(run));
    }

    [Theory(Timeout = 120_000), InlineData(false), InlineData(true), Trait("Id", "I21")]
    public async Task I21_Of_two_resources_of_one_name_the_last_is_there(bool docker)
    {
        await Bucket.PutAsync("c1/same.txt", "first");
        await Bucket.PutAsync("c2/same.txt", "last");
        Assert.Equal("last",
            (await FollowAsync(docker, "-r", Bucket.Uri("c1/same.txt"), "-r", Bucket.Uri("c2/same.txt"), "sh", "-c", "cat $RESOURCE/same.txt")).Out);
    }

    [Theory(Timeout = 120_000), InlineData(false), InlineData(true), Trait("Id", "I6"), Trait("Id", "I27")]
    public async Task An_input_named_twice_comes_once_and_a_resource_may_lie_on_the_worker(bool docker)
    {
        _http!.Files["/x.txt"] = "twice"u8.ToArray();
        await File.WriteAllTextAsync(system.Folder["db.fa"], ">local", Ct);
        var run = await FollowAsync(
            docker, "-i", $"{_http.Root}/x.txt", "-i", $"{_http.Root}/x.txt", "-r", $"file://{system.Folder["db.fa"]}", "sh", "-c",
            "cat $INPUT/* $RESOURCE/db.fa");
        Assert.Equal("twice>local", run.Success());
        Assert.Single(_http.Requests, r => r.StartsWith("GET /x.txt", StringComparison.Ordinal));
    }

    [Fact(Timeout = 120_000)]
    public async Task What_is_behind_the_question_mark_is_no_name()
    {
        _http!.Files["/x.txt"] = "one"u8.ToArray();
        var run = await FollowAsync(docker: false, "-i", $"{_http.Root}/x.txt?token=1", "-i", $"{_http.Root}/x.txt?token=2", "sh", "-c", "cat $INPUT/*");
        Assert.Equal("one", run.Success());
        Assert.Contains("inputs of one name", (await system.TaskAsync(run.TaskId)).GetProperty("attempts")[0].GetProperty("warnings")
            .ToString(), StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000), Trait("Id", "I4"), Trait("Id", "I28"), Trait("Id", "I30")]
    public async Task What_is_not_there_fails_the_download_and_is_named()
    {
        var missing = Guid.NewGuid().ToString("N");
        string[] inputs = [Bucket.Uri(missing), Bucket.Uri(missing + "/"), $"file:///nope/{missing}",
            $"{TestEnvironment.Required("SCITQ_TEST_FTP").TrimEnd('/')}/{missing}/", $"{_http!.Root}/{missing}", $"s3://{missing}/x"];
        foreach (var (input, id) in (await Task.WhenAll(inputs.Select(i => system.LaunchAsync("-i", i, "true"))))
            .Zip(inputs, (run, input) => (input, run.TaskId)))
        {
            var task = await system.TaskAsync(id, "failed");
            Assert.Equal("download", task.GetProperty("failure_class").GetString());
            Assert.Contains(missing, task.GetProperty("reason").GetString(), StringComparison.Ordinal);
            Assert.True(!task.TryGetProperty("started", out var started) || started.ValueKind == System.Text.Json.JsonValueKind.Null, input);
        }
    }

    [Theory(Timeout = 60_000), Trait("Id", "I16")]
    [InlineData("mv:")]
    [InlineData("mv:./")]
    public async Task I16_A_move_to_nowhere_is_refused(string action)
    {
        var run = await system.LaunchAsync("-r", $"s3://bucket/x|{action}", "true");
        Assert.Equal(2, run.Code);
        Assert.Contains("mv:", run.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000), Trait("Id", "I37")]
    public async Task I37_A_download_timeout_ends_a_download_that_is_under_way()
    {
        _http!.Fault = async context =>
        {
            context.Response.ContentLength = 1L << 28;
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(new byte[1000], context.RequestAborted);
                await Task.Delay(100, context.RequestAborted);
            }

            return true;
        };
        var id = (await system.LaunchAsync("--download-timeout", "2", "-i", $"{_http.Root}/huge", "true")).TaskId;
        var task = await system.TaskAsync(id, "failed");
        Assert.Equal("download", task.GetProperty("failure_class").GetString());
        Assert.Contains("download timeout of 2 s", task.GetProperty("reason").GetString(), StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000), Trait("Id", "I40")]
    public async Task I40_Names_of_any_kind_come_and_go_unchanged()
    {
        string[] names = ["a space", "plus+", "%41", "#hash", "q?uery", "é", "back'\"quotes", string.Join('/', Enumerable.Repeat(new string('l', 230), 4))];
        foreach (var name in names) await Bucket.PutAsync($"odd/{name}", name);
        (await FollowAsync(
            docker: false, "-i", Bucket.Uri("odd/"), "-i", Bucket.Uri("odd/q?uery|mv:one"), "-i", Bucket.Uri("odd/%41|mv:one"), "-o", Bucket.Uri("back"), "sh",
            "-c", "cp -r $INPUT/. $OUTPUT/")).Success();
        var expected = names.Concat(["one/q?uery", "one/%41"]).Select(n => $"back/{n}").Order(StringComparer.Ordinal);
        Assert.Equal(expected, (await Bucket.KeysAsync()).Where(k => k.StartsWith("back/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        foreach (var name in names) Assert.Equal(name, await Bucket.GetAsync($"back/{name}"));
    }

    private async Task<ToolOutput> FollowAsync(bool docker, params string[] words)
    {
        if (docker) TestEnvironment.Required("SCITQ_TEST_DOCKER");
        var run = await system.FollowAsync(docker ? ["-d", DockerFixture.Image, .. words] : words);
        run.Success();
        return run;
    }

    private static IEnumerable<string> Lines(ToolOutput run) => run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal);

    private static byte[] Gzip(string text) => Gzip(Encoding.UTF8.GetBytes(text));

    private static byte[] Gzip(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(content);
        return packed.ToArray();
    }

    private static byte[] Tar(string name)
    {
        using var packed = new MemoryStream();
        using (var tar = new TarWriter(packed))
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(name)) });
        return packed.ToArray();
    }

    private static byte[] Zip(string name)
    {
        using var packed = new MemoryStream();
        using (var zip = new ZipArchive(packed, ZipArchiveMode.Create))
        using (var entry = zip.CreateEntry(name).Open()) entry.Write(Encoding.UTF8.GetBytes(name));
        return packed.ToArray();
    }
}
