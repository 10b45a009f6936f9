using Npgsql;

namespace Scitq.Tests.Servers;

/// <summary>
/// PostgreSQL for tests: <see cref="CreateDatabaseAsync"/> gives a new, empty database on the shared server;
/// <see cref="StartPrivateAsync"/> a whole server, to be stopped, crashed and started again.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Script = "postgres.sh";

    private readonly TestFolder _folder = new();

    private PostgresServer()
    {
    }

    /// <summary>Of the server, without a database.</summary>
    public string Connection { get; private set; } = "";

    /// <summary>The connection string of a new database.</summary>
    public static Task<string> CreateDatabaseAsync() => CreateDatabaseAsync(TestEnvironment.Required("SCITQ_TEST_POSTGRES"));

    public Task<string> CreatePrivateDatabaseAsync() => CreateDatabaseAsync(Connection);

    public static async Task<PostgresServer> StartPrivateAsync()
    {
        if (!Directory.Exists("/usr/lib/postgresql")) TestEnvironment.Missing("PostgreSQL is not installed");
        var server = new PostgresServer();
        await server.StartAsync();
        return server;
    }

    /// <summary>A hot standby of it; what is committed from now on is on both.</summary>
    public async Task<PostgresServer> StartStandbyAsync()
    {
        var standby = new PostgresServer();
        standby.Connection = (await ServerScript.RunAsync(Script, "standby", standby._folder.Path, _folder.Path))[0];
        return standby;
    }

    /// <summary>Of a standby: makes it a server that can be written to.</summary>
    public Task PromoteAsync() => ServerScript.RunAsync(Script, "promote", _folder.Path);

    /// <summary>Starts it again, on its old data and port.</summary>
    public async Task StartAsync() => Connection = (await ServerScript.RunAsync(Script, "start", _folder.Path))[0];

    public Task StopAsync() => ServerScript.RunAsync(Script, "stop", _folder.Path);

    /// <summary>Stops it as a power cut would: nothing is written, connections break.</summary>
    public Task CrashAsync() => ServerScript.RunAsync(Script, "stop", _folder.Path, "immediate");

    /// <summary>As its administrator.</summary>
    public async Task ExecuteAsync(params string[] statements)
    {
        await using var connection = new NpgsqlConnection($"{Connection};Database=postgres;Pooling=false");
        await connection.OpenAsync();
        foreach (var statement in statements)
        {
            await using var command = new NpgsqlCommand(statement, connection);
            await command.ExecuteNonQueryAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CrashAsync();
        _folder.Dispose();
    }

    private static async Task<string> CreateDatabaseAsync(string server)
    {
        var name = $"test_{Guid.NewGuid():N}";
        await using var connection = new NpgsqlConnection($"{server};Database=postgres;Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"create database {name}", connection);
        await command.ExecuteNonQueryAsync();
        return $"{server};Database={name}";
    }
}
