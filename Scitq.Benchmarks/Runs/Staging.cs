using System.Diagnostics;
using Scitq.Benchmarks.Measuring;
using Scitq.Benchmarks.Systems;

namespace Scitq.Benchmarks.Runs;

/// <summary>What it costs to bring tasks their data and to take their outputs away, with the data on an S3 server of this machine.</summary>
internal static class Staging
{
    private const int Samples = 60, Sharers = 1000, Slots = 8;
    private const int SmallSize = 4096;
    private const long SharedSize = 500_000_000;

    public static async Task RunAsync(Bench bench)
    {
        var store = (await ObjectStore.OpenAsync(bench)).Single(s => s.Name == "s3");
        await using var gate = new CountingGate(new Uri(store.Environment["AWS_ENDPOINT_URL"]));
        // The agents reach the store through it, so what it has sent is known.
        var environment = new Dictionary<string, string>(store.Environment) { ["AWS_ENDPOINT_URL"] = gate.Address };
        await using var system = new ScitqServers(bench) { AgentEnvironment = environment };
        await system.StartAsync();
        await PutAsync(bench, store, "small", SmallSize);
        await SmallAsync(bench, system, store);
        await PutAsync(bench, store, "shared", SharedSize);
        await SharedAsync(bench, system, store, gate);
        await LargeAsync(bench, system, store);
    }

    /// <summary>Tasks with 4 KB in and 4 KB out beside such that make the same bytes themselves: one at a time, and as many as go.</summary>
    private static async Task SmallAsync(Bench bench, ScitqServers system, ObjectStore store)
    {
        const string Batch = "small";
        object Staged(string to) => new
            { argv = (string[])["cp", "--", "../input/small", "../output/copy"], inputs = (string[])[store.OurUri("small")], output = store.OurUri(to + "/"),
            batch = Batch };
        object Plain() => new { argv = (string[])["head", "-c", "4096", "/dev/zero"], batch = Batch };
        await system.StartWorkerAsync(Slots, 32, Batch);
        await system.SubmitAsync([.. Enumerable.Range(0, 100).Select(i => Staged($"warm/{i}"))]);
        await system.WaitAsync(Batch, 100);

        var (staged, plain) = (new List<double>(), new List<double>());
        for (var i = 0; i < Samples; i++)
        {
            staged.Add(await OneAsync(system, Staged($"one/{i}")));
            plain.Add(await OneAsync(system, Plain()));
        }

        bench.Report.Add("4 KB in, 4 KB out, one at a time", ("samples", Samples), ("p50_ms", Report.Round(staged.Median())),
            ("p99_ms", Report.Round(staged.Percentile(0.99))), ("without_data_p50_ms", Report.Round(plain.Median())));
        bench.Report.Target("added latency of 4 KB in and 4 KB out, p50", staged.Median() - plain.Median(), 40, atLeast: false, " ms");

        var count = bench.Options.Tasks ?? 2000;
        var contestant = new Contestant($"4 KB in, 4 KB out, {Slots} slots", [.. system.Groups, store.Server], async n =>
        {
            var before = await system.DoneAsync(Batch);
            var round = Guid.NewGuid().ToString("N")[..8];
            await system.SubmitAsync([.. Enumerable.Range(0, n).Select(i => Staged($"many/{round}/{i}"))]);
            await system.WaitAsync(Batch, before + n);
        });
        for (var round = 0; round < bench.Options.Rounds; round++) await contestant.MeasureAsync(bench.Meter, count);
        contestant.AddTo(bench.Report, bench.Meter, ("tasks", count), ("concurrency", Slots));
        bench.Report.Target("tasks with 4 KB in and 4 KB out", contestant.TasksPerSecond, 100, atLeast: true, " tasks/s");
    }

    /// <summary>Many tasks on two agents that want the same large resource.</summary>
    private static async Task SharedAsync(Bench bench, ScitqServers system, ObjectStore store, CountingGate gate)
    {
        const string Batch = "shared";
        await system.StartWorkerAsync(Slots, 32, Batch);
        await using var second = await system.StartAnotherWorkerAsync(Slots, 32, Batch);
        var before = gate.Sent;
        var begin = Stopwatch.GetTimestamp();
        await system.SubmitAsync([.. Enumerable.Range(0, Sharers)
            .Select(_ =>
            (object)new { argv = (string[])["test", "-s", "../resource/shared"], resources = (string[])[store.OurUri("shared")], batch = Batch })]);
        await system.WaitAsync(Batch, Sharers);
        var downloads = (gate.Sent - before) / (double)SharedSize;
        bench.Report.Add($"{Sharers} tasks with one resource of 500 MB, two agents", ("seconds", Report.Round(Stopwatch.GetElapsedTime(begin).TotalSeconds)),
            ("downloads", Report.Round(downloads)));
        bench.Report.Target("downloads of the shared resource, by the bytes the store has sent", downloads, 2.05, atLeast: false);
    }

    /// <summary>One large input and the same as output, while the agent's memory is looked at.</summary>
    private static async Task LargeAsync(Bench bench, ScitqServers system, ObjectStore store)
    {
        const string Batch = "large";
        var bytes = bench.Options.Bytes ?? 10_000_000_000;
        await PutAsync(bench, store, "large", bytes);
        await system.StartWorkerAsync(1, 0, Batch);
        var (peak, begin) = (0.0, Stopwatch.GetTimestamp());
        await system.SubmitAsync([new
            { argv = (string[])["mv", "--", "../input/large", "../output/large"], inputs = (string[])[store.OurUri("large")],
            output = store.OurUri("large-out/"), batch = Batch }]);
        await Waiting.UntilAsync(
            async () =>
            {
                peak = Math.Max(peak, bench.Meter.Group("agent").RssMb());
                return await system.DoneAsync(Batch) == 1;
            },
            "the task with the large file", TimeSpan.FromMinutes(30), TimeSpan.FromMilliseconds(200));
        bench.Report.Add("one large input, and as output", ("gigabytes", Report.Round(2 * bytes / 1e9)),
            ("seconds", Report.Round(Stopwatch.GetElapsedTime(begin).TotalSeconds)), ("peak_rss_mb", Report.Round(peak)));
        bench.Report.Target($"RSS of the agent while it moves {2 * bytes / 1e9:0.#} GB", peak, 200, atLeast: false, " MiB");
    }

    /// <summary>Milliseconds from the submit call to the end that the coordinator has recorded.</summary>
    private static async Task<double> OneAsync(ScitqServers system, object task)
    {
        var begin = TimeProvider.System.GetUtcNow().UtcDateTime;
        var id = await system.SubmitOneAsync(task);
        DateTime? finished = null;
        await Waiting.UntilAsync(
            async () =>
            {
                var view = await system.GetAsync($"tasks/{id}");
                if (view["status"]!.GetValue<string>() == "failed") throw new BenchException($"task {id} has failed: {view["reason"]}");
                finished = view["finished"]?.GetValue<DateTime>().ToUniversalTime();
                return finished is not null;
            },
            "a task to end", TimeSpan.FromSeconds(60), TimeSpan.FromMilliseconds(5));
        return (finished!.Value - begin).TotalMilliseconds;
    }

    private static async Task PutAsync(Bench bench, ObjectStore store, string name, long bytes)
    {
        var file = Path.Combine(bench.Folder, name);
        await TestData.FileAsync(file, bytes);
        await TimedProcess.RunAsync(bench, Bench.Clients, store.Environment, Bench.Program("scitq-fetch"), ["copy", file, store.OurUri(name)]);
        File.Delete(file);
    }
}
