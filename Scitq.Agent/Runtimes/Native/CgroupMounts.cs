using System.Text;

namespace Scitq.Agent.Runtimes.Native;

/// <summary>Where control groups are mounted and which are this process's own, from <c>/proc</c>.</summary>
internal sealed class CgroupMounts(string mounts, string own)
{
    public static CgroupMounts Read() => new(File.ReadAllText("/proc/self/mounts"), File.ReadAllText("/proc/self/cgroup"));

    /// <summary>The directory of the group in the hierarchy of the controller ("" is the unified one); null when that is not mounted.</summary>
    public string? Parent(string controller, string name)
    {
        var mount = mounts.Split('\n').Select(line => line.Split(' ')).FirstOrDefault(f => f.Length > 3
            && (controller.Length == 0 ? f[2] == "cgroup2" : f[2] == "cgroup" && f[3].Split(',').Contains(controller)))?[1];
        if (mount is null) return null;
        if (name.StartsWith('/')) return mount + name;
        var group = own.Split('\n').Select(line => line.Split(':', 3)).FirstOrDefault(f => f.Length == 3 && f[1].Split(',').Contains(controller))?[2] ?? "/";
        var directory = mount + group.TrimEnd('/');
        // In a container the path can be that of the host, while the mount begins at our own group.
        return Path.Combine(Directory.Exists(directory) ? directory : mount, name);
    }

    /// <summary>Asks for the counters of memory and processes below the group; where that is refused (the agent itself must not be in a group that has them handed down) they are missing from reports.</summary>
    public static void Delegate(string group)
    {
        foreach (var parent in (ReadOnlySpan<string>)[Path.GetDirectoryName(group)!, group])
            foreach (var controller in (ReadOnlySpan<string>)["+memory", "+pids", "+cpu"])
                _ = Posix.Write(parent + "/cgroup.subtree_control", Encoding.ASCII.GetBytes(controller));
    }
}
