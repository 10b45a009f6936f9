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

    public static TheoryData<TaskState, TaskTrigger> Pairs => With(Enum.GetValues<TaskTrigger>());

    public static TheoryData<TaskState, TaskTrigger> Reports => With(Enum.GetValues<TaskTrigger>().Except(
        [TaskTrigger.Release, TaskTrigger.Accept, TaskTrigger.Cancel, TaskTrigger.Relaunch, TaskTrigger.Redeliver]));

    [Theory(Timeout = 10_000)]
    [MemberData(nameof(Pairs))]
    public async Task The_state_machine_does_what_the_rules_say(TaskState from, TaskTrigger trigger)
    {
        var task = Make(from);
        await RaiseAsync(task, trigger);
        Assert.Equal(TaskRules.Next(from, trigger) ?? from, task.State);
    }

    [Theory(Timeout = 10_000)]
    [MemberData(nameof(Reports))]
    public async Task Reports_under_another_lease_change_no_state(TaskState from, TaskTrigger trigger)
    {
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

    [Theory(Timeout = 10_000)]
    [InlineData("secrets", new string[0]), InlineData("mask-secrets", new[] { "secrets" }), InlineData(null, new[] { "secrets", "mask-secrets" })]
    public async Task A_task_with_secrets_waits_for_an_agent_that_knows_them(string? missing, string[] known)
    {
        var task = Make(TaskState.Pending);
        task.SetSpec(new TaskSpec { Argv = ["true"], Secrets = ["PASSWORD"], MaskSecrets = true });
        var claim = new Claimed("w", 1) { Knows = known };
        await Machine.RaiseAsync(task, Machine.Claimed, claim);
        Assert.Equal((missing is null ? TaskState.Accepted : TaskState.Pending, missing is null), (task.State, claim.Lease is not null));
        Assert.Equal(missing is null ? null : $"the agent of worker w is too old for it: it does not know {missing}", task.Phase);
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

    [Theory(Timeout = 10_000)]
    [InlineData(null), InlineData(FailureClass.Cancelled), InlineData(FailureClass.Exit)]
    public async Task A_task_that_was_to_be_cancelled_is_cancelled_however_its_command_ends(FailureClass? how)
    {
        var task = Make(TaskState.Running);
        await Machine.RaiseAsync(task, Machine.CancelRequested, new CancelRequested("enough"));
        await Machine.RaiseAsync(task, Machine.AttemptEnded, new AttemptEnded("w", End(task.Key, how, exitCode: 0)));
        Assert.Equal((TaskState.Cancelled, 0), (task.State, task.ExitCode));
        Assert.NotNull(task.Failure);
        Assert.DoesNotContain(task.Effects.Attempts, a => a.Outcome == AttemptOutcome.Succeeded);
    }

    [Theory(Timeout = 10_000)]
    [InlineData("exit"), InlineData("lost"), InlineData("cancelled"), InlineData("start"), InlineData("silent"), InlineData("released")]
    public async Task A_retried_upload_that_fails_whatever_the_reason_can_be_retried_and_runs_nothing_again(string how)
    {
        var task = Make(TaskState.Running);
        (task.RetriesLeft, task.Losses, task.ExitCode) = (0, 3, null);
        await Machine.RaiseAsync(task, Machine.AttemptEnded, new AttemptEnded("w", End(task.Key, FailureClass.Upload, exitCode: 0)));
        task.RetriesLeft = 2;
        for (var n = 2; n <= 3; n++)
        {
            var retry = new UploadRetryRequested(null);
            await Machine.RaiseAsync(task, Machine.UploadRetryRequested, retry);
            Assert.True(retry.Done);
            Assert.Equal((TaskState.Accepted, n, 1, "w", false), (task.State, task.Attempt, task.Redelivers, task.Worker, task.Effects.Dispatch));
            await Machine.RaiseAsync(task, Machine.Claimed, new Claimed("w", n));       // whatever message it found, it may not run it
            Assert.Equal(TaskState.Accepted, task.State);
            await (how switch
            {
                "silent" => Machine.RaiseAsync(task, Machine.LeaseLost, new LeaseLost(task.Lease!.Value, "test")),
                "released" => Machine.RaiseAsync(task, Machine.AttemptReleased, new AttemptReleased("w", new AttemptReport { Key = task.Key, Stage = AttemptStage.Released })),
                _ => Machine.RaiseAsync(task, Machine.AttemptEnded, new AttemptEnded("w", End(task.Key, Enum.Parse<FailureClass>(how, ignoreCase: true), exitCode: 0))),
            });
            Assert.Equal((TaskState.Failed, 2, 3, false), (task.State, task.RetriesLeft, task.Losses, task.Effects.Dispatch));
            Assert.Equal(how == "exit" ? FailureClass.Exit : FailureClass.Upload, task.Failure);
            if (how == "exit") break;           // the command's own failure is told once the output is delivered
        }
    }

    [Fact(Timeout = 10_000)]
    public async Task Only_a_failed_upload_can_be_retried_and_a_relaunch_runs_the_command()
    {
        var task = Make(TaskState.Failed);
        task.Failure = FailureClass.Exit;
        var refused = new UploadRetryRequested(null);
        await Machine.RaiseAsync(task, Machine.UploadRetryRequested, refused);
        Assert.Equal((false, TaskState.Failed), (refused.Done, task.State));
        // Found out before the command was started, and so without any output.
        (task.Failure, task.ExitCode) = (FailureClass.Upload, null);
        await Machine.RaiseAsync(task, Machine.UploadRetryRequested, refused);
        Assert.Equal((false, TaskState.Failed), (refused.Done, task.State));

        task.ExitCode = 0;
        await Machine.RaiseAsync(task, Machine.UploadRetryRequested, new UploadRetryRequested(null));
        await Machine.RaiseAsync(task, Machine.AttemptEnded, new AttemptEnded("w", End(task.Key, FailureClass.Upload)));
        await Machine.RaiseAsync(task, Machine.RelaunchRequested, new RelaunchRequested(null));
        Assert.Equal((TaskState.Pending, 3, (int?)null, true), (task.State, task.Attempt, task.Redelivers, task.Effects.Dispatch));
        Assert.Equal(1, task.Effects.Attempts[^1].Redelivers);
    }

    private static TheoryData<TaskState, TaskTrigger> With(IEnumerable<TaskTrigger> triggers)
    {
        var data = new TheoryData<TaskState, TaskTrigger>();
        foreach (var state in TaskRules.States)
            foreach (var trigger in triggers) data.Add(state, trigger);
        return data;
    }

    private static AttemptReport End(AttemptKey key, FailureClass? failure, int? exitCode = null) =>
        new() { Key = key, Stage = AttemptStage.Ended, Result = new AttemptResult { Failure = failure, ExitCode = exitCode, Finished = DateTime.UnixEpoch } };

    private TaskSaga Make(TaskState state)
    {
        var task = new TaskSaga { CorrelationId = Guid.NewGuid(), State = state, Attempt = 1, Batch = "b", Worker = "w" };
        task.SetSpec(new TaskSpec { Argv = ["true"] });
        if (state.IsActive() || state.IsTerminal()) task.Accepted = DateTime.UnixEpoch;
        if (state.IsActive()) task.Lease = _lease;
        if (state == TaskState.Failed) (task.Failure, task.ExitCode) = (FailureClass.Upload, 0);
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
            TaskTrigger.Redeliver => Machine.RaiseAsync(task, Machine.UploadRetryRequested, new UploadRetryRequested(null)),
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
