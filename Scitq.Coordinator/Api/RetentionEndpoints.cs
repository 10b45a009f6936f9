using Microsoft.AspNetCore.Http.HttpResults;
using Scitq.Coordinator.Api.Access;
using Scitq.Coordinator.Retention;

namespace Scitq.Coordinator.Api;

/// <summary>Removing what is no longer kept.</summary>
internal static class RetentionEndpoints
{
    public static void MapRetention(this IEndpointRouteBuilder api) =>
        api.MapPost("/server/prune", PruneAsync).RequireAuthorization(Rights.ChangeServer).Accepts<PruneBody>(isOptional: true, "application/json")
            .WithSummary(
                "Remove now what is no longer kept (--keep-tasks, --keep-logs, --keep-events and those of batches), instead of within the hour. The answer says "
                + "how much that is; with dry_run it is only looked at.");

    private static async Task<Results<Accepted<Pruned>, Ok<Pruned>, ProblemHttpResult>> PruneAsync(HttpRequest request, Pruner pruner, CancellationToken ct)
    {
        var body = StrictRequest.HasBody(request) ? await SubmissionReader.ReadAsync<PruneBody>(request, ct) : new PruneBody();
        if (await pruner.LookAsync(ct) is not { } found)
            return Problems.WrongState(
                "everything is kept for ever.", "Start the coordinator with --keep-tasks, --keep-logs or --keep-events, or set them of a batch.");
        request.HttpContext.Note($"prune{(body.DryRun ? " (dry run)" : "")} of {found.Tasks} tasks");
        if (body.DryRun) return TypedResults.Ok(found);
        pruner.Ask();
        return TypedResults.Accepted("/api/v1/server", found);
    }
}

/// <summary>Whether it is only to be looked at.</summary>
internal sealed record PruneBody(bool DryRun = false);
