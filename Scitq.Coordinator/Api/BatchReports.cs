using Microsoft.AspNetCore.Http.HttpResults;
using Scitq.Coordinator.Api.Access;
using Scitq.Coordinator.Batches;

namespace Scitq.Coordinator.Api;

/// <summary>What the tasks of a batch took.</summary>
internal static class BatchReports
{
    public static void MapReports(this IEndpointRouteBuilder api)
    {
        var reports = api.MapGroup("").RequireAuthorization(Rights.ReadTasks);
        reports.MapGet("/batches/{name}/stats", StatsAsync)
            .WithSummary("What the ended tasks of a batch took: times of each phase, peak memory, CPU, bytes, and why they failed.");
        reports.MapGet("/batches/{name}/export", ExportAsync).Produces(StatusCodes.Status200OK, contentType: "text/csv")
            .WithSummary("All ended attempts of a batch, a line each, as `format` csv (the usual one) or jsonl; times in seconds, sizes in bytes.");
    }

    private static async Task<Results<Ok<StatsView>, ProblemHttpResult>> StatsAsync(
        string name, BatchQueries batches, BatchStatistics statistics, CancellationToken ct) =>
        await batches.FindAsync(name, ct) is null
            ? BatchEndpoints.NoBatch(name)
            : TypedResults.Ok(new StatsView(name, await statistics.ReadAsync(name, ct)));

    private static async Task<Results<EmptyHttpResult, ProblemHttpResult>> ExportAsync(
        HttpContext context, string name, string? format, BatchQueries batches, BatchExport export, ExportWriter writer, CancellationToken ct)
    {
        if (format is not (null or "csv" or "jsonl")) return Problems.Invalid($"format '{format}' is neither csv nor jsonl.");
        if (await batches.FindAsync(name, ct) is null) return BatchEndpoints.NoBatch(name);
        await writer.WriteAsync(context.Response, export.ReadAsync(name, ct), format != "jsonl", ct);
        return TypedResults.Empty;
    }

    /// <summary>The statistics of a batch.</summary>
    /// <param name="Batch">The batch.</param>
    /// <param name="Ended">One for each way in which tasks of it have ended.</param>
    private sealed record StatsView(string Batch, IReadOnlyList<EndStatistics> Ended);
}
