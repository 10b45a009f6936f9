using Microsoft.Extensions.DependencyInjection;
using Scitq.Agent.Parts;

namespace Scitq.Agent.Workers;

/// <summary>The worker as the coordinator sees it, and the service that runs the agent's parts.</summary>
internal static class WorkerRegistration
{
    public static IServiceCollection AddWorker(this IServiceCollection services) => services.AddLink().AddHousekeeping().AddService();

    private static IServiceCollection AddLink(this IServiceCollection services) => services
        .AddPart<SettingsInForce>()
        .AddSingleton<Admission>()
        .AddPart<ResourceNews>()
        .AddSingleton<Restart>()
        .AddPart<Orders>()
        .AddSingleton<WorkerCondition>()
        .AddPart<HeartbeatSender>()
        .AddSingleton<Introduction>()
        .AddPart<Registration>()
        .AddPart<WorkerLink>();

    private static IServiceCollection AddHousekeeping(this IServiceCollection services) => services
        .AddSingleton<DirectoryOpening>()
        .AddPart<Tidying>()
        .AddPart<JournalWatch>()
        .AddPart<Strangers>();

    private static IServiceCollection AddService(this IServiceCollection services) => services
        .AddSingleton<RuntimeStart>()
        .AddSingleton<AgentStart>()
        .AddSingleton<AgentRun>()
        .AddSingleton<Farewell>()
        .AddSingleton<Drain>()
        .AddPart<OrderedDrain>()
        .AddSingleton<AgentClosing>()
        .AddHostedService<AgentService>();
}
