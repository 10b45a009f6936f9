using System.Text.Json;
using Scitq.Contracts;
using Scitq.Coordinator.Api.Access;
using Scitq.Coordinator.Api.Live;
using Scitq.Coordinator.Api.Actions;
using Scitq.Coordinator.Api.WorkerActions;
using Scitq.Coordinator.Batches;
using Scitq.Coordinator.Health;
using Scitq.Coordinator.Logs;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api;

internal static class ApiRegistration
{
    /// <summary>The REST API; whoever calls it also registers an <see cref="IServerStatus"/>.</summary>
    public static IServiceCollection AddApi(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json => ScitqJson.Apply(json.SerializerOptions, JsonNamingPolicy.SnakeCaseLower));
        services.AddProblemDetails(
            options => options.CustomizeProblemDetails = problem => problem.ProblemDetails.Extensions.TryAdd("code", Code(problem.ProblemDetails.Status)));
        services.AddExceptionHandler<Failures>().AddAccess().AddHealth();
        services.AddOpenApi(ApiDocument.Describe);
        services.AddSingleton<TaskWatch>().AddSingleton<ICommitObserver>(provider => provider.GetRequiredService<TaskWatch>());
        services.AddSingleton<LiveView>().AddSingleton<ICommitObserver>(provider => provider.GetRequiredService<LiveView>());
        services.AddSingleton<BatchCounts>().AddSingleton<BatchQueries>().AddSingleton<BatchChanges>();
        services.AddSingleton<BatchStatistics>().AddSingleton<BatchExport>().AddSingleton<ExportWriter>();
        return services.AddSingleton<LogStore>().AddSingleton<TaskQueries>().AddSingleton<Explainer>().AddSingleton<LogFollower>()
            .AddActions().AddWorkerActions();
    }

    /// <summary>Everything the coordinator answers over HTTP.</summary>
    public static void MapApi(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseAccess();
        app.MapOpenApi().RequireAuthorization(Rights.ReadServer);
        app.MapGroup("").Strict().MapHealth();
        var api = app.MapGroup("/api/v1").Audited().Strict();
        api.MapSubmission();
        api.MapTasks();
        api.MapActions();
        api.MapLogs();
        api.MapAttempts();
        api.MapEvents();
        api.MapBatches();
        api.MapReports();
        api.MapWorkers();
        api.MapWorkerActions();
        api.MapServer();
        api.MapLive();
        api.MapRetention();
    }

    private static string Code(int? status) => status switch
    {
        StatusCodes.Status404NotFound => "not_found",
        StatusCodes.Status405MethodNotAllowed => "not_allowed",
        >= 500 => "internal",
        _ => "invalid",
    };
}
