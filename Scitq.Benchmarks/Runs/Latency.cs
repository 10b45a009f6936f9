using System.Globalization;
using Scitq.Benchmarks.Measuring;
using Scitq.Benchmarks.Systems;

namespace Scitq.Benchmarks.Runs;

/// <summary>From the submit call to the clock of the process, one task at a time, on systems that have nothing else to do.</summary>
internal static class Latency
{
    private const string Batch = "latency";
    private const int Slots = 2, Warmup = 20;

    public static async Task RunAsync(Bench bench)
    {
        var samples = bench.Options.Tasks ?? 120;
        var celery = new CelerySystem(bench, results: false);
        var ours = bench.Systems().ToList();
        try
        {
            var rivals = new List<(string Name, Func<IReadOnlyList<string>, Task<long>> Submit, List<double> Milliseconds)>();
            foreach (var system in ours)
            {
                await system.StartAsync();
                await system.StartWorkerAsync(Slots, bench.Options.Prefetch ?? 2, Batch);
                rivals.Add((system.Name, async argv =>
                {
                    var begin = Clock();
                    await system.SubmitOneAsync(argv, Batch);
                    return begin;
                }, []));
            }

            if (bench.Options.Peers && CelerySystem.IsInstalled)
            {
                await celery.StartAsync();
                await celery.StartWorkerAsync(Slots);
                rivals.Add((celery.Name, celery.SubmitOneAsync, []));
            }

            for (var i = -Warmup; i < samples; i++)
            {
                foreach (var (_, submit, milliseconds) in rivals)
                {
                    // Idle, and never in step with anybody's timer.
                    await Task.Delay(Random.Shared.Next(50, 150));
                    var took = await OneAsync(bench, submit, i);
                    if (i >= 0) milliseconds.Add(took);
                }
            }

            Compare(bench, rivals.ConvertAll(r => (r.Name, r.Milliseconds)), hasPeer: rivals.Count > ours.Count);
        }
        finally
        {
            await celery.DisposeAsync();
            foreach (var system in ours) await system.DisposeAsync();
        }
    }

    private static async Task<double> OneAsync(Bench bench, Func<IReadOnlyList<string>, Task<long>> submit, int number)
    {
        var file = Path.Combine(bench.Folder, "stamp.txt");
        File.Delete(file);
        var begin = await submit(Tools.Stamp(file, $"{number}"));
        var line = "";
        await Waiting.UntilAsync(
            async () => File.Exists(file) && (line = await File.ReadAllTextAsync(file)).EndsWith('\n'),
            "a task to start", TimeSpan.FromSeconds(60), TimeSpan.FromMilliseconds(2));
        return (long.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture) - begin) / 1e6;
    }

    private static void Compare(Bench bench, List<(string Name, List<double> Milliseconds)> rivals, bool hasPeer)
    {
        foreach (var (name, all) in rivals)
            bench.Report.Add(name, ("samples", all.Count), ("p50_ms", Report.Round(all.Median())), ("p90_ms", Report.Round(all.Percentile(0.9))),
                ("p99_ms", Report.Round(all.Percentile(0.99))), ("min_ms", Report.Round(all.Min())));
        if (!hasPeer) return;
        var peer = rivals[^1];
        foreach (var (name, all) in rivals[..^1])
        {
            bench.Report.Ratio($"p50: {name} / {peer.Name}", all.Median(), peer.Milliseconds.Median(), 1.2, atLeast: false);
            bench.Report.Ratio($"p99: {name} / {peer.Name}", all.Percentile(0.99), peer.Milliseconds.Percentile(0.99), 1.0, atLeast: false);
        }
    }

    /// <summary>The wall clock in ns, as the task's own process reads it.</summary>
    private static long Clock() => (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
}
