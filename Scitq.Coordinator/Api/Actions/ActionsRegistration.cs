namespace Scitq.Coordinator.Api.Actions;

internal static class ActionsRegistration
{
    /// <summary>Every action there is: another one is a class and a line here.</summary>
    public static IServiceCollection AddActions(this IServiceCollection services) =>
        services.AddSingleton<ActionRunner>().AddSingleton<TaskPages>().AddSingleton<UploadRetries>().AddSingleton<TaskUpdates>().AddSingleton<Holders>()
            .AddSingleton<TaskAction, CancelAction>()
            .AddSingleton<TaskAction, StopAction>()
            .AddSingleton<TaskAction, KillAction>()
            .AddSingleton<TaskAction, SignalAction>()
            .AddSingleton<TaskAction, RelaunchAction>()
            .AddSingleton<TaskAction, UpdateAction>()
            .AddSingleton<TaskAction, MoveAction>()
            .AddSingleton<TaskAction, RetryUploadAction>()
            .AddSingleton<TaskAction, PauseAction>()
            .AddSingleton<TaskAction, ResumeAction>()
            .AddSingleton<TaskAction, PrioritizeAction>();
}
