using Microsoft.Extensions.Options;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;

namespace Scitq.Tests.Unit.Coordinator;

/// <summary>What the table says; that it has the transitions of the diagram is tested with the documentation.</summary>
[Trait("Level", "Unit")]
public sealed class TaskTableTests
{
    private static readonly IOptions<TaskOptions> Rules = Options.Create(new TaskOptions());
    private static readonly TaskStateMachine Machine = new(new TaskVerbs(Rules, TimeProvider.System), new EndingRules(Rules));
    private readonly Guid _lease = Guid.NewGuid();

    public static TheoryData<TaskState, TaskTrigger> Reports()
    {
        var data = new TheoryData<TaskState, TaskTrigger>();
        foreach (var state in TaskRules.States)
            foreach (var trigger in (TaskTrigger[])[TaskTrigger.Run, TaskTrigger.Upload, TaskTrigger.Succeed, TaskTrigger.Fail, TaskTrigger.Requeue])
                data.Add(state, trigger);
        return data;
    }

    [Theory(Timeout = 10_000)]
    [MemberData(nameof(Reports))]
    public async Task Reports_under_another_lease_change_no_state(TaskState from, TaskTrigger trigger)
    {
        var task = Make(from);
        await task.RaiseAsync(trigger, Guid.NewGuid());
        Assert.Equal(from, task.Row.State);
    }

    [Theory(Timeout = 10_000)]
    [InlineData(5, TaskState.Failed)]
    [InlineData(4, TaskState.Pending)]
    public async Task The_fifth_lost_worker_ends_a_task_that_may_be_the_cause(int losses, TaskState expected)
    {
        var task = Make(TaskState.Running);
        task.Row.Losses = losses - 1;
        await task.RaiseAsync(m => m.LeaseLost, new LeaseLost(_lease, "test"));
        Assert.Equal((expected, losses), (task.Row.State, task.Row.Losses));
    }

    [Fact(Timeout = 10_000)]
    public async Task A_lost_worker_costs_no_retry_and_a_failure_costs_one()
    {
        var task = Make(TaskState.Running);
        task.Row.RetriesLeft = 2;
        await task.RaiseAsync(m => m.LeaseLost, new LeaseLost(_lease, "test"));
        Assert.Equal((2, 2, 1), (task.Row.RetriesLeft, task.Row.Attempt, task.Row.Losses));

        await task.RaiseAsync(m => m.Claimed, new Claimed("w", 2));
        await task.EndAsync(FailureClass.Exit);
        Assert.Equal((TaskState.Pending, 1, 3), (task.Row.State, task.Row.RetriesLeft, task.Row.Attempt));
        Assert.NotNull(task.Row.Due);
        Assert.Equal([1, 2], task.Effects.Attempts.Select(a => a.Attempt));
    }

    [Theory(Timeout = 10_000)]
    [InlineData("secrets", new string[0]), InlineData("mask-secrets", new[] { "secrets" }), InlineData(null, new[] { "secrets", "mask-secrets" })]
    public async Task A_task_with_secrets_waits_for_an_agent_that_knows_them(string? missing, string[] known)
    {
        var task = Make(TaskState.Pending);
        task.Row.SetSpec(new TaskSpec { Argv = ["true"], Secrets = ["PASSWORD"], MaskSecrets = true });
        var answer = await task.RaiseAsync(m => m.Claimed, new Claimed("w", 1) { Knows = known });
        Assert.Equal((missing is null ? TaskState.Accepted : TaskState.Pending, missing is null), (task.Row.State, answer.Lease is not null));
        Assert.Equal(missing is null ? null : $"the agent of worker w is too old for it: it does not know {missing}", task.Row.Phase);
    }

    [Theory(Timeout = 10_000)]
    [InlineData(false, 2), InlineData(true, 0)]
    public async Task A_relaunch_gives_the_retries_back_unless_they_are_to_be_kept(bool keep, int expected)
    {
        var task = Make(TaskState.Failed);
        task.Row.SetSpec(task.Row.Spec with { Retry = 2 });
        await task.RaiseAsync(m => m.RelaunchRequested, new RelaunchTask { TaskId = task.Row.CorrelationId, KeepRetries = keep });
        Assert.Equal((TaskState.Pending, expected), (task.Row.State, task.Row.RetriesLeft));
    }

