using Scitq.Coordinator.Leases;

namespace Scitq.Coordinator.Workers;

internal static class WorkersRegistration
{
    public static IServiceCollection AddWorkers(this IServiceCollection services) => services.AddSingleton<LeaseRules>().AddSingleton<HearingClock>().AddSingleton<WorkerService>().AddSingleton<WorkerWishes>();
}
