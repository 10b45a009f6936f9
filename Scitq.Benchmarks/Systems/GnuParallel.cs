using System.Diagnostics;
using Scitq.Benchmarks.Runs;

namespace Scitq.Benchmarks.Systems;

/// <summary>The shell's way on one machine: no queue that outlives it, no record.</summary>
internal static class GnuParallel
{
    public const string Program = "/usr/bin/parallel";
    public const string Name = "GNU parallel";
    private const string Group = "parallel";

    public static Contestant Contestant(Bench bench, int slots) => new(Name, [Group], async count =>
    {
        var list = Path.Combine(bench.Folder, "parallel.list");
        await File.WriteAllLinesAsync(list, Enumerable.Repeat("true", count));
        var start = Daemon.In(bench.Meter.Group(Group), "/dev/null", Program, "-j", $"{slots}", "-a", list);
        start.Environment["HOME"] = bench.Folder;
        using var process = Process.Start(start)!;
        bench.Meter.Group(Group).Adopt(process.Id);
        await process.WaitForExitAsync();
    });
}
