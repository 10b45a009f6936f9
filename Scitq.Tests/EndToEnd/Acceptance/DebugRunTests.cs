using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Acceptance;

/// <summary>A task at the terminal of whoever wants to know why it fails.</summary>
[Trait("Level", "EndToEnd")]
public sealed class DebugRunTests(EmbeddedSystem system)
{
    private readonly string _directory = system.Folder[$"debug-{Guid.NewGuid():N}"];

    [Fact(Timeout = 120_000)]
    public async Task A_command_finds_what_it_finds_on_a_worker_and_nothing_is_delivered()
    {
        var (input, output) = (Path.Combine(_directory, "in.txt"), Path.Combine(_directory, "out"));
        Directory.CreateDirectory(_directory);
        await File.WriteAllTextAsync(input, "of the input\n");
        var id = await WaitingAsync(
            "-i", $"file://{input}", "-r", $"file://{input}", "-o", $"file://{output}/", "-e", "MINE=own", "sh", "-c",
            "cat $INPUT/in.txt; diff $RESOURCE/in.txt $INPUT/in.txt && echo $MINE $SCITQ_TASK_ID; echo made >$OUTPUT/made; pwd; exit 3");
        var run = await DebugAsync($"{id}");
        Assert.Equal(3, run.Code);
        var place = Path.Combine(_directory, "tasks", $"{id}");
        Assert.Equal($"of the input\nown {id}\n{place}/tmp\n", run.Out);
        Assert.Contains(place, run.Error, StringComparison.Ordinal);
        Assert.Equal("made\n", await File.ReadAllTextAsync(Path.Combine(place, "output", "made")));
        Assert.False(Directory.Exists(output));
        Assert.Equal("waiting", (await system.TaskAsync(id)).GetProperty("status").GetString());

        File.Delete(input);
        Assert.Equal(run.Out, (await DebugAsync("--reuse", $"{id}")).Out);
        var missing = await DebugAsync($"{id}");
        Assert.Equal(125, missing.Code);
        Assert.Contains("in.txt", missing.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_container_is_made_as_on_a_worker_and_is_gone_afterwards()
    {
        var id = await WaitingAsync("-d", DockerFixture.Image, "-e", "MINE=own", "sh", "-c", "echo $INPUT $MINE; echo >/output/made; exit 4");
        var run = await DebugAsync($"{id}");
        Assert.Equal((4, "/input own\n"), (run.Code, run.Out));
        Assert.True(File.Exists(Path.Combine(_directory, "tasks", $"{id}", "output", "made")));
        var left = await ToolOutput.RunAsync("docker", ["ps", "-aq", "--filter", $"label=scitq.directory={_directory}"], await EnvironmentAsync());
        Assert.Equal("", left.Success());
    }

    [Fact(Timeout = 120_000)]
    public async Task A_shell_takes_the_place_of_the_command()
    {
        var id = await WaitingAsync("false");
        var environment = await EnvironmentAsync();
        var line = $"echo 'echo in $TEMP; exit 7' | '{TestEnvironment.Bin}/scitq-manage' debug run --shell --directory '{_directory}' {id}";
        var run = await ToolOutput.RunAsync("/bin/bash", ["-c", line], environment);
        Assert.Equal((7, $"in {_directory}/tasks/{id}/tmp\n"), (run.Code, run.Out));
    }

    [Fact(Timeout = 120_000)]
    public async Task The_next_task_of_a_batch_is_the_oldest_that_is_pending()
    {
        var batch = $"debug-{Guid.NewGuid():N}";
        await system.LaunchAsync("-b", batch, "echo", "first");
        await system.LaunchAsync("-b", batch, "echo", "second");
        Assert.Equal("first\n", (await DebugAsync("-b", batch)).Success());
        var none = await DebugAsync("-b", $"{batch}-other");
        Assert.Equal(3, none.Code);
        Assert.Contains("no task of the batch", none.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task Two_at_once_in_one_directory_are_refused()
    {
        var id = await WaitingAsync("sh", "-c", "echo runs >&2; while [ ! -e $OUTPUT/../../../go ]; do sleep 0.1; done");
        await using var first = ProcessUnderTest.Start("scitq-manage", ["debug", "run", "--directory", _directory, $"{id}"], await EnvironmentAsync());
        await first.WaitForLineAsync("runs", TimeSpan.FromSeconds(60));
        var second = await DebugAsync($"{id}");
        Assert.Equal(3, second.Code);
        Assert.Contains("in use by another", second.Error, StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(_directory, "go"), "");
        Assert.Equal(0, await first.WaitForExitAsync(TimeSpan.FromSeconds(60)));
    }

    /// <summary>A task that no worker will take.</summary>
    private async Task<long> WaitingAsync(params string[] arguments)
    {
        var first = (await system.LaunchAsync("-b", $"nobody-{Guid.NewGuid():N}", "true")).TaskId;
        return (await system.LaunchAsync(["-b", $"nobody-{Guid.NewGuid():N}", "--requirements", $"{first}", .. arguments])).TaskId;
    }

    private async Task<ToolOutput> DebugAsync(params string[] arguments) => await ToolOutput.RunAsync(
        Path.Combine(TestEnvironment.Bin, "scitq-manage"), ["debug", "run", "--directory", _directory, .. arguments], await EnvironmentAsync());

    private async Task<Dictionary<string, string?>> EnvironmentAsync()
    {
        var environment = await system.EnvironmentAsync();
        environment["DOCKER_HOST"] = TestEnvironment.Required("SCITQ_TEST_DOCKER");
        return environment;
    }
}
