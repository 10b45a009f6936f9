using Scitq.Coordinator.Batches;
using Scitq.Coordinator.Leases;
using Scitq.Coordinator.Tasks;
using Scitq.Coordinator.Usage;
using Scitq.Coordinator.Webhooks;

namespace Scitq.Coordinator.Workers;

internal static class WorkersRegistration
{
    /// <summary>The room of workers and their leases; whoever calls it also registers an <see cref="IWorkerLine"/> and an <see cref="ILink"/>.</summary>
    public static IServiceCollection AddWorkers(this IServiceCollection services) => services.AddOutbox()
        .AddSingleton<MinuteTable>().AddSingleton<UsageMinutes>().AddHostedService(provider => provider.GetRequiredService<UsageMinutes>())
        .AddSingleton<LeaseRules>().AddSingleton<HearingClock>()
        .AddSingleton<WorkerMemory>().AddSingleton<HeldLeases>().AddSingleton<Redeliveries>()
        .AddSingleton<ForgottenWorkers>().AddSingleton<Departures>()
        .AddSingleton<Registrations>().AddSingleton<Heartbeats>().AddSingleton<LostWorkers>().AddSingleton<WorkerWishes>().AddSingleton<TaskSignals>()
        .AddSingleton<StoppedBatches>().AddSingleton<BatchStops>()
        .AddSingleton<FailingBatches>().AddSingleton<FailingWorkers>().AddObserver<FailureGuard>();
}
