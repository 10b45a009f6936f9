using Scitq.Fetch.Local;

namespace Scitq.Tools;

/// <summary>Arguments as they were given: .NET puts U+FFFD in the place of bytes that are not UTF-8, and a file's name may hold such bytes.</summary>
internal static class ExactArguments
{
    /// <summary>The same arguments, with names as <see cref="ByteName"/> writes them.</summary>
    public static string[] Of(string[] args)
    {
        if (!OperatingSystem.IsLinux() || !args.Any(a => a.Contains('\uFFFD'))) return args;
        try
        {
            return Of(args, File.ReadAllBytes("/proc/self/cmdline"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return args;
        }
    }

    /// <summary>The last of the words, each of which ends with a zero, are the arguments.</summary>
    internal static string[] Of(string[] args, ReadOnlySpan<byte> commandLine)
    {
        var words = new List<string>();
        while (commandLine.IndexOf((byte)0) is var end && end >= 0)
        {
            words.Add(ByteName.Of(commandLine[..end]));
            commandLine = commandLine[(end + 1)..];
        }

        return words.Count < args.Length ? args : [.. words.TakeLast(args.Length)];
    }
}
