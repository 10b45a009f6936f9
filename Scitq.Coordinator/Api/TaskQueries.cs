using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Logs;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api;

/// <summary>The questions of the API about tasks.</summary>
internal sealed class TaskQueries(IDbContextFactory<ScitqDb> contexts, LogStore logs, TimeProvider clock)
{
    private const int MaxParameters = 5000;

    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    public async Task<TaskSaga?> FindAsync(string text, CancellationToken ct)
    {
        if (!TaskId.TryParse(text, out var id)) throw new InvalidRequestException($"'{text}' is neither a task number nor a task GUID.");
        await using var db = await contexts.CreateDbContextAsync(ct);
        var tasks = db.Tasks.AsNoTracking();
        return id.Guid is { } guid
            ? await tasks.FirstOrDefaultAsync(t => t.CorrelationId == guid, ct)
            : await tasks.FirstOrDefaultAsync(t => t.Number == id.Number, ct);
    }

    public async Task<TaskSaga?> FindAsync(Guid id, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.Tasks.AsNoTracking().FirstOrDefaultAsync(t => t.CorrelationId == id, ct);
    }

    /// <summary>Those of them that exist.</summary>
    public async Task<IReadOnlyDictionary<Guid, TaskSaga>> FindAsync(IReadOnlyList<Guid> ids, CancellationToken ct)
    {
        var found = new Dictionary<Guid, TaskSaga>();
        await using var db = await contexts.CreateDbContextAsync(ct);
        foreach (var some in ids.Chunk(MaxParameters))
            foreach (var task in await db.Tasks.AsNoTracking().Where(t => some.Contains(t.CorrelationId)).ToListAsync(ct)) found.Add(task.CorrelationId, task);
        return found;
    }

    /// <summary>A page, newest or oldest first; one more than the limit says that there are more.</summary>
    public async Task<(IReadOnlyList<TaskView> Tasks, bool More)> ListAsync(TaskFilter filter, bool oldest, long? after, int limit, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var tasks = filter.Apply(db.Tasks.AsNoTracking());
        if (after is not null) tasks = oldest ? tasks.Where(t => t.Number > after) : tasks.Where(t => t.Number < after);
        var ordered = oldest ? tasks.OrderBy(t => t.Number) : tasks.OrderByDescending(t => t.Number);
        var page = await ordered.Take(limit + 1).ToListAsync(ct);
        var more = page.Count > limit;
        if (more) page.RemoveAt(limit);
        return (await ViewsAsync(page, ct), more);
    }

    public async Task<long> CountAsync(TaskFilter filter, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await filter.Apply(db.Tasks).LongCountAsync(ct);
    }

    /// <summary>With the warnings of each one's last attempt.</summary>
    public async Task<IReadOnlyList<TaskView>> ViewsAsync(IReadOnlyList<TaskSaga> tasks, CancellationToken ct)
    {
        // Only a task that a worker had can have warnings.
        var ids = tasks.Where(t => t.Worker is not null).Select(t => t.CorrelationId).ToList();
        var warnings = new Dictionary<Guid, string?>();
        await using var db = await contexts.CreateDbContextAsync(ct);
        if (ids.Count > 0)
        {
            var rows = db.Attempts.Where(a => ids.Contains(a.TaskId) && a.Warnings != null).OrderBy(a => a.Attempt)
                .Select(a => new { a.TaskId, a.Attempt, a.Warnings });
            var last = tasks.ToDictionary(t => t.CorrelationId, LastEnded);
            foreach (var row in await rows.ToListAsync(ct))
                if (row.Attempt == last[row.TaskId]) warnings[row.TaskId] = row.Warnings;
        }

        var why = await Standstill.ReadAsync(db, tasks, Now, ct);
        return [.. tasks.Select(
            t => new TaskView(t, AttemptView.ReadWarnings(warnings.GetValueOrDefault(t.CorrelationId))) { Why = why.GetValueOrDefault(t.CorrelationId) })];
    }

    public async Task<TaskDetails> DetailsAsync(TaskSaga task, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var id = task.CorrelationId;
        var rows = await db.Attempts.AsNoTracking().Where(a => a.TaskId == id).OrderBy(a => a.Attempt).ToListAsync(ct);
        var events = await db.Events.AsNoTracking().Where(e => e.TaskId == id).OrderBy(e => e.Id).ToListAsync(ct);
        var attempts = rows.Select(r => new AttemptView(r, task.Number)).ToList();
        if (task.State.IsActive())
            attempts.Add(new AttemptView(task, logs.Length(id, task.Attempt, OutputStream.Stdout), logs.Length(id, task.Attempt, OutputStream.Stderr)));
        var why = await Standstill.ReadAsync(db, [task], Now, ct);
        return new TaskDetails(task, attempts, TaskHistory.Of(task, rows, events)) { Why = why.GetValueOrDefault(id) };
    }

    public async Task<AttemptRow?> AttemptAsync(Guid id, int attempt, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.Attempts.AsNoTracking().FirstOrDefaultAsync(a => a.TaskId == id && a.Attempt == attempt, ct);
    }

    /// <summary>The attempt whose streams are of interest: the current one, once a worker has had it; of one that only delivers, the one that ran.</summary>
    public static int Latest(TaskSaga task) => task.Redelivers ?? LastHeld(task);

    private static int LastHeld(TaskSaga task) => task.Accepted is null && task.Attempt > 1 ? task.Attempt - 1 : task.Attempt;

    private static int LastEnded(TaskSaga task) => task.State.IsTerminal() ? LastHeld(task) : task.Attempt - 1;
}
