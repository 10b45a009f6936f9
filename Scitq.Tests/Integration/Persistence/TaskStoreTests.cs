using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Scitq.Contracts.Docker;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Tests.Integration.Persistence;

/// <summary>What group commits promise, whatever the database.</summary>
[Trait("Level", "Integration")]
public abstract class TaskStoreTests(bool postgres)
{
    [Fact(Timeout = 60_000)]
    public async Task Migrations_are_applied_once()
    {
        await using var database = await Database.CreateAsync(postgres);
        await using var db = database.Context();
        await Migrator.MigrateAsync(db, TimeProvider.System, CancellationToken.None);
        Assert.Empty(await db.Tasks.ToListAsync());
    }

    [Fact(Timeout = 60_000)]
    public async Task Submitted_tasks_are_stored_in_order_and_numbered()
    {
        await using var database = await Database.CreateAsync(postgres);
        var orders = Enumerable.Range(0, 5000).Select(i => Order(new TaskSpec { Argv = ["echo", $"{i} 'é\n"], Name = $"n{i}" })).ToList();
        await database.Service.SubmitAsync(orders[..100], CancellationToken.None);
        var watch = Stopwatch.StartNew();
        var tasks = await database.Service.SubmitAsync(orders[100..], CancellationToken.None);
        TestContext.Current.TestOutputHelper?.WriteLine($"{4900 / watch.Elapsed.TotalSeconds:0} tasks/s");

        Assert.Equal(tasks.Select(t => t.Number).Order(), tasks.Select(t => t.Number));
        await using var db = database.Context();
        var stored = await db.Tasks.AsNoTracking().OrderBy(t => t.Number).ToListAsync();
        Assert.Equal(orders.Select(o => o.TaskId), stored.Select(t => t.CorrelationId));
        Assert.All(stored.Zip(orders), x => Assert.Equal(x.Second.Spec.Argv, x.First.Spec.Argv));
        Assert.All(stored, t => Assert.Equal((TaskState.Pending, DateTimeKind.Utc, 1), (t.State, t.Created.Kind, t.Attempt)));
    }

