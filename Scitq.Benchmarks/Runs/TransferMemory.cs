using Scitq.Benchmarks.Measuring;
using Scitq.Benchmarks.Systems;

namespace Scitq.Benchmarks.Runs;

/// <summary>That the memory of scitq-fetch grows neither with a file nor with a listing.</summary>
internal static class TransferMemory
{
    private const string Ours = "scitq-fetch";
    private const double Most = 150;

    public static async Task RunAsync(Bench bench)
    {
        await using (var bucket = new EndlessBucket(bench.Options.Keys))
        {
            var environment = new Dictionary<string, string>
                { ["AWS_ENDPOINT_URL"] = bucket.Endpoint, ["AWS_ACCESS_KEY_ID"] = "x", ["AWS_SECRET_ACCESS_KEY"] = "x" };
            await MeasureAsync(bench, $"a listing of {bench.Options.Keys} keys", environment, "rlist", "s3://bench/data");
            await MeasureAsync(bench, $"a listing of {bench.Options.Keys} keys, summed up", environment, "du", "s3://bench/data");
        }

        var big = Path.Combine(bench.Folder, "big");
        var down = Path.Combine(bench.Folder, "down");
        var bytes = bench.Options.Bytes ?? 10_000_000_000;
        await TestData.FileAsync(big, bytes);
        foreach (var store in await ObjectStore.OpenAsync(bench))
        {
            await MeasureAsync(bench, $"{store.Name}: a file of {bytes} bytes, up", store.Environment, "copy", big, store.OurUri("big"));
            await MeasureAsync(bench, $"{store.Name}: a file of {bytes} bytes, down", store.Environment, "copy", store.OurUri("big"), down);
            Directory.Delete(down, recursive: true);
        }
    }

    private static async Task MeasureAsync(Bench bench, string work, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var (usage, peak) = await TimedProcess.RunAsync(bench, Ours, environment, Bench.Program(Ours), arguments);
        Bench.Say($"{work}: {usage.Seconds:0.0} s, {usage.Cpu[Ours]:0.0} CPU s, {peak:0} MiB");
        bench.Report.Add(work, ("seconds", Report.Round(usage.Seconds)), ("cpu_seconds", Report.Round(usage.Cpu[Ours])), ("peak_rss_mb", Report.Round(peak)));
        bench.Report.Target($"{work}: peak memory", peak, Most, atLeast: false, " MiB");
    }
}
