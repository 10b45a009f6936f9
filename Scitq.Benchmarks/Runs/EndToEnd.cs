using Scitq.Benchmarks.Measuring;
using Scitq.Benchmarks.Systems;

namespace Scitq.Benchmarks.Runs;

/// <summary>`true` as a real process, with its output captured, and what others need for the same, turn by turn.</summary>
internal static class EndToEnd
{
    private const string Batch = "end-to-end";
    private const int Warmup = 1000;

    public static async Task RunAsync(Bench bench)
    {
        var count = bench.Options.Tasks ?? 10_000;
        var prefetch = bench.Options.Prefetch ?? 32;
        var celery = new CelerySystem(bench, results: false);
        var celeryResults = new CelerySystem(bench, results: true);
        var ours = bench.Systems().ToList();
        var peers = bench.Options.Peers;
        var withCelery = peers && CelerySystem.IsInstalled;
        var withParallel = peers && File.Exists(GnuParallel.Program);
        try
        {
            foreach (var system in ours) await system.StartAsync();
            if (withCelery)
            {
                await celery.StartAsync();
                await celeryResults.StartAsync();
            }

            foreach (var slots in bench.Options.Slots)
            {
                var contestants = new List<Contestant>();
                foreach (var system in ours)
                {
                    await system.StartWorkerAsync(slots, prefetch, Batch);
                    contestants.Add(new Contestant(system.Name, system.Groups, async n =>
                    {
                        var before = await system.DoneAsync(Batch);
                        await system.SubmitAsync(n, ["true"], Batch);
                        await system.WaitAsync(Batch, before + n);
                    }));
                    await contestants[^1].Work(Warmup);
                }

                foreach (var peer in withCelery ? [celery, celeryResults] : Array.Empty<CelerySystem>())
                {
                    await peer.StartWorkerAsync(slots);
                    contestants.Add(new Contestant(peer.Name, peer.Groups, async n =>
                    {
                        var before = peer.Done;
                        await peer.SubmitAsync(n);
                        await peer.WaitAsync(before + n);
                    }));
                }

                if (withParallel) contestants.Add(GnuParallel.Contestant(bench, slots));
                var raw = new List<double>();
                for (var round = 1; round <= bench.Options.Rounds; round++)
                {
                    if (await Tools.SpawnRateAsync(3000, slots) is { } rate) raw.Add(rate);
                    foreach (var contestant in contestants) await contestant.MeasureAsync(bench.Meter, count);
                }

                Compare(bench, contestants, raw, slots, count, prefetch);
            }
        }
        finally
        {
            await celery.DisposeAsync();
            await celeryResults.DisposeAsync();
            foreach (var system in ours) await system.DisposeAsync();
        }
    }

    private static void Compare(Bench bench, List<Contestant> contestants, List<double> raw, int slots, int count, int prefetch)
    {
        foreach (var contestant in contestants) contestant.AddTo(bench.Report, bench.Meter, ("concurrency", slots), ("tasks", count));
        if (raw.Count > 0)
            bench.Report.Add("posix_spawn in a loop, nothing recorded", ("concurrency", slots), ("tasks", 3000),
                ("tasks_per_second", Report.Round(raw.Median())));
        var at = $"{slots} slots (prefetch {prefetch})";
        foreach (var ours in contestants.Where(c => c.Name.StartsWith("scitq", StringComparison.Ordinal)))
        {
            foreach (var peer in contestants.Except([ours]))
            {
                var target = peer.Name switch
                {
                    "Celery, no results" => 1.0,
                    "Celery, PostgreSQL results" => 2.5,
                    GnuParallel.Name => 2.0,
                    _ => double.NaN,
                };
                if (!double.IsNaN(target))
                    bench.Report.Ratio($"{at}: {ours.Name} / {peer.Name}", ours.TasksPerSecond, peer.TasksPerSecond, target, atLeast: true);
            }

            if (!ours.Groups.Contains("agent")) continue;
            bench.Report.Target($"{at}: coordinator + broker + database", ours.CpuOf("coordinator", Bench.RabbitMq, Bench.PostgreSql), 1.0, atLeast: false,
                " CPU s per 1,000");
            bench.Report.Target($"{at}: agent, with the processes it starts", ours.CpuOf("agent"), 1.6, atLeast: false, " CPU s per 1,000");
        }
    }
}
