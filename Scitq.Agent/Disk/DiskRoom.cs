using Scitq.Fetch;

namespace Scitq.Agent.Disk;

/// <summary>
/// The space of the worker's disk: what transfers under way will still need is counted as taken, and what may go is removed
/// before anything is refused for want of space.
/// </summary>
/// <param name="directory">On the disk.</param>
/// <param name="reserve">Bytes that stay free.</param>
/// <param name="high">Per cent of the disk that may be full before directories of failed attempts are removed.</param>
/// <param name="failed">The directories of failed attempts, which go first.</param>
/// <param name="time">The clock.</param>
internal sealed class DiskRoom(string directory, long reserve, int high, IEvictable failed, TimeProvider time)
{
    // With less than this a write may find no room: what is left is in part the file system's own.
    private const long Nothing = 64 * 1024;
    private readonly Lock _lock = new();
    private readonly HashSet<Claim> _claims = [];
    private IEvictable? _unused;
    private long _lastFull;

    /// <summary>Bytes that stay free.</summary>
    public long Reserve => reserve;

    /// <summary>Bytes that can still be written, and the size of the disk.</summary>
    public (long Free, long Total) Space => DiskSpace.Of(directory);

    /// <summary>What may go next, when no directory of a failed attempt is left. It needs room itself, so it makes itself known once it is there.</summary>
    public void MayEvict(IEvictable unused) => _unused = unused;

    /// <summary>Bytes that can still be written; also notes when that is nothing.</summary>
    public long Look()
    {
        var free = DiskSpace.Of(directory).Free;
        if (free < Nothing) Interlocked.Exchange(ref _lastFull, time.GetTimestamp());
        return free;
    }

    /// <summary>Whether the disk was seen wholly full since this timestamp of the agent's clock.</summary>
    public bool WasFullSince(long timestamp) => Interlocked.Read(ref _lastFull) >= timestamp && _lastFull != 0;

    /// <summary>Why nothing new can be taken, or null.</summary>
    public string? Problem()
    {
        var (free, total) = DiskSpace.Of(directory);
        return free < reserve ? $"disk is full: {Sizes.Text(free)} free of {Sizes.Text(total)}, {Sizes.Text(reserve)} wanted" : null;
    }

    /// <summary>The same as <see cref="Tidy"/>, where somebody else may be cleaning up too.</summary>
    public void TryTidy()
    {
        try
        {
            Tidy();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Something vanished, or stays: what is left is looked at again with the next heartbeat.
        }
    }

    /// <summary>Removes what may go while the disk is fuller than it should be.</summary>
    public void Tidy()
    {
        lock (_lock)
        {
            while (IsHigh() && failed.EvictOne()) { }
            while (DiskSpace.Of(directory).Free < reserve && RemoveOne()) { }
        }
    }

    /// <summary>Does a transfer to the disk as long as it fits.</summary>
    /// <param name="factor">How many times the transferred bytes the disk will hold at worst.</param>
    /// <param name="told">Told how far it is.</param>
    /// <param name="transfer">The transfer.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="DiskFullException">It does not fit.</exception>
    public async Task<TransferResult> HoldAsync(
        int factor, IProgress<TransferProgress> told, Func<IProgress<TransferProgress>, CancellationToken, Task<TransferResult>> transfer, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var claim = new Claim();
        string? problem = null;
        lock (_lock) _claims.Add(claim);
        try
        {
            return await transfer(
                new Relay(progress =>
                {
                    told.Report(progress);
                    problem ??= Grow(claim, factor * (progress.TotalBytes ?? progress.Bytes), progress.Bytes);
                    if (problem is not null) stop.Cancel();
                }),
                stop.Token);
        }
        catch (OperationCanceledException) when (problem is not null)
        {
            throw new DiskFullException(problem);
        }
        finally
        {
            lock (_lock) _claims.Remove(claim);
        }
    }

    private string? Grow(Claim claim, long expected, long written)
    {
        lock (_lock)
        {
            claim.Written = written;
            if (expected <= claim.Expected) return null;
            claim.Expected = expected;
            while (true)
            {
                var room = DiskSpace.Of(directory).Free - reserve;
                var others = _claims.Where(c => c != claim).Sum(c => c.Left);
                if (claim.Left + others <= room) return null;
                if (RemoveOne()) continue;
                return $"the worker's disk has no room: {Sizes.Text(claim.Left)} more are to be fetched, {Sizes.Text(Math.Max(0, room - others))} can be used"
                    + (others > 0 ? $" beside the {Sizes.Text(others)} that others are fetching" : "") + ". Free some, or run the task on a larger worker.";
            }
        }
    }

    private bool IsHigh() => DiskSpace.Of(directory) is var (free, total) && total > 0 && 100.0 * (total - free) / total >= high;

    private bool RemoveOne() => failed.EvictOne() || _unused?.EvictOne() == true;

    private sealed class Claim
    {
        public long Expected { get; set; }

        public long Written { get; set; }

        public long Left => Math.Max(0, Expected - Written);
    }
}
