using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Retention;

namespace Scitq.Tests.Integration.Api;

/// <summary>What is no longer kept, on both databases.</summary>
[Trait("Level", "Integration")]
public abstract class RetentionTests(bool postgres)
{
    private static readonly RetentionOptions Days = new() { KeepTasks = TimeSpan.FromDays(30), KeepEvents = TimeSpan.FromDays(60) };

    [Fact(Timeout = 120_000)]
    public async Task Ended_tasks_go_with_all_that_is_theirs_and_nothing_else_does()
    {
        await using var server = await ApiServer.StartAsync(postgres, retention: Days);
        var (old, oldId) = await EndedAsync(server);
        var (running, runningId) = await server.SubmitAsync();
        await server.RunAsync(await server.ClaimAsync(runningId));
        await server.PrintAsync(runningId, 1, OutputStream.Stdout, 0, "goes on\n");
        server.Clock.Ahead = TimeSpan.FromDays(31);
        var (young, _) = await EndedAsync(server);

        Assert.Equal(1, (await server.PostAsync("/server/prune", new { dry_run = true })).Json().GetProperty("tasks").GetInt64());
        Assert.Equal(new Pruned { Tasks = 1 }, await Pruner(server).PruneAsync(CancellationToken.None));
        Assert.Equal(HttpStatusCode.NotFound, (await server.GetAsync($"/tasks/{old}")).Status);
        Assert.False(File.Exists(server.Logs.FilePath(oldId, 1, OutputStream.Stdout)));
        await using var db = server.Context();
        Assert.False(await db.Attempts.AnyAsync(a => a.TaskId == oldId) || await db.Events.AnyAsync(e => e.TaskId == oldId));
        foreach (var kept in (long[])[running, young]) Assert.Equal(HttpStatusCode.OK, (await server.GetAsync($"/tasks/{kept}")).Status);
        Assert.Equal(8, server.Logs.Length(runningId, 1, OutputStream.Stdout));
        Assert.True((await Pruner(server).PruneAsync(CancellationToken.None)).IsNothing);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_task_that_another_waits_for_is_kept_until_that_has_ended()
    {
        await using var server = await ApiServer.StartAsync(postgres, retention: Days);
        var (first, firstId) = await server.SubmitAsync();
        var (_, waitsId) = await server.SubmitAsync(new { argv = new[] { "true" }, requirements = new[] { $"{first}" } });
        await server.EndAsync(await server.ClaimAsync(firstId), new AttemptResult { RunEnded = ApiServer.Now, Finished = ApiServer.Now, ExitCode = 1, Failure = FailureClass.Exit });
        server.Clock.Ahead = TimeSpan.FromDays(31);
        Assert.True((await Pruner(server).PruneAsync(CancellationToken.None)).IsNothing);
        (await server.PostAsync($"/tasks/{waitsId}/cancel")).Json(HttpStatusCode.Accepted);
        Assert.Equal(1, (await Pruner(server).PruneAsync(CancellationToken.None)).Tasks);
    }

    [Fact(Timeout = 120_000)]
    public async Task More_than_a_page_of_tasks_goes_and_a_batch_may_keep_its_own()
    {
        await using var server = await ApiServer.StartAsync(postgres, retention: Days);
        var tasks = Enumerable.Range(0, 1101).Select(i => new { argv = new[] { "true" }, batch = i == 700 ? "kept" : "many" });
        (await server.PostAsync("/tasks/bulk", new { tasks })).Json(HttpStatusCode.Created);
        (await server.PostAsync("/tasks/actions", new { action = "cancel", filter = new { batch = new[] { "many", "kept" } } })).Json();
        (await server.SendAsync(HttpMethod.Patch, "/batches/kept", new { keep_tasks = -1 })).Problem(HttpStatusCode.BadRequest, "invalid");
        var changed = (await server.SendAsync(HttpMethod.Patch, "/batches/kept", new { keep_tasks = 90, keep_logs = 1.5 })).Json();
        Assert.Equal((90, 1.5), (changed.GetProperty("keep_tasks").GetDouble(), changed.GetProperty("keep_logs").GetDouble()));
        server.Clock.Ahead = TimeSpan.FromDays(31);
        Assert.Equal(1100, (await Pruner(server).PruneAsync(CancellationToken.None)).Tasks);
        server.Clock.Ahead = TimeSpan.FromDays(91);
        Assert.Equal(1, (await Pruner(server).PruneAsync(CancellationToken.None)).Tasks);
    }

    [Fact(Timeout = 120_000)]
    public async Task Output_can_go_before_its_task_does()
    {
        await using var server = await ApiServer.StartAsync(postgres, retention: new RetentionOptions { KeepLogs = TimeSpan.FromDays(7) });
        var (ended, id) = await EndedAsync(server);
        var (_, runs) = await server.SubmitAsync();
        await server.ClaimAsync(runs);
        await server.PrintAsync(runs, 1, OutputStream.Stdout, 0, "x");
        server.Clock.Ahead = TimeSpan.FromDays(8);
        Assert.Equal(new Pruned { Logs = 1, LogBytes = 6 }, await Pruner(server).LookAsync(CancellationToken.None));
        Assert.Equal(new Pruned { Logs = 1, LogBytes = 6 }, await Pruner(server).PruneAsync(CancellationToken.None));
        Assert.Equal(0, server.Logs.Length(id, 1, OutputStream.Stdout));
        Assert.Equal(1, server.Logs.Length(runs, 1, OutputStream.Stdout));
        Assert.Equal("succeeded", (await server.GetAsync($"/tasks/{ended}")).Json().GetProperty("status").GetString());
    }

    [Fact(Timeout = 120_000)]
    public async Task Old_events_go()
    {
        await using var server = await ApiServer.StartAsync(postgres, retention: new RetentionOptions { KeepEvents = TimeSpan.FromDays(7) });
        var (_, first) = await server.SubmitAsync();
        (await server.PostAsync($"/tasks/{first}/cancel")).Json(HttpStatusCode.Accepted);
        server.Clock.Ahead = TimeSpan.FromDays(8);
        var (_, second) = await server.SubmitAsync();
        (await server.PostAsync($"/tasks/{second}/cancel")).Json(HttpStatusCode.Accepted);
        Assert.Equal(new Pruned { Events = 1 }, await Pruner(server).PruneAsync(CancellationToken.None));
        Assert.Equal(second, Assert.Single((await server.GetAsync("/events")).Json().EnumerateArray()).GetProperty("id").GetGuid());
    }

    [Fact(Timeout = 120_000)]
    public async Task Where_all_is_kept_for_ever_there_is_nothing_to_prune()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        Assert.Contains("kept for ever", (await server.PostAsync("/server/prune")).Problem(HttpStatusCode.Conflict, "wrong_state"), StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task It_is_done_when_asked_for()
    {
        await using var server = await ApiServer.StartAsync(postgres, retention: Days);
        var (old, _) = await EndedAsync(server);
        server.Clock.Ahead = TimeSpan.FromDays(31);
        Assert.Equal(1, (await server.PostAsync("/server/prune")).Json(HttpStatusCode.Accepted).GetProperty("tasks").GetInt64());
        await Servers.Eventually.Async(async () => (await server.GetAsync($"/tasks/{old}")).Status == HttpStatusCode.NotFound, "the task is gone");
    }

    private static Pruner Pruner(ApiServer server) => server.App.Services.GetRequiredService<Pruner>();

    private static async Task<(long Number, Guid Id)> EndedAsync(ApiServer server)
    {
        var now = server.Clock.GetUtcNow().UtcDateTime;
        var (number, id) = await server.SubmitAsync();
        var key = await server.ClaimAsync(id);
        await server.PrintAsync(id, 1, OutputStream.Stdout, 0, "hello\n");
        await server.EndAsync(key, new AttemptResult { RunEnded = now, Finished = now, ExitCode = 0 });
        return (number, id);
    }
}

/// <summary>The embedded database.</summary>
public sealed class SqliteRetentionTests() : RetentionTests(postgres: false);

/// <summary>The database of a larger system.</summary>
public sealed class PostgresRetentionTests() : RetentionTests(postgres: true);
