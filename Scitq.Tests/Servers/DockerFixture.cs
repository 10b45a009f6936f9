using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Scitq.Agent.Runtimes;
using Scitq.Agent.Runtimes.Docker;
using Scitq.Contracts.Docker;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Tests.Servers;

/// <summary>The Docker engine that test.sh gives, and attempts to run on it.</summary>
public sealed class DockerFixture : IDisposable
{
    public const string Image = "scitq-test/busybox:1";

    private readonly TestFolder folder = new();
    private DockerEngine? engine;

    public string Address { get; } = TestEnvironment.Optional("SCITQ_TEST_DOCKER") ?? "";

    public string Worker { get; } = $"test-{Guid.NewGuid():N}"[..12];

    internal DockerEngine Engine
    {
        get
        {
            TestEnvironment.Required("SCITQ_TEST_DOCKER");
            return engine ??= At(Address);
        }
    }

    /// <summary>A client of an engine that is not the tests' own.</summary>
    internal static DockerEngine At(string address) => new(EngineAddress.Read(address), TimeProvider.System);

    internal DockerRuntime Runtime(bool restricted = false, DockerEngine? of = null, string? place = null) =>
        new(of ?? Engine, restricted, place ?? folder.Path, TimeProvider.System, NullLogger<DockerRuntime>.Instance);

    /// <summary>An attempt with its directories.</summary>
    internal RunRequest Request(params string[] argv)
    {
        var key = new AttemptKey(Guid.NewGuid(), 1, Guid.NewGuid());
        var directory = new WorkDirectory(folder[key.Lease.ToString()]);
        directory.Create(Ownership.InContainer);
        return new RunRequest
        {
            Key = key, Number = 7, Worker = Worker, Cpu = 2, Directory = directory,
            Spec = new TaskSpec { Argv = argv, Image = Image, Batch = "b" },
        };
    }

    internal RunRequest Shell(string script) => Request("sh", "-c", script);

    internal RunRequest Shell(string script, string options)
    {
        Assert.True(ShellWords.TrySplit(options, out var words, out _));
        var request = Shell(script);
        return request with { Spec = request.Spec with { DockerOptions = DockerRunOptions.Read(words) } };
    }

    internal async Task<(RunExit Exit, string Stdout, string Stderr)> RunAsync(RunRequest request, DockerRuntime? runtime = null)
    {
        await using var run = await (runtime ?? Runtime()).StartAsync(request, _ => { }, TestContext.Current.CancellationToken);
        var exit = await run.Exit.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        return (exit, await File.ReadAllTextAsync(request.Directory.Stdout), await File.ReadAllTextAsync(request.Directory.Stderr));
    }

    internal async Task<bool> ExistsAsync(RunRequest request)
    {
        try
        {
            await Engine.InspectAsync($"scitq-{request.Key.Lease}", TestContext.Current.CancellationToken);
            return true;
        }
        catch (DockerEngineException e) when (e.NotFound)
        {
            return false;
        }
    }

    /// <summary>Runs the docker program against the engine.</summary>
    public async Task<string> CliAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("docker", ["-H", Address, .. arguments])
            { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"docker {string.Join(' ', arguments)}: {await errors}");
        return output;
    }

    public void Dispose()
    {
        engine?.Dispose();
        folder.Dispose();
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
