using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Workers;

/// <summary>What users have ordered of this worker, from when it is heard of until the coordinator knows that it is done.</summary>
internal sealed class Orders(Func<WorkerOrderKind, string> carryOut)
{
    private readonly ConcurrentDictionary<long, string?> _outcomes = new();

    /// <summary>Those that are carried out.</summary>
    public IReadOnlyList<OrderOutcome> Done => [.. _outcomes.Where(o => o.Value is not null).Select(o => new OrderOutcome(o.Key, o.Value!))];

    /// <summary>Carries out, beside everything else, what is new of these; what is no longer among them is known to be done.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever goes wrong with an order is its outcome.")]
    public void Take(IReadOnlyList<WorkerOrder> pending, Action done)
    {
        var ids = pending.Select(o => o.Id).ToHashSet();
        foreach (var (id, outcome) in _outcomes)
            if (outcome is not null && !ids.Contains(id)) _outcomes.TryRemove(id, out _);
        foreach (var order in pending)
        {
            if (!_outcomes.TryAdd(order.Id, null)) continue;
            _ = Task.Run(() =>
            {
                try
                {
                    _outcomes[order.Id] = carryOut(order.Kind);
                }
                catch (Exception e)
                {
                    _outcomes[order.Id] = $"failed: {e.Message}";
                }

                done();
            });
        }
    }
}
