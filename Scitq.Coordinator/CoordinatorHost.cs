using System.ComponentModel.DataAnnotations;
using System.Data.Common;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Options;
using Scitq.Coordinator.Api;
using Scitq.Coordinator.Api.Access;
using Scitq.Coordinator.Bus;
using Scitq.Coordinator.Health;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Retention;
using Scitq.Coordinator.Tasks;
using Scitq.Coordinator.Webhooks;
using Scitq.Coordinator.Workers;
using Scitq.Hosting;
using Scitq.Hosting.Configuration;

namespace Scitq.Coordinator;

/// <summary>Puts the coordinator together and runs it; also for the standalone program, which adds an agent to it.</summary>
public static partial class CoordinatorHost
{
    private const int CannotStart = 1;

    /// <summary>The coordinator as a web application, ready to run.</summary>
    public static WebApplication Build(IConfiguration configuration, Action<WebApplicationBuilder>? configure = null)
    {
        // Not the directory the program happens to be started in: the files there are not ours.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        // The framework reads files and the environment too, where an option would have a name that nobody documents and no list knows.
        var others = builder.Configuration.Sources.Where(s => s is JsonConfigurationSource or EnvironmentVariablesConfigurationSource { Prefix: null or "" });
        foreach (var source in others.ToList()) builder.Configuration.Sources.Remove(source);
        builder.Configuration.AddConfiguration(configuration);
        builder.Logging.AddSimpleConsole(
            console => (console.SingleLine, console.TimestampFormat, console.UseUtcTimestamp) = (true, "yyyy-MM-ddTHH:mm:ssZ ", true));
        builder.Services.AddSingleton<TimeProvider>(BootTime.Instance).AddSingleton<IHostLifetime, DrainLifetime>();
        builder.Services.AddServiceOptions<CoordinatorOptions>();
        // Which database and which bus are registered depends on these options, so they are checked before the others.
        var options = configuration.GetSection("Coordinator").Get<CoordinatorOptions>() ?? new CoordinatorOptions();
        var problems = options.Validate(new ValidationContext(options)).Select(problem => problem.ErrorMessage!).ToList();
        if (problems.Count > 0) throw new OptionsValidationException(nameof(CoordinatorOptions), typeof(CoordinatorOptions), problems);
        builder.Services.AddPersistence(options).AddTasks().AddWebhooks(configuration).AddWorkers().AddBus(options).AddRetention().AddApi();
        builder.Services.AddSingleton<DatabaseStart>().AddSingleton<DataDisk>().AddHostedService(services => services.GetRequiredService<DataDisk>());
        builder.Services.AddSingleton<IServerStatus, ServerStatus>();
        configure?.Invoke(builder);
        var app = builder.Build();
        app.MapApi();
        return app;
    }

    /// <summary>Checks the options, makes the directory, updates the database, listens, and runs until told to stop.</summary>
    /// <param name="app">From <see cref="Build"/>.</param>
    /// <param name="tasksBelow">Whether tasks of other users work below the data directory.</param>
    public static async Task<int> RunAsync(WebApplication app, bool tasksBelow = false)
    {
        var services = app.Services;
        services.GetRequiredService<IStartupValidator>().Validate();
        var options = services.GetRequiredService<CoordinatorOptions>();
        ApiToken token;
        try
        {
            DataDirectory.Make(options, tasksBelow);
            token = services.GetRequiredService<ApiToken>();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Files that can't be made, or a token that can't be trusted.
            throw new ServiceRefusedException(e.Message, ServiceProgram.WrongUsage, e);
        }

        if (options.Database is { Length: > 0 } database && DatabaseSafety.Warning(database) is { } warning)
            Log.Unsafe(services.GetRequiredService<ILoggerFactory>().CreateLogger("Scitq.Coordinator.Persistence"), warning);
        try
        {
            // An embedded database on a full disk opens only with the room that is kept for it.
            services.GetRequiredService<DataDisk>().Look();
            await services.GetRequiredService<DatabaseStart>().MigrateAsync(app.Lifetime.ApplicationStopping);
            app.Urls.Add(services.GetRequiredService<ApiOptions>().Url);
            // Made here, because the host would log a refusal with its stack trace.
            _ = services.GetRequiredService<IEnumerable<IHostedService>>();
            if (!await app.HasStartedAsync()) return Environment.ExitCode;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or DbException or SocketException)
        {
            var why = e.InnerException is { } inner ? $"{e.Message} ({inner.Message})" : e.Message;
            throw new ServiceRefusedException($"cannot start: {why}", CannotStart, e);
        }

        using (new Announcement(app.Urls, token.OwnFile)) await app.WaitForShutdownAsync();
        return Environment.ExitCode;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Not safe: {Problem}")]
        public static partial void Unsafe(ILogger logger, string problem);
    }
}
