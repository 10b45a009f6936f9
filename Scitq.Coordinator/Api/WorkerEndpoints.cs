using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Coordinator.Api.Access;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Workers;

namespace Scitq.Coordinator.Api;

/// <summary>Looking at workers, changing their settings, and giving them orders.</summary>
internal static class WorkerEndpoints
{
    private const int MostSlots = 10_000;

    public static void MapWorkers(this IEndpointRouteBuilder api)
    {
        var look = api.MapGroup("").RequireAuthorization(Rights.ReadWorkers);
        look.MapGet("/workers", ListAsync).WithSummary("All workers, by name.");
        look.MapGet("/workers/{id}", ShowAsync).WithSummary("One worker, by its number or name, with the resources it keeps.");
        look.MapGet("/workers/{id}/stats", WorkerUsage.ShowAsync)
            .WithSummary("How busy a worker's machine is, and was: the means of each 'step' minutes of the last 'minutes', of at most 24 hours.");
        var change = api.MapGroup("").RequireAuthorization(Rights.ChangeWorkers);
        change.MapPatch("/workers/{id}", ChangeAsync).Accepts<SettingsChange>("application/json")
            .WithSummary(
                "Change what a worker does, from now on: batch, concurrency, prefetch, paused. It outlives a restart of its agent with the same options.");
        look.MapGet("/workers/{id}/orders", OrdersAsync).WithSummary("Orders given to a worker, newest first, with their outcomes.");
    }

    private static async Task<Ok<List<WorkerView>>> ListAsync(IDbContextFactory<ScitqDb> contexts, TimeProvider clock, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var rows = await db.Workers.AsNoTracking().ToListAsync(ct);
        var now = clock.GetUtcNow().UtcDateTime;
        var batches = await db.Batches.AsNoTracking().Where(b => b.Stopped != null).ToDictionaryAsync(b => b.Name, ct);
        return TypedResults.Ok(
            rows.OrderBy(w => w.Name, StringComparer.Ordinal).Select(w => new WorkerView(w, batches.GetValueOrDefault(w.Batch), now)).ToList());
    }

    private static async Task<Results<Ok<WorkerDetails>, ProblemHttpResult>> ShowAsync(
        string id, IDbContextFactory<ScitqDb> contexts, TimeProvider clock, CancellationToken ct) =>
        await FindAsync(contexts, id, ct) is { } row ? TypedResults.Ok(await DetailsAsync(row, contexts, clock, ct)) : NoWorker(id);

    private static async Task<Results<Ok<WorkerDetails>, ProblemHttpResult>> ChangeAsync(
        string id, HttpRequest request, IDbContextFactory<ScitqDb> contexts, WorkerWishes wishes, TimeProvider clock, CancellationToken ct)
    {
        var change = await SubmissionReader.ReadAsync<SettingsChange>(request, ct);
        if (Problem(change) is { } problem) return Problems.Invalid(problem);
        return await FindAsync(contexts, id, ct) is { } row && await wishes.ChangeAsync(row.Id, change, Caller.Of(request.HttpContext), ct) is { } changed
            ? TypedResults.Ok(await DetailsAsync(changed, contexts, clock, ct))
            : NoWorker(id);
    }

    private static string? Problem(SettingsChange change)
    {
        if (change == new SettingsChange(null, null, null, null)) return "nothing to change: give batch, concurrency, prefetch or paused.";
        if (change.Batch is not null && BatchName.Problem(change.Batch) is { } batch) return batch;
        if (change.Concurrency is < 0 or > MostSlots) return $"concurrency {change.Concurrency} is not between 0 and {MostSlots}.";
        return change.Prefetch is < 0 or > MostSlots ? $"prefetch {change.Prefetch} is not between 0 and {MostSlots}." : null;
    }

    private static async Task<Results<Ok<List<OrderView>>, ProblemHttpResult>> OrdersAsync(
        string id, string? limit, IDbContextFactory<ScitqDb> contexts, CancellationToken ct)
    {
        if (await FindAsync(contexts, id, ct) is not { } worker) return NoWorker(id);
        await using var db = await contexts.CreateDbContextAsync(ct);
        var orders = await db.Orders.AsNoTracking().Where(o => o.WorkerId == worker.Id).OrderByDescending(o => o.Id)
            .Take(TaskFilter.Limit(limit, 20)).ToListAsync(ct);
        return TypedResults.Ok(orders.ConvertAll(o => OrderView.Of(o, worker.Name)));
    }

    internal static async Task<WorkerDetails> DetailsAsync(WorkerRow row, IDbContextFactory<ScitqDb> contexts, TimeProvider clock, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return new WorkerDetails(row, await db.Batches.FindAsync([row.Batch], ct), clock.GetUtcNow().UtcDateTime);
    }

    internal static async Task<WorkerRow?> FindAsync(IDbContextFactory<ScitqDb> contexts, string id, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var number = long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0;
        var rows = await db.Workers.AsNoTracking().Where(w => w.Id == number || w.Name == id).ToListAsync(ct);

        // A name may look like a number; then the worker with that number is meant.
        return rows.OrderByDescending(w => w.Id == number).FirstOrDefault();
    }

    internal static ProblemHttpResult NoWorker(string id) => Problems.NotFound($"there is no worker {id}.");
}
