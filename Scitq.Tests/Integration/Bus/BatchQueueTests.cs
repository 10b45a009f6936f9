using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;
using Scitq.Access.Broker;
using Scitq.Agent.Bus;
using Scitq.Agent.Parts;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Bus;
using Scitq.Tests.EndToEnd.Faults;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Bus;

/// <summary>The two ends of a batch's queue, on a real broker.</summary>
[Trait("Level", "Integration")]
public sealed class BatchQueueTests
{
    private const string Batch = "b";

    [Fact(Timeout = 60_000)]
    public async Task Thousands_are_published_confirmed_and_taken_once()
    {
        await using var vhost = await RabbitMqServer.CreateVhostAsync();
        await DeclareAsync(vhost.AmqpUri);
        await using var publisher = Publisher(vhost.AmqpUri);
        var tasks = Enumerable.Range(0, 3000).Select(_ => new TaskQueued { TaskId = Guid.NewGuid() }).ToList();
        Assert.Empty(await publisher.PublishAsync([.. tasks.Take(2000).Select(t => (Batch, t))], CancellationToken.None));
        Assert.Empty(await publisher.PublishAsync([.. tasks.Skip(2000).Select(t => (Batch, t))], CancellationToken.None));

        var inbox = new Inbox();
        await using (var listener = Listener(vhost.AmqpUri, inbox))
        {
            await listener.ConnectAsync(Queues.Batch(Batch), 50);
            await Eventually.Async(() => inbox.Taken.Count >= tasks.Count, "all are taken", TimeSpan.FromSeconds(30));
        }

        Assert.Equal(tasks.Select(t => t.TaskId).Order(), inbox.Taken.Order());
        await Eventually.Async(async () => (await vhost.QueuesAsync())[Queues.Batch(Batch)] == 0, "the queue is empty");
    }

