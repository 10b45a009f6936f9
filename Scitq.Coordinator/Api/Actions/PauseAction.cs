using Scitq.Contracts;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api.Actions;

/// <summary>Holds tasks that have not started, and lets those that run stand still.</summary>
internal sealed class PauseAction(TaskService tasks, Holders holders) : TaskAction
{
    private static readonly IReadOnlyList<TaskState> Possible = [TaskState.Waiting, TaskState.Pending, TaskState.Accepted, TaskState.Running];

    public override string Name => "pause";

    public override string Summary =>
        "Hold a task until it is resumed: not started yet, it is not started, and given back by the worker that has it; running, it stands still.";

    public override string Done => "paused";

    public override string Hint => "What has not started, or runs, can stand still.";

    public override string Takes => "all that wait, are queued or run";

    public override TaskFilter Complete(TaskFilter filter) => With(filter, Possible);

    public override Task<IReadOnlyList<ActionOutcome>> LookAsync(ActionCall call, IReadOnlyList<TaskMatch> page, CancellationToken ct) =>
        holders.LookAsync(page, Abilities.Pause, CanBe, ct);

    public override Task<IReadOnlyList<ActionOutcome>> DoAsync(ActionCall call, IReadOnlyList<TaskMatch> page, CancellationToken ct) =>
        holders.AskAsync(page, Abilities.Pause, async ids => Outcomes(await tasks.PauseAsync(ids, call.Reason, call.By, ct)), ct);

    private static bool CanBe(TaskState state) => Possible.Contains(state) || state is TaskState.Paused or TaskState.Suspended;
}
