using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Coordinator.Api.Access;
using Scitq.Coordinator.Batches;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Api;

/// <summary>Looking at batches.</summary>
internal static class BatchEndpoints
{
    public static void MapBatches(this IEndpointRouteBuilder api)
    {
        var batches = api.MapGroup("").RequireAuthorization(Rights.ReadTasks);
        batches.MapGet("/batches", ListAsync).WithSummary("All batches with the number of their tasks in each state, and the workers that serve them now.");
        batches.MapGet("/batches/{name}", ShowAsync).WithSummary("One batch.");
    }

    private static async Task<Ok<List<BatchView>>> ListAsync(
        BatchCounts counts, IDbContextFactory<ScitqDb> contexts, TimeProvider clock, CancellationToken ct) =>
        TypedResults.Ok(await ViewsAsync(counts, contexts, clock, ct));

    private static async Task<Results<Ok<BatchView>, ProblemHttpResult>> ShowAsync(
        string name, BatchCounts counts, IDbContextFactory<ScitqDb> contexts, TimeProvider clock, CancellationToken ct) =>
        (await ViewsAsync(counts, contexts, clock, ct)).Find(b => b.Batch == name) is { } batch
            ? TypedResults.Ok(batch)
            : Problems.NotFound($"there is no batch {name}.");

    private static async Task<List<BatchView>> ViewsAsync(BatchCounts counts, IDbContextFactory<ScitqDb> contexts, TimeProvider clock, CancellationToken ct)
    {
        var snapshot = await counts.GetAsync(ct);
        await using var db = await contexts.CreateDbContextAsync(ct);
        var now = clock.GetUtcNow().UtcDateTime;
        var workers = (await db.Workers.AsNoTracking().ToListAsync(ct))
            .Where(w => WorkerView.StatusOf(w, now) != WorkerStatus.Offline).ToLookup(w => w.Batch, w => w.Name);
        return [.. snapshot.Names.Select(name => new BatchView(name, snapshot, [.. workers[name].Order(StringComparer.Ordinal)]))];
    }
}

/// <summary>A batch: the number of its tasks in each state, and the workers that serve it.</summary>
internal sealed record BatchView
{
    public BatchView(string name, BatchSnapshot counts, IReadOnlyList<string> workers)
    {
        (Batch, Workers) = (name, workers);
        Waiting = counts.Count(name, TaskState.Waiting);
        Pending = counts.Count(name, TaskState.Pending);
        Accepted = counts.Count(name, TaskState.Accepted);
        Running = counts.Count(name, TaskState.Running);
        Suspended = counts.Count(name, TaskState.Suspended);
        Uploading = counts.Count(name, TaskState.Uploading);
        Succeeded = counts.Count(name, TaskState.Succeeded);
        Failed = counts.Count(name, TaskState.Failed);
        Cancelled = counts.Count(name, TaskState.Cancelled);
        Paused = counts.Count(name, TaskState.Paused);
        Total = TaskRules.States.Sum(state => counts.Count(name, state));
    }

    public string Batch { get; }

    public long Waiting { get; }

    public long Pending { get; }

    public long Accepted { get; }

    public long Running { get; }

    public long Suspended { get; }

    public long Uploading { get; }

    public long Succeeded { get; }

    public long Failed { get; }

    public long Cancelled { get; }

    public long Paused { get; }

    public long Total { get; }

    public IReadOnlyList<string> Workers { get; }
}
