using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Attempts;

/// <summary>All attempts this agent holds: one a task and attempt, whatever is delivered twice.</summary>
internal sealed class AttemptTable
{
    private readonly ConcurrentDictionary<(Guid Task, int Number), Attempt> _attempts = new();

    public IEnumerable<Attempt> All => _attempts.Values;

    public int Count => _attempts.Count;

    public bool TryAdd(Attempt attempt) => _attempts.TryAdd((attempt.Key.TaskId, attempt.Key.Attempt), attempt);

    public bool TryGet(Guid task, int number, [NotNullWhen(true)] out Attempt? attempt) => _attempts.TryGetValue((task, number), out attempt);

    public bool TryGet(AttemptKey key, [NotNullWhen(true)] out Attempt? attempt) =>
        _attempts.TryGetValue((key.TaskId, key.Attempt), out attempt) && attempt.Key == key;

    public bool Remove(Attempt attempt) => _attempts.TryRemove(KeyValuePair.Create((attempt.Key.TaskId, attempt.Key.Attempt), attempt));

    public IReadOnlyList<AttemptKey> Keys() => [.. _attempts.Values.Select(a => a.Key)];
}
