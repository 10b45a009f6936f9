using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Runtimes;

namespace Scitq.Agent.Disk;

/// <summary>The worker's disk: directories of attempts, what is left of them, and the room that there is.</summary>
internal static class DiskRegistration
{
    public static IServiceCollection AddDisk(this IServiceCollection services, AgentOptions options) => services
        .AddSingleton<IRootRemoval>(s => s.GetRequiredService<RuntimeSet>())
        .AddSingleton(s => new Leftovers(
            options.WorkDir, s.GetRequiredService<IRootRemoval>(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<Leftovers>>()))
        .AddSingleton(s => new WorkDirectories(
            options.WorkDir, options.KeepFailed, s.GetRequiredService<RuntimeSet>().UsualOwner,
            s.GetRequiredService<Leftovers>(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<WorkDirectories>>()))
        .AddSingleton(s => new DiskRoom(
            options.WorkDir, options.DiskReserve, options.DiskHigh, s.GetRequiredService<WorkDirectories>(), s.GetRequiredService<TimeProvider>()));
}
