using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Bus;
using Scitq.Agent.Parts;

namespace Scitq.Agent.Logs;

/// <summary>Logs: what brings the output of commands to the coordinator.</summary>
internal static class LogRegistration
{
    public static IServiceCollection AddLogs(this IServiceCollection services) => services.AddPart(s => new LogPump(
        s.GetRequiredService<IAgentBus>(), s.GetRequiredService<WorkerIdentity>(), s.GetRequiredService<TimeProvider>(),
        s.GetRequiredService<AgentOptions>().OutputCap, s.GetRequiredService<ILogger<LogPump>>()));
}
