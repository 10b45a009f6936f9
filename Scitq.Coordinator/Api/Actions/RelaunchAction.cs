using Scitq.Contracts;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api.Actions;

/// <summary>Runs tasks that have ended once more.</summary>
internal sealed class RelaunchAction(TaskService tasks) : TaskAction
{
    public override string Name => "relaunch";

    public override string Summary => "Start another attempt of a task that has ended; it has all its retries again, unless they are to be kept as they are.";

    public override string Done => "relaunched";

    public override string Hint => "Cancel it first, or wait for its end.";

    public override string Takes => "all that failed";

    public override Type Arguments => typeof(RelaunchArguments);

    public override TaskFilter Complete(TaskFilter filter) =>
        filter.Classes.Contains(FailureClass.Cancelled) ? With(filter, TaskState.Failed, TaskState.Cancelled) : With(filter, TaskState.Failed);

    public override Task<IReadOnlyList<ActionOutcome>> LookAsync(ActionCall call, IReadOnlyList<TaskMatch> page, CancellationToken ct) =>
        Look(page, state => state.IsTerminal());

    public override async Task<IReadOnlyList<ActionOutcome>> DoAsync(ActionCall call, IReadOnlyList<TaskMatch> page, CancellationToken ct) =>
        Outcomes(await tasks.RelaunchAsync([.. page.Select(t => t.Id)], call.Reason, ((RelaunchArguments)call.Arguments).KeepRetries, call.By, ct));
}
