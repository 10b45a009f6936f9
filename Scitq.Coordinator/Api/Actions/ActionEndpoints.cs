using Microsoft.AspNetCore.Http.HttpResults;
using Scitq.Coordinator.Api.Access;

namespace Scitq.Coordinator.Api.Actions;

/// <summary>What may be done with tasks, one or many: made from the list of <see cref="TaskAction"/>.</summary>
internal static class ActionEndpoints
{
    public static void MapActions(this IEndpointRouteBuilder api)
    {
        var tasks = api.MapGroup("").RequireAuthorization(Rights.ChangeTasks);
        var actions = api.ServiceProvider.GetServices<TaskAction>().ToList();
        foreach (var action in actions)
        {
            tasks.MapPost($"/tasks/{{id}}/{action.Name}",
                    (string id, HttpRequest request, ActionRunner runner, CancellationToken ct) => OneAsync(action, id, request, runner, ct))
                .Accepts(action.Arguments, isOptional: true, "application/json").WithSummary(action.Summary);
        }

        tasks.MapPost("/tasks/actions", ManyAsync).Accepts<ActionBody>("application/json")
            .WithSummary($"Do one of {string.Join(", ", actions.Select(a => a.Name))} with many tasks: those with these ids, or those that match the filter. "
                + $"Without a status in the filter, {string.Join(", ", actions.Select(a => $"{a.Name} takes {a.Takes}"))}.");
    }

    private static async Task<Results<Accepted<TaskView>, ProblemHttpResult>> OneAsync(
        TaskAction action, string id, HttpRequest request, ActionRunner runner, CancellationToken ct)
    {
        var arguments = StrictRequest.HasBody(request)
            ? (ActionArguments)await SubmissionReader.ReadAsync(action.Arguments, request, ct)
            : (ActionArguments)Activator.CreateInstance(action.Arguments)!;
        return await runner.OneAsync(action, id, Call(arguments, request), ct);
    }

    private static async Task<Ok<ActionView>> ManyAsync(HttpRequest request, ActionRunner runner, IEnumerable<TaskAction> actions, CancellationToken ct)
    {
        var body = await SubmissionReader.ReadAsync<ActionBody>(request, ct);
        var action = body.Find([.. actions]);
        if (body.Ids is null == body.Filter is null) throw new InvalidRequestException("give either 'ids' or 'filter'.");
        var view = await runner.ManyAsync(action, body, Call(body.Arguments(action), request), ct);
        request.HttpContext.Note($"{body.Action}{(body.DryRun ? " (dry run)" : "")} of {view.Tasks.Count} tasks");
        return TypedResults.Ok(view);
    }

    private static ActionCall Call(ActionArguments arguments, HttpRequest request)
    {
        arguments.Check();
        return new ActionCall(arguments, Caller.Of(request.HttpContext));
    }
}
