using System.Globalization;
using System.Reflection;
using Microsoft.EntityFrameworkCore;

namespace Scitq.Coordinator.Persistence;

/// <summary>Applies the numbered scripts of <c>Migrations/</c> that the database has not had. Written by hand; never edited once released.</summary>
internal static class Migrator
{
    // "scitq" in ASCII: coordinators that start together migrate one after the other.
    private const long Lock = 0x7363697471;

    public static async Task MigrateAsync(ScitqDb db, TimeProvider clock, CancellationToken ct)
    {
        var postgres = db.Database.IsNpgsql();
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (postgres) await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({Lock})", ct);
        await db.Database.ExecuteSqlRawAsync("CREATE TABLE IF NOT EXISTS migration (number integer PRIMARY KEY, applied text NOT NULL)", ct);
        var done = await db.Database.SqlQueryRaw<int>("SELECT number AS \"Value\" FROM migration").ToListAsync(ct);
        var scripts = Scripts(postgres ? "postgresql" : "sqlite");
        if (done.Count > 0 && done.Max() > scripts.Keys.Max())
            throw new InvalidOperationException(
                $"The database has migration {done.Max()}, this coordinator knows {scripts.Keys.Max()}: "
                + "it belongs to a newer version; upgrade the coordinator.");
        foreach (var (number, sql) in scripts.Where(s => !done.Contains(s.Key)))
        {
            // Not ExecuteSqlRaw: the scripts hold braces.
            await using var command = db.Database.GetDbConnection().CreateCommand();
            command.Transaction = Microsoft.EntityFrameworkCore.Storage.DbContextTransactionExtensions.GetDbTransaction(transaction);
#pragma warning disable CA2100 // an embedded script of ours, not user input
            command.CommandText = sql;
#pragma warning restore CA2100
            await command.ExecuteNonQueryAsync(ct);
            var now = clock.GetUtcNow().ToString("O", CultureInfo.InvariantCulture);
            await db.Database.ExecuteSqlAsync($"INSERT INTO migration (number, applied) VALUES ({number}, {now})", ct);
        }

        await transaction.CommitAsync(ct);
    }

    private static SortedDictionary<int, string> Scripts(string provider)
    {
        var assembly = Assembly.GetExecutingAssembly();
        var scripts = new SortedDictionary<int, string>();
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.EndsWith($".{provider}.sql", StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            scripts.Add(int.Parse(name.Split('.')[^3].TrimStart('_'), CultureInfo.InvariantCulture), reader.ReadToEnd());
        }

        return scripts;
    }
}
