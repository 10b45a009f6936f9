using System.Diagnostics;

namespace Scitq.Benchmarks.Systems;

internal static class Waiting
{
    /// <exception cref="BenchException">It did not come true in time.</exception>
    public static async Task UntilAsync(Func<Task<bool>> condition, string what, TimeSpan patience, TimeSpan step, Func<string>? more = null)
    {
        var begin = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(begin) > patience)
                throw new BenchException($"still waiting for {what} after {patience.TotalSeconds:0} s.{(more is null ? "" : "\n" + more())}");
            await Task.Delay(step);
        }
    }

    /// <summary>Until so many are done. Asking costs the system something, so it is asked seldom while much is left.</summary>
    public static async Task CountAsync(Func<Task<long>> done, long wanted, string what, TimeSpan patience)
    {
        var begin = Stopwatch.GetTimestamp();
        var (before, at) = (await done(), begin);
        while (true)
        {
            var step = 0.02;
            var count = await done();
            if (count >= wanted) return;
            var now = Stopwatch.GetTimestamp();
            if (Stopwatch.GetElapsedTime(begin, now) > patience)
                throw new BenchException($"only {count} of {wanted} {what} after {patience.TotalSeconds:0} s.");
            if (count > before) step = (wanted - count) / ((count - before) / Stopwatch.GetElapsedTime(at, now).TotalSeconds) / 3;
            (before, at) = (count, now);
            await Task.Delay(TimeSpan.FromSeconds(Math.Clamp(step, 0.01, 1)));
        }
    }
}
