using System.Net;
using Microsoft.EntityFrameworkCore;
using Scitq.Access.Broker;
using Scitq.Contracts;
using Scitq.Coordinator.Api;
using Scitq.Coordinator.Bus;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;
using Scitq.Coordinator.Workers;
using Scitq.Messaging.Hosting;

namespace Scitq.Coordinator;

/// <summary>Puts the coordinator together; also for the standalone program, which adds an agent to it.</summary>
public static partial class CoordinatorHost
{
    /// <summary>The options every program with a coordinator has.</summary>
    public static readonly IReadOnlyList<ServiceOption> Options =
    [
        new("port", "N", "port of the API (default 5000; 0 takes a free one)"),
        new("host", "ADDRESS", "address to listen on (default 127.0.0.1; any other needs a token)"),
        new("data", "DIR", "where logs and the embedded database are (default: a directory of yours)"),
        new("token", "TEXT", "what clients must present (better: --token-file or SCITQ_TOKEN; default: one made for you in DIR/token)"),
        new("token-file", "FILE", "a file that holds the token"),
        new("no-token", null, "answer every account of this machine; on loopback only"),
        new("config", "FILE", "JSON file with these options"),
    ];

    private static readonly ServiceOption[] Servers =
    [
        new("bus", "amqp://…", "RabbitMQ (default: a bus inside this process); --bus-file keeps the password off the command line"),
        new("bus-file", "FILE", "a file that holds the address of RabbitMQ"),
        new("bus-ca", "FILE", "PEM file of the authorities that may issue the broker's certificate, for amqps:// (default: the machine's)"),
        new("bus-cert", "FILE", "PEM file with a certificate of the coordinator's own to show the broker"),
        new("bus-key", "FILE", "PEM file with its key (default: the same file)"),
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

    /// <summary>The options as read; null, after one line on stderr, when they can't be. With tasks below its data directory root lets others pass there.</summary>
    public static CoordinatorOptions? ToOptions(string program, ServiceArguments read, ref int exitCode, bool tasksBelow = false)
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
            var noToken = read.IsOn("no-token");
            if (options.Token is { } token && (token.Length == 0 || token.Any(c => c is <= ' ' or > '~')))
                throw new ArgumentException("the token is empty, or holds characters that no HTTP header can carry: use printable ASCII without blanks.");
            if (noToken && options.Token is not null) throw new ArgumentException("--no-token and a token exclude each other.");
            if (options.Token is null && !IPAddress.IsLoopback(address))
                throw new ArgumentException($"--host {options.Host} is open to other machines, so a token is needed: --token-file FILE or SCITQ_TOKEN.");
            if (options.Bus is { Length: > 0 } bus) options.Broker = BrokerSettings.Read(bus, read["bus-ca"], read["bus-cert"], read["bus-key"]);
            MakeData(options, tasksBelow);
            if (!noToken) (options.HasOwnToken, options.Token) = options.Token is null ? (true, OwnToken.ReadOrMake(options.OwnTokenFile)) : (false, options.Token);
            return options;
        }
        catch (Exception e) when (e is ArgumentException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"{program}: {e.Message}");
            exitCode = 2;
            return null;
        }
    }

    /// <summary>What the coordinator keeps is closed to others, also what an older version has left open. Below the standalone's directory tasks of other users may work.</summary>
    private static void MakeData(CoordinatorOptions options, bool tasksBelow)
    {
        const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite, Closed = Own | UnixFileMode.UserExecute;
        var passable = tasksBelow && Environment.IsPrivilegedProcess;
        Make(options.Data, passable ? Closed | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute : Closed);
        Make(options.Logs, Closed);
        if (options.UsesPostgres) return;
        new FileStream(options.SqliteFile, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.ReadWrite, UnixCreateMode = Own }).Dispose();
        foreach (var file in (ReadOnlySpan<string>)[options.SqliteFile, options.SqliteFile + "-wal", options.SqliteFile + "-shm"])
            if (File.Exists(file)) Narrow(file, Own);
    }

    private static void Make(string directory, UnixFileMode mode)
    {
        if (Directory.Exists(directory))
        {
            Narrow(directory, mode);
            return;
        }

        if (Path.GetDirectoryName(directory) is { } above && !Directory.Exists(above)) Make(above, mode);
        Directory.CreateDirectory(directory, mode);
        // The umask has had its say.
        File.SetUnixFileMode(directory, mode);
    }

    private static void Narrow(string path, UnixFileMode most)
    {
        var mode = File.GetUnixFileMode(path);
        if (mode.HasFlag(UnixFileMode.StickyBit | UnixFileMode.OtherWrite))
            throw new IOException($"--data '{path}' is a directory where everybody may write: give one of its own, such as '{Path.Combine(path, "scitq")}'.");
        if ((mode & ~most) == 0) return;
        try
        {
            File.SetUnixFileMode(path, mode & most);
        }
        catch (UnauthorizedAccessException)
        {
            // Another account's, which lets us use it.
        }
    }

    /// <summary>The coordinator as a web application, ready to run.</summary>
    public static WebApplication Build(CoordinatorOptions options, ServiceArguments settings, Action<WebApplicationBuilder>? configure = null)
    {
        // Not the directory the program happens to be started in: files there are none of ours.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration
            // What Entity Framework and consumers fail at, DatabasePatience tells where it matters: a database that is away would fill the log with it.
            .AddInMemoryCollection([
                new("Logging:LogLevel:Default", "Information"), new("Logging:LogLevel:Microsoft", "Warning"), new("Logging:LogLevel:MassTransit", "Error"),
                new("Logging:LogLevel:Microsoft.EntityFrameworkCore", "None"), new("Logging:LogLevel:MassTransit.ReceiveTransport", "None"),
            ])
            .AddInMemoryCollection(settings.Settings);
        builder.Logging.AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat, console.UseUtcTimestamp) = (true, "yyyy-MM-ddTHH:mm:ssZ ", true));
        builder.WebHost.UseUrls($"http://{(options.Host.Contains(':') ? $"[{options.Host}]" : options.Host)}:{options.Port}");
        builder.Services.AddSingleton(options).AddSingleton<TimeProvider>(BootTime.Instance);
        builder.Services.AddSingleton<IHostLifetime, DrainLifetime>();
        builder.Services.AddPersistence(options).AddTasks().AddWorkers().AddBus(options).AddApi();
        builder.Services.AddSingleton<IServerStatus, ServerStatus>();
        configure?.Invoke(builder);
        var app = builder.Build();
        app.MapApi();
        return app;
    }

    /// <summary>Migrates, listens, and runs until told to stop.</summary>
    public static async Task<int> RunAsync(WebApplication app, string program)
    {
        if (app.Services.GetRequiredService<CoordinatorOptions>().Database is { Length: > 0 } database && DatabaseSafety.Warning(database) is { } warning)
            Log.Unsafe(app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Scitq.Coordinator.Persistence"), warning);
        try
        {
            await MigrateAsync(app);
            await app.StartAsync();
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or System.Data.Common.DbException or System.Net.Sockets.SocketException)
        {
            Console.Error.WriteLine($"{program}: cannot start: {(e.InnerException is { } inner ? $"{e.Message} ({inner.Message})" : e.Message)}");
            return 1;
        }

        var pointers = Announce(app);
        await app.WaitForShutdownAsync();
        foreach (var pointer in pointers) ServerPointer.Remove(pointer);
        return Environment.ExitCode;
    }

    /// <summary>Tells where it listens, and to the tools of its own account where its token is, in this order: who reads the address may use it.</summary>
    private static List<string> Announce(WebApplication app)
    {
        var options = app.Services.GetRequiredService<CoordinatorOptions>();
        var pointers = new List<string>();
        if (options.HasOwnToken)
        {
            try
            {
                foreach (var address in app.Urls.SelectMany(Addresses)) pointers.Add(ServerPointer.Write(address, options.OwnTokenFile, Environment.GetEnvironmentVariable));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine($"The tools can't find the token by themselves ({e.Message}): give them SCITQ_TOKEN_FILE={options.OwnTokenFile}.");
            }
        }

        foreach (var url in app.Urls) Console.Out.WriteLine($"Listening on {url}");
        if (options.HasOwnToken) Console.Out.WriteLine($"The token of the API is in {options.OwnTokenFile}; the tools of this account find it by themselves.");
        return pointers;
    }

    /// <summary>What is listened to; <c>localhost</c> is both.</summary>
    private static IEnumerable<IPEndPoint> Addresses(string url)
    {
        var uri = new Uri(url);
        return IPAddress.TryParse(uri.DnsSafeHost, out var address)
            ? [new IPEndPoint(address, uri.Port)]
            : [new IPEndPoint(IPAddress.Loopback, uri.Port), new IPEndPoint(IPAddress.IPv6Loopback, uri.Port)];
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
            catch (Exception e) when (tries < 60 && Transience.Holds(store, e) && !DatabaseFaults.IsSetup(e))
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

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Not safe: {Problem}")]
        public static partial void Unsafe(ILogger logger, string problem);
    }
}
