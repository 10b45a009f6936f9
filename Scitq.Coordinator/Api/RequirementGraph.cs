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
            var unmet = await db.Unmet().Where(u => level.Contains(u.TaskId)).OrderBy(u => u.Number).ToListAsync(ct);
            foreach (var u in unmet)
            {
                if (u.IsDead)
                {
                    var by = u.TaskId == task.CorrelationId ? "which it requires," : $"which task {numbers[u.TaskId]} requires,";
                    return $"{u.What}, {by} {(u.State == TaskState.Failed ? "has failed" : u.Became)}.";
                }

                if (u.State != TaskState.Waiting) continue;
                required[u.TaskId].Add(u.RequiredId);
                numbers[u.RequiredId] = u.Number!.Value;
            }

            level = [.. unmet.Where(u => u.State == TaskState.Waiting).Select(u => u.RequiredId).Distinct().Where(id => !required.ContainsKey(id))];
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
