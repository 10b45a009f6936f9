using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Bus;

/// <summary>Keeps in the history that a message was refused or could not be read.</summary>
internal sealed partial class MessageHistory(IDbContextFactory<ScitqDb> contexts, TimeProvider clock, ILogger<MessageHistory> logger)
{
    /// <summary>Keeps an event in the history; the task may be unknown.</summary>
    public async Task RecordAsync(Guid task, HistoryKind kind, string detail, CancellationToken ct)
    {
        detail = Masked.Json(detail);
        await using var db = await contexts.CreateDbContextAsync(ct);
        // PostgreSQL's text holds any character but NUL.
        db.Events.Add(new TaskEventRow { TaskId = task, At = clock.GetUtcNow().UtcDateTime, Kind = kind, Detail = detail.Replace('\0', ' ') });
        await db.SaveChangesAsync(ct);
        Log.Recorded(logger, kind, task, detail);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Kind}: task {Task}: {Detail}")]
        public static partial void Recorded(ILogger logger, HistoryKind kind, Guid task, string detail);
    }
}
