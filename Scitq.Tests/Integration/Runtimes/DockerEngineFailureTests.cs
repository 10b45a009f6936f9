using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Runtimes;

/// <summary>With an engine of their own, to be killed and started again.</summary>
[Trait("Level", "Integration")]
public sealed class DockerEngineFailureTests(DockerFixture docker) : IClassFixture<DockerFixture>
{
    private const int Limit = 240_000;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limit)]
    public async Task A_command_survives_the_engines_crash_and_restart()
    {
        await using var own = OwnDockerEngine.Create();
        await own.StartAsync();
        using var engine = DockerFixture.At(own.Address);
        var request = docker.Shell("i=0; while [ $i -lt 80 ]; do i=$((i+1)); echo $i; sleep 0.1; done; exit 6");
        await using var run = await docker.Runtime(of: engine).StartAsync(request, _ => { }, Ct);
        await DockerRuntimeTests.Printed(request, "5\n");
        await own.KillAsync();
        await own.StartAsync();
        var exit = await run.Exit.WaitAsync(TimeSpan.FromSeconds(90), Ct);
        Assert.Equal((6, null), (exit.ExitCode, exit.Problem));
        var lines = await File.ReadAllLinesAsync(request.Directory.Stdout, Ct);
        Assert.Equal("80", lines[^1]);
        // The engine's own memory dies with it; what passed through afterwards is complete and nothing is there twice.
        Assert.Equal(lines.Distinct(), lines);
        Assert.True(lines.Length >= 75, $"{lines.Length} lines");
    }
}
