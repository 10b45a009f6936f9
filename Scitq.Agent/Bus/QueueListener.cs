using System.Text;
using System.Text.Json;
using MassTransit;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Scitq.Access.Broker;
using PublishException = RabbitMQ.Client.Exceptions.PublishException;

namespace Scitq.Agent.Bus;

/// <summary>
/// Reads a queue over a connection of its own. Goes on trying when the broker or the queue goes away, and says once why it must.
/// </summary>
internal sealed partial class QueueListener(BrokerSettings broker, string name, IQueueReader reader, Func<CancellationToken, Task> brokerIsThere, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly Complaint _trouble = new();
    private IConnection? _connection;
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

    public async ValueTask DisposeAsync()
    {
        await DisconnectAsync();
        if (_connection is not null) await _connection.EndAsync(ClosePatience);
        _connection = null;
    }

    private static TaskCompletionSource NewReady() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task ListenAsync(string queue, int prefetch, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await brokerIsThere(stop);
                await using var hand = new Hand(await OpenAsync(stop), queue, reader, (q, e) => Dropped(logger, q, BrokerFailure.Reason(e, broker)));
                await hand.ListenAsync(prefetch, stop);
                if (_trouble.IsOver()) ListeningAgain(logger, queue);
                _ready.TrySetResult();
                // Until nobody wants to listen any more, or something has happened to connection, channel or queue.
                await Task.WhenAny(hand.Closed, Task.Delay(Timeout.InfiniteTimeSpan, stop));
                if (!stop.IsCancellationRequested) Interrupted(queue, await hand.Closed is { } shutdown ? BrokerFailure.Reason(shutdown, broker) : "the queue was deleted.");
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                // Whatever it was, its administrator may mend it: say so and go on trying.
                Interrupted(queue, BrokerFailure.Reason(e, broker));
            }
            catch (Exception)
            {
                // Nobody wants to listen any more.
            }

            if (_ready.Task.IsCompleted) _ready = NewReady();
            if (!stop.IsCancellationRequested) await Task.WhenAny(Task.Delay(Pause, stop));
        }
    }

    private void Interrupted(string queue, string problem)
    {
        if (_trouble.IsNew(problem)) Interrupted(logger, queue, problem);
    }

    private async Task<IConnection> OpenAsync(CancellationToken stop)
    {
        if (_connection is { IsOpen: true } open) return open;
        if (_connection is not null) await _connection.EndAsync(ClosePatience);
        _connection = null;
        return _connection = await broker.Factory(name).CreateConnectionAsync(stop).WaitAsync(Patience, stop);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Queue {Queue} can't be listened to: {Problem} Trying again and again.")]
    private static partial void Interrupted(ILogger logger, string queue, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "Queue {Queue} is listened to again.")]
    private static partial void ListeningAgain(ILogger logger, string queue);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A message that can't be read is dropped, for it can't be put into the queue {Queue}: {Problem}")]
    private static partial void Dropped(ILogger logger, string queue, string problem);

    /// <summary>One channel and what it has delivered.</summary>
    private sealed class Hand(IConnection connection, string queue, IQueueReader reader, Action<string, Exception> dropped) : IAsyncDisposable
    {
        private readonly TaskCompletionSource<ShutdownEventArgs?> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly CancellationTokenSource _patience = new();
        private IChannel? _channel;
        private string? _consumer;
        private int _held = 1;      // one for listening itself

        /// <summary>Why nothing comes any more; null when the queue is no more.</summary>
        public Task<ShutdownEventArgs?> Closed => _closed.Task;

        public async Task ListenAsync(int prefetch, CancellationToken ct)
        {
            await reader.PrepareAsync(connection, queue, ct);
            _channel = await connection.CreateChannelAsync(cancellationToken: ct);
            _channel.ChannelShutdownAsync += (_, shutdown) => ClosedAsync(shutdown);
            await _channel.BasicQosAsync(0, (ushort)prefetch, global: false, ct);
            var consumer = new AsyncEventingBasicConsumer(_channel);
            consumer.ReceivedAsync += ReceiveAsync;
            consumer.UnregisteredAsync += (_, _) => ClosedAsync(null);
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

        private Task ClosedAsync(ShutdownEventArgs? why)
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
            var (suffix, problem) = ("_error", "it is null");
            object? message = null;
            try
            {
                message = reader.Read(TypeOf(delivery.BasicProperties), delivery.Body.Span);
            }
            catch (JsonException e)
            {
                problem = e.Message;
            }
            catch (NotSupportedException e)
            {
                // Of a type that is not known here, as a newer program may send.
                (suffix, problem) = ("_skipped", e.Message);
            }

            Interlocked.Increment(ref _held);
            // The body is the channel's again as soon as this returns.
            _ = message is null ? RefuseAsync(delivery.DeliveryTag, delivery.Body.ToArray(), queue + suffix, problem) : TakeAsync(delivery.DeliveryTag, message);
            return Task.CompletedTask;
        }

        private static string? TypeOf(IReadOnlyBasicProperties properties) =>
            properties.Headers?.TryGetValue(MessageHeaders.MessageType, out var type) == true && type is byte[] text ? Encoding.UTF8.GetString(text) : null;

        private async Task TakeAsync(ulong tag, object message)
        {
            try
            {
                if (await reader.TakeAsync(message, _patience.Token)) await _channel!.BasicAckAsync(tag, multiple: false, CancellationToken.None);
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

        /// <summary>To a queue where the coordinator finds it and puts it into the history. Whoever may not write there drops it: it would come again for ever.</summary>
        private async Task RefuseAsync(ulong tag, byte[] body, string error, string problem)
        {
            try
            {
                try
                {
                    await KeepAsync(body, error, problem);
                    await _channel!.BasicAckAsync(tag, multiple: false, CancellationToken.None);
                }
                catch (Exception e) when (BrokerFailure.IsDenied(e))
                {
                    dropped(error, e);
                    await _channel!.BasicNackAsync(tag, multiple: false, requeue: false, CancellationToken.None);
                }
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

        private async Task KeepAsync(byte[] body, string error, string problem)
        {
            var properties = new BasicProperties { Persistent = true, Headers = new Dictionary<string, object?> { [MessageHeaders.FaultMessage] = Encoding.UTF8.GetBytes(problem) } };
            await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
            // Over an exchange of its own: the nameless one would reach every queue, and so be too much of a right for an agent.
            await channel.ExchangeDeclareAsync(error, ExchangeType.Fanout, durable: true);
            await channel.QueueDeclareAsync(error, durable: true, exclusive: false, autoDelete: false);
            await channel.QueueBindAsync(error, error, "");
            await channel.BasicPublishAsync(error, "", mandatory: true, properties, body);
        }
    }
}

/// <summary>What a listener needs to know of the queue it reads.</summary>
internal interface IQueueReader
{
    /// <summary>Sees to it that the queue is there.</summary>
    Task PrepareAsync(IConnection connection, string queue, CancellationToken ct);

    /// <summary>The message; null or a <see cref="JsonException"/> for what can't be read, a <see cref="NotSupportedException"/> for a type that is not known.</summary>
    object? Read(string? type, ReadOnlySpan<byte> body);

    /// <summary>Takes a message; false gives it back to the queue.</summary>
    Task<bool> TakeAsync(object message, CancellationToken connection);
}
