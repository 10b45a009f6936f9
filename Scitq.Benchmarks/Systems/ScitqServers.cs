using Npgsql;
using Scitq.Contracts;

namespace Scitq.Benchmarks.Systems;

/// <summary>Coordinator and agent as two programs, over RabbitMQ and PostgreSQL.</summary>
internal sealed class ScitqServers(Bench bench) : ScitqSystem(bench)
{
    private const string CoordinatorGroup = "coordinator", AgentGroup = "agent";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private int _agents;
    private Daemon? _coordinator;
    private Daemon? _agent;

    public override string Name => "scitq, RabbitMQ + PostgreSQL";

    public override string Key => "servers";

    public override IReadOnlyList<string> Groups { get; } = [CoordinatorGroup, AgentGroup, Bench.RabbitMq, Bench.PostgreSql];

    /// <summary>The name of the agent that runs now.</summary>
    public string Agent => $"agent{_agents}";

    /// <summary>More variables of the agents.</summary>
    public IReadOnlyDictionary<string, string>? AgentEnvironment { get; init; }

    public string BusFile => Path.Combine(Bench.Folder, "bus");

    public string DatabaseFile => Path.Combine(Bench.Folder, "database");

    public override async Task StartAsync()
    {
        await Databases.CreateAsync(Bench.Database, "scitq");
        // In files, so that no password stands on a command line.
        SecretFile.Write(BusFile, Bench.Broker.OriginalString, replace: true);
        SecretFile.Write(DatabaseFile, $"{Bench.Database};Database=scitq", replace: true);
        _coordinator = Daemon.Start(Bench, CoordinatorGroup, Bench.Program("scitq-coordinator"), null,
            "--port", "0", "--no-token", "--bus-file", BusFile, "--database-file", DatabaseFile, "--data",
            Directory.CreateDirectory(Path.Combine(Bench.Folder, "coordinator")).FullName);
        Connect(await _coordinator.WaitForAsync("Listening on ", Patience));
    }

    public override async Task StartWorkerAsync(int slots, int prefetch, string batch, bool runNothing = false)
    {
        await LaunchWorkerAsync(slots, prefetch, batch, runNothing);
        await WaitForWorkerAsync(Agent);
    }

    /// <summary>Starts the agent and does not wait until it is ready.</summary>
    public async Task LaunchWorkerAsync(int slots, int prefetch, string batch, bool runNothing)
    {
        await StopWorkerAsync();
        _agent = Launch(AgentGroup, slots, prefetch, batch, runNothing);
    }

    /// <summary>One more, beside the first, and counted for itself.</summary>
    public async Task<IAsyncDisposable> StartAnotherWorkerAsync(int slots, int prefetch, string batch)
    {
        var another = Launch(AgentGroup + "2", slots, prefetch, batch, runNothing: false);
        await WaitForWorkerAsync(Agent);
        return another;
    }

    private Daemon Launch(string group, int slots, int prefetch, string batch, bool runNothing)
    {
        _agents++;
        return Daemon.Start(Bench, group, Bench.Program("scitq-agent"), AgentEnvironment,
            "--name", Agent, "--batch", batch, "--concurrency", $"{slots}", "--prefetch", $"{prefetch}", "--runtime", runNothing ? "noop" : "auto",
            "--work-dir", Directory.CreateDirectory(Path.Combine(Bench.Folder, Agent)).FullName, "--bus-file", BusFile);
    }

    public override async Task StopWorkerAsync()
    {
        if (_agent is not null) await _agent.DisposeAsync();
        _agent = null;
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_coordinator is not null) await _coordinator.DisposeAsync();
        NpgsqlConnection.ClearAllPools();
    }
}