    [Fact(Timeout = 10_000)]
    public async Task A_cancelled_task_with_retries_left_is_not_tried_again()
    {
        var task = Make(TaskState.Running);
        task.Row.RetriesLeft = 3;
        await task.CancelAsync();
        Assert.Equal(TaskState.Running, task.Row.State);
        Assert.Equal(task.Row.Key, task.Effects.Stop!.Value.Message.Key);
        await task.EndAsync(FailureClass.Cancelled);
        Assert.Equal(TaskState.Cancelled, task.Row.State);
    }

    [Theory(Timeout = 10_000)]
    [InlineData(null), InlineData(FailureClass.Cancelled), InlineData(FailureClass.Exit)]
    public async Task A_task_that_was_to_be_cancelled_is_cancelled_however_its_command_ends(FailureClass? how)
    {
        var task = Make(TaskState.Running);
        await task.CancelAsync();
        await task.EndAsync(how, exitCode: 0);
        Assert.Equal((TaskState.Cancelled, 0), (task.Row.State, task.Row.ExitCode));
        Assert.NotNull(task.Row.Failure);
        Assert.DoesNotContain(task.Effects.Attempts, a => a.Outcome == AttemptOutcome.Succeeded);
    }

    [Theory(Timeout = 10_000)]
    [InlineData("exit"), InlineData("lost"), InlineData("cancelled"), InlineData("start"), InlineData("silent"), InlineData("released")]
    public async Task A_retried_upload_that_fails_whatever_the_reason_can_be_retried_and_runs_nothing_again(string how)
    {
        var task = Make(TaskState.Running);
        var row = task.Row;
        (row.RetriesLeft, row.Losses, row.ExitCode) = (0, 3, null);
        await task.EndAsync(FailureClass.Upload, exitCode: 0);
        row.RetriesLeft = 2;
        for (var n = 2; n <= 3; n++)
        {
            Assert.True((await task.RetryUploadAsync()).Done);
            Assert.Equal((TaskState.Accepted, n, 1, "w", false), (row.State, row.Attempt, row.Redelivers, row.Worker, task.Effects.Dispatch));
            await task.RaiseAsync(m => m.Claimed, new Claimed("w", n));       // whatever message it found, it may not run it
            Assert.Equal(TaskState.Accepted, row.State);
            await (how switch
            {
                "silent" => task.RaiseAsync(m => m.LeaseLost, new LeaseLost(row.Lease!.Value, "test")),
                "released" =>
                    task.RaiseAsync(m => m.AttemptReleased, new AttemptReleased("w", new AttemptReport { Key = row.Key, Stage = AttemptStage.Released })),
                _ => task.EndAsync(Enum.Parse<FailureClass>(how, ignoreCase: true), exitCode: 0),
            });
            Assert.Equal((TaskState.Failed, 2, 3, false), (row.State, row.RetriesLeft, row.Losses, task.Effects.Dispatch));
            Assert.Equal(how == "exit" ? FailureClass.Exit : FailureClass.Upload, row.Failure);
            if (how == "exit") break;           // the command's own failure is told once the output is delivered
        }
    }

    [Fact(Timeout = 10_000)]
    public async Task Only_a_failed_upload_can_be_retried_and_a_relaunch_runs_the_command()
    {
        var task = Make(TaskState.Failed);
        var row = task.Row;
        row.Failure = FailureClass.Exit;
        Assert.Equal((false, TaskState.Failed), ((await task.RetryUploadAsync()).Done, row.State));
        // Found out before the command was started, and so without any output.
        (row.Failure, row.ExitCode) = (FailureClass.Upload, null);
        Assert.Equal((false, TaskState.Failed), ((await task.RetryUploadAsync()).Done, row.State));
        // What it printed was lost on a full disk (--strict-output), and there is no folder to deliver to.
        (row.Failure, row.ExitCode) = (FailureClass.Disk, 0);
        Assert.Equal((false, TaskState.Failed), ((await task.RetryUploadAsync()).Done, row.State));

        row.Failure = FailureClass.Upload;
        await task.RetryUploadAsync();
        await task.EndAsync(FailureClass.Upload);
        await task.RaiseAsync(m => m.RelaunchRequested, new RelaunchTask { TaskId = row.CorrelationId });
        Assert.Equal((TaskState.Pending, 3, (int?)null, true), (row.State, row.Attempt, row.Redelivers, task.Effects.Dispatch));
        Assert.Equal(1, task.Effects.Attempts[^1].Redelivers);
    }

    private TaskUnderTest Make(TaskState state) => new(Machine, TaskUnderTest.Make(state, _lease));
}
