namespace Scitq.Tests.Servers;

/// <summary>A virtual host that only this test uses; it goes, with all its queues, when disposed of.</summary>
public sealed class RabbitMqVhost(RabbitMqApi api, string name, string amqpUri) : IAsyncDisposable
{
    public string Name => name;

    public string AmqpUri => amqpUri;

    public RabbitMqApi Api => api;

    /// <summary>Messages, ready and unacknowledged, of each queue.</summary>
    public Task<Dictionary<string, long>> QueuesAsync() => api.QueuesAsync(name);

    public Task PurgeAsync(string queue) => api.PurgeAsync(name, queue);

    public async ValueTask DisposeAsync() => await api.DeleteVhostAsync(name);
}
