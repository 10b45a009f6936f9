using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>One agent of a cluster: a work directory, and the process that has it now.</summary>
internal sealed class AgentUnderTest(Cluster cluster, string name, string workDir, string[] arguments) : IAsyncDisposable
{
    private const int SigStop = 19, SigCont = 18;

    private readonly List<ProcessUnderTest> _processes = [];

    public string Name => name;

    public string WorkDir => workDir;

    public ProcessUnderTest Process => _processes[^1];

    /// <summary>Starts it, or starts it again; returns once the coordinator has it.</summary>
    public async Task StartAsync()
    {
        Launch();
        await Process.WaitForLineAsync("is registered", Cluster.Patience);
    }

    /// <summary>Starts it, and does not wait.</summary>
    public void Launch()
    {
        var environment = new Dictionary<string, string?>(cluster.AgentEnvironment) { ["SCITQ_BUS"] = cluster.AgentBus };
        environment.TryAdd("DOCKER_HOST", TestEnvironment.Optional("SCITQ_TEST_DOCKER"));
        _processes.Add(ProcessUnderTest.Start("scitq-agent", ["--name", name, "--work-dir", workDir, .. arguments], environment));
    }

    public Task KillAsync() => Process.KillAsync();

    /// <summary>As a machine that hangs: connections stay open, nothing is said.</summary>
    public void Freeze() => Process.Signal(SigStop);

    public void Thaw() => Process.Signal(SigCont);

    /// <summary>SIGTERM, and all it has ends.</summary>
    public async Task DrainAsync()
    {
        Process.Terminate();
        Assert.Equal(0, await Process.WaitForExitAsync(Cluster.Patience));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes) await process.DisposeAsync();
    }
}
