using MassTransit;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Tasks;

/// <summary>How a task comes into its queue, and into it again.</summary>
internal sealed partial class TaskVerbs
{
    public bool HasRequirements(BehaviorContext<TaskSaga, SubmitTask> context) => context.Origin().Requirements is { Count: > 0 };

    public bool HasNoRequirement(BehaviorContext<TaskSaga, SubmitTask> context) => !HasRequirements(context);

    public void Create(BehaviorContext<TaskSaga, SubmitTask> context)
    {
        var (task, effects, spec) = (context.Saga, context.Effects(), context.Message.Spec);
        task.SetSpec(spec);
        task.Batch = spec.Batch;
        task.Name = spec.Name;
        task.Priority = spec.Priority ?? effects.BatchPriority;
        task.SubmittedBy = context.Origin().By;
        task.RetriesLeft = spec.Retry;
        task.Attempt = 1;
        task.Created = task.Queued = Now;
        effects.Requirements.AddRange(context.Origin().Requirements ?? []);
        effects.Changed = true;
    }

    /// <summary>It would wait for ever, and its user did not want that.</summary>
    public void EndDoomed(BehaviorContext<TaskSaga, RequirementFailed> context)
    {
        context.Saga.Failure = FailureClass.Cancelled;
        context.Saga.Reason = $"cancelled: {context.Message.Why}";
        Remember(context, HistoryKind.RequirementFailed, context.Message.Why);
        Finish(context);
    }

    public void Queue(BehaviorContext<TaskSaga> context)
    {
        context.Saga.Queued = Now;
        context.Effects().Changed = true;
    }

    public void Dispatch(BehaviorContext<TaskSaga> context)
    {
        if (context.Saga.Due is null) context.Effects().Dispatch = true;
    }

    /// <summary>Its message may be there all the same, so this one says that it is another.</summary>
    public void DispatchAgain(BehaviorContext<TaskSaga> context)
    {
        context.Effects().DispatchedBefore = true;
        Dispatch(context);
    }

    public void ForgetDue(BehaviorContext<TaskSaga> context)
    {
        context.Saga.Due = null;
        context.Saga.Phase = null;
        Queue(context);
    }

    public void NextAttempt(BehaviorContext<TaskSaga> context)
    {
        var task = context.Saga;
        task.Attempt++;
        task.Lease = null;
        task.Accepted = task.Started = task.RunEnded = null;
        task.Phase = null;
        if (task.RestartRequested) (task.RestartRequested, task.ExitCode, task.Failure, task.Reason) = (false, null, null, null);
        TakeUpdate(context);
        task.ResumesWaiting = false;
        Queue(context);
    }

    public void BackOff(BehaviorContext<TaskSaga> context)
    {
        var task = context.Saga;
        var failures = Math.Max(1, task.Spec.Retry - task.RetriesLeft);
        var seconds = Math.Min(_options.RetryBackoffMaxSeconds, _options.RetryBackoffSeconds * Math.Pow(2, Math.Min(failures - 1, 30)));
        if (seconds <= 0) return;
        task.Due = Now.AddSeconds(seconds);
        task.Phase = "waits to be tried again";
    }
}
