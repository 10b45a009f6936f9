using System.Formats.Tar;
using Scitq.Tests.Integration.Fetch;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Acceptance;

/// <summary>What crosses the borders between tasks, workers and their disks.</summary>
[Trait("Level", "EndToEnd")]
public sealed class SharedDataTests(ServerSystem system)
{
    [Fact(Timeout = 240_000), Trait("Id", "I18")]
    public async Task I18_I22_I25_Each_worker_fetches_a_resource_once_also_over_a_restart_and_asks_no_web_server_for_changes()
    {
        await using var server = await HttpServer.StartAsync();
        server.Files["/db"] = "first"u8.ToArray();
        var (batch, go) = ($"i18-{Guid.NewGuid():N}", system.Folder[$"go-{Guid.NewGuid():N}"]);
        var agents = await Task.WhenAll(system.StartAgentAsync("i18-a", batch), system.StartAgentAsync("i18-b", batch));
        string[] command = ["-b", batch, "-r", $"{server.Root}/db", "sh", "-c", $"cat $RESOURCE/db; until test -e {go}; do sleep 0.1; done"];
        var tasks = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => system.LaunchAsync(command)));
        foreach (var task in tasks) await system.TaskAsync(task.TaskId, "running");
        Assert.Equal(2, Downloads(server));

        await File.WriteAllTextAsync(go, "");
        foreach (var task in tasks) await system.TaskAsync(task.TaskId, "succeeded");
        foreach (var agent in agents) await agent.KillAsync();
        server.Files["/db"] = "second"u8.ToArray();
        await system.StartAgentAsync("i18-a", batch);
        Assert.Equal("first", (await system.FollowAsync(command)).Success());
        Assert.Equal(2, Downloads(server));
    }

    [Theory(Timeout = 120_000)]
    [InlineData("../escape"), InlineData("/tmp/escape"), InlineData("a/../../escape")]
    public async Task An_archive_that_reaches_outside_fails_the_task_and_writes_nothing(string entry)
    {
        entry += $"-{Guid.NewGuid():N}";
        var archive = system.Folder[$"{Guid.NewGuid():N}.tar"];
        await using (var tar = new TarWriter(File.Create(archive)))
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, entry) { DataStream = new MemoryStream([1]) });
        foreach (var option in new[] { "-i", "-r" })
            await AssertRefusedAsync(entry, option, $"file://{archive}|untar");
    }

    [Theory(Timeout = 120_000)]
    [InlineData("../escape"), InlineData("a/../../escape"), InlineData("/../../../escape")]
    public async Task A_key_that_reaches_outside_fails_the_task_and_writes_nothing(string key)
    {
        key += $"-{Guid.NewGuid():N}";
        await using var bucket = await S3Bucket.CreateAsync();
        await bucket.PutAsync($"d/{key}", "evil");
        foreach (var option in new[] { "-i", "-r" })
            await AssertRefusedAsync(key, option, bucket.Uri("d/"));
    }

    private async Task AssertRefusedAsync(string name, params string[] data)
    {
        var run = await system.LaunchAsync(["--wait", .. data, "true"]);
        Assert.Equal(125, run.Code);
        Assert.Equal("download", (await system.TaskAsync(run.TaskId, "failed")).GetProperty("failure_class").GetString());
        Assert.Empty(Directory.EnumerateFileSystemEntries(system.Folder.Path, Path.GetFileName(name),
            new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true }));
        Assert.False(File.Exists(Path.Combine("/tmp", Path.GetFileName(name))));
    }

    private static int Downloads(HttpServer server) => server.Requests.Count(r => r.StartsWith("GET /db", StringComparison.Ordinal));
}
