using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Reuse;

/// <summary>Finds results that stand for a task about to run, or says in what it differs from the nearest one.</summary>
internal sealed class ReuseFinder(IDbContextFactory<ScitqDb> contexts)
{
    private const int MostResults = 3;
    private const int MostNear = 100;

    public async Task<ReusableFound> FindAsync(FindReusable asked, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        if (await db.Tasks.AsNoTracking().SingleOrDefaultAsync(t => t.CorrelationId == asked.TaskId, ct) is not { } task)
            return new ReusableFound { Request = asked.Request };
        if (await db.Events.AnyAsync(e => e.TaskId == asked.TaskId && e.Kind == HistoryKind.Relaunched, ct))
            return new ReusableFound { Request = asked.Request, Difference = "it was relaunched, which means that it runs" };

        var id = asked.TaskId;
        var same = await db.Attempts.AsNoTracking().Where(a => a.CacheKey == asked.Key && a.Outcome == AttemptOutcome.Succeeded && a.TaskId != id)
            .OrderByDescending(a => a.Finished).Take(10 * MostResults)
            .Join(db.Tasks, a => a.TaskId, t => t.CorrelationId, (a, t) => new { a.Finished, a.Outputs, t.Number, t.SpecJson }).ToListAsync(ct);
        // Where they are wanted they need not be copied.
        var results = same.OrderByDescending(s => s.Finished)
            .Select(s => new ReusableResult(s.Number, JsonSerializer.Deserialize<TaskSpec>(s.SpecJson, ScitqJson.Bus)!.Output, Files(s.Outputs)))
            .Where(r => task.Spec.Output is null || r.Output is not null)
            .OrderByDescending(r => r.Output == task.Spec.Output).Take(MostResults).ToList();
        var difference = results.Count > 0 ? null : await DifferenceAsync(db, task, asked.Parts, ct);
        return new ReusableFound { Request = asked.Request, Results = results, Difference = difference };
    }

    private static IReadOnlyList<OutputFile> Files(string? outputs) =>
        outputs is null ? [] : JsonSerializer.Deserialize<IReadOnlyList<OutputFile>>(outputs, ScitqJson.Rest)!;

    private static async Task<string> DifferenceAsync(ScitqDb db, TaskSaga task, IReadOnlyList<CachePart> parts, CancellationToken ct)
    {
        var (id, batch) = (task.CorrelationId, task.Batch);
        var recent = await db.Attempts.AsNoTracking().Where(a => a.CacheKey != null && a.Outcome == AttemptOutcome.Succeeded && a.TaskId != id)
            .Join(db.Tasks.Where(t => t.Batch == batch), a => a.TaskId, t => t.CorrelationId, (a, t) => new { a.Finished, a.CacheParts, t.Number, t.Name })
            .OrderByDescending(x => x.Finished).Take(MostNear).ToListAsync(ct);
        var command = parts.FirstOrDefault(p => p.Name == "command")?.Value;
        var near = recent.Select(r => (r.Number, r.Name, Parts: JsonSerializer.Deserialize<IReadOnlyList<CachePart>>(r.CacheParts ?? "[]", ScitqJson.Rest)!))
            .Where(r => (task.Name is not null && r.Name == task.Name) || r.Parts.Any(p => p.Name == "command" && p.Value == command))
            .OrderByDescending(r => PartDifference.Common(parts, r.Parts)).ToList();
        return near.Count == 0
            ? $"no earlier task of batch {batch} with this command or name has succeeded with --use-cache"
            : PartDifference.Between(parts, near[0].Parts, near[0].Number);
    }
}
