using System.Text;
using System.Text.Json;
using MassTransit;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Messaging;
using PublishException = RabbitMQ.Client.Exceptions.PublishException;

namespace Scitq.Agent.Bus;

/// <summary>
/// The queue of a batch, read with RabbitMQ.Client: it brings the one message that every task costs, and through
/// MassTransit's pipeline that would cost several times as much. Goes on trying when the broker or the queue goes away.
/// </summary>
internal sealed partial class BatchListener(Uri address, string worker, IInbox inbox, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private IConnection? _connection;
    private CancellationTokenSource? _stop;
    private Task _listening = Task.CompletedTask;

    /// <summary>Returns once deliveries can come.</summary>
    public async Task ConnectAsync(string batch, int prefetch, CancellationToken ct)
    {
        await DisconnectAsync();
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _stop = new CancellationTokenSource();
        _listening = ListenAsync(Queues.Batch(batch), prefetch, ready, _stop.Token);
        await ready.Task.WaitAsync(Patience, ct);
    }

    /// <summary>Returns once no delivery is in hand; what nobody took goes back.</summary>
    public async Task DisconnectAsync()
    {
        if (_stop is null) return;
        await _stop.CancelAsync();
        await _listening;
        _stop.Dispose();
        _stop = null;
    }

    public async ValueTask DisposeAsync()
    {
        await DisconnectAsync();
        if (_connection is not null) await _connection.DisposeAsync();
        _connection = null;
    }

    private async Task ListenAsync(string queue, int prefetch, TaskCompletionSource ready, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await using var hand = new Hand(await OpenAsync(stop), queue, inbox);
                await hand.ListenAsync(prefetch, stop);
                ready.TrySetResult();
                // Until nobody wants to listen any more, or something has happened to connection, channel or queue.
                await Task.WhenAny(hand.Closed, Task.Delay(Timeout.InfiniteTimeSpan, stop));
                if (!stop.IsCancellationRequested) Interrupted(logger, queue, await hand.Closed);
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                // Whatever it was, its administrator may mend it: say so and go on trying.
                Interrupted(logger, queue, e.GetBaseException().Message);
            }
            catch (Exception)
            {
                // Nobody wants to listen any more.
                return;
            }

            if (!stop.IsCancellationRequested) await Task.WhenAny(Task.Delay(TimeSpan.FromSeconds(1), stop));
        }
    }

    private async Task<IConnection> OpenAsync(CancellationToken stop)
    {
        if (_connection is { IsOpen: true } open) return open;
        if (_connection is not null) await _connection.DisposeAsync();
        _connection = null;
        var factory = new ConnectionFactory { Uri = address, ClientProvidedName = $"scitq-agent {worker} tasks", AutomaticRecoveryEnabled = false, RequestedHeartbeat = TimeSpan.FromSeconds(10) };
        return _connection = await factory.CreateConnectionAsync(stop).WaitAsync(Patience, stop);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Queue {Queue} can't be listened to: {Problem} Trying again.")]
    private static partial void Interrupted(ILogger logger, string queue, string problem);

    /// <summary>One channel and what it has delivered.</summary>
    private sealed class Hand(IConnection connection, string queue, IInbox inbox) : IAsyncDisposable
    {
        private readonly TaskCompletionSource<string> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly CancellationTokenSource _patience = new();
        private IChannel? _channel;
        private string? _consumer;
        private int _held = 1;      // one for listening itself

        /// <summary>Why nothing comes any more.</summary>
        public Task<string> Closed => _closed.Task;

        public async Task ListenAsync(int prefetch, CancellationToken ct)
        {
            _channel = await connection.CreateChannelAsync(cancellationToken: ct);
            _channel.ChannelShutdownAsync += (_, shutdown) => ClosedAsync($"{shutdown.ReplyText}.");
            await _channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, BusConfiguration.BatchQueueArguments.ToDictionary(a => a.Key, a => (object?)a.Value), cancellationToken: ct);
            await _channel.BasicQosAsync(0, (ushort)prefetch, global: false, ct);
            var consumer = new AsyncEventingBasicConsumer(_channel);
            consumer.ReceivedAsync += ReceiveAsync;
            consumer.UnregisteredAsync += (_, _) => ClosedAsync("the queue was deleted.");
            _consumer = await _channel.BasicConsumeAsync(queue, autoAck: false, consumer, ct);
        }

        public async ValueTask DisposeAsync()
        {
            try
            {
                if (_channel is { IsOpen: true } && _consumer is not null) await _channel.BasicCancelAsync(_consumer, cancellationToken: CancellationToken.None).WaitAsync(Patience);
                // A claim that is under way should have its answer, or the lease would be nobody's until it is missed.
                Release();
                await Task.WhenAny(_empty.Task, Task.Delay(Patience));
                await _patience.CancelAsync();
                if (_channel is not null) await _channel.DisposeAsync();
            }
            catch (Exception e) when (e is OperationInterruptedException or AlreadyClosedException or IOException or TimeoutException)
            {
                // Closed from the other side: what was in hand goes back all the same.
            }
            finally
            {
                _patience.Dispose();
            }
        }

        private Task ClosedAsync(string why)
        {
            _closed.TrySetResult(why);
            return Task.CompletedTask;
        }

        private void Release()
        {
            if (Interlocked.Decrement(ref _held) == 0) _empty.TrySetResult();
        }

        /// <summary>Returns at once: the next delivery comes only then.</summary>
        private Task ReceiveAsync(object sender, BasicDeliverEventArgs delivery)
        {
            TaskQueued? message = null;
            var problem = "it is null";
            try
            {
                message = JsonSerializer.Deserialize<TaskQueued>(delivery.Body.Span, ScitqJson.Bus);
            }
            catch (JsonException e)
            {
                problem = e.Message;
            }

            Interlocked.Increment(ref _held);
            // The body is the channel's again as soon as this returns.
            _ = message is null ? RefuseAsync(delivery.DeliveryTag, delivery.Body.ToArray(), problem) : TakeAsync(delivery.DeliveryTag, message);
            return Task.CompletedTask;
        }

        private async Task TakeAsync(ulong tag, TaskQueued message)
        {
            try
            {
                if (await inbox.ReceiveAsync(message, _patience.Token)) await _channel!.BasicAckAsync(tag, multiple: false, CancellationToken.None);
                else await _channel!.BasicNackAsync(tag, multiple: false, requeue: true, CancellationToken.None);
            }
            catch (Exception e) when (e is OperationInterruptedException or AlreadyClosedException or IOException or ObjectDisposedException or OperationCanceledException)
            {
                // The channel has gone: the message comes again, and is known then if it was taken.
            }
            finally
            {
                Release();
            }
        }

        /// <summary>To the error queue, where the coordinator finds it and puts it into the history.</summary>
        private async Task RefuseAsync(ulong tag, byte[] body, string problem)
        {
            try
            {
                var error = queue + "_error";
                var properties = new BasicProperties { Persistent = true, Headers = new Dictionary<string, object?> { [MessageHeaders.FaultMessage] = Encoding.UTF8.GetBytes(problem) } };
                await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
                try
                {
                    await channel.BasicPublishAsync("", error, mandatory: true, properties, body);
                }
                catch (PublishException e) when (e.IsReturn)
                {
                    // The first of its kind.
                    await channel.QueueDeclareAsync(error, durable: true, exclusive: false, autoDelete: false);
                    await channel.BasicPublishAsync("", error, mandatory: true, properties, body);
                }

                await _channel!.BasicAckAsync(tag, multiple: false, CancellationToken.None);
            }
            catch (Exception e) when (e is OperationInterruptedException or AlreadyClosedException or PublishException or IOException or ObjectDisposedException)
            {
                // The channel has gone: the message comes again.
            }
            finally
            {
                Release();
            }
        }
    }
}
