namespace Scitq.Tools;

/// <summary>Something that goes on beside the rest until this is disposed of.</summary>
internal sealed class Background : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _work;
    private bool _disposed;

    public Background(Func<CancellationToken, Task> work) => _work = work(_stop.Token);

    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        await _stop.CancelAsync();
        await _work;
        _stop.Dispose();
    }
}
