using Scitq.Coordinator.Tasks;
using Scitq.Hosting.Configuration;

namespace Scitq.Coordinator.Retention;

internal static class RetentionRegistration
{
    public static IServiceCollection AddRetention(this IServiceCollection services)
    {
        services.AddServiceOptions<RetentionOptions>();
        return services.AddSingleton<RetentionRules>().AddSingleton<EndedTasks>().AddSingleton<OldLogs>().AddSingleton<OldEvents>().AddService<Pruner>();
    }
}
