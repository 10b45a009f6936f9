using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Webhooks;
using Scitq.Coordinator.Workers;
using Scitq.Tests.Integration.Api;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Webhooks;

/// <summary>What receivers of webhooks are told, and what becomes of it when they do not listen.</summary>
[Trait("Level", "Integration")]
public sealed class WebhookTests
{
    private static readonly byte[] Secret = "0123456789abcdef"u8.ToArray();

    [Theory(Timeout = 120_000), InlineData(false), InlineData(true)]
    public async Task A_failed_task_and_the_end_of_its_batch_are_told_once_and_signed(bool postgres)
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var hook = Hook(receiver, WebhookEvents.TaskFailed, WebhookEvents.BatchEnded);
        await using var server = await ApiServer.StartAsync(postgres, hooks: hook);
        var (first, second) = (await SubmitAsync(server), await SubmitAsync(server));
        await FailAsync(server, first.Id);
        var failed = await receiver.TakenAsync(t => t.Event == WebhookEvents.TaskFailed, "the failure was told");
        Assert.Equal(first.Number, failed.Data.GetProperty("task_id").GetInt64());
        Assert.Equal(("exit", 3), (failed.Data.GetProperty("failure_class").GetString(), failed.Data.GetProperty("exit_code").GetInt32()));
        Assert.Equal(failed.Id, failed.Json.GetProperty("id").GetString());
        Assert.Equal(hook.Sign(failed.Id, long.Parse(failed.Timestamp, CultureInfo.InvariantCulture), failed.Body), failed.Signature);
        Assert.DoesNotContain("hunter3", failed.Body, StringComparison.Ordinal);

        await server.EndAsync(await server.ClaimAsync(second.Id));
        var ended = await receiver.TakenAsync(t => t.Event == WebhookEvents.BatchEnded, "the end of the batch was told");
        Assert.Equal((1, 1, 2), (ended.Data.GetProperty("failed").GetInt32(), ended.Data.GetProperty("succeeded").GetInt32(), ended.Data.GetProperty("total").GetInt32()));
        await NothingLeftAsync(server);
        Assert.Equal(2, receiver.Requests.Select(r => r.Id).Distinct().Count());

