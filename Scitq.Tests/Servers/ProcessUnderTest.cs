using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Scitq.Tests.Servers;

/// <summary>One of the programs (bin/scitq-*), or any other, run as its users run it; its output is kept by line.</summary>
public sealed partial class ProcessUnderTest : IAsyncDisposable
{
    private const int SigTerm = 15, SigKill = 9;

    private readonly Process _process;
    private readonly Task _output;
    private readonly List<string> _lines = [];

    private ProcessUnderTest(Process process)
    {
        _process = process;
        _output = Task.WhenAll(CollectAsync(process.StandardOutput), CollectAsync(process.StandardError));
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>What it wrote so far, both streams.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines) return [.. _lines];
        }
    }

    public string Text => string.Join('\n', Lines);

    /// <summary>Starts bin/<paramref name="program"/>.</summary>
    public static ProcessUnderTest Start(string program, params string[] arguments) => Start(program, arguments, environment: null);

    /// <summary>A null value in <paramref name="environment"/> takes the variable away.</summary>
    public static ProcessUnderTest Start(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment, string? folder = null)
    {
        var file = program.Contains('/', StringComparison.Ordinal) ? program : Path.Combine(TestEnvironment.Bin, program);
        if (!File.Exists(file)) Assert.Fail($"{file} is not there: build Scitq.sln first.");
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? Path.GetTempPath(),
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return new ProcessUnderTest(process);
    }

    /// <summary>Waits for a line that contains the text, and gives it.</summary>
    public Task<string> WaitForLineAsync(string text, TimeSpan? timeout = null) =>
        Eventually.GetAsync(
            () =>
            {
                var found = Lines.FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal));
                if (found is null && HasExited && _output.IsCompleted)
                {
                    Assert.Fail($"{_process.StartInfo.FileName} ended with {_process.ExitCode} before it wrote '{text}':\n{Text}");
                }
                return Task.FromResult(found);
            },
            $"'{text}' in the output of {_process.StartInfo.FileName} (so far: {string.Join(" | ", Lines.TakeLast(10))})",
            timeout ?? TimeSpan.FromSeconds(30));

    /// <summary>Its exit code, once it has ended and all its output is here.</summary>
    public async Task<int> WaitForExitAsync(TimeSpan? timeout = null)
    {
        using var deadline = new CancellationTokenSource(timeout ?? TimeSpan.FromSeconds(30));
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
            await _output.WaitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{_process.StartInfo.FileName} has not ended; it wrote:\n{Text}");
        }
        return _process.ExitCode;
    }

    /// <summary>SIGKILL for the process alone: what it started is left to itself, as after a crash.</summary>
    public async Task KillAsync()
    {
        Signal(SigKill);
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM; does not wait.</summary>
    public void Terminate() => Signal(SigTerm);

    public void Signal(int number)
    {
        if (!_process.HasExited) _ = Kill(_process.Id, number);
    }

    /// <summary>Its share of the machine's memory: shared pages divided among those who share them.</summary>
    public long ProportionalSetBytes() => ProcessMemory.ProportionalSetBytes(_process.Id);

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    private async Task CollectAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_lines) _lines.Add(line);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
