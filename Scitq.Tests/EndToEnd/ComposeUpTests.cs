using System.Diagnostics;
using Scitq.Tests.Integration;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd;

/// <summary>compose.yaml as a whole, on an engine with a network of its own, with images made of this machine's packages.</summary>
[Trait("Level", "EndToEnd")]
public sealed class ComposeUpTests : IAsyncDisposable
{
    private const string Project = "scitq-test";
    private readonly TestFolder _folder = new();
    private readonly Dictionary<string, string> _environment = new()
    {
        ["SCITQ_RABBITMQ_PASSWORD"] = "busSecret",
        ["SCITQ_POSTGRES_PASSWORD"] = "databaseSecret",
        ["SCITQ_TOKEN"] = "tokenSecret",
        ["SCITQ_WORKER"] = "composed",
    };

    private string Engine => _folder["docker"];

    [Fact(Timeout = 420_000)]
    public async Task The_stack_comes_up_and_runs_tasks_natively_and_in_containers()
    {
        if (Environment.UserName != "root") TestEnvironment.Missing("a Docker engine of one's own needs root");
        var address = (await ServerScript.RunAsync("docker.sh", "start", Engine, "--own-network"))[0];
        await ServerScript.RunAsync("../compose/images.sh", address, TestEnvironment.Bin);
        await ServerScript.RunAsync("docker.sh", "image", address);
        _environment["DOCKER_HOST"] = address;
        _environment["SCITQ_DOCKER_SOCKET"] = address["unix://".Length..];
        _environment["SCITQ_SCRATCH"] = _folder["scratch"];
        var compose = await ComposeTests.ComposeAsync();

        // --wait: the servers and the coordinator are healthy, and nothing has ended.
        var up = await ComposeAsync(compose, "up", "-d", "--no-build", "--pull", "never", "--wait", "--wait-timeout", "200");
        Assert.True(up.Code == 0, $"{up.Output}\n{(await ComposeAsync(compose, "logs", "--tail", "30")).Output}");

        // From the machine, by the published port.
        Assert.Equal((0, "outside"), await LaunchAsync("tokenSecret", "--follow", "echo", "outside"));
        Assert.Equal((0, "contained"),
            await LaunchAsync("tokenSecret", "--follow", "-d", DockerFixture.Image, "-e", "WORD=contained", "sh", "-c", "echo $WORD"));
        Assert.Equal(4, (await LaunchAsync("wrong", "-q", "true")).Code);

        // With the tools that are in the coordinator's container, as the documentation says.
        var workers = await ComposeAsync(compose, "exec", "-T", "coordinator", "scitq-manage", "worker", "list", "--format", "tsv", "-H", "-C", "name,status");
        Assert.Equal("composed\trunning", workers.Output.Trim());

        Assert.Equal(0, (await ComposeAsync(compose, "down", "--volumes")).Code);
    }

    public async ValueTask DisposeAsync()
    {
        if (Directory.Exists(Engine)) await ServerScript.RunAsync("docker.sh", "stop", Engine);
        _folder.Dispose();
    }

    private Task<(int Code, string Output)> ComposeAsync(string compose, params string[] arguments) =>
        RunAsync(compose, ["--env-file", "/dev/null", "-p", Project, "-f", Path.Combine(TestEnvironment.Root, "compose.yaml"), .. arguments], _environment);

    /// <summary>In the engine's network, where the coordinator's port is published.</summary>
    private async Task<(int Code, string Output)> LaunchAsync(string token, params string[] arguments)
    {
        var engine = (await File.ReadAllTextAsync(Path.Combine(Engine, "pid"))).Trim();
        var (code, output) = await RunAsync(
            "nsenter", ["--target", engine, "--net", Path.Combine(TestEnvironment.Bin, "scitq-launch"), "-s", "http://127.0.0.1:5000", "--timeout", "30",
                .. arguments],
            new Dictionary<string, string> { ["SCITQ_TOKEN"] = token }, withErrors: false);
        return (code, output.Trim());
    }

    private static async Task<(int Code, string Output)> RunAsync(
        string program, IEnumerable<string> arguments, Dictionary<string, string> environment, bool withErrors = true)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, withErrors ? output + await errors : output);
    }
}
