using Scitq.Contracts;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api.Actions;

/// <summary>Changes the tasks of a page, or tells what would change of them.</summary>
internal sealed class TaskUpdates(TaskService tasks, TaskQueries queries)
{
    public Task<IReadOnlyList<ActionOutcome>> LookAsync(SpecPatch patch, bool restart, IReadOnlyList<TaskMatch> page, CancellationToken ct) =>
        AllAsync(page, async found =>
        {
            var looked = await tasks.LookAsync(found, patch, restart, ct);
            return looked.ToDictionary(l => l.Key, l => new ActionOutcome(l.Value.Problem) { Change = Masked.Json(l.Value.Edit.Changes) });
        }, ct);

    public Task<IReadOnlyList<ActionOutcome>> DoAsync(
        SpecPatch patch, bool restart, ActionCall call, IReadOnlyList<TaskMatch> page, CancellationToken ct) =>
        AllAsync(page, async found =>
        {
            var updated = await tasks.UpdateAsync(found, patch, restart, call.Reason, call.By, ct);
            return updated.ToDictionary(u => u.Key, u => new ActionOutcome(u.Value.Problem, u.Value.Task));
        }, ct);

    private async Task<IReadOnlyList<ActionOutcome>> AllAsync(
        IReadOnlyList<TaskMatch> page, Func<IReadOnlyCollection<TaskSaga>, Task<Dictionary<Guid, ActionOutcome>>> act, CancellationToken ct)
    {
        try
        {
            var outcomes = await act([.. (await queries.FindAsync([.. page.Select(t => t.Id)], ct)).Values]);
            return [.. page.Select(t => outcomes.GetValueOrDefault(t.Id) ?? ActionOutcome.Gone)];
        }
        catch (RequirementException e)
        {
            throw new InvalidRequestException($"{e.Problem}.");
        }
    }
}
