using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Programs;

/// <summary>Sees by its files whether a program still moves something: a connection that died without a word would keep it for ever.</summary>
internal static class Growth
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    public static Task<T> WatchAsync<T>(Idle idle, TimeProvider time, string directory, Func<CancellationToken, Task<T>> run, CancellationToken ct) => idle.WatchAsync(async (touch, c) =>
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
            for (var last = Stamp(directory); ; await Task.Delay(s_interval, time, stop))
            {
                var now = Stamp(directory);
                if (now != last) moved();
                last = now;
            }
        }
    }, ct);

    private static long Stamp(string directory)
    {
        try
        {
            return new DirectoryInfo(directory).EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
                .Aggregate(0L, (sum, file) => unchecked(sum + file.Length + file.LastWriteTimeUtc.Ticks));
        }
        catch (IOException)
        {
            // Files come and go under it: that is movement, too.
            return -1;
        }
    }
}
