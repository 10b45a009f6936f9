using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Scitq.Agent.Attempts;
using Scitq.Agent.Disk;
using Scitq.Agent.Parts;
using Scitq.Agent.Staging;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Workers;

/// <summary>What users have ordered of this worker, from when it is heard of until the coordinator knows that it is done.</summary>
internal sealed class Orders : IMessageHandler<CarryOut>, ICoordinatorListener
{
    private readonly WorkDirectories _directories;
    private readonly ResourceCache _resources;
    private readonly AttemptSignals _signals;
    private readonly Restart _restart;
    private readonly HeartbeatSignal _heartbeat;
    private readonly ObservedTasks _tasks;
    private readonly ConcurrentDictionary<long, string?> _outcomes = new();

    public Orders(
        WorkDirectories directories, ResourceCache resources, AttemptSignals signals, Restart restart, HeartbeatSignal heartbeat, ObservedTasks tasks)
    {
        (_directories, _resources, _signals, _restart, _heartbeat, _tasks) = (directories, resources, signals, restart, heartbeat, tasks);
        if (restart.Done is var (order, outcome)) _outcomes[order] = outcome;
    }

    /// <summary>Those that are carried out.</summary>
    public IReadOnlyList<OrderOutcome> Done => [.. _outcomes.Where(o => o.Value is not null).Select(o => new OrderOutcome(o.Key, o.Value!))];

    /// <summary>Carries out, beside everything else, what is new of the orders; what is no longer among them is known to be done.</summary>
    public void Answered(HeartbeatAnswered answer)
    {
        var ids = answer.Orders.Select(o => o.Id).ToHashSet();
        foreach (var (id, outcome) in _outcomes)
        {
            if (outcome is null || ids.Contains(id) || !_outcomes.TryRemove(id, out _)) continue;
            if (id == _restart.Done?.Order) _tasks.Run("the forgetting of a restart", ForgetRestartAsync);
        }

        foreach (var order in answer.Orders) Take(order);
    }

    public Task HandleAsync(CarryOut message)
    {
        Take(message.Order);
        return Task.CompletedTask;
    }

    private void Take(WorkerOrder order)
    {
        if (_outcomes.TryAdd(order.Id, null)) _tasks.Run($"the order {order.Id}", () => CarryOutAsync(order));
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever goes wrong with an order is its outcome.")]
    private async Task CarryOutAsync(WorkerOrder order)
    {
        try
        {
            // Of a restart the next start tells the outcome.
            if (await OutcomeAsync(order) is not { } outcome) return;
            _outcomes[order.Id] = outcome;
        }
        catch (Exception e)
        {
            _outcomes[order.Id] = $"failed: {e.Message}";
        }

        _heartbeat.BeatSoon();
    }

    private async Task<string?> OutcomeAsync(WorkerOrder order) => order.Kind switch
    {
        WorkerOrderKind.Signal when order is { Key: { } key, Signal: { } signal } => await _signals.SendAsync(order.Id, key, signal),
        WorkerOrderKind.Clean => _directories.DeleteFailed(),
        WorkerOrderKind.ResetResources => _resources.Reset(),
        WorkerOrderKind.Restart => await _restart.BeginAsync(order.Id),
        _ => "this agent is too old to know how",
    };

    private async Task ForgetRestartAsync()
    {
        try
        {
            await _restart.ForgetAsync();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Then the next start tells it once more, which is no news.
        }
    }
}
