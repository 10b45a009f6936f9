using System.Text.RegularExpressions;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Acceptance;

/// <summary>What a worker keeps for a task reaches its command, and nothing else.</summary>
[Trait("Level", "EndToEnd")]
public sealed class SecretTests : IDisposable
{
    private const string Canary = "canary-of-the-store";

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 120_000)]
    public async Task A_secret_is_in_the_environment_of_its_command_and_on_no_disk_but_the_stores()
    {
        var docker = TestEnvironment.Required("SCITQ_TEST_DOCKER");
        await File.WriteAllTextAsync(_folder["store"], $$"""{"db":"{{Canary}}"}""", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(_folder["store"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using var standalone = ProcessUnderTest.Start(
            "scitq-standalone",
            ["--port", "0", "--data", _folder["data"], "--concurrency", "2", "--name", "keeper", "--secrets", _folder["store"], "--Logging:LogLevel:Default",
            "Debug"],
            new Dictionary<string, string?> { ["DOCKER_HOST"] = docker });
        var server = Regex.Match(await standalone.WaitForLineAsync("Listening on ", TimeSpan.FromSeconds(60)), "http:[^ ]+").Value;
        var seen = new List<string>();
        foreach (var where in new string[][] { [], ["-d", DockerFixture.Image] })
        {
            var run = await RunAsync(
                "scitq-launch",
                ["-s", server, "--follow", .. where, "--secret", "PASSWORD=db", "sh", "-c", "test \"$PASSWORD\" = canary-of-the\"-store\" && echo it is here"]);
            Assert.Equal("it is here\n", run.Success());
            seen.Add((await RunAsync("scitq-manage", "-s", server, "--json", "task", "show", "-i", $"{run.TaskId}")).Success());
        }

        var missing = await RunAsync("scitq-launch", "-s", server, "--wait", "--secret", "NOBODY", "true");
        Assert.Equal(125, missing.Code);
        Assert.Contains("worker keeper has no secret 'NOBODY'", missing.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync("scitq-launch", "-s", server, "--secret", "A=../b", "true")).Code);

        Assert.All([standalone.Text, missing.Error, .. seen], text => Assert.DoesNotContain(Canary, text, StringComparison.Ordinal));
        Assert.Contains("PASSWORD=db", seen[0], StringComparison.Ordinal);
        var found = await ToolOutput.RunAsync("/bin/grep", ["-rlaF", Canary, _folder["data"]], new Dictionary<string, string?>());
        Assert.Equal((1, ""), (found.Code, found.Out));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_masked_secret_is_in_no_output_of_its_task_also_after_a_restart_and_when_the_store_has_lost_it()
    {
        var docker = TestEnvironment.Required("SCITQ_TEST_DOCKER");
        var ct = TestContext.Current.CancellationToken;
        var masked = new string('*', Canary.Length);
        await WriteAsync($$"""{"db":"{{Canary}}","pin":"123"}""");
        string[] words = ["--port", "0", "--data", _folder["data"], "--concurrency", "4", "--name", "keeper", "--secrets", _folder["store"]];
        var environment = new Dictionary<string, string?> { ["DOCKER_HOST"] = docker };
        string server;
        ToolOutput known, lost;
        await using (var first = ProcessUnderTest.Start("scitq-standalone", words, environment))
        {
            server = await ListeningAsync(first);
            foreach (var where in new string[][] { [], ["-d", DockerFixture.Image] })
            {
                // At once, with the end of the task; and in pieces, while it runs.
                foreach (var pause in new[] { "0", "0.5" })
                {
                    var run = await RunAsync("scitq-launch", ["-s", server, "--follow", "--mask-secrets", .. where, "--secret", "A=db", "--secret", "B=pin",
                        "sh", "-c", $"printf 'a %.9s' $A; sleep {pause}; echo \"${{A#?????????}} b $B\"; echo $A >&2; false"]);
                    Assert.Equal(($"a {masked} b 123\n", 1), (run.Out, run.Code));
                    Assert.Contains(masked, run.Error, StringComparison.Ordinal);
                    Assert.DoesNotContain(Canary, run.Error, StringComparison.Ordinal);
                    Assert.Contains("fewer than 4 bytes: B", await ShownAsync(server, run), StringComparison.Ordinal);
                }
            }

            known = await WaitingAsync(server, "known");
            await first.KillAsync();
        }

        await using (var second = ProcessUnderTest.Start("scitq-standalone", words, environment))
        {
            server = await ListeningAsync(second);
            await File.WriteAllTextAsync(_folder["known"], "", ct);
            Assert.Equal($"{masked}\n{masked}\n", await OutputAsync(server, known));
            lost = await WaitingAsync(server, "lost");
            await second.KillAsync();
        }

        await WriteAsync("""{"pin":"123"}""");
        await using var third = ProcessUnderTest.Start("scitq-standalone", words, environment);
        server = await ListeningAsync(third);
        await File.WriteAllTextAsync(_folder["lost"], "", ct);
        Assert.Equal($"{masked}\n{masked}\n", await OutputAsync(server, lost));
        Assert.Contains("its secrets can't be told any more", await ShownAsync(server, lost), StringComparison.Ordinal);
        var nothing = await RunAsync("scitq-launch", "-s", server, "--mask-secrets", "true");
        Assert.Contains("names none", nothing.Error, StringComparison.Ordinal);
        var stored = await ToolOutput.RunAsync("/bin/grep", ["-rlaF", Canary, Path.Combine(_folder["data"], "logs")], new Dictionary<string, string?>());
        Assert.Equal((1, ""), (stored.Code, stored.Out));
    }

    /// <summary>A task that prints its secret, and once more when the file is there.</summary>
    private async Task<ToolOutput> WaitingAsync(string server, string file)
    {
        var run = await RunAsync(
            "scitq-launch", "-s", server, "--mask-secrets", "--secret", "A=db", "sh", "-c",
            $"echo $A; until test -e {_folder[file]}; do sleep 0.1; done; echo $A");
        await Eventually.Async(
            async () => (await RunAsync("scitq-manage", "-s", server, "task", "logs", "-i", $"{run.TaskId}")).Out.Length > Canary.Length,
                "the first line is stored", TimeSpan.FromSeconds(30));
        return run;
    }

    private static async Task<string> ShownAsync(string server, ToolOutput run) =>
        (await RunAsync("scitq-manage", "-s", server, "task", "show", "-i", $"{run.TaskId}")).Success();

    private static async Task<string> OutputAsync(string server, ToolOutput run)
    {
        Assert.Equal(0, (await RunAsync("scitq-manage", "-s", server, "task", "wait", "-i", $"{run.TaskId}")).Code);
        return (await RunAsync("scitq-manage", "-s", server, "task", "logs", "-i", $"{run.TaskId}")).Out;
    }

    private static async Task<string> ListeningAsync(ProcessUnderTest standalone) =>
        Regex.Match(await standalone.WaitForLineAsync("Listening on ", TimeSpan.FromSeconds(60)), "http:[^ ]+").Value;

    private async Task WriteAsync(string store)
    {
        await File.WriteAllTextAsync(_folder["store"], store, TestContext.Current.CancellationToken);
        File.SetUnixFileMode(_folder["store"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static Task<ToolOutput> RunAsync(string program, params string[] words) =>
        ToolOutput.RunAsync(Path.Combine(TestEnvironment.Bin, program), words,
            new Dictionary<string, string?> { ["SCITQ_TOKEN"] = null, ["SCITQ_TOKEN_FILE"] = null });
}
