using Scitq.Contracts;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api.Actions;

/// <summary>Ends tasks for good.</summary>
internal sealed class CancelAction(TaskService tasks) : TaskAction
{
    public override string Name => "cancel";

    public override string Summary => "End a task for good: at once when no worker has it, else as soon as its worker has stopped it.";

    public override string Done => "cancelled";

    public override string Hint => "There is nothing left to cancel.";

    public override string Takes => "all that have not ended";

    public override TaskFilter Complete(TaskFilter filter) => With(filter, [.. TaskRules.States.Where(s => !s.IsTerminal())]);

    public override Task<IReadOnlyList<ActionOutcome>> LookAsync(ActionCall call, IReadOnlyList<TaskMatch> page, CancellationToken ct) =>
        Look(page, state => !state.IsTerminal());

    public override async Task<IReadOnlyList<ActionOutcome>> DoAsync(ActionCall call, IReadOnlyList<TaskMatch> page, CancellationToken ct) =>
        Outcomes(await tasks.CancelAsync([.. page.Select(t => t.Id)], call.Reason, call.By, ct));
}