    [Fact(Timeout = 60_000)]
    public async Task The_batches_without_a_queue_are_named()
    {
        await using var vhost = await RabbitMqServer.CreateVhostAsync();
        await DeclareAsync(vhost.AmqpUri);
        await using (var connection = await ConnectAsync(vhost.AmqpUri))
        await using (var channel = await connection.CreateChannelAsync()) await channel.ExchangeDeclareAsync(Queues.Batch("other"), ExchangeType.Fanout,
            durable: true);
        await using var publisher = Publisher(vhost.AmqpUri);

        var returned = await publisher.PublishAsync([(Batch, new TaskQueued { TaskId = Guid.NewGuid() }),
            ("other", new TaskQueued { TaskId = Guid.NewGuid() })], CancellationToken.None);

        Assert.Equal(["other"], returned);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_publisher_without_an_exchange_fails_and_works_again_once_there_is_one()
    {
        await using var vhost = await RabbitMqServer.CreateVhostAsync();
        await using var publisher = Publisher(vhost.AmqpUri);
        await Assert.ThrowsAnyAsync<Exception>(() => publisher.PublishAsync([(Batch, new TaskQueued { TaskId = Guid.NewGuid() })], CancellationToken.None));

        await DeclareAsync(vhost.AmqpUri);

        Assert.Empty(await publisher.PublishAsync([(Batch, new TaskQueued { TaskId = Guid.NewGuid() })], CancellationToken.None));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_broker_that_hangs_is_given_up_in_time_and_published_to_again_when_it_goes_on()
    {
        await using var vhost = await RabbitMqServer.CreateVhostAsync();
        await DeclareAsync(vhost.AmqpUri);
        await using var gate = new TcpGate(new Uri(vhost.AmqpUri).Port);
        await using var publisher = Publisher(new UriBuilder(vhost.AmqpUri) { Port = gate.Port }.Uri.AbsoluteUri);
        Assert.Empty(await publisher.PublishAsync([(Batch, new TaskQueued { TaskId = Guid.NewGuid() })], CancellationToken.None));
        gate.Cut();
        using (var patience = new CancellationTokenSource(2000))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => publisher.PublishAsync([(Batch, new TaskQueued { TaskId = Guid.NewGuid() })], patience.Token));

        gate.Heal();

        Assert.Empty(await publisher.PublishAsync([(Batch, new TaskQueued { TaskId = Guid.NewGuid() })], CancellationToken.None));
    }

    [Fact(Timeout = 60_000)]
    public async Task What_nobody_takes_goes_back()
    {
        await using var vhost = await RabbitMqServer.CreateVhostAsync();
        await PublishAsync(vhost.AmqpUri, $$"""{"taskId":"{{Guid.NewGuid()}}"}""");
        var inbox = new Inbox { Wants = false };
        await using (var listener = Listener(vhost.AmqpUri, inbox))
        {
            await listener.ConnectAsync(Queues.Batch(Batch), 1);
            await Eventually.Async(() => inbox.Taken.Count >= 2, "it comes again and again");
        }

        await Eventually.Async(async () => (await vhost.QueuesAsync())[Queues.Batch(Batch)] == 1, "it is in its queue");
    }

    [Fact(Timeout = 60_000)]
    public async Task What_cannot_be_read_goes_to_the_error_queue_and_stops_nothing()
    {
        await using var vhost = await RabbitMqServer.CreateVhostAsync();
        var good = Guid.NewGuid();
        foreach (var body in new[] { "garbage", "null", "[]", """{"attempt":1}""", """{"taskId":7}""", $$"""{"taskId":"{{good}}","unknown":[1]}""" }) await PublishAsync(vhost.AmqpUri, body);

        var inbox = new Inbox();
        await using var listener = Listener(vhost.AmqpUri, inbox);
        await listener.ConnectAsync(Queues.Batch(Batch), 10);

        await Eventually.Async(() => inbox.Taken.Contains(good), "the good one is taken");
        await Eventually.Async(async () => (await vhost.QueuesAsync()) is var q && q[Queues.Batch(Batch)] == 0
            && q.GetValueOrDefault(Queues.Batch(Batch) + "_error") == 5, "the others are in the error queue");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_deleted_queue_is_listened_to_again()
    {
        await using var vhost = await RabbitMqServer.CreateVhostAsync();
        var inbox = new Inbox();
        await using var listener = Listener(vhost.AmqpUri, inbox);
        await listener.ConnectAsync(Queues.Batch(Batch), 1);
        await listener.ListeningAsync(TestContext.Current.CancellationToken);
        await using var connection = await ConnectAsync(vhost.AmqpUri);
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueDeleteAsync(Queues.Batch(Batch));

        await Eventually.Async(async () => (await vhost.QueuesAsync()).ContainsKey(Queues.Batch(Batch)), "it is declared again", TimeSpan.FromSeconds(20));
        await PublishAsync(vhost.AmqpUri, $$"""{"taskId":"{{Guid.NewGuid()}}"}""");

        await Eventually.Async(() => !inbox.Taken.IsEmpty, "its message is taken");
    }

    [Fact(Timeout = 180_000)]
    public async Task A_killed_broker_is_listened_to_and_published_to_again()
    {
        await using var server = await RabbitMqServer.StartPrivateAsync();
        await DeclareAsync(server.AmqpUri);
        await using var publisher = Publisher(server.AmqpUri);
        var inbox = new Inbox();
        await using var listener = Listener(server.AmqpUri, inbox);
        await listener.ConnectAsync(Queues.Batch(Batch), 5);
        await listener.ListeningAsync(TestContext.Current.CancellationToken);
        await server.KillAsync();
        var task = new TaskQueued { TaskId = Guid.NewGuid() };
        await Assert.ThrowsAnyAsync<Exception>(() => publisher.PublishAsync([(Batch, task)], new CancellationTokenSource(5000).Token));

        await server.StartAsync();

        // A broker keeps for a moment in memory what is declared, and killed then forgets it: its publisher hears so and declares it anew.
        if ((await publisher.PublishAsync([(Batch, task)], CancellationToken.None)).Count > 0)
        {
            await DeclareAsync(server.AmqpUri);
            Assert.Empty(await publisher.PublishAsync([(Batch, task)], CancellationToken.None));
        }

        await Eventually.Async(() => inbox.Taken.Contains(task.TaskId), "it is taken", TimeSpan.FromSeconds(30));
    }

    private static BrokerConnections Connections(string uri) => new(BrokerSettings.Read(uri), "test", TimeProvider.System);

    private static TaskPublisher Publisher(string uri) => new(Connections(uri));

    private static Reading Listener(string uri, Inbox inbox) => new(Connections(uri), inbox);

    private static Task<IConnection> ConnectAsync(string uri) => new ConnectionFactory { Uri = new Uri(uri) }.CreateConnectionAsync();

    private static async Task DeclareAsync(string uri)
    {
        await using var connection = await ConnectAsync(uri);
        await using var channel = await connection.CreateChannelAsync();
        var name = Queues.Batch(Batch);
        await channel.ExchangeDeclareAsync(name, ExchangeType.Fanout, durable: true);
        await channel.QueueDeclareAsync(name, durable: true, exclusive: false, autoDelete: false, Queues.BatchArguments.ToDictionary());
        await channel.QueueBindAsync(name, name, "");
    }

    private static async Task PublishAsync(string uri, string body)
    {
        await DeclareAsync(uri);
        await using var connection = await ConnectAsync(uri);
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        await channel.BasicPublishAsync("", Queues.Batch(Batch), mandatory: true, new BasicProperties(), Encoding.UTF8.GetBytes(body));
    }

    /// <summary>A listener with a connection of its own.</summary>
    private sealed class Reading(BrokerConnections connections, IInbox inbox) : IAsyncDisposable
    {
        private readonly QueueListener _listener =
            new(connections.For("tasks"), new BatchReader(inbox), _ => Task.CompletedTask, TimeProvider.System, NullLogger.Instance);

        public Task ConnectAsync(string queue, int prefetch) => _listener.ConnectAsync(queue, prefetch);

        public Task ListeningAsync(CancellationToken ct) => _listener.ListeningAsync(ct);

        public async ValueTask DisposeAsync()
        {
            await _listener.DisposeAsync();
            await connections.DisposeAsync();
        }
    }

    private sealed class Inbox : IInbox
    {
        public bool Wants { get; init; } = true;

        public ConcurrentBag<Guid> Taken { get; } = [];

        public IReadOnlyCollection<MessageRoute> Routes => [];

        public Task ReceiveAsync(object message) => Task.CompletedTask;

        public async Task<bool> ReceiveAsync(TaskQueued message, CancellationToken connection)
        {
            await Task.Yield();
            Taken.Add(message.TaskId);
            return Wants;
        }
    }
}
