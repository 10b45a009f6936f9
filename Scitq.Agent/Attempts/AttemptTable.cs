using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Scitq.Agent.Parts;
using Scitq.Agent.Staging;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Attempts;

/// <summary>All attempts this agent holds: one a task and attempt, whatever is delivered twice.</summary>
internal sealed class AttemptTable(TimeProvider time) : IResourceUsers
{
    private readonly ConcurrentDictionary<(Guid Task, int Number), Attempt> _attempts = new();
    private volatile bool _leaving;

    public IEnumerable<Attempt> All => _attempts.Values;

    public int Count => _attempts.Count;

    /// <summary>Whether nothing new begins, because the agent drains.</summary>
    public bool IsDraining => _leaving || IsDrainOrdered;

    /// <summary>Whether its user wants it to drain, and may want it no longer.</summary>
    public bool IsDrainOrdered { get; set; }

    /// <summary>Set when an attempt has ended, and when its end is recorded.</summary>
    public Signal Ended { get; } = new(time);

    /// <summary>From here on nothing new begins.</summary>
    public void Drain() => _leaving = true;

    public bool TryAdd(Attempt attempt) => _attempts.TryAdd((attempt.Key.TaskId, attempt.Key.Attempt), attempt);

    public bool TryGet(Guid task, int number, [NotNullWhen(true)] out Attempt? attempt) => _attempts.TryGetValue((task, number), out attempt);

    public bool TryGet(AttemptKey key, [NotNullWhen(true)] out Attempt? attempt) =>
        _attempts.TryGetValue((key.TaskId, key.Attempt), out attempt) && attempt.Key == key;

    public bool Remove(Attempt attempt) => _attempts.TryRemove(KeyValuePair.Create((attempt.Key.TaskId, attempt.Key.Attempt), attempt));

    int IResourceUsers.Count(string resource) =>
        All.Count(a => a.End is null && a.Spec.Resources.Any(r => r.Text == resource || r.Plain().Text == resource));

    public IReadOnlyList<AttemptKey> Keys() => [.. _attempts.Values.Select(a => a.Key)];
}
