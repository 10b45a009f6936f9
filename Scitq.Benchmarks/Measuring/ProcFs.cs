using System.Globalization;

namespace Scitq.Benchmarks.Measuring;

/// <summary>What the kernel tells about processes.</summary>
internal static class ProcFs
{
    private const double TicksPerSecond = 100;      // USER_HZ, the same on every Linux that .NET runs on

    /// <summary>The process and all below it that live now.</summary>
    public static IReadOnlyList<int> Tree(int root)
    {
        var children = new Dictionary<int, List<int>>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) || Stat(pid) is not { } stat) continue;
            var parent = int.Parse(stat[1], CultureInfo.InvariantCulture);
            if (!children.TryGetValue(parent, out var list)) children[parent] = list = [];
            list.Add(pid);
        }

        var found = new List<int> { root };
        for (var i = 0; i < found.Count; i++)
            if (children.TryGetValue(found[i], out var below)) found.AddRange(below);
        return found;
    }

    /// <summary>Of the process and of the children it has waited for.</summary>
    public static double CpuSeconds(int pid) =>
        Stat(pid) is { } stat ? stat[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture)) / TicksPerSecond : 0;

    /// <summary>The number behind the key, 0 when the process is gone.</summary>
    public static long Kilobytes(string file, string key)
    {
        try
        {
            var line = File.ReadLines(file).FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;       // it has ended
        }
    }

    /// <summary>Seconds that all processors together have worked since the machine started.</summary>
    public static double BusySeconds()
    {
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..9]
            .Select(f => long.Parse(f, CultureInfo.InvariantCulture)).ToArray();
        return (fields.Sum() - fields[3] - fields[4]) / TicksPerSecond;     // without idle and iowait
    }

    /// <summary>The fields of stat from the state on (the name before it can hold anything).</summary>
    private static string[]? Stat(int pid)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{pid}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;        // it has ended
        }
    }
}
