using Microsoft.Extensions.Options;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;

namespace Scitq.Tests.Unit.Coordinator;

/// <summary>What becomes of a task that its user changes.</summary>
[Trait("Level", "Unit")]
public sealed class TaskUpdateTests
{
    private static readonly IOptions<TaskOptions> Rules = Options.Create(new TaskOptions());
    private static readonly TaskStateMachine Machine = new(new TaskVerbs(Rules, TimeProvider.System), new EndingRules(Rules));
    private readonly Guid _lease = Guid.NewGuid();

    [Fact(Timeout = 10_000)]
    public async Task A_queued_task_is_changed_at_once_and_its_message_still_counts()
    {
        var task = Make(TaskState.Pending);
        var answer = await task.UpdateAsync("""{"argv":["false"],"name":"n","retry":3}""", origin: new Origin("me"));
        Assert.Equal((true, TaskState.Pending, 1, 3, "n", false), (answer.Done, task.Row.State, task.Row.Attempt, task.Row.RetriesLeft, task.Row.Name,
            task.Effects.Dispatch));
        var change = Assert.Single(task.Effects.History);
        Assert.Equal(("updated", "me", "command: true → false; name: none → \"n\"; retry: 0 → 3"), (change.Kind.Word, change.ByWhom, change.Detail));
        Assert.NotNull((await task.RaiseAsync(m => m.Claimed, new Claimed("w", 1))).Lease);
        Assert.Equal(["false"], task.Row.Spec.Argv);
    }

    [Fact(Timeout = 10_000)]
    public async Task A_task_that_is_moved_is_refused_to_those_who_find_its_message_in_the_old_queue()
    {
        var task = Make(TaskState.Pending);
        await task.UpdateAsync("""{"batch":"other"}""");
        Assert.Equal(("other", "other", 2, true), (task.Row.Batch, task.Row.Spec.Batch, task.Row.Attempt, task.Effects.Dispatch));
        Assert.Equal("attempt 1 is not the current one", (await task.RaiseAsync(m => m.Claimed, new Claimed("old", 1))).Refusal);
        Assert.NotNull((await task.RaiseAsync(m => m.Claimed, new Claimed("new", 2))).Lease);
    }

    [Theory(Timeout = 10_000)]
    [InlineData("cancelled"), InlineData("succeeded"), InlineData("exit"), InlineData("lost"), InlineData("silent"), InlineData("released")]
    public async Task A_task_that_a_worker_has_begins_anew_however_its_attempt_ends_and_no_retry_is_spent(string how)
    {
        var task = Make(TaskState.Accepted);
        var row = task.Row;
        (row.RetriesLeft, row.Losses) = (1, 4);
        row.SetSpec(row.Spec with { Retry = 2 });
        Assert.True((await task.UpdateAsync("""{"argv":["false"]}""")).Done);
        Assert.Equal((TaskState.Accepted, "true"), (row.State, row.Spec.Argv[0]));
        Assert.Equal(row.Key, task.Effects.Stop!.Value.Message.Key);
        Assert.NotNull((await task.RaiseAsync(m => m.Claimed, new Claimed("w", 1))).Refusal);
        await (how switch
        {
            "silent" => task.RaiseAsync(m => m.LeaseLost, new LeaseLost(_lease, "test")),
            "released" => task.RaiseAsync(m => m.AttemptReleased, new AttemptReleased("w", new AttemptReport { Key = row.Key, Stage = AttemptStage.Released })),
            "succeeded" => task.EndAsync(null, exitCode: 0),
            _ => task.EndAsync(Enum.Parse<FailureClass>(how, ignoreCase: true), exitCode: 1),
        });
        Assert.Equal((TaskState.Waiting, 2, 1, "false", false), (row.State, row.Attempt, row.RetriesLeft, row.Spec.Argv[0], row.RestartRequested));
        Assert.Null(row.NextJson);
        await task.RaiseAsync(m => m.RequirementsMet, new RequirementsMet());
        Assert.NotNull((await task.RaiseAsync(m => m.Claimed, new Claimed("w", 2))).Lease);
    }

    [Theory(Timeout = 10_000)]
    [InlineData(TaskState.Running), InlineData(TaskState.Uploading)]
    public async Task A_task_that_runs_is_only_changed_with_a_restart_and_a_cancel_is_stronger(TaskState state)
    {
        var task = Make(state);
        var answer = await task.UpdateAsync("""{"argv":["false"]}""");
        Assert.Equal((false, null), (answer.Done, task.Row.NextJson));
        Assert.Contains("restart", answer.Refusal);
        Assert.True((await task.UpdateAsync("""{"argv":["false"]}""", restart: true)).Done);
        // A second change builds on the first.
        Assert.True((await task.UpdateAsync("""{"name":"n"}""")).Done);
        Assert.Equal(("false", "n"), (task.Row.Next!.Argv[0], task.Row.Next.Name));
        await task.CancelAsync();
        Assert.Equal("it is being cancelled.", (await task.UpdateAsync("""{"name":"m"}""", restart: true)).Refusal);
        await task.EndAsync(FailureClass.Cancelled);
        Assert.Equal((TaskState.Cancelled, false), (task.Row.State, task.Row.RestartRequested));
    }

    [Fact(Timeout = 10_000)]
    public async Task A_task_that_has_ended_keeps_its_result_and_its_relaunch_is_the_changed_one()
    {
        var task = Make(TaskState.Succeeded);
        await task.UpdateAsync("""{"argv":["false"],"batch":"other","retry":1}""");
        Assert.Equal((TaskState.Succeeded, "true", "b"), (task.Row.State, task.Row.Spec.Argv[0], task.Row.Batch));
        await task.RaiseAsync(m => m.RelaunchRequested, new RelaunchTask { TaskId = task.Row.CorrelationId });
        Assert.Equal((TaskState.Waiting, 2, "false", "other", 1), (task.Row.State, task.Row.Attempt, task.Row.Spec.Argv[0], task.Row.Batch, task.Row.RetriesLeft));
    }

    [Fact(Timeout = 10_000)]
    public async Task A_task_waits_for_what_it_requires_now()
    {
        var task = Make(TaskState.Pending);
        await task.UpdateAsync("""{"requirements":["1"],"on_requirement_failure":"cancel"}""");
        Assert.Equal((TaskState.Waiting, true, false), (task.Row.State, task.Effects.ReplacesRequirements, task.Effects.Dispatch));
        Assert.True(Assert.Single(task.Effects.Requirements).Cancels);
        await task.UpdateAsync("""{"requirements":null}""");
        Assert.Empty(task.Effects.Requirements);
    }

    [Theory(Timeout = 10_000)]
    [InlineData("""{"argv":["true"]}""", "nothing would change."), InlineData("""{"argv":null}""", "no command"), InlineData("""{"retry":-1}""", "retry -1")]
    [InlineData("""{"output":"foo://x"}""", "foo"), InlineData("""{"batch":"a b"}""", "batch 'a b'"), InlineData("""{"requirements":["2"]}""", "try again")]
    public async Task What_no_submission_may_be_no_update_may_be(string members, string problem)
    {
        var task = Make(TaskState.Pending);
        var answer = await task.UpdateAsync(members);
        Assert.False(answer.Done);
        Assert.Contains(problem, answer.Refusal);
        Assert.False(task.Effects.Changed);
    }

    private TaskUnderTest Make(TaskState state) => new(Machine, TaskUnderTest.Make(state, _lease));
}
