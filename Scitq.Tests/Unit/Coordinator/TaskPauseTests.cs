using Microsoft.Extensions.Options;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;

namespace Scitq.Tests.Unit.Coordinator;

/// <summary>What a user's pause and resume mean in each state.</summary>
[Trait("Level", "Unit")]
public sealed class TaskPauseTests
{
    private static readonly IOptions<TaskOptions> Rules = Options.Create(new TaskOptions());
    private static readonly TaskStateMachine Machine = new(new TaskVerbs(Rules, TimeProvider.System), new EndingRules(Rules));
    private readonly Guid _lease = Guid.NewGuid();

    [Theory(Timeout = 10_000)]
    [InlineData(TaskState.Waiting), InlineData(TaskState.Pending)]
    public async Task A_paused_task_is_refused_at_the_claim_and_goes_on_as_what_it_was(TaskState before)
    {
        var task = Make(before);
        Assert.True((await task.PauseAsync()).Done);
        Assert.True((await task.PauseAsync()).Done);        // the first answer was lost
        Assert.Equal("the task is paused", (await task.RaiseAsync(m => m.Claimed, new Claimed("w", 1))).Refusal);
        await task.RaiseAsync(m => m.RequirementsMet, new RequirementsMet());
        await task.RaiseAsync(m => m.DispatchDue, new DispatchDue());
        Assert.Equal((TaskState.Paused, false), (task.Row.State, task.Effects.Dispatch));

        Assert.True((await task.ResumeAsync()).Done);
        Assert.Equal((before, before == TaskState.Pending), (task.Row.State, task.Effects.Dispatch));
        Assert.False((await task.ResumeAsync()).Done);
        Assert.Equal([HistoryKind.PauseRequested, HistoryKind.ResumeRequested], task.Effects.History.Select(h => h.Kind));
    }

    [Theory(Timeout = 10_000)]
    [InlineData(false), InlineData(true)]
    public async Task A_paused_retry_waits_out_its_back_off_and_is_queued_when_both_are_over(bool due)
    {
        var task = Make(TaskState.Pending);
        task.Row.Due = DateTime.UnixEpoch;
        await task.PauseAsync();
        if (due) await task.RaiseAsync(m => m.RetryDue, new RetryDue());
        Assert.Equal((TaskState.Paused, false), (task.Row.State, task.Effects.Dispatch));
        await task.ResumeAsync();
        Assert.Equal((TaskState.Pending, due), (task.Row.State, task.Effects.Dispatch));
    }

    [Fact(Timeout = 10_000)]
    public async Task An_accepted_task_is_given_back_and_the_next_attempt_is_paused()
    {
        var task = Make(TaskState.Accepted);
        await task.PauseAsync();
        Assert.Equal((TaskState.Accepted, new PauseAttempt(task.Row.Key, Paused: true, Turn: 1)), (task.Row.State, task.Effects.Pause!.Value.Message));
        await task.RaiseAsync(m => m.AttemptReleased,
            new AttemptReleased("w", new AttemptReport { Key = task.Row.Key, Stage = AttemptStage.Released }));
        Assert.Equal((TaskState.Paused, 2, false), (task.Row.State, task.Row.Attempt, task.Effects.Dispatch));
    }

    [Fact(Timeout = 10_000)]
    public async Task A_running_task_is_suspended_once_its_worker_says_so_and_goes_on_the_same_way()
    {
        var task = Make(TaskState.Running);
        await task.PauseAsync();
        Assert.Equal((TaskState.Running, true), (task.Row.State, task.Effects.Pause!.Value.Message.Paused));
        await task.StandsAsync(still: true, Guid.NewGuid());         // of another lease
        Assert.Equal(TaskState.Running, task.Row.State);
        await task.StandsAsync(still: true);
        Assert.Equal(TaskState.Suspended, task.Row.State);
        // The report of its start was overtaken.
        await task.RaiseAsync(m => m.StageReported, new StageReported("w", new AttemptReport { Key = task.Row.Key, Stage = AttemptStage.Running }));
        Assert.Equal(TaskState.Suspended, task.Row.State);

        await task.ResumeAsync();
        Assert.Equal((TaskState.Suspended, new PauseAttempt(task.Row.Key, Paused: false, Turn: 2)), (task.Row.State, task.Effects.Pause!.Value.Message));
        await task.StandsAsync(still: false);
        Assert.Equal(TaskState.Running, task.Row.State);
        Assert.Equal(
            [HistoryKind.PauseRequested, HistoryKind.Suspended, HistoryKind.ResumeRequested, HistoryKind.Continued], task.Effects.History.Select(h => h.Kind));
    }

    [Theory(Timeout = 10_000)]
    [InlineData(TaskState.Accepted), InlineData(TaskState.Running), InlineData(TaskState.Suspended)]
    public async Task A_task_that_loses_its_worker_while_it_is_to_stand_still_is_paused(TaskState from)
    {
        var task = Make(from);
        await task.PauseAsync();
        await task.RaiseAsync(m => m.LeaseLost, new LeaseLost(_lease, "test"));
        Assert.Equal((TaskState.Paused, 2, 1, false), (task.Row.State, task.Row.Attempt, task.Row.Losses, task.Effects.Dispatch));
        await task.ResumeAsync();
        Assert.Equal((TaskState.Pending, true), (task.Row.State, task.Effects.Dispatch));
    }

    [Fact(Timeout = 10_000)]
    public async Task A_failure_of_one_that_is_to_stand_still_costs_a_retry_which_is_paused()
    {
        var task = Make(TaskState.Running);
        task.Row.RetriesLeft = 1;
        await task.PauseAsync();
        await task.EndAsync(FailureClass.Exit, exitCode: 1);
        Assert.Equal((TaskState.Paused, 2, 0), (task.Row.State, task.Row.Attempt, task.Row.RetriesLeft));
        Assert.NotNull(task.Row.Due);
    }

    [Fact(Timeout = 10_000)]
    public async Task The_wish_lapses_when_the_command_ends_well_before_it_stood_still()
    {
        var task = Make(TaskState.Running);
        await task.PauseAsync();
        await task.EndAsync(null, exitCode: 0);
        Assert.Equal((TaskState.Succeeded, false), (task.Row.State, task.Row.PauseRequested));
        await task.RaiseAsync(m => m.RelaunchRequested, new RelaunchTask { TaskId = task.Row.CorrelationId });
        Assert.Equal(TaskState.Pending, task.Row.State);
    }

    [Theory(Timeout = 10_000)]
    [InlineData(TaskState.Uploading), InlineData(TaskState.Succeeded), InlineData(TaskState.Failed), InlineData(TaskState.Cancelled)]
    public async Task There_is_nothing_to_pause_once_the_command_has_ended(TaskState state)
    {
        var task = Make(state);
        Assert.False((await task.PauseAsync()).Done);
        Assert.Equal((state, 0), (task.Row.State, task.Row.PauseTurn));
    }

    [Fact(Timeout = 10_000)]
    public async Task A_suspended_task_can_be_cancelled_and_one_that_is_being_cancelled_can_not_be_paused()
    {
        var task = Make(TaskState.Suspended);
        task.Row.PauseTurn = 1;
        await task.CancelAsync();
        Assert.False((await task.PauseAsync()).Done);
        await task.EndAsync(FailureClass.Cancelled);
        Assert.Equal((TaskState.Cancelled, false), (task.Row.State, task.Row.PauseRequested));
    }

    private TaskUnderTest Make(TaskState state) => new(Machine, TaskUnderTest.Make(state, _lease));
}
