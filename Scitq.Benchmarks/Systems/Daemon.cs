using System.Diagnostics;
using System.Runtime.InteropServices;
using Scitq.Benchmarks.Measuring;

namespace Scitq.Benchmarks.Systems;

/// <summary>A program started in a group, its output in a file.</summary>
internal sealed partial class Daemon : IAsyncDisposable
{
    private const int SigTerm = 15;
    private readonly Process _process;
    private readonly string _log;

    private Daemon(Process process, string log) => (_process, _log) = (process, log);

    /// <summary>The shell enters the group before it becomes the program, so that nothing is counted elsewhere.</summary>
    public static ProcessStartInfo In(ProcessGroup group, string? output, string program, params IEnumerable<string> arguments)
    {
        var redirect = output is null ? "" : "exec >>\"$1\" 2>&1 </dev/null; ";
        var join = group.JoinFile is null ? "" : "echo $$ >\"$0\"; ";
        return new ProcessStartInfo("/bin/sh", ["-c", join + redirect + "shift; exec \"$@\"", group.JoinFile ?? "sh", output ?? "", program, .. arguments]);
    }

    public static Daemon Start(
        Bench bench, string group, string program, IReadOnlyDictionary<string, string>? environment, params IEnumerable<string> arguments) =>
        Start(bench, group, program, environment, false, arguments);

    /// <summary>With <paramref name="whole"/>, the memory of all its processes counts.</summary>
    public static Daemon Start(
        Bench bench, string group, string program, IReadOnlyDictionary<string, string>? environment, bool whole, IEnumerable<string> arguments)
    {
        var log = Path.Combine(bench.Folder, $"{group}-{Guid.NewGuid():N}.log");
        var start = In(bench.Meter.Group(group), log, program, arguments);
        start.WorkingDirectory = bench.Folder;
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        var process = Process.Start(start)!;
        bench.Meter.Group(group).Adopt(process.Id, whole);
        return new Daemon(process, log);
    }

    /// <summary>The rest of the first line of its output that holds the text.</summary>
    public async Task<string> WaitForAsync(string text, TimeSpan patience)
    {
        var found = "";
        await Waiting.UntilAsync(
            async () =>
            {
                if (!File.Exists(_log)) return false;
                using var reader = new StreamReader(new FileStream(_log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
                while (await reader.ReadLineAsync() is { } line)
                {
                    if (line.IndexOf(text, StringComparison.Ordinal) is not (>= 0 and var at)) continue;
                    found = line[(at + text.Length)..];
                    return true;
                }

                return _process.HasExited ? throw new BenchException($"{_process.StartInfo.ArgumentList[4]} ended with {_process.ExitCode}:\n{Tail()}") : false;
            },
            $"'{text}' from {_process.StartInfo.ArgumentList[4]}", patience, TimeSpan.FromMilliseconds(20), Tail);
        return found;
    }

    public string Tail() => File.Exists(_log) ? string.Join('\n', File.ReadLines(_log).TakeLast(20)) : "";

    /// <summary>As its user stops it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _ = Kill(_process.Id, SigTerm);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
