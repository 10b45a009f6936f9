using System.Diagnostics;
using System.Globalization;
using Scitq.Agent.Runtimes.Docker;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Runtimes;

/// <summary>With an engine of their own, to be killed and started again.</summary>
[Trait("Level", "Integration")]
public sealed class DockerEngineFailureTests(DockerFixture docker) : IClassFixture<DockerFixture>, IAsyncLifetime
{
    private const int Limit = 240_000;

    private readonly TestFolder folder = new();
    private string address = "";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        TestEnvironment.Required("SCITQ_TEST_DOCKER");
        if (Environment.UserName != "root") TestEnvironment.Missing("an engine of the tests' own needs root");
        address = (await ServerScript.RunAsync("docker.sh", "start", folder.Path))[0];
        await ServerScript.RunAsync("docker.sh", "image", address);
    }

    public async ValueTask DisposeAsync()
    {
        await ServerScript.RunAsync("docker.sh", "stop", folder.Path);
        folder.Dispose();
    }

    [Fact(Timeout = Limit)]
    public async Task A_command_survives_the_engines_crash_and_restart()
    {
        using var engine = new DockerEngine(address);
        var request = docker.Shell("i=0; while [ $i -lt 80 ]; do i=$((i+1)); echo $i; sleep 0.1; done; exit 6");
        await using var run = await docker.Runtime(of: engine).StartAsync(request, _ => { }, Ct);
        await DockerRuntimeTests.Printed(request, "5\n");
        var pid = int.Parse(await File.ReadAllTextAsync(folder["pid"], Ct), CultureInfo.InvariantCulture);
        using (var dockerd = Process.GetProcessById(pid))
        {
            dockerd.Kill();
            await dockerd.WaitForExitAsync(Ct);
        }

        await ServerScript.RunAsync("docker.sh", "start", folder.Path);
        var exit = await run.Exit.WaitAsync(TimeSpan.FromSeconds(90), Ct);
        Assert.Equal((6, null), (exit.ExitCode, exit.Problem));
        var lines = await File.ReadAllLinesAsync(request.Directory.Stdout, Ct);
        Assert.Equal("80", lines[^1]);
        // The engine's own memory dies with it; what passed through afterwards is complete and nothing is there twice.
        Assert.Equal(lines.Distinct(), lines);
        Assert.True(lines.Length >= 75, $"{lines.Length} lines");
    }
}
