namespace Scitq.Coordinator;

/// <summary>
/// The directory of all that the coordinator keeps. It is closed to other accounts, also where an older version has left something open;
/// only below that of a standalone run by root may tasks of other users work, so these may pass through it.
/// </summary>
internal static class DataDirectory
{
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Closed = Own | UnixFileMode.UserExecute;
    private const UnixFileMode Passable = Closed | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>The directory in use when no other was named.</summary>
    public static string Default()
    {
        var state = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
        if (string.IsNullOrEmpty(state)) state = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
        return Path.Combine(state, "scitq");
    }

    /// <exception cref="IOException">It can't be made, or everybody may write there.</exception>
    public static void Make(CoordinatorOptions options, bool tasksBelow)
    {
        Make(options.Data, tasksBelow && Environment.IsPrivilegedProcess ? Passable : Closed);
        Make(options.Logs, Closed);
        if (options.UsesPostgres) return;
        new FileStream(options.SqliteFile,
            new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.ReadWrite, UnixCreateMode = Own }).Dispose();
        foreach (var file in (ReadOnlySpan<string>)[options.SqliteFile, options.SqliteFile + "-wal", options.SqliteFile + "-shm"])
            if (File.Exists(file)) Narrow(file, Own);
    }

    private static void Make(string directory, UnixFileMode mode)
    {
        if (Directory.Exists(directory))
        {
            Narrow(directory, mode);
            return;
        }

        if (Path.GetDirectoryName(directory) is { } above && !Directory.Exists(above)) Make(above, mode);
        Directory.CreateDirectory(directory, mode);
        // The umask has taken bits away.
        File.SetUnixFileMode(directory, mode);
    }

    private static void Narrow(string path, UnixFileMode most)
    {
        var mode = File.GetUnixFileMode(path);
        if (mode.HasFlag(UnixFileMode.StickyBit | UnixFileMode.OtherWrite))
            throw new IOException($"--data '{path}' is a directory where everybody may write: give one of its own, such as '{Path.Combine(path, "scitq")}'.");
        if ((mode & ~most) == 0) return;
        try
        {
            File.SetUnixFileMode(path, mode & most);
        }
        catch (UnauthorizedAccessException)
        {
            // It belongs to another account, which lets us use it.
        }
    }
}
