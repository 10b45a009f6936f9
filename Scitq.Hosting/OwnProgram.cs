using System.Collections;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace Scitq.Hosting;

/// <summary>
/// Executes the program of this process anew, in the same process: with its arguments, its environment and its process id, from the file as it is now. What
/// was overwritten in arguments and environment, for others not to see it, is handed over in memory.
/// </summary>
public sealed class OwnProgram
{
    private const string Variable = "SCITQ_HANDOVER";
    private const int SetFlags = 2, SetMask = 2, CloseOnExec = 4;
    private const long CloseRange = 436;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _file;
    private readonly Handover _handover;

    private OwnProgram(string file, Handover handover) => (_file, _handover) = (file, handover);

    /// <summary>The arguments, as they were given.</summary>
    public string[] Arguments => _handover.Arguments;

    /// <summary>
    /// To be called before anything is overwritten: remembers how this process was started, and takes what the program before has handed over.
    /// </summary>
    public static OwnProgram Enter(string[] args)
    {
        var handover = Take() ?? new Handover(args, []);
        foreach (var (name, value) in handover.Secrets) Environment.SetEnvironmentVariable(name, value);
        var secrets = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Where(v => OwnProcess.IsSecret((string)v.Key, Encoding.UTF8.GetBytes((string)v.Value!)))
            .ToDictionary(v => (string)v.Key, v => (string)v.Value!);
        // As it was called, where that is a path: a link to the version of the day is followed anew.
        var called = Words().FirstOrDefault() is { } first && first.Contains('/', StringComparison.Ordinal) ? Path.GetFullPath(first) : null;
        var file = called is not null && File.Exists(called) ? called : Environment.ProcessPath;
        return new OwnProgram(file ?? "", handover with { Secrets = secrets });
    }

    /// <summary>Why the program can't be executed anew, as far as it can be known before; null when it says its version.</summary>
    public async Task<string?> ProblemAsync(CancellationToken ct)
    {
        // By the runtime's own program, the first argument is ours.
        string[] arguments = Path.GetFileName(_file) == "dotnet" ? [.. Words().Skip(1).Take(1), "--version"] : ["--version"];
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        try
        {
            using var process = Process.Start(new ProcessStartInfo(_file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var output = process.StandardOutput.ReadToEndAsync(patience.Token);
            var error = await process.StandardError.ReadToEndAsync(patience.Token);
            await output;
            await process.WaitForExitAsync(patience.Token);
            return process.ExitCode == 0 ? null : $"{_file} --version ends with exit code {process.ExitCode}: {error.Trim()}";
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or IOException
            || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return $"{_file} can't be executed: {e.Message}";
        }
    }

    /// <summary>Executes it: does not return.</summary>
    /// <exception cref="Win32Exception">The kernel refused.</exception>
    public unsafe void Execute()
    {
        var argv = Words();
        var handle = HandOver();
        var environment = Variables().Where(v => !v.StartsWith(Variable + "=", StringComparison.Ordinal))
            .Append(string.Create(CultureInfo.InvariantCulture, $"{Variable}={handle}")).ToArray();
        // Nothing else of this process is to live on in the next.
        _ = syscall(CloseRange, 3, uint.MaxValue, CloseOnExec);
        _ = fcntl(handle, SetFlags, 0);
        var none = stackalloc byte[128];
        new Span<byte>(none, 128).Clear();
        _ = pthread_sigmask(SetMask, none, null);
        using var arguments = new Block(argv);
        using var variables = new Block(environment);
        fixed (byte* file = Encoding.UTF8.GetBytes(_file + "\0")) _ = execve(file, arguments.Pointer, variables.Pointer);
        throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    /// <summary>The command line as everybody sees it: what is masked there stays so.</summary>
    private static string[] Words() => File.Exists("/proc/self/cmdline")
        ? Encoding.UTF8.GetString(File.ReadAllBytes("/proc/self/cmdline")).Split('\0')[..^1]
        : [];

    /// <summary>The environment as it was given, without what was overwritten in it. The kernel's file of it may be closed to this account.</summary>
    private static unsafe List<string> Variables()
    {
        var variables = new List<string>();
        if (!NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "environ", out var symbol)) return variables;
        for (var at = *(byte***)symbol; at is not null && *at is not null; at++) variables.Add(Marshal.PtrToStringUTF8((nint)(*at))!);
        return variables;
    }

    /// <summary>A file that has no name, and is gone with the last process that has it open.</summary>
    private int HandOver()
    {
        var handle = memfd_create("scitq-handover", 0);
        if (handle < 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
        using var file = new SafeFileHandle(handle, ownsHandle: false);
        RandomAccess.Write(file, JsonSerializer.SerializeToUtf8Bytes(_handover), 0);
        return handle;
    }

    private static Handover? Take()
    {
        var text = Environment.GetEnvironmentVariable(Variable);
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var handle)) return null;
        Environment.SetEnvironmentVariable(Variable, null);
        using var file = new SafeFileHandle(handle, ownsHandle: true);
        var bytes = new byte[RandomAccess.GetLength(file)];
        RandomAccess.Read(file, bytes, 0);
        return JsonSerializer.Deserialize<Handover>(bytes);
    }

    [DllImport("libc", EntryPoint = "memfd_create", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int memfd_create([MarshalAs(UnmanagedType.LPUTF8Str)] string name, uint flags);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern unsafe int execve(byte* file, byte** argv, byte** envp);

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fcntl(int handle, int command, int value);

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern unsafe int pthread_sigmask(int how, void* set, void* old);

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern long syscall(long number, uint first, uint last, uint flags);

    /// <summary>What the next program is told.</summary>
    private sealed record Handover(string[] Arguments, Dictionary<string, string> Secrets);

    /// <summary>A null-terminated array of C strings. It lives as long as the process if that goes well.</summary>
    private readonly unsafe ref struct Block
    {
        public Block(IReadOnlyList<string> strings)
        {
            Pointer = (byte**)NativeMemory.AllocZeroed((nuint)(strings.Count + 1), (nuint)sizeof(byte*));
            for (var i = 0; i < strings.Count; i++) Pointer[i] = (byte*)Marshal.StringToCoTaskMemUTF8(strings[i]);
        }

        public byte** Pointer { get; }

        public void Dispose()
        {
            for (var at = Pointer; *at is not null; at++) Marshal.FreeCoTaskMem((nint)(*at));
            NativeMemory.Free(Pointer);
        }
    }
}
