using Microsoft.AspNetCore.Http.HttpResults;
using Scitq.Coordinator.Api.Access;
using Scitq.Coordinator.Api.Actions;
using Scitq.Coordinator.Batches;
using Scitq.Coordinator.Workers;

namespace Scitq.Coordinator.Api;

/// <summary>Looking at batches, stopping them and letting them go on.</summary>
internal static class BatchEndpoints
{
    public static void MapBatches(this IEndpointRouteBuilder api)
    {
        var look = api.MapGroup("").RequireAuthorization(Rights.ReadTasks);
        look.MapGet("/batches", ListAsync).WithSummary("All batches with the number of their tasks in each state, and the workers that serve them now.");
        look.MapGet("/batches/{name}", ShowAsync).WithSummary("One batch.");
        var change = api.MapGroup("").RequireAuthorization(Rights.ChangeTasks);
        change.MapPost("/batches/{name}/stop", StopAsync).Accepts<ActionArguments>(isOptional: true, "application/json")
            .WithSummary("Let nothing of the batch start any more, on whatever worker; what runs goes on. One that is stopped already keeps its reason.");
        change.MapPost("/batches/{name}/go", GoAsync).Accepts<ActionArguments>(isOptional: true, "application/json")
            .WithSummary("Let a stopped batch go on.");
        change.MapPatch("/batches/{name}", UpdateAsync).Accepts<BatchChangeBody>("application/json")
            .WithSummary("Change a batch: `max_fails`, after so many failures in a row it is stopped (0: never), and `description`.");
    }

    private static async Task<Ok<List<BatchView>>> ListAsync(BatchQueries batches, CancellationToken ct) => TypedResults.Ok(await batches.AllAsync(ct));

    private static async Task<Results<Ok<BatchView>, ProblemHttpResult>> ShowAsync(string name, BatchQueries batches, CancellationToken ct) =>
        await batches.FindAsync(name, ct) is { } batch ? TypedResults.Ok(batch) : NoBatch(name);

    private static Task<Results<Ok<BatchView>, ProblemHttpResult>> StopAsync(
        string name, HttpRequest request, BatchQueries batches, BatchStops stops, CancellationToken ct) =>
        ChangeAsync(name, request, batches, stops.StopAsync, ct);

    private static Task<Results<Ok<BatchView>, ProblemHttpResult>> GoAsync(
        string name, HttpRequest request, BatchQueries batches, BatchStops stops, CancellationToken ct) =>
        ChangeAsync(name, request, batches, stops.GoAsync, ct);

    private static async Task<Results<Ok<BatchView>, ProblemHttpResult>> ChangeAsync(
        string name, HttpRequest request, BatchQueries batches, Func<string, string?, string?, CancellationToken, Task<bool>> change, CancellationToken ct)
    {
        var arguments = StrictRequest.HasBody(request) ? await SubmissionReader.ReadAsync<ActionArguments>(request, ct) : new ActionArguments();
        arguments.Check();
        if (await batches.FindAsync(name, ct) is null) return NoBatch(name);
        await change(name, arguments.Reason, Caller.Of(request.HttpContext), ct);
        return await batches.FindAsync(name, ct) is { } changed ? TypedResults.Ok(changed) : NoBatch(name);
    }

    private static async Task<Results<Ok<BatchView>, ProblemHttpResult>> UpdateAsync(
        string name, HttpRequest request, BatchQueries batches, BatchChanges changes, CancellationToken ct)
    {
        var body = await SubmissionReader.ReadAsync<BatchChangeBody>(request, ct);
        body.Check();
        if (await batches.FindAsync(name, ct) is null) return NoBatch(name);
        await changes.ChangeAsync(name, body.Change, body.Reason, Caller.Of(request.HttpContext), ct);
        return await batches.FindAsync(name, ct) is { } changed ? TypedResults.Ok(changed) : NoBatch(name);
    }

    internal static ProblemHttpResult NoBatch(string name) => Problems.NotFound($"there is no batch {name}.");
}
