using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Api;

/// <summary>Looking at workers.</summary>
internal static class WorkerEndpoints
{
    public static void MapWorkers(this IEndpointRouteBuilder api)
    {
        api.MapGet("/workers", ListAsync).WithSummary("All workers, by name.");
        api.MapGet("/workers/{id}", ShowAsync).WithSummary("One worker, by its number or name.");
    }

    private static async Task<Ok<List<WorkerView>>> ListAsync(IDbContextFactory<ScitqDb> contexts, TimeProvider clock, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var rows = await db.Workers.AsNoTracking().ToListAsync(ct);
        var now = clock.GetUtcNow().UtcDateTime;
        return TypedResults.Ok(rows.OrderBy(w => w.Name, StringComparer.Ordinal).Select(w => WorkerView.Of(w, now)).ToList());
    }

    private static async Task<Results<Ok<WorkerView>, ProblemHttpResult>> ShowAsync(string id, IDbContextFactory<ScitqDb> contexts, TimeProvider clock, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var number = long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0;
        var rows = await db.Workers.AsNoTracking().Where(w => w.Id == number || w.Name == id).ToListAsync(ct);

        // A name may look like a number; the number is what was meant then.
        return rows.OrderByDescending(w => w.Id == number).FirstOrDefault() is { } row
            ? TypedResults.Ok(WorkerView.Of(row, clock.GetUtcNow().UtcDateTime))
            : Problems.NotFound($"there is no worker {id}.");
    }
}
