using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Api.Actions;

/// <summary>The tasks that a request means, in the order of their numbers, some at a time.</summary>
internal sealed class TaskPages(IDbContextFactory<ScitqDb> contexts)
{
    private const int Size = 1000;

    public async IAsyncEnumerable<List<TaskMatch>> ByFilterAsync(TaskFilter filter, [EnumeratorCancellation] CancellationToken ct)
    {
        long after = 0;
        long last;
        await using (var db = await contexts.CreateDbContextAsync(ct)) last = await db.Tasks.MaxAsync(t => (long?)t.Number, ct) ?? 0;
        while (true)
        {
            List<TaskMatch> page;
            await using (var db = await contexts.CreateDbContextAsync(ct))
            {
                // Tasks that are submitted meanwhile were not meant.
                page = await filter.Apply(db.Tasks).Where(t => t.Number > after && t.Number <= last).OrderBy(t => t.Number).Take(Size)
                    .Select(t => new TaskMatch(t.CorrelationId, t.Number, t.State)).ToListAsync(ct);
            }

            if (page.Count > 0) yield return page;
            if (page.Count < Size) yield break;
            after = page[^1].Number;
        }
    }

    /// <summary>Each once; those that do not exist are added to <paramref name="missing"/>.</summary>
    public async IAsyncEnumerable<List<TaskMatch>> ByIdAsync(
        IReadOnlyList<JsonElement> ids, List<SkippedView> missing, [EnumeratorCancellation] CancellationToken ct)
    {
        if (ids.Count > 100_000) throw new InvalidRequestException("more than 100000 ids in one request: send them in several, or give a filter.");
        var asked = ids.Select(e => TaskId.TryParse(e.ValueKind == JsonValueKind.String ? e.GetString() : e.GetRawText(), out var id)
            ? id
            : throw new InvalidRequestException($"'{e.GetRawText()}' is neither a task number nor a task GUID.")).Distinct().ToList();
        var seen = new HashSet<Guid>();
        foreach (var part in asked.Chunk(Size))
        {
            var numbers = part.Where(x => x.Number is not null).Select(x => x.Number!.Value).ToArray();
            var guids = part.Where(x => x.Guid is not null).Select(x => x.Guid!.Value).ToArray();
            await using var db = await contexts.CreateDbContextAsync(ct);
            var found = await db.Tasks.Where(t => numbers.Contains(t.Number) || guids.Contains(t.CorrelationId)).OrderBy(t => t.Number)
                .Select(t => new TaskMatch(t.CorrelationId, t.Number, t.State)).ToListAsync(ct);
            var known = found.SelectMany(m => new[] { new TaskId(m.Number, null), new TaskId(null, m.Id) }).ToHashSet();
            foreach (var id in part.Where(id => !known.Contains(id)))
                missing.Add(new SkippedView(id.Number is { } number ? number : id.ToString(), ActionOutcome.Gone.Problem!));
            found.RemoveAll(m => !seen.Add(m.Id));
            if (found.Count > 0) yield return found;
        }
    }
}
