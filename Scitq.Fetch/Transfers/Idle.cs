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

    /// <summary>Watches the reads of one connection, by one timer for all of them: there are tens of thousands a second.</summary>
    public Reads Watch(CancellationToken ct) => new(limit, time, ct);

    internal sealed class Reads(TimeSpan limit, TimeProvider time, CancellationToken ct) : IDisposable
    {
        private readonly CancellationTokenSource _timer = new(Timeout.InfiniteTimeSpan, time);
        private CancellationTokenSource? _either;

        /// <summary>Reads once, or fails as transient once that has taken longer than the limit.</summary>
        public async ValueTask<int> ReadAsync(Stream stream, Memory<byte> buffer)
        {
            _either ??= CancellationTokenSource.CreateLinkedTokenSource(ct, _timer.Token);
            var read = stream.ReadAsync(buffer, _either.Token);
            if (read.IsCompletedSuccessfully) return read.Result;
            _timer.CancelAfter(limit);
            try
            {
                return await read;
            }
            catch (OperationCanceledException e) when (!ct.IsCancellationRequested && _timer.IsCancellationRequested)
            {
                throw new TransientException($"nothing moved for {limit.TotalSeconds:0.#} s.", e);
            }
            finally
            {
                // Only reading is watched: the work on the bytes may take as long as it likes.
                _timer.CancelAfter(Timeout.InfiniteTimeSpan);
            }
        }

        public void Dispose()
        {
            _either?.Dispose();
            _timer.Dispose();
        }
    }
}
