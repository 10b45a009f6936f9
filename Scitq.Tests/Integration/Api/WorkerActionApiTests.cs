using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;
using Scitq.Coordinator.Usage;
using Scitq.Coordinator.Workers;

namespace Scitq.Tests.Integration.Api;

/// <summary>Workers that are drained and deleted over HTTP, whatever the database.</summary>
[Trait("Level", "Integration")]
public abstract class WorkerActionApiTests(bool postgres)
{
    private static readonly string[] All = [Abilities.Drain, Abilities.Leave];
    private readonly Dictionary<string, long> _sequences = [];

    [Fact(Timeout = 60_000)]
    public async Task A_drain_is_told_at_once_and_again_until_the_worker_has_left_and_the_next_start_works_as_ever()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var epoch = await RegisterAsync(server);
        (await server.PostAsync("/workers/w1/drain", new { reason = "new kernel" })).Json(HttpStatusCode.Accepted);
        Assert.True(Assert.Single(server.Line.Told).Settings is { Draining: true, Evicting: false });
        Assert.Equal("draining", await StatusAsync(server));
        Assert.True((await BeatAsync(server, epoch)).Settings!.Draining);

        // Its agent is killed and started again, and then its machine is.
        var answer = await AnswerAsync(server, previous: epoch);
        Assert.True(answer.Settings!.Draining);
        await LoseAsync(server);
        Assert.Equal("offline", await StatusAsync(server));
        answer = await AnswerAsync(server);
        Assert.True(answer.Settings!.Draining);

        await server.Departures.LeaveAsync(new WorkerLeft("w1", answer.Epoch), CancellationToken.None);
        Assert.False((await server.GetAsync("/workers/w1")).Json().GetProperty("draining").GetBoolean());
        Assert.Contains("nothing to drain", (await server.PostAsync("/workers/w1/drain")).Problem(HttpStatusCode.Conflict, "wrong_state"),
            StringComparison.Ordinal);
        answer = await AnswerAsync(server);
        Assert.False(answer.Settings!.Draining);
        var happened = (await server.GetAsync("/events?kind=worker_changed")).Json()[0];
        Assert.Equal("drained: new kernel", happened.GetProperty("detail").GetString());
        Assert.NotEqual(JsonValueKind.Null, happened.GetProperty("by").ValueKind);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_worker_that_is_resumed_need_not_leave_and_is_not_forgotten()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var epoch = await RegisterAsync(server);
        (await server.SendAsync(HttpMethod.Delete, "/workers/w1?reason=broken")).Json(HttpStatusCode.Accepted);
        Assert.Equal("draining", await StatusAsync(server));
        await server.SendAsync(HttpMethod.Patch, "/workers/w1", new { concurrency = 3 });
        Assert.True((await BeatAsync(server, epoch)).Settings!.Draining);
        await server.SendAsync(HttpMethod.Patch, "/workers/w1", new { paused = false });
        Assert.False((await BeatAsync(server, epoch)).Settings!.Draining);
        await server.Departures.LeaveAsync(new WorkerLeft("w1", epoch), CancellationToken.None);
        Assert.Equal("offline", await StatusAsync(server));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_worker_is_asked_for_nothing_that_its_agent_does_not_know()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        await RegisterAsync(server, "old", []);
        Assert.Contains("too old", (await server.PostAsync("/workers/old/drain")).Problem(HttpStatusCode.Conflict, "wrong_state"), StringComparison.Ordinal);
        Assert.Contains("stop it first", (await server.PostAsync("/workers/old/delete")).Problem(HttpStatusCode.Conflict, "wrong_state"),
            StringComparison.Ordinal);

        Assert.Contains("too old", (await server.PostAsync("/workers/old/restart")).Problem(HttpStatusCode.Conflict, "wrong_state"),
            StringComparison.Ordinal);

        // Nor is one that was replaced by an older agent since it was ordered.
        var old = await RegisterAsync(server, "w1", [.. All, Abilities.Restart]);
        (await server.PostAsync("/workers/w1/restart")).Json(HttpStatusCode.Accepted);
        Assert.Equal([WorkerOrderKind.Restart], (await BeatAsync(server, old)).Orders.Select(o => o.Kind));
        old = (await AnswerAsync(server, previous: old)).Epoch;
        Assert.Empty((await BeatAsync(server, old)).Orders);

