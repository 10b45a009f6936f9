using Microsoft.Extensions.DependencyInjection;
using Scitq.Agent.Parts;

namespace Scitq.Agent.Machine;

/// <summary>What the machine is, and how busy.</summary>
internal static class MachineRegistration
{
    public static IServiceCollection AddMachine(this IServiceCollection services) => services
        .AddPart<GpuUsage>()
        .AddSingleton(s => new MachineUsage(
            s.GetRequiredService<GpuUsage>(), s.GetRequiredService<AgentOptions>().Heartbeat, s.GetRequiredService<TimeProvider>()));
}
