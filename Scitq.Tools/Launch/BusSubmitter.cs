using System.Collections.Concurrent;
using System.Text.Json;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Scitq.Access.Broker;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Tools.Server;

namespace Scitq.Tools.Launch;

/// <summary>
/// Publishes to the coordinator's exchange: mandatory, persistent and confirmed, so that the broker holds the tasks
/// before this returns, whether a coordinator runs or not. The numbers come back by the broker's direct reply-to.
/// </summary>
internal sealed class BusSubmitter(BrokerSettings broker, string shown, ToolIo io, string program, TimeSpan timeout, TimeSpan replyWait) : ISubmitter
{
    private const string ReplyTo = "amq.rabbitmq.reply-to";
    private readonly ConcurrentDictionary<string, TaskCompletionSource<TasksSubmitted?>> _waiting = new();
    private readonly BrokerConnection _connection = new BrokerConnections(broker, program, io.Clock).For("submit");
    private IChannel? _channel;
    private bool _coordinatorAway;

    public async Task<IReadOnlyList<SubmittedTask>> SubmitAsync(IReadOnlyList<SubmitTask> tasks, CancellationToken cancel)
    {
        var single = tasks.Count == 1;
        var body = single
            ? JsonSerializer.SerializeToUtf8Bytes(tasks[0], ScitqJson.Bus)
            : JsonSerializer.SerializeToUtf8Bytes(new SubmitTasks { Tasks = tasks }, ScitqJson.Bus);
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

    public async ValueTask DisposeAsync() => await _connection.CloseAsync();

    private async Task PublishAsync(string id, string message, byte[] body, CancellationToken cancel)
    {
        var start = io.Clock.GetTimestamp();
        var properties = new BasicProperties
        {
            MessageId = id,
            CorrelationId = id,
            // Checked by the broker, and kept in the task's history.
            UserId = broker.Address.HasUser ? broker.Address.User : null,
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
                using var held = WhenHeldBack(reason => HeldBack(reason, timeout - io.Clock.GetElapsedTime(start), limit));
                await channel.BasicPublishAsync(Queues.Tasks, "", true, properties, body, limit.Token);
                return;
            }
            catch (PublishException e) when (e.IsReturn)
            {
                throw new ToolException(ExitCodes.Unreachable, "no_queue", $"broker {shown} has no queue '{Queues.Tasks}' for tasks: nothing was queued",
                    "Start a coordinator once on this broker; it makes the queue.", e);
            }
            catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == 404)
            {
                throw new ToolException(ExitCodes.Unreachable, "no_exchange",
                    $"broker {shown} has no exchange '{Queues.Tasks}': no coordinator has ever run on it; nothing was queued",
                    "Start a coordinator once on this broker; it makes the exchange.", e);
            }
            catch (Exception e) when (BrokerFailure.IsDenied(e))
            {
                throw new ToolException(ExitCodes.Denied, "unauthorized", $"broker {shown} refuses the connection: {Reason(e)}",
                    "Check user, password and virtual host of the address.", e);
            }
            catch (Exception e) when (BrokerFailure.IsUnsafe(e, broker))
            {
                throw new ToolException(ExitCodes.Unreachable, "tls", $"broker {shown} is not trusted: {Reason(e)}", "Nothing was sent to it.", e);
            }
            catch (Exception e) when (e is BrokerUnreachableException or OperationInterruptedException or IOException or PublishException)
            {
                trouble = $"{(e is BrokerUnreachableException ? "cannot be reached" : "broke the connection")} ({Reason(e)})";
            }
            catch (OperationCanceledException) when (_connection.Alarm.Problem is { } alarm && !IsOver(cancel))
            {
                throw new ToolException(ExitCodes.Unreachable, "broker_alarm",
                    $"{alarm}; it is {shown}, and gave no confirmation within {timeout.TotalSeconds:0} s",
                    $"It may take the task yet, once it has room again: to send it again without doubling it, use --task-id {id}");
            }
            catch (OperationCanceledException) when (!IsOver(cancel))
            {
                trouble = "did not confirm in time";
            }
            catch (TimeoutException)
            {
                trouble = "does not answer";
            }

            await _connection.CloseAsync();
            var pause = Patience.Pause(attempt + 1);
            var left = timeout - io.Clock.GetElapsedTime(start);
            if (left <= pause)
            {
                throw new ToolException(ExitCodes.Unreachable, "unreachable",
                    $"broker {shown} {trouble}; gave up after {attempt} {(attempt == 1 ? "try" : "tries")}",
                    "Is it the right address (-s, SCITQ_SERVER)?");
            }

            if (attempt == 1)
            {
                io.WatchInterrupts();
                io.Error.WriteLine($"{program}: broker {shown} {trouble}; trying again for up to {Math.Ceiling(left.TotalSeconds):0} s");
            }

            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, io.Interrupted);
            await Task.Delay(pause, io.Clock, either.Token);
        }
    }

    private bool IsOver(CancellationToken cancel) => cancel.IsCancellationRequested || io.Interrupted.IsCancellationRequested;

    private async Task<IChannel> OpenAsync(CancellationToken cancel)
    {
        if (_channel is { IsOpen: true }) return _channel;
        _channel = await _connection.ConfirmingChannelAsync(cancel);
        var consumer = new AsyncEventingBasicConsumer(_channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            if (delivery.BasicProperties.CorrelationId is { } id && _waiting.TryGetValue(id, out var waiting))
                waiting.TrySetResult(Read(delivery.Body.Span));
            return Task.CompletedTask;
        };
        await _channel.BasicConsumeAsync(ReplyTo, autoAck: true, consumer, cancel);
        return _channel;
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

    private string Reason(Exception e) => BrokerFailure.Reason(e, broker).TrimEnd('.');

    /// <summary>The broker reads on where it stopped, so the same connection is waited on for as long as there is time.</summary>
    private void HeldBack(string? reason, TimeSpan left, CancellationTokenSource limit)
    {
        if (reason is null || left <= TimeSpan.Zero) return;
        io.Error.WriteLine($"{program}: {BrokerAlarm.Say(reason)}; waiting for up to {Math.Ceiling(left.TotalSeconds):0} s");
        limit.CancelAfter(left);
    }

    private Listening WhenHeldBack(Action<string?> told)
    {
        var alarm = _connection.Alarm;
        alarm.Changed += told;
        if (alarm.Reason is { } already) told(already);
        return new Listening(() => alarm.Changed -= told);
    }

    private sealed class Listening(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
