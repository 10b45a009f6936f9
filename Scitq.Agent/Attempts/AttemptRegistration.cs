using Microsoft.Extensions.DependencyInjection;
using Scitq.Agent.Claims;
using Scitq.Agent.Parts;
using Scitq.Agent.Staging;

namespace Scitq.Agent.Attempts;

/// <summary>Attempts: what holds them, runs them and ends them.</summary>
internal static class AttemptRegistration
{
    public static IServiceCollection AddAttempts(this IServiceCollection services) => services.AddTable().AddStages().AddWays();

    private static IServiceCollection AddTable(this IServiceCollection services) => services
        .AddSingleton<AttemptTable>()
        .AddSingleton<IResourceUsers>(s => s.GetRequiredService<AttemptTable>())
        .AddPart(s => new Leases(s.GetRequiredService<TimeProvider>(), s.GetRequiredService<AgentOptions>().LeaseTime))
        .AddSingleton<HeldAttempts>()
        .AddSingleton<AttemptDirectories>();

    private static IServiceCollection AddStages(this IServiceCollection services) => services
        .AddSingleton<AttemptRunner>()
        .AddSingleton<AttemptStages>()
        .AddSingleton<AttemptStreams>()
        .AddSingleton<ResultReuse>()
        .AddSingleton<Preparation>()
        .AddSingleton<InputFetch>()
        .AddSingleton<CommandRun>()
        .AddSingleton<RunWatch>()
        .AddSingleton<CommandStart>()
        .AddSingleton<Masking>()
        .AddSingleton<DiskRelief>()
        .AddSingleton<Delivery>()
        .AddSingleton<KeptDelivery>()
        .AddPart<DiskGuard>();

    /// <summary>The ways in which an attempt begins and ends.</summary>
    private static IServiceCollection AddWays(this IServiceCollection services) => services
        .AddSingleton<AttemptLife>()
        .AddPart<AttemptEnds>()
        .AddPart<AttemptStops>()
        .AddPart<AttemptPauses>()
        .AddSingleton<AttemptSignals>()
        .AddSingleton<IGrantTaker, AttemptStarter>()
        .AddPart<Redeliveries>()
        .AddSingleton<Resumption>()
        .AddSingleton<EarlierRuns>();
}
