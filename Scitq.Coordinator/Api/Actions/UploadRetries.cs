using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api.Actions;

/// <summary>Delivers output again that workers keep since its upload failed, where that can be done now, and gives the reason where it can't.</summary>
internal sealed class UploadRetries(TaskService tasks, IDbContextFactory<ScitqDb> contexts, TimeProvider clock)
{
    /// <summary>
    /// Retries those for which it is possible; of each the task there is then, with the reason why it was not retried. Null for one that does
    /// not exist.
    /// </summary>
    public async Task<IReadOnlyList<(TaskSaga Task, string? Problem)?>> RetryAsync(IReadOnlyList<Guid> ids, string? reason, string? by, CancellationToken ct)
    {
        var found = await FindAsync(ids, ct);
        var possible = found.Values.Where(f => f.Problem is null).Select(f => f.Task.CorrelationId).ToList();
        foreach (var result in await tasks.RetryUploadAsync(possible, reason, by, ct))
            if (result is var (task, done)) found[task.CorrelationId] = (task, done ? null : ProblemOf(task));
        return [.. ids.Select(id => found.TryGetValue(id, out var task) ? task : ((TaskSaga, string?)?)null)];
    }

    /// <summary>Why each can't be retried now; null where it can. Those that do not exist are left out.</summary>
    public async Task<Dictionary<Guid, string?>> ProblemsAsync(IReadOnlyList<Guid> ids, CancellationToken ct) =>
        (await FindAsync(ids, ct)).ToDictionary(f => f.Key, f => f.Value.Problem);

    private async Task<Dictionary<Guid, (TaskSaga Task, string? Problem)>> FindAsync(IReadOnlyList<Guid> ids, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var found = await db.Tasks.AsNoTracking().Where(t => ids.Contains(t.CorrelationId)).ToListAsync(ct);
        var names = found.Where(t => t.Worker is not null).Select(t => t.Worker!).Distinct().ToList();
        var now = clock.GetUtcNow().UtcDateTime;
        var online = (await db.Workers.AsNoTracking().Where(w => names.Contains(w.Name)).ToListAsync(ct))
            .Where(w => !WorkerView.IsOffline(w, now)).Select(w => w.Name).ToHashSet();
        return found.ToDictionary(
            t => t.CorrelationId,
            t => (t, ProblemOf(t) ?? (online.Contains(t.Worker!) ? null : $"worker {t.Worker}, which keeps its output, is offline.")));
    }

    private static string? ProblemOf(TaskSaga task) => task switch
    {
        { State: not TaskState.Failed } => $"it is {task.State.ToString().ToLowerInvariant()}.",
        // A disk that was full when the output was delivered: the command itself had ended well.
        { Failure: FailureClass.Disk, ExitCode: 0, Worker: not null, Spec.Output: not null } => null,
        { Failure: not FailureClass.Upload } or { Worker: null } =>
            $"its upload is not what failed ({task.Failure?.ToString().ToLowerInvariant() ?? "unknown"}).",
        // It was found out before that there is no place for it.
        { Redelivers: null, RunEnded: null } => "its command was not started, and there is no output: relaunch it.",
        _ => null,
    };
}
