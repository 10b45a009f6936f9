namespace Scitq.Access.Broker;

/// <summary>
/// Owns all connections of a program to its broker. There is one for each purpose: under a memory or disk alarm the broker reads nothing more from
/// a connection that publishes, and what is read over another one must go on flowing.
/// </summary>
/// <param name="broker">Where to and as whom.</param>
/// <param name="program">Begins the name of each connection, which the broker's administrator sees.</param>
/// <param name="time">Measures alarms and patience.</param>
public sealed class BrokerConnections(BrokerSettings broker, string program, TimeProvider time) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly List<BrokerConnection> _connections = [];

    /// <summary>Where to and as whom all of them connect.</summary>
    public BrokerSettings Broker => broker;

    /// <summary>A connection of its own for this purpose; it is opened when a channel is first asked of it.</summary>
    public BrokerConnection For(string purpose)
    {
        var connection = new BrokerConnection(broker, $"{program} {purpose}", time);
        lock (_lock) _connections.Add(connection);
        return connection;
    }

    /// <summary>Closes them, the newest first: whoever was given one later may still need an earlier one until its own is closed.</summary>
    public async ValueTask DisposeAsync()
    {
        List<BrokerConnection> connections;
        lock (_lock) connections = [.. _connections];
        connections.Reverse();
        foreach (var connection in connections) await connection.CloseAsync();
    }
}
