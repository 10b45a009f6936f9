using Microsoft.Extensions.Logging;
using Scitq.Access.Broker;

namespace Scitq.Agent.Bus;

/// <summary>
/// Reads a queue over a connection of its own. Goes on trying when the broker or the queue goes away, and says once why it must.
/// </summary>
internal sealed partial class QueueListener(
    BrokerConnection connection, IQueueReader reader, Func<CancellationToken, Task> brokerIsThere, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly Complaint _trouble = new();
    private CancellationTokenSource? _stop;
    private Task _listening = Task.CompletedTask;
    private volatile TaskCompletionSource _ready = NewReady();

    /// <summary>Whether deliveries can come.</summary>
    public bool IsListening => _ready.Task.IsCompleted;

    /// <summary>Starts to listen, and does not wait for it.</summary>
    public async Task ConnectAsync(string queue, int prefetch)
    {
        await DisconnectAsync();
        _stop = new CancellationTokenSource();
        _listening = ListenAsync(queue, prefetch, _stop.Token);
    }

    /// <summary>Returns once deliveries can come.</summary>
    public Task ListeningAsync(CancellationToken ct) => _ready.Task.WaitAsync(ct);

    /// <summary>Returns once no delivery is in hand; what nobody took goes back.</summary>
    public async Task DisconnectAsync()
    {
        if (_stop is null) return;
        await _stop.CancelAsync();
        await _listening;
        _stop.Dispose();
        _stop = null;
    }

    /// <summary>Listens no longer; the connection's owner closes it.</summary>
    public async ValueTask DisposeAsync() => await DisconnectAsync();

    private static TaskCompletionSource NewReady() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task ListenAsync(string queue, int prefetch, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await brokerIsThere(stop);
                await using var consumer = new QueueConsumer(
                    await connection.OpenAsync(stop), queue, reader, (q, e) => Log.Dropped(logger, q, BrokerFailure.Reason(e, connection.Broker)), time);
                await consumer.ListenAsync(prefetch, stop);
                if (_trouble.IsOver()) Log.ListeningAgain(logger, queue);
                _ready.TrySetResult();
                // Until nobody wants to listen any more, or something has happened to connection, channel or queue.
                await Task.WhenAny(consumer.Closed, Task.Delay(Timeout.InfiniteTimeSpan, time, stop));
                if (!stop.IsCancellationRequested)
                    Interrupted(queue, await consumer.Closed is { } shutdown ? BrokerFailure.Reason(shutdown, connection.Broker) : "the queue was deleted.");
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                // Whatever it was, its administrator may mend it: say so and go on trying.
                Interrupted(queue, BrokerFailure.Reason(e, connection.Broker));
            }
            catch (Exception)
            {
                // Nobody wants to listen any more.
            }

            if (_ready.Task.IsCompleted) _ready = NewReady();
            if (!stop.IsCancellationRequested) await Task.WhenAny(Task.Delay(Pause, time, stop));
        }
    }

    private void Interrupted(string queue, string problem)
    {
        if (_trouble.IsNew(problem)) Log.Interrupted(logger, queue, problem);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Queue {Queue} can't be listened to: {Problem} Trying again and again.")]
        public static partial void Interrupted(ILogger logger, string queue, string problem);

        [LoggerMessage(2, LogLevel.Information, "Queue {Queue} is listened to again.")]
        public static partial void ListeningAgain(ILogger logger, string queue);

        [LoggerMessage(3, LogLevel.Warning, "A message that can't be read is dropped, for it can't be put into the queue {Queue}: {Problem}")]
        public static partial void Dropped(ILogger logger, string queue, string problem);
    }
}
