using Microsoft.Extensions.DependencyInjection;
using Scitq.Agent.Parts;

namespace Scitq.Agent.Reuse;

/// <summary>Reuse: what finds the result of an identical task.</summary>
internal static class ReuseRegistration
{
    public static IServiceCollection AddReuse(this IServiceCollection services) => services.AddPart<Reuser>();
}
