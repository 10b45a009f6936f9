using Microsoft.Extensions.DependencyInjection;

namespace Scitq.Agent.Slots;

/// <summary>Slots: how many attempts this worker has room for.</summary>
internal static class SlotRegistration
{
    public static IServiceCollection AddSlots(this IServiceCollection services, AgentOptions options) =>
        services.AddSingleton(s => new Capacity(options.Concurrency, options.Prefetch, s.GetRequiredService<TimeProvider>()));
}
