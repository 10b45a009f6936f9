using System.Threading.Channels;
using MassTransit;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;
using Scitq.Coordinator.Workers;

namespace Scitq.Coordinator.Bus;

/// <summary>
/// Sends what saved tasks want sent: after the commit, never before, so that no answer can overtake the row. What a crash
/// in between leaves unsent, the <see cref="Reconciler"/> finds; what it sends twice, claims refuse.
/// </summary>
internal sealed partial class Dispatcher(IBus bus, ITopology topology, WorkerWishes wishes, ILogger<Dispatcher> logger, TaskPublisher? publisher = null) : BackgroundService, ICommitObserver
{
    private const int InFlight = 500;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private readonly Channel<Order> _orders = Channel.CreateUnbounded<Order>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Raised when something could not be sent: the reconciler should look soon.</summary>
    public event Action? Failed;

    /// <summary>The tasks that have a message on the way, when that is limited (<see cref="Window"/>).</summary>
    public Window? Window { get; } = topology is MemoryTopology ? new Window() : null;

    public void Committed(IReadOnlyList<CommittedTask> tasks)
    {
        foreach (var committed in tasks)
        {
            var (task, effects) = committed;
            if (effects.Stop is { } stop) _orders.Writer.TryWrite(new Order(topology.Worker(stop.Worker), null, stop.Order));
            if (Window is not null && !Window.Admit(committed)) continue;
            if (effects.Dispatch) _orders.Writer.TryWrite(new Order(topology.Batch(task.Batch), task.Batch, new TaskQueued { TaskId = task.CorrelationId, Attempt = task.Attempt }));
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        wishes.Changed += (worker, settings) => _orders.Writer.TryWrite(new Order(topology.Worker(worker), null, settings));
        var sends = new List<Task>(InFlight);
        var queued = new List<(string Batch, TaskQueued Task)>(InFlight);
        while (await _orders.Reader.WaitToReadAsync(stoppingToken))
        {
            sends.Clear();
            queued.Clear();
            while (sends.Count + queued.Count < InFlight && _orders.Reader.TryRead(out var order))
            {
                // A broker that is away, or takes nothing: tasks are found in the table when it is back, and orders are told with each heartbeat's answer.
                if (topology.UpSince is null) continue;
                if (publisher is not null && order is { Batch: { } batch, Message: TaskQueued task }) queued.Add((batch, task));
                else sends.Add(SendAsync(order, stoppingToken));
            }

            if (queued.Count > 0) sends.Add(PublishAsync(queued, stoppingToken));
            await Task.WhenAll(sends);
        }
    }

    private async Task PublishAsync(IReadOnlyList<(string Batch, TaskQueued Task)> queued, CancellationToken stopping)
    {
        try
        {
            for (var tries = 0; queued.Count > 0; tries++)
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
                limit.CancelAfter(Patience);
                foreach (var batch in queued.Select(q => q.Batch).Distinct()) await topology.EnsureBatchAsync(batch, limit.Token);
                var returned = await publisher!.PublishAsync(queued, limit.Token);
                // Nobody has declared the queue, or it was deleted: declare it and try once more.
                foreach (var batch in returned) topology.Forget(batch);
                queued = [.. queued.Where(q => returned.Contains(q.Batch))];
                if (tries > 0 && queued.Count > 0) throw new IOException("the broker has no queue for it.");
            }
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            // Whatever it was, an exchange that somebody has deleted among them: all is declared anew before the next try.
            foreach (var batch in queued.Select(q => q.Batch).Distinct()) topology.Forget(batch);
            Log.NotSent(logger, topology.Batch(queued[0].Batch), e.Message);
            Failed?.Invoke();
        }
    }

    private async Task SendAsync(Order order, CancellationToken stopping)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
                limit.CancelAfter(Patience);
                if (order.Batch is not null) await topology.EnsureBatchAsync(order.Batch, limit.Token);
                var endpoint = await bus.GetSendEndpoint(order.Address);
                if (order.Message is TaskQueued queued) await endpoint.Send(queued, Mandatory, limit.Token);
                else await endpoint.Send(order.Message, order.Message.GetType(), limit.Token);
                return;
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                // Returned because nobody has declared the queue, or it was deleted: declare it and try once more.
                if (order.Batch is not null) topology.Forget(order.Batch);
                if (tries == 0 && e is MessageReturnedException) continue;
                Log.NotSent(logger, order.Address, e.Message);
                if (order.Message is TaskQueued lost) Window?.Remove(lost.TaskId);
                Failed?.Invoke();
                return;
            }
        }
    }

    private static void Mandatory<T>(SendContext<T> context)
        where T : class
    {
        if (context is RabbitMqSendContext rabbit) rabbit.Mandatory = true;
    }

    private sealed record Order(Uri Address, string? Batch, object Message);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "A message to {Address} could not be sent ({Problem}); it will be sent again")]
        public static partial void NotSent(ILogger logger, Uri address, string problem);
    }
}
