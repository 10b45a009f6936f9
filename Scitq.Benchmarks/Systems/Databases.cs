using Npgsql;

namespace Scitq.Benchmarks.Systems;

internal static class Databases
{
    /// <summary>An empty database of this name.</summary>
    public static async Task CreateAsync(string server, string name)
    {
        await using var source = NpgsqlDataSource.Create($"{server};Database=postgres;Pooling=false");
        foreach (var sql in new[] { $"DROP DATABASE IF EXISTS {name} WITH (FORCE)", $"CREATE DATABASE {name}" })
        {
#pragma warning disable CA2100 // names of ours
            await using var command = source.CreateCommand(sql);
#pragma warning restore CA2100
            await command.ExecuteNonQueryAsync();
        }
    }
}
