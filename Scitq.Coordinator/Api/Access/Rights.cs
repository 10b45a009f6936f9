using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;

namespace Scitq.Coordinator.Api.Access;

/// <summary>
/// The rights that endpoints ask for, each an authorization policy of that name. Today whoever is let in has all of them; roles, when
/// they come, are sets of them.
/// </summary>
internal static class Rights
{
    public const string ReadTasks = "Tasks.Read";
    public const string ChangeTasks = "Tasks.Change";
    public const string ReadWorkers = "Workers.Read";
    public const string ChangeWorkers = "Workers.Change";
    public const string ReadServer = "Server.Read";
    public const string ChangeServer = "Server.Change";

    private const string Claim = "right";

    public static IReadOnlyList<string> All { get; } = [ReadTasks, ChangeTasks, ReadWorkers, ChangeWorkers, ReadServer, ChangeServer];

    /// <summary>Somebody who may do everything.</summary>
    public static ClaimsPrincipal Full(string scheme) => new(new ClaimsIdentity(All.Select(right => new Claim(Claim, right)), scheme));

    /// <summary>A policy for each right; an address that no endpoint answers is not told about to somebody who has none.</summary>
    public static void AddPolicies(AuthorizationOptions options)
    {
        foreach (var right in All) options.AddPolicy(right, policy => policy.RequireClaim(Claim, right));
        options.FallbackPolicy = new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build();
    }
}
