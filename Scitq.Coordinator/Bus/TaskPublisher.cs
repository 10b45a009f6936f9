using System.Text.Json;
using MassTransit;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Scitq.Access.Broker;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Bus;

/// <summary>
/// Publishes <see cref="TaskQueued"/> with RabbitMQ.Client, many at a time on one channel: it is the one message that
/// every task costs, and through MassTransit's pipeline it would cost several times as much.
/// </summary>
internal sealed class TaskPublisher(BrokerConnections connections) : IAsyncDisposable
{
    private readonly BrokerConnection _connection = connections.For("tasks");
    private readonly SemaphoreSlim _gate = new(1);
    private readonly BasicProperties _properties = new()
    {
        Persistent = true,
        ContentType = "application/json",
        Headers = new Dictionary<string, object?> { [MessageHeaders.MessageType] = MessageUrn.ForTypeString<TaskQueued>() },
    };

    private IChannel? _channel;
    private Group? _group;

    /// <summary>Returns once the broker has them all, with the batches whose queue is not there.</summary>
    public async Task<IReadOnlySet<string>> PublishAsync(IReadOnlyList<(string Batch, TaskQueued Task)> tasks, CancellationToken ct)
    {
        await _gate.WaitAsync(ct);
        try
        {
            var channel = await ChannelAsync(ct);
            var group = _group = new Group(await channel.GetNextPublishSequenceNumberAsync(ct), tasks.Count);
            foreach (var (batch, task) in tasks)
            {
                var body = JsonSerializer.SerializeToUtf8Bytes(task, ScitqJson.Bus);
                await channel.BasicPublishAsync(Queues.Batch(batch), "", mandatory: true, _properties, body, ct);
            }

            await group.Confirmed.WaitAsync(ct);
            return group.Returned;
        }
        catch
        {
            // What was confirmed is not known: a channel that starts anew can't mix it up with what follows.
            _channel = null;
            await _connection.CloseAsync();
            throw;
        }
        finally
        {
            _group = null;
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.CloseAsync();
        _gate.Dispose();
    }

    private async Task<IChannel> ChannelAsync(CancellationToken ct)
    {
        if (_channel is { IsOpen: true } open) return open;
        var connection = await _connection.OpenAsync(ct);
        // Confirms are counted here, a group at a time; the client's own tracking costs an object and a header a message.
        var options = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: false);
        var channel = await connection.CreateChannelAsync(options, ct);
        channel.BasicAcksAsync += (_, ack) => Handled(() => _group?.Confirm(ack.DeliveryTag, ack.Multiple));
        channel.BasicNacksAsync += (_, nack) => Handled(() => _group?.Fail(new IOException("the broker refused a message.")));
        channel.BasicReturnAsync += (_, returned) => Handled(() => _group?.Return(returned));
        channel.ChannelShutdownAsync += (_, shutdown) => Handled(() => _group?.Fail(new IOException($"the channel was closed: {shutdown.ReplyText}.")));
        return _channel = channel;
    }

    private static Task Handled(Action action)
    {
        action();
        return Task.CompletedTask;
    }

    /// <summary>
    /// Messages under way together. The broker confirms them one by one or all up to one, in any order; what it returns, it returns before.
    /// </summary>
    private sealed class Group(ulong first, int count)
    {
        private readonly Lock _lock = new();
        private readonly bool[] _seen = new bool[count];
        private readonly HashSet<string> _returned = [];
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _left = count;
        private int _low;

        public Task Confirmed => _done.Task;

        public IReadOnlySet<string> Returned => _returned;

        public void Confirm(ulong tag, bool multiple)
        {
            lock (_lock)
            {
                if (tag < first || tag - first >= (ulong)_seen.Length) return;
                var at = (int)(tag - first);
                for (var i = multiple ? _low : at; i <= at; i++)
                {
                    if (_seen[i]) continue;
                    _seen[i] = true;
                    _left--;
                }

                if (multiple) _low = Math.Max(_low, at + 1);
                if (_left == 0) _done.TrySetResult();
            }
        }

        public void Return(BasicReturnEventArgs message)
        {
            lock (_lock) _returned.Add(message.Exchange[Queues.Batch("").Length..]);
        }

        public void Fail(Exception problem) => _done.TrySetException(problem);
    }
}
