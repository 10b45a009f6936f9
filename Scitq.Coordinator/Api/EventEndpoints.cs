using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Coordinator.Api.Access;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api;

/// <summary>Listing the events that are recorded beside the routine: losses, cancels, late ends, and messages that could not be read.</summary>
internal static class EventEndpoints
{
    public static void MapEvents(this IEndpointRouteBuilder api) =>
        api.MapGet("/events", ListAsync).RequireAuthorization(Rights.ReadTasks)
            .WithSummary(
                "Events, newest first: lost, late, cancel_requested, relaunched, upload_retried, priority_given, refused, malformed, "
                + "worker_changed, batch_stopped, batch_continued, batch_changed, worker_aside. "
                + "X-Next-After is the `after` of the next page.");

    private static async Task<List<EventView>> ListAsync(
        HttpContext context, IDbContextFactory<ScitqDb> contexts, string[]? kind, long? after, string? limit, CancellationToken ct)
    {
        _ = kind;
        var kinds = TaskFilter.Words(context.Request.Query["kind"]).Select(word => new HistoryKind(word)).ToList();
        var count = TaskFilter.Limit(limit, 20);
        await using var db = await contexts.CreateDbContextAsync(ct);
        var events = db.Events.AsNoTracking();
        if (kinds.Count > 0) events = events.Where(e => kinds.Contains(e.Kind));
        if (after is not null) events = events.Where(e => e.Id < after);
        var page = await events.OrderByDescending(e => e.Id).Take(count + 1)
            .Select(
                e =>
                    new EventView(e.Id, e.At, e.Kind.Word, db.Tasks.Where(t => t.CorrelationId == e.TaskId).Select(t => (long?)t.Number).FirstOrDefault(),
                        e.TaskId, e.Attempt, e.Worker, e.Detail, e.ByWhom))
            .ToListAsync(ct);
        if (page.Count > count) context.Response.Headers["X-Next-After"] = page[count - 1].EventId.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return [.. page.Take(count).Select(e => e with { Detail = e.Detail is null ? null : Masked.Json(e.Detail) })];
    }

    /// <summary>One event; the task's number is null when no such task is known.</summary>
    private sealed record EventView(long EventId, DateTime At, string Kind, long? TaskId, Guid Id, int Attempt, string? Worker, string? Detail, string? By);
}
