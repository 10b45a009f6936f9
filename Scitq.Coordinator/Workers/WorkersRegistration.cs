namespace Scitq.Coordinator.Workers;

internal static class WorkersRegistration
{
    public static IServiceCollection AddWorkers(this IServiceCollection services) => services.AddSingleton<WorkerService>().AddSingleton<WorkerWishes>();
}
