using System.Globalization;

namespace Scitq.Benchmarks.Measuring;

/// <summary>Processes whose CPU time is counted together, those that have ended included.</summary>
internal abstract class ProcessGroup(string name)
{
    private int _main;

    public string Name { get; } = name;

    /// <summary>Where a process writes its id to enter; null where entering means being a child of the main process.</summary>
    public abstract string? JoinFile { get; }

    public abstract double CpuSeconds();

    /// <summary>Takes in the process (and all below it, with <paramref name="whole"/>), whose memory is the group's from now on.</summary>
    public virtual void Adopt(int pid, bool whole = false) => (_main, Whole) = (pid, whole);

    /// <summary>Proportional set size: shared pages divided among those who share them.</summary>
    public double PssMb() => Sum(pid => ProcFs.Kilobytes($"/proc/{pid}/smaps_rollup", "Pss:"));

    public double RssMb() => Sum(pid => ProcFs.Kilobytes($"/proc/{pid}/status", "VmRSS:"));

    /// <summary>Whether all processes of the group make up its memory (a server of many processes), or only the main one.</summary>
    private bool Whole { get; set; }

    private double Sum(Func<int, long> kilobytes) => (Whole ? ProcFs.Tree(_main) : [_main]).Sum(kilobytes) / 1024.0;
}

/// <summary>Counted by the kernel, in a control group of our own.</summary>
internal sealed class ControlGroup(string name, string directory, bool unified) : ProcessGroup(name)
{
    public override string JoinFile => directory + "/cgroup.procs";

    public override double CpuSeconds() => unified
        ? long.Parse(File.ReadLines(directory + "/cpu.stat").First(l => l.StartsWith("usage_usec", StringComparison.Ordinal))
            .Split(' ')[1], CultureInfo.InvariantCulture) / 1e6
        : long.Parse(File.ReadAllText(directory + "/cpuacct.usage"), CultureInfo.InvariantCulture) / 1e9;

    public override void Adopt(int pid, bool whole = false)
    {
        base.Adopt(pid, whole);
        foreach (var process in whole ? ProcFs.Tree(pid) : [pid])
        {
            try
            {
                File.WriteAllText(JoinFile, process.ToString(CultureInfo.InvariantCulture));
            }
            catch (IOException)
            {
                // Ended between our look and our move.
            }
        }
    }
}

/// <summary>
/// Added up over a process and all below it, and the children they have waited for. Misses children whose parents died
/// before them; good enough where control groups are not ours to make.
/// </summary>
internal sealed class ProcessTree(string name) : ProcessGroup(name)
{
    private int _root;
    private double _before;
    private double _seen;

    public override string? JoinFile => null;

    public override double CpuSeconds() => _before + (_seen = Math.Max(_seen, ProcFs.Tree(_root).Sum(ProcFs.CpuSeconds)));

    public override void Adopt(int pid, bool whole = false)
    {
        base.Adopt(pid, whole);
        _before += _seen;
        (_root, _seen) = (pid, 0);
    }
}
