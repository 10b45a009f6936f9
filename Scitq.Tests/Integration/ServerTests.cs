using Npgsql;
using RabbitMQ.Client;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration;

/// <summary>The servers that other tests trust.</summary>
[Trait("Level", "Integration")]
public sealed class ServerTests
{
    [Fact(Timeout = 30_000)]
    public async Task A_virtual_host_carries_messages_and_counts_them()
    {
        await using var vhost = await RabbitMqServer.CreateVhostAsync();
        await SendOneAsync(vhost.AmqpUri, "kept");

        Assert.Equal(1, Assert.Contains("kept", await vhost.QueuesAsync()));
        await vhost.PurgeAsync("kept");
        Assert.Equal(0, Assert.Contains("kept", await vhost.QueuesAsync()));
    }

    [Fact(Timeout = 180_000)]
    public async Task A_killed_broker_comes_back_with_its_messages()
    {
        await using var server = await RabbitMqServer.StartPrivateAsync("consumer_timeout = 60000");
        await SendOneAsync(server.AmqpUri, "kept");
        await server.RememberAsync();
        await server.KillAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => SendOneAsync(server.AmqpUri, "kept"));

        await server.StartAsync();

        Assert.Equal(1, Assert.Contains("kept", await server.Api.QueuesAsync()));
        Assert.Contains(await server.ControlAsync("-q", "environment"), line => line.Contains("{consumer_timeout,60000}", StringComparison.Ordinal));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_crashed_database_comes_back_with_what_was_committed()
    {
        await using var server = await PostgresServer.StartPrivateAsync();
        var database = await server.CreatePrivateDatabaseAsync();
        Assert.Equal("on", await ScalarAsync(database, "create table kept as select 42 as n; select current_setting('synchronous_commit')"));
        await server.CrashAsync();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => ScalarAsync(database, "select 1"));

        await server.StartAsync();

        Assert.Equal(42, await ScalarAsync(database, "select n from kept"));
    }

    [Fact(Timeout = 30_000)]
    public async Task Each_caller_gets_a_database_of_its_own()
    {
        var first = await PostgresServer.CreateDatabaseAsync();
        var second = await PostgresServer.CreateDatabaseAsync();
        Assert.NotEqual(await ScalarAsync(first, "select current_database()"), await ScalarAsync(second, "select current_database()"));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_process_is_heard_and_killed()
    {
        await using var process = ProcessUnderTest.Start("/bin/sh", "-c", "echo ready; exec sleep 1000");
        Assert.Equal("ready", await process.WaitForLineAsync("ready"));
        Assert.InRange(process.ProportionalSetBytes(), 1, 64 << 20);
        await process.KillAsync();
        Assert.Equal(128 + 9, await process.WaitForExitAsync());
    }

    private static async Task SendOneAsync(string uri, string queue)
    {
        var factory = new ConnectionFactory { Uri = new Uri(uri) };
        await using var connection = await factory.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false);
        await channel.BasicPublishAsync(
            "", queue, mandatory: true, new BasicProperties { Persistent = true }, new byte[] { 1 });
    }

    private static async Task<object?> ScalarAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection($"{connectionString};Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
