using Microsoft.AspNetCore.Http.HttpResults;

namespace Scitq.Coordinator.Api.Actions;

/// <summary>Finds the tasks that an action is for, and does it with them page by page.</summary>
internal sealed class ActionRunner(TaskQueries queries, TaskPages pages)
{
    private const int MostChanges = 100;

    public async Task<Results<Accepted<TaskView>, ProblemHttpResult>> OneAsync(TaskAction action, string id, ActionCall call, CancellationToken ct)
    {
        if (await queries.FindAsync(id, ct) is not { } found) return Problems.NoTask(id);
        var outcome = (await action.DoAsync(call, [new TaskMatch(found.CorrelationId, found.Number, found.State)], ct))[0];
        if (outcome.Task is not { } task) return Problems.NoTask(id);
        return outcome.Problem is { } problem
            ? Problems.WrongState($"task {task.Number} can't be {action.Done}: {problem}", action.Hint)
            : TypedResults.Accepted($"/api/v1/tasks/{task.Number}", (await queries.ViewsAsync([task], ct))[0]);
    }

    public async Task<ActionView> ManyAsync(TaskAction action, ActionBody body, ActionCall call, CancellationToken ct)
    {
        var matched = 0;
        var (done, skipped, changes) = (new List<long>(), new List<SkippedView>(), new List<ChangeView>());
        var found = body.Ids is { } ids ? pages.ByIdAsync(ids, skipped, ct) : pages.ByFilterAsync(action.Complete(body.Filter!.Read()), ct);
        await foreach (var page in found)
        {
            matched += page.Count;
            var outcomes = body.DryRun ? await action.LookAsync(call, page, ct) : await action.DoAsync(call, page, ct);
            for (var i = 0; i < page.Count; i++)
            {
                if (outcomes[i].Problem is { } problem) skipped.Add(new SkippedView(page[i].Number, problem));
                else done.Add(page[i].Number);
                if (outcomes[i] is { Problem: null, Change: { } change } && changes.Count < MostChanges) changes.Add(new ChangeView(page[i].Number, change));
            }
        }

        return new ActionView(matched, body.DryRun ? 0 : done.Count, done, skipped) { Changes = changes };
    }
}
