using System.Diagnostics;
using Scitq.Benchmarks.Measuring;

namespace Scitq.Benchmarks.Systems;

/// <summary>A program run from its start to its end: the time it took, its processors' and its memory.</summary>
internal static class TimedProcess
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    /// <exception cref="BenchException">It failed.</exception>
    public static async Task<(Usage Usage, double PeakMb)> RunAsync(
        Bench bench, string group, IReadOnlyDictionary<string, string> environment, string program, IReadOnlyList<string> arguments)
    {
        var log = Path.Combine(bench.Folder, $"{group}-{Guid.NewGuid():N}.log");
        var start = Daemon.In(bench.Meter.Group(group), log, program, arguments);
        start.WorkingDirectory = bench.Folder;
        foreach (var (name, value) in environment) start.Environment[name] = value;
        // Nothing of the user's that runs this may change what is measured.
        start.Environment["RCLONE_CONFIG"] = "/notfound";
        start.Environment.Remove("AWS_CA_BUNDLE");
        start.Environment["XDG_STATE_HOME"] = Path.Combine(bench.Folder, "state");
        var before = bench.Meter.Read();
        using var process = Process.Start(start)!;
        if (bench.Meter.Group(group).JoinFile is null) bench.Meter.Group(group).Adopt(process.Id);
        var ended = process.WaitForExitAsync();
        var peak = 0L;
        do peak = Math.Max(peak, ProcFs.Kilobytes($"/proc/{process.Id}/status", "VmHWM:"));
        while (await Task.WhenAny(ended, Task.Delay(Look)) != ended);
        var usage = bench.Meter.Read().Since(before, bench.Meter.Groups);
        if (process.ExitCode != 0)
            throw new BenchException(
                $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{string.Join('\n', File.ReadLines(log).TakeLast(5))}");
        File.Delete(log);
        return (usage, peak / 1024.0);
    }
}
