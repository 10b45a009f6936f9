using System.Collections.Concurrent;
using Scitq.Agent.Parts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Attempts;

/// <summary>
/// Until when each attempt may deliver output. A lease counts from the moment the message that renewed it was *sent*:
/// counted from the answer, a slow answer would make this agent believe in it longer than the coordinator does.
/// </summary>
internal sealed class Leases(TimeProvider time, TimeSpan life) : ICoordinatorListener
{
    private const long NotRenewed = long.MinValue;
    private static readonly TimeSpan LongestWatch = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<AttemptKey, long> _sent = new();
    private readonly ConcurrentDictionary<long, (long Sent, IReadOnlyList<AttemptKey> Keys)> _heartbeats = new();

    /// <summary>The attempt was granted on a claim that was sent at this timestamp; null when its lease is not valid until it is renewed.</summary>
    public void Add(AttemptKey key, long? sent) => _sent[key] = sent ?? NotRenewed;

    public void Remove(AttemptKey key) => _sent.TryRemove(key, out _);

    /// <summary>A heartbeat with these attempts is about to be sent.</summary>
    public void Sending(long sequence, IReadOnlyList<AttemptKey> keys)
    {
        _heartbeats[sequence] = (time.GetTimestamp(), keys);
        foreach (var old in _heartbeats.Keys)
            if (old < sequence - 10) _heartbeats.TryRemove(old, out _);
    }

    public void Answered(HeartbeatAnswered answer) => Renewed(answer.Sequence, answer.Revoked);

    /// <summary>The heartbeat was answered.</summary>
    public void Renewed(long sequence, IReadOnlyList<AttemptKey> revoked)
    {
        if (!_heartbeats.TryRemove(sequence, out var heartbeat)) return;
        foreach (var key in heartbeat.Keys.Except(revoked))
            if (_sent.TryGetValue(key, out var sent) && sent < heartbeat.Sent) _sent.TryUpdate(key, heartbeat.Sent, sent);
    }

    /// <summary>How long the lease is still valid; zero or less when it is not.</summary>
    public TimeSpan Left(AttemptKey key) =>
        _sent.TryGetValue(key, out var sent) && sent != NotRenewed ? life - time.GetElapsedTime(sent) : TimeSpan.Zero;

    /// <summary>Returns once the lease is valid.</summary>
    public async Task WaitAsync(AttemptKey key, CancellationToken ct)
    {
        while (Left(key) <= TimeSpan.Zero) await Task.Delay(TimeSpan.FromMilliseconds(200), time, ct);
    }

    /// <summary>Does the work while the lease is valid; when it lapses, stops the work, waits for its renewal and starts again.</summary>
    public async Task<T> WhileValidAsync<T>(AttemptKey key, Func<CancellationToken, Task<T>> work, CancellationToken ct)
    {
        while (true)
        {
            await WaitAsync(key, ct);
            using var lapsed = CancellationTokenSource.CreateLinkedTokenSource(ct);
            using var done = new CancellationTokenSource();
            var watch = WatchAsync(key, lapsed, done.Token);
            try
            {
                var result = await work(lapsed.Token);
                if (Left(key) > TimeSpan.Zero) return result;
            }
            catch (OperationCanceledException) when (lapsed.IsCancellationRequested && !ct.IsCancellationRequested)
            {
                // The lease lapsed: what was begun is begun again once it is renewed.
            }
            finally
            {
                await done.CancelAsync();
                await watch;
            }
        }
    }

    private async Task WatchAsync(AttemptKey key, CancellationTokenSource lapsed, CancellationToken done)
    {
        try
        {
            // Timers stand still while the machine is suspended, leases do not.
            while (Left(key) is { } left && left > TimeSpan.Zero) await Task.Delay(left < LongestWatch ? left : LongestWatch, time, done);
            await lapsed.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // The work was done in time.
        }
    }
}
