using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api;

/// <summary>Follows the requirements of a waiting task, directly and by way of others.</summary>
internal static class RequirementGraph
{
    private const int MostLookedAt = 10_000;

    /// <summary>
    /// Why the task can't start however long it waits, as a sentence: something it requires has failed or was cancelled, or it waits for a ring.
    /// Null when it can, or when there is too much to look at.
    /// </summary>
    public static async Task<string?> DeadEndAsync(ScitqDb db, TaskSaga task, CancellationToken ct)
    {
        var required = new Dictionary<Guid, List<Guid>>();
        var numbers = new Dictionary<Guid, long> { [task.CorrelationId] = task.Number };
        for (List<Guid> level = [task.CorrelationId]; level.Count > 0;)
        {
            if (required.Count + level.Count > MostLookedAt) return null;
            foreach (var id in level) required[id] = [];
            var unmet = await db.Requirements.Where(r => level.Contains(r.TaskId))
                .Join(db.Tasks, r => r.RequiredId, t => t.CorrelationId, (r, t) => new { r.TaskId, t.CorrelationId, t.Number, t.State })
                .Where(t => t.State != TaskState.Succeeded).OrderBy(t => t.Number).ToListAsync(ct);
            foreach (var t in unmet)
            {
                if (t.State is TaskState.Failed or TaskState.Cancelled)
                {
                    var by = t.TaskId == task.CorrelationId ? "which it requires," : $"which task {numbers[t.TaskId]} requires,";
                    return $"task {t.Number}, {by} {(t.State == TaskState.Failed ? "has failed" : "was cancelled")}.";
                }

                if (t.State != TaskState.Waiting) continue;
                required[t.TaskId].Add(t.CorrelationId);
                numbers[t.CorrelationId] = t.Number;
            }

            level = [.. unmet.Where(t => t.State == TaskState.Waiting).Select(t => t.CorrelationId).Distinct().Where(id => !required.ContainsKey(id))];
        }

        return Ring(required, task.CorrelationId) is not { } ring ? null
            : ring is [var alone] ? $"task {numbers[alone]} requires itself; cancel it."
            : $"tasks {string.Join(", ", ring.Select(id => numbers[id]))} require one another in a ring; cancel one of them.";
    }

    /// <summary>Takes away, again and again, the tasks that wait for none of those left; the tasks that remain lead into a ring.</summary>
    private static List<Guid>? Ring(Dictionary<Guid, List<Guid>> required, Guid from)
    {
        var left = required.ToDictionary(r => r.Key, r => r.Value.Count);
        var requiring = required.SelectMany(r => r.Value.Select(v => (By: r.Key, Of: v))).ToLookup(r => r.Of, r => r.By);
        var free = new Queue<Guid>(left.Where(l => l.Value == 0).Select(l => l.Key));
        while (free.TryDequeue(out var id))
        {
            left.Remove(id);
            foreach (var by in requiring[id])
                if (--left[by] == 0) free.Enqueue(by);
        }

        if (!left.ContainsKey(from)) return null;
        var path = new List<Guid>();
        for (var at = from; ; at = required[at].First(left.ContainsKey))
        {
            if (path.IndexOf(at) is var start and >= 0) return path[start..];
            path.Add(at);
        }
    }
}
