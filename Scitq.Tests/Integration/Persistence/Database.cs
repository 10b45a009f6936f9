using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Scitq.Coordinator;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Persistence;

/// <summary>A new, migrated database and the coordinator's core on it, without a bus.</summary>
internal sealed class Database : IAsyncDisposable
{
    private readonly TestFolder _folder = new();
    private readonly ServiceProvider _services;

    private Database(string? postgres)
    {
        Options = new CoordinatorOptions { Data = _folder.Path, Database = postgres };
        _services = AddCore(new ServiceCollection().AddLogging(), Options).BuildServiceProvider();
    }

    public CoordinatorOptions Options { get; }

    public TaskInbox Tasks => _services.GetRequiredService<TaskInbox>();

    private GroupCommit Commits => _services.GetRequiredService<GroupCommit>();

    public ITaskStore Store => _services.GetRequiredService<ITaskStore>();

    public TaskService Service => _services.GetRequiredService<TaskService>();

    public ScitqDb Context() => _services.GetRequiredService<IDbContextFactory<ScitqDb>>().CreateDbContext();

    public static async Task<Database> CreateAsync(bool postgres)
    {
        var database = new Database(postgres ? await PostgresServer.CreateDatabaseAsync() : null);
        await using (var db = database.Context()) await Migrator.MigrateAsync(db, TimeProvider.System, CancellationToken.None);
        await database.Commits.StartAsync(CancellationToken.None);
        return database;
    }

    /// <summary>Another coordinator on the same PostgreSQL database.</summary>
    public async Task<Database> BesideAsync()
    {
        var beside = new Database(Options.Database);
        await beside.Commits.StartAsync(CancellationToken.None);
        return beside;
    }

    public static IServiceCollection AddCore(IServiceCollection services, CoordinatorOptions options)
    {
        services.AddSingleton(options).AddSingleton(TimeProvider.System).AddPersistence(options);
        services.AddOptions<TaskOptions>();
        services.AddSingleton<EndingRules>().AddSingleton<TaskVerbs>().AddSingleton<TaskStateMachine>().AddSingleton<GroupHandler>()
            .AddSingleton<GroupCommit>();
        return services.AddSingleton<TaskInbox>().AddSingleton<RequirementResolver>().AddSingleton<TaskService>();
    }

    public async ValueTask DisposeAsync()
    {
        await Commits.StopAsync(CancellationToken.None);
        await _services.DisposeAsync();
        _folder.Dispose();
    }
}
