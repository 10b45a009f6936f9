using MassTransit;
using MassTransit.Testing;
using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Tasks;

/// <summary>The two doors of the one saga: MassTransit's endpoint for messages about one task, and the bulk door.</summary>
[Trait("Level", "Integration")]
public abstract class SagaTests(bool postgres)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = 60_000)]
    public async Task A_submitted_task_is_an_instance_of_the_saga_and_the_same_message_twice_is_one_task()
    {
        await using var harness = await SagaHarness.StartAsync(postgres);
        var submitted = Submit();
        await harness.SendAsync(submitted);
        Assert.True(await harness.Saga.Consumed.Any<SubmitTask>(Ct));
        Assert.True(await harness.Saga.Created.Any(t => t.CorrelationId == submitted.TaskId));
        Assert.Equal(submitted.TaskId, await harness.Saga.Exists(submitted.TaskId, m => m.Pending));

        await harness.SendAsync(submitted);
        await Eventually.Async(() => harness.Saga.Consumed.Select<SubmitTask>(Ct).Count() == 2, "the message is consumed twice");
        await using var db = harness.Context();
        Assert.Equal("bus", (await db.Tasks.SingleAsync(Ct)).SubmittedBy);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_task_goes_through_both_doors_and_each_sees_what_the_other_has_done()
    {
        await using var harness = await SagaHarness.StartAsync(postgres);
        var id = (await harness.Tasks.SubmitAsync([Submit()], Ct))[0].CorrelationId;
        await harness.SendAsync(new CancelTask { TaskId = id, Reason = "by the saga's door" });
        Assert.Equal(id, await harness.Saga.Exists(id, m => m.Cancelled));
        Assert.False((await harness.Tasks.CancelAsync(id, null, Ct))!.Value.Done);

        await harness.SendAsync(new RelaunchTask { TaskId = id, Reason = "once more" });
        Assert.Equal(id, await harness.Saga.Exists(id, m => m.Pending));
        var (_, claimed) = await RaiseAsync(harness, id, m => m.Claimed, new Claimed("w", 1));
        var end = new AttemptReport
        {
            Key = new AttemptKey(id, 1, claimed.Lease!.Value), Stage = AttemptStage.Ended,
            Result = new AttemptResult { Failure = FailureClass.Upload, ExitCode = 0, Finished = DateTime.UnixEpoch },
        };
        await RaiseAsync(harness, id, m => m.AttemptEnded, new AttemptEnded("w", end));
        Assert.Equal(id, await harness.Saga.Exists(id, m => m.Failed));

        await harness.SendAsync(new RetryUpload { TaskId = id, Reason = "the store is back" });
        Assert.Equal(id, await harness.Saga.Exists(id, m => m.Accepted));
        await using var db = harness.Context();
        Assert.Equal(
            [(HistoryKind.CancelRequested, "by the saga's door", "bus"), (HistoryKind.Relaunched, "once more", "bus"),
                (HistoryKind.UploadRetried, "the store is back", "bus")],
            (await db.Events.OrderBy(e => e.Id).ToListAsync(Ct)).Select(e => (e.Kind, e.Detail!, e.ByWhom!)));
    }

    [Fact(Timeout = 60_000)]
    public async Task Messages_about_many_tasks_at_once_come_to_the_same_instances()
    {
        await using var harness = await SagaHarness.StartAsync(postgres);
        var tasks = Enumerable.Range(0, 200).Select(_ => Submit()).ToList();
        // All at once by both doors: the loop makes groups of whatever is there.
        await Task.WhenAll(
            harness.SendAsync(new SubmitTasks { Tasks = tasks }),
            Task.WhenAll(tasks.Select(t => harness.SendAsync(t))),
            harness.Tasks.SubmitAsync(tasks, Ct));
        await Eventually.Async(() => harness.Saga.Consumed.Select<SubmitTask>(Ct).Count() == tasks.Count, "all are consumed");
        await Task.WhenAll(tasks.Select(t => harness.SendAsync(new CancelTask { TaskId = t.TaskId })));
        await Eventually.Async(
            async () =>
            {
                await using var db = harness.Context();
                return await db.Tasks.CountAsync(t => t.State == TaskState.Cancelled, Ct) == tasks.Count;
            },
            "all are cancelled");
        await using var after = harness.Context();
        Assert.Equal(tasks.Select(t => t.TaskId).Order(), (await after.Tasks.Select(t => t.CorrelationId).ToListAsync(Ct)).Order());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_task_waits_for_those_it_requires_and_one_that_requires_nothing_that_exists_is_refused()
    {
        await using var harness = await SagaHarness.StartAsync(postgres);
        var first = Submit();
        await harness.SendAsync(first);
        Assert.NotNull(await harness.Saga.Exists(first.TaskId, m => m.Pending));
        var second = Submit(first.TaskId.ToString());
        await harness.SendAsync(second);
        Assert.NotNull(await harness.Saga.Exists(second.TaskId, m => m.Waiting));
        var bad = Submit("4711");
        await harness.SendAsync(bad);
        Assert.Contains("required task 4711 does not exist", await RefusalAsync(harness, bad.TaskId), StringComparison.Ordinal);
        Assert.Null(await harness.Saga.Exists(bad.TaskId, TimeSpan.FromMilliseconds(1)));
        await using var db = harness.Context();
        Assert.Equal((second.TaskId, first.TaskId), await db.Requirements.Select(r => new ValueTuple<Guid, Guid>(r.TaskId, r.RequiredId)).SingleAsync(Ct));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_submission_that_breaks_the_rules_is_refused_and_never_comes_to_the_saga()
    {
        await using var harness = await SagaHarness.StartAsync(postgres);
        var bad = Submit() with { Spec = new TaskSpec { Argv = [] } };
        await harness.SendAsync(bad);
        Assert.StartsWith("submitted by the bus: ", await RefusalAsync(harness, bad.TaskId), StringComparison.Ordinal);
        Assert.Null(await harness.Saga.Exists(bad.TaskId, TimeSpan.FromMilliseconds(1)));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_message_about_a_task_that_nobody_knows_changes_nothing_and_is_no_error()
    {
        await using var harness = await SagaHarness.StartAsync(postgres);
        await harness.SendAsync(new CancelTask { TaskId = Guid.NewGuid() });
        await harness.SendAsync(new RelaunchTask { TaskId = Guid.NewGuid() });
        await harness.SendAsync(Submit());
        Assert.True(await harness.Saga.Consumed.Any<SubmitTask>(Ct));
        Assert.True(await harness.Harness.Consumed.Any<RelaunchTask>(Ct));
        Assert.Empty(harness.Harness.Consumed.Select(m => m.Exception is not null, Ct));
        await using var db = harness.Context();
        Assert.Equal(1, await db.Tasks.CountAsync(Ct));
    }

    [Fact(Timeout = 60_000)]
    public async Task The_coordinators_own_events_can_not_be_published()
    {
        await using var harness = await SagaHarness.StartAsync(postgres);
        var id = (await harness.Tasks.SubmitAsync([Submit()], Ct))[0].CorrelationId;
        SagaStateMachine<TaskSaga> machine = harness.Saga.StateMachine;
        Assert.Equal(
            [typeof(CancelTask), typeof(PauseTask), typeof(RelaunchTask), typeof(ResumeTask), typeof(RetryUpload), typeof(StopTask), typeof(SubmitTask)],
            machine.Correlations.Select(c => c.DataType).OrderBy(t => t.Name));
        await harness.SendAsync(new Claimed("an intruder", 1));
        await harness.SendAsync(new CancelTask { TaskId = id });
        Assert.NotNull(await harness.Saga.Exists(id, m => m.Cancelled));
        await using var db = harness.Context();
        Assert.Null((await db.Tasks.SingleAsync(Ct)).Worker);
    }

    private static SubmitTask Submit(params string[] requirements) =>
        new() { TaskId = Guid.CreateVersion7(), Spec = new TaskSpec { Argv = ["true"], Requirements = requirements } };

    private static Task<TaskOutcome> RaiseAsync<T>(SagaHarness harness, Guid id, Func<TaskStateMachine, Event<T>> @event, T message)
        where T : class => harness.Inbox.RaiseAsync(TaskStimulus.For(id, @event, message), Ct);

    private static async Task<string> RefusalAsync(SagaHarness harness, Guid id)
    {
        string? detail = null;
        await Eventually.Async(
            async () =>
            {
                await using var db = harness.Context();
                detail = await db.Events.Where(e => e.TaskId == id && e.Kind == HistoryKind.Refused).Select(e => e.Detail).SingleOrDefaultAsync(Ct);
                return detail is not null;
            },
            "the refusal is in the history");
        return detail!;
    }
}

public sealed class SqliteSagaTests() : SagaTests(postgres: false);

public sealed class PostgresSagaTests() : SagaTests(postgres: true);
