using Microsoft.Extensions.DependencyInjection;

namespace Scitq.Agent.Slots;

/// <summary>Slots: how many attempts this worker has room for.</summary>
internal static class SlotRegistration
{
    public static IServiceCollection AddSlots(this IServiceCollection services) => services.AddSingleton(s =>
    {
        var options = s.GetRequiredService<AgentOptions>();
        return new Capacity(options.Concurrency, options.Prefetch, s.GetRequiredService<TimeProvider>());
    });
}
