namespace Scitq.Agent.Runtimes.Native;

/// <summary>How commands are run natively.</summary>
internal sealed record NativeOptions
{
    /// <summary>
    /// The control group that holds those of the tasks; relative names lie below the agent's own group, which keeps the
    /// limits an administrator set for it, but for root in the unified hierarchy (<see cref="CgroupMounts.Unified"/>).
    /// Empty: use none, and find processes by their environment.
    /// </summary>
    public string CgroupName { get; init; } = "scitq";

    /// <summary>As whom commands run.</summary>
    public TaskAccounts Accounts { get; init; } = TaskAccounts.Open;

    /// <summary>The umask of commands: rights that files they make do not give to others, unless the command changes that itself.</summary>
    public int Umask { get; init; } = 0b000_010_010;

    /// <summary>The most processes and threads of one task; null is without limit.</summary>
    public int? ProcessLimit { get; init; } = 4096;

    /// <summary>The most processors one task may keep busy (needs a control group); null is without limit.</summary>
    public double? CpuLimit { get; init; }

    /// <summary>The most memory in bytes the processes of one task may use together; null is without limit.</summary>
    public long? MemoryLimit { get; init; }

    /// <summary>How long after KILL a process that does not die is waited for.</summary>
    public TimeSpan UnkillableAfter { get; init; } = TimeSpan.FromSeconds(60);
}
