using Scitq.Contracts;
using Scitq.Coordinator.Tasks;

namespace Scitq.Tests.Unit.Coordinator;

/// <summary>Rows of tasks in memory; what is loaded is a copy, as from a database.</summary>
internal sealed class MemoryStore : ITaskStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, TaskSaga> _rows = [];
    private readonly Dictionary<string, BatchOrder> _orders = [];
    private long _number;

    /// <summary>The groups that were saved.</summary>
    public List<TaskChanges> Saved { get; } = [];

    /// <summary>Called with a group before it is saved; what it throws, the save throws.</summary>
    public Action<TaskChanges> Saving { get; set; } = _ => { };

    /// <summary>The task as it is stored.</summary>
    public TaskSaga? this[Guid id]
    {
        get
        {
            lock (_lock) return _rows.TryGetValue(id, out var row) ? Copy(row) : null;
        }
    }

    public void Put(TaskSaga row)
    {
        lock (_lock) _rows[row.CorrelationId] = Copy(row);
    }

    public Task<LoadedTasks> LoadAsync(IReadOnlyCollection<Guid> ids, IReadOnlyCollection<string> batches, CancellationToken ct)
    {
        lock (_lock)
        {
            var orders = _orders.Where(o => batches.Contains(o.Key)).ToDictionary();
            return Task.FromResult(new LoadedTasks(ids.Where(_rows.ContainsKey).ToDictionary(id => id, id => Copy(_rows[id])), orders));
        }
    }

    public Task<PickedTasks> PickAsync(IReadOnlyCollection<Guid> messages, IReadOnlyDictionary<string, int> wanted, CancellationToken ct)
    {
        lock (_lock)
        {
            var spent = _rows.Values.Where(t => t.Token is { } token && messages.Contains(token) && t.State.IsActive()).Select(Copy).ToList();
            var next = wanted.SelectMany(w => _rows.Values.Where(t => t.Batch == w.Key && t is { State: TaskState.Pending, Due: null })
                .OrderByDescending(t => t.Priority).ThenBy(t => t.Number).Take(w.Value)).Select(Copy).ToList();
            return Task.FromResult(new PickedTasks(spent, next));
        }
    }

    public Task<IReadOnlyList<(Guid TaskId, RecordedEnd End)>> LoadEndsAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<(Guid, RecordedEnd)>>([]);

    public Task SaveAsync(TaskChanges changes, CancellationToken ct)
    {
        Saving(changes);
        lock (_lock)
        {
            foreach (var task in changes.Inserts) task.Number = ++_number;
            foreach (var batch in changes.Batches.Where(b => b.Ordered)) _orders[batch.Name] = new BatchOrder(0, Ordered: true);
            foreach (var task in changes.Inserts.Concat(changes.Updates).Concat(changes.Respecified)) _rows[task.CorrelationId] = Copy(task);
            Saved.Add(changes);
        }

        return Task.CompletedTask;
    }

    public bool IsTransient(Exception exception) => false;

    private static TaskSaga Copy(TaskSaga row)
    {
        var copy = new TaskSaga();
        foreach (var property in typeof(TaskSaga).GetProperties().Where(p => p.SetMethod is not null && p.Name != nameof(TaskSaga.CurrentState)))
            property.SetValue(copy, property.GetValue(row));
        return copy;
    }
}
