namespace Scitq.Contracts.Messages;

/// <summary>What agents have learned to do with themselves: each names what it knows when it registers, and is not asked for anything else.</summary>
public static class WorkerAbilities
{
    /// <summary>Ends what it has, and takes nothing new until its user wants it to.</summary>
    public const string Drain = "drain";

    /// <summary>Ends its process once it has drained; not the agent of a program that does more than that.</summary>
    public const string Leave = "leave";
}
