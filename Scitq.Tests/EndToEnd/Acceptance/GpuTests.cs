using System.Text.Json;
using System.Text.RegularExpressions;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Acceptance;

/// <summary>With a stand-in for the driver's program, on an engine that knows no GPU.</summary>
[Trait("Level", "EndToEnd")]
public sealed class GpuTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 120_000)]
    public async Task Gpus_are_shown_and_a_task_for_which_the_engine_has_none_fails_at_once()
    {
        Directory.CreateDirectory(_folder["bin"]);
        await File.WriteAllTextAsync(_folder["bin/nvidia-smi"], "#!/bin/sh\necho NVIDIA A100-SXM4-80GB\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(_folder["bin/nvidia-smi"], (UnixFileMode)0b111_101_101);
        await using var standalone = ProcessUnderTest.Start("scitq-standalone", ["--port", "0", "--data", _folder["data"], "--name", "gpu"],
            new Dictionary<string, string?>
        {
            ["PATH"] = $"{_folder["bin"]}:{Environment.GetEnvironmentVariable("PATH")}",
            ["DOCKER_HOST"] = TestEnvironment.Required("SCITQ_TEST_DOCKER"),
        });
        var tools = new Dictionary<string, string?>
        {
            ["SCITQ_SERVER"] = Regex.Match(await standalone.WaitForLineAsync("Listening on ", TimeSpan.FromSeconds(60)), "http:[^ ]+").Value,
        };

        var run = await ToolOutput.RunAsync(Path.Combine(TestEnvironment.Bin, "scitq-launch"),
            ["--follow", "-d", DockerFixture.Image, "-O", "--gpus all", "true"], tools);
        Assert.NotEqual(0, run.Code);
        Assert.Contains("could not select device driver", run.Error, StringComparison.Ordinal);
        var task = JsonDocument.Parse((await ManageAsync("task", "show", "-i", $"{run.TaskId}")).Success()).RootElement;
        Assert.Contains("\"failure_class\":\"start\"", Regex.Replace(task.ToString(), "\\s", ""), StringComparison.Ordinal);
        Assert.Contains("NVIDIA A100-SXM4-80GB", (await ManageAsync("worker", "show", "-n", "gpu")).Success(), StringComparison.Ordinal);

        Task<ToolOutput> ManageAsync(params string[] words) =>
            ToolOutput.RunAsync(Path.Combine(TestEnvironment.Bin, "scitq-manage"), [.. words, "--format", "json"], tools);
    }
}
