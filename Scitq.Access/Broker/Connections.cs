using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Scitq.Access.Broker;

/// <summary>What all programs do with connections.</summary>
public static class Connections
{
    /// <summary>Closes a connection in a bounded time, even one from which the broker reads nothing, and never throws.</summary>
    public static async Task EndAsync(this IConnection connection, TimeSpan patience)
    {
        try
        {
            await connection.AbortAsync(patience).WaitAsync(2 * patience);
            await connection.DisposeAsync().AsTask().WaitAsync(2 * patience);
        }
        catch (Exception e) when (e is AlreadyClosedException or OperationInterruptedException or IOException or TimeoutException or OperationCanceledException or ObjectDisposedException)
        {
            // It was broken, which is why it is closed; the broker notices by its own heartbeat.
        }
    }
}
