using Scitq.Contracts;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api.Actions;

/// <summary>Ends what workers have at once, and no retry follows.</summary>
internal sealed class KillAction(TaskService tasks, Holders holders) : TaskAction
{
    public override string Name => "kill";

    public override string Summary => "End for good what a worker has, at once: KILL, without TERM and grace. Nothing is delivered, and no retry follows.";

    public override string Done => "killed";

    public override string Hint => "Only what a worker has can be killed; cancel ends a task in every state.";

    public override string Takes => "all that a worker has";

    public override TaskFilter Complete(TaskFilter filter) => With(filter, TaskRules.Active);

    public override Task<IReadOnlyList<ActionOutcome>> LookAsync(ActionCall call, IReadOnlyList<TaskMatch> page, CancellationToken ct) =>
        holders.LookAsync(page, Abilities.Kill, state => state.IsActive(), ct);

    public override Task<IReadOnlyList<ActionOutcome>> DoAsync(ActionCall call, IReadOnlyList<TaskMatch> page, CancellationToken ct) =>
        holders.AskAsync(page, Abilities.Kill, async ids => Outcomes(await tasks.StopAsync(ids, kill: true, call.Reason, call.By, ct)), ct);
}
