using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Scitq.Agent.Attempts;
using Scitq.Agent.Disk;
using Scitq.Agent.Parts;
using Scitq.Agent.Staging;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Workers;

/// <summary>What users have ordered of this worker, from when it is heard of until the coordinator knows that it is done.</summary>
internal sealed class Orders(
    WorkDirectories directories, ResourceCache resources, AttemptSignals signals, HeartbeatSignal heartbeat, ObservedTasks tasks)
    : IMessageHandler<CarryOut>, ICoordinatorListener
{
    private readonly ConcurrentDictionary<long, string?> _outcomes = new();

    /// <summary>Those that are carried out.</summary>
    public IReadOnlyList<OrderOutcome> Done => [.. _outcomes.Where(o => o.Value is not null).Select(o => new OrderOutcome(o.Key, o.Value!))];

    /// <summary>Carries out, beside everything else, what is new of the orders; what is no longer among them is known to be done.</summary>
    public void Answered(HeartbeatAnswered answer)
    {
        var ids = answer.Orders.Select(o => o.Id).ToHashSet();
        foreach (var (id, outcome) in _outcomes)
            if (outcome is not null && !ids.Contains(id)) _outcomes.TryRemove(id, out _);
        foreach (var order in answer.Orders) Take(order);
    }

    public Task HandleAsync(CarryOut message)
    {
        Take(message.Order);
        return Task.CompletedTask;
    }

    private void Take(WorkerOrder order)
    {
        if (_outcomes.TryAdd(order.Id, null)) tasks.Run($"the order {order.Id}", () => CarryOutAsync(order));
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever goes wrong with an order is its outcome.")]
    private async Task CarryOutAsync(WorkerOrder order)
    {
        try
        {
            _outcomes[order.Id] = order is { Kind: WorkerOrderKind.Signal, Key: { } key, Signal: { } signal }
                ? await signals.SendAsync(order.Id, key, signal)
                : CarryOut(order.Kind);
        }
        catch (Exception e)
        {
            _outcomes[order.Id] = $"failed: {e.Message}";
        }

        heartbeat.BeatSoon();
    }

    private string CarryOut(WorkerOrderKind kind) => kind switch
    {
        WorkerOrderKind.Clean => directories.DeleteFailed(),
        WorkerOrderKind.ResetResources => resources.Reset(),
        _ => "this agent is too old to know how",
    };
}
