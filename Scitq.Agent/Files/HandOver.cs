using Scitq.Fetch.Local;

namespace Scitq.Agent.Files;

/// <summary>Gives what the agent has fetched to whom the command runs as.</summary>
internal static class HandOver
{
    /// <summary>Everything in the directory becomes the account's.</summary>
    /// <exception cref="IOException">It could not.</exception>
    public static void ToAccount(string directory, uint uid, uint gid) => Each(directory, (parent, name, _) => Unix.SetOwner(parent, name, uid, gid));

    /// <summary>Everything in the directory can be read by any user of a container; nothing else leads there.</summary>
    /// <exception cref="IOException">It could not.</exception>
    public static void ToContainer(string directory) => Each(directory, (parent, name, stat) =>
    {
        var mode = stat.Mode | (stat.IsDirectory ? 0b101_101_101 : (stat.Mode & FileStat.AnyExecute) != 0 ? 0b101_101_101 : 0b100_100_100);
        if (stat.IsLink || mode == stat.Mode) return;
        var fd = Unix.OpenPath(parent, name);
        Unix.SetMode(fd, mode);
        Unix.Close(fd);
    });

    private static void Each(string directory, Action<int, byte[], FileStat> act)
    {
        var fd = Unix.OpenDirectory(Unix.CurrentDirectory, Unix.Bytes(directory));
        try
        {
            Each(fd, act, 0);
        }
        finally
        {
            Unix.Close(fd);
        }
    }

    private static void Each(int directory, Action<int, byte[], FileStat> act, int depth)
    {
        if (depth > 1000) throw new IOException("directories are nested more than 1000 deep.");
        foreach (var name in Unix.Names(directory))
        {
            if (Unix.Stat(directory, name) is not { } stat) continue;
            act(directory, name, stat);
            if (!stat.IsDirectory) continue;
            var fd = Unix.OpenDirectory(directory, name);
            try
            {
                Each(fd, act, depth + 1);
            }
            finally
            {
                Unix.Close(fd);
            }
        }
    }
}
