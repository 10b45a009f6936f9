using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Persistence;

internal static class PersistenceRegistration
{
    /// <summary>PostgreSQL when a connection string is given, else SQLite in the data directory.</summary>
    public static IServiceCollection AddPersistence(this IServiceCollection services, CoordinatorOptions options)
    {
        if (options.UsesPostgres)
        {
            services.AddSingleton(_ =>
            {
                var settings = new NpgsqlConnectionStringBuilder(options.Database) { ApplicationName = "scitq-coordinator" };
                if (!settings.ContainsKey("Maximum Pool Size")) settings.MaxPoolSize = 20;
                // A hanging server must be noticed as one that is away, not waited for.
                if (!settings.ContainsKey("Command Timeout")) settings.CommandTimeout = 15;
                settings.NoResetOnClose = true;
                return NpgsqlDataSource.Create(settings);
            });
            services.AddPooledDbContextFactory<ScitqDb>((provider, db) =>
                db.UseNpgsql(provider.GetRequiredService<NpgsqlDataSource>()).EnableThreadSafetyChecks(false));
            services.AddSingleton<ITaskStore, PostgresTaskStore>();
        }
        else
        {
            var file = new SqliteConnectionStringBuilder { DataSource = options.SqliteFile, DefaultTimeout = 30 };
            services.AddPooledDbContextFactory<ScitqDb>(db =>
                db.UseSqlite(file.ConnectionString).AddInterceptors(new SqlitePragmas()).EnableThreadSafetyChecks(false));
            services.AddSingleton<ITaskStore, SqliteTaskStore>();
        }

        services.AddSingleton<DatabaseOutage>().AddSingleton<IDatabaseHealth>(provider => provider.GetRequiredService<DatabaseOutage>());
        return services.AddSingleton<ITaskLookup, TaskLookup>();
    }
}
