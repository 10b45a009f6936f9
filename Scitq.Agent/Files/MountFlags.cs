namespace Scitq.Agent.Files;

/// <summary>How the file system of a path is mounted.</summary>
internal static class MountFlags
{
    /// <summary>Whether a set-uid program there lends nobody its owner's rights.</summary>
    public static bool IsNoSuid(string path) => IsNoSuid(path, File.ReadAllText("/proc/self/mounts"));

    public static bool IsNoSuid(string path, string mounts)
    {
        var flags = "";
        var longest = -1;
        foreach (var line in mounts.Split('\n').Select(l => l.Split(' ')).Where(l => l.Length > 3))
        {
            var at = line[1].Replace("\\040", " ", StringComparison.Ordinal).TrimEnd('/') + "/";
            // Of several at one place the last counts.
            if (at.Length >= longest && (path.TrimEnd('/') + "/").StartsWith(at, StringComparison.Ordinal)) (longest, flags) = (at.Length, line[3]);
        }

        return flags.Split(',').Contains("nosuid");
    }
}
