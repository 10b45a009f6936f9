namespace Scitq.Agent.Runtimes;

/// <summary>For whom an attempt's directories are: the agent's own account, another one, or whatever user a container has.</summary>
internal readonly record struct Ownership(bool Container, (uint Uid, uint Gid)? Account)
{
    /// <summary>The command runs as what the agent is.</summary>
    public static Ownership Own => default;

    /// <summary>It runs in a container, which gets its directories by mounts of their own.</summary>
    public static Ownership InContainer { get; } = new(true, null);

    public static Ownership Of(uint uid, uint gid) => new(false, (uid, gid));
}
