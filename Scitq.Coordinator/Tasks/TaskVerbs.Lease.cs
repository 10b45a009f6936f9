using MassTransit;
using Scitq.Contracts;

namespace Scitq.Coordinator.Tasks;

/// <summary>How an attempt gets to a worker, and how far it is there.</summary>
internal sealed partial class TaskVerbs
{
    public void Grant(BehaviorContext<TaskSaga, Claimed> context)
    {
        var task = context.Saga;
        task.Worker = context.Message.Worker;
        task.Lease = Guid.NewGuid();
        task.Started = task.RunEnded = task.Finished = null;
        task.Phase = task.Reason = null;
        task.ExitCode = null;
        task.Failure = null;
        (task.Token, context.Effects().InPlaceOf) = (context.Message.InPlaceOf?.Message, context.Message.InPlaceOf?.Task);
        GrantAgain(context);
    }

    /// <summary>
    /// Grants the lease that the worker holds once more. Its time counts from now, here as at the worker: the worker takes the answer for a new grant,
    /// and a lease must not be taken away while its holder believes in it.
    /// </summary>
    public void GrantAgain(BehaviorContext<TaskSaga, Claimed> context)
    {
        var (task, claim, effects) = (context.Saga, context.Message, context.Effects());
        task.Accepted = Now;
        (task.Granted, task.HolderEpoch) = (claim.At, claim.Epoch);
        effects.Answer = new TaskAnswer(Lease: task.Lease);
        effects.Changed = true;
    }

    public void Refuse(BehaviorContext<TaskSaga, Claimed> context)
    {
        var task = context.Saga;
        context.Effects().Answer = new TaskAnswer(Refusal:
            task.State.IsActive() ? $"worker {task.Worker} has it"
            : task.State == TaskState.Pending && context.Message.Stopped.Contains(task.Batch) ? "its batch is stopped"
            : task.State == TaskState.Pending ? $"attempt {context.Message.Attempt} is not the current one"
            : $"the task is {task.State.ToString().ToLowerInvariant()}");
    }

    /// <summary>The agent would run it without what it asks for. The task waits for another worker, and says so.</summary>
    public void RefuseTooOld(BehaviorContext<TaskSaga, Claimed> context)
    {
        var (task, claim, effects) = (context.Saga, context.Message, context.Effects());
        var refusal = $"the agent of worker {claim.Worker} is too old for it: it does not know {Abilities.Missing(task.Spec, claim.Knows)}";
        effects.Answer = new TaskAnswer(Refusal: refusal);
        if (task.Phase == refusal) return;
        task.Phase = refusal;
        effects.Changed = true;
    }

    public void RecordStage(BehaviorContext<TaskSaga, StageReported> context)
    {
        var (task, report) = (context.Saga, context.Message.Report);
        task.Phase = Clean(report.Phase);
        task.Started = report.Started ?? task.Started;
        context.Effects().Changed = true;
    }
}
