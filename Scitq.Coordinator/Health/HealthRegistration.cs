namespace Scitq.Coordinator.Health;

internal static class HealthRegistration
{
    /// <summary>The checks that probes ask for; whoever calls it also registers an <see cref="IServerStatus"/>.</summary>
    public static IServiceCollection AddHealth(this IServiceCollection services)
    {
        services.AddHealthChecks().AddCheck<StatusCheck>("status").AddCheck<DatabaseCheck>(ServerHealth.Database);
        return services;
    }
}
