using System.Diagnostics;
using System.Globalization;

namespace Scitq.Benchmarks.Systems;

/// <summary>The small programs in peers/: the clock that a task reads at its start, and a loop that starts processes.</summary>
internal static class Tools
{
    public static string Peers => Path.Combine(AppContext.BaseDirectory, "peers");

    private static string? _stamp, _spawn;

    /// <summary>Compiles them, where there is a compiler.</summary>
    public static async Task CompileAsync(Bench bench)
    {
        _stamp = await CompileAsync(bench, "stamp");
        _spawn = await CompileAsync(bench, "spawn");
        if (_stamp is null) Bench.Say("no C compiler: the clock of a task is that of a shell's date, some ms late, and there is no figure of what the "
            + "machine can do");
    }

    /// <summary>A command that appends the clock in ns and the tag to the file.</summary>
    public static IReadOnlyList<string> Stamp(string file, string tag) =>
        _stamp is null ? ["/bin/sh", "-c", "echo $(date +%s%N) \"$1\" >>\"$0\"", file, tag] : [_stamp, file, tag];

    /// <summary>How many `true` per second a plain loop starts: what the machine can do at this moment; null where that can't be told.</summary>
    public static async Task<double?> SpawnRateAsync(int count, int slots)
    {
        if (_spawn is null) return null;
        var seconds = await OutputAsync(_spawn, [$"{count}", $"{slots}", "/bin/true"]);
        return count / double.Parse(seconds, CultureInfo.InvariantCulture);
    }

    public static async Task<string> OutputAsync(string program, IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new BenchException($"{program} ended with {process.ExitCode}.");
    }

    private static async Task<string?> CompileAsync(Bench bench, string name)
    {
        const string compiler = "/usr/bin/cc";
        if (!File.Exists(compiler)) return null;
        var program = Path.Combine(bench.Folder, name);
        await OutputAsync(compiler, ["-O2", "-o", program, Path.Combine(Peers, name + ".c")]);
        return program;
    }
}
