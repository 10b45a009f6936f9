using Scitq.Contracts;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api.Actions;

/// <summary>Ends what workers have, and no retry follows.</summary>
internal sealed class StopAction(TaskService tasks) : TaskAction
{
    public override string Name => "stop";

    public override string Summary => "End for good what a worker has: TERM, and after the worker's grace KILL. Nothing is delivered, and no retry follows.";

    public override string Done => "stopped";

    public override string Hint => "Only what a worker has can be stopped; cancel ends a task in every state.";

    public override string Takes => "all that a worker has";

    public override TaskFilter Complete(TaskFilter filter) => With(filter, TaskRules.Active);

    public override Task<IReadOnlyList<ActionOutcome>> LookAsync(ActionCall call, IReadOnlyList<TaskMatch> page, CancellationToken ct) =>
        Look(page, state => state.IsActive());

    public override async Task<IReadOnlyList<ActionOutcome>> DoAsync(ActionCall call, IReadOnlyList<TaskMatch> page, CancellationToken ct) =>
        Outcomes(await tasks.StopAsync([.. page.Select(t => t.Id)], kill: false, call.Reason, call.By, ct));
}
