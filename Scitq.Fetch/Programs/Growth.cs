using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Programs;

/// <summary>Sees by its files whether a program still moves something: a connection that died without a word would keep it for ever.</summary>
internal static class Growth
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Runs a program that writes one file (and what it keeps beside that, named like it), or anything below a directory.</summary>
    public static Task<T> WatchAsync<T>(
        Idle idle, TimeProvider time, string directory, string? file, Func<CancellationToken, Task<T>> run, CancellationToken ct) =>
        idle.WatchAsync(async (touch, c) =>
    {
        using var done = CancellationTokenSource.CreateLinkedTokenSource(c);
        var watch = LookAsync(touch, done.Token);
        try
        {
            return await run(c);
        }
        finally
        {
            await done.CancelAsync();
            await watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task LookAsync(Action moved, CancellationToken stop)
        {
            for (var last = Stamp(directory, file); ; await Task.Delay(Interval, time, stop))
            {
                var now = Stamp(directory, file);
                if (now != last) moved();
                last = now;
            }
        }
    }, ct);

    private static long Stamp(string directory, string? file)
    {
        try
        {
            return Directory.EnumerateFiles(directory, "*", new EnumerationOptions { RecurseSubdirectories = file is null, AttributesToSkip = 0 })
                .Where(path => file is null || path.StartsWith(file, StringComparison.Ordinal))
                .Select(path => new FileInfo(path))
                .Aggregate(0L, (sum, info) => unchecked(sum + info.Length + info.LastWriteTimeUtc.Ticks));
        }
        catch (IOException)
        {
            // Files come and go under it: that is movement, too.
            return -1;
        }
    }
}
