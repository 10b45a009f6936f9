using Microsoft.AspNetCore.Http.HttpResults;
using Scitq.Coordinator.Api.Access;
using Scitq.Coordinator.Api.Actions;

namespace Scitq.Coordinator.Api.WorkerActions;

/// <summary>What may be done with workers, one or many: made from the list of <see cref="WorkerAction"/>.</summary>
internal static class WorkerActionEndpoints
{
    /// <summary>Every action there is: another one is a class and a line here.</summary>
    public static IServiceCollection AddWorkerActions(this IServiceCollection services) =>
        services.AddSingleton<WorkerActionRunner>()
            .AddSingleton<WorkerAction, DrainAction>()
            .AddSingleton<WorkerAction, RestartAction>()
            .AddSingleton<WorkerAction, DeleteAction>()
            .AddSingleton<WorkerAction, CleanAction>()
            .AddSingleton<WorkerAction, ResetResourcesAction>();

    public static void MapWorkerActions(this IEndpointRouteBuilder api)
    {
        var workers = api.MapGroup("").RequireAuthorization(Rights.ChangeWorkers);
        var actions = api.ServiceProvider.GetServices<WorkerAction>().ToList();
        foreach (var action in actions)
        {
            workers.MapPost($"/workers/{{id}}/{action.Name}",
                    (string id, HttpRequest request, WorkerActionRunner runner, CancellationToken ct) => OneAsync(action, id, request, runner, ct))
                .Accepts(action.Arguments, isOptional: true, "application/json").WithSummary(action.Summary);
        }

        var delete = actions.Find(a => a is DeleteAction)!;
        workers.MapDelete("/workers/{id}",
                (string id, bool? force, string? reason, HttpRequest request, WorkerActionRunner runner, CancellationToken ct) =>
                    runner.OneAsync(delete, id, Call(new DeleteArguments { Force = force == true, Reason = reason }, request), ct))
            .WithSummary(delete.Summary);
        workers.MapPost("/workers/actions", ManyAsync).Accepts<WorkerActionBody>("application/json")
            .WithSummary($"Do one of {string.Join(", ", actions.Select(a => a.Name))} with many workers: those of these names or numbers, and those that serve "
                + "these batches.");
    }

    private static async Task<Results<Accepted<WorkerActed>, ProblemHttpResult>> OneAsync(
        WorkerAction action, string id, HttpRequest request, WorkerActionRunner runner, CancellationToken ct)
    {
        var arguments = StrictRequest.HasBody(request)
            ? (ActionArguments)await SubmissionReader.ReadAsync(action.Arguments, request, ct)
            : (ActionArguments)Activator.CreateInstance(action.Arguments)!;
        return await runner.OneAsync(action, id, Call(arguments, request), ct);
    }

    private static async Task<Ok<WorkerActionView>> ManyAsync(
        HttpRequest request, WorkerActionRunner runner, IEnumerable<WorkerAction> actions, CancellationToken ct)
    {
        var body = await SubmissionReader.ReadAsync<WorkerActionBody>(request, ct);
        var (action, arguments) = body.Read([.. actions]);
        var view = await runner.ManyAsync(action, body, Call(arguments, request), ct);
        request.HttpContext.Note($"{body.Action}{(body.DryRun ? " (dry run)" : "")} of {view.Workers.Count} workers");
        return TypedResults.Ok(view);
    }

    private static ActionCall Call(ActionArguments arguments, HttpRequest request)
    {
        arguments.Check();
        return new ActionCall(arguments, Caller.Of(request.HttpContext));
    }
}
