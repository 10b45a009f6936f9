using Scitq.Tests.EndToEnd.Acceptance;
using Scitq.Tests.Servers;

[assembly: AssemblyFixture(typeof(ServerSystem))]

namespace Scitq.Tests.EndToEnd.Acceptance;

/// <summary>Coordinator and agent, with RabbitMQ and PostgreSQL between them.</summary>
public sealed class ServerSystem : ScitqSystem
{
    private static readonly string[] Knobs = ["--Tasks:RetryBackoffSeconds", "0.1", "--Tasks:PutAsideAfter", "0", "--Tasks:ReconcileSeconds", "3"];

    private readonly List<ProcessUnderTest> _processes = [];
    private RabbitMqVhost? _vhost;
    private string _database = "";
    private ProcessUnderTest? _coordinator;

    public override string WorkDirectory => Folder["main"];

    public override string TokenFile => Folder["coordinator/token"];

    public override IReadOnlyList<ProcessUnderTest> Processes => [_coordinator!, .. _processes.Where(p => !p.HasExited)];

    /// <summary>The broker, for those who talk to it themselves.</summary>
    public async Task<RabbitMqVhost> VhostAsync()
    {
        await AddressAsync();
        return _vhost!;
    }

    /// <summary>SIGKILL for the coordinator.</summary>
    public async Task StopCoordinatorAsync()
    {
        await AddressAsync();
        await _coordinator!.KillAsync();
    }

    /// <summary>Starts it again, where it was.</summary>
    public async Task StartCoordinatorAsync() => await RunCoordinatorAsync(new Uri(await AddressAsync()).Port);

    /// <summary>Starts another agent; it works below <c>Folder[name]</c>.</summary>
    public async Task<ProcessUnderTest> StartAgentAsync(string name, string batch, int concurrency = 2)
    {
        await AddressAsync();
        return await RunAgentAsync(name, batch, concurrency);
    }

    protected override async Task<string> StartAsync()
    {
        _vhost = await RabbitMqServer.CreateVhostAsync();
        _database = await PostgresServer.CreateDatabaseAsync();
        var address = await RunCoordinatorAsync(port: 0);
        await RunAgentAsync("main", "Default", Concurrency);
        return address;
    }

    protected override async Task StopAsync()
    {
        foreach (var process in _processes) await process.DisposeAsync();
        if (_coordinator is not null) await _coordinator.DisposeAsync();
        if (_vhost is not null) await _vhost.DisposeAsync();
    }

    private Task<string> RunCoordinatorAsync(int port)
    {
        _coordinator = ProcessUnderTest.Start(
            "scitq-coordinator", ["--port", $"{port}", "--data", Folder["coordinator"], .. Knobs],
            new Dictionary<string, string?> { ["SCITQ_BUS"] = _vhost!.AmqpUri, ["SCITQ_DATABASE"] = _database });
        return ListeningAsync(_coordinator);
    }

    private async Task<ProcessUnderTest> RunAgentAsync(string name, string batch, int concurrency)
    {
        var environment = AgentEnvironment();
        environment["SCITQ_BUS"] = _vhost!.AmqpUri;
        var agent = ProcessUnderTest.Start(
            "scitq-agent",
            ["--name", name, "--batch", batch, "--concurrency", $"{concurrency}", "--prefetch", "2", "--work-dir", Folder[name], "--heartbeat-seconds", "1"],
            environment);
        lock (_processes) _processes.Add(agent);
        await agent.WaitForLineAsync("is registered", TimeSpan.FromSeconds(60));
        return agent;
    }
}
