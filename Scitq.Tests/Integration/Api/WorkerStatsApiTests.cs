using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Usage;

namespace Scitq.Tests.Integration.Api;

/// <summary>What heartbeats tell of a machine, as it is shown now and as it is kept for a day, whatever the database.</summary>
[Trait("Level", "Integration")]
public abstract class WorkerStatsApiTests(bool postgres)
{
    private const long Gigabyte = 1_000_000_000;
    private readonly Guid _epoch = Guid.NewGuid();
    private long _sequence;

    [Fact(Timeout = 60_000)]
    public async Task A_worker_is_shown_as_busy_as_its_last_heartbeat_told_and_one_of_an_older_agent_without_figures()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        await RegisterAsync(server);
        await BeatAsync(server, null);
        Assert.Equal(JsonValueKind.Null, (await server.GetAsync("/workers")).Json()[0].GetProperty("usage").ValueKind);
        GpuStats[] gpus = [new(80, 30 * Gigabyte, 40 * Gigabyte), new(20, 10 * Gigabyte, 40 * Gigabyte)];
        await BeatAsync(server, new WorkerStats { Cpu = 97.5, IoWait = 1.5, Load5 = 2, DiskTotal = 200 * Gigabyte, Received = 1000, Gpus = gpus });
        await BeatAsync(server, null);          // told a moment ago
        var usage = (await server.GetAsync("/workers")).Json()[0].GetProperty("usage");
        double Real(string name) => usage.GetProperty(name).GetDouble();
        Assert.Equal((97.5, 1.5, 75, 50), (Real("cpu"), Real("io_wait"), Real("memory"), Real("disk")));
        Assert.Equal((1000, 2, 50, 50), (Real("received"), Real("load5"), Real("gpu"), Real("gpu_memory")));
        Assert.Equal(2, usage.GetProperty("gpus").GetArrayLength());

        await server.Departures.LeaveAsync(new WorkerLeft("w1", _epoch), CancellationToken.None);
        Assert.Equal(JsonValueKind.Null, (await server.GetAsync("/workers/w1")).Json().GetProperty("usage").ValueKind);
    }

    [Fact(Timeout = 60_000)]
    public async Task Its_history_is_the_means_of_minutes_also_of_those_that_another_coordinator_has_heard_and_is_forgotten_after_a_day()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        await using var other = await ApiServer.StartAsync(postgres, shared: server.Options);
        server.Clock.Ahead = other.Clock.Ahead = TimeSpan.FromSeconds(60 - ApiServer.Now.Second);       // a minute begins
        await RegisterAsync(server);
        await BeatAsync(server, new WorkerStats { Cpu = 10 });
        await BeatAsync(server, new WorkerStats { Cpu = 20, Gpus = [new(50, 1, 1)] });
        await BeatAsync(other, new WorkerStats { Cpu = 60 });
        Advance(TimeSpan.FromMinutes(1));
        await BeatAsync(server, new WorkerStats { Cpu = 40 });
        foreach (var one in (ApiServer[])[server, other, server]) await WriteAsync(one);
        Assert.Equal([30], await CpuAsync("?step=1"));
        Advance(TimeSpan.FromMinutes(1));
        await WriteAsync(server);
        Assert.Equal([30, 40], await CpuAsync("?minutes=5&step=1"));
        Assert.Equal([30, 40], await CpuAsync("?minutes=5&step=1", other));
        Assert.Equal(50, (await HistoryAsync("?minutes=5&step=1", server))[0].GetProperty("gpu").GetDouble());
        Assert.Equal([35], await CpuAsync("?minutes=1440&step=1440"));

        Advance(TimeSpan.FromDays(1) - TimeSpan.FromMinutes(1));
        await WriteAsync(other);
        Assert.Equal([40], await CpuAsync("?minutes=1440&step=1"));
        await using var db = server.Context();
        Assert.Equal(1, db.Minutes.Count());
        (await server.GetAsync("/workers/w1/stats?minutes=1441")).Problem(HttpStatusCode.BadRequest, "invalid");
        (await server.GetAsync("/workers/w1/stats?step=0")).Problem(HttpStatusCode.BadRequest, "invalid");
        (await server.GetAsync("/workers/nobody/stats")).Problem(HttpStatusCode.NotFound, "not_found");

        void Advance(TimeSpan time) => server.Clock.Ahead = other.Clock.Ahead += time;

        async Task<List<JsonElement>> HistoryAsync(string query, ApiServer from) =>
            [.. (await from.GetAsync("/workers/w1/stats" + query)).Json().GetProperty("history").EnumerateArray()];

        async Task<List<double>> CpuAsync(string query, ApiServer? from = null) =>
            (await HistoryAsync(query, from ?? server)).ConvertAll(point => point.GetProperty("cpu").GetDouble());
    }

    private static Task WriteAsync(ApiServer server) => server.App.Services.GetRequiredService<UsageMinutes>().WriteAsync(all: false, CancellationToken.None);

    private Task<WorkerRegistered> RegisterAsync(ApiServer server) => server.Workers.RegisterAsync(
        new RegisterWorker
        {
            Worker = "w1", Epoch = _epoch, Batch = "Default", Concurrency = 1, Prefetch = 0, Leases = [],
            Host = new HostInfo { Hostname = "h", Cpus = 1, Memory = 64 * Gigabyte, Version = "1" },
        },
        CancellationToken.None);

    private Task BeatAsync(ApiServer server, WorkerStats? stats) => server.Heartbeats.HeartbeatAsync(
        new WorkerHeartbeat
        {
            Worker = "w1", Epoch = _epoch, Sequence = ++_sequence, Leases = [], MemoryAvailable = 16 * Gigabyte, DiskFree = 100 * Gigabyte, Stats = stats,
        },
        CancellationToken.None);
}

public sealed class PostgresWorkerStatsApiTests() : WorkerStatsApiTests(postgres: true);

public sealed class SqliteWorkerStatsApiTests() : WorkerStatsApiTests(postgres: false);
