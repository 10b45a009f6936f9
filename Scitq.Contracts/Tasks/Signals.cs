using System.Globalization;

namespace Scitq.Contracts;

/// <summary>The signals that can be sent to a command, by name or number.</summary>
public static class Signals
{
    private const int Highest = 64;

    // The same on all machines that Linux runs on today, but for MIPS and the like.
    private static readonly string[] Names =
    [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP",
        "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    /// <summary>Reads <c>USR1</c>, <c>SIGUSR1</c> or <c>10</c>.</summary>
    public static bool TryParse(string? text, out int signal)
    {
        signal = 0;
        if (string.IsNullOrEmpty(text)) return false;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out signal)) return signal is >= 1 and <= Highest;
        var name = text.StartsWith("SIG", StringComparison.OrdinalIgnoreCase) ? text[3..] : text;
        signal = Array.FindIndex(Names, n => n.Equals(name, StringComparison.OrdinalIgnoreCase)) + 1;
        return signal > 0;
    }

    /// <summary>For people: <c>signal 10 (USR1)</c>.</summary>
    public static string Text(int signal) =>
        signal >= 1 && signal <= Names.Length ? $"signal {signal} ({Names[signal - 1]})" : string.Create(CultureInfo.InvariantCulture, $"signal {signal}");
}
