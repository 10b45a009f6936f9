using System.Diagnostics;
using MassTransit;
using Scitq.Coordinator.Bus;
using Scitq.Coordinator.Logs;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Health;

/// <summary>How the coordinator is, from the parts that notice it.</summary>
internal sealed class ServerStatus(
    CoordinatorOptions options, ITopology topology, IBusControl bus, DatabaseOutage outage, LogStore logs, DataDisk disk) : IServerStatus
{
    public string Bus => string.IsNullOrEmpty(options.Bus) ? "memory" : "rabbitmq";

    public string Database => options.UsesPostgres ? "postgresql" : "sqlite";

    public DateTime Started { get; } = ProcessStart();

    public IReadOnlyList<string> Problems =>
    [
        .. BusProblem is { } problem ? [$"{problem}: running tasks go on, queued ones wait"] : Array.Empty<string>(),
        .. disk.Problem is { } full ? [full] : Array.Empty<string>(),
        .. outage.Problem is { } database ? [$"{database}: everything that would be recorded waits"] : Array.Empty<string>(),
        .. logs.Problem is { } unstored ? [$"{unstored}: what tasks print and how they end waits to be recorded"] : Array.Empty<string>(),
    ];

    // A connection is there before the queues that are listened to.
    private string? BusProblem => topology.Problem is { } why ? why
        : topology.UpSince is null ? "the broker can't be reached"
        : bus.CheckHealth().Status != BusHealthStatus.Healthy ? "the coordinator does not listen to all of its queues yet"
        : null;

    public bool Ready => Problems.Count == 0;

    private static DateTime ProcessStart()
    {
        using var process = Process.GetCurrentProcess();
        return process.StartTime.ToUniversalTime();
    }
}
