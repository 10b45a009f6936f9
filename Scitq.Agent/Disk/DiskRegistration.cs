using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Runtimes;

namespace Scitq.Agent.Disk;

/// <summary>The worker's disk: directories of attempts, what is left of them, and the room that there is.</summary>
internal static class DiskRegistration
{
    public static IServiceCollection AddDisk(this IServiceCollection services) => services
        .AddSingleton<IRootRemoval>(s => s.GetRequiredService<RuntimeSet>())
        .AddSingleton(s => new Leftovers(
            Options(s).WorkDir, s.GetRequiredService<IRootRemoval>(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<Leftovers>>()))
        .AddSingleton(s => new WorkDirectories(
            Options(s).WorkDir, Options(s).KeepFailed, s.GetRequiredService<RuntimeSet>().UsualOwner,
            s.GetRequiredService<Leftovers>(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<WorkDirectories>>()))
        .AddSingleton(s => new DiskRoom(
            Options(s).WorkDir, Options(s).DiskReserve, Options(s).DiskHigh, s.GetRequiredService<WorkDirectories>(), s.GetRequiredService<TimeProvider>()));

    private static AgentOptions Options(IServiceProvider services) => services.GetRequiredService<AgentOptions>();
}
