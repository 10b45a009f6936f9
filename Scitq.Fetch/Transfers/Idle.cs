namespace Scitq.Fetch.Transfers;

/// <summary>Notices connections that have died without a word.</summary>
internal sealed class Idle(TimeSpan limit, TimeProvider time)
{
    /// <summary>Awaits one read, write or answer, or fails as transient once it has taken longer than the limit.</summary>
    public async ValueTask<T> GuardAsync<T>(Func<CancellationToken, ValueTask<T>> step, CancellationToken ct)
    {
        using var timer = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, timer.Token);
        try
        {
            return await step(either.Token);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested && timer.IsCancellationRequested)
        {
            throw new TransientException($"nothing moved for {limit.TotalSeconds:0.#} s.", e);
        }
    }

    /// <summary>Awaits something long that calls its <c>touch</c> whenever something moves.</summary>
    public async Task<T> WatchAsync<T>(Func<Action, CancellationToken, Task<T>> work, CancellationToken ct)
    {
        using var timer = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, timer.Token);
        try
        {
            return await work(() => timer.CancelAfter(limit), either.Token);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested && timer.IsCancellationRequested)
        {
            throw new TransientException($"nothing moved for {limit.TotalSeconds:0.#} s.", e);
        }
    }

    /// <summary>Reads once.</summary>
    public ValueTask<int> ReadAsync(Stream stream, Memory<byte> buffer, CancellationToken ct) =>
        GuardAsync(c => stream.ReadAsync(buffer, c), ct);
}
