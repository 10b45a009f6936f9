using Scitq.Hosting.Configuration;

namespace Scitq.Coordinator.Tasks;

internal static class TasksRegistration
{
    public static IServiceCollection AddTasks(this IServiceCollection services)
    {
        services.AddSectionOptions<TaskOptions>("Tasks");
        services.AddSingleton<EndingRules>().AddSingleton<TaskVerbs>().AddSingleton<TaskStateMachine>().AddSingleton<GroupHandler>();
        services.AddSingleton<TaskInbox>().AddSingleton<RequirementResolver>().AddSingleton<TaskService>();
        return services.AddService<GroupCommit>().AddObserver<Sweeper>().AddObserver<Requirements>();
    }

    public static IServiceCollection AddService<T>(this IServiceCollection services)
        where T : class, IHostedService =>
        services.AddSingleton<T>().AddHostedService(provider => provider.GetRequiredService<T>());

    public static IServiceCollection AddObserver<T>(this IServiceCollection services)
        where T : class, IHostedService, ICommitObserver =>
        services.AddService<T>().AddSingleton<ICommitObserver>(provider => provider.GetRequiredService<T>());
}