        var epoch = await RegisterAsync(server, "part", [Abilities.Drain]);
        var note = (await server.PostAsync("/workers/part/drain")).Json(HttpStatusCode.Accepted).GetProperty("note").GetString();
        Assert.Contains("stays", note, StringComparison.Ordinal);
        await BeatAsync(server, epoch, "part", hold: "draining");
        Assert.Equal("drained", await StatusAsync(server, "part"));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_worker_that_is_gone_is_forgotten_with_all_that_is_kept_of_it_and_its_attempts_are_lost()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var epoch = await RegisterAsync(server);
        var (number, id) = await server.SubmitAsync();
        await ClaimAsync(server, id, epoch);
        await BeatAsync(server, epoch, stats: new WorkerStats { Cpu = 1 }, leases: []);
        await server.App.Services.GetRequiredService<UsageMinutes>().WriteAsync(all: true, CancellationToken.None);
        await server.PostAsync("/workers/w1/clean", new { reason = "old" });
        await LoseAsync(server);
        var lost = (await server.GetAsync($"/tasks/{number}")).Json();
        Assert.Equal("pending", lost.GetProperty("status").GetString());

        (await server.SendAsync(HttpMethod.Delete, "/workers/w1")).Json(HttpStatusCode.Accepted);
        (await server.GetAsync("/workers/w1")).Problem(HttpStatusCode.NotFound, "not_found");
        (await server.SendAsync(HttpMethod.Delete, "/workers/w1")).Problem(HttpStatusCode.NotFound, "not_found");
        Assert.Equal(["w1"], server.Line.Closed);
        await using var db = server.Context();
        Assert.Equal((0, 0, 0), (await db.Workers.CountAsync(Ct), await db.Orders.CountAsync(Ct), await db.Minutes.CountAsync(Ct)));

