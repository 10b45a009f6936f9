using System.Collections;
using System.Runtime.InteropServices;
using System.Text;

namespace Scitq.Hosting;

/// <summary>Keeps from others what this process has: the files it makes, its memory, the secrets in its environment.</summary>
public static unsafe class OwnProcess
{
    private const int SetDumpable = 4;

    private static readonly string[] SecretWords =
    [
        "SECRET", "PASSWORD", "PASSWD", "TOKEN", "CREDENTIAL", "ACCESS_KEY", "ACCOUNT_KEY", "STORAGE_KEY", "API_KEY", "CONNECTION_STRING",
        "PRIVATE_KEY",
    ];

    /// <summary>
    /// To be called before anything else: the files of this process are closed to other accounts, and its memory to other programs of its own.
    /// </summary>
    public static void Close()
    {
        if (!OperatingSystem.IsLinux()) return;
        _ = Umask(0b000_111_111);
        // No core dump, no ptrace, and /proc/PID/environ and mem only for root. A program that is executed is as usual again.
        _ = Prctl(SetDumpable, 0, 0, 0, 0);
    }

    /// <summary>
    /// To be called once the options are read: the kernel shows the environment with which a process was started as long as it lives, so
    /// secrets are overwritten there.
    /// </summary>
    public static void ForgetSecrets()
    {
        if (!OperatingSystem.IsLinux()) return;
        // From here on .NET has a copy of its own, which others cannot see.
        foreach (var name in Environment.GetEnvironmentVariables().Keys.Cast<string>().ToArray())
            if (IsOurs(name)) Environment.SetEnvironmentVariable(name, null);
        if (!NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "environ", out var symbol)) return;
        var variables = *(byte***)symbol;
        if (variables is null) return;
        for (; *variables is not null; variables++)
        {
            var text = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(*variables);
            var cut = text.IndexOf((byte)'=');
            if (cut > 0 && IsSecret(Encoding.UTF8.GetString(text[..cut]), text[(cut + 1)..]))
                new Span<byte>(*variables + cut + 1, text.Length - cut - 1).Clear();
        }
    }

    /// <summary>Whether only this program reads the variable, and has read it by now.</summary>
    private static bool IsOurs(string name) => name is "SCITQ_BUS" or "SCITQ_DATABASE" or "SCITQ_TOKEN";

    internal static bool IsSecret(string name, ReadOnlySpan<byte> value) =>
        IsOurs(name) || SecretWords.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase)) || HasPassword(value);

    /// <summary>Whether the value is an address of the form <c>scheme://user:password@host</c>, whatever the variable is called.</summary>
    private static bool HasPassword(ReadOnlySpan<byte> value) =>
        value.IndexOf("://"u8) is var scheme and > 0 && value[(scheme + 3)..] is var rest
        && rest.IndexOf((byte)'@') is var at and > 0 && rest[..at].Contains((byte)':');

    [DllImport("libc", EntryPoint = "umask")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint Umask(uint mask);

    [DllImport("libc", EntryPoint = "prctl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Prctl(int option, nuint a, nuint b, nuint c, nuint d);
}
