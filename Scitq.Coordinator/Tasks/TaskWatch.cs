namespace Scitq.Coordinator.Tasks;

/// <summary>
/// Wakes those who wait for news of one task, from this process; who must also hear of other coordinators looks again
/// now and then. Nobody waiting costs nothing.
/// </summary>
internal sealed class TaskWatch : ICommitObserver
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, List<Watcher>> _watchers = [];

    /// <summary>Hears of the task from now on, until disposed of.</summary>
    public Watcher Open(Guid task)
    {
        var watcher = new Watcher(this, task);
        lock (_lock)
        {
            if (!_watchers.TryGetValue(task, out var all)) _watchers[task] = all = [];
            all.Add(watcher);
        }

        return watcher;
    }

    public void Committed(IReadOnlyList<CommittedTask> tasks)
    {
        lock (_lock)
        {
            if (_watchers.Count == 0) return;
            foreach (var (task, _) in tasks)
                foreach (var watcher in _watchers.GetValueOrDefault(task.CorrelationId) ?? []) watcher.Signal(state: true);
        }
    }

    /// <summary>An attempt of the task has printed something.</summary>
    public void Printed(Guid task)
    {
        lock (_lock)
        {
            if (_watchers.Count == 0) return;
            foreach (var watcher in _watchers.GetValueOrDefault(task) ?? []) watcher.Signal(state: false);
        }
    }

    private void Close(Watcher watcher, Guid task)
    {
        lock (_lock)
        {
            if (_watchers.TryGetValue(task, out var all) && all.Remove(watcher) && all.Count == 0) _watchers.Remove(task);
        }
    }

    /// <summary>One who waits; news that come while nobody awaits are kept.</summary>
    internal sealed class Watcher(TaskWatch watch, Guid task) : IDisposable
    {
        private readonly SemaphoreSlim _news = new(0);
        private int _state;

        /// <summary>Whether the task was changed since this was asked last.</summary>
        public bool TakeChanged() => Interlocked.Exchange(ref _state, 0) == 1;

        /// <summary>Returns on news, or when the time is over.</summary>
        public Task WaitAsync(TimeSpan limit, CancellationToken ct) => _news.WaitAsync(limit, ct);

        public void Dispose()
        {
            watch.Close(this, task);
            _news.Dispose();
        }

        /// <summary>Only under the lock, and so never after <see cref="Close"/> has returned.</summary>
        public void Signal(bool state)
        {
            if (state) Volatile.Write(ref _state, 1);
            if (_news.CurrentCount == 0) _news.Release();
        }
    }
}
