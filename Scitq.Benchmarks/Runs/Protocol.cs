using Scitq.Benchmarks.Measuring;
using Scitq.Benchmarks.Systems;

namespace Scitq.Benchmarks.Runs;

/// <summary>Tasks that run nothing: all that is left is Scitq's own work. And whether memory grows with the tasks done.</summary>
internal static class Protocol
{
    private const string Batch = "protocol";
    private const int Few = 1000;

    public static async Task RunAsync(Bench bench)
    {
        var count = bench.Options.Tasks ?? 30_000;
        var prefetch = bench.Options.Prefetch ?? 256;
        foreach (var system in bench.Systems())
        {
            await using var _ = system;
            await system.StartAsync();
            await system.StartWorkerAsync(Environment.ProcessorCount, prefetch, Batch, runNothing: true);
            var done = 0;
            var contestant = new Contestant(system.Name, system.Groups, async n =>
            {
                await system.SubmitAsync(n, ["true"], Batch);
                await system.WaitAsync(Batch, done += n);
            });

            // Also what the runtime's compiler learns by.
            await contestant.Work(Few);
            var few = await MemoryAsync(bench, system);
            for (var round = 1; round <= bench.Options.Rounds; round++)
            {
                await contestant.MeasureAsync(bench.Meter, count);
                if (round > 1) continue;
                var many = await MemoryAsync(bench, system);
                foreach (var (process, limit) in new[] { ("agent", 60.0), ("coordinator", 120.0), ("standalone", double.NaN) })
                {
                    if (!many.TryGetValue(process, out var now)) continue;
                    if (!double.IsNaN(limit)) bench.Report.Target($"PSS of {process} after {count} tasks", now, limit, atLeast: false, " MiB");
                    bench.Report.Target($"PSS of {process} after {count} tasks / after {Few} ({few[process]:0.#} MiB)", now / few[process], 1.1,
                        atLeast: false);
                }
            }

            contestant.AddTo(bench.Report, bench.Meter, ("tasks", count), ("prefetch", prefetch));
            if (system is not ScitqServers) continue;
            bench.Report.Target("protocol", contestant.TasksPerSecond, 2500, atLeast: true, " tasks/s");
            bench.Report.Target("protocol, all processes together", contestant.CpuSecondsPer1000, 0.8, atLeast: false, " CPU s per 1,000");
        }
    }

    /// <summary>Once what was going on has settled.</summary>
    private static async Task<Dictionary<string, double>> MemoryAsync(Bench bench, ScitqSystem system)
    {
        await Task.Delay(TimeSpan.FromSeconds(3));
        return system.Groups.ToDictionary(g => g, g => bench.Meter.Group(g).PssMb());
    }
}
