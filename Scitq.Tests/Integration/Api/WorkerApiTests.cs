using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Leases;
using Scitq.Coordinator.Tasks;
using Scitq.Coordinator.Workers;

namespace Scitq.Tests.Integration.Api;

/// <summary>What users tell workers over HTTP, and what workers are told and tell by their heartbeats, whatever the database.</summary>
[Trait("Level", "Integration")]
public abstract class WorkerApiTests(bool postgres)
{
    private long _sequence;

    [Fact(Timeout = 60_000)]
    public async Task A_users_settings_reach_the_worker_and_outlive_its_agents_restart_until_that_is_started_otherwise()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var epoch = await RegisterAsync(server, concurrency: 2);

        var changed = (await server.SendAsync(HttpMethod.Patch, "/workers/w1", new { concurrency = 3, prefetch = 4, paused = true, batch = "other" })).Json();
        Assert.Equal(("other", 3, 4, "paused"),
            (changed.GetProperty("batch").GetString(), changed.GetProperty("concurrency").GetInt32(), changed.GetProperty("prefetch")
                .GetInt32(), changed.GetProperty("status").GetString()));
        var settings = Assert.Single(server.Line.Told).Settings;
        Assert.Equal(settings, (await BeatAsync(server, epoch)).Settings);
        Assert.Equal(("other", 3, 4, true), (settings.Batch, settings.Concurrency, settings.Prefetch, settings.Paused));
        Assert.Contains("other", (await server.GetAsync("/batches")).Text, StringComparison.Ordinal);

