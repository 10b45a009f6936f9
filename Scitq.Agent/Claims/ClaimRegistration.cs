using Microsoft.Extensions.DependencyInjection;
using Scitq.Agent.Bus;
using Scitq.Agent.Parts;

namespace Scitq.Agent.Claims;

/// <summary>Claims: what asks for the tasks that the batch's queue brings.</summary>
internal static class ClaimRegistration
{
    public static IServiceCollection AddClaims(this IServiceCollection services) => services
        .AddPart<ClaimBatcher>()
        .AddPart<ClaimAnswers>()
        .AddSingleton<BatchListener>()
        .AddSingleton<ITaskTaker, TaskIntake>();
}
