using Scitq.Benchmarks.Measuring;
using Scitq.Benchmarks.Systems;

namespace Scitq.Benchmarks.Runs;

/// <summary>A task that prints without end must not fill anybody's memory.</summary>
internal static class Memory
{
    private const string Batch = "memory";
    private const long Bytes = 2L * 1024 * 1024 * 1024;

    public static async Task RunAsync(Bench bench)
    {
        foreach (var system in bench.Systems())
        {
            await using var _ = system;
            await system.StartAsync();
            await system.StartWorkerAsync(2, 2, Batch);
            await system.SubmitAsync(200, ["true"], Batch);
            await system.WaitAsync(Batch, 200);
            await Task.Delay(TimeSpan.FromSeconds(2));
            var before = Read(bench, system);
            var peak = new Dictionary<string, double>(before);
            var meter = bench.Meter.Read();
            await system.SubmitOneAsync(["/bin/sh", "-c", $"yes 'all work and no play makes jack a dull boy' | head -c {Bytes}"], Batch);
            await Waiting.UntilAsync(
                async () =>
                {
                    foreach (var (group, now) in Read(bench, system)) peak[group] = Math.Max(peak[group], now);
                    return await system.DoneAsync(Batch) == 201;
                },
                "the task that prints", TimeSpan.FromMinutes(5), TimeSpan.FromMilliseconds(100));
            var usage = bench.Meter.Read().Since(meter, system.Groups);
            foreach (var group in system.Groups)
            {
                bench.Report.Add($"{system.Name}: {group}", ("printed_mb", Bytes >> 20), ("seconds", Report.Round(usage.Seconds)),
                    ("cpu_seconds", Report.Round(usage.Cpu[group])), ("before_pss_mb", Report.Round(before[group])),
                    ("peak_pss_mb", Report.Round(peak[group])));
                if (group is "agent" or "coordinator" or "standalone")
                    bench.Report.Target($"2 GB printed, {system.Name}: PSS of {group} rises by", peak[group] - before[group], 50, atLeast: false, " MiB");
            }
        }
    }

    private static Dictionary<string, double> Read(Bench bench, ScitqSystem system) => system.Groups.ToDictionary(g => g, g => bench.Meter.Group(g).PssMb());
}