        // The same options as before: the user's word holds. Another concurrency: that one is new, the rest holds.
        Assert.Equal(settings, (await AnswerAsync(server, concurrency: 2)).Settings);
        var after = (await AnswerAsync(server, concurrency: 5)).Settings!;
        Assert.Equal(("other", 5, 4, true), (after.Batch, after.Concurrency, after.Prefetch, after.Paused));
        Assert.True(after.Revision > settings.Revision);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("""{}""", "nothing to change")]
    [InlineData("""{"concurrency":-1}""", "concurrency -1")]
    [InlineData("""{"prefetch":10001}""", "prefetch 10001")]
    [InlineData("""{"concurrency":"two"}""", "concurrency")]
    [InlineData("""{"batch":"a b"}""", "batch 'a b'")]
    public async Task Settings_that_make_no_sense_are_refused(string body, string expected)
    {
        await using var server = await ApiServer.StartAsync(postgres);
        await RegisterAsync(server);
        Assert.Contains(expected, (await server.SendAsync(HttpMethod.Patch, "/workers/w1", body))
            .Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
        (await server.SendAsync(HttpMethod.Patch, "/workers/nobody", new { paused = true })).Problem(HttpStatusCode.NotFound, "not_found");
    }

    [Fact(Timeout = 60_000)]
    public async Task An_order_is_told_until_its_outcome_comes_and_an_offline_worker_finds_it_when_it_is_back()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var epoch = await RegisterAsync(server);
        await server.Departures.LeaveAsync(new WorkerLeft("w1", epoch), CancellationToken.None);
        var order = (await server.PostAsync("/workers/w1/clean")).Json(HttpStatusCode.Accepted);
        Assert.Contains("offline", order.GetProperty("note").GetString(), StringComparison.Ordinal);
        (await server.PostAsync("/workers/nobody/clean")).Problem(HttpStatusCode.NotFound, "not_found");

        epoch = await RegisterAsync(server);
        var second = (await server.PostAsync("/workers/1/reset-resources")).Json(HttpStatusCode.Accepted);
        Assert.Equal(JsonValueKind.Null, second.GetProperty("note").ValueKind);
        var told = (await BeatAsync(server, epoch)).Orders;
        Assert.Equal([WorkerOrderKind.Clean, WorkerOrderKind.ResetResources], told.Select(o => o.Kind));
        Assert.Equal(told, (await BeatAsync(server, epoch)).Orders);
        Assert.Equal([told[1]], (await BeatAsync(server, epoch, done: new OrderOutcome(told[0].Id, "removed 2 directories, 3.0 MiB"))).Orders);
        await BeatAsync(server, epoch, done: new OrderOutcome(told[0].Id, "told again, it is no news"));

        var orders = (await server.GetAsync("/workers/w1/orders")).Json().EnumerateArray().ToList();
        Assert.Equal(["reset_resources", "clean"], orders.Select(o => o.GetProperty("kind").GetString()));
        Assert.Equal("removed 2 directories, 3.0 MiB", orders[1].GetProperty("outcome").GetString());
        Assert.Equal((JsonValueKind.Null, JsonValueKind.String), (orders[0].GetProperty("done").ValueKind, orders[1].GetProperty("done").ValueKind));
    }

    [Fact(Timeout = 60_000)]
    public async Task What_a_worker_keeps_is_shown_until_it_says_otherwise()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var epoch = await RegisterAsync(server);
        CachedResource[] kept = [new("s3://b/old.tgz|untar", 5, 0, DateTime.UnixEpoch), new("s3://b/new", 7, 2, DateTime.UnixEpoch.AddDays(1))];
        await BeatAsync(server, epoch, kept);
        await BeatAsync(server, epoch);
        var worker = (await server.GetAsync("/workers/w1")).Json();
        Assert.Equal((2, 12L), (worker.GetProperty("resources").GetInt32(), worker.GetProperty("cached").GetInt64()));
        Assert.Equal(["NVIDIA A100", "NVIDIA A100"], worker.GetProperty("gpus").EnumerateArray().Select(g => g.GetString()));
        Assert.Equal(["s3://b/new", "s3://b/old.tgz|untar"], worker.GetProperty("cache").EnumerateArray().Select(c => c.GetProperty("uri").GetString()));
        Assert.Equal(12, (await server.GetAsync("/workers")).Json()[0].GetProperty("cached").GetInt64());
        await BeatAsync(server, epoch, []);
        Assert.Equal(0, (await server.GetAsync("/workers/w1")).Json().GetProperty("resources").GetInt32());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_pending_task_is_explained_by_what_its_workers_do()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var (number, _) = await server.SubmitAsync();
        var epoch = await RegisterAsync(server, concurrency: 1);
        async Task<string> Why() => (await server.GetAsync($"/tasks/{number}/explain")).Text;
        await BeatAsync(server, epoch, hold: "disk is full");
        Assert.Contains("worker w1 takes nothing new: disk is full", await Why(), StringComparison.Ordinal);
        await BeatAsync(server, epoch, running: 1);
        Assert.Contains("all 1 of its slots are in use", await Why(), StringComparison.Ordinal);
        await server.SendAsync(HttpMethod.Patch, "/workers/w1", new { paused = true });
        Assert.Contains("worker resume w1", await Why(), StringComparison.Ordinal);
        await server.SendAsync(HttpMethod.Patch, "/workers/w1", new { paused = false, batch = "other" });
        Assert.Contains("worker w1 serves batch other, not Default", await Why(), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_failed_upload_is_retried_where_its_worker_lives_and_told_by_each_answer_until_it_is_named()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var epoch = await RegisterAsync(server);
        var (number, id) = await server.SubmitAsync(new { argv = new[] { "true" }, output = "file:///nowhere/", retry = 2 });
        var first = await server.ClaimAsync(id);
        (await server.PostAsync($"/tasks/{number}/retry-upload")).Problem(HttpStatusCode.Conflict, "wrong_state");
        for (var attempt = 1; attempt <= 2; attempt++)
        {
            await server.EndAsync(first, Failed(FailureClass.Upload));
            await server.RaiseAsync(id, m => m.RetryDue, new Coordinator.Tasks.RetryDue());
            first = await server.ClaimAsync(id, attempt + 1);
        }

        await server.EndAsync(first, Failed(FailureClass.Upload));
        await server.Departures.LeaveAsync(new WorkerLeft("w1", epoch), CancellationToken.None);
        Assert.Contains("offline", (await server.PostAsync($"/tasks/{number}/retry-upload"))
            .Problem(HttpStatusCode.Conflict, "wrong_state"), StringComparison.Ordinal);

        epoch = await RegisterAsync(server);
        var look = (await server.PostAsync("/tasks/actions", new { action = "retry-upload", filter = new { batch = "Default" }, dry_run = true })).Json();
        Assert.Equal((1, 0, number), (look.GetProperty("matched").GetInt32(), look.GetProperty("done").GetInt32(), look.GetProperty("tasks")[0].GetInt64()));
        var accepted = (await server.PostAsync($"/tasks/{number}/retry-upload", new { reason = "bucket mended" })).Json(HttpStatusCode.Accepted);
        Assert.Equal(("accepted", 4, 3, 0),
            (accepted.GetProperty("status").GetString(), accepted.GetProperty("attempt").GetInt32(), accepted.GetProperty("redelivers")
                .GetInt32(), accepted.GetProperty("retries_left").GetInt32()));
        var order = Assert.Single((await BeatAsync(server, epoch)).Redeliver);
        Assert.Equal((number, 4, 0), (order.Number, order.Key.Attempt, order.ExitCode));
        Assert.Equal([first], order.Kept);

        // Killed before it was journalled, the agent starts again and knows nothing of it: it is told once more.
        epoch = await RegisterAsync(server);
        Assert.Equal(order.Key, Assert.Single((await BeatAsync(server, epoch)).Redeliver).Key);
        var named = await BeatAsync(server, epoch, leases: [order.Key]);
        Assert.Empty(named.Redeliver);
        Assert.Empty(named.Revoked);

        // Lost again, it fails as before, and a second retry looks in both places.
        await server.Departures.LeaveAsync(new WorkerLeft("w1", epoch), CancellationToken.None);
        var lost = (await server.GetAsync($"/tasks/{number}")).Json();
        Assert.Equal(("failed", "upload", 0),
            (lost.GetProperty("status").GetString(), lost.GetProperty("failure_class").GetString(), lost.GetProperty("infra_losses").GetInt32()));
        epoch = await RegisterAsync(server);
        (await server.PostAsync("/tasks/actions", new { action = "retry-upload", ids = new[] { number } })).Json();
        var again = Assert.Single((await BeatAsync(server, epoch)).Redeliver);
        Assert.Equal([order.Key, first], again.Kept);
        await server.EndAsync(again.Key,
            new AttemptResult { ExitCode = 0, Finished = ApiServer.Now, Outputs = [new OutputFile("a", 1, "0cc175b9c0f1b6a831c399e269772661")] });
        var done = (await server.GetAsync($"/tasks/{number}")).Json();
        Assert.Equal(("succeeded", 5, 0),
            (done.GetProperty("status").GetString(), done.GetProperty("attempt").GetInt32(), done.GetProperty("exit_code").GetInt32()));
        Assert.NotEqual(JsonValueKind.Null, done.GetProperty("run_ended").ValueKind);
        Assert.Equal(3, done.GetProperty("attempts")[4].GetProperty("redelivers").GetInt32());
        Assert.Contains(done.GetProperty("history").EnumerateArray(), h =>
            h.GetProperty("kind").GetString() == "upload_retried" && h.GetProperty("detail").GetString() == "bucket mended");
    }

    [Fact(Timeout = 60_000)]
    public async Task An_upload_that_a_service_retries_whose_worker_is_gone_fails_again_and_can_be_retried_when_it_is_back()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var epoch = await RegisterAsync(server);
        var (number, id) = await server.SubmitAsync(new { argv = new[] { "true" }, output = "file:///nowhere/" });
        await server.EndAsync(await server.ClaimAsync(id), Failed(FailureClass.Upload));
        await server.Departures.LeaveAsync(new WorkerLeft("w1", epoch), CancellationToken.None);
        // By the bus nobody looks first whether the worker lives.
        Assert.True((await server.RaiseAsync(id, m => m.UploadRetryRequested, new RetryUpload { TaskId = id })).Answer.Done);

        await using var db = server.Context();
        await db.Hearing.ExecuteUpdateAsync(set => set.SetProperty(h => h.Seconds, h => h.Seconds + 60).SetProperty(h => h.Turn, h => h.Turn + 1));
        await ((LostWorkers)server.App.Services.GetService(typeof(LostWorkers))!).PulseAsync(CancellationToken.None);
        var task = (await server.GetAsync($"/tasks/{number}")).Json();
        Assert.Equal(("failed", "upload", 0),
            (task.GetProperty("status").GetString(), task.GetProperty("failure_class").GetString(), task.GetProperty("infra_losses").GetInt32()));
        await RegisterAsync(server);
        (await server.PostAsync($"/tasks/{number}/retry-upload")).Json(HttpStatusCode.Accepted);
    }

    [Fact(Timeout = 60_000)]
    public async Task Many_retried_uploads_are_told_a_few_at_a_time_and_none_is_lost_for_having_to_wait()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var epoch = await RegisterAsync(server);
        for (var i = 0; i < 25; i++)
        {
            var (_, id) = await server.SubmitAsync(new { argv = new[] { "true" }, output = "file:///nowhere/" });
            await server.EndAsync(await server.ClaimAsync(id), Failed(FailureClass.Upload));
        }

        Assert.Equal(25, (await server.PostAsync("/tasks/actions", new { action = "retry-upload", filter = new { batch = "Default" } })).Json()
            .GetProperty("done").GetInt32());
        var first = (await BeatAsync(server, epoch)).Redeliver.Select(r => r.Key).ToList();
        Assert.Equal(20, first.Count);
        var rest = (await BeatAsync(server, epoch, leases: first)).Redeliver.Select(r => r.Key).ToList();
        Assert.Equal(25, first.Union(rest).Count());
        Assert.Empty((await BeatAsync(server, epoch, leases: [.. first, .. rest])).Redeliver);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_lease_that_its_worker_does_not_name_is_lost_but_not_while_the_worker_is_deaf()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var epoch = await RegisterAsync(server);
        var (number, id) = await server.SubmitAsync();
        await server.ClaimAsync(id);
        await BeatsAsync(20, _ => 0);
        Assert.Equal("accepted", await StatusAsync());
        await BeatsAsync(10, sequence => sequence);
        Assert.Equal("pending", await StatusAsync());

        async Task BeatsAsync(int count, Func<long, long> heard)
        {
            for (var i = 0; i < count; i++)
            {
                server.Clock.Ahead += TimeSpan.FromSeconds(5);
                await BeatAsync(server, epoch, heard: heard(_sequence));
            }
        }

        async Task<string?> StatusAsync() => (await server.GetAsync($"/tasks/{number}")).Json().GetProperty("status").GetString();
    }

    [Fact(Timeout = 60_000)]
    public async Task Copies_of_a_registration_take_nothing_away_and_the_next_start_takes_what_it_does_not_name()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var first = Registration(Guid.NewGuid());
        await server.Workers.RegisterAsync(first, CancellationToken.None);
        var (number, id) = await server.SubmitAsync();
        var key = await ClaimAsync(server, id, first.Epoch);
        // Sent while no coordinator ran, they come after the grant.
        for (var i = 0; i < 5; i++) Assert.Null((await server.Workers.RegisterAsync(first, CancellationToken.None)).Refusal);
        Assert.Equal("accepted", await StatusAsync());

        var second = Registration(Guid.NewGuid()) with { PreviousEpoch = first.Epoch, Leases = [key] };
        Assert.Empty((await server.Workers.RegisterAsync(second, CancellationToken.None)).Revoked);
        Assert.Equal("accepted", await StatusAsync());
        var third = Registration(Guid.NewGuid()) with { PreviousEpoch = second.Epoch };
        await server.Workers.RegisterAsync(third, CancellationToken.None);
        Assert.Equal("pending", await StatusAsync());

        async Task<string?> StatusAsync() => (await server.GetAsync($"/tasks/{number}")).Json().GetProperty("status").GetString();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_grant_that_its_worker_does_not_name_is_told_again_until_it_does()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var registration = Registration(Guid.NewGuid());
        await server.Workers.RegisterAsync(registration, CancellationToken.None);
        var (number, id) = await server.SubmitAsync();
        var key = await ClaimAsync(server, id, registration.Epoch);
        Assert.Empty((await BeatAsync(server, registration.Epoch)).Granted);        // it may be on its way
        for (var i = 0; i < 2; i++)
        {
            server.Clock.Ahead += TimeSpan.FromSeconds(5);
            await BeatAsync(server, registration.Epoch, heard: _sequence);
        }

        server.Clock.Ahead += TimeSpan.FromSeconds(2);
        var told = Assert.Single((await BeatAsync(server, registration.Epoch, heard: _sequence)).Granted);
        Assert.Equal((key.TaskId, key.Attempt, key.Lease, number), (told.TaskId, told.Attempt, told.Lease!.Value, told.Number!.Value));
        Assert.Equal(["true"], told.Spec!.Argv);
        var named = await BeatAsync(server, registration.Epoch, leases: [key]);
        Assert.Empty(named.Granted);
        Assert.Empty(named.Revoked);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_heard_while_the_database_is_away_ages_no_grant()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var registration = Registration(Guid.NewGuid());
        await server.Workers.RegisterAsync(registration, CancellationToken.None);
        var (number, id) = await server.SubmitAsync();
        await BeatAsync(server, registration.Epoch);
        await ClaimAsync(server, id, registration.Epoch);
        var hearing = (HearingClock)server.App.Services.GetService(typeof(HearingClock))!;
        var database = (IDatabaseHealth)server.App.Services.GetService(typeof(IDatabaseHealth))!;
        database.Missed(new TimeoutException("away"));
        for (var i = 0; i < 30; i++)
        {
            server.Clock.Ahead += TimeSpan.FromSeconds(2);
            await hearing.HeardAsync(CancellationToken.None);       // claims and heartbeats go on coming
        }

        database.Saved();
        // Sent before the worker could be told of the grant, read when the database is back.
        await BeatAsync(server, registration.Epoch, heard: _sequence);
        Assert.Equal("accepted", (await server.GetAsync($"/tasks/{number}")).Json().GetProperty("status").GetString());
    }

    [Theory(Timeout = 60_000)]
    [InlineData("without the database"), InlineData("without the database until now"), InlineData("paused")]
    public async Task A_worker_that_another_coordinator_has_heard_is_not_lost_for_what_this_one_has_missed(string how)
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var epoch = await RegisterAsync(server);
        await BeatAsync(server, epoch);
        var database = (IDatabaseHealth)server.App.Services.GetService(typeof(IDatabaseHealth))!;
        if (how == "paused") server.Clock.Ahead += TimeSpan.FromMinutes(10);
        else database.Missed(new TimeoutException("away"));
        await using var db = server.Context();
        await db.Hearing.ExecuteUpdateAsync(set => set.SetProperty(h => h.Seconds, h => h.Seconds + 600).SetProperty(h => h.Turn, h => h.Turn + 1));
        if (how == "without the database until now") database.Saved();

        await BeatAsync(server, epoch);
        await ((LostWorkers)server.App.Services.GetService(typeof(LostWorkers))!).PulseAsync(CancellationToken.None);
        Assert.Equal(epoch, await db.Workers.Select(w => w.Epoch).SingleAsync(TestContext.Current.CancellationToken));
    }

    [Fact(Timeout = 60_000)]
    public async Task An_agent_whose_lease_outlives_the_coordinators_patience_is_refused()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var refused = await server.Workers.RegisterAsync(Registration(Guid.NewGuid()) with { LeaseSeconds = 60 }, CancellationToken.None);
        Assert.Contains("--lease-seconds 60 is too long for the coordinator's Tasks:LostAfterSeconds 45", refused.Refusal, StringComparison.Ordinal);
        Assert.Empty((await server.GetAsync("/workers")).Json().EnumerateArray());
        Assert.Null((await server.Workers.RegisterAsync(Registration(Guid.NewGuid()) with { LeaseSeconds = 30 }, CancellationToken.None)).Refusal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_repeated_end_is_no_event_and_a_late_one_is_one()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var (number, id) = await server.SubmitAsync(new { argv = new[] { "true" }, retry = 1 });
        var first = await server.ClaimAsync(id);
        var failed = new AttemptResult { Failure = FailureClass.Exit, ExitCode = 1, RunEnded = ApiServer.Now, Finished = ApiServer.Now };
        await server.EndAsync(first, failed);
        for (var i = 0; i < 3; i++) await server.EndAsync(first, failed);
        await server.RaiseAsync(id, m => m.RetryDue, new RetryDue());
        var second = await server.ClaimAsync(id, 2);
        await server.EndAsync(first, failed);
        Assert.Empty(await KindsAsync());

        await server.RaiseAsync(id, m => m.LeaseLost, new LeaseLost(second.Lease, "test"));
        for (var i = 0; i < 3; i++) await server.EndAsync(second, failed);
        await server.EndAsync(await server.ClaimAsync(id, 3));
        await server.EndAsync(second, failed);
        await server.EndAsync(first, failed);
        Assert.Equal(["late", "lost"], (await KindsAsync()).Order());

        async Task<List<string?>> KindsAsync()
        {
            await using var db = server.Context();
            return [.. db.Events.Where(e => e.TaskId == id).Select(e => e.Kind).AsEnumerable().Select(kind => kind.Word)];
        }
    }

    private static RegisterWorker Registration(Guid epoch) => new()
    {
        Worker = "w1", Epoch = epoch, Batch = "Default", Concurrency = 1, Prefetch = 0, Leases = [],
        Host = new HostInfo { Hostname = "h", Cpus = 1, Memory = 1, Version = "1" },
    };

    private static async Task<AttemptKey> ClaimAsync(ApiServer server, Guid id, Guid epoch)
    {
        var now = await ((HearingClock)server.App.Services.GetService(typeof(HearingClock))!).HeardAsync(CancellationToken.None);
        var (_, answer) = await server.RaiseAsync(id, m => m.Claimed, new Claimed("w1", 1, epoch, now.Seconds));
        return new AttemptKey(id, 1, answer.Lease!.Value);
    }

    private static AttemptResult Failed(FailureClass failure) =>
        new() { Failure = failure, Reason = "no", ExitCode = 0, RunEnded = ApiServer.Now, Finished = ApiServer.Now };

    private async Task<Guid> RegisterAsync(ApiServer server, int concurrency = 1) => (await AnswerAsync(server, concurrency)).Epoch;

    private async Task<WorkerRegistered> AnswerAsync(ApiServer server, int concurrency)
    {
        _sequence = 0;
        return await server.Workers.RegisterAsync(
            new RegisterWorker
            {
                Worker = "w1", Epoch = Guid.NewGuid(), Takeover = true, Batch = "Default", Concurrency = concurrency, Prefetch = 0, Leases = [],
                Host = new HostInfo { Hostname = "h", Cpus = 1, Memory = 1, Version = "1", Gpus = ["NVIDIA A100", "NVIDIA A100"] },
            },
            CancellationToken.None);
    }

    private async Task<HeartbeatAnswered> BeatAsync(
        ApiServer server, Guid epoch, IReadOnlyList<CachedResource>? resources = null, OrderOutcome? done = null, string? hold = null, int running = 0,
        IReadOnlyList<AttemptKey>? leases = null, long? heard = null) =>
        (await server.Heartbeats.HeartbeatAsync(
            new WorkerHeartbeat
                { Worker = "w1", Epoch = epoch, Sequence = ++_sequence, Heard = heard, Leases = leases ?? [], Resources = resources, Done = done is null
                    ? []
                    : [done], Hold = hold, Running = running },
            CancellationToken.None))!;
}

public sealed class PostgresWorkerApiTests() : WorkerApiTests(postgres: true);

public sealed class SqliteWorkerApiTests() : WorkerApiTests(postgres: false);
