using System.Collections.Concurrent;
using System.Text.Json;
using RabbitMQ.Client;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>An agent that says what the test wants, in the order it wants.</summary>
internal sealed class FakeAgent : IAsyncDisposable
{
    private readonly IConnection _connection;
    private readonly IChannel _channel;
    private readonly ConcurrentQueue<(string Type, byte[] Body)> _heard = new();
    private readonly Guid _epoch = Guid.NewGuid();
    private long _sequence;

    private FakeAgent(IConnection connection, IChannel channel, string name) => (_connection, _channel, Name) = (connection, channel, name);

    public string Name { get; }

    /// <summary>Registers it; its queue is one that goes with it.</summary>
    public static async Task<FakeAgent> StartAsync(Cluster cluster, string name)
    {
        var connection = await Bus.ConnectAsync(cluster);
        var agent = new FakeAgent(connection, await connection.ConfirmingAsync(), $"{name}-{cluster.Mark}");
        var queue = Queues.Worker(agent.Name);
        await agent._channel.ExchangeDeclareAsync(queue, ExchangeType.Fanout, durable: true);
        await agent._channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false,
            new Dictionary<string, object?> { ["x-expires"] = 600_000, ["x-message-ttl"] = 120_000 });
        await agent._channel.QueueBindAsync(queue, queue, "");
        await agent._channel.ListenAsync(queue, delivery =>
        {
            var type = delivery.BasicProperties.Headers?["MT-MessageType"] is byte[] text ? System.Text.Encoding.ASCII.GetString(text) : "";
            agent._heard.Enqueue((type, delivery.Body.ToArray()));
            return Task.CompletedTask;
        });
        await agent.SendAsync(Queues.Workers, new RegisterWorker
        {
            Worker = agent.Name, Epoch = agent._epoch, Batch = cluster.Batch, Concurrency = 1, Prefetch = 0, Leases = [],
            Host = new HostInfo { Hostname = "fake", Cpus = 1, Memory = 1, Version = "1" },
        });
        Assert.Null((await agent.HearAsync<WorkerRegistered>(_ => true)).Refusal);
        return agent;
    }

    public Task SendAsync<T>(string queue, T message) => _channel.SendAsync(queue, message);

    /// <summary>Waits for an answer of this kind.</summary>
    public Task<T> HearAsync<T>(Func<T, bool> wanted) where T : class => Eventually.GetAsync(
        () => Task.FromResult(_heard.Where(h => h.Type.EndsWith($":{typeof(T).Name}", StringComparison.Ordinal))
            .Select(h => JsonSerializer.Deserialize<T>(h.Body, ScitqJson.Bus)!).FirstOrDefault(wanted)),
        $"{Name} hears {typeof(T).Name}", Cluster.Patience);

    /// <summary>Claims the first attempt of a task.</summary>
    public async Task<AttemptKey> ClaimAsync(Guid task)
    {
        var request = ++_sequence;
        await SendAsync(Queues.Claims, new ClaimTasks { Worker = Name, Epoch = _epoch, Request = request, Items = [new TaskQueued { TaskId = task }] });
        var answer = (await HearAsync<ClaimsAnswered>(a => a.Request == request)).Items.Single();
        Assert.Null(answer.Reason);
        return new AttemptKey(task, 1, answer.Lease!.Value);
    }

    public Task ReportAsync(params AttemptReport[] reports) => SendAsync(Queues.Reports, new AttemptReports { Worker = Name, Items = reports });

    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
