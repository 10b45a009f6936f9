using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Persistence;

namespace Scitq.Coordinator.Workers;

/// <summary>What this process remembers of workers between their messages. All of it can be lost: the rows are the truth.</summary>
internal sealed class WorkerMemory(IDbContextFactory<ScitqDb> contexts, TimeProvider clock)
{
    /// <summary>For so long a worker's epoch is believed without asking the database: a claim granted to one just lost is found by the next sweep.</summary>
    private static readonly TimeSpan Believed = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, (Guid Epoch, long At)> _epochs = new();
    private readonly ConcurrentDictionary<string, Dictionary<AttemptKey, double>> _told = new();
    private readonly SemaphoreSlim[] _gates = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1))];

    /// <summary>Handles the messages of one worker one after the other.</summary>
    public async Task<T> InTurnAsync<T>(string worker, Func<Task<T>> handle, CancellationToken ct)
    {
        var gate = _gates[(uint)worker.GetHashCode(StringComparison.Ordinal) % _gates.Length];
        await gate.WaitAsync(ct);
        try
        {
            return await handle();
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Whether this start of the agent holds the worker's name; may be a few seconds old.</summary>
    public async Task<bool> IsCurrentAsync(string worker, Guid epoch, CancellationToken ct)
    {
        if (_epochs.TryGetValue(worker, out var known) && known.Epoch == epoch && clock.GetElapsedTime(known.At) < Believed) return true;
        await using var db = await contexts.CreateDbContextAsync(ct);
        var current = await db.Workers.Where(w => w.Name == worker).Select(w => w.Epoch).SingleOrDefaultAsync(ct);
        if (current != epoch) return false;
        Know(worker, epoch);
        return true;
    }

    /// <summary>This start of the agent holds the name.</summary>
    public void Know(string worker, Guid epoch) => _epochs[worker] = (epoch, clock.GetTimestamp());

    /// <summary>Nobody holds the name.</summary>
    public void Forget(string worker) => _epochs.TryRemove(worker, out _);

    /// <summary>The redeliveries the worker is being told of, and since when.</summary>
    public IReadOnlyDictionary<AttemptKey, double>? Told(string worker) => _told.GetValueOrDefault(worker);

    /// <summary>Remembers what it is told now; nothing, if another agent has taken the name, which has heard nothing yet.</summary>
    public void Tell(string worker, Dictionary<AttemptKey, double>? told)
    {
        if (told is { Count: > 0 }) _told[worker] = told;
        else _told.TryRemove(worker, out _);
    }
}
