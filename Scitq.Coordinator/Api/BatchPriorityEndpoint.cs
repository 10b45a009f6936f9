using Microsoft.AspNetCore.Http.HttpResults;
using Scitq.Coordinator.Api.Access;
using Scitq.Coordinator.Api.Actions;
using Scitq.Coordinator.Batches;

namespace Scitq.Coordinator.Api;

/// <summary>Giving batches a priority.</summary>
internal static class BatchPriorityEndpoint
{
    public static void MapBatchPriority(this IEndpointRouteBuilder api) =>
        api.MapPost("/batches/{name}/prioritize", GiveAsync).RequireAuthorization(Rights.ChangeTasks).Accepts<PriorityArguments>("application/json")
            .WithSummary("Give a batch a priority: that of its tasks which were given none of their own, those that wait now included.");

    private static async Task<Results<Ok<BatchView>, ProblemHttpResult>> GiveAsync(
        string name, HttpRequest request, BatchQueries batches, BatchPriorities priorities, CancellationToken ct)
    {
        var arguments = await SubmissionReader.ReadAsync<PriorityArguments>(request, ct);
        arguments.Check();
        if (await batches.FindAsync(name, ct) is null) return BatchEndpoints.NoBatch(name);
        await priorities.GiveAsync(name, arguments.Priority!.Value, arguments.Reason, Caller.Of(request.HttpContext), ct);
        return await batches.FindAsync(name, ct) is { } changed ? TypedResults.Ok(changed) : BatchEndpoints.NoBatch(name);
    }
}
