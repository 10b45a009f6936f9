using Scitq.Agent.Runtimes.Native;
using Scitq.Fetch.Local;

namespace Scitq.Agent.Files;

/// <summary>Directories that are this process's alone; those above the work of other accounts' commands can be passed through, and not be listed.</summary>
internal static class OwnDirectory
{
    public const int Closed = 0b111_000_000, Passable = 0b111_001_001;

    /// <summary>How the directories above those of tasks are: only root runs commands as others.</summary>
    public static int AboveTasks => Posix.geteuid() == 0 ? Passable : Closed;

    /// <summary>Makes it and what is missing above it; one that is there already is narrowed, never widened.</summary>
    /// <exception cref="IOException">Somebody else owns what is there, and could lead this process anywhere.</exception>
    public static void Make(string path, int mode)
    {
        var made = !Path.Exists(path);
        if (made)
        {
            if (Path.GetDirectoryName(path) is { } above && !Path.Exists(above)) Make(above, mode);
            Directory.CreateDirectory(path, (UnixFileMode)Closed);
        }

        var stat = Unix.Stat(path) ?? throw new IOException($"'{path}' is gone.");
        var own = Posix.geteuid();
        if (stat.Uid != own && stat.Uid != 0)
            throw new IOException(
                $"'{path}' belongs to uid {stat.Uid}, who could lead uid {own} anywhere by it: give it to uid {own} (chown), or use another.");
        if (IsShared(stat))
            throw new IOException(
                $"in '{path}' everybody may write, and could lead uid {own} anywhere: give a directory of its own, such as '{Path.Combine(path, "scitq")}'.");
        // A link is an administrator's choice.
        if (stat.IsLink || stat.Uid != own) return;
        // The umask has had its say when it was made.
        var wanted = made ? mode : stat.Mode & mode;
        if (stat.Mode != wanted) File.SetUnixFileMode(path, (UnixFileMode)wanted);
    }

    /// <summary>The same for one that only this program makes: it has exactly this mode.</summary>
    /// <exception cref="IOException">Somebody else owns what is there.</exception>
    public static void MakeExactly(string path, int mode)
    {
        // First, for a task of this account may have opened it to everybody, and no start may fail for that.
        if (Unix.Stat(path) is { IsDirectory: true } stat && stat.Mode != mode && stat.Uid == Posix.geteuid()) File.SetUnixFileMode(path, (UnixFileMode)mode);
        Make(path, mode);
    }

    /// <summary>Whether it is one like /tmp, for all accounts.</summary>
    public static bool IsShared(string path) => Unix.Stat(path) is { } stat && IsShared(stat);

    /// <exception cref="IOException">Somebody else has put something there.</exception>
    public static void CheckFile(string path)
    {
        var own = Posix.geteuid();
        if (Unix.Stat(path) is { } stat && stat.Uid != own && stat.Uid != 0)
            throw new IOException($"'{path}' belongs to uid {stat.Uid}, who could lead uid {own} anywhere by it: remove it.");
    }

    private static bool IsShared(FileStat stat) => stat.IsDirectory && (stat.Mode & FileStat.Sticky) != 0 && (stat.Mode & 0b010) != 0;

    /// <summary>Narrows a file of this process's, if it is there.</summary>
    public static void Close(string file)
    {
        if (Unix.Stat(file) is { IsFile: true } stat && stat.Uid == Posix.geteuid() && (stat.Mode & 0b111_111) != 0)
            File.SetUnixFileMode(file, (UnixFileMode)(stat.Mode & 0b110_000_000));
    }
}