    [Fact(Timeout = 60_000)]
    public async Task The_same_id_is_one_task()
    {
        await using var database = await Database.CreateAsync(postgres);
        var order = Order(new TaskSpec { Argv = ["true"] });
        var both = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => database.Service.SubmitAsync([order, order], CancellationToken.None)));
        Assert.Single(both.SelectMany(x => x).Select(t => t.Number).Distinct());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_whole_life_is_kept()
    {
        await using var database = await Database.CreateAsync(postgres);
        var spec = new TaskSpec
        {
            Argv = ["sh", "-c", "exit 0"], Name = "life", Batch = "b.1", Image = "ubuntu:22.04", DockerOptions = DockerRunOptions.Read(["--gpus", "all"]),
            Uid = 1, Gid = 2,
            Inputs = [DataUri.Parse("file:///a")], Resources = [DataUri.Parse("file:///b|untar")], Output = DataUri.Parse("file:///c/"), Retry = 1,
            RunTimeout = 3, DownloadTimeout = 4,
            Env = new Dictionary<string, string> { ["LONGER"] = "1", ["B"] = "é" },
        };
        var required = (await database.Service.SubmitAsync([Order(new TaskSpec { Argv = ["true"] })], CancellationToken.None))[0];
        spec = spec with { Requirements = [required.Number.ToString(System.Globalization.CultureInfo.InvariantCulture)] };
        var order = Order(spec);
        var task = (await database.Service.SubmitAsync([order], CancellationToken.None))[0];
        Assert.Equal(TaskState.Waiting, task.State);
        await RaiseAsync(database, order.TaskId, m => m.RequirementsMet, new RequirementsMet());
        var key = await ClaimAsync(database, order.TaskId, 1);
        await RaiseAsync(
            database, order.TaskId, m =>
            m.StageReported, new StageReported("w", new AttemptReport { Key = key, Stage = AttemptStage.Running, Phase = "p", Started = DateTime.UnixEpoch }));
        var now = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);
        var failed = new AttemptResult
            { Failure = FailureClass.Oom, Reason = "why", ExitCode = 137, RunEnded = now, Finished = now, StdoutBytes = 1, StderrBytes = 2, PeakMemory = 3,
            CpuSeconds = 4.5, BytesIn = 5, BytesOut = 6, Outputs = [new("f", 7, "m")], Warnings = ["careful"] };
        await RaiseAsync(
            database, order.TaskId, m =>
            m.AttemptEnded, new AttemptEnded("w", new AttemptReport { Key = key, Stage = AttemptStage.Ended, Started = now, Result = failed }));
        await RaiseAsync(database, order.TaskId, m => m.RetryDue, new RetryDue());
        key = await ClaimAsync(database, order.TaskId, 2);
        var ended = new AttemptReport { Key = key, Stage = AttemptStage.Ended, Result = new AttemptResult { Finished = now, ExitCode = 0 } };
        task = (await RaiseAsync(database, order.TaskId, m => m.AttemptEnded, new AttemptEnded("w", ended))).Task!;
        Assert.Equal(TaskState.Succeeded, task.State);
        await RaiseAsync(
            database, order.TaskId, m =>
            m.AttemptEnded, new AttemptEnded("x", new AttemptReport { Key = key with { Attempt = 1 }, Stage = AttemptStage.Ended, Result = failed }));

        await using var db = database.Context();
        var row = await db.Tasks.AsNoTracking().SingleAsync(t => t.CorrelationId == order.TaskId);
        Assert.Equal((TaskState.Succeeded, 2, 0, "w", (int?)0, "b.1", "life"),
            (row.State, row.Attempt, row.RetriesLeft, row.Worker, row.ExitCode, row.Batch, row.Name));
        Assert.Null(row.Failure);
        Assert.Null(row.Lease);
        Assert.Equivalent(spec, row.Spec, strict: true);
        var attempts = await db.Attempts.AsNoTracking().OrderBy(a => a.Attempt).ToListAsync();
        Assert.Equal([AttemptOutcome.Failed, AttemptOutcome.Succeeded], attempts.Select(a => a.Outcome));
        var first = attempts[0];
        Assert.Equal((FailureClass.Oom, "why", 137, now, 1L, 2L, 3L, 4.5, 5L, 6L),
            (first.Failure!.Value, first.Reason, first.ExitCode!.Value, first.Finished, first.StdoutBytes, first.StderrBytes, first.PeakMemory!.Value,
            first.CpuSeconds!.Value, first.BytesIn, first.BytesOut));
        Assert.Contains("careful", first.Warnings, StringComparison.Ordinal);
        Assert.Equal(HistoryKind.Late, Assert.Single(await db.Events.AsNoTracking().ToListAsync()).Kind);
        Assert.Equal(required.CorrelationId, Assert.Single(await db.Requirements.AsNoTracking().ToListAsync()).RequiredId);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_attempt_is_given_to_one_worker_only()
    {
        await using var database = await Database.CreateAsync(postgres);
        var order = Order(new TaskSpec { Argv = ["true"] });
        await database.Service.SubmitAsync([order], CancellationToken.None);
        var claims = Enumerable.Range(0, 50).Select(i => new Claimed($"w{i}", 1)).ToList();
        var answers = (await Task.WhenAll(claims.Select(c => RaiseAsync(database, order.TaskId, m => m.Claimed, c)))).Select(o => o.Answer).ToList();
        Assert.Single(answers, a => a.Lease is not null);
        Assert.All(answers.Where(a => a.Lease is null), a => Assert.NotNull(a.Refusal));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_task_nobody_submitted_is_null()
    {
        await using var database = await Database.CreateAsync(postgres);
        Assert.Null(await database.Service.CancelAsync(Guid.NewGuid(), null, CancellationToken.None));
    }

    private static SubmitTask Order(TaskSpec spec) => new() { TaskId = Guid.CreateVersion7(), Spec = spec };

    private static Task<TaskOutcome> RaiseAsync<T>(Database database, Guid id, Func<TaskStateMachine, MassTransit.Event<T>> @event, T message)
        where T : class => database.Tasks.RaiseAsync(TaskStimulus.For(id, @event, message), CancellationToken.None);

    private static async Task<AttemptKey> ClaimAsync(Database database, Guid id, int attempt)
    {
        var (_, answer) = await RaiseAsync(database, id, m => m.Claimed, new Claimed("w", attempt));
        return new AttemptKey(id, attempt, answer.Lease!.Value);
    }
}

public sealed class SqliteTaskStoreTests() : TaskStoreTests(postgres: false);

public sealed class PostgresTaskStoreTests() : TaskStoreTests(postgres: true);
