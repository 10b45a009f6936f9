using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Coordinator.Logs;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Retention;

/// <summary>The output of tasks that have ended, where it is no longer kept and the task still is.</summary>
internal sealed class OldLogs(IDbContextFactory<ScitqDb> contexts, LogStore logs)
{
    private const int Page = 500;

    /// <summary>The tasks whose output is to go, with its size.</summary>
    /// <remarks>
    /// Found by the files: only they know whether there is any. Output of a task that is unknown stays, for then the database may be an older copy.
    /// </remarks>
    public async IAsyncEnumerable<(Guid Task, long Bytes)> FindAsync(IReadOnlyList<RetentionRule> rules, [EnumeratorCancellation] CancellationToken ct)
    {
        if (rules.Count == 0) yield break;
        var latest = rules.Max(r => r.Before);
        foreach (var some in logs.Stored().Where(s => s.Written < latest).Chunk(Page))
        {
            var ids = some.Select(s => s.Task).ToList();
            var old = new HashSet<Guid>();
            await using (var db = await contexts.CreateDbContextAsync(ct))
            {
                foreach (var rule in rules)
                {
                    var ended = rule.Of(db.Tasks).Where(t => ids.Contains(t.CorrelationId) && t.Finished < rule.Before)
                        .Select(t => new { t.CorrelationId, t.State });
                    foreach (var task in await ended.ToListAsync(ct))
                        if (task.State.IsTerminal()) old.Add(task.CorrelationId);
                }
            }

            foreach (var (task, _, bytes) in some)
                if (old.Contains(task)) yield return (task, bytes);
        }
    }
}
