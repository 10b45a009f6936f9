using System.Text.Json;
using MassTransit;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;
using Scitq.Coordinator.Tasks.Saga;

namespace Scitq.Tests.Unit.Coordinator;

/// <summary>One task in memory, on which events are raised as the commit loop raises them; its effects pile up.</summary>
internal sealed class TaskUnderTest(TaskStateMachine machine, TaskSaga row)
{
    public TaskSaga Row => row;

    public TaskEffects Effects { get; } = new();

    /// <summary>A task in this state, at its first attempt, which worker <c>w</c> holds or held; its only failure is that of its upload.</summary>
    public static TaskSaga Make(TaskState state, Guid lease)
    {
        var task = new TaskSaga { CorrelationId = Guid.NewGuid(), State = state, Attempt = 1, Batch = "b", Worker = "w" };
        task.SetSpec(new TaskSpec { Argv = ["true"], Batch = "b" });
        if (state.IsActive() || state.IsTerminal()) task.Accepted = DateTime.UnixEpoch;
        if (state.IsActive()) task.Lease = lease;
        if (state == TaskState.Paused) task.PauseTurn = 1;
        if (state == TaskState.Failed) (task.Failure, task.ExitCode) = (FailureClass.Upload, 0);
        return task;
    }

    public static AttemptReport End(AttemptKey key, FailureClass? failure, int? exitCode = null) =>
        new() { Key = key, Stage = AttemptStage.Ended, Result = new AttemptResult { Failure = failure, ExitCode = exitCode, Finished = DateTime.UnixEpoch } };

    public async Task<TaskAnswer> RaiseAsync<T>(Func<TaskStateMachine, Event<T>> @event, T message, Origin? origin = null)
        where T : class
    {
        Effects.Begin();
        await BulkContext<T>.RaiseAsync(machine, @event(machine), message, row, Effects, origin);
        return Effects.Answer;
    }

    public Task<TaskAnswer> EndAsync(FailureClass? failure, int? exitCode = null) =>
        RaiseAsync(m => m.AttemptEnded, new AttemptEnded("w", End(row.Key, failure, exitCode)));

    public Task<TaskAnswer> CancelAsync() => RaiseAsync(m => m.CancelRequested, new CancelTask { TaskId = row.CorrelationId, Reason = "enough" });

    public Task<TaskAnswer> StopAsync(bool kill = false) =>
        RaiseAsync(m => m.StopRequested, new StopTask { TaskId = row.CorrelationId, Reason = "wrong", Kill = kill });

    public Task<TaskAnswer> PauseAsync() => RaiseAsync(m => m.PauseRequested, new PauseTask { TaskId = row.CorrelationId, Reason = "not now" });

    public Task<TaskAnswer> ResumeAsync() => RaiseAsync(m => m.ResumeRequested, new ResumeTask { TaskId = row.CorrelationId, Reason = "now" });

    public Task<TaskAnswer> StandsAsync(bool still, Guid? lease = null) =>
        RaiseAsync(m => m.StandstillTold, new StandstillTold(lease is { } other ? row.Key with { Lease = other } : row.Key, still));

    public Task<TaskAnswer> RetryUploadAsync() => RaiseAsync(m => m.UploadRetryRequested, new RetryUpload { TaskId = row.CorrelationId });

    /// <summary>Members of the specification as they are to be; a task that is to be required exists, whatever it is called.</summary>
    public Task<TaskAnswer> UpdateAsync(string members, bool restart = false, Origin? origin = null)
    {
        var patch = new SpecPatch(JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(members)!);
        return RaiseAsync(m => m.UpdateRequested, new UpdateRequested(patch, new Dictionary<string, Guid> { ["1"] = Guid.Empty }, restart, null), origin);
    }

    /// <summary>What the diagram of docs/architecture.md calls this.</summary>
    public async Task RaiseAsync(TaskTrigger trigger, Guid lease)
    {
        var key = new AttemptKey(row.CorrelationId, 1, lease);
        AttemptReport Stage(AttemptStage stage) => new() { Key = key, Stage = stage };
        await (trigger switch
        {
            TaskTrigger.Release => RaiseAsync(m => m.RequirementsMet, new RequirementsMet()),
            TaskTrigger.Accept => RaiseAsync(m => m.Claimed, new Claimed("w", 1)),
            TaskTrigger.Run => RaiseAsync(m => m.StageReported, new StageReported("w", Stage(AttemptStage.Running))),
            TaskTrigger.Upload => RaiseAsync(m => m.StageReported, new StageReported("w", Stage(AttemptStage.Uploading))),
            TaskTrigger.Succeed => RaiseAsync(m => m.AttemptEnded, new AttemptEnded("w", End(key, null))),
            TaskTrigger.Fail => RaiseAsync(m => m.AttemptEnded, new AttemptEnded("w", End(key, FailureClass.Exit))),
            TaskTrigger.Requeue => RaiseAsync(m => m.LeaseLost, new LeaseLost(key.Lease, "test")),
            // A worker that holds the lease must stop first; the cancel takes effect with its report.
            TaskTrigger.Cancel => BothAsync(CancelAsync, () => RaiseAsync(m => m.AttemptEnded, new AttemptEnded("w", End(key, FailureClass.Cancelled)))),
            TaskTrigger.Pause => BothAsync(PauseAsync, () => RaiseAsync(m => m.AttemptReleased, new AttemptReleased("w", Stage(AttemptStage.Released)))),
            TaskTrigger.Resume => ResumeAsync(),
            TaskTrigger.Suspend => StandsAsync(still: true, lease),
            TaskTrigger.Continue => StandsAsync(still: false, lease),
            TaskTrigger.Redeliver => RetryUploadAsync(),
            TaskTrigger.Restart => BothAsync(
                () => UpdateAsync("""{"name":"new"}""", restart: true),
                () => RaiseAsync(m => m.AttemptEnded, new AttemptEnded("w", End(key, FailureClass.Cancelled)))),
            TaskTrigger.Require => UpdateAsync("""{"requirements":["1"]}"""),
            TaskTrigger.Relaunch => RaiseAsync(m => m.RelaunchRequested, new RelaunchTask { TaskId = row.CorrelationId }),
            _ => throw new ArgumentOutOfRangeException(nameof(trigger)),
        });
    }

    private static async Task<TaskAnswer> BothAsync(Func<Task<TaskAnswer>> one, Func<Task<TaskAnswer>> other)
    {
        await one();
        return await other();
    }
}
