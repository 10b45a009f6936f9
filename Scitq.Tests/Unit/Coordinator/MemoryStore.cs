using Scitq.Coordinator.Tasks;

namespace Scitq.Tests.Unit.Coordinator;

/// <summary>Rows of tasks in memory; what is loaded is a copy, as from a database.</summary>
internal sealed class MemoryStore : ITaskStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, TaskSaga> _rows = [];
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

    public Task<Dictionary<Guid, TaskSaga>> LoadAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct)
    {
        lock (_lock) return Task.FromResult(ids.Where(_rows.ContainsKey).ToDictionary(id => id, id => Copy(_rows[id])));
    }

    public Task<IReadOnlyList<(Guid TaskId, RecordedEnd End)>> LoadEndsAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<(Guid, RecordedEnd)>>([]);

    public Task SaveAsync(TaskChanges changes, CancellationToken ct)
    {
        Saving(changes);
        lock (_lock)
        {
            foreach (var task in changes.Inserts) task.Number = ++_number;
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
