using Scitq.Contracts;

namespace Scitq.Coordinator.Tasks;

/// <summary>Decides what an update means for a task as it stands: before it is asked for, and when it is.</summary>
/// <param name="Verdict">What it means.</param>
/// <param name="Edit">The task as it would be.</param>
/// <param name="Requirements">What it would require, if that changes.</param>
/// <param name="Problem">Why it is refused, if it is.</param>
internal sealed record UpdateRules(UpdateVerdict Verdict, SpecEdit Edit, IReadOnlyList<RequirementRow>? Requirements, string? Problem)
{
    public static UpdateRules Of(TaskSaga task, UpdateRequested asked)
    {
        var (patch, required, restart, _) = asked;
        var edit = patch.Apply(task.Next ?? task.Spec);
        var rows = patch.ChangesRequirements ? RequirementResolver.Rows(task.CorrelationId, edit.Spec, required) : null;
        var problem = edit.Problem ?? task switch
        {
            _ when patch.ChangesRequirements && rows is null => "it was changed at the same moment: try again.",
            { CancelRequested: true } when task.State.IsActive() => "it is being cancelled.",
            { Redelivers: not null } when task.State.IsActive() => "its output is being delivered again: wait for that, or cancel it.",
            { State: not TaskState.Accepted, RestartRequested: false } when task.State.IsActive() && !restart =>
                $"it is {task.State.ToString().ToLowerInvariant()}: to stop it and run it anew, ask for a restart.",
            _ => null,
        };
        var verdict = problem is not null ? UpdateVerdict.Refused
            : task.State.IsActive() ? UpdateVerdict.Restart
            : task.State.IsTerminal() ? restart ? UpdateVerdict.Relaunch : UpdateVerdict.Kept
            : patch.ChangesRequirements ? UpdateVerdict.ToWait
            : UpdateVerdict.InPlace;
        return new UpdateRules(verdict, edit, rows, problem);
    }
}
