using System.Collections.Concurrent;
using System.Text.Json;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Tools.Server;

namespace Scitq.Tools.Launch;

/// <summary>
/// Publishes to the coordinator's exchange: mandatory, persistent and confirmed, so that the broker holds the tasks
/// before this returns, whether a coordinator runs or not. The numbers come back by the broker's direct reply-to.
/// </summary>
internal sealed class BusSubmitter(ServerAddress server, ToolIo io, string program, TimeSpan timeout, TimeSpan replyWait) : ISubmitter
{
    private const string ReplyTo = "amq.rabbitmq.reply-to";

    private readonly ConcurrentDictionary<string, TaskCompletionSource<TasksSubmitted?>> _waiting = new();
    private IConnection? _connection;
    private IChannel? _channel;
    private bool _coordinatorAway;

    public async Task<IReadOnlyList<SubmittedTask>> SubmitAsync(IReadOnlyList<SubmitTask> tasks, CancellationToken cancel)
    {
        var single = tasks.Count == 1;
        var body = single ? JsonSerializer.SerializeToUtf8Bytes(tasks[0], ScitqJson.Bus) : JsonSerializer.SerializeToUtf8Bytes(new SubmitTasks { Tasks = tasks }, ScitqJson.Bus);
        var id = tasks[0].TaskId.ToString();
        var reply = new TaskCompletionSource<TasksSubmitted?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = reply;
        await PublishAsync(id, single ? nameof(SubmitTask) : nameof(SubmitTasks), body, cancel);

        // Once the coordinator has kept us waiting in vain, the next chunks need not wait as long again.
        var wait = _coordinatorAway ? TimeSpan.FromMilliseconds(100) : replyWait;
        TasksSubmitted? answer = null;
        try
        {
            answer = await reply.Task.WaitAsync(wait, io.Clock, cancel);
        }
        catch (TimeoutException)
        {
            _coordinatorAway = true;            // the broker has the tasks: they are queued, only their numbers are not known yet
        }
        finally
        {
            _waiting.TryRemove(id, out _);
        }

        return answer?.Tasks is { } known && known.Count == tasks.Count ? known : [.. tasks.Select(t => new SubmittedTask { TaskId = t.TaskId })];
    }

    public async ValueTask DisposeAsync()
    {
        if (_channel is not null) await _channel.DisposeAsync();
        if (_connection is not null) await _connection.DisposeAsync();
    }

    private async Task PublishAsync(string id, string message, byte[] body, CancellationToken cancel)
    {
        var start = io.Clock.GetTimestamp();
        var properties = new BasicProperties
        {
            MessageId = id,
            CorrelationId = id,
            ReplyTo = ReplyTo,
            ContentType = "application/json",
            Persistent = true,
            Headers = new Dictionary<string, object?> { ["MT-MessageType"] = $"urn:message:Scitq.Contracts.Messages:{message}" },
        };
        for (var attempt = 1; ; attempt++)
        {
            string trouble;
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel, io.Interrupted);
                var rest = timeout - io.Clock.GetElapsedTime(start);
                limit.CancelAfter(TimeSpan.FromSeconds(Math.Clamp(Math.Max(5, timeout.TotalSeconds / 3), 0.1, Math.Max(0.1, rest.TotalSeconds))));
                var channel = await OpenAsync(limit.Token);
                await channel.BasicPublishAsync(Queues.Tasks, "", true, properties, body, limit.Token);
                return;
            }
            catch (PublishException e) when (e.IsReturn)
            {
                throw new ToolException(ExitCodes.Unreachable, "no_queue", $"broker {server.Shown} has no queue '{Queues.Tasks}' for tasks: nothing was queued", "Start a coordinator once on this broker; it makes the queue.", e);
            }
            catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == 404)
            {
                throw new ToolException(ExitCodes.Unreachable, "no_exchange", $"broker {server.Shown} has no exchange '{Queues.Tasks}': no coordinator has ever run on it; nothing was queued", "Start a coordinator once on this broker; it makes the exchange.", e);
            }
            catch (Exception e) when (Refusal(e) is { } refusal)
            {
                throw new ToolException(ExitCodes.Denied, "unauthorized", $"broker {server.Shown} refuses the connection: {refusal}", "Check user, password and virtual host of the address.", e);
            }
            catch (Exception e) when (e is BrokerUnreachableException or OperationInterruptedException or IOException or PublishException)
            {
                trouble = e is BrokerUnreachableException ? $"cannot be reached ({(e.InnerException ?? e).Message})" : $"broke the connection ({e.Message})";
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested && !io.Interrupted.IsCancellationRequested)
            {
                trouble = "did not confirm in time";
            }

            await CloseAsync();
            var pause = Patience.Pause(attempt + 1);
            var left = timeout - io.Clock.GetElapsedTime(start);
            if (left <= pause) throw new ToolException(ExitCodes.Unreachable, "unreachable", $"broker {server.Shown} {trouble}; gave up after {attempt} {(attempt == 1 ? "try" : "tries")}", "Is it the right address (-s, SCITQ_SERVER)?");
            if (attempt == 1)
            {
                io.WatchInterrupts();
                io.Error.WriteLine($"{program}: broker {server.Shown} {trouble}; trying again for up to {Math.Ceiling(left.TotalSeconds):0} s");
            }

            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, io.Interrupted);
            await Task.Delay(pause, io.Clock, either.Token);
        }
    }

    private async Task<IChannel> OpenAsync(CancellationToken cancel)
    {
        if (_channel is { IsOpen: true }) return _channel;
        await CloseAsync();
        var factory = new ConnectionFactory
        {
            Uri = server.Uri,
            AutomaticRecoveryEnabled = false,               // a new try is ours to make: it must publish again too
            TopologyRecoveryEnabled = false,
            RequestedConnectionTimeout = TimeSpan.FromSeconds(10),
            ClientProvidedName = program,
        };
        _connection = await factory.CreateConnectionAsync(cancel);
        _channel = await _connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancel);
        var consumer = new AsyncEventingBasicConsumer(_channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            if (delivery.BasicProperties.CorrelationId is { } id && _waiting.TryGetValue(id, out var waiting)) waiting.TrySetResult(Read(delivery.Body.Span));
            return Task.CompletedTask;
        };
        await _channel.BasicConsumeAsync(ReplyTo, autoAck: true, consumer, cancel);
        return _channel;
    }

    private async Task CloseAsync()
    {
        if (_connection is not null)
        {
            try
            {
                await _connection.AbortAsync();
                await _connection.DisposeAsync();
            }
            catch (Exception e) when (e is AlreadyClosedException or IOException or OperationInterruptedException)
            {
                _connection = null;             // it was broken already, which is why it is closed
            }
        }

        (_channel, _connection) = (null, null);
    }

    /// <summary>An answer that cannot be read is treated as none: the tasks are queued all the same.</summary>
    private static TasksSubmitted? Read(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize<TasksSubmitted>(body, ScitqJson.Bus);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Refusal(Exception error)
    {
        for (var e = error; e is not null; e = e.InnerException)
        {
            if (e is AuthenticationFailureException or PossibleAuthenticationFailureException) return "wrong user or password";
            if (e is OperationInterruptedException { ShutdownReason.ReplyCode: 403 or 530 } closed) return closed.ShutdownReason!.ReplyText;
        }

        return null;
    }
}
