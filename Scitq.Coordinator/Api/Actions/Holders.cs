using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Api.Actions;

/// <summary>The workers that have tasks, and what they know how to do with them.</summary>
internal sealed class Holders(IDbContextFactory<ScitqDb> contexts, TaskQueries queries)
{
    /// <summary>Of the tasks whose worker is too old to be asked for this, the reason.</summary>
    private async Task<Dictionary<Guid, string>> TooOldAsync(IReadOnlyList<TaskMatch> page, string ability, CancellationToken ct)
    {
        var held = page.Where(t => t.State.IsActive()).Select(t => t.Id).ToList();
        if (held.Count == 0) return [];
        await using var db = await contexts.CreateDbContextAsync(ct);
        var holders = await db.Tasks.Where(t => held.Contains(t.CorrelationId)).Select(t => new { t.CorrelationId, t.Worker }).ToListAsync(ct);
        var names = holders.Select(h => h.Worker).Distinct().ToList();
        var workers = await db.Workers.AsNoTracking().Where(w => names.Contains(w.Name)).ToListAsync(ct);
        var known = workers.Where(w => w.Knows(ability)).Select(w => w.Name).ToHashSet();
        return holders.Where(h => h.Worker is not null && !known.Contains(h.Worker))
            .ToDictionary(h => h.CorrelationId, h => $"the agent of worker {h.Worker} is too old to {ability} it: upgrade that.");
    }

    /// <summary>Whether it could be done now: not where the state forbids it, nor where the worker is too old.</summary>
    public async Task<IReadOnlyList<ActionOutcome>> LookAsync(
        IReadOnlyList<TaskMatch> page, string ability, Func<TaskState, bool> allows, CancellationToken ct)
    {
        var tooOld = await TooOldAsync(page, ability, ct);
        return [.. page.Select(t => new ActionOutcome(allows(t.State) ? tooOld.GetValueOrDefault(t.Id) : ActionOutcome.Is(t.State)))];
    }

    /// <summary>Asks those whose worker is not too old; the outcomes of all are in the order of the page.</summary>
    public async Task<IReadOnlyList<ActionOutcome>> AskAsync(
        IReadOnlyList<TaskMatch> page, string ability, Func<IReadOnlyList<Guid>, Task<IReadOnlyList<ActionOutcome>>> ask, CancellationToken ct)
    {
        var tooOld = await TooOldAsync(page, ability, ct);
        var asked = page.Select(t => t.Id).Where(id => !tooOld.ContainsKey(id)).ToList();
        var outcomes = asked.Zip(await ask(asked)).ToDictionary(o => o.First, o => o.Second);
        var refused = tooOld.Count == 0 ? null : await queries.FindAsync([.. tooOld.Keys], ct);
        return [.. page.Select(t => outcomes.TryGetValue(t.Id, out var outcome) ? outcome
            : refused!.TryGetValue(t.Id, out var task) ? new ActionOutcome(tooOld[t.Id], task) : ActionOutcome.Gone)];
    }
}
