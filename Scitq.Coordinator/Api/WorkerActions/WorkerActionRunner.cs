using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Scitq.Coordinator.Api.Actions;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Workers;

namespace Scitq.Coordinator.Api.WorkerActions;

/// <summary>Finds the workers that an action is for, and does it with one after the other.</summary>
internal sealed class WorkerActionRunner(IDbContextFactory<ScitqDb> contexts)
{
    public async Task<Results<Accepted<WorkerActed>, ProblemHttpResult>> OneAsync(WorkerAction action, string id, ActionCall call, CancellationToken ct)
    {
        if (await WorkerEndpoints.FindAsync(contexts, id, ct) is not { } worker) return WorkerEndpoints.NoWorker(id);
        var outcome = await ActAsync(action, call, worker, dryRun: false, ct);
        return outcome.Problem is { } problem
            ? Problems.WrongState($"worker {worker.Name} can't be {action.Done}: {problem}", action.Hint)
            : TypedResults.Accepted($"/api/v1/workers/{worker.Id}", View(worker, outcome));
    }

    public async Task<WorkerActionView> ManyAsync(WorkerAction action, WorkerActionBody body, ActionCall call, CancellationToken ct)
    {
        var (done, skipped) = (new List<WorkerActed>(), new List<WorkerSkipped>());
        var workers = await FindAsync(body, skipped, ct);
        foreach (var worker in workers)
        {
            var outcome = await ActAsync(action, call, worker, body.DryRun, ct);
            if (outcome.Problem is { } problem) skipped.Add(new WorkerSkipped(worker.Name, problem));
            else done.Add(View(worker, outcome));
        }

        return new WorkerActionView(workers.Count, body.DryRun ? 0 : done.Count, done, skipped);
    }

    private static async Task<WorkerOutcome> ActAsync(WorkerAction action, ActionCall call, WorkerRow worker, bool dryRun, CancellationToken ct) =>
        await action.ProblemAsync(call, worker, ct) is { } problem ? new WorkerOutcome(problem)
        : dryRun ? new WorkerOutcome()
        : await action.DoAsync(call, worker, ct);

    private static WorkerActed View(WorkerRow worker, WorkerOutcome outcome) =>
        new(worker.Name, worker.Id, outcome.Note, outcome.Order?.Id, outcome.Order?.Kind, outcome.Order?.Created);

    private async Task<IReadOnlyList<WorkerRow>> FindAsync(WorkerActionBody body, List<WorkerSkipped> skipped, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var all = await db.Workers.AsNoTracking().ToListAsync(ct);
        var meant = new HashSet<long>();
        foreach (var id in body.Workers ?? [])
        {
            var number = long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0;
            if ((all.Find(w => w.Id == number) ?? all.Find(w => w.Name == id)) is { } worker) meant.Add(worker.Id);
            else skipped.Add(new WorkerSkipped(id, "there is no such worker."));
        }

        return [.. all.Where(w => meant.Contains(w.Id) || body.Batches?.Contains(w.Batch) == true).OrderBy(w => w.Name, StringComparer.Ordinal)];
    }
}
