using System.Text.Json;
using System.Text.RegularExpressions;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Acceptance;

/// <summary>Accounts of object stores in a file of the agent's.</summary>
[Trait("Level", "EndToEnd")]
public sealed class StorageTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 240_000)]
    public async Task Keys_of_the_file_open_the_stores_and_are_seen_nowhere()
    {
        await using var bucket = await S3Bucket.CreateAsync();
        await bucket.PutAsync("in.txt", "hello\n");
        var canary = $"Canary{Guid.NewGuid():N}";
        var endpoint = bucket.Environment["AWS_ENDPOINT_URL"];
        Write("bucket.key", bucket.Environment["AWS_SECRET_ACCESS_KEY"]!);
        var file = Write("storage.json", JsonSerializer.Serialize(new
        {
            s3 = new object[]
            {
                new { buckets = new[] { "canary-*" }, endpoint, access_key_id = bucket.Environment["AWS_ACCESS_KEY_ID"], secret_access_key = canary },
                new { buckets = new[] { "scitq-*" }, endpoint, access_key_id = bucket.Environment["AWS_ACCESS_KEY_ID"], secret_access_key_file = "bucket.key" },
            },
            azure = new { account = "nobody", key = canary },
        }));
        // Nothing but the file opens anything.
        var closed = S3Bucket.Server().Keys.Concat(CloudStore.Credentials("azure").Keys).ToDictionary(name => name, _ => (string?)null);
        await using var standalone = ProcessUnderTest.Start(
            "scitq-standalone", ["--port", "0", "--data", _folder["data"], "--concurrency", "2", "--storage", file, "--Logging:LogLevel:Default", "Debug"],
            closed);
        var address = Regex.Match(await standalone.WaitForLineAsync("Listening on ", TimeSpan.FromSeconds(60)), "http:[^ ]+").Value;
        var tools = new Dictionary<string, string?>(closed) { ["SCITQ_SERVER"] = address };
        Task<ToolOutput> FollowAsync(params string[] words) =>
            ToolOutput.RunAsync(Path.Combine(TestEnvironment.Bin, "scitq-launch"), ["--follow", .. words], tools);

        var good = await FollowAsync(
            "-i", bucket.Uri("in.txt"), "-o", bucket.Uri("out"), "sh", "-c", "cp $INPUT/in.txt $OUTPUT/; env; cat /proc/[0-9]*/cmdline | tr '\\0' ' '; true");
        Assert.Contains("SCITQ_TASK_ID=", good.Success(), StringComparison.Ordinal);
        Assert.Equal("hello\n", await bucket.GetAsync("out/in.txt"));
        var denied = await FollowAsync("-o", "s3://canary-bucket/out", "true");
        Assert.NotEqual(0, denied.Code);
        Assert.Contains("could not be delivered to s3://canary-bucket/out", denied.Error, StringComparison.Ordinal);
        var malformed = await FollowAsync("-i", "azure://container/x", "true");
        Assert.NotEqual(0, malformed.Code);

        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", (await File.ReadAllTextAsync(_folder["data/token"], Ct)).Trim());
        var seen = new List<string> { good.Out, good.Error, denied.Out, denied.Error, malformed.Error, standalone.Text };
        foreach (var run in new[] { good, denied, malformed }) seen.Add(await client.GetStringAsync($"{address}/api/v1/tasks/{run.TaskId}", Ct));
        var secrets = new[] { canary, bucket.Environment["AWS_SECRET_ACCESS_KEY"]! };
        Assert.All(seen, text => Assert.All(secrets, secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal)));
        Assert.True(File.Exists(_folder["data/scitq.db"]));
        var found = await ToolOutput.RunAsync("/bin/grep", ["-rlaF", "-f", Write("secrets", string.Join('\n', secrets)), _folder["data"]], tools);
        Assert.Equal((1, "", ""), (found.Code, found.Out, found.Error));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("scitq-agent", "--storage", "FILE")]
    [InlineData("scitq-standalone", "--storage", "FILE")]
    [InlineData("scitq-fetch", "--storage", "FILE", "list", "s3://bucket/")]
    public async Task A_file_that_can_not_be_used_is_refused_in_one_line(string program, params string[] words)
    {
        var file = Write("storage.json", """{"s3":[{"acces_key":"Canary"}]}""");
        foreach (var said in new[] { "unknown key 'acces_key'", "chmod 600" })
        {
            var run = await ToolOutput.RunAsync(Path.Combine(TestEnvironment.Bin, program), words.Select(w => w == "FILE" ? file : w),
                new Dictionary<string, string?>());
            Assert.Equal(2, run.Code);
            Assert.Contains(said, run.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("Canary", run.Error, StringComparison.Ordinal);
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_user_can_have_such_a_file_too()
    {
        await using var bucket = await S3Bucket.CreateAsync();
        await bucket.PutAsync("d/a.txt", "x");
        var file = Write("storage.json", JsonSerializer.Serialize(new
        {
            s3 = new { endpoint = bucket.Environment["AWS_ENDPOINT_URL"], access_key_id = bucket.Environment["AWS_ACCESS_KEY_ID"],
                secret_access_key = bucket.Environment["AWS_SECRET_ACCESS_KEY"] },
        }));
        var environment = S3Bucket.Server().Keys.ToDictionary(name => name, _ => (string?)null);
        environment["SCITQ_STORAGE"] = file;
        var run = await ToolOutput.RunAsync(Path.Combine(TestEnvironment.Bin, "scitq-fetch"), ["list", bucket.Uri("d/")], environment);
        Assert.Contains("a.txt", run.Success(), StringComparison.Ordinal);
    }

    private string Write(string name, string text)
    {
        File.WriteAllText(_folder[name], text);
        File.SetUnixFileMode(_folder[name], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return _folder[name];
    }
}
