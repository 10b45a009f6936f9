using Scitq.Agent.Runtimes.Native;
using Scitq.Fetch.Local;

namespace Scitq.Agent.Files;

/// <summary>
/// Takes from what a command has left all that would lend its rights to others: set-uid and set-gid bits, capabilities of
/// files, device nodes. Its directories become the agent's, so that nobody can exchange a file for a link while the agent reads.
/// </summary>
internal static class LeftBehind
{
    private const int Deepest = 1000, MostNames = 5;

    /// <summary>Disarms everything in the directories, and says in a line for people what that was; null where there was nothing.</summary>
    /// <exception cref="IOException">It could not be looked through.</exception>
    public static string? Disarm(params ReadOnlySpan<string> directories)
    {
        var taken = new Taken();
        foreach (var directory in directories)
        {
            if (Unix.Stat(directory) is not { IsDirectory: true }) continue;
            var fd = Unix.OpenDirectory(Unix.CurrentDirectory, Unix.Bytes(directory));
            try
            {
                Disarm(fd, Descriptors.MountOf(fd), "", 0, taken);
            }
            finally
            {
                Unix.Close(fd);
            }
        }

        return taken.ToString() is { Length: > 0 } text ? text : null;
    }

    private static void Disarm(int directory, ulong? mount, string path, int depth, Taken taken)
    {
        if (depth > Deepest) throw new IOException($"directories are nested more than {Deepest} deep.");
        var (own, root) = (Posix.geteuid(), Posix.geteuid() == 0);
        var self = Unix.Stat(directory, [], ofDescriptor: true)!.Value;
        // Before it is listed: from now on nobody adds to it.
        if (root && self.Uid != own) Unix.SetOwner(directory, own, uint.MaxValue);
        if ((self.Mode & FileStat.SetIds) != 0 && (root || self.Uid == own)) Unix.SetMode(directory, self.Mode & ~FileStat.SetIds);
        foreach (var name in Unix.Names(directory))
        {
            if (Unix.Stat(directory, name) is not { } stat) continue;
            if (stat.IsDirectory)
            {
                var fd = Unix.OpenDirectory(directory, name);
                try
                {
                    // Something that the command has mounted there was not left by it: it may be /dev, or somebody's home.
                    if (Descriptors.MountOf(fd) == mount) Disarm(fd, mount, path + Unix.Text(name) + "/", depth + 1, taken);
                }
                finally
                {
                    Unix.Close(fd);
                }
            }
            else if (stat.IsDevice)
            {
                // Where the agent is not root it may be a container's, below the agent's own closed directory.
                if (!root && self.Uid != own) continue;
                Unix.Remove(directory, name);
                taken.Add(path, name, "a device node: removed");
            }
            else if (stat.IsFile && (root || stat.Uid == own) && (stat.Mode & (FileStat.SetIds | FileStat.AnyExecute)) != 0)
            {
                DisarmFile(directory, name, path, taken);
            }
        }
    }

    private static void DisarmFile(int directory, byte[] name, string path, Taken taken)
    {
        var fd = Unix.OpenPath(directory, name);
        try
        {
            var stat = Unix.Stat(fd, [], ofDescriptor: true)!.Value;
            var (ids, capabilities) = ((stat.Mode & FileStat.SetIds) != 0, Unix.HasCapabilities(fd));
            if (!stat.IsFile || !(ids || capabilities)) return;
            if (stat.Links > 1)
            {
                // Its other name may be a program of this machine, which is to stay as it is.
                Unix.Remove(directory, name);
                taken.Add(path, name, "set-uid, set-gid or capable, with other names: removed");
                return;
            }

            if (capabilities) Unix.RemoveCapabilities(fd);
            if (ids) Unix.SetMode(fd, stat.Mode & ~FileStat.SetIds);
            taken.Add(path, name, "set-uid, set-gid or capable: only a plain program now");
        }
        finally
        {
            Unix.Close(fd);
        }
    }

    private sealed class Taken
    {
        private readonly List<string> _named = [];
        private int _count;

        public void Add(string path, ReadOnlySpan<byte> name, string what)
        {
            if (++_count <= MostNames) _named.Add($"'{path}{Unix.Text(name)}' was {what}");
        }

        public override string ToString() => string.Join("; ", _named) + (_count > MostNames ? $"; {_count - MostNames} more" : "");
    }
}
