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
            "scitq-standalone", ["--port", "0", "--data", _folder["data"], "--concurrency", "2", "--name", "keeper", "--secrets", _folder["store"], "--Logging:LogLevel:Default", "Debug"],
            new Dictionary<string, string?> { ["DOCKER_HOST"] = docker });
        var server = Regex.Match(await standalone.WaitForLineAsync("Listening on ", TimeSpan.FromSeconds(60)), "http:[^ ]+").Value;
        var seen = new List<string>();
        foreach (var where in new string[][] { [], ["-d", DockerFixture.Image] })
        {
            var run = await RunAsync("scitq-launch", ["-s", server, "--follow", .. where, "--secret", "PASSWORD=db", "sh", "-c", "test \"$PASSWORD\" = canary-of-the\"-store\" && echo it is here"]);
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

    private static Task<ToolOutput> RunAsync(string program, params string[] words) =>
        ToolOutput.RunAsync(Path.Combine(TestEnvironment.Bin, program), words, new Dictionary<string, string?> { ["SCITQ_TOKEN"] = null, ["SCITQ_TOKEN_FILE"] = null });
}
