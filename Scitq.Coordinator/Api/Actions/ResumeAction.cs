using Scitq.Contracts;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api.Actions;

/// <summary>Lets tasks that were paused go on.</summary>
internal sealed class ResumeAction(TaskService tasks, TaskQueries queries) : TaskAction
{
    public override string Name => "resume";

    public override string Summary => "Let a task that was paused go on from where it is.";

    public override string Done => "resumed";

    public override string Hint => "Only a task that was paused can be resumed; one that has ended can be relaunched.";

    public override string Takes => "all that are paused, or are to be";

    public override TaskFilter Complete(TaskFilter filter) => filter.States.Count > 0 ? filter : filter with
    {
        // A worker may not have said yet that it stands still.
        States = [TaskState.Paused, TaskState.Suspended, TaskState.Accepted, TaskState.Running],
        ToStandStill = true,
    };

    public override async Task<IReadOnlyList<ActionOutcome>> LookAsync(ActionCall call, IReadOnlyList<TaskMatch> page, CancellationToken ct)
    {
        var found = await queries.FindAsync([.. page.Select(t => t.Id)], ct);
        return [.. page.Select(t => !found.TryGetValue(t.Id, out var task) ? ActionOutcome.Gone
            : new ActionOutcome(task.PauseRequested ? null : ActionOutcome.Is(task.State)))];
    }

    public override async Task<IReadOnlyList<ActionOutcome>> DoAsync(ActionCall call, IReadOnlyList<TaskMatch> page, CancellationToken ct) =>
        Outcomes(await tasks.ResumeAsync([.. page.Select(t => t.Id)], call.Reason, call.By, ct));
}
