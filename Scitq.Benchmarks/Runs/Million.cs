using System.Diagnostics;
using System.Text.Json.Nodes;
using Scitq.Benchmarks.Measuring;
using Scitq.Benchmarks.Systems;

namespace Scitq.Benchmarks.Runs;

/// <summary>A million tasks that wait: what they cost, and whether anybody notices.</summary>
internal static class Million
{
    private const string Batch = "million";

    public static async Task RunAsync(Bench bench)
    {
        var count = bench.Options.Tasks ?? 1_000_000;
        foreach (var system in bench.Systems())
        {
            await using var _ = system;
            await system.StartAsync();
            await system.SubmitAsync(1000, ["true"], "warm-up");
            var before = system.Groups.ToDictionary(g => g, g => bench.Meter.Group(g).PssMb());
            var contestant = new Contestant(system.Name, system.Groups, n => system.SubmitAsync(n, ["true"], Batch));
            await contestant.MeasureAsync(bench.Meter, count);
            if (system is ScitqServers) await BrokerHasAllAsync(bench);

            // Counted over what has just been written is not what people will meet.
            await Task.Delay(TimeSpan.FromSeconds(5));
            var status = new List<double>();
            for (var i = 0; i < 20; i++) status.Add(await TimeAsync(() => system.GetAsync($"batches/{Batch}")));
            var list = new List<double>();
            for (var i = 0; i < 20; i++) list.Add(await TimeAsync(() => system.GetAsync($"tasks?batch={Batch}&limit=20")));
            var memory = new JsonObject();
            foreach (var group in system.Groups)
                memory[group] = new JsonObject { ["empty_pss_mb"] = Report.Round(before[group]), ["pss_mb"] = Report.Round(bench.Meter.Group(group).PssMb()) };

            var (first, fromProcess) = await FirstTaskAsync(system);
            bench.Report.Add(system.Name,
                ("tasks", count), ("tasks_per_second", Report.Round(contestant.TasksPerSecond)),
                ("cpu_seconds_per_1000", Report.Round(contestant.CpuSecondsPer1000)),
                ("status_ms", Report.Round(status.Median())), ("list_ms", Report.Round(list.Median())), ("first_task_ms", Report.Round(first)),
                ("first_task_from_process_start_ms", Report.Round(fromProcess)), ("processes", memory));
            if (system is ScitqServers) bench.Report.Target($"{count} queued: broker", bench.Meter.Group(Bench.RabbitMq).PssMb(), 500, atLeast: false, " MiB");
            bench.Report.Target($"{count} queued, {system.Name}: status of the batch", status.Median(), 100, atLeast: false, " ms");
            bench.Report.Target($"{count} queued, {system.Name}: a new agent's first task, from its registration", first, 200, atLeast: false, " ms");
        }
    }

    /// <summary>Submitting is over when the rows are there; the messages follow.</summary>
    private static Task BrokerHasAllAsync(Bench bench)
    {
        var last = 0.0;
        return Waiting.UntilAsync(
            async () =>
            {
                var cpu = bench.Meter.Group(Bench.RabbitMq).CpuSeconds();
                await Task.Delay(1000);
                var idle = bench.Meter.Group(Bench.RabbitMq).CpuSeconds() - cpu < 0.05;
                last = idle ? last + 1 : 0;
                return last >= 3;
            },
            "the broker to have it all", TimeSpan.FromMinutes(10), TimeSpan.FromMilliseconds(1));
    }

    /// <summary>Milliseconds from the worker's registration, and from the start of its process, to the start of its first task.</summary>
    private static async Task<(double FromRegistration, double FromProcess)> FirstTaskAsync(ScitqSystem system)
    {
        var launched = TimeProvider.System.GetUtcNow();
        await system.StartWorkerAsync(1, 1, Batch);
        var worker = (await system.GetAsync("workers")).AsArray().OrderByDescending(w => w!["registered"]!.GetValue<DateTimeOffset>()).First()!;
        JsonNode? first = null;
        await Waiting.UntilAsync(
            async () => (first = (await system.GetAsync($"attempts?worker={worker["name"]}&limit=1000")).AsArray().Where(e => e?["started"] is not null)
                .MinBy(e => e!["started"]!.GetValue<DateTimeOffset>())) is not null,
            "the first task", TimeSpan.FromSeconds(60), TimeSpan.FromMilliseconds(20));
        await system.StopWorkerAsync();
        var started = first!["started"]!.GetValue<DateTimeOffset>();
        return ((started - worker["registered"]!.GetValue<DateTimeOffset>()).TotalMilliseconds, (started - launched).TotalMilliseconds);
    }

    private static async Task<double> TimeAsync(Func<Task> call)
    {
        var begin = Stopwatch.GetTimestamp();
        await call();
        return Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
    }
}
