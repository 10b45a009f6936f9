using System.Net;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Tests.Integration.Api;

/// <summary>What users ask of running tasks, and what their workers are told and tell of it by heartbeats, whatever the database.</summary>
[Trait("Level", "Integration")]
public abstract class TaskControlApiTests(bool postgres)
{
    private long _sequence;

    [Fact(Timeout = 60_000)]
    public async Task A_pause_is_told_by_each_answer_while_it_is_wanted_and_heartbeats_say_what_stands_still()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var (number, key, epoch) = await RunningAsync(server);
        Assert.Empty((await BeatAsync(server, epoch, key)).Pauses);
        (await server.PostAsync($"/tasks/{number}/pause", new { reason = "lunch" })).Json(HttpStatusCode.Accepted);
        (await server.PostAsync($"/tasks/{number}/pause")).Json(HttpStatusCode.Accepted);
        Assert.Equal([new PauseAttempt(key, true, 1)], (await BeatAsync(server, epoch, key)).Pauses);
        Assert.Equal("running", await StatusAsync(server, number));

        Assert.Equal([new PauseAttempt(key, true, 1)], (await BeatAsync(server, epoch, key, suspended: true)).Pauses);
        Assert.Equal("suspended", await StatusAsync(server, number));
        Assert.Equal(1, (await server.GetAsync("/batches/Default")).Json().GetProperty("suspended").GetInt64());
        (await server.PostAsync("/tasks/actions", new { action = "resume", filter = new { batch = "Default" } })).Json();
        Assert.Equal([new PauseAttempt(key, false, 2)], (await BeatAsync(server, epoch, key, suspended: true)).Pauses);
        Assert.Empty((await BeatAsync(server, epoch, key)).Pauses);
        Assert.Equal("running", await StatusAsync(server, number));
        Assert.Equal(HttpStatusCode.Conflict, (await server.PostAsync($"/tasks/{number}/resume")).Status);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_agent_that_is_too_old_is_not_asked_and_the_answer_says_so()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var (number, key, epoch) = await RunningAsync(server, knows: ["secrets"]);
        foreach (var (action, body) in new (string, object)[] { ("pause", new { }), ("kill", new { }), ("signal", new { signal = "USR1" }) })
        {
            var refused = await server.PostAsync($"/tasks/{number}/{action}", body);
            Assert.Equal(HttpStatusCode.Conflict, refused.Status);
            Assert.Contains("the agent of worker w1 is too old", refused.Text, StringComparison.Ordinal);
        }

        var answer = await BeatAsync(server, epoch, key);
        Assert.Equal((0, 0, 0), (answer.Pauses.Count, answer.Killed.Count, answer.Orders.Count));
        (await server.PostAsync($"/tasks/{number}/stop")).Json(HttpStatusCode.Accepted);
        Assert.Equal([key], (await BeatAsync(server, epoch, key)).Cancelled);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_kill_is_told_as_one_also_where_the_task_is_being_stopped()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var (number, key, epoch) = await RunningAsync(server);
        (await server.PostAsync($"/tasks/{number}/stop")).Json(HttpStatusCode.Accepted);
        Assert.Equal((1, 0), (await BeatAsync(server, epoch, key)) is var stop ? (stop.Cancelled.Count, stop.Killed.Count) : default);
        (await server.PostAsync($"/tasks/{number}/kill")).Json(HttpStatusCode.Accepted);
        Assert.Equal([key], (await BeatAsync(server, epoch, key)).Killed);
        await server.EndAsync(key, new AttemptResult { ExitCode = 137, Failure = FailureClass.Exit, Finished = ApiServer.Now });
        Assert.Equal("cancelled", await StatusAsync(server, number));
        foreach (var action in (string[])["stop", "kill"])
            Assert.Equal(HttpStatusCode.Conflict, (await server.PostAsync($"/tasks/{number}/{action}")).Status);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_signal_is_an_order_until_its_outcome_is_told_which_the_history_keeps()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var (number, key, epoch) = await RunningAsync(server);
        Assert.Equal(HttpStatusCode.BadRequest, (await server.PostAsync($"/tasks/{number}/signal")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await server.PostAsync($"/tasks/{number}/signal", new { signal = "65" })).Status);
        (await server.PostAsync($"/tasks/{number}/signal", new { signal = "sigusr1", reason = "save" })).Json(HttpStatusCode.Accepted);
        var order = Assert.Single((await BeatAsync(server, epoch, key)).Orders);
        Assert.Equal((WorkerOrderKind.Signal, key, 10), (order.Kind, order.Key, order.Signal));
        for (var i = 0; i < 2; i++)
            Assert.Empty((await BeatAsync(server, epoch, key, done: new OrderOutcome(order.Id, "signal 10 (USR1) sent to 1 process."))).Orders);

        var history = (await server.GetAsync($"/tasks/{number}")).Json().GetProperty("history").EnumerateArray()
            .Select(h => (h.GetProperty("kind").GetString(), h.GetProperty("detail").GetString())).Where(h => h.Item1!.StartsWith("signal"));
        Assert.Equal([("signal_requested", "signal 10 (USR1): save"), ("signalled", "signal 10 (USR1) sent to 1 process.")], history);
    }

    private async Task<(long Number, AttemptKey Key, Guid Epoch)> RunningAsync(ApiServer server, IReadOnlyList<string>? knows = null)
    {
        var epoch = Guid.NewGuid();
        await server.Workers.RegisterAsync(
            new RegisterWorker
            {
                Worker = "w1", Epoch = epoch, Batch = "Default", Concurrency = 1, Prefetch = 0, Leases = [], Knows = knows ?? Abilities.All,
                Host = new HostInfo { Hostname = "h", Cpus = 1, Memory = 1, Version = "1" },
            },
            CancellationToken.None);
        var (number, id) = await server.SubmitAsync(new { argv = new[] { "true" }, retry = 2 });
        var key = await server.ClaimAsync(id);
        await server.RunAsync(key);
        return (number, key, epoch);
    }

    private async Task<HeartbeatAnswered> BeatAsync(ApiServer server, Guid epoch, AttemptKey key, bool suspended = false, OrderOutcome? done = null) =>
        (await server.Heartbeats.HeartbeatAsync(
            new WorkerHeartbeat
            {
                Worker = "w1", Epoch = epoch, Sequence = ++_sequence, Leases = [key], Suspended = suspended ? [key] : [], Done = done is null ? [] : [done],
            },
            CancellationToken.None))!;

    private static async Task<string> StatusAsync(ApiServer server, long number) =>
        (await server.GetAsync($"/tasks/{number}")).Json().GetProperty("status").GetString()!;
}

public sealed class SqliteTaskControlApiTests() : TaskControlApiTests(postgres: false);

public sealed class PostgresTaskControlApiTests() : TaskControlApiTests(postgres: true);
