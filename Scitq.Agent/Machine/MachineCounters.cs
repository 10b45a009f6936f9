using System.Globalization;

namespace Scitq.Agent.Machine;

/// <summary>What the kernel has counted since the machine was started.</summary>
/// <param name="CpuTotal">Ticks of all processors.</param>
/// <param name="CpuIdle">Those in which there was nothing to do.</param>
/// <param name="IoWait">Those in which there was nothing to do but to wait for a disk.</param>
/// <param name="DiskRead">Bytes read from disks.</param>
/// <param name="DiskWritten">Bytes written to disks.</param>
/// <param name="Received">Bytes received from the network.</param>
/// <param name="Sent">Bytes sent to it.</param>
internal readonly record struct MachineCounters(
    long CpuTotal, long CpuIdle, long IoWait, long DiskRead, long DiskWritten, long Received, long Sent)
{
    private const int Sector = 512;

    /// <summary>The counters as they are now.</summary>
    /// <param name="root">Where <c>proc</c> and <c>sys</c> are.</param>
    public static MachineCounters Read(string root)
    {
        // user nice system idle iowait irq softirq steal; what guests take is in user already.
        var ticks = Words(File.ReadLines(Path.Combine(root, "proc/stat")).First()).Skip(1).Take(8).Select(Number).ToList();
        var disks = Disks(root).ToList();
        var links = Links(root).ToList();
        return new MachineCounters(
            ticks.Sum(), ticks[3], ticks[4],
            disks.Sum(d => d.Read), disks.Sum(d => d.Written), links.Sum(l => l.Received), links.Sum(l => l.Sent));
    }

    /// <summary>Those that are a device: partitions, and what is built upon disks, would count the same bytes again.</summary>
    private static IEnumerable<(long Read, long Written)> Disks(string root)
    {
        var table = Path.Combine(root, "proc/diskstats");
        if (!File.Exists(table)) yield break;
        foreach (var words in File.ReadLines(table).Select(Words))
            if (words.Length >= 10 && Path.Exists(Path.Combine(root, "sys/block", words[2], "device")))
                yield return (Sector * Number(words[5]), Sector * Number(words[9]));
    }

    /// <summary>Those that are a device: bridges and tunnels pass the same bytes on. In a container none is one, and all but its own count.</summary>
    private static IEnumerable<(long Received, long Sent)> Links(string root)
    {
        var table = Path.Combine(root, "proc/net/dev");
        if (!File.Exists(table)) return [];
        var links = new List<(string Name, long Received, long Sent)>();
        foreach (var line in File.ReadLines(table))
            if (line.IndexOf(':', StringComparison.Ordinal) is var colon and > 0 && Words(line[(colon + 1)..]) is { Length: >= 9 } words)
                links.Add((line[..colon].Trim(), Number(words[0]), Number(words[8])));
        var devices = links.FindAll(l => Path.Exists(Path.Combine(root, "sys/class/net", l.Name, "device")));
        return (devices.Count > 0 ? devices : links.FindAll(l => l.Name != "lo")).Select(l => (l.Received, l.Sent));
    }

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static long Number(string word) => long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
