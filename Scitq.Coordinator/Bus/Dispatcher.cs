using System.Threading.Channels;
using MassTransit;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Bus;

/// <summary>
/// Sends what saved tasks want sent: after the commit, never before, so that no answer can overtake the row. What a crash
/// in between leaves unsent, the <see cref="Reconciler"/> finds; what it sends twice, claims refuse.
/// </summary>
internal sealed partial class Dispatcher(
    ITaskQueues queues, ITopology topology, IBus bus, ReconcileRequests requests, ILogger<Dispatcher> logger)
    : BackgroundService, ICommitObserver
{
    private const int InFlight = 500;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    // A broker that hangs must not cost memory: the table has what does not fit, and requests to workers are repeated by the answers to heartbeats.
    private readonly Channel<Outgoing> _outgoing = Channel.CreateBounded<Outgoing>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private volatile bool _overflowed;

    /// <summary>How many messages wait at most for their turn to be sent: some seconds' worth of them.</summary>
    public const int MostWaiting = 100_000;

    public void Committed(IReadOnlyList<CommittedTask> tasks)
    {
        foreach (var committed in tasks)
        {
            var (task, effects) = committed;
            if (effects.Stop is { } stop) Put(new Outgoing(stop.Worker, stop.Message));
            if (effects.Pause is { } pause) Put(new Outgoing(pause.Worker, pause.Message));
            if (queues.Admit(committed) && effects.Dispatch) Put(
                new Outgoing(task.Batch, null, new TaskQueued
                {
                    TaskId = task.CorrelationId, Attempt = task.Attempt, Token = effects.DispatchedBefore ? Guid.NewGuid() : null,
                }));
        }
    }

    /// <summary>Sends a message to a worker when its turn comes; not at all, if the broker is away by then.</summary>
    public void Tell(string worker, object message) => Put(new Outgoing(worker, message));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var sends = new List<Task>(InFlight);
        var queued = new List<(string Batch, TaskQueued Task)>(InFlight);
        while (await _outgoing.Reader.WaitToReadAsync(stoppingToken))
        {
            sends.Clear();
            queued.Clear();
            while (sends.Count + queued.Count < InFlight && _outgoing.Reader.TryRead(out var next))
            {
                // A broker that is away, or takes nothing: tasks are found in the table when it is back, and requests to workers are told with each
                // heartbeat's answer.
                if (topology.UpSince is null) continue;
                if (next.Message is { } message) sends.Add(SendAsync(next.To, message, stoppingToken));
                else queued.Add((next.To, next.Task!));
            }

            if (queued.Count > 0) sends.Add(QueueAsync(queued, stoppingToken));
            await Task.WhenAll(sends);
            if (_overflowed && _outgoing.Reader.Count < MostWaiting / 2)
            {
                _overflowed = false;
                requests.AskForAll();
            }
        }
    }

    private void Put(Outgoing next)
    {
        if (!_outgoing.Writer.TryWrite(next)) _overflowed = true;
    }

    private async Task QueueAsync(IReadOnlyList<(string Batch, TaskQueued Task)> tasks, CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(Patience);
        try
        {
            await queues.SendAsync(tasks, limit.Token);
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            Log.NotQueued(logger, tasks.Count, e.Message);
            requests.AskForAll();
        }
    }

    private async Task SendAsync(string worker, object message, CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(Patience);
        try
        {
            var endpoint = await bus.GetSendEndpoint(topology.Worker(worker));
            await endpoint.Send(message, message.GetType(), limit.Token);
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            Log.NotSent(logger, worker, e.Message);
        }
    }

    /// <summary>A message to a worker; without one, a task for the workers of a batch.</summary>
    private readonly record struct Outgoing(string To, object? Message, TaskQueued? Task = null);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Count} tasks could not be queued ({Problem}); they will be sent again")]
        public static partial void NotQueued(ILogger logger, int count, string problem);

        [LoggerMessage(2, LogLevel.Warning, "A message to worker {Worker} could not be sent ({Problem}); the answer to its heartbeat repeats it")]
        public static partial void NotSent(ILogger logger, string worker, string problem);
    }
}