        // Run again, it ends again: that is another event.
        await server.PostAsync($"/tasks/{first.Number}/relaunch");
        await server.EndAsync(await server.ClaimAsync(first.Id, attempt: 2));
        Assert.NotEqual(ended.Id, (await receiver.TakenAsync(t => t.Event == WebhookEvents.BatchEnded && t.Id != ended.Id, "the second end was told")).Id);
    }

    [Fact(Timeout = 120_000)]
    public async Task What_was_refused_or_redirected_is_sent_again_with_the_same_id_and_no_redirect_is_followed()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Answer = _ => receiver.Requests.Count switch { 0 => 302, 1 => 500, _ => 204 };
        await using var server = await ApiServer.StartAsync(postgres: false, hooks: Hook(receiver, WebhookEvents.TaskFailed));
        await FailAsync(server, (await SubmitAsync(server)).Id);
        await receiver.TakenAsync(_ => true, "the third try was taken");
        Assert.Single(receiver.Requests.Select(r => (r.Id, r.Path, r.Body)).Distinct());
        Assert.Equal([302, 500, 204], receiver.Requests.Select(r => r.Status).Take(3));
        await NothingLeftAsync(server);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_dead_receiver_holds_up_no_other_and_after_a_day_it_is_given_up_with_an_event()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var dead = new Webhook("dead", new Uri($"http://127.0.0.1:{TestPorts.Free()}/"), Secret, [WebhookEvents.TaskFailed]);
        await using var server = await ApiServer.StartAsync(postgres: false, hooks: [dead, Hook(receiver, WebhookEvents.TaskFailed)]);
        for (var i = 0; i < 5; i++) await FailAsync(server, (await SubmitAsync(server)).Id);
        await Eventually.Async(() => receiver.Taken.Count() == 5, "the living receiver was told of all five");
        await using var db = server.Context();
        // The receiver has them a moment before that is noted here.
        await Eventually.Async(async () => await db.Notices.Select(n => n.Hook).Distinct().ToListAsync() is ["dead"], "what was taken is not kept");
        // Neither address nor secret is in the table.
        Assert.DoesNotContain(await db.Notices.Select(n => n.Hook + n.Body).ToListAsync(TestContext.Current.CancellationToken), t => t.Contains("hunter2"));

        server.Clock.Ahead = TimeSpan.FromHours(25);
        await FailAsync(server, (await SubmitAsync(server)).Id);
        var told = await Eventually.GetAsync(async () => await db.Events.AsNoTracking().FirstOrDefaultAsync(e => e.Detail!.Contains("webhook dead")),
            "an event tells that it was given up");
        Assert.Equal("webhook dead did not take 5 of task.failed within 24 h", told.Detail);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_worker_whose_disk_is_full_and_one_that_is_lost_are_told()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var server = await ApiServer.StartAsync(postgres: false, hooks: Hook(receiver, WebhookEvents.DiskLow, WebhookEvents.WorkerLost));
        var epoch = Guid.NewGuid();
        await server.Workers.RegisterAsync(
            new RegisterWorker
            {
                Worker = "w1", Epoch = epoch, Batch = "Default", Concurrency = 1, Prefetch = 0, Leases = [],
                Host = new HostInfo { Hostname = "h", Cpus = 1, Memory = 1, Version = "1", Gpus = [] },
            },
            CancellationToken.None);
        // Full for two heartbeats, that is told once.
        foreach (var sequence in (long[])[1, 2])
            await server.Heartbeats.HeartbeatAsync(
                new WorkerHeartbeat { Worker = "w1", Epoch = epoch, Sequence = sequence, Leases = [], Hold = "its disk is full", Running = 0, DiskFree = 1 },
                CancellationToken.None);
        Assert.Equal("its disk is full", (await receiver.TakenAsync(_ => true, "the full disk was told")).Data.GetProperty("why").GetString());

        var lost = server.App.Services.GetRequiredService<LostWorkers>();
        await Eventually.Async(
            async () =>
            {
                // Hears for a minute without a word of the worker.
                server.Clock.Ahead += TimeSpan.FromSeconds(2);
                await lost.PulseAsync(TestContext.Current.CancellationToken);
                return receiver.Taken.Any(t => t.Event == WebhookEvents.WorkerLost);
            }, "the loss was told");
        Assert.Equal(2, receiver.Requests.Select(r => r.Id).Distinct().Count());
    }

    [Fact(Timeout = 120_000)]
    public async Task A_batch_that_is_stopped_is_told_with_the_reason()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var server = await ApiServer.StartAsync(postgres: false, hooks: Hook(receiver, WebhookEvents.BatchStopped));
        await SubmitAsync(server);
        await server.PostAsync("/batches/b1/stop", new { reason = "wrong genome" });
        await server.PostAsync("/batches/b1/go");
        var told = await receiver.TakenAsync(_ => true, "the stop was told");
        Assert.Equal(("batch.stopped", "b1", "wrong genome"), (told.Event, told.Data.GetProperty("batch").GetString(), told.Data.GetProperty("reason").GetString()));
    }

    [Fact(Timeout = 120_000)]
    public async Task Of_two_coordinators_each_event_is_sent_by_one()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var hook = Hook(receiver, WebhookEvents.TaskFailed, WebhookEvents.BatchEnded);
        await using var one = await ApiServer.StartAsync(postgres: true, hooks: hook);
        await using var other = await ApiServer.StartAsync(postgres: true, shared: one.Options, hooks: hook);
        var ids = new List<Guid>();
        for (var i = 0; i < 30; i++) ids.Add((await SubmitAsync(one)).Id);
        await Task.WhenAll(ids.Select((id, i) => FailAsync(i % 2 == 0 ? one : other, id)));
        await Eventually.Async(() => receiver.Taken.Select(t => t.Id).Distinct().Count() == 31, "thirty failures and one end were told");
        await NothingLeftAsync(one);
        // At least once each; but not by both.
        Assert.InRange(receiver.Requests.Count(r => r.Event == WebhookEvents.TaskFailed), 30, 45);
        Assert.Single(receiver.Requests.Where(r => r.Event == WebhookEvents.BatchEnded).Select(r => r.Id).Distinct());
    }

    private static Webhook Hook(WebhookReceiver receiver, params string[] events) => new("receiver", receiver.Url, Secret, events);

    private static Task<(long Number, Guid Id)> SubmitAsync(ApiServer server) =>
        server.SubmitAsync(new { argv = new[] { "tool", "--password=hunter3" }, batch = "b1", env = new { KEY = "hunter3" } });

    private static async Task FailAsync(ApiServer server, Guid id) => await server.EndAsync(
        await server.ClaimAsync(id),
        new AttemptResult { RunEnded = ApiServer.Now, Finished = ApiServer.Now, ExitCode = 3, Failure = Contracts.FailureClass.Exit, Reason = "the command failed" });

    private static Task NothingLeftAsync(ApiServer server) => Eventually.Async(
        async () =>
        {
            await using var db = server.Context();
            return !await db.Notices.AnyAsync() && !await db.BatchLooks.AnyAsync();
        }, "nothing is left to be told");
}
