using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Scitq.Agent.Runtimes;
using Scitq.Agent.Runtimes.Native;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Xunit;

namespace Scitq.Tests.Integration.Runtimes;

/// <summary>A native runtime with a directory for its attempts.</summary>
internal sealed class NativeRuns : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("scitq-native").FullName;

    public NativeRuns(NativeOptions? options = null)
    {
        // Other users must reach it.
        File.SetUnixFileMode(_root, (UnixFileMode)0b111_101_101);
        Options = options ?? new NativeOptions { CgroupName = "scitq-tests" };
        Runtime = new NativeRuntime(Options, TimeProvider.System, NullLogger<NativeRuntime>.Instance);
    }

    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(20);

    public NativeOptions Options { get; }

    public NativeRuntime Runtime { get; private set; }

    public static void Ignore(string phase)
    {
    }

    public void Dispose()
    {
        Runtime.Dispose();
        Directory.Delete(_root, true);
    }

    /// <summary>As after the death of the agent: nothing is remembered.</summary>
    public void Forget() => Runtime = new NativeRuntime(Options, TimeProvider.System, NullLogger<NativeRuntime>.Instance);

    public RunRequest Request(params string[] argv) => Request(new TaskSpec { Argv = argv });

    public RunRequest Request(TaskSpec spec)
    {
        var key = new AttemptKey(Guid.CreateVersion7(), 1, Guid.NewGuid());
        var directory = new WorkDirectory(Path.Combine(_root, key.Lease.ToString("N")));
        directory.Create(Owner(spec));
        return new RunRequest { Key = key, Number = 17, Worker = "w1", Spec = spec, Directory = directory, Cpu = 2 };
    }

    private Ownership Owner(TaskSpec spec)
    {
        try
        {
            return Options.Accounts.Of(spec, "w1") is { } user ? Ownership.Of(user.Uid, user.Gid) : Ownership.Own;
        }
        catch (StartException)
        {
            return Ownership.Own;
        }
    }

    public Task<IRun> StartAsync(RunRequest request) => Runtime.StartAsync(request, Ignore, TestContext.Current.CancellationToken);

    public async Task<(RunExit Exit, string Out, string Error)> RunAsync(RunRequest request)
    {
        await using var run = await StartAsync(request);
        var exit = await run.Exit.WaitAsync(Patience);
        return (exit, Read(request.Directory.Stdout), Read(request.Directory.Stderr));
    }

    public Task<(RunExit Exit, string Out, string Error)> RunAsync(params string[] argv) => RunAsync(Request(argv));

    public static string Read(string file) => File.Exists(file) ? Encoding.UTF8.GetString(File.ReadAllBytes(file)) : "";

    /// <summary>Waits until a stream of the run holds the text.</summary>
    public static async Task<string> PrintedAsync(RunRequest request, string text)
    {
        for (var deadline = Environment.TickCount64 + 20_000; Environment.TickCount64 < deadline; await Task.Delay(10))
            if (Read(request.Directory.Stdout) is var printed && printed.Contains(text, StringComparison.Ordinal)) return printed;
        throw new TimeoutException($"'{text}' was not printed.");
    }

    /// <summary>Processes whose command line begins so.</summary>
    public static int[] Processes(string commandLine) =>
        [.. Directory.EnumerateDirectories("/proc").Select(d => int.TryParse(Path.GetFileName(d), out var pid) ? pid : 0)
            .Where(pid => pid > 0 && CommandLine(pid).StartsWith(commandLine, StringComparison.Ordinal))];

    private static string CommandLine(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Replace('\0', ' ');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has just ended.
            return "";
        }
    }
}
