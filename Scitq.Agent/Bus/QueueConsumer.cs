using System.Text;
using System.Text.Json;
using MassTransit;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Scitq.Access.Broker;
using Scitq.Contracts;
using PublishException = RabbitMQ.Client.Exceptions.PublishException;

namespace Scitq.Agent.Bus;

/// <summary>One channel that reads a queue, and the deliveries of it that are in hand.</summary>
/// <param name="connection">It has the channel, and others to prepare the queue and to keep what can't be read.</param>
/// <param name="queue">The queue.</param>
/// <param name="reader">Knows the queue.</param>
/// <param name="dropped">Called with the name of an error queue and the reason why a message that can't be read was not put there, and is lost.</param>
/// <param name="time">Measures patience.</param>
internal sealed class QueueConsumer(
    IConnection connection, string queue, IQueueReader reader, Action<string, Exception> dropped, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
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
            if (_channel is { IsOpen: true } && _consumer is not null)
                await _channel.BasicCancelAsync(_consumer, cancellationToken: CancellationToken.None).WaitAsync(Patience, time);
            // A claim that is under way should have its answer, or the lease would be nobody's until it is missed.
            Release();
            await Task.WhenAny(_empty.Task, Task.Delay(Patience, time));
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

    private static bool IsGone(Exception e) => e is OperationInterruptedException or AlreadyClosedException or IOException or ObjectDisposedException;

    private async Task TakeAsync(ulong tag, object message)
    {
        try
        {
            if (await reader.TakeAsync(message, _patience.Token)) await _channel!.BasicAckAsync(tag, multiple: false, CancellationToken.None);
            else await _channel!.BasicNackAsync(tag, multiple: false, requeue: true, CancellationToken.None);
        }
        catch (Exception e) when (IsGone(e) || e is OperationCanceledException)
        {
            // The channel has gone: the message comes again, and is known then if it was taken.
        }
        catch (Exception e)
        {
            // Unforeseen: the listener says it and closes the channel, so the message comes again.
            _closed.TrySetException(e);
        }
        finally
        {
            Release();
        }
    }

    /// <summary>
    /// To a queue where the coordinator finds it and puts it into the history. An agent that may not write there drops it: it would come again for ever.
    /// </summary>
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
        catch (Exception e) when (IsGone(e) || e is PublishException)
        {
            // The channel has gone: the message comes again.
        }
        catch (Exception e)
        {
            // Unforeseen: the listener says it and closes the channel, so the message comes again.
            _closed.TrySetException(e);
        }
        finally
        {
            Release();
        }
    }

    private async Task KeepAsync(byte[] body, string error, string problem)
    {
        var properties = new BasicProperties
        {
            Persistent = true,
            Headers = new Dictionary<string, object?> { [MessageHeaders.FaultMessage] = Encoding.UTF8.GetBytes(problem) },
        };
        await using var channel = await connection.CreateConfirmingChannelAsync(CancellationToken.None);
        await channel.DeclareAsync(error, null, CancellationToken.None);
        await channel.BasicPublishAsync(error, "", mandatory: true, properties, body);
    }
}