        // It was only away: its heartbeats are nobody's, and it comes as a new one.
        Assert.False((await BeatAsync(server, epoch)).Known);
        Assert.Null((await AnswerAsync(server, previous: epoch)).Refusal);
        Assert.Equal("running", await StatusAsync(server));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_task_whose_worker_is_forgotten_before_its_lease_has_lapsed_is_lost_once_it_has()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var epoch = await RegisterAsync(server);
        await server.Departures.LeaveAsync(new WorkerLeft("w1", epoch), CancellationToken.None);
        var (number, id) = await server.SubmitAsync();
        await ClaimAsync(server, id, epoch);            // by a coordinator that did not know yet
        (await server.SendAsync(HttpMethod.Delete, "/workers/w1")).Json(HttpStatusCode.Accepted);
        Assert.Equal("accepted", (await server.GetAsync($"/tasks/{number}")).Json().GetProperty("status").GetString());
        await LoseAsync(server);
        Assert.Equal("pending", (await server.GetAsync($"/tasks/{number}")).Json().GetProperty("status").GetString());
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true), InlineData(false)]
    public async Task A_worker_that_is_there_is_told_to_leave_and_by_force_only_if_it_has_tasks_and_is_forgotten_when_it_is_gone(bool leaves)
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var epoch = await RegisterAsync(server);
        var (_, id) = await server.SubmitAsync();
        var key = await ClaimAsync(server, id, epoch);
        Assert.Contains("it has 1 task.", (await server.PostAsync("/workers/w1/delete")).Problem(HttpStatusCode.Conflict, "wrong_state"),
            StringComparison.Ordinal);
        (await server.PostAsync("/workers/w1/delete", new { force = true })).Json(HttpStatusCode.Accepted);
        Assert.True((await BeatAsync(server, epoch, leases: [key])).Settings is { Draining: true, Evicting: true });
        if (leaves) await server.Departures.LeaveAsync(new WorkerLeft("w1", epoch), CancellationToken.None);
        else await LoseAsync(server);
        (await server.GetAsync("/workers/w1")).Problem(HttpStatusCode.NotFound, "not_found");
        Assert.Equal(["w1"], server.Line.Closed);
        await using var db = server.Context();
        var task = await db.Tasks.SingleAsync(Ct);
        Assert.Equal((1, Contracts.TaskState.Pending), (task.Losses, task.State));
    }

    [Fact(Timeout = 60_000)]
    public async Task What_a_killed_coordinator_has_left_of_a_worker_that_was_to_be_forgotten_goes_with_the_next_pulse()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        await RegisterAsync(server);
        (await server.PostAsync("/workers/w1/delete")).Json(HttpStatusCode.Accepted);
        await using (var db = server.Context()) await db.Workers.ExecuteUpdateAsync(set => set.SetProperty(w => w.Epoch, (Guid?)null), Ct);
        await PulseAsync(server);
        (await server.GetAsync("/workers/w1")).Problem(HttpStatusCode.NotFound, "not_found");
    }

    [Fact(Timeout = 60_000)]
    public async Task Many_are_named_or_serve_a_batch_and_are_only_looked_at_first()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        foreach (var name in (string[])["a", "b", "c"]) await RegisterAsync(server, name);
        await server.SendAsync(HttpMethod.Patch, "/workers/c", new { batch = "other" });
        var look = (await ActAsync(new { action = "drain", workers = new[] { "c", "nobody" }, batches = new[] { "Default" }, dry_run = true })).Json();
        Assert.Equal((3, 0), (look.GetProperty("matched").GetInt32(), look.GetProperty("done").GetInt32()));
        Assert.Equal(["a", "b", "c"], look.GetProperty("workers").EnumerateArray().Select(w => w.GetProperty("worker").GetString()));
        Assert.Equal("nobody", look.GetProperty("skipped")[0].GetProperty("worker").GetString());
        Assert.Equal("running", await StatusAsync(server, "a"));
        Assert.Equal(2, (await ActAsync(new { action = "drain", batches = new[] { "Default" }, reason = "r" })).Json().GetProperty("done").GetInt32());
        Assert.Equal(["draining", "draining", "running"], [await StatusAsync(server, "a"), await StatusAsync(server, "b"), await StatusAsync(server, "c")]);
        (await ActAsync(new { action = "drain" })).Problem(HttpStatusCode.BadRequest, "invalid");
        (await ActAsync(new { action = "explode", workers = new[] { "a" } })).Problem(HttpStatusCode.BadRequest, "invalid");
        Assert.Contains("takes no member 'force'", (await ActAsync(new { action = "drain", workers = new[] { "a" }, force = true }))
            .Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);

        Task<ApiServer.Answer> ActAsync(object body) => server.PostAsync("/workers/actions", body);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static async Task<string?> StatusAsync(ApiServer server, string name = "w1") =>
        (await server.GetAsync($"/workers/{name}")).Json().GetProperty("status").GetString();

    private static async Task LoseAsync(ApiServer server)
    {
        await using (var db = server.Context())
            await db.Hearing.ExecuteUpdateAsync(set => set.SetProperty(h => h.Seconds, h => h.Seconds + 600).SetProperty(h => h.Turn, h => h.Turn + 1), Ct);
        await PulseAsync(server);
    }

    private static Task PulseAsync(ApiServer server) => server.App.Services.GetRequiredService<LostWorkers>().PulseAsync(CancellationToken.None);

    private static async Task<AttemptKey> ClaimAsync(ApiServer server, Guid id, Guid epoch)
    {
        await using var db = server.Context();
        var now = await db.Hearing.Select(h => h.Seconds).SingleAsync(Ct);
        var (_, answer) = await server.RaiseAsync(id, m => m.Claimed, new Claimed("w1", 1, epoch, now));
        return new AttemptKey(id, 1, answer.Lease!.Value);
    }

    private async Task<Guid> RegisterAsync(ApiServer server, string name = "w1", string[]? knows = null) => (await AnswerAsync(server, name, knows)).Epoch;

    private async Task<WorkerRegistered> AnswerAsync(ApiServer server, string name = "w1", string[]? knows = null, Guid? previous = null)
    {
        _sequences[name] = 0;
        return await server.Workers.RegisterAsync(
            new RegisterWorker
            {
                Worker = name, Epoch = Guid.NewGuid(), PreviousEpoch = previous, Batch = "Default", Concurrency = 1, Prefetch = 0, Leases = [],
                Knows = knows ?? All, Host = new HostInfo { Hostname = "h", Cpus = 1, Memory = 1, Version = "1" },
            },
            CancellationToken.None);
    }

    private async Task<HeartbeatAnswered> BeatAsync(
        ApiServer server, Guid epoch, string name = "w1", string? hold = null, WorkerStats? stats = null, IReadOnlyList<AttemptKey>? leases = null) =>
        (await server.Heartbeats.HeartbeatAsync(
            new WorkerHeartbeat { Worker = name, Epoch = epoch, Sequence = ++_sequences[name], Leases = leases ?? [], Hold = hold, Stats = stats },
            CancellationToken.None))!;
}

public sealed class PostgresWorkerActionApiTests() : WorkerActionApiTests(postgres: true);

public sealed class SqliteWorkerActionApiTests() : WorkerActionApiTests(postgres: false);
