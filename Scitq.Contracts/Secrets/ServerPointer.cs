using System.Globalization;
using System.Net;

namespace Scitq.Contracts;

/// <summary>
/// How the tools of an account find the token of that account's own server on this machine: a small file named after the address,
/// <c>~/.local/state/scitq/servers/127.0.0.1-5000</c>, which says where the token is and which process serves there. It counts only
/// while that process lives, so that nobody who listens at the address later is sent the token.
/// </summary>
public static class ServerPointer
{
    private const UnixFileMode OwnDirectory = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Says where this process, which listens at the address, has its token; pointers of dead processes go. Gives the pointer's path.</summary>
    /// <exception cref="IOException">There is no place for it, or it can't be written.</exception>
    public static string Write(IPEndPoint address, string tokenFile, Func<string, string?> variable)
    {
        var folder = Folder(variable) ?? throw new IOException("the account has no home directory.");
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, OwnDirectory);
        foreach (var old in Directory.EnumerateFiles(folder))
            if (Read(old) is { IsHere: true, IsAlive: false }) File.Delete(old);
        var path = Path.Combine(folder, Name(address));
        SecretFile.Write(path, new Pointer(Environment.MachineName, Environment.ProcessId, StartOf(Environment.ProcessId) ?? "", tokenFile)
            .ToString(), replace: true);
        return path;
    }

    /// <summary>Takes this process's pointer away, when it no longer listens.</summary>
    public static void Remove(string path)
    {
        if (Read(path) is { IsHere: true } pointer && pointer.Process == Environment.ProcessId) File.Delete(path);
    }

    /// <summary>The token for a server of this account that listens at the address now; null when there is none.</summary>
    public static string? Token(IPEndPoint address, Func<string, string?> variable)
    {
        if (Folder(variable) is not { } folder || Read(Path.Combine(folder, Name(address))) is not { IsHere: true, IsAlive: true } pointer) return null;
        try
        {
            return SecretFile.Read(pointer.TokenFile);
        }
        catch (ArgumentException)
        {
            return null;        // the server's answer will say that a token is needed
        }
    }

    private static string Name(IPEndPoint address) => string.Create(CultureInfo.InvariantCulture, $"{address.Address}-{address.Port}");

    /// <summary>With sudo, HOME may be somebody else's: nothing is left there, and nothing believed that lies there.</summary>
    private static string? Folder(Func<string, string?> variable)
    {
        if (variable("XDG_STATE_HOME") is { } state && Path.IsPathRooted(state) && FileOwner.Of(state) is var owner && (owner is null || owner == FileOwner.Me))
            return Path.Combine(state, "scitq", "servers");
        var home = variable("HOME") is { } given && Path.IsPathRooted(given) && FileOwner.Of(given) == FileOwner.Me ? given : FileOwner.Home();
        return home is not null && FileOwner.Of(home) == FileOwner.Me ? Path.Combine(home, ".local", "state", "scitq", "servers") : null;
    }

    private static Pointer? Read(string path)
    {
        try
        {
            if (File.ResolveLinkTarget(path, returnFinalTarget: false) is not null) return null;
            var text = SecretFile.Read(path, mine: true);
            var end = text.IndexOf('\n', StringComparison.Ordinal);
            return end > 0 && text[..end].Split(' ') is [var host, var process, var start]
                && int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                ? new Pointer(host, id, start, text[(end + 1)..])
                : null;
        }
        catch (Exception e) when (e is ArgumentException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>When a process was started, in the kernel's ticks: with its number it names one process and no later one.</summary>
    private static string? StartOf(int process)
    {
        try
        {
            // The name in parentheses may hold anything; the start is the twentieth word after it.
            var text = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
            return text[(text.LastIndexOf(')') + 2)..].Split(' ')[19];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>A home may be shared by machines, so it also names its own.</summary>
    private sealed record Pointer(string Host, int Process, string Start, string TokenFile)
    {
        public bool IsHere => Host == Environment.MachineName;

        public bool IsAlive => StartOf(Process) == Start;

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Host} {Process} {Start}\n{TokenFile}\n");
    }
}
