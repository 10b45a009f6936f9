using System.Diagnostics;

namespace Scitq.Tests.Servers;

public static class Eventually
{
    // Long enough for a machine that does much else at the same time: only a failure takes it.
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    public static Task Async(Func<bool> condition, string what, TimeSpan? timeout = null) =>
        Async(() => Task.FromResult(condition()), what, timeout);

    /// <summary>Waits until the condition holds; fails the test, naming what was awaited, when it does not in time.</summary>
    public static Task Async(Func<Task<bool>> condition, string what, TimeSpan? timeout = null) =>
        GetAsync(async () => await condition() ? "" : null, what, timeout);

    /// <summary>Waits until there is something, and gives it.</summary>
    public static async Task<T> GetAsync<T>(Func<Task<T?>> find, string what, TimeSpan? timeout = null) where T : class
    {
        var limit = timeout ?? Usual;
        var waited = Stopwatch.StartNew();
        while (true)
        {
            if (await find() is { } found) return found;
            if (waited.Elapsed > limit) Assert.Fail($"Still not true after {limit.TotalSeconds:0.#} s: {what}.");
            await Task.Delay(Interval, TestContext.Current.CancellationToken);
        }
    }
}
