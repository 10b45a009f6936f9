using Microsoft.AspNetCore.Http.HttpResults;

namespace Scitq.Coordinator.Api;

/// <summary>Errors as <c>application/problem+json</c>: one line for people, a <c>code</c> for programs, and a <c>hint</c> of what to try.</summary>
internal static class Problems
{
    public static ProblemHttpResult Invalid(string detail, string? hint = null) => Of(StatusCodes.Status400BadRequest, "invalid", detail, hint);

    public static ProblemHttpResult NoTask(string id) =>
        Of(StatusCodes.Status404NotFound, "not_found", $"there is no task {id}.", "See: scitq-manage task list");

    public static ProblemHttpResult NotFound(string detail) => Of(StatusCodes.Status404NotFound, "not_found", detail);

    public static ProblemHttpResult WrongState(string detail, string hint) => Of(StatusCodes.Status409Conflict, "wrong_state", detail, hint);

    public static ProblemHttpResult IdReused(Guid id, long number) =>
        Of(StatusCodes.Status409Conflict, "id_reused", $"the id {id} belongs to task {number}, which asks for something else.",
            "Make a new id for each new task; send the same one only to repeat the same request.");

    public static ProblemHttpResult Unavailable(string detail, string hint) => Of(StatusCodes.Status503ServiceUnavailable, "unavailable", detail, hint);

    public static ProblemHttpResult Of(int status, string code, string detail, string? hint = null)
    {
        var extensions = new Dictionary<string, object?> { ["code"] = code };
        if (hint is not null) extensions["hint"] = hint;
        return TypedResults.Problem(detail, statusCode: status, extensions: extensions);
    }
}
