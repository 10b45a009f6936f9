using Scitq.Fetch.Local;
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

    internal static long Stamp(string directory, string? file)
    {
        try
        {
            return LocalTree.Walk(directory, recursive: file is null, CancellationToken.None)
                .Where(entry => entry.Facts.Kind == FileKind.File && (file is null || entry.Path.StartsWith(file, StringComparison.Ordinal)))
                .Aggregate(0L, (sum, entry) => unchecked(sum + entry.Facts.Size + entry.Facts.Modified.Ticks));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Files come and go under it: that is movement, too.
            return -1;
        }
    }
}
