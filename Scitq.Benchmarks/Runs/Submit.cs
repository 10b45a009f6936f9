using System.Diagnostics;
using Scitq.Benchmarks.Measuring;
using Scitq.Benchmarks.Systems;

namespace Scitq.Benchmarks.Runs;

/// <summary>How fast tasks are durably queued: many in one call, against Celery's loop; and one by one, as a shell does it.</summary>
internal static class Submit
{
    private const int Singles = 20, Loop = 100;

    public static async Task RunAsync(Bench bench)
    {
        var count = bench.Options.Tasks ?? 10_000;
        var celery = new CelerySystem(bench, results: false);
        var ours = bench.Systems().ToList();
        try
        {
            var contestants = new List<Contestant>();
            foreach (var system in ours)
            {
                await system.StartAsync();
                contestants.Add(new Contestant(system.Name, system.Groups, n => system.SubmitAsync(n, ["true"], "submit")));
                await system.SubmitAsync(1000, ["true"], "warm-up");
            }

            if (bench.Options.Peers && CelerySystem.IsInstalled)
            {
                await celery.StartAsync();
                contestants.Add(new Contestant(celery.Name, celery.Groups, celery.SubmitAsync));
            }

            for (var round = 1; round <= bench.Options.Rounds; round++)
            {
                foreach (var contestant in contestants) await contestant.MeasureAsync(bench.Meter, count);
                if (contestants.Count > ours.Count) await celery.PurgeAsync();
            }

            foreach (var contestant in contestants) contestant.AddTo(bench.Report, bench.Meter, ("tasks", count));
            foreach (var contestant in contestants.Take(contestants.Count > ours.Count ? ours.Count : 0))
                bench.Report.Ratio($"{count} in one call: {contestant.Name} / {celery.Name}, its loop", contestant.TasksPerSecond,
                    contestants[^1].TasksPerSecond, 10, atLeast: true);
            foreach (var system in ours) await LaunchAsync(bench, system);
        }
        finally
        {
            await celery.DisposeAsync();
            foreach (var system in ours) await system.DisposeAsync();
        }
    }

    private static async Task LaunchAsync(Bench bench, ScitqSystem system)
    {
        var launch = Bench.Program("scitq-launch");
        var servers = new List<(string Way, string Address)> { ("REST", system.Server.ToString()) };
        if (system is ScitqServers) servers.Add(("AMQP", bench.Broker.OriginalString));
        foreach (var (way, address) in servers)
        {
            // By environment: a password has no business on a command line.
            Environment.SetEnvironmentVariable("SCITQ_SERVER", address);
            var single = new List<double>();
            for (var i = 0; i < Singles; i++) single.Add(await TimeAsync(launch, ["-b", "single", "true"]));
            var loop = await TimeAsync("/bin/sh", ["-c", $"for i in $(seq {Loop}); do \"$0\" -b single true || exit 1; done >/dev/null", launch]);
            bench.Report.Add($"scitq-launch by {way}, {system.Name}", ("p50_ms", Report.Round(single.Median() * 1000)),
                ("p99_ms", Report.Round(single.Max() * 1000)), ("loop_of_100_seconds", Report.Round(loop)));
            bench.Report.Target($"one scitq-launch by {way}, {system.Name}", Math.Round(single.Median() * 1000, 1), 150, atLeast: false, " ms");
            bench.Report.Target($"a shell loop of {Loop} scitq-launch by {way}, {system.Name}", loop, 10, atLeast: false, " s");
        }

        Environment.SetEnvironmentVariable("SCITQ_SERVER", null);
    }

    private static async Task<double> TimeAsync(string program, IEnumerable<string> arguments)
    {
        var begin = Stopwatch.GetTimestamp();
        _ = await Tools.OutputAsync(program, arguments);
        return Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }
}
