using System.Net;
using Microsoft.EntityFrameworkCore;

using Scitq.Coordinator.Api;
using Scitq.Coordinator.Bus;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;
using Scitq.Coordinator.Workers;
using Scitq.Messaging.Hosting;

namespace Scitq.Coordinator;

/// <summary>Puts the coordinator together; also for the standalone program, which adds an agent to it.</summary>
public static class CoordinatorHost
{
    /// <summary>The options every program with a coordinator has.</summary>
    public static readonly IReadOnlyList<ServiceOption> Options =
    [
        new("port", "N", "port of the API (default 5000; 0 takes a free one)"),
        new("host", "ADDRESS", "address to listen on (default 127.0.0.1; any other needs a token)"),
        new("data", "DIR", "where logs and the embedded database are (default: a directory of yours)"),
        new("token", "TEXT", "what clients must present (better: --token-file or SCITQ_TOKEN)"),
        new("token-file", "FILE", "a file that holds the token"),
        new("config", "FILE", "JSON file with these options"),
    ];

    private static readonly ServiceOption[] Servers =
    [
        new("bus", "amqp://…", "RabbitMQ (default: a bus inside this process); --bus-file keeps the password off the command line"),
        new("bus-file", "FILE", "a file that holds the address of RabbitMQ"),
        new("database", "'Host=…'", "PostgreSQL connection string (default: SQLite in the data directory)"),
        new("database-file", "FILE", "a file that holds the connection string"),
    ];

    /// <summary>Reads the coordinator's own options; null when the program is to end with the exit code.</summary>
    public static (CoordinatorOptions Options, ServiceArguments Settings)? ReadOptions(string[] args, string program, out int exitCode)
    {
        const string Purpose = "The coordinator follows every task to its end: queues, leases, retries, logs and the API.";
        if (ServiceArguments.Read(program, Purpose, [.. Options, .. Servers], args, out exitCode) is not { } read) return null;
        return ToOptions(program, read, ref exitCode) is { } options ? (options, read) : null;
    }

    /// <summary>The options as read; null, after one line on stderr, when they can't be.</summary>
    public static CoordinatorOptions? ToOptions(string program, ServiceArguments read, ref int exitCode)
    {
        try
        {
            var options = new CoordinatorOptions
            {
                Port = read.Number("port", 5000, 0, 65535),
                Host = read["host"] ?? "127.0.0.1",
                Bus = read.Secret("bus"),
                Database = read.Secret("database"),
                Data = Path.GetFullPath(read["data"] ?? DefaultData()),
                Token = read.Secret("token"),
            };
            if (!IPAddress.TryParse(options.Host == "localhost" ? "127.0.0.1" : options.Host, out var address))
                throw new ArgumentException($"--host '{options.Host}' is not an address (127.0.0.1, 0.0.0.0, ::…).");
            if (string.IsNullOrEmpty(options.Token) && !IPAddress.IsLoopback(address))
                throw new ArgumentException($"--host {options.Host} is open to other machines, so a token is needed: --token-file FILE or SCITQ_TOKEN.");
            if (options.Bus is { } bus && !(Uri.TryCreate(bus, UriKind.Absolute, out var uri) && uri.Scheme is "amqp" or "amqps"))
                throw new ArgumentException("--bus is not an address of the form amqp://user:password@host:5672/vhost.");
            MakeData(options);
            return options;
        }
        catch (Exception e) when (e is ArgumentException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"{program}: {e.Message}");
            exitCode = 2;
            return null;
        }
    }

    /// <summary>The directory can be passed through, for in a standalone tasks of other users work below it; what the coordinator keeps there is closed to them.</summary>
    private static void MakeData(CoordinatorOptions options)
    {
        const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Directory.CreateDirectory(options.Data, Own | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        Directory.CreateDirectory(options.Logs, Own | UnixFileMode.UserExecute);
        if (!options.UsesPostgres) new FileStream(options.SqliteFile, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.ReadWrite, UnixCreateMode = Own }).Dispose();
    }

    /// <summary>The coordinator as a web application, ready to run.</summary>
    public static WebApplication Build(CoordinatorOptions options, ServiceArguments settings, Action<WebApplicationBuilder>? configure = null)
    {
        // Not the directory the program happens to be started in: files there are none of ours.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration
            .AddInMemoryCollection([new("Logging:LogLevel:Default", "Information"), new("Logging:LogLevel:Microsoft", "Warning"), new("Logging:LogLevel:MassTransit", "Warning")])
            .AddInMemoryCollection(settings.Settings);
        builder.Logging.AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat, console.UseUtcTimestamp) = (true, "yyyy-MM-ddTHH:mm:ssZ ", true));
        builder.WebHost.UseUrls($"http://{(options.Host.Contains(':') ? $"[{options.Host}]" : options.Host)}:{options.Port}");
        builder.Services.AddSingleton(options).AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<IHostLifetime, DrainLifetime>();
        builder.Services.AddPersistence(options).AddTasks().AddWorkers().AddBus(options).AddApi();
        builder.Services.AddSingleton<DataDisk>().AddHostedService(services => services.GetRequiredService<DataDisk>());
        builder.Services.AddSingleton<IServerStatus, ServerStatus>();
        configure?.Invoke(builder);
        var app = builder.Build();
        app.MapApi();
        return app;
    }

    /// <summary>Migrates, listens, and runs until told to stop.</summary>
    public static async Task<int> RunAsync(WebApplication app, string program)
    {
        try
        {
            // An embedded database on a full disk opens only with the room that is kept for it.
            app.Services.GetRequiredService<DataDisk>().Look();
            await MigrateAsync(app);
            await app.StartAsync();
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or System.Data.Common.DbException or System.Net.Sockets.SocketException)
        {
            Console.Error.WriteLine($"{program}: cannot start: {(e.InnerException is { } inner ? $"{e.Message} ({inner.Message})" : e.Message)}");
            return 1;
        }

        foreach (var url in app.Urls) Console.Out.WriteLine($"Listening on {url}");
        await app.WaitForShutdownAsync();
        return Environment.ExitCode;
    }

    /// <summary>Waits for a database that is still starting, as in a compose file or after a power cut.</summary>
    private static async Task MigrateAsync(WebApplication app)
    {
        var stopping = app.Lifetime.ApplicationStopping;
        var store = app.Services.GetRequiredService<ITaskStore>();
        for (var tries = 0; ; tries++)
        {
            try
            {
                await using var db = await app.Services.GetRequiredService<IDbContextFactory<ScitqDb>>().CreateDbContextAsync(stopping);
                await Migrator.MigrateAsync(db, TimeProvider.System, stopping);
                return;
            }
            catch (Exception e) when (tries < 60 && Transience.Holds(store, e))
            {
                if (tries == 0) Console.Error.WriteLine($"The database can't be reached yet ({e.Message}); trying for a minute.");
                await Task.Delay(1000, stopping);
            }
        }
    }

    private static string DefaultData()
    {
        var state = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
        if (string.IsNullOrEmpty(state)) state = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
        return Path.Combine(state, "scitq");
    }
}
