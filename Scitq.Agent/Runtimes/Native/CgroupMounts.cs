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

    /// <summary>
    /// The directory of the group in the unified hierarchy. Controllers can't be handed down below a group with processes of its own, as the agent's is, and
    /// systemd could not start an agent anew there while tasks run on: so root's is at the top, where the limits of tasks hold and those of the unit do not.
    /// </summary>
    public string? Unified(string name, bool root) => Parent("", root && !name.StartsWith('/') ? "/" + name : name);

    /// <summary>Asks for limits and counters below the group; what is refused is missing.</summary>
    public static void Delegate(string group)
    {
        foreach (var parent in (ReadOnlySpan<string>)[Path.GetDirectoryName(group)!, group])
            foreach (var controller in (ReadOnlySpan<string>)["+memory", "+pids", "+cpu"])
                _ = Posix.Write(parent + "/cgroup.subtree_control", Encoding.ASCII.GetBytes(controller));
    }
}
