namespace Scitq.Fetch.Transfers;

/// <summary>Counts what moves and reports it, not more often than a person can read.</summary>
internal sealed class Meter(IProgress<TransferProgress>? progress, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private long _bytes, _total, _last;
    private int _files, _totalFiles, _sizesUnknown;

    public void Expect(long? size)
    {
        Interlocked.Increment(ref _totalFiles);
        if (size is { } known) Interlocked.Add(ref _total, known);
        else Interlocked.Increment(ref _sizesUnknown);
        // A caller that has no room for it should know before the first byte.
        if (Interlocked.Read(ref _last) == 0) Report();
    }

    /// <summary>Bytes that moved; negative when they have to move again.</summary>
    public void Moved(long bytes)
    {
        Interlocked.Add(ref _bytes, bytes);
        if (progress is null) return;
        var last = Interlocked.Read(ref _last);
        var now = time.GetTimestamp();
        if ((last == 0 || time.GetElapsedTime(last, now) >= Interval) && Interlocked.CompareExchange(ref _last, now, last) == last) Report();
    }

    public void FileDone() => Interlocked.Increment(ref _files);

    public void Report() => progress?.Report(new TransferProgress(
        Interlocked.Read(ref _bytes), Volatile.Read(ref _sizesUnknown) == 0 ? Interlocked.Read(ref _total) : null, Volatile.Read(ref _files),
        Volatile.Read(ref _totalFiles)));
}
