using System.Text.Json.Nodes;
using Scitq.Benchmarks.Measuring;

namespace Scitq.Benchmarks.Runs;

/// <summary>One who does the same work as the others, several times.</summary>
/// <param name="Name">For people.</param>
/// <param name="Groups">Whose CPU time is its own.</param>
/// <param name="Work">Does so many tasks, from the submission to the end of the last.</param>
internal sealed record Contestant(string Name, IReadOnlyList<string> Groups, Func<int, Task> Work)
{
    private readonly List<(Usage Usage, int Count)> _rounds = [];

    public double TasksPerSecond => _rounds.Select(r => r.Count / r.Usage.Seconds).Median();

    /// <summary>All of its processes together, those of its submitters too.</summary>
    public double CpuSecondsPer1000 => _rounds.Select(r => r.Usage.Cpu.Sum(c => c.Value) * 1000 / r.Count).Median();

    /// <summary>Of some of its groups.</summary>
    public double CpuOf(params string[] groups) => _rounds.Select(r => groups.Sum(g => r.Usage.Cpu.GetValueOrDefault(g)) * 1000 / r.Count).Median();

    public async Task MeasureAsync(Meter meter, int count)
    {
        var before = meter.Read();
        await Work(count);
        var usage = meter.Read().Since(before, Groups.Append(Bench.Clients).Distinct());
        _rounds.Add((usage, count));
        Bench.Say($"{Name}: {count / usage.Seconds:0} tasks/s, {usage.Cpu.Sum(c => c.Value) * 1000 / count:0.00} CPU s/1000 "
            + $"({string.Join(", ", usage.Cpu.Select(c => $"{c.Key} {c.Value * 1000 / count:0.00}"))}); others {usage.Others:P0}");
    }

    /// <summary>The medians of its rounds, and the memory of its processes now.</summary>
    public void AddTo(Report report, Meter meter, params (string Name, JsonNode? Value)[] figures) =>
        report.Add(Name,
        [
            .. figures,
            ("tasks_per_second", Report.Round(TasksPerSecond)),
            ("cpu_seconds_per_1000", Report.Round(CpuSecondsPer1000)),
            ("rss_mb", Report.Round(Groups.Sum(g => meter.Group(g).RssMb()))),
            ("pss_mb", Report.Round(Groups.Sum(g => meter.Group(g).PssMb()))),
            ("others_share", Report.Round(_rounds.Select(r => r.Usage.Others).Median())),
            ("processes", Processes(meter)),
            ("rounds_tasks_per_second", new JsonArray([.. _rounds.Select(r => (JsonNode)Report.Round(r.Count / r.Usage.Seconds))])),
        ]);

    private JsonObject Processes(Meter meter)
    {
        var processes = new JsonObject();
        foreach (var name in Groups.Append(Bench.Clients).Distinct())
        {
            var group = meter.Group(name);
            processes[name] = new JsonObject
            {
                ["cpu_seconds_per_1000"] = Report.Round(CpuOf(name)),
                ["rss_mb"] = Report.Round(group.RssMb()),
                ["pss_mb"] = Report.Round(group.PssMb()),
            };
        }

        return processes;
    }
}
