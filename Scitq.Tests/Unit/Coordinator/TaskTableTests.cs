using Microsoft.Extensions.Options;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;

namespace Scitq.Tests.Unit.Coordinator;

[Trait("Level", "Unit")]
public sealed class TaskTableTests
{
    private static readonly TaskStateMachine Machine = new(new TaskVerbs(Options.Create(new TaskOptions()), TimeProvider.System));
    private readonly Guid _lease = Guid.NewGuid();

    public static TheoryData<TaskState, TaskTrigger> Pairs()
    {
        var data = new TheoryData<TaskState, TaskTrigger>();
        foreach (var state in TaskRules.States)
            foreach (var trigger in Enum.GetValues<TaskTrigger>()) data.Add(state, trigger);
        return data;
    }

    [Theory(Timeout = 10_000)]
    [MemberData(nameof(Pairs))]
    public async Task The_state_machine_does_what_the_rules_say(TaskState from, TaskTrigger trigger)
    {
        var task = Make(from);
        await RaiseAsync(task, trigger);
        Assert.Equal(TaskRules.Next(from, trigger) ?? from, task.State);
    }

    [Theory(Timeout = 10_000)]
    [MemberData(nameof(Pairs))]
    public async Task Reports_under_another_lease_change_no_state(TaskState from, TaskTrigger trigger)
    {
        if (trigger is TaskTrigger.Release or TaskTrigger.Accept or TaskTrigger.Cancel or TaskTrigger.Relaunch) return;     // not reports
        var task = Make(from);
        await RaiseAsync(task, trigger, Guid.NewGuid());
        Assert.Equal(from, task.State);
    }

    [Theory(Timeout = 10_000)]
    [InlineData(5, TaskState.Failed)]
    [InlineData(4, TaskState.Pending)]
    public async Task The_fifth_lost_worker_ends_a_task_that_may_be_the_cause(int losses, TaskState expected)
    {
        var task = Make(TaskState.Running);
        task.Losses = losses - 1;
        await Machine.RaiseAsync(task, Machine.LeaseLost, new LeaseLost(_lease, "test"));
        Assert.Equal((expected, losses), (task.State, task.Losses));
    }

    [Fact(Timeout = 10_000)]
    public async Task A_lost_worker_costs_no_retry_and_a_failure_costs_one()
    {
        var task = Make(TaskState.Running);
        task.RetriesLeft = 2;
        await Machine.RaiseAsync(task, Machine.LeaseLost, new LeaseLost(_lease, "test"));
        Assert.Equal((2, 2, 1), (task.RetriesLeft, task.Attempt, task.Losses));

        await Machine.RaiseAsync(task, Machine.Claimed, new Claimed("w", 2));
        await Machine.RaiseAsync(task, Machine.AttemptEnded, new AttemptEnded("w", End(task.Key, FailureClass.Exit)));
        Assert.Equal((TaskState.Pending, 1, 3), (task.State, task.RetriesLeft, task.Attempt));
        Assert.NotNull(task.Due);
        Assert.Equal([1, 2], task.Effects.Attempts.Select(a => a.Attempt));
    }

    [Fact(Timeout = 10_000)]
    public async Task A_cancelled_task_with_retries_left_is_not_tried_again()
    {
        var task = Make(TaskState.Running);
        task.RetriesLeft = 3;
        await Machine.RaiseAsync(task, Machine.CancelRequested, new CancelRequested("enough"));
        Assert.Equal(TaskState.Running, task.State);
        Assert.Equal(task.Key, task.Effects.Stop!.Value.Order.Key);
        await Machine.RaiseAsync(task, Machine.AttemptEnded, new AttemptEnded("w", End(task.Key, FailureClass.Cancelled)));
        Assert.Equal(TaskState.Cancelled, task.State);
    }

    private static AttemptReport End(AttemptKey key, FailureClass? failure) =>
        new() { Key = key, Stage = AttemptStage.Ended, Result = new AttemptResult { Failure = failure, Finished = DateTime.UnixEpoch } };

    private TaskSaga Make(TaskState state)
    {
        var task = new TaskSaga { CorrelationId = Guid.NewGuid(), State = state, Attempt = 1, Batch = "b", Worker = "w" };
        task.SetSpec(new TaskSpec { Argv = ["true"] });
        if (state.IsActive() || state.IsTerminal()) task.Accepted = DateTime.UnixEpoch;
        if (state.IsActive()) task.Lease = _lease;
        return task;
    }

    private async Task RaiseAsync(TaskSaga task, TaskTrigger trigger, Guid? lease = null)
    {
        var key = new AttemptKey(task.CorrelationId, 1, lease ?? _lease);
        AttemptReport Stage(AttemptStage stage) => new() { Key = key, Stage = stage };
        await (trigger switch
        {
            TaskTrigger.Release => Machine.RaiseAsync(task, Machine.RequirementsMet, new RequirementsMet()),
            TaskTrigger.Accept => Machine.RaiseAsync(task, Machine.Claimed, new Claimed("w", 1)),
            TaskTrigger.Run => Machine.RaiseAsync(task, Machine.StageReported, new StageReported("w", Stage(AttemptStage.Running))),
            TaskTrigger.Upload => Machine.RaiseAsync(task, Machine.StageReported, new StageReported("w", Stage(AttemptStage.Uploading))),
            TaskTrigger.Succeed => Machine.RaiseAsync(task, Machine.AttemptEnded, new AttemptEnded("w", End(key, null))),
            TaskTrigger.Fail => Machine.RaiseAsync(task, Machine.AttemptEnded, new AttemptEnded("w", End(key, FailureClass.Exit))),
            TaskTrigger.Requeue => Machine.RaiseAsync(task, Machine.LeaseLost, new LeaseLost(key.Lease, "test")),
            TaskTrigger.Cancel => CancelAsync(task, key),
            TaskTrigger.Relaunch => Machine.RaiseAsync(task, Machine.RelaunchRequested, new RelaunchRequested(null)),
            _ => throw new ArgumentOutOfRangeException(nameof(trigger)),
        });
    }

    /// <summary>A worker that holds the lease must stop first; the cancel takes effect with its report.</summary>
    private static async Task CancelAsync(TaskSaga task, AttemptKey key)
    {
        await Machine.RaiseAsync(task, Machine.CancelRequested, new CancelRequested(null));
        await Machine.RaiseAsync(task, Machine.AttemptEnded, new AttemptEnded("w", End(key, FailureClass.Cancelled)));
    }
}
