using System.Collections.Concurrent;
using Scitq.Contracts;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Bus;

/// <summary>
/// How many tasks of a batch have a message on the bus in memory: a bounded part of the queue, the rest of which is the
/// table, so that a million queued tasks cost no memory. The <see cref="Reconciler"/> refills it, once there is room for tasks that were not let in.
/// </summary>
internal sealed class Window(ReconcileRequests requests)
{
    private const int Limit = 5000;
    private const int Low = 1000;
    private readonly ConcurrentDictionary<Guid, string> _sent = new();
    private readonly ConcurrentDictionary<string, int> _counts = new();
    private readonly ConcurrentDictionary<string, bool> _starved = new();

    /// <summary>Notes where the task stands; whether it may be sent, if it wants to be.</summary>
    public bool Admit(CommittedTask committed)
    {
        var task = committed.Task;
        if (task.State != TaskState.Pending)
        {
            if (committed.Effects.InPlaceOf is { } another && !_sent.ContainsKey(task.CorrelationId)) Consume(task.Batch, another);
            else Remove(task.CorrelationId);
            return true;
        }

        if (!committed.Effects.Dispatch || _sent.ContainsKey(task.CorrelationId)) return true;
        if (_counts.GetValueOrDefault(task.Batch) >= Limit)
        {
            _starved[task.Batch] = true;
            return false;
        }

        if (_sent.TryAdd(task.CorrelationId, task.Batch)) _counts.AddOrUpdate(task.Batch, 1, (_, n) => n + 1);
        return true;
    }

    public void Remove(Guid task)
    {
        if (!_sent.TryRemove(task, out var batch)) return;
        var left = _counts.AddOrUpdate(batch, 0, (_, n) => n - 1);
        if (left <= Low && _starved.TryRemove(batch, out _)) requests.Ask(batch);
    }

    /// <summary>
    /// A message of the batch has brought a task that has none here: one that waits has lost its own, whichever that is. They stand for each other.
    /// </summary>
    private void Consume(string batch, Guid message)
    {
        _starved[batch] = true;
        if (_sent.ContainsKey(message)) Remove(message);
        else if (_sent.FirstOrDefault(s => s.Value == batch) is { Value: not null } any) Remove(any.Key);
    }

    public bool Contains(Guid task) => _sent.ContainsKey(task);

    /// <summary>Forgets what was sent to the batch: a worker has room, so whatever has not come to it is lost.</summary>
    public void Clear(string batch)
    {
        foreach (var (task, of) in _sent)
            if (of == batch) Remove(task);
    }

    /// <summary>How many more tasks of the batch may be sent.</summary>
    public int Room(string batch) => Math.Max(0, Limit - _counts.GetValueOrDefault(batch));

    /// <summary>Whether tasks of the batch were left out.</summary>
    public void Starve(string batch) => _starved[batch] = true;
}
